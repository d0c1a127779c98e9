"""Postfix, Exim and OpenSMTPD as receivers on loopback: each takes whatever is sent to example.net and keeps it in files. Their users and the
places they insist on exist in a mount namespace of their own alone (needs root)."""
import os
import shutil

from . import debian

USERS = {"postfix": 890, "vmail": 892, "Debian-exim": 895, "opensmtpd": 896, "opensmtpq": 897}
GROUPS = {**USERS, "postdrop": 891}
# The package's files appear in /usr by an overlay, its users in /etc by bind mounts.
NAMESPACE = """set -e
mount -t overlay overlay -o lowerdir={root}/usr:/usr /usr
cp /etc/passwd {d}/passwd; cp /etc/group {d}/group
{users}mount --bind {d}/passwd /etc/passwd
mount --bind {d}/group /etc/group
for place in /var/log /var/spool /var/lib /run; do mount -t tmpfs -o mode=755 none $place; done
{more}exec {command}
"""


class MailPeer(debian.Daemon):
    user = 892
    tls_works = True

    def __init__(self, folder, certificate, key):
        super().__init__(folder, debian.free_port())
        os.chmod(self.folder, 0o755)
        (self.folder / "mail").mkdir()
        os.chown(self.folder / "mail", self.user, self.user)
        for source, name in ((certificate, "certificate.pem"), (key, "key.pem")):
            shutil.copy(source, self.folder / name)
            os.chmod(self.folder / name, 0o600)

    def run(self, root, command, more=""):
        users = "".join(f"printf '{name}:x:{number}:{number}::{self.folder}:/bin/false\\n' >>{self.folder}/passwd\n" for name, number in USERS.items())
        users += "".join(f"printf '{name}:x:{number}:\\n' >>{self.folder}/group\n" for name, number in GROUPS.items())
        # With a process namespace of its own, too: what leaves the process group ends with it.
        self.start(["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "bash", "-c", NAMESPACE.format(root=root, d=self.folder, users=users, more=more, command=command)])

    def messages(self):
        """What it has taken, each as bytes with LF line ends."""
        found = []
        for folder, _, files in os.walk(self.folder / "mail"):
            if os.path.basename(folder) != "tmp":
                found += [(self.folder / folder / name).read_bytes() for name in files]
        return found


class Postfix(MailPeer):
    name = "Postfix"

    def __init__(self, folder, certificate, key):
        super().__init__(folder, certificate, key)
        d, root = self.folder, debian.unpack("postfix")
        for part, owner in (("spool", 0), ("data", 890)):
            (d / part).mkdir()
            os.chown(d / part, owner, owner)
        shutil.copytree(root / "etc/postfix", d / "etc")
        lines = []
        for line in (root / "usr/share/postfix/master.cf.dist").read_text().splitlines():
            words = line.split()
            if line.startswith("smtp      inet"):
                line = f"127.0.0.1:{self.port} inet n - n - 20 smtpd"
            elif len(words) >= 8 and not line.startswith(("#", " ")):
                words[4] = "n"  # no chroot
                line = " ".join(words)
            lines.append(line)
        (d / "etc/master.cf").write_text("\n".join(lines) + "\n")
        (d / "etc/main.cf").write_text(f"""compatibility_level=3.6
queue_directory={d}/spool
data_directory={d}/data
command_directory=/usr/sbin
daemon_directory=/usr/lib/postfix/sbin
shlib_directory=/usr/lib/postfix
meta_directory={d}/etc
myhostname=postfix.test
mydestination=
mynetworks=127.0.0.0/8
inet_protocols=ipv4
alias_maps=
alias_database=
maillog_file=/var/log/postfix.log
smtpd_tls_security_level=may
smtpd_tls_cert_file={d}/certificate.pem
smtpd_tls_key_file={d}/key.pem
virtual_mailbox_domains=example.net
virtual_mailbox_base={d}/mail
virtual_mailbox_maps=inline:{{ {{@example.net=box/}} }}
virtual_uid_maps=static:892
virtual_gid_maps=static:892
virtual_minimum_uid=100
""")
        self.run(root, f"/usr/sbin/postfix -c {d}/etc start-fg")


class Exim(MailPeer):
    name = "Exim"

    def __init__(self, folder, certificate, key):
        super().__init__(folder, certificate, key)
        d, root = self.folder, debian.unpack("exim4-daemon-light", "exim4-base")
        (d / "spool").mkdir()
        os.chown(d / "spool", 895, 895)
        for name in ("certificate.pem", "key.pem"):
            os.chown(d / name, 895, 895)
        (d / "exim.conf").write_text(f"""primary_hostname = exim.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
spool_directory = {d}/spool
log_file_path = {d}/spool/%slog
pid_file_path = {d}/spool/exim.pid
keep_environment =
tls_advertise_hosts = *
tls_certificate = {d}/certificate.pem
tls_privatekey = {d}/key.pem
prdr_enable = false
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
acl_smtp_rcpt = take
acl_smtp_data = take
begin acl
take:
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = {d}/mail/box
  maildir_format
  create_directory
  user = vmail
  group = vmail
""")
        # Its own place for its configuration: with -C it would not give up one user for another.
        self.run(root, "/usr/sbin/exim4 -bdf -q30m",
                 f"mkdir -p /var/lib/exim4; install -m 644 {d}/exim.conf /var/lib/exim4/config.autogenerated\n")


class OpenSmtpd(MailPeer):
    name = "OpenSMTPD"
    tls_works = False  # Debian 12's ends every handshake with "internal error" (openssl s_client, too): it was not made for OpenSSL 3

    def __init__(self, folder, certificate, key):
        super().__init__(folder, certificate, key)
        d, root = self.folder, debian.unpack("opensmtpd")
        (d / "smtpd.conf").write_text(f"""pki test cert "{d}/certificate.pem"
pki test key "{d}/key.pem"
table everybody {{ "@" = "vmail" }}
listen on 127.0.0.1 port {self.port} tls pki test hostname opensmtpd.test
action "box" maildir "{d}/mail/box" virtual <everybody>
match from any for domain "example.net" action "box"
""")
        self.run(root, f"/usr/sbin/smtpd -d -f {d}/smtpd.conf",
                 "mkdir -p -m 711 /var/spool/smtpd /var/lib/opensmtpd/empty; mkdir -p /run/opensmtpd\n")


ALL = [Postfix, Exim, OpenSmtpd]
