"""Postfix and Dovecot from Debian, unpacked beside the system and never installed (a package would replace the machine's own
mail server), each in a mount namespace of its own with its own users, on loopback."""
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import postfix  # noqa: E402
import unpacked  # noqa: E402
from control_group import CpuGroup  # noqa: E402
from unpacked import CACHE, namespace, wait_for_port  # noqa: E402,F401

PACKAGES = ["postfix", "dovecot-core", "dovecot-lmtpd", "dovecot-imapd", "dovecot-pop3d"]


def unpack():
    """The folder that stands for /."""
    return unpacked.unpack(*PACKAGES)


def tool(name):
    return [str(unpack() / "usr/sbin" / name)]


def tool_environment():
    return dict(os.environ, LD_LIBRARY_PATH=str(unpack() / "usr/lib/postfix"))


def need_free(port):
    """What another run has left behind would be measured in place of ours."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"bench/run: something listens on port {port} already, left over from an earlier run?")


class Service:
    """A server under measurement: started in a control group, stopped with all it started; by bench/run at the end (stop_all()) if
    by nobody before."""
    running = []  # all of them, the youngest last

    def __init__(self, name, folder, *ports):
        """`ports`: where it will listen."""
        for port in ports:
            need_free(port)
        self.name, self.folder = name, Path(folder) / name
        self.folder.mkdir(parents=True)
        self.cpu = CpuGroup(f"bench-{name}")
        self.children = []
        Service.running.append(self)

    def start(self, argv, **options):
        log = open(self.folder / "log", "ab")
        self.children.append(subprocess.Popen([str(word) for word in argv], preexec_fn=self.cpu.enter, stdout=log,
                                              stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, **options))

    def start_in_namespace(self, script):
        """`script` begins as unpacked.namespace()."""
        self.start(["unshare", "-m", "bash", "-c", script])

    def end(self):
        """Ends the processes; start() may follow."""
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                pass
        self.children = []
        for pid in self.cpu.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self):
        """Once, or again."""
        if self not in Service.running:
            return
        Service.running.remove(self)
        self.end()
        self.cpu.remove()


def stop_all():
    """One that cannot be stopped keeps no other from it."""
    with contextlib.ExitStack() as stack:
        for service in Service.running:
            stack.callback(service.stop)


class Postfix(Service):
    """Tuned as testing.md says: process limit 300, in_flow_delay=0. `lmtp`: deliver to this LMTP port, else maildir by virtual(8).
    `extra`: more lines of main.cf; `resolver`: a resolv.conf of its own."""

    def __init__(self, folder, port, lmtp=None, name="postfix", extra="", resolver=None):
        super().__init__(name, folder, port)
        settings = extra
        if lmtp:
            settings += f"virtual_transport=lmtp:inet:127.0.0.1:{lmtp}\nlmtp_destination_concurrency_limit=20\n"
            settings += "lmtp_destination_recipient_limit=1\n"
        self.start_in_namespace(postfix.prepare(self.folder, port, settings, resolver))
        wait_for_port(port)

    def waiting(self):
        """Messages not yet delivered."""
        return sum(1 for queue in ("incoming", "active", "deferred", "maildrop")
                   for _, _, files in os.walk(self.folder / "spool" / queue) for _ in files)


DOVECOT_CONF = """base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = {protocols}
listen = 127.0.0.1
ssl = {ssl}
mail_location = {format}:{d}/mail/%u
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 100
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=892 gid=892 home={d}/mail/%u
}}
"""

DOVECOT_LMTP = """service lmtp {{
  process_limit = 50
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""

# As fast as it can be configured: processes are used again, logins stay in one, no limit per address.
DOVECOT_IMAP = """disable_plaintext_auth = no
mail_max_userip_connections = 5000
service imap-login {{
  service_count = 0
  process_min_avail = 1
  client_limit = 5000
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
  }}
}}
service imap {{
  service_count = 0
  process_limit = 6000
}}
"""

DOVECOT_POP3 = """service pop3-login {{
  service_count = 0
  process_min_avail = 1
  client_limit = 5000
  inet_listener pop3 {{
    address = 127.0.0.1
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service pop3 {{
  service_count = 0
  process_limit = 6000
}}
"""

DOVECOT_NO_SYNC = "mail_fsync = never\n"  # while it is filled


class Dovecot(Service):
    """LMTP into mailboxes of one format, maildir, sdbox or mdbox, or IMAP and POP3 from them. `more`: lines of its configuration
    until restart(). `certificate`: files for TLS."""

    def __init__(self, folder, port, mail_format, protocol="lmtp", pop3_port=0, imaps_port=0, more="", certificate=None):
        self.ports = [number for number in (port, pop3_port, imaps_port if certificate else 0) if number]
        super().__init__(f"dovecot-{mail_format}", folder, *self.ports)
        d = self.folder
        for part in ("run", "state", "mail"):
            (d / part).mkdir()
        os.chown(d / "mail", 892, 892)
        os.chmod(d, 0o755)
        texts = {"lmtp": DOVECOT_LMTP, "imap": DOVECOT_IMAP, "pop3": DOVECOT_POP3}
        self.conf = DOVECOT_CONF.format(d=d, format=mail_format, protocols=protocol, ssl="yes" if certificate else "no")
        if certificate:
            self.conf += f"ssl_cert = <{certificate[0]}\nssl_key = <{certificate[1]}\n"
        for name in protocol.split():
            self.conf += texts[name].format(port=port, pop3_port=pop3_port, imaps_port=imaps_port if certificate else 0)
        self.serve(more)

    def serve(self, more=""):
        d = self.folder
        unpack()
        (d / "dovecot.conf").write_text(self.conf + more)
        self.start_in_namespace(f"{namespace(d)}export LD_LIBRARY_PATH=/usr/lib/dovecot\nexec /usr/sbin/dovecot -F -c {d}/dovecot.conf\n")
        for port in self.ports:
            wait_for_port(port)

    def restart(self):
        """As it is by itself."""
        self.end()
        self.serve()


class SmtpSink(Service):
    """Postfix's test server, which throws mail away without a disk."""

    def __init__(self, folder, port):
        super().__init__("smtp-sink", folder, port)
        self.start([*tool("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "1024"], env=tool_environment())
        wait_for_port(port)


def smtp_source(port, recipient, messages, sessions, size, per_connection=None):
    """Seconds that Postfix's load generator took. Many messages a connection unless per_connection is 1."""
    argv = [*tool("smtp-source"), "-s", str(sessions), "-m", str(messages), "-l", str(size), "-f", "sender@source.test",
            "-t", recipient]
    if per_connection != 1:
        argv.append("-d")  # do not disconnect after each message
    begin = time.monotonic()
    subprocess.run([*argv, f"127.0.0.1:{port}"], env=tool_environment(), check=True, timeout=600)
    return time.monotonic() - begin
