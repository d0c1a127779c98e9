"""A disk that fills up: a folder of a test's instance on a small tmpfs of its own, in a mount namespace of the test's own (needs root).

    small_disk.enter_own_mounts()  # first: the program begins again in it
    disk = SmallDisk(tubepost.home / "spool"); disk.fill(); …; disk.empty()"""
import os
import subprocess
import sys

from skipping import need_root

SIZE = 24 << 20


def enter_own_mounts():
    """What is mounted goes with the process."""
    need_root("mounts")
    if "TUBEPOST_OWN_MOUNTS" not in os.environ:
        os.environ["TUBEPOST_OWN_MOUNTS"] = "yes"
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv])


class SmallDisk:
    """The folder's content moves to it; no program may have it open. A file, the ballast, takes the room."""

    def __init__(self, folder, size=SIZE):
        self.folder, self.size = folder, size
        aside = folder.with_name(f"{folder.name}-aside")
        folder.rename(aside)
        folder.mkdir(0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", folder], check=True)
        subprocess.run(["cp", "-a", f"{aside}/.", folder], check=True)
        self.ballast = folder / "ballast"

    def free(self):
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def fill(self, but=0):
        """Until only so many bytes are left."""
        with open(self.ballast, "ab", buffering=0) as file:
            while self.free() > but:
                file.write(bytes(min(self.free() - but, 1 << 20)))

    def empty(self):
        self.ballast.unlink()

    def take_away(self):
        """Not mounted: an empty folder stands there, until put_back."""
        self.elsewhere = self.folder.with_name(f"{self.folder.name}-elsewhere")
        self.elsewhere.mkdir(exist_ok=True)
        subprocess.run(["mount", "--move", self.folder, self.elsewhere], check=True)

    def put_back(self):
        subprocess.run(["mount", "--move", self.elsewhere, self.folder], check=True)

    def make(self, access):
        """ "ro": as the kernel does after an error of the disk; "rw": mended."""
        subprocess.run(["mount", "-o", f"remount,{access}", self.folder], check=True)
