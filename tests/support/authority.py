"""A certificate authority for a test, by openssl(1): certificates for names, and what TLSA records say of them."""
import hashlib
import ssl
import subprocess
from pathlib import Path


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *(str(word) for word in arguments)], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options).stdout


class Authority:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", self.certificate,
                "-days", 30, "-subj", "/CN=Test authority")

    def issue(self, *names):
        """(certificate file, key file) for these names."""
        base = self.folder / names[0].replace("*", "_")
        request, key, certificate, extension = (base.with_name(base.name + end) for end in (".csr", ".key", ".pem", ".ext"))
        extension.write_text("subjectAltName=" + ",".join("DNS:" + name for name in names))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={names[0]}")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-out", certificate, "-days", 30,
                "-extfile", extension)
        return certificate, key

    def issue_expired(self, name):
        """One that was good for a month, once."""
        key, request, certificate, database = (self.folder / file for file in ("old.key", "old.csr", "old.pem", "index.txt"))
        database.write_text("")
        (self.folder / "ca.cnf").write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={database}\nnew_certs_dir={self.folder}\n"
                                            f"serial={self.folder}/serial\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n"
                                            "[any]\ncommonName=supplied\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}",
                "-addext", f"subjectAltName=DNS:{name}")
        openssl("ca", "-batch", "-config", self.folder / "ca.cnf", "-cert", self.certificate, "-keyfile", self.key, "-in", request,
                "-out", certificate, "-startdate", "20240101000000Z", "-enddate", "20240201000000Z", "-notext", "-create_serial")
        return certificate, key


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def tlsa_of_key(certificate):
    """The data of a "3 1 1" record."""
    public = openssl("x509", "-in", certificate, "-noout", "-pubkey")
    return "3 1 1 " + hashlib.sha256(openssl("pkey", "-pubin", "-outform", "DER", input=public)).hexdigest()


def tlsa_of_authority(certificate):
    """The data of a "2 0 1" record."""
    return "2 0 1 " + hashlib.sha256(openssl("x509", "-in", certificate, "-outform", "DER")).hexdigest()
