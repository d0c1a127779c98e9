"""An IMAP client for measurements: raw lines on a socket, so that the time is the server's. And what `bench/run imap` measures:
the same mailbox in Tubepost and in Dovecot's three formats, the rows interleaved."""
import socket
import threading
import time

HEADER = ("Received: from relay{n}.example.net by mx.example.test; Mon, 7 Feb 2022 21:52:25 -0800\r\n"
          "From: Sender {n} <sender{s}@example.net>\r\nTo: Bob <bob@example.test>\r\nSubject: Message number {n}\r\n"
          "Date: Mon, 7 Feb 2022 21:52:25 -0800\r\nMessage-ID: <{n}@example.net>\r\nMIME-Version: 1.0\r\n"
          "Content-Type: multipart/alternative; boundary=frontier\r\n\r\n")
PART = "--frontier\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{text}\r\n"


def make_message(number, size=5000):
    head = HEADER.format(n=number, s=number % 97)
    line = f"The quick brown fox {number} jumps over the lazy dog, and nobody wonders why.\r\n"
    half = max(1, (size - len(head)) // 2 // len(line))
    return (head + PART.format(kind="plain", text=line * half) + PART.format(kind="html", text=line * half) +
            "--frontier--\r\n").encode()


class Client:
    def __init__(self, port, user="bob@example.test", password="secret"):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0
        self.rest = b""
        self.read_until(b"\r\n")
        self.command(f"LOGIN {user} {password}")

    def read_until(self, mark):
        while mark not in self.rest:
            piece = self.socket.recv(1 << 20)
            if not piece:
                raise RuntimeError("the server closed")
            self.rest += piece
        line, _, self.rest = self.rest.partition(mark)
        return line

    def command(self, text, literal=None):
        """Sends a command and reads to its tagged reply; how many bytes came."""
        self.number += 1
        tag = f"t{self.number}".encode()
        data = tag + b" " + (text if isinstance(text, bytes) else text.encode())
        if literal is not None:
            data += b"{%d+}\r\n" % len(literal) + literal
        self.socket.sendall(data + b"\r\n")
        return self.finish(tag)

    def finish(self, tag):
        end, size, tail = b"\r\n" + tag + b" ", 0, b"\r\n" + self.rest
        self.rest = b""
        while True:
            at = tail.find(end)
            if at >= 0 and tail.find(b"\r\n", at + len(end)) >= 0:
                status = tail[at + len(end):].split(b"\r\n", 1)[0]
                if not status.startswith(b"OK"):
                    raise RuntimeError(f"refused: {status!r}")
                return size + at
            size += max(0, len(tail) - 4096)
            tail = tail[-4096:]
            piece = self.socket.recv(1 << 20)
            if not piece:
                raise RuntimeError("the server closed")
            tail += piece

    def close(self):
        self.socket.close()


def seconds(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def fill(port, messages):
    client = Client(port)
    client.command("CREATE large")
    for begin in range(0, messages, 100):
        for number in range(begin, min(begin + 100, messages)):
            client.command("APPEND large ", make_message(number))
    client.close()


def appends(port, clients, each, mailbox):
    """Durable appends a second, as the time for one."""
    def run(index):
        client = Client(port)
        target = mailbox.format(index)
        try:
            client.command(f"CREATE {target}")
        except RuntimeError:
            pass  # another client has made it
        message = make_message(index)
        barrier.wait()
        for _ in range(each):
            client.command(f"APPEND {target} ", message)
        client.close()

    barrier = threading.Barrier(clients + 1)
    threads = [threading.Thread(target=run, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    barrier.wait()
    begin = time.monotonic()
    for thread in threads:
        thread.join()
    return (time.monotonic() - begin) / (clients * each)


def logins(port, count):
    def run():
        for _ in range(count):
            client = Client(port)
            client.command("SELECT large")
            client.close()
    return seconds(run) / count


ON_LARGE = {  # row -> command, in a session that has the large mailbox selected
    "FETCH 1:* FLAGS": "FETCH 1:* FLAGS",
    "FETCH 1:* ENVELOPE": "FETCH 1:* ENVELOPE",
    "FETCH 1:* BODYSTRUCTURE": "FETCH 1:* BODYSTRUCTURE",
    "FETCH 1:* BODY.PEEK[]": "FETCH 1:* BODY.PEEK[]",
    "SEARCH FROM": "SEARCH FROM sender42@",
    "SEARCH TEXT": "SEARCH TEXT nowhere-to-be-found",
    "STORE 1:* +FLAGS": "STORE 1:* +FLAGS.SILENT (\\Flagged)",
    "STORE 1:* -FLAGS": "STORE 1:* -FLAGS.SILENT (\\Flagged)",
}


def measure(port, fill_to, round_number):
    """{row: seconds} for one server; every number once."""
    rows = {"LOGIN + SELECT": logins(port, 50)}
    client = Client(port)
    rows["SELECT"] = seconds(lambda: [client.command("SELECT large") for _ in range(20)]) / 20
    for row, command in ON_LARGE.items():
        first = " (first time)" if round_number == 0 and row.startswith("FETCH 1:* E") else ""
        rows[row + first] = seconds(lambda: client.command(command))
    copy = f"copy{round_number}"
    client.command(f"CREATE {copy}")
    client.command(f"CREATE {copy}-moved")
    rows["COPY 1:*"] = seconds(lambda: client.command(f"COPY 1:* {copy}"))
    client.command(f"SELECT {copy}")
    rows["MOVE 1:*"] = seconds(lambda: client.command(f"MOVE 1:* {copy}-moved"))
    client.command(f"SELECT {copy}-moved")
    client.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    rows["EXPUNGE all"] = seconds(lambda: client.command("EXPUNGE"))
    client.close()
    rows["APPEND, 1 client"] = appends(port, 1, 200, f"one{round_number}")
    rows["APPEND, 10 clients, 10 mailboxes"] = appends(port, 10, 50, f"ten{round_number}-{{}}")
    rows["APPEND, 10 clients, 1 mailbox"] = appends(port, 10, 50, f"same{round_number}")
    return rows
