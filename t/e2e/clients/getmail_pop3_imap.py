"""getmail6 fetches by POP3 and IMAP over TLS into a Maildir, once each."""

import glob
import os
import shutil
import subprocess
import tempfile

import chancery


class Getmail(chancery.TestCase):
    users = ("ada", "bob")

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="chancery-getmail-")
        self.addCleanup(shutil.rmtree, self.home)
        for sub in ("cur", "new", "tmp"):
            os.makedirs(f"{self.home}/Maildir/{sub}")
        self.deliver_as = ""
        if chancery.IS_ROOT:  # as whom it does not deliver
            self.deliver_as = "user = nobody"
            os.chmod(self.home, 0o711)
            for folder, _, _ in os.walk(f"{self.home}/Maildir"):
                shutil.chown(folder, "nobody")

    def fetch(self, user, kind, service, delete):
        with open(f"{self.home}/rc", "w") as rc:
            rc.write(f"""
[retriever]
type = {kind}
server = 127.0.0.1
port = {self.chancery.port(service)}
username = {self.chancery.address(user)}
password = {self.chancery.password(user)}
ca_certs = {self.chancery.path("tls/cert.pem")}

[destination]
type = Maildir
path = {self.home}/Maildir/
{self.deliver_as}

[options]
read_all = false
delete = {"true" if delete else "false"}
delivered_to = false
received = false
""")
        done = subprocess.run(
            ["getmail", "--getmaildir", self.home, "--rcfile", "rc"],
            text=True, timeout=chancery.PATIENCE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        texts = []
        for name in glob.glob(f"{self.home}/Maildir/new/*"):
            with open(name, "rb") as f:
                texts.append(f.read())
        return texts

    def check(self, user, kind, service):
        for n in range(3):
            self.send("x@elsewhere.test", [user],
                      f"Subject: number {n}\r\n\r\nbody {n}\r\n.dot\r\n")
        self.wait_for_messages(user, 3)
        texts = self.fetch(user, kind, service, delete=False)
        self.assertEqual(len(texts), 3)
        for n in range(3):
            self.assertTrue(any(b"body %d\n.dot\n" % n in t for t in texts))
        # Again: it knows them by UIDL, or by UIDVALIDITY and UID.
        self.assertEqual(len(self.fetch(user, kind, service, False)), 3)
        self.send("x@elsewhere.test", [user], "Subject: one more\r\n\r\nx\r\n")
        self.wait_for_messages(user, 4)
        self.assertEqual(len(self.fetch(user, kind, service, True)), 4)
        self.assertLess(len(self.messages(user)), 4)

    def test_pop3(self):
        self.check("ada", "SimplePOP3SSLRetriever", "pop3s")

    def test_imap(self):
        self.check("bob", "SimpleIMAPSSLRetriever", "imaps")


if __name__ == "__main__":
    chancery.main()
