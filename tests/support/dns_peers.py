"""Name servers from Debian on loopback: NSD with zones of a test's own, Unbound in front as the resolver.

    with NameServers(folder, port, {"bl.test": "2.0.0.127 IN A 127.0.0.2\\n"}) as dns:
        … --dns-servers 127.0.0.1:{dns.port} …

A zone is given by its records, relative to it; reverse zones are zones as others. `dead` zones belong to a server that does not
exist, so that a question about them is SERVFAIL."""
import signal
import socket
import subprocess
import time
from pathlib import Path

from unpacked import environment, unpack, wait_for_port

PACKAGES = ("nsd", "unbound", "libfstrm0", "libprotobuf-c1", "libevent-2.1-7", "libnghttp2-14", "libpython3.11")

NSD_CONF = """server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{d}"
  database: ""
  pidfile: "{d}/nsd.pid"
  xfrdfile: "{d}/xfrd.state"
  zonelistfile: "{d}/zone.list"
  cookie-secret-file: ""
remote-control:
  control-enable: no
"""

UNBOUND_CONF = """server:
  interface: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  directory: "{d}"
  pidfile: "{d}/unbound.pid"
  use-syslog: no
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  module-config: "iterator"
  num-threads: 1
  cache-max-negative-ttl: 1
  local-zone: "test." nodefault
"""

SOA = "$ORIGIN {zone}.\n$TTL 60\n@ IN SOA ns.{zone}. root.{zone}. 1 3600 600 86400 1\n@ IN NS ns.{zone}.\nns IN A 127.0.0.1\n"


def udp_answers(port):
    """Any answer to a question that needs no other server."""
    question = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.sendto(question, ("127.0.0.1", port))
            return bool(probe.recv(512))
        except OSError:
            return False


class NameServers:
    """NSD on port + 1, Unbound on port."""

    def __init__(self, folder, port, zones, dead=()):
        self.folder, self.port = Path(folder) / "dns", port
        self.folder.mkdir()
        self.zones, self.dead = zones, dead
        self.processes = []
        self.log = open(self.folder / "log", "ab")
        root = unpack(*PACKAGES)
        try:
            self._start(root / "usr/sbin/nsd", "-d", "-c", self._nsd_conf())
            wait_for_port(port + 1, process=self.processes[0])
            self._start(root / "usr/sbin/unbound", "-d", "-p", "-c", self._unbound_conf())
            deadline = time.monotonic() + 20
            while not udp_answers(port):
                if time.monotonic() > deadline or self.processes[1].poll() is not None:
                    raise RuntimeError("unbound does not answer")
        except RuntimeError:
            self.stop()
            print((self.folder / "log").read_text())
            raise

    def _nsd_conf(self):
        text = NSD_CONF.format(d=self.folder, port=self.port + 1)
        for zone, records in self.zones.items():
            (self.folder / f"{zone}.zone").write_text(SOA.format(zone=zone) + records)
            text += f'zone:\n  name: "{zone}"\n  zonefile: "{zone}.zone"\n'
        path = self.folder / "nsd.conf"
        path.write_text(text)
        return path

    def _unbound_conf(self):
        text = UNBOUND_CONF.format(d=self.folder, port=self.port)
        for zone in (*self.zones, *self.dead):
            if zone.endswith(".arpa"):
                text += f'  local-zone: "{zone}" nodefault\n'
        for zone in self.zones:
            text += f'stub-zone:\n  name: "{zone}"\n  stub-addr: 127.0.0.1@{self.port + 1}\n'
        for zone in self.dead:
            text += f'stub-zone:\n  name: "{zone}"\n  stub-addr: 127.0.0.1@1\n'
        path = self.folder / "unbound.conf"
        path.write_text(text)
        return path

    def _start(self, *argv):
        self.processes.append(subprocess.Popen([str(word) for word in argv], env=environment(), stdin=subprocess.DEVNULL,
                                               stdout=self.log, stderr=self.log))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.log.close()
