"""A POP3 client for measurements, and the rows of `bench/run pop3`: an INBOX of many messages."""
import subprocess
import time

from .imap import USER
from .tubepost import program
from .wire import Connection


class Client(Connection):
    def __init__(self, port, user=USER, password="secret"):
        super().__init__(port)
        self.read_ok()
        self.command(f"USER {user}")
        self.command(f"PASS {password}")

    def read_ok(self):
        line = self.read_line()
        if not line.startswith(b"+OK"):
            raise RuntimeError(f"refused: {line!r}")
        return line

    def command(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.read_ok()

    def lines(self, text):
        """A command with an answer of many lines; how many bytes came."""
        self.command(text)
        tail, size = b"\r\n" + self.rest, 0
        while (at := tail.find(b"\r\n.\r\n")) < 0:
            size += max(0, len(tail) - 16)
            tail = tail[-16:] + self.receive()
        self.rest = tail[at + 5:]
        return size + at

    def close(self):
        self.command("QUIT")
        super().close()


def timed(command, sessions=5):
    """Seconds for one, which is the first command of its session."""
    def work(server):
        taken = 0
        for _ in range(sessions):
            client = Client(server.pop3)
            begin = time.monotonic()
            client.lines(command)
            taken += time.monotonic() - begin
            client.close()
        return taken / sessions
    return work


def logins(server):
    begin = time.monotonic()
    for _ in range(10):
        client = Client(server.pop3)
        client.command("STAT")
        client.close()
    return (time.monotonic() - begin) / 10


def retrieve(count, ahead):
    """Seconds for one RETR of `ahead` that are sent at a time: pop3-load's, a client here would take as long as the server."""
    def work(server):
        said = subprocess.run([program("pop3-load"), *(str(number) for number in (server.pop3, count, ahead))], check=True,
                              stdout=subprocess.PIPE, timeout=600).stdout
        return float(said) / count
    return work


def one_round(contest, number, messages):
    first = " (first time)" if number == 0 else ""
    contest.row("login, STAT and QUIT" + first, logins)
    if number == 0:
        contest.row("LIST (first time)", timed("LIST", 1))
        contest.row("UIDL (first time)", timed("UIDL", 1))
    contest.row("LIST", timed("LIST"))
    contest.row("UIDL", timed("UIDL"))
    contest.row("RETR, one after the other", retrieve(min(messages, 20_000), 1))
    contest.row("RETR, ten sent ahead", retrieve(min(messages, 20_000), 10))
