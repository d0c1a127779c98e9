"""Mail that leaves: Tubepost beside Postfix relaying to one smtp-sink, a thousand destinations with dead ones among them, and a
queue of a million recipients."""
import json
import os
import re
import shutil
import socket
import subprocess
import time

from .peers import Postfix, Service, tool, tool_environment, wait_for_port
from .tubepost import BIN, Tubepost, program

CONNECTIONS = 20  # Postfix's default_destination_concurrency_limit
SENDS = {"TUBEPOST_QRUN_OUTGOING_CONNECTIONS": str(CONNECTIONS), "TUBEPOST_SMTPD_TRUSTED": "127.0.0.0/8"}


class Relay(Tubepost):
    def __init__(self, folder, port_base, sink_port):
        super().__init__(folder, port_base, services=("smtpd",), settings=SENDS)
        self.run("mailadm", "route", "add", "remote.test", f"host:127.0.0.1:{sink_port}")
        self.start([BIN / "qrun"], env=dict(os.environ, TUBEPOST_HOME=str(self.home), **SENDS))

    def waiting(self):
        return json.loads(self.run("mailq", "stats", "--json"))["messages"]


def relaying_postfix(folder, port, sink_port):
    return Postfix(folder, port, extra="transport_maps=inline:{ {discard.test=discard:}, "
                                       f"{{remote.test=smtp:[127.0.0.1]:{sink_port}}} }}\nsmtp_tls_security_level=none\n")


# ---- a thousand destinations

DESTINATIONS, DEAD_EACH = 1000, 10  # every tenth is dead
LIVE_PORT, REFUSING_PORT, SWALLOWING_PORT = 24300, 24301, 24302


class AnySink(Service):
    """smtp-sink at every loopback address."""

    def __init__(self, folder):
        super().__init__("smtp-sink-any", folder, LIVE_PORT)
        self.start([*tool("smtp-sink"), "-u", "nobody", f"0.0.0.0:{LIVE_PORT}", "1024"], env=tool_environment())
        wait_for_port(LIVE_PORT)


class Swallower:
    """A port at which nobody ever answers: its queue of connections is full, so the kernel drops what comes."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("0.0.0.0", SWALLOWING_PORT))
        self.listener.listen(0)
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", SWALLOWING_PORT))
            self.fillers.append(filler)
        time.sleep(0.2)

    def stop(self):
        for one in [*self.fillers, self.listener]:
            one.close()


def route_of(number):
    if number % DEAD_EACH:
        return f"host:127.1.{number // 250}.{number % 250 + 1}:{LIVE_PORT}"
    port = REFUSING_PORT if number % (2 * DEAD_EACH) else SWALLOWING_PORT
    return f"host:127.2.{number // 250}.{number % 250 + 1}:{port}"


class ManyDestinations(Tubepost):
    """An instance whose queue is filled while nothing runs. Without the dead ones their mail is not there at all: any other fate
    would be work that the dead do not make."""

    def __init__(self, folder, port_base, messages, with_dead, name):
        super().__init__(folder, port_base, services=("smtpd",), settings=SENDS, name=name)
        text = self.run("mailadm", "export")
        routes = "".join(f"route d{number}.test {route_of(number)}\n" for number in range(DESTINATIONS))
        (self.folder / "directory.txt").write_text(text + routes)
        self.run("mailadm", "apply", str(self.folder / "directory.txt"))
        subprocess.run([program("queue-fill"), self.home / "spool", "fill", str(messages), "1", str(DESTINATIONS),
                        *([] if with_dead else ["live"])], check=True)

    def send_all(self, live, timeout=900):
        """(seconds after the start at which each message to a live destination had been delivered, attempts at dead ones until
        the last of them)."""
        begin = time.time()
        log = open(self.folder / "log", errors="replace")  # each line is read once: a reader takes the time of those it measures
        self.start([BIN / "qrun", "--log-level", "info"], env=dict(os.environ, TUBEPOST_HOME=str(self.home), **SENDS))
        deadline = time.monotonic() + timeout
        times, attempts, rest = [], 0, ""
        while len(times) < live and time.monotonic() < deadline:
            time.sleep(1)
            *lines, rest = (rest + log.read()).split("\n")
            for line in lines:
                if not (found := OUTCOME.search(line)):
                    continue
                if int(found[3]) % DEAD_EACH == 0:
                    attempts += 1
                elif found[1] == "delivered":
                    times.append(time_of(found[2]) + int(found[4]) / 1000 - begin)
        return sorted(times), attempts


OUTCOME = re.compile(r" event=(delivered|deferred|failed) id=(\S+) .*to=\S+@d(\d+)\.test .*age_ms=(\d+)")


def time_of(spool_id):
    """The first 48 of its bits are milliseconds."""
    number = 0
    for letter in spool_id[:10]:
        number = number * 32 + "234567abcdefghijklmnopqrstuvwxyz".index(letter)
    return (number >> 2) / 1000


def destinations(folder, messages, rounds):
    """(live messages, [(without the dead, with them)] of each round, attempts at the dead of each round), one run after the other and
    each first in every other round."""
    sink, swallower = AnySink(folder), Swallower()
    live = sum(1 for number in range(messages) if number % DESTINATIONS % DEAD_EACH)
    pairs, attempts = [], []
    try:
        for number in range(rounds):
            pair = [None, None]
            for with_dead in ((False, True), (True, False))[number % 2]:
                server = ManyDestinations(folder, 27000, messages, with_dead, f"{'with' if with_dead else 'without'}-{number}")
                try:
                    pair[with_dead], tried = server.send_all(live)
                finally:
                    server.stop()
                    shutil.rmtree(server.folder, ignore_errors=True)
                if with_dead:
                    attempts.append(tried)
            pairs.append(pair)
    finally:
        swallower.stop()
        sink.stop()
    return live, pairs, attempts


# ---- a million recipients

def peak_of(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def read_output(argv, first_line):
    """Runs a program. (milliseconds until its output, or the first line of it, was read, its standard error)"""
    begin = time.monotonic()
    process = subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output = process.stdout.readline() if first_line else process.stdout.read()
    took = (time.monotonic() - begin) * 1000
    process.stdout.close()
    said = process.stderr.read().decode()
    # Whose output is read no further does not end well.
    if process.wait() != 0 and not (first_line and output):
        raise RuntimeError(f"{argv}: exit {process.returncode}\n{said}")
    return took, said


def timed(argv, first_line=False):
    """(milliseconds, peak MB) of a program."""
    took, _ = read_output(argv, first_line)
    _, said = read_output([program("queue-fill"), "peak", *argv], first_line)
    return took, float(said.split()[-1])


def queue(folder, recipients, state):
    """[(what, milliseconds, MB or None)] in a queue of so many."""
    server = Tubepost(folder, 28000, services=("smtpd",), settings=SENDS)
    rows = []
    try:
        spool = server.home / "spool"
        subprocess.run([program("queue-fill"), spool, "fill", str(recipients // 10), "10", str(DESTINATIONS), state], check=True)
        mailq = [BIN / "mailq", "--home", server.home]
        for _ in range(2):  # the first one warms what the kernel keeps
            rows = [("mailq, its first line", *timed(mailq, first_line=True)), ("mailq stats", *timed([*mailq, "stats"])),
                    ("mailq stats --json", *timed([*mailq, "stats", "--json"]))]
        said = subprocess.run([program("queue-fill"), spool, "measure"], check=True, stdout=subprocess.PIPE, text=True).stdout
        rows += [(f"in process: {line.split()[0]}", float(line.split()[1]), None) for line in said.splitlines()]
        ready, written = os.pipe()
        begin = time.monotonic()
        environment = dict(os.environ, TUBEPOST_HOME=str(server.home), TUBEPOST_QRUN_OUTGOING="off")
        server.start([BIN / "qrun", "--ready-fd", str(written)], env=environment, pass_fds=(written,))
        os.close(written)
        is_ready = os.read(ready, 1) == b"\n"
        took = (time.monotonic() - begin) * 1000
        os.close(ready)
        if not is_ready:
            raise RuntimeError(f"qrun does not start: {(server.folder / 'log').read_text()[-2000:]}")
        time.sleep(2)
        rows.append(("qrun: start until ready", took, peak_of(server.children[-1].pid)))
    finally:
        server.stop()
    return rows


def deferred_list(folder, messages):
    """mailq, as text and as JSON, with so many messages deferred."""
    server = Tubepost(folder, 29000, services=("smtpd",), settings=SENDS, name="deferred")
    try:
        subprocess.run([program("queue-fill"), server.home / "spool", "fill", str(messages), "1", "100", "deferred"], check=True)
        mailq = [BIN / "mailq", "--home", server.home]
        for _ in range(3):
            rows = [("mailq", *timed(mailq)), ("mailq --json", *timed([*mailq, "--json"]))]
    finally:
        server.stop()
    return rows
