"""The services of an instance under s6, by the scripts that mailadm init has made."""
import subprocess


def s6(*argv):
    """What it prints."""
    return subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60).stdout


class Supervised:
    """with Supervised(tubepost) as services: all but those that are down at first are ready. `environment`, `preexec_fn`: the
    supervisor's."""

    def __init__(self, tubepost, environment=None, preexec_fn=None):
        self.tubepost, self.tree = tubepost, tubepost.home / "service"
        self.options = {"env": environment or tubepost.environment, "preexec_fn": preexec_fn}
        self.names = sorted(run.parent.name for run in self.tree.glob("*/run") if not (run.parent / "down").exists())

    def __enter__(self):
        self.supervisor = subprocess.Popen(["s6-svscan", self.tree], start_new_session=True, stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.options)
        try:
            self.tubepost.wait_until("every service is ready", lambda: None not in self.pids().values())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        s6("s6-svscanctl", "-t", self.tree)
        self.supervisor.wait(60)

    def pid(self, name):
        """None: it is not ready."""
        words = s6("s6-svstat", "-o", "ready,pid", self.tree / name).split()
        return int(words[1]) if words[:1] == ["true"] else None

    def pids(self):
        return {name: self.pid(name) for name in self.names}

    def tell(self, name, *options):
        subprocess.run(["s6-svc", *options, self.tree / name], check=True, timeout=60)
