"""Packages of Debian, downloaded and unpacked once into build/peers (or $TUBEPOST_PEERS), for any number of tests at a time."""
import fcntl
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("TUBEPOST_PEERS", ROOT / "build" / "peers"))


def unpack(name, *packages):
    """The folder that stands for / with these packages in it."""
    unpacked, debs = CACHE / name, CACHE / f"{name}.debs"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (unpacked / ".whole").exists():
            debs.mkdir(exist_ok=True)
            subprocess.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *packages], cwd=debs, check=True,
                           stdout=subprocess.DEVNULL)
            for package in sorted(debs.glob("*.deb")):
                subprocess.run(["dpkg", "-x", package, unpacked], check=True)
            (unpacked / ".whole").touch()
    return unpacked


def libraries(root):
    """An environment in which programs of an unpacked package find libraries that came with it."""
    return dict(os.environ, LD_LIBRARY_PATH=f"{root}/usr/lib/x86_64-linux-gnu:{root}/usr/lib/aarch64-linux-gnu")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, child=None, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if child is not None and child.poll() is not None:
            raise RuntimeError(f"ended with {child.returncode} before it listened on port {port}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nobody listens on port {port}")


class Daemon:
    """A server in the foreground, in a folder of its own; stopped with all that it started, which is its process group's."""

    def __init__(self, folder, port):
        self.folder, self.port, self.child = Path(folder), port, None
        self.folder.mkdir(parents=True, exist_ok=True)

    def start(self, argv, **options):
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen([str(word) for word in argv], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                                          **options)
        try:
            wait_for_port(self.port, self.child)
        except RuntimeError as error:
            self.stop()
            raise RuntimeError(f"{argv[0]}: {error}\n{(self.folder / 'log').read_text(errors='replace')[-3000:]}") from None

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
