"""A Tubepost instance for a scenario: made by mailadm, its services started as the supervisor would, stopped at the end.

Scenarios are programs: exit 0 passed, anything else failed with what they printed. They use the built programs in BIN, loopback
addresses, and a folder of their own under /tmp."""
import imaplib
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("TUBEPOST_BIN", ROOT / "build" / "bin"))

PASSWORDS = {"alice@example.test": "alice's secret 1", "bob@example.test": "bob's secret 2"}
# service -> (program, arguments), as service/*/run has them
SERVICES = {
    "smtpd": ("smtpd", []),
    "submission": ("smtpd", ["--role", "submission"]),
    "popd": ("popd", []),
    "imapd": ("imapd", []),
    "authd": ("authd", []),
    "qrun": ("qrun", []),
}


def not_in_time(*_):
    raise TimeoutError("the scenario did not end in time")


# Before ctest kills it without a word: where it stood and the logs are printed, what it started is stopped.
if seconds := int(os.environ.get("TUBEPOST_SCENARIO_SECONDS", 0)):
    signal.signal(signal.SIGALRM, not_in_time)
    signal.alarm(seconds)

BASES = range(10000, 30000, 1000)  # a thousand ports each, below what the kernel gives to clients
held_bases = []  # sockets; a base is this process's until it ends


def free_port_base():
    """Tests that run at the same time get different ones: who holds a base is bound to a name made of it."""
    while True:
        for base in random.sample(BASES, len(BASES)):
            holder = socket.socket(socket.AF_UNIX)
            try:
                holder.bind(f"\0tubepost-test-ports-{base}")
                for port in range(base, base + BASES.step):  # somebody else may have one
                    with socket.socket() as probe:
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        probe.bind(("127.0.0.1", port))
            except OSError:
                holder.close()
                continue
            held_bases.append(holder)
            return base
        time.sleep(0.5)


class Instance:
    def __init__(self, services=(), folder=None, home="home", environment=None):
        """`folder`: an empty one of the caller's, which goes with the instance; `environment`: more of it for every program."""
        self.folder = Path(folder or tempfile.mkdtemp(prefix="tubepost-scenario-"))
        self.home = self.folder / home
        self.base = free_port_base()
        self.environment = dict(os.environ, TUBEPOST_HOME=str(self.home), PATH=f"{BIN}:{os.environ['PATH']}", **(environment or {}))
        for name in ("TCPREMOTEIP", "NOTIFY_SOCKET", "LISTEN_FDS"):
            self.environment.pop(name, None)
        self.running = {}
        try:
            self.begin(services)
        except BaseException:
            self.__exit__(*sys.exc_info())  # nobody else would
            raise

    def begin(self, services):
        self.run("mailadm", "init", "--home", str(self.home), "--hostname", "mx.example.test", "--domain", "example.test",
                 "--port-base", str(self.base))
        for account, password in PASSWORDS.items():
            self.run("mailadm", "account", "add", account, "--password-stdin", input=password)
        for service in services:
            self.start(service)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for service in list(self.running):
            self.stop(service)
        if kind is not None:
            for log in sorted(self.folder.glob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def port(self, standard):
        return self.base + standard

    def run(self, program, *arguments, input=None, check=True):
        """Its stdout as text; a failure shows what it printed."""
        done = subprocess.run([BIN / program, *arguments], env=self.environment, input=input, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"{program} {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def start(self, service):
        """Returns when the service says that it is ready (--ready-fd)."""
        program, arguments = SERVICES[service]
        reader, writer = os.pipe()
        log = open(self.folder / f"{service}.log", "ab")
        process = subprocess.Popen([BIN / program, *arguments, "--ready-fd", str(writer)], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[writer])
        os.close(writer)
        self.running[service] = process
        with os.fdopen(reader) as ready:
            if ready.readline() != "\n":
                self.kill(service)
                raise AssertionError(f"{service} did not become ready:\n" + (self.folder / f"{service}.log").read_text())

    def kill(self, service):
        process = self.running.pop(service)
        process.kill()
        process.wait()

    def stop(self, service):
        process = self.running.pop(service)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{service} did not stop on SIGTERM") from None

    def wait_until(self, what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what}")
            time.sleep(0.05)

    def queue(self):
        return [json.loads(line) for line in self.run("mailq", "--json").splitlines()]

    def mailbox(self, account):
        """Every message of the account's INBOX, as bytes, by popd on pipes."""
        count = int(self.pop(account, "STAT").splitlines()[1].split()[1])
        if count == 0:
            return []
        rest = self.pop(account, *(f"RETR {number}" for number in range(1, count + 1))).split("\r\n", 1)[1]
        messages = []
        for _ in range(count):
            reply, rest = rest.split("\r\n", 1)
            expect(reply.startswith("+OK"), f"RETR: {reply}")
            body, rest = rest.split("\r\n.\r\n", 1)
            messages.append((body + "\r\n").replace("\r\n..", "\r\n."))
        return messages

    def pop(self, account, *commands):
        done = subprocess.run([BIN / "popd", "--stdio", "--preauth", account], env=self.environment,
                              input="".join(c + "\r\n" for c in (*commands, "QUIT")).encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode("latin-1")

    def imap(self, account, *commands):
        """What imapd says behind its greeting to these commands (without their tags), on pipes."""
        lines = "".join(f"t{number} {command}\r\n" for number, command in enumerate((*commands, "LOGOUT")))
        done = subprocess.run([BIN / "imapd", "--stdio", "--preauth", account], env=self.environment, input=lines.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode("latin-1").split("\r\n", 1)[1]

    def tls_context(self):
        """Of a client that trusts the instance's certificate, by whatever name it calls the server."""
        context = ssl.create_default_context(cafile=self.home / "tls/certificate.pem")
        context.check_hostname = False
        return context

    def imap_client(self, account):
        """An imaplib connection to the running imapd, logged in."""
        client = imaplib.IMAP4_SSL("127.0.0.1", self.port(993), ssl_context=self.tls_context(), timeout=60)
        client.login(account, PASSWORDS[account])
        return client


def expect(condition, what):
    if not condition:
        raise AssertionError(what)
