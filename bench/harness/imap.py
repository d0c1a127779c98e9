"""An IMAP client for measurements, and the rows of `bench/run imap`."""
import subprocess
import time

from .tubepost import program
from .wire import SILENCE, Connection

HEADER = ("Received: from relay{n}.example.net by mx.example.test; Mon, 7 Feb 2022 21:52:25 -0800\r\n"
          "From: Sender {n} <sender{s}@example.net>\r\nTo: Bob <bob@example.test>\r\nSubject: Message number {n}\r\n"
          "Date: Mon, 7 Feb 2022 21:52:25 -0800\r\nMessage-ID: <{n}@example.net>\r\nMIME-Version: 1.0\r\n"
          "Content-Type: multipart/alternative; boundary=frontier\r\n\r\n")
PART = "--frontier\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{text}\r\n"
USER = "bob@example.test"


def make_message(number, size=5000):
    head = HEADER.format(n=number, s=number % 97)
    line = f"The quick brown fox {number} jumps over the lazy dog, and nobody wonders why.\r\n"
    half = max(1, (size - len(head)) // 2 // len(line))
    return (head + PART.format(kind="plain", text=line * half) + PART.format(kind="html", text=line * half) +
            "--frontier--\r\n").encode()


class Client(Connection):
    def __init__(self, port, user=USER, password="secret", tls=False):
        super().__init__(port, tls)
        self.number = 0
        self.read_line()
        self.command(f"LOGIN {user} {password}")

    def read_until(self, mark):
        """The first line that has it."""
        while mark not in (line := self.read_line()):
            pass
        return line

    def send(self, text, literals=()):
        """`literals`: what stands behind the text, each an octet string of its own."""
        self.number += 1
        data = [f"t{self.number} {text}".encode()]
        for literal in literals:
            data += [b" {%d+}\r\n" % len(literal), literal]
        self.socket.sendall(b"".join(data) + b"\r\n")
        return f"t{self.number}".encode()

    def command(self, text, literals=()):
        """Sends a command and reads to its tagged reply; how many bytes came."""
        return self.finish(self.send(text, literals))

    def append(self, mailbox, messages):
        return self.command(f"APPEND {mailbox}", messages)

    def finish(self, tag):
        end, size, tail = b"\r\n" + tag + b" ", 0, b"\r\n" + self.rest
        self.rest = b""
        while True:
            at = tail.find(end)
            if at >= 0 and tail.find(b"\r\n", at + len(end)) >= 0:
                status, self.rest = tail[at + len(end):].split(b"\r\n", 1)
                if not status.startswith(b"OK"):
                    raise RuntimeError(f"refused: {status!r}")
                return size + at
            size += max(0, len(tail) - 4096)
            tail = tail[-4096:] + self.receive()

    def idle(self):
        self.send("IDLE")
        self.read_until(b"+")


def seconds(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def create(client, mailbox):
    client.command(f"CREATE {mailbox}")


def load(mode, port, count, *commands):
    """Seconds for one of short commands: imap-load's, a client here would take as long as the server."""
    said = subprocess.run([program("imap-load"), mode, str(port), str(count), *commands], input=make_message(1), check=True,
                          stdout=subprocess.PIPE, timeout=600).stdout
    return float(said) / (count * len(commands))


def appends(port, clients, each, mailbox):
    """Durable ones."""
    targets = [mailbox.format(index) for index in range(clients)]
    client = Client(port)
    for target in sorted(set(targets)):
        create(client, target)
    client.close()
    return load("commands", port, each, *(f"APPEND {target} {{+}}" for target in targets))


def notification(port, count):
    """Seconds from the reply to a change until another client in IDLE has heard of it; the longest of them."""
    watcher, other = Client(port), Client(port)
    watcher.command("SELECT large")
    other.command("SELECT large")
    watcher.idle()
    longest = 0
    for number in range(1, count + 1):
        other.command(f"STORE {number} +FLAGS.SILENT (\\Answered)")  # no other row gives this flag
        begin = time.monotonic()
        watcher.read_until(b" FETCH ")
        longest = max(longest, time.monotonic() - begin)
        time.sleep(0.01)
        drain(watcher)
    watcher.close()
    other.close()
    return longest


def drain(client):
    client.socket.settimeout(0.05)
    try:
        while client.socket.recv(1 << 16):
            pass
    except TimeoutError:
        pass
    client.socket.settimeout(SILENCE)
    client.rest = b""


ON_LARGE = [  # row, command in a session that has the large mailbox selected, whether the first time is a row of its own
    ("FETCH 1:* FLAGS", "FETCH 1:* FLAGS", False),
    ("FETCH 1:* ENVELOPE", "FETCH 1:* ENVELOPE", True),
    ("FETCH 1:* BODYSTRUCTURE", "FETCH 1:* BODYSTRUCTURE", True),
    ("FETCH 1:* BODY.PEEK[]", "FETCH 1:* BODY.PEEK[]", False),
    ("SEARCH FROM", "SEARCH FROM sender42@", False),
    ("SEARCH TEXT", "SEARCH TEXT nowhere-to-be-found", False),
    ("STORE 1:* +FLAGS", "STORE 1:* +FLAGS.SILENT (\\Flagged)", False),
    ("STORE 1:* -FLAGS", "STORE 1:* -FLAGS.SILENT (\\Flagged)", False),
]


def on_large(command):
    def work(server):
        client = Client(server.imap)
        client.command("SELECT large")
        taken = seconds(lambda: client.command(command))
        client.close()
        return taken
    return work


def in_mailbox(selected, *before, command):
    """`before`: commands whose time does not count."""
    def work(server):
        client = Client(server.imap)
        client.command(f"SELECT {selected}")
        for text in before:
            client.command(text)
        taken = seconds(lambda: client.command(command))
        client.close()
        return taken
    return work


def one_round(contest, number):
    contest.row("LOGIN + SELECT", lambda server: load("logins", server.imap, 200, "SELECT large"))
    contest.row("LOGIN + SELECT, 4 clients", lambda server: load("logins", server.imap, 100, *["SELECT large"] * 4))
    contest.row("SELECT", lambda server: load("commands", server.imap, 1000, "SELECT large"))
    for row, command, is_twice in ON_LARGE:
        if is_twice and number == 0:
            contest.row(row + " (first time)", on_large(command))
        contest.row(row, on_large(command))
    copy = f"copy{number}"
    contest.row("COPY 1:*", in_mailbox("large", f"CREATE {copy}", f"CREATE {copy}-moved", command=f"COPY 1:* {copy}"))
    contest.row("MOVE 1:*", in_mailbox(copy, command=f"MOVE 1:* {copy}-moved"))
    contest.row("EXPUNGE of all", in_mailbox(f"{copy}-moved", "STORE 1:* +FLAGS.SILENT (\\Deleted)", command="EXPUNGE"))
    contest.row("APPEND, 1 client", lambda server: appends(server.imap, 1, 300, f"one{number}"))
    contest.row("APPEND, 10 clients, 10 mailboxes", lambda server: appends(server.imap, 10, 60, f"ten{number}-{{}}"))
    contest.row("APPEND, 10 clients, 1 mailbox", lambda server: appends(server.imap, 10, 60, f"same{number}"))
