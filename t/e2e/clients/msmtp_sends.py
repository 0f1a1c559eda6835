"""msmtp sends over each submission port, with what it is told about
certificates, and says what the server said when it may not."""

import os
import subprocess
import tempfile

import chancery

# sysexits.h
EX_DATAERR, EX_NOPERM, EX_UNAVAILABLE = 65, 77, 69


class Msmtp(chancery.TestCase):
    users = ("ada", "bob")

    def send_with(self, service, tls, *recipients, message=b"", **changes):
        with tempfile.NamedTemporaryFile("w", suffix=".rc") as rc:
            os.chmod(rc.name, 0o600)
            words = {
                "host": "127.0.0.1",
                "port": self.chancery.port(service),
                "tls": "on",
                "tls_starttls": "off" if tls == "wrapped" else "on",
                "tls_trust_file": self.chancery.path("tls/cert.pem"),
                "tls_host_override": "mail.example.test",
                "auth": "on",
                "user": "ada@example.test",
                "password": "secret-ada",
                "from": "ada@example.test",
                **changes,
            }
            rc.write("account default\n")
            for name, value in words.items():
                rc.write(f"{name} {value}\n")
            rc.flush()
            return subprocess.run(
                ["msmtp", "-C", rc.name, "--", *recipients], input=message,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=chancery.PATIENCE)

    def check(self, service, tls, user):
        message = (f"From: ada@example.test\r\nTo: {user}@example.test\r\n"
                   f"Subject: {service}\r\n\r\n.\r\n..\r\nGr\u00fc\u00dfe\r\n")
        done = self.send_with(service, tls, f"{user}@example.test",
                              message=message.encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        found = chancery.wait_until("the message", lambda: [
            m for m in self.messages(user)
            if b"Subject: " + service.encode() in m])
        self.assertTrue(found[0].endswith(message.split("\r\n\r\n")[1]
                                          .encode()), found)

    def test_starttls(self):
        self.check("submission", "starttls", "bob")

    def test_wrapped(self):
        self.check("submissions", "wrapped", "ada")

    def test_each_mechanism(self):
        for mechanism in ("plain", "login"):
            with self.subTest(mechanism):
                done = self.send_with(
                    "submission", "starttls", "bob+x@example.test",
                    message=b"Subject: x\r\n\r\nx\r\n", auth=mechanism)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_another_sender(self):
        done = self.send_with("submission", "starttls", "bob@example.test",
                              message=b"Subject: x\r\n\r\nx\r\n",
                              **{"from": "bob@example.test"})
        self.assertIn(b"553", done.stderr)
        self.assertEqual(done.returncode, EX_DATAERR)

    def test_nobody(self):
        done = self.send_with("submission", "starttls",
                              "nobody@example.test",
                              message=b"Subject: x\r\n\r\nx\r\n")
        self.assertIn(b"550 5.1.1", done.stderr)

    def test_a_wrong_password(self):
        done = self.send_with("submission", "starttls", "bob@example.test",
                              message=b"Subject: x\r\n\r\nx\r\n",
                              password="guess")
        self.assertEqual(done.returncode, EX_NOPERM, done.stderr)
        self.assertIn(b"535", done.stderr)


if __name__ == "__main__":
    chancery.main()
