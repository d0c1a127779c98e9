"""Servers with all the layers before the message on (docs/policy-layers.md): lists of 100,000 entries, reverse DNS, two block lists,
greylisting; with a name server of their own that takes a millisecond, and many clients."""
import os
import socket
import subprocess
import time

from .greylisting import Postgrey
from .peers import Postfix, Service, tool, tool_environment
from .tubepost import BIN, Tubepost, program

DNS = "127.0.0.99"  # resolv.conf knows no ports: 53 of an address that nobody else has
BLOCK_LISTS = ("zen.block.test", "bl.block.test")
NETWORKS = 250  # of smtp-load
ENTRIES = 100_000


class SlowDns(Service):
    def __init__(self, folder, microseconds=1000):
        super().__init__("slow-dns", folder)
        self.start([program("slow-dns"), f"{DNS}:53", microseconds])
        deadline = time.monotonic() + 10
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            while time.monotonic() < deadline:
                try:
                    probe.sendto(b"\0\1\1\0\0\1\0\0\0\0\0\0\4test\0\0\1\0\1", (DNS, 53))
                    if probe.recv(512):
                        return
                except OSError:
                    continue
        raise RuntimeError("slow-dns does not answer")


def entries():
    """What the lists deny: domains, addresses, networks. None of the load is among them."""
    for n in range(ENTRIES):
        if n % 2 == 0:
            yield "sender", f"spam{n}.example"
        elif n % 4 == 1:
            yield "sender", f"joe{n}@mail{n % 1000}.example"
        else:
            yield "client", f"{11 + n // 65536}.{n // 256 % 256}.{n % 256}"


class Layered(Tubepost):
    """smtpd, qrun and greylist. The networks of the load pass greylisting after warm_up()."""

    def __init__(self, folder, port_base):
        settings = {"DNS_SERVERS": DNS, "SMTPD_REQUIRE_REVERSE_DNS": "confirmed", "SMTPD_DNSBL": "\n".join(BLOCK_LISTS),
                    "SMTPD_POLICY": f"unix:{folder}/greylist.sock", "GREYLIST_BLOCK": "1s", "GREYLIST_KEY": "net"}
        settings = {f"TUBEPOST_{key}": value for key, value in settings.items()}
        super().__init__(folder, port_base, name="tubepost-layers", settings=settings)
        rules = "".join(text + (".0/24\n" if kind == "client" else "\n") for kind, text in entries())
        self.run("mailadm", "rule", "add", "--scope", "server", "--deny", "-", input=rules)
        self.start([BIN / "greylist", "--log-level", "warning", "--listen", f"unix:{folder}/greylist.sock"],
                   env=dict(os.environ, TUBEPOST_HOME=str(self.home), **settings))
        warm_up(self.port)


class LayeredPostfix(Postfix):
    """Postfix with the same lists, block lists and reverse names, and postgrey; its CPU is part of the price."""

    def __init__(self, folder, port):
        lists = os.path.join(folder, "postfix-lists")
        os.makedirs(lists)
        os.chmod(lists, 0o755)
        with open(os.path.join(lists, "main.cf"), "w", encoding="ascii") as file:
            file.write("compatibility_level=3.6\nshlib_directory=no\nmail_owner=daemon\nsetgid_group=mail\n")
        for kind in ("sender", "client"):
            path = os.path.join(lists, kind)
            with open(path, "w", encoding="ascii") as file:
                file.writelines(f"{text} REJECT\n" for which, text in entries() if which == kind)
            subprocess.run([*tool("postmap"), "-c", lists, f"hash:{path}"], check=True, env=tool_environment())
        resolver = os.path.join(folder, "resolv.conf")
        with open(resolver, "w", encoding="ascii") as file:
            file.write(f"nameserver {DNS}\n")
        self.postgrey = Postgrey(folder, port + 1, delay=1)
        restrictions = ",".join([f"check_client_access hash:{lists}/client", f"check_sender_access hash:{lists}/sender",
                                 "reject_unknown_client_hostname", *(f"reject_rbl_client {zone}" for zone in BLOCK_LISTS),
                                 f"check_policy_service inet:127.0.0.1:{port + 1}", "permit_mynetworks", "reject"])
        super().__init__(folder, port, name="postfix-layers", extra=f"smtpd_recipient_restrictions={restrictions}\n", resolver=resolver)
        self.port = port
        warm_up(port)

    def seconds(self):
        return self.cpu.seconds() + self.postgrey.cpu.seconds()


def load(port, sessions, messages, each, first):
    """(accepted, refused, seconds)"""
    said = subprocess.run([program("smtp-load"), *(str(number) for number in (port, sessions, messages, each, first))], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=600).stdout.split()
    return int(said[0]), int(said[1]), float(said[2])


def warm_up(port):
    """Each network of the load comes, and comes again after the block of a second."""
    deadline = time.monotonic() + 60
    while load(port, 20, NETWORKS, 1, 0)[1] > 0:
        if time.monotonic() > deadline:
            raise RuntimeError(f"greylisting on port {port} lets nobody through")
        time.sleep(0.5)


def rules_bench(folder):
    return subprocess.run([program("rules-bench"), os.path.join(folder, "rules"), str(ENTRIES)], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
