"""A control group whose processes have only so much memory, version 1 or 2. Needs root."""
import os
import time
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


class MemoryGroup:
    """with MemoryGroup(name, octets) as group: subprocess.Popen(…, preexec_fn=group.enter)"""

    def __init__(self, name, limit):
        self.is_first_version = (CGROUPS / "memory").is_dir()
        top = CGROUPS / "memory" if self.is_first_version else CGROUPS
        if not self.is_first_version:
            (top / "cgroup.subtree_control").write_text("+memory")
        self.folder = top / f"tubepost-{name}-{os.getpid()}"
        self.folder.mkdir()
        self.write("memory.limit_in_bytes" if self.is_first_version else "memory.max", limit)
        swap, most = ("memory.memsw.limit_in_bytes", limit) if self.is_first_version else ("memory.swap.max", 0)
        if (self.folder / swap).exists():
            self.write(swap, most)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(100):  # until the kernel has seen the last process off
            try:
                self.folder.rmdir()
                return
            except OSError:
                time.sleep(0.05)

    def write(self, name, value):
        (self.folder / name).write_text(str(value))

    def read(self, name):
        return (self.folder / name).read_text()

    def count(self, name, key):
        """The value of a line "key value"."""
        return next(int(line.split()[1]) for line in self.read(name).splitlines() if line.split()[0] == key)

    def enter(self):
        """For preexec_fn."""
        self.write("cgroup.procs", 0)

    def processes(self):
        return [int(pid) for pid in self.read("cgroup.procs").split()]

    def anonymous(self):
        """Octets that no file stands behind: what cannot be given back."""
        return self.count("memory.stat", "total_rss" if self.is_first_version else "anon")

    def peak(self):
        """Octets at most, files that the kernel keeps in memory included."""
        return int(self.read("memory.max_usage_in_bytes" if self.is_first_version else "memory.peak"))

    def killed(self):
        """Processes ended for want of memory."""
        return self.count("memory.oom_control" if self.is_first_version else "memory.events", "oom_kill")
