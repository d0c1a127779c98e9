"""Debian's Postfix as it is, with a configuration of its own on a loopback port: folder by folder, no daemon of the system touched.
Needs root (mount namespaces)."""
import os
import shutil
from pathlib import Path

from peers.debian import Daemon
from skipping import need_root
from unpacked import namespace, unpack

# What every one of ours has. Mailboxes are those of vmail, below {d}/mail.
BASE_CF = """compatibility_level=3.6
queue_directory={d}/spool
data_directory={d}/data
command_directory=/usr/sbin
daemon_directory=/usr/lib/postfix/sbin
shlib_directory=/usr/lib/postfix
meta_directory={d}/etc
mydestination=
inet_protocols=ipv4
alias_maps=
alias_database=
maillog_file=/var/log/postfix.log
virtual_mailbox_base={d}/mail
virtual_uid_maps=static:892
virtual_gid_maps=static:892
virtual_minimum_uid=100
"""

MAIN_CF = """myhostname=mx.example.test
mynetworks=127.0.0.0/8
in_flow_delay=0
default_process_limit=300
smtpd_client_connection_count_limit=0
smtpd_client_connection_rate_limit=0
smtpd_error_sleep_time=0
transport_maps=inline:{ {discard.test=discard:} }
virtual_mailbox_domains=example.test
virtual_mailbox_maps=inline:{ {bob@example.test=bob/} }
"""


def lay_out(folder, listen, processes, settings, services=""):
    """Writes its queue and its configuration below `folder`: an SMTP server of so many processes on `listen` (ADDRESS:PORT),
    `settings` (of main.cf) and `services` (of master.cf) besides."""
    need_root("Postfix in a mount namespace")
    d, root = Path(folder), unpack("postfix")
    for part, owner in (("spool", 0), ("data", 890)):
        (d / part).mkdir()
        os.chown(d / part, owner, owner)
    shutil.copytree(root / "etc/postfix", d / "etc")
    lines = []
    for line in (root / "usr/share/postfix/master.cf.dist").read_text().splitlines():
        words = line.split()
        if line.startswith("smtp      inet"):
            line = f"{listen} inet n - n - {processes} smtpd"
        elif len(words) >= 8 and not line.startswith(("#", " ")):
            words[4] = "n"  # no chroot
            line = " ".join(words)
        lines.append(line)
    (d / "etc/master.cf").write_text("\n".join(lines) + "\n" + services)
    (d / "etc/main.cf").write_text(BASE_CF.format(d=d) + settings)


def prepare(folder, port, settings="", resolver=None):
    """Writes its configuration and queue below `folder`; gives the script that serves until it is ended. Tuned as for a
    comparison: process limit 300, in_flow_delay=0. `resolver`: a file to be its resolv.conf."""
    d = Path(folder)
    lay_out(d, f"127.0.0.1:{port}", 300, MAIN_CF + settings)
    (d / "mail").mkdir()
    os.chown(d / "mail", 892, 892)
    script = namespace(d)
    if resolver:
        script += f"mount --bind {resolver} /etc/resolv.conf\n"
    return script + f"exec /usr/sbin/postfix -c {d}/etc start-fg\n"


class Postfix(Daemon):
    """For a scenario: with Postfix(folder, port, "main.cf lines") as postfix."""

    def __init__(self, folder, port, settings=""):
        super().__init__(Path(folder) / "postfix", port)
        Path(folder).chmod(0o755)  # Postfix's own user goes through here
        self.start_in_namespace(prepare(self.folder, port, settings))
