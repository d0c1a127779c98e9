"""Servers from Debian's packages (unpacked.py), each in a folder of its own."""
import os
import signal
import socket
import subprocess
from pathlib import Path

from unpacked import environment, unpack, wait_for_port  # noqa: F401


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """A server in the foreground, in a folder of its own; stopped with all that it started, which is its process group's."""

    address = "127.0.0.1"

    def __init__(self, folder, port, *more_ports):
        self.folder, self.port, self.child = Path(folder), port, None
        self.ports_awaited = (port, *more_ports)
        self.folder.mkdir(parents=True, exist_ok=True)

    def start(self, argv, **options):
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen([str(word) for word in argv], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                                          **options)
        try:
            for port in self.ports_awaited:
                wait_for_port(port, seconds=40, process=self.child, address=self.address)
        except RuntimeError as error:
            self.stop()
            raise RuntimeError(f"{argv[0]}: {error}\n{(self.folder / 'log').read_text(errors='replace')[-3000:]}") from None

    def start_in_namespace(self, script):
        """`script` begins as unpacked.namespace(). With a process namespace, too: what leaves the process group ends with it."""
        self.start(["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "bash", "-c", script])

    def stop(self):
        if self.child is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.child.pid, number)
            except ProcessLookupError:
                break
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                continue
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
