"""What a session costs that only waits: user memory (PSS) for each of many connections, CPU time while nothing happens."""
import resource
import time
from pathlib import Path

from . import imap, large_mailbox, peers
from .tubepost import Tubepost
from .wire import Connection

DESCRIPTORS = 40_000


def raise_limits():
    """For this process and the servers it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, most), most))


def pss_kib(service):
    """Of all processes of a service."""
    return sum(service.cpu.memory().values()) / 1024


class Sessions:
    """`connect()` opens one and leaves it waiting."""

    def __init__(self, service, connect, warm=20):
        self.service, self.connect = service, connect
        self.open = [connect() for _ in range(warm)]  # what all share is there then
        self.before = self.settled()

    def settled(self):
        time.sleep(1)  # whoever has waited a while gives more back
        last = pss_kib(self.service)
        for _ in range(20):
            time.sleep(0.2)
            now = pss_kib(self.service)
            if abs(now - last) <= 8:
                break
            last = now
        return now

    def memory_of(self, count):
        """KiB for each of `count` more."""
        self.open += [self.connect() for _ in range(count)]
        return (self.settled() - self.before) / count

    def cpu_of(self, seconds):
        """CPU milliseconds a second, of all that are open."""
        before = self.service.cpu.seconds()
        time.sleep(seconds)
        return (self.service.cpu.seconds() - before) / seconds * 1000

    def close(self):
        for session in self.open:
            session.close()
        self.open = []


class Greeted(Connection):
    """An SMTP or POP3 session that has been answered once and then waits."""

    def __init__(self, port, command, last, tls=None):
        """`tls`: "at once", or the command that begins it."""
        super().__init__(port, tls == "at once")
        self.read_line()
        if tls and tls != "at once":
            self.ask(command, last)
            self.ask(tls, b"\r\n")
            self.begin_tls()
        self.ask(command, last)

    def ask(self, command, last):
        self.socket.sendall(command)
        self.read_past(last)
        self.rest = b""


def smtp(port, tls=False):
    return lambda: Greeted(port, b"EHLO client.example\r\n", b"\r\n250 ", b"STARTTLS\r\n" if tls else None)


def pop3(port, tls=False):
    return lambda: Greeted(port, b"CAPA\r\n", b"\r\n.\r\n", "at once" if tls else None)


def imap_idle(port, tls=False):
    """In IDLE, the large mailbox selected."""
    def connect():
        client = imap.Client(port, tls=tls)
        client.command("SELECT large")
        client.idle()
        return client
    return connect


def row(name, service, connect, count):
    sessions = Sessions(service, connect)
    try:
        print(f"| {name} | {count:,} | {sessions.memory_of(count):.1f} | {sessions.cpu_of(5):.2f} |", flush=True)
    finally:
        sessions.close()
        time.sleep(1)


def filled(service, name, port, messages):
    large_mailbox.Server(name, service, (port, 0, 0)).fill("large", messages)
    return service


OURS = [("smtpd", smtp, 25, 25), ("popd", pop3, 110, 995), ("imapd", imap_idle, 143, 993)]


def one_of_ours(folder, messages, count, what, tls):
    """In a service that has served nobody else: what others have freed would not be counted."""
    name, connect, plain, secured = what
    title = f"{name}, {'TLS' if tls else 'plain'}, {count}"
    service = Tubepost(Path(folder) / title, 28000, services=("authd", name), imap=name == "imapd", port=plain)
    try:
        if name == "imapd":
            filled(service, name, 28143, messages)
        row(title.rsplit(",", 1)[0], service, connect(28000 + (secured if tls else plain), tls), count)
    finally:
        service.stop()


def ours(folder, messages, count):
    for what in OURS:
        for tls in (False, True):
            one_of_ours(folder, messages, count, what, tls)
    one_of_ours(folder, messages, 5000, OURS[-1], False)


def theirs(folder, messages, count):
    postfix = peers.Postfix(folder, 29025)
    try:
        row("postfix smtpd, plain", postfix, smtp(29025), count)
    finally:
        postfix.stop()
    certificate = [next(Path(folder).glob(f"imapd*/tubepost/home/tls/{name}.pem")) for name in ("certificate", "key")]
    dovecot = peers.Dovecot(folder, 29143, "sdbox", "imap pop3", 29110, 29993, peers.DOVECOT_NO_SYNC, certificate)
    try:
        filled(dovecot, "dovecot", 29143, messages)
        for name, connect in (("pop3-login, plain", pop3(29110)), ("imap, plain", imap_idle(29143)),
                              ("imap, TLS", imap_idle(29993, True))):
            dovecot.restart()  # its processes outlive their sessions, and would be there already
            row(f"dovecot {name}", dovecot, connect, count)
    finally:
        dovecot.stop()


def measure(folder, messages, connections):
    """Ours with as many connections as asked for; theirs, of processes, with a tenth."""
    raise_limits()
    print("| sessions that wait | connections | KiB of user memory (PSS) each | CPU ms a second, all |\n|---|---|---|---|")
    ours(folder, messages, connections)
    theirs(folder, messages, max(10, connections // 10))
