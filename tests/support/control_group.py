"""Control groups: what processes have used, ended ones too, and how much they may have. Version 1 or 2 of the kernel's. Needs root."""
import collections
import os
import time
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


class ControlGroup:
    """with …Group(name, …) as group: subprocess.Popen(…, preexec_fn=group.enter)"""

    def __init__(self, name, controller):
        """`controller`: that of version 1; version 2 has one tree for all."""
        self.is_first_version = (CGROUPS / controller).is_dir()
        self.top = CGROUPS / controller if self.is_first_version else CGROUPS
        self.folder = self.top / f"tubepost-{name}-{os.getpid()}"
        self.folder.mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        for _ in range(100):  # until the kernel has seen the last process off
            try:
                return self.folder.rmdir()
            except OSError:
                time.sleep(0.05)
        self.folder.rmdir()

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

    def memory(self):
        """{program: octets} of user memory, what processes share divided among them (PSS)."""
        total = collections.Counter()
        for pid in self.processes():
            try:
                name = Path(f"/proc/{pid}/comm").read_text().strip()
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue  # it has just ended
            total[name] += sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
        return total


class CpuGroup(ControlGroup):
    def __init__(self, name):
        super().__init__(name, "cpuacct")

    def seconds(self):
        """CPU time of all, ended ones too."""
        return int(self.read("cpuacct.usage")) / 1e9 if self.is_first_version else self.count("cpu.stat", "usage_usec") / 1e6


class MemoryGroup(ControlGroup):
    """Its processes have only so much memory."""

    def __init__(self, name, limit):
        super().__init__(name, "memory")
        try:
            self.limit(limit)
        except OSError:
            self.remove()
            raise

    def limit(self, octets):
        if not self.is_first_version:
            (self.top / "cgroup.subtree_control").write_text("+memory")
        self.write("memory.limit_in_bytes" if self.is_first_version else "memory.max", octets)
        swap, most = ("memory.memsw.limit_in_bytes", octets) if self.is_first_version else ("memory.swap.max", 0)
        if (self.folder / swap).exists():
            self.write(swap, most)

    def anonymous(self):
        """Octets that no file stands behind: what cannot be given back."""
        return self.count("memory.stat", "total_rss" if self.is_first_version else "anon")

    def peak(self):
        """Octets at most, files that the kernel keeps in memory included."""
        return int(self.read("memory.max_usage_in_bytes" if self.is_first_version else "memory.peak"))

    def killed(self):
        """Processes ended for want of memory."""
        return self.count("memory.oom_control" if self.is_first_version else "memory.events", "oom_kill")
