"""fetchmail empties a maildrop over POP3 with STLS, and over IMAP."""

import os
import shutil
import subprocess
import tempfile

import chancery


class Fetchmail(chancery.TestCase):
    users = ("ada", "bob")

    def fetch(self, user, protocol, service):
        home = tempfile.mkdtemp(prefix="chancery-fetchmail-")
        self.addCleanup(shutil.rmtree, home)
        out = f"{home}/out"
        rc = f"{home}/rc"
        with open(rc, "w") as f:
            f.write(f"""
poll 127.0.0.1 protocol {protocol} port {self.chancery.port(service)}
  user "{self.chancery.address(user)}"
  password "{self.chancery.password(user)}"
  sslproto "TLS1.2+" sslcertck
  sslcertfile "{self.chancery.path("tls/cert.pem")}"
  sslcommonname "mail.example.test"
  mda "cat >> {out}"
  fetchall nokeep
""")
        os.chmod(rc, 0o600)
        done = subprocess.run(
            ["fetchmail", "-f", rc, "--pidfile", f"{home}/pid", "--nosyslog"],
            env=dict(os.environ, HOME=home, FETCHMAILHOME=home),
            text=True, timeout=chancery.PATIENCE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        with open(out) as f:
            return f.read()

    def check(self, user, protocol, service):
        for n in range(3):
            self.send("x@elsewhere.test", [user],
                      f"Subject: number {n}\r\n\r\nbody {n}\r\n..\r\n.\r\n")
        self.wait_for_messages(user, 3)
        text = self.fetch(user, protocol, service)
        for n in range(3):
            self.assertIn(f"body {n}\n..\n.\n", text)
        self.assertEqual(self.messages(user), [])

    def test_pop3(self):
        self.check("ada", "pop3", "pop3")

    def test_imap(self):
        self.check("bob", "imap", "imap")


if __name__ == "__main__":
    chancery.main()
