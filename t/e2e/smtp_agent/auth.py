"""AUTH of the smtp agent towards a relay host."""

import base64
import hashlib
import hmac
import os
import subprocess
import tempfile
import unittest

from chancery import BUILD, PATIENCE
from site_peer import EXTENSIONS, Agent, Site
from certificates import Authority

USER, PASSWORD = "relay@example.test", "s3cret:with colon"


def encode(text):
    return base64.b64encode(text.encode()).decode()


def challenge(connection, text):
    connection.say("334 " + encode(text))
    return base64.b64decode(connection.line()).decode()


def plain(connection, args):
    return base64.b64decode(args.split()[1]) == (
        f"\0{USER}\0{PASSWORD}").encode()


def login(connection, args):
    name = challenge(connection, "Username:") if " " not in args else (
        base64.b64decode(args.split()[1]).decode())
    return (name, challenge(connection, "Password:")) == (USER, PASSWORD)


def scram(connection, args):
    """RFC 5802, the server's side."""
    def mac(key, text):
        return hmac.new(key, text.encode(), hashlib.sha256).digest()

    bare = base64.b64decode(args.split()[1]).decode().split(",", 2)[2]
    nonce = bare.split("r=")[1] + "server"
    salt = b"some salt"
    first = f"r={nonce},s={base64.b64encode(salt).decode()},i=4096"
    final = challenge(connection, first)
    salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 4096)
    client_key = mac(salted, "Client Key")
    said = ",".join([bare, first, final.rsplit(",p=", 1)[0]])
    signature = mac(hashlib.sha256(client_key).digest(), said)
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    if final != f"c=biws,r={nonce},p={base64.b64encode(proof).decode()}":
        return False
    verifier = mac(mac(salted, "Server Key"), said)
    challenge(connection, "v=" + base64.b64encode(verifier).decode())
    return True


MECHANISMS = {"PLAIN": plain, "LOGIN": login, "SCRAM-SHA-256": scram}


def auth(connection, args):
    name = args.split()[0]
    if not MECHANISMS[name](connection, args):
        return "535 5.7.8 authentication credentials invalid"
    connection.user = (name, connection.tls is not None)
    return "235 2.7.0 ok"


class AuthCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.certificate = cls.authority.issue("mx.site.test")

    def site(self, offered, rules=None, tls=True):
        site = Site(dict({"AUTH": auth}, **(rules or {})),
                    EXTENSIONS + ("AUTH " + offered,) * bool(offered),
                    certificate=self.certificate if tls else None)
        self.addCleanup(site.close)
        return site

    def file(self, text, mode=0o600):
        handle, path = tempfile.mkstemp(prefix="chancery-passwd-")
        self.addCleanup(os.unlink, path)
        with open(handle, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def send(self, site, *options, password=PASSWORD, key=None):
        path = self.file(f"{key or site.nexthop} {USER}:{password}\n")
        agent = Agent(["smtp_sasl_auth_enable=yes",
                       f"smtp_sasl_password_maps=texthash:{path}", *options])
        replies = agent.connect().transaction(site.nexthop, ["a@b.test"])
        log = agent.close()
        self.assertNotIn(PASSWORD, log)
        self.assertNotIn(encode(f"\0{USER}\0{PASSWORD}"), log)
        return replies


class Auth(AuthCase):
    def test_each_mechanism(self):
        for name in MECHANISMS:
            site = self.site(name)
            self.assertEqual(self.send(site)[-1][0], 250, name)
            self.assertEqual(site.connections[0].user, (name, True))

    def test_strongest_is_chosen(self):
        site = self.site("LOGIN PLAIN SCRAM-SHA-256")
        self.assertEqual(self.send(site)[-1][0], 250)
        self.assertEqual(site.connections[0].user[0], "SCRAM-SHA-256")

    def test_filter(self):
        site = self.site("LOGIN PLAIN SCRAM-SHA-256")
        replies = self.send(site, "smtp_sasl_mechanism_filter=x-y, plain")
        self.assertEqual(site.connections[0].user[0], "PLAIN")

    def test_key_may_be_the_host(self):
        site = self.site("PLAIN")
        self.send(site, key="127.0.0.1")
        self.assertEqual(site.connections[0].user[0], "PLAIN")

    def test_nobody_to_be_for_this_host(self):
        site = self.site("PLAIN")
        self.assertEqual(self.send(site, key="other.test")[-1][0], 250)
        self.assertIsNone(site.connections[0].user)

    def test_not_offered(self):
        site = self.site("")
        self.assertEqual(self.send(site)[-1][0], 250)
        self.assertIsNone(site.connections[0].user)

    def test_no_password_in_the_clear(self):
        site = self.site("PLAIN LOGIN", tls=False)
        self.assertEqual(self.send(site)[0], (
            451, f"4.7.0 [site] [relay={site.relay}] SASL authentication "
                 f"failed; cannot authenticate to server {site.label}: no "
                 "mechanism in common"))
        self.assertNotIn("AUTH", str(site.lines()))
        site = self.site("PLAIN LOGIN SCRAM-SHA-256", tls=False)
        self.assertEqual(self.send(site)[-1][0], 250)
        self.assertEqual(site.connections[0].user, ("SCRAM-SHA-256", False))

    def test_unless_it_is_allowed(self):
        site = self.site("PLAIN", tls=False)
        self.send(site, "smtp_sasl_security_options=noanonymous")
        self.assertEqual(site.connections[0].user, ("PLAIN", False))

    def test_wrong_password(self):
        for name in ("PLAIN", "LOGIN", "SCRAM-SHA-256"):
            site = self.site(name)
            self.assertEqual(self.send(site, password="wrong")[0], (
                435, f"4.7.8 [site] [relay={site.relay}] [said=535:AUTH] "
                     "authentication credentials invalid"))

    def test_server_that_lies(self):
        for said in ("334 no base64", "334 " + encode("r=x,s=y,i=1"), "334",
                     "354 go on"):
            site = self.site("SCRAM-SHA-256", {
                "AUTH": said, "*": "501 5.0.0 cancelled"})
            replies = self.send(site)
            self.assertEqual(replies[0][0] // 100, 4, said)
            self.assertIn("[site]", replies[0][1])

    def test_server_that_never_has_enough(self):
        def ask(connection, args):
            while True:
                challenge(connection, "Password:")

        replies = self.send(self.site("LOGIN", {"AUTH": ask}))
        self.assertIn("[site]", replies[0][1])

    def test_entry_without_password(self):
        site = self.site("PLAIN")
        path = self.file(f"{site.nexthop} nonsense\n")
        agent = Agent(["smtp_sasl_auth_enable=yes",
                       f"smtp_sasl_password_maps=texthash:{path}"])
        replies = agent.connect().transaction(site.nexthop, ["a@b.test"])
        self.assertEqual(replies[0], (
            451, f"4.7.0 [site] [relay={site.relay}] SASL authentication "
                 "failed: local configuration problem"))
        agent.close()


class Refused(AuthCase):
    def start(self, path):
        return subprocess.run(
            [os.path.join(BUILD, "libexec", "smtp"), "-S", "-o",
             "smtp_sasl_auth_enable=yes", "-o",
             f"smtp_sasl_password_maps=texthash:{path}"], text=True,
            input="QUIT\r\n", capture_output=True, timeout=PATIENCE)

    def test_files_that_others_can_read(self):
        for mode, ok in ((0o600, True), (0o640, True), (0o644, False),
                         (0o604, False), (0o660, False)):
            done = self.start(self.file("a b:c\n", mode))
            self.assertEqual(done.returncode == 0, ok, oct(mode))
            if not ok:
                self.assertIn("others can read or write it", done.stderr)
        self.assertNotEqual(self.start("/nonexistent").returncode, 0)


if __name__ == "__main__":
    unittest.main()
