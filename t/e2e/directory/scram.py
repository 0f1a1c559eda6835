"""SCRAM-SHA-256 and -PLUS (RFC 5802, RFC 7677) over IMAP, POP3 and SMTP: by
gsasl, which knows nothing of us, and by a client that cheats."""

import base64
import hashlib
import hmac
import os
import socket
import ssl
import subprocess
import time

import chancery


class Scram:
    """A client, RFC 5802 section 3; every part of it may be told to lie."""

    def __init__(self, user, password, header=b"n,,", binding=b""):
        self.password, self.header, self.binding = password, header, binding
        name = user.replace("=", "=3D").replace(",", "=2C")
        self.nonce = base64.b64encode(os.urandom(18))
        self.bare = b"n=" + name.encode() + b",r=" + self.nonce

    def first(self):
        return self.header + self.bare

    def final(self, server_first):
        words = dict(w.split(b"=", 1) for w in server_first.split(b","))
        self.salt, self.iterations = words[b"s"], int(words[b"i"])
        assert words[b"r"].startswith(self.nonce)
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(),
                                     base64.b64decode(self.salt),
                                     self.iterations)
        client = hmac.digest(salted, b"Client Key", "sha256")
        without = b"c=" + base64.b64encode(self.header + self.binding) + \
            b",r=" + words[b"r"]
        signed = b",".join((self.bare, server_first, without))
        proof = bytes(a ^ b for a, b in zip(client, hmac.digest(
            hashlib.sha256(client).digest(), signed, "sha256")))
        server = hmac.digest(salted, b"Server Key", "sha256")
        self.verifier = b"v=" + base64.b64encode(
            hmac.digest(server, signed, "sha256"))
        return without + b",p=" + base64.b64encode(proof)


class Talk:
    """The exchange in each protocol's words."""

    BEGIN = {"imap": b"a AUTHENTICATE %s %s\r\n", "pop3": b"AUTH %s %s\r\n",
             "smtp": b"AUTH %s %s\r\n"}
    GO_ON = {"imap": b"+ ", "pop3": b"+ ", "smtp": b"334 "}
    YES = {"imap": b"a OK", "pop3": b"+OK", "smtp": b"235 "}

    def __init__(self, instance, service, context=None, source="127.0.0.1"):
        self.name = {"imaps": "imap", "pop3s": "pop3", "submissions": "smtp",
                     "submission": "smtp"}.get(service, service)
        self.sock = socket.create_connection(
            ("127.0.0.1", instance.port(service)), chancery.PATIENCE,
            (source, 0))
        if service.endswith("s"):
            self.sock = (context or instance.tls()).wrap_socket(self.sock)
        self.file = self.sock.makefile("rb")
        self.file.readline()
        if self.name == "smtp":
            self.sock.sendall(b"EHLO x\r\n")
            while self.file.readline()[3:4] == b"-":
                pass

    def scram(self, mech, scram):
        """The last line: yes or no, without its CRLF."""
        self.sock.sendall(self.BEGIN[self.name] % (
            mech.encode(), base64.b64encode(scram.first())))
        said = self.file.readline()
        go_on = self.GO_ON[self.name]
        if not said.startswith(go_on):
            return said.rstrip()
        final = scram.final(base64.b64decode(said[len(go_on):]))
        self.sock.sendall(base64.b64encode(final) + b"\r\n")
        said = self.file.readline()
        if said.startswith(go_on):
            assert base64.b64decode(said[len(go_on):]) == scram.verifier
            self.sock.sendall(b"\r\n")
            said = self.file.readline()
        return said.rstrip()

    def is_yes(self, line):
        return line.startswith(self.YES[self.name])

    def close(self):
        self.file.close()
        self.sock.close()


class ScramLogins(chancery.TestCase):
    users = ("ada", "bob", "cy", "dee", "eve", "fay", "gus", "hal")
    options = ("auth_failure_delay = 0s",)

    def setUp(self):
        # failures slow an address down: each test has its own
        self.source = "127.0.1.%d" % (1 + sorted(
            name for name in dir(self) if name.startswith("test_")).index(
                self._testMethodName))

    def try_it(self, service, mech="SCRAM-SHA-256", user="ada", password=None,
               context=None, **how):
        talk = Talk(self.chancery, service, context, self.source)
        if callable(how.get("binding")):
            how["binding"] = how["binding"](talk.sock)
        scram = Scram(self.chancery.address(user),
                      password or self.chancery.password(user), **how)
        self.last = talk.scram(mech, scram)
        talk.close()
        self.salt = getattr(scram, "salt", None)
        return talk.is_yes(self.last)

    def test_every_protocol(self):
        for service in ("imap", "imaps", "pop3", "pop3s", "submissions"):
            with self.subTest(service=service):
                self.assertTrue(self.try_it(service), self.last)
                self.assertFalse(self.try_it(service, password="wrong"))
                self.assertTrue(self.try_it(service), self.last)

    def gsasl(self, protocol, service, *words, user="ada", password=None):
        done = subprocess.run(
            ["gsasl", protocol, "-a", self.chancery.address(user), "-p",
             password or self.chancery.password(user), "--x509-ca-file",
             self.chancery.path("tls/cert.pem"), *words, "127.0.0.1",
             str(self.chancery.port(service))],
            input="", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=chancery.PATIENCE)
        return done.returncode, done.stdout

    def test_gsasl(self):
        for protocol, service in (("--imap", "imap"),
                                  ("--smtp", "submission")):
            for words in (("--no-cb", "-m", "SCRAM-SHA-256"),
                          ("-m", "SCRAM-SHA-256-PLUS"), ()):
                with self.subTest(protocol=protocol, words=words):
                    code, said = self.gsasl(protocol, service, *words)
                    self.assertEqual(code, 0, said)
                    self.assertIn("server trusted", said)
                    self.assertNotIn("AUTHENTICATE PLAIN", said)
            code, said = self.gsasl(protocol, service, password="wrong",
                                    user="eve")
            self.assertNotEqual(code, 0)

    def tls12(self):
        context = self.chancery.tls()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    def test_tls_unique(self):
        """By Python's ssl, over TLS 1.2; TLS 1.3 has none."""
        def unique(sock):
            return sock.get_channel_binding("tls-unique")
        for service in ("imaps", "pop3s", "submissions"):
            self.assertTrue(self.try_it(
                service, "SCRAM-SHA-256-PLUS", context=self.tls12(),
                header=b"p=tls-unique,,", binding=unique), self.last)
        self.assertFalse(self.try_it(
            "imaps", "SCRAM-SHA-256-PLUS", header=b"p=tls-unique,,",
            binding=b"x" * 32), self.last)

    def test_another_connections_binding(self):
        """Who sits in the middle has two connections, and two bindings."""
        other = self.tls12().wrap_socket(self.chancery.connect("imaps"))
        stolen = other.get_channel_binding("tls-unique")
        for service in ("imaps", "submissions"):
            self.assertFalse(self.try_it(
                service, "SCRAM-SHA-256-PLUS", user="fay",
                context=self.tls12(), header=b"p=tls-unique,,",
                binding=stolen))
        other.close()
        for name in (b"tls-exporter", b"tls-server-end-point"):
            self.assertFalse(self.try_it(
                "imaps", "SCRAM-SHA-256-PLUS", user="fay",
                header=b"p=" + name + b",,", binding=b"x" * 32))

    def test_a_list_that_somebody_shortened(self):
        """RFC 5802 section 6: "y" says that the client could, and did not
        see -PLUS."""
        for service in ("imaps", "pop3s", "submissions"):
            self.assertFalse(self.try_it(service, user="gus",
                                         header=b"y,,"))
        # no TLS there
        self.assertTrue(self.try_it("imap", user="gus", header=b"y,,"))

    def test_plus_only_where_there_is_something_to_bind_to(self):
        self.assertFalse(self.try_it("imap", "SCRAM-SHA-256-PLUS",
                                     header=b"p=tls-exporter,,",
                                     binding=b"x" * 32))
        self.assertIn(b"NO [CANNOT]", self.last)
        self.assertNotIn("-PLUS", self.talk("imap", "a CAPABILITY"))
        self.assertIn("AUTH=SCRAM-SHA-256-PLUS", self.talk(
            "imaps", "a CAPABILITY", "b LOGOUT", tls=True))
        self.assertIn("AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN", self.talk(
            "submissions", "EHLO x", "QUIT", tls=True))

    def test_nobody_looks_like_somebody(self):
        """The same salt each time, the same answer, about the same time: a
        busy machine may be slow at any time, but not each time."""
        salts, answers, times = {}, {}, {}
        for n in range(30):
            self.source = f"127.0.2.{n + 1}"
            for user in ("hal", "nobody", "nobody-else"):
                began = time.monotonic()
                self.assertFalse(self.try_it("imap", user=user,
                                             password=f"wrong-{n}"))
                times.setdefault(user, []).append(time.monotonic() - began)
                salts.setdefault(user, set()).add(self.salt)
                answers.setdefault(user, set()).add(self.last)
            if n > 0 and abs(min(times["hal"]) - min(times["nobody"])) < 0.02:
                break
        self.assertEqual([len(s) for s in salts.values()], [1, 1, 1])
        self.assertEqual(len(set.union(*salts.values())), 3)
        self.assertEqual(answers["hal"], answers["nobody"])
        self.assertLess(abs(min(times["hal"]) - min(times["nobody"])), 0.02)

    def test_a_password_set_elsewhere(self):
        """The secret is of the old password: it proves nothing any more."""
        self.assertTrue(self.try_it("imap", user="bob"))
        time.sleep(1.1)  # slapd's times have seconds
        dn = self.chancery.json("user", "show",
                                self.chancery.address("bob"))["dn"]
        path = self.chancery.path("run/ctl/ldapi").replace("/", "%2F")
        subprocess.run(
            ["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", f"ldapi://{path}"],
            input=f"dn: {dn}\nchangetype: modify\nreplace: userPassword\n"
            "userPassword: brand-new\n", text=True, check=True,
            stdout=subprocess.DEVNULL, timeout=chancery.PATIENCE)
        for password in ("secret-bob", "brand-new"):
            self.assertFalse(self.try_it("imap", user="bob",
                                         password=password))
        self.chancery.run("user", "password", self.chancery.address("bob"),
                          "--password-file", "-", stdin="once-more\n")
        self.assertTrue(self.try_it("imap", user="bob",
                                    password="once-more"))
        self.assertFalse(self.try_it("imap", user="bob"))

    def test_a_disabled_user(self):
        self.assertTrue(self.try_it("imap", user="cy"))
        self.chancery.run("user", "disable", self.chancery.address("cy"))
        self.assertFalse(self.try_it("imap", user="cy"))
        self.assertIn(b"AUTHENTICATIONFAILED", self.last)

    def test_what_is_no_exchange(self):
        for first in (b"", b"n", b"n,,n=,r=x", b"x,,n=ada,r=y"):
            talk = Talk(self.chancery, "imap")
            talk.sock.sendall(b"a AUTHENTICATE SCRAM-SHA-256 %s\r\n" % (
                base64.b64encode(first) or b"="))
            said = talk.file.readline()
            self.assertTrue(said.startswith((b"a BAD", b"a NO")), said)
            talk.close()

    def test_guessing_is_slowed_as_with_passwords(self):
        for n in range(3):
            self.try_it("imap", user="dee", password=f"guess-{n}")
        began = time.monotonic()
        for n in range(4):
            self.assertFalse(self.try_it("imap", user="dee",
                                         password=f"more-{n}"))
        self.assertGreater(time.monotonic() - began, 1)


if __name__ == "__main__":
    chancery.main()
