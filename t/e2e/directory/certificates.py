"""EXTERNAL (RFC 4422 appendix A): logging in by the certificate of the TLS
connection, over IMAP, POP3 and SMTP."""

import base64
import os
import ssl
import subprocess
import tempfile

import chancery


def openssl(*words, **options):
    return subprocess.run(["openssl", *words], check=True,
                          timeout=chancery.PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          **options).stdout


class Folder:
    """A certificate authority, and what it and others signed."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="chancery-ca-")
        self.make("ca", "/CN=ca", ["-addext",
                                   "basicConstraints=critical,CA:TRUE"])
        self.make("stranger", "/CN=stranger",
                  ["-addext", "subjectAltName=email:ada@example.test"])
        for name, mail in (("ada", "ada@example.test"),
                           ("nobody", "nobody@example.test")):
            with open(self.path(f"{name}.ext"), "w") as f:
                f.write(f"subjectAltName=email:{mail}\n")
            openssl("req", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    f"/CN={name}", "-keyout", self.path(f"{name}.key"),
                    "-out", self.path(f"{name}.csr"))
            openssl("x509", "-req", "-in", self.path(f"{name}.csr"), "-CA",
                    self.path("ca.pem"), "-CAkey", self.path("ca.key"),
                    "-days", "2", "-extfile", self.path(f"{name}.ext"),
                    "-out", self.path(f"{name}.pem"))

    def path(self, name):
        return os.path.join(self.dir, name)

    def make(self, name, subject, more):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                subject, "-keyout", self.path(f"{name}.key"), "-out",
                self.path(f"{name}.pem"), *more)

    def fingerprint(self, name):
        der = openssl("x509", "-in", self.path(f"{name}.pem"), "-outform",
                      "DER")
        return openssl("dgst", "-sha256", "-r", input=der).split()[0].decode()


class Certificates(chancery.TestCase):
    users = ("ada", "bob")

    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.options = ("tls_ask_client_cert = yes", "tls_client_ca_file = " +
                       cls.folder.path("ca.pem"), "auth_failure_delay = 0s")
        super().setUpClass()

    def talk_as(self, certificate, service, *lines):
        """All that is said on a connection with this certificate."""
        context = self.chancery.tls()
        if certificate:
            context.load_cert_chain(self.folder.path(f"{certificate}.pem"),
                                    self.folder.path(f"{certificate}.key"))
        sock = context.wrap_socket(self.chancery.connect(service))
        said = b""
        for line in lines:
            said += sock.recv(65536)
            sock.sendall(line.encode() + b"\r\n")
        try:
            while chunk := sock.recv(65536):
                said += chunk
        except (OSError, ssl.SSLError):
            pass
        sock.close()
        return said.decode()

    def imap(self, certificate, name="="):
        return self.talk_as(certificate, "imaps",
                            f"a AUTHENTICATE EXTERNAL {name}", "b LOGOUT")

    def test_signed_for_a_users_address(self):
        said = self.imap("ada")
        self.assertIn("AUTH=EXTERNAL", said)
        self.assertIn("a OK", said)
        self.assertIn("+OK Maildrop", self.talk_as(
            "ada", "pop3s", "AUTH EXTERNAL =", "QUIT"))
        said = self.talk_as("ada", "submissions", "EHLO x",
                            "AUTH EXTERNAL =", "QUIT")
        self.assertIn("AUTH EXTERNAL", said)
        self.assertIn("235 2.7.0", said)
        name = base64.b64encode(b"ada@example.test").decode()
        self.assertIn("a OK", self.imap("ada", name))

    def test_nobody_else(self):
        bob = base64.b64encode(b"bob@example.test").decode()
        self.assertIn("a NO [AUTHENTICATIONFAILED]", self.imap("ada", bob))
        self.assertIn("a NO [AUTHENTICATIONFAILED]", self.imap("nobody"))
        # it has ada's address in it, and nobody signed that
        self.assertIn("a NO [AUTHENTICATIONFAILED]", self.imap("stranger"))
        said = self.imap(None)
        self.assertNotIn("AUTH=EXTERNAL", said)
        self.assertIn("a NO [CANNOT]", said)

    def test_by_its_fingerprint(self):
        dn = self.chancery.json("user", "show",
                                self.chancery.address("bob"))["dn"]
        path = self.chancery.path("run/ctl/ldapi").replace("/", "%2F")
        self.folder.make("own", "/CN=own", [])
        self.assertIn("a NO", self.imap("own"))
        subprocess.run(
            ["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", f"ldapi://{path}"],
            input=f"dn: {dn}\nchangetype: modify\nadd: mailCertificate\n"
            f"mailCertificate: {self.folder.fingerprint('own')}\n",
            text=True, check=True, stdout=subprocess.DEVNULL,
            timeout=chancery.PATIENCE)
        # authd remembers what it knows of a user for some seconds
        chancery.wait_until("it is taken",
                            lambda: "a OK" in self.imap("own"))
        self.chancery.run("user", "disable", self.chancery.address("bob"))
        self.assertIn("a NO", self.imap("own"))


class NotAsked(chancery.TestCase):
    users = ("ada",)

    def test_it_is_not_announced(self):
        self.assertNotIn("EXTERNAL", self.talk("imaps", "b LOGOUT", tls=True))


if __name__ == "__main__":
    chancery.main()
