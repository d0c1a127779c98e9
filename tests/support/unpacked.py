"""Servers from Debian, unpacked beside the system and never installed: a package would replace the machine's own mail or name
server. One folder stands for / in all of them; what is there is not fetched again."""
import fcntl
import os
import socket
import subprocess
import time
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "peers"
ROOT = CACHE / "root"


def unpack(*packages):
    """Downloads and unpacks what is missing; gives the folder that stands for /."""
    stamps = CACHE / "unpacked"
    stamps.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:  # tests run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        unpack_missing(packages, stamps)
    return ROOT


def unpack_missing(packages, stamps):
    for package in packages:
        if (stamps / package).exists():
            continue
        folder = CACHE / f"download-{package}-{os.getpid()}"
        folder.mkdir()
        download(package, folder)
        for archive in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", archive, ROOT], check=True)
            archive.unlink()
        folder.rmdir()
        (stamps / package).touch()


def download(package, folder):
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
    if subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        subprocess.run(["apt-get", "-qq", "update"], check=True)  # there are no lists, or they are old
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def environment(*folders):
    """With the unpacked libraries, those of `folders` (below ROOT) first."""
    paths = [str(ROOT / folder) for folder in (*folders, "usr/lib/x86_64-linux-gnu")]
    return dict(os.environ, LD_LIBRARY_PATH=":".join(paths))


def wait_for_port(port, seconds=20, process=None, address="127.0.0.1"):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the server for port {port} ended with status {process.returncode}")
        try:
            with socket.create_connection((address, port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nobody listens on port {port}")


# vmail's are the mailboxes.
USERS = {"postfix": 890, "vmail": 892, "dovecot": 893, "dovenull": 894, "Debian-exim": 895, "opensmtpd": 896, "opensmtpq": 897}
GROUPS = {**USERS, "postdrop": 891}


def namespace(folder):
    """The beginning of a shell script for a mount namespace of its own (unshare -m): Debian's files appear in /usr by an overlay, the
    servers' users in /etc by bind mounts from `folder`."""
    d = Path(folder)
    users = "".join(f"{name}:x:{number}:{number}::{d}:/bin/false\n" for name, number in USERS.items())
    groups = "".join(f"{name}:x:{number}:\n" for name, number in GROUPS.items())
    (d / "passwd").write_text(Path("/etc/passwd").read_text() + users)
    (d / "group").write_text(Path("/etc/group").read_text() + groups)
    return f"""set -e
mount -t overlay overlay -o lowerdir={ROOT}/usr:/usr /usr
mount --bind {d}/passwd /etc/passwd
mount --bind {d}/group /etc/group
mount -t tmpfs -o mode=755 none /var/log
"""
