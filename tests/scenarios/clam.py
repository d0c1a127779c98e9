"""ClamAV for a scenario: a signature of EICAR's test file, and clamd on a Unix socket in the scenario's folder. Signatures
cannot be downloaded here; the name that is reported ends with .UNOFFICIAL."""
import hashlib
import os
import pwd
import signal
import socket
import subprocess
import time
from email.message import EmailMessage

VIRUS = "Eicar-Test-Signature.UNOFFICIAL"
# Put together here, so that this file is not taken for a virus itself.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"

CLAMD_CONF = """Foreground yes
LocalSocket {folder}/clamd.ctl
DatabaseDirectory {folder}/signatures
LogFile {folder}/clamd.log
PidFile {folder}/clamd.pid
User {user}
Bytecode no
SelfCheck 0
{more}"""


def write_signatures(folder):
    (folder / "signatures").mkdir()
    (folder / "signatures/eicar.hdb").write_text(
        f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:{VIRUS.removesuffix('.UNOFFICIAL')}\n")


class Clamd:
    def __init__(self, folder, more=""):
        self.folder = folder
        self.process = None
        write_signatures(folder)
        self.config = folder / "clamd.conf"
        self.config.write_text(CLAMD_CONF.format(folder=folder, user=pwd.getpwuid(os.getuid()).pw_name, more=more))
        self.socket = folder / "clamd.ctl"
        self.start()

    def launch(self):
        log = open(self.folder / "clamd.out.log", "ab")
        self.process = subprocess.Popen(["/usr/sbin/clamd", "-c", self.config], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def start(self):
        self.launch()
        deadline = time.monotonic() + 120
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("clamd does not start:\n" + (self.folder / "clamd.out.log").read_text()[-2000:])
            time.sleep(0.05)

    def answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(str(self.socket))
                client.sendall(b"zPING\0")
                return client.recv(100) == b"PONG\0"
        except OSError:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def message(subject, attachment=None, name="eicar.com", sender="somebody@elsewhere.test", to="bob@example.test"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = f"<{subject.replace(' ', '.')}@elsewhere.test>"
    mail["Date"] = "Sun, 1 Nov 2026 12:00:00 +0000"
    mail.set_content("Hello.\n")
    if attachment is not None:
        mail.add_attachment(attachment, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
