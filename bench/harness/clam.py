"""clamd with one small signature file, a client that asks it as fast as it can, and clamav-milter from Debian, unpacked beside
the system and never installed."""
import multiprocessing
import os
import socket
import struct
import sys
import time
from pathlib import Path

from .peers import ROOT, Service, unpacked, wait_for_port

sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
from clam import CLAMD_CONF, write_signatures  # noqa: E402

MILTER_PACKAGES = ["clamav-milter", "libmilter1.0.1"]
MILTER_CONF = """Foreground yes
MilterSocket inet:{port}@127.0.0.1
ClamdSocket unix:{clamd}
OnInfected Reject
OnFail Defer
AddHeader No
LogFile {folder}/milter.log
"""

HEAD = b"""Received: from client ([127.0.0.1])\r
\tby mx.example.test (Tubepost) with SMTP id %020d\r
\tfor <sink@discard.test>;\r
\tWed, 25 Nov 2026 22:57:22 +0000\r
From: <sender@source.test>\r
To: <sink@discard.test>\r
Date: Wed, 25 Nov 2026 22:57:22 +0000 (UTC)\r
Message-Id: <0e8d.0003.0000@client>\r
\r
"""
ID_AT = HEAD.index(b"%020d")


class Clamd(Service):
    def __init__(self, folder):
        super().__init__("clamd", folder)
        write_signatures(self.folder)
        self.socket = self.folder / "clamd.ctl"
        config = self.folder / "clamd.conf"
        config.write_text(CLAMD_CONF.format(folder=self.folder, user="root", more="MaxThreads 20\nMaxQueue 200\n"))
        self.start(["/usr/sbin/clamd", "-c", config])
        deadline = time.monotonic() + 120
        while not self.socket.exists():
            if time.monotonic() > deadline:
                raise RuntimeError("clamd does not start: " + (self.folder / "log").read_text()[-2000:])
            time.sleep(0.1)


def start_milter(server, clamd, port):
    """In the server's control group: it is part of its price."""
    root = unpacked.unpack(*MILTER_PACKAGES)
    config = server.folder / "clamav-milter.conf"
    config.write_text(MILTER_CONF.format(port=port, clamd=clamd.socket, folder=server.folder))
    library = next(Path(root).glob("usr/lib/*/libmilter.so*")).parent
    server.start([root / "usr/sbin/clamav-milter", "-c", config], env=dict(os.environ, LD_LIBRARY_PATH=str(library)))
    wait_for_port(port)


def ask(path, begin, count, mail):
    # No two alike: what clamd has found clean once, it remembers.
    for number in range(begin, begin + count):
        mail = mail[:ID_AT] + b"%020d" % number + mail[ID_AT + 20:]
        request = b"zINSTREAM\0" + struct.pack(">I", len(mail)) + mail + struct.pack(">I", 0)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(request)
            if client.recv(4096) != b"stream: OK\0":
                raise RuntimeError("clamd says something else")


def scan_rate(clamd, messages, sessions, size):
    """Messages a second that clamd scans for clients that do nothing else. What they give it is what a filter behind smtpd gives it
    of smtp-source's mail: by its Received field clamd knows that it is mail, and looks into it."""
    mail = HEAD % 0
    for number in range(1, size // 80 + 1):
        mail += str(number).encode().ljust(78, b"X") + b"\r\n"
    clients = min(sessions, 20)  # no more are scanned at a time
    each, first = messages // clients, time.monotonic_ns()
    workers = [multiprocessing.Process(target=ask, args=(str(clamd.socket), first + client * each, each, mail))
               for client in range(clients)]
    begin = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode != 0 for worker in workers):
        raise RuntimeError("a client of clamd failed")
    return each * clients / (time.monotonic() - begin)
