"""A whole mail host from Debian on loopback: Postfix (MX, submission, submissions) that delivers into Dovecot's maildirs (POP3, IMAP) and asks
it for passwords. What differs from a sound one is given as faults."""
import os
import shutil

import postfix
from skipping import need_root
from unpacked import namespace

from . import debian

ADDRESS = "127.0.0.2"  # clients come from 127.0.0.1: Dovecot takes its own address for safe
PACKAGES = ["dovecot-core", "dovecot-imapd", "dovecot-pop3d"]

MAIN_CF = """myhostname={host}
mynetworks=192.0.2.0/24
smtpd_client_connection_rate_limit=0
smtpd_error_sleep_time=0
smtpd_relay_restrictions=permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_forbid_bare_newline=yes
smtpd_tls_security_level=may
smtpd_tls_cert_file={d}/certificate.pem
smtpd_tls_key_file={d}/key.pem
smtpd_tls_protocols=>=TLSv1.2
smtpd_tls_mandatory_protocols=>=TLSv1.2
smtpd_tls_mandatory_exclude_ciphers=aNULL
smtpd_sasl_type=dovecot
smtpd_sasl_path={d}/auth/client
virtual_mailbox_domains=example.test
virtual_mailbox_maps=inline:{{ {{alice@example.test=alice/}} }}
"""

LOGGED_IN = "-o smtpd_sasl_auth_enable=yes -o smtpd_tls_auth_only=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"

DOVECOT_CONF = """base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = imap pop3
listen = {address}
ssl = required
ssl_cert = <{d}/certificate.pem
ssl_key = <{d}/key.pem
auth_mechanisms = plain login
mail_location = maildir:{d}/mail/%n
first_valid_uid = 100
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/users
}}
userdb {{
  driver = static
  args = uid=892 gid=892 home={d}/mail/%n
}}
service auth {{
  unix_listener {d}/auth/client {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imapd}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {popd}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
"""


class MailHost(debian.Daemon):
    """With its ports by our services' names. `settings`: more lines of main.cf; `dovecot`: of dovecot.conf; `mount`: lines of shell inside
    its mount namespace."""

    address = ADDRESS

    def __init__(self, folder, certificate, key, password, host="mx.example.test", settings="", dovecot="", mount=""):
        need_root("Postfix and Dovecot in a mount namespace")
        self.ports = {name: debian.free_port() for name in ("smtpd", "submission", "submissions", "popd", "pop3s", "imapd", "imaps")}
        super().__init__(folder, *self.ports.values())
        d = self.folder
        debian.unpack(*PACKAGES)
        os.chmod(d, 0o755)
        postfix.lay_out(d, f"{ADDRESS}:{self.ports['smtpd']}", 20, MAIN_CF.format(d=d, host=host) + settings, self.submission())
        for part, owner in (("mail", 892), ("run", 0), ("state", 0), ("auth", 0)):
            (d / part).mkdir()
            os.chown(d / part, owner, owner)
        for source, name in ((certificate, "certificate.pem"), (key, "key.pem")):
            shutil.copy(source, d / name)
            os.chmod(d / name, 0o600)
        (d / "users").write_text(f"alice@example.test:{password}\n")
        os.chmod(d / "users", 0o644)
        (d / "dovecot.conf").write_text(DOVECOT_CONF.format(d=d, address=ADDRESS, **self.ports) + dovecot)
        script = namespace(d) + mount
        script += f"LD_LIBRARY_PATH=/usr/lib/dovecot /usr/sbin/dovecot -F -c {d}/dovecot.conf &\nexec /usr/sbin/postfix -c {d}/etc start-fg\n"
        self.start_in_namespace(script)

    def submission(self):
        """Its services where clients log in, as lines of master.cf."""
        return (f"{ADDRESS}:{self.ports['submission']} inet n - n - 20 smtpd -o smtpd_tls_security_level=encrypt {LOGGED_IN}\n"
                f"{ADDRESS}:{self.ports['submissions']} inet n - n - 20 smtpd -o smtpd_tls_wrappermode=yes {LOGGED_IN}\n")
