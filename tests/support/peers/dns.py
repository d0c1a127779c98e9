"""A DNS server with zones of the test's own (NSD), signed if wished (ldns), and a resolver in front that validates them (Unbound)."""
import contextlib
import subprocess

from . import debian

LIBRARIES = ["libprotobuf-c1", "libfstrm0", "libevent-2.1-7", "libnghttp2-14"]


def sign(folder, zone, text):
    """Returns the signed zone's text and its trust anchor."""
    root = debian.unpack("ldnsutils", "libldns3")
    folder.mkdir(parents=True, exist_ok=True)

    def ldns(program, *arguments):
        return subprocess.run([root / "usr/bin" / program, *arguments], cwd=folder, env=debian.environment(), check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout.strip()
    key = ldns("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone)
    (folder / f"{zone}.zone").write_text(text)
    ldns("ldns-signzone", "-f", f"{zone}.signed", f"{zone}.zone", key)
    return (folder / f"{zone}.signed").read_text(), (folder / f"{key}.key").read_text()


def zone_text(zone, records):
    return f"$ORIGIN {zone}.\n$TTL 60\n@ IN SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 60\n@ IN NS ns.{zone}.\nns IN A 127.0.0.1\n{records}\n"


class Nsd(debian.Daemon):
    """`zones`: name -> the text of its zone file."""

    def __init__(self, folder, zones):
        super().__init__(folder, debian.free_port())
        root = debian.unpack("nsd", *LIBRARIES)
        config = (f'server:\n  ip-address: 127.0.0.1@{self.port}\n  username: ""\n  zonesdir: "{self.folder}"\n  database: ""\n  pidfile: ""\n'
                  f'  xfrdfile: "{self.folder}/xfrd"\n  zonelistfile: "{self.folder}/zones"\n  server-count: 1\nremote-control:\n  control-enable: no\n')
        for zone, text in zones.items():
            (self.folder / f"{zone}.zone").write_text(text)
            config += f'zone:\n  name: "{zone}"\n  zonefile: "{zone}.zone"\n'
        (self.folder / "nsd.conf").write_text(config)
        self.start([root / "usr/sbin/nsd", "-d", "-c", self.folder / "nsd.conf"], env=debian.environment())


class Unbound(debian.Daemon):
    """Asks `upstream` (a port) about `zones`; believes those whose trust anchors it has, the others are insecure. The servers of `dead`
    zones do not answer: a question about them is SERVFAIL."""

    def __init__(self, folder, upstream, zones, anchors, dead=()):
        super().__init__(folder, debian.free_port())
        root = debian.unpack("unbound", "libpython3.11", *LIBRARIES)
        (self.folder / "anchors").write_text("".join(anchors))
        config = (f'server:\n  interface: 127.0.0.1\n  port: {self.port}\n  do-not-query-localhost: no\n  username: ""\n  chroot: ""\n'
                  f'  directory: "{self.folder}"\n  pidfile: ""\n  use-syslog: no\n  logfile: ""\n  do-daemonize: no\n  module-config: "validator iterator"\n'
                  f'  trust-anchor-file: "{self.folder}/anchors"\n  local-zone: "test." nodefault\nremote-control:\n  control-enable: no\n')
        for zone, port in [*((zone, upstream) for zone in zones), *((zone, 1) for zone in dead)]:
            if zone.endswith(".arpa"):
                config = config.replace("remote-control:", f'  local-zone: "{zone}." nodefault\nremote-control:')
            config += f'stub-zone:\n  name: "{zone}"\n  stub-addr: 127.0.0.1@{port}\n'
        (self.folder / "unbound.conf").write_text(config)
        self.start([root / "usr/sbin/unbound", "-d", "-c", self.folder / "unbound.conf"], env=debian.environment())


@contextlib.contextmanager
def name_servers(folder, records, dead=()):
    """An Unbound in front of an NSD that has `records`, by zone; `dead` as Unbound has it."""
    zones = {zone: zone_text(zone, text) for zone, text in records.items()}
    with Nsd(folder / "nsd", zones) as nsd, Unbound(folder / "unbound", nsd.port, list(zones), [], dead) as unbound:
        yield unbound
