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


def ask(path, request, count):
    for _ in range(count):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(request)
            if client.recv(4096) != b"stream: OK\0":
                raise RuntimeError("clamd says something else")


def scan_rate(clamd, messages, sessions, size):
    """Messages a second that clamd scans for clients that do nothing else."""
    head = b"From: <sender@source.test>\r\nTo: <sink@discard.test>\r\nSubject: x\r\n\r\n"
    line = b"X" * 78 + b"\r\n"
    mail = (head + line * (size // len(line) + 1))[:size]
    request = b"zINSTREAM\0" + struct.pack(">I", len(mail)) + mail + struct.pack(">I", 0)
    clients = min(sessions, 20)  # no more are scanned at a time
    workers = [multiprocessing.Process(target=ask, args=(str(clamd.socket), request, messages // clients)) for _ in range(clients)]
    begin = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode != 0 for worker in workers):
        raise RuntimeError("a client of clamd failed")
    return messages // clients * clients / (time.monotonic() - begin)
