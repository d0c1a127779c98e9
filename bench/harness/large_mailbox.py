"""One mailbox with many messages, in Tubepost and in Dovecot's three formats: what `bench/run imap` and `bench/run pop3` measure.
The same messages in all, put there by IMAP MULTIAPPEND; Dovecot does not sync while it is filled, and is started anew then."""
import statistics
import sys
import time

from . import peers
from .imap import Client, make_message
from .tubepost import Tubepost

FORMATS = ("maildir", "sdbox", "mdbox")
AT_ONCE = 500  # messages in one APPEND


class Server:
    """One of those compared. `imap`, `pop3`, `imaps`: its ports."""

    def __init__(self, name, service, ports):
        self.name, self.service = name, service
        self.imap, self.pop3, self.imaps = ports

    def fill(self, mailbox, messages):
        begin = time.monotonic()
        client = Client(self.imap)
        if mailbox != "INBOX":
            client.command(f"CREATE {mailbox}")
        for first in range(0, messages, AT_ONCE):
            client.append(mailbox, [make_message(number) for number in range(first, min(first + AT_ONCE, messages))])
        client.close()
        say(f"  {self.name}: {messages:,} messages in {time.monotonic() - begin:.1f} s")


def say(text):
    print(text, file=sys.stderr, flush=True)


def start(folder, mailbox, messages, formats=FORMATS):
    """[Server]: Tubepost first, all with the mailbox filled."""
    ours = Tubepost(folder, 28000, services=("authd", "imapd", "popd"), imap=True)
    servers = [Server("tubepost", ours, (28143, 28110, 28993))]
    servers[0].fill(mailbox, messages)
    for index, name in enumerate(formats):
        ports = (29143 + index, 29110 + index, 29993 + index)
        service = peers.Dovecot(folder, ports[0], name, protocol="imap pop3", pop3_port=ports[1], imaps_port=ports[2],
                                more=peers.DOVECOT_NO_SYNC)
        servers.append(Server(name, service, ports))
        servers[-1].fill(mailbox, messages)
        service.restart()
    return servers


class Contest:
    """Rows of seconds, each measured for one server after the other, round after round, until the time is over."""

    def __init__(self, servers, minutes):
        self.servers, self.times = servers, {}
        self.end = time.monotonic() + minutes * 60

    def has_time(self):
        return time.monotonic() < self.end

    def row(self, name, work):
        """`work(server)` gives seconds. One that fails costs its own place in this row, nothing else."""
        for server in self.servers:
            try:
                taken = work(server)
            except (RuntimeError, OSError) as failure:
                say(f"  {name}: {server.name} failed: {failure}")
                continue
            self.times.setdefault(name, {}).setdefault(server.name, []).append(taken)
            say(f"  {name}: {server.name} {taken * 1000:.3f} ms")

    def print(self):
        print("| what, milliseconds | " + " | ".join(server.name for server in self.servers) +
              " | Tubepost against the fastest Dovecot |\n|" + "---|" * (len(self.servers) + 2))
        ratios = []
        for row, by_server in self.times.items():
            medians = {name: statistics.median(values) for name, values in by_server.items()}
            cells = [f"{medians[server.name] * 1000:.3f}" if server.name in medians else "-" for server in self.servers]
            if len(medians) == len(self.servers):  # else it failed, or was interrupted
                ratios.append(min(value for name, value in medians.items() if name != "tubepost") / medians["tubepost"])
                cells.append(f"{ratios[-1]:.2f} times")
            print(f"| {row} | " + " | ".join(cells + [""] * (len(self.servers) + 1 - len(cells))) + " |")
        if ratios:
            print(f"\nGeometric mean of the {len(ratios)} ratios: {statistics.geometric_mean(ratios):.2f}; smallest: {min(ratios):.2f}")
