"""A Tubepost instance under measurement: an ordinary one, its connection limits raised as Postfix's are."""
import os
import subprocess

from .peers import ROOT, Service

BIN = ROOT / "build" / "bin"


def program(name):
    if not (BIN / name).exists():
        raise SystemExit(f"bench/run: no {BIN / name}: cmake -DTUBEPOST_BENCH=ON build && cmake --build build")
    return BIN / name


class Tubepost(Service):
    def __init__(self, folder, port_base, services=("smtpd", "qrun"), name="tubepost", settings=None,
                 imap=False, port=None):
        """`settings`: of its services, as TUBEPOST_SECTION_KEY. `port`: the standard number of the one to be measured."""
        self.port = port_base + (port or (143 if imap else 25))
        super().__init__(name, folder, self.port)
        self.home = self.folder / "home"
        self.run("mailadm", "init", "--hostname", "mx.example.test", "--domain", "example.test", "--port-base", str(port_base))
        self.run("mailadm", "account", "add", "bob@example.test", *(["--password-stdin"] if imap else []),
                 **({"input": "secret"} if imap else {}))
        self.run("mailadm", "route", "add", "discard.test", "discard")
        raised = dict(os.environ, TUBEPOST_HOME=str(self.home), **(settings or {}))
        for key in ("CONNECTIONS", "CONNECTIONS_PER_ADDRESS"):
            raised["TUBEPOST_SMTPD_" + key] = "2000"
            for section in ("IMAPD", "IMAPS", "POPD", "POP3S", "SUBMISSIONS"):
                raised[f"TUBEPOST_{section}_{key}"] = "6000"
        raised["TUBEPOST_IMAPD_CONNECTIONS_PER_USER"] = raised["TUBEPOST_POPD_CONNECTIONS_PER_USER"] = "6000"
        raised["TUBEPOST_SMTPD_MESSAGES_MAX"] = "1000000"
        raised["TUBEPOST_IMAPD_CLEARTEXT_LOGIN"] = raised["TUBEPOST_POPD_CLEARTEXT_LOGIN"] = "yes"  # as its peers are measured
        for service in services:
            self.start_ready(service, raised)

    def start_ready(self, service, environment):
        reader, writer = os.pipe()
        self.start([BIN / service, "--ready-fd", writer], env=environment, pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader) as ready:
            if ready.readline() != "\n":
                raise RuntimeError(f"{service} did not become ready:\n{(self.folder / 'log').read_text()[-3000:]}")

    def run(self, program, *arguments, **options):
        return subprocess.run([BIN / program, "--home", self.home, *arguments] if program != "mailadm" else
                              [BIN / program, *arguments, "--home", self.home],
                              check=True, stdout=subprocess.PIPE, text=True, **options).stdout

    def waiting(self):
        """Messages not yet delivered."""
        return sum(1 for _ in self.run("mailq", "--json").splitlines())

    def in_mailbox(self):
        dialogue = subprocess.run([BIN / "popd", "--home", self.home, "--stdio", "--preauth", "bob@example.test"],
                                  input="STAT\r\nQUIT\r\n", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in dialogue.stdout.splitlines():
            words = line.split()
            if words[:1] == ["+OK"] and len(words) == 3 and words[1].isdigit():
                return int(words[1])
        return 0
