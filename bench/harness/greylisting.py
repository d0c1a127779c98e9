"""Greylisting services side by side: ours and postgrey, asked in Postfix's policy protocol over TCP."""
import os
import socket
import statistics
import subprocess
import time

from .peers import ROOT, Service, unpacked, wait_for_port

BIN = ROOT / "build" / "bin"
PERL = ("postgrey", "libberkeleydb-perl", "libnetaddr-ip-perl", "libnet-dns-perl", "libnet-server-perl")

SECONDS = 5
STEP = 7919  # a prime: one after the other of what was asked, here and there

# Puts records of strangers into postgrey's database as it would itself, which takes milliseconds for each.
SEED = """use BerkeleyDB;
tie my %db, 'BerkeleyDB::Btree', -Filename => "$ARGV[0]/postgrey.db", -Flags => DB_CREATE or die $BerkeleyDB::Error;
my $now = time;
for my $n (0 .. $ARGV[1] - 1) {
  my $net = join '.', 100 + $n % 80, int($n / 80) % 250, int($n / 20000) % 250, 0;
  $db{"$net/s$n\\@sender$n.test/r" . ($n % 100) . '@example.test'} = "$now,$now";
}
"""


class Greylist(Service):
    at_a_time = 100
    filled_by_asking = 1 << 62  # every record

    def __init__(self, folder, port):
        super().__init__("greylist", folder, port)
        self.port, self.home = port, self.folder / "home"
        self.home.mkdir()
        self.serve()

    def seed(self, records):
        pass

    def serve(self, *options):
        self.start([BIN / "greylist", "--home", self.home, "--log-level", "warning", *options, "--listen", f"inet:127.0.0.1:{self.port}"])
        wait_for_port(self.port)

    def begin_purge(self):
        """From now on every record has expired; the service forgets them, and so does the command that is given back."""
        self.end()
        time.sleep(2)
        self.serve("--block", "1s", "--pending", "2s", "--pass", "2s")
        return subprocess.Popen([BIN / "greylist", "purge", "--home", self.home, "--block", "1s", "--pending", "2s", "--pass", "2s"],
                                stdout=subprocess.DEVNULL)


def perl_paths():
    root = unpacked.unpack(*PERL)
    return [f"-I{root / part}" for part in ("usr/share/perl5", "usr/lib/x86_64-linux-gnu/perl5/5.36")]


class Postgrey(Service):
    """Debian's, as it is; its durability is Berkeley DB's own. It answers one request before it reads the next."""
    at_a_time = 1
    filled_by_asking = 5_000

    def __init__(self, folder, port, delay=3600):
        super().__init__("postgrey", folder, port)
        self.port, self.delay = port, delay
        self.serve()

    def seed(self, records):
        """Ends it, puts so many records more into its database, begins it anew."""
        if records <= 0:
            return
        self.end()
        for path in (self.folder / "db").iterdir():
            path.unlink()
        subprocess.run(["perl", *perl_paths(), "-e", SEED, self.folder / "db", str(records)], check=True)
        os.chown(self.folder / "db" / "postgrey.db", 65534, 65534)
        self.serve()

    def serve(self):
        database = self.folder / "db"
        database.mkdir(exist_ok=True)
        os.chown(database, 65534, 65534)
        os.chmod(self.folder, 0o755)
        self.start(["perl", "-T", *perl_paths(), unpacked.unpack(*PERL) / "usr/sbin/postgrey", f"--inet=127.0.0.1:{self.port}",
                    f"--dbdir={database}", "--user=nobody", "--group=nogroup", f"--delay={self.delay}", "--whitelist-clients=/dev/null",
                    "--whitelist-recipients=/dev/null"])
        wait_for_port(self.port, seconds=60)


def request(number):
    """One of many strangers, each with a network of its own."""
    client = f"{11 + number % 80}.{number // 80 % 250}.{number // 20000 % 250}.{1 + number // 5000000}"
    return (f"request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address={client}\nclient_name=unknown\n"
            f"helo_name=h{number}.test\nsender=s{number}@sender{number % 1000}.test\nrecipient=r{number % 100}@example.test\n"
            f"instance=i{number}\n\n").encode()


class Asker:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, number):
        """Seconds from question to answer."""
        question = request(number)
        begin = time.perf_counter()
        self.socket.sendall(question)
        answer = b""
        while not answer.endswith(b"\n\n"):
            piece = self.socket.recv(4096)
            if not piece:
                raise RuntimeError("the service closed")
            answer += piece
        return time.perf_counter() - begin

    def fill(self, begin, end, at_a_time):
        """Strangers, so many on the way at a time."""
        for start in range(begin, end, at_a_time):
            count = min(at_a_time, end - start)
            self.socket.sendall(b"".join(request(number) for number in range(start, start + count)))
            answers = b""
            while answers.count(b"\n\n") < count:
                piece = self.socket.recv(65536)
                if not piece:
                    raise RuntimeError("the service closed")
                answers += piece


def percentiles(seconds):
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49] * 1e6, cuts[98] * 1e6, max(seconds) * 1e6


def settle(service):
    """Until what was asked as fast as it can is on the disk: that is not part of what comes then."""
    before = service.cpu.seconds()
    while True:
        time.sleep(1)
        now = service.cpu.seconds()
        if now - before < 0.1:
            return
        before = now


def measure(service, records, decisions):
    """Rows (what, (median µs, 99 % µs, longest µs), CPU µs a decision): of so many decisions, and of SECONDS at least, so that commits
    are among them."""
    asked = min(records, service.filled_by_asking)
    service.seed(records - asked)
    asker = Asker(service.port)
    begin, cpu = time.monotonic(), service.cpu.seconds()
    asker.fill(0, asked, service.at_a_time)
    rate = asked / (time.monotonic() - begin)
    yield f"strangers as fast as it can ({rate:,.0f}/s)", None, (service.cpu.seconds() - cpu) * 1e6 / asked
    settle(service)
    for what, number_of in ((f"seen before, among {records:,}", lambda n: n * STEP % asked),
                            (f"strangers, among {records:,}", lambda n: records + n)):
        begin, cpu, times = time.monotonic(), service.cpu.seconds(), []
        while len(times) < decisions or time.monotonic() < begin + SECONDS:
            times.append(asker.ask(number_of(len(times))))
        yield what, percentiles(times), (service.cpu.seconds() - cpu) * 1e6 / len(times)
    if hasattr(service, "begin_purge"):
        yield from measure_purge(service, records)


def measure_purge(service, records):
    times, number = [], 10 * records
    with service.begin_purge() as purge:
        asker, begin, cpu = Asker(service.port), time.monotonic(), service.cpu.seconds()
        while purge.poll() is None or len(times) < 1000:
            times.append(asker.ask(number))
            number += 1
        took = time.monotonic() - begin
    yield f"strangers, while {records:,} are purged ({took:.1f} s)", percentiles(times), (service.cpu.seconds() - cpu) * 1e6 / len(times)
