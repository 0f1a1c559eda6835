"""offlineimap3 keeps a Maildir and our mailboxes the same while both sides
change at once."""

import os
import shutil
import subprocess
import tempfile

import chancery


class Offlineimap(chancery.TestCase):
    users = ("ada",)

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="chancery-offlineimap-")
        self.addCleanup(shutil.rmtree, self.home)
        with open(f"{self.home}/rc", "w") as rc:
            rc.write(f"""
[general]
accounts = a
metadata = {self.home}/meta

[Account a]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {self.home}/mail
sep = /

[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {self.chancery.port("imaps")}
remoteuser = {self.chancery.address("ada")}
remotepass = {self.chancery.password("ada")}
ssl = yes
cert_fingerprint = {self.fingerprint()}
maxconnections = 2
""")

    def fingerprint(self):
        done = subprocess.run(
            ["openssl", "x509", "-noout", "-fingerprint", "-sha1", "-in",
             self.chancery.path("tls/cert.pem")], check=True, text=True,
            stdout=subprocess.PIPE)
        return done.stdout.strip().split("=")[1].replace(":", "").lower()

    def sync(self):
        done = subprocess.run(
            ["offlineimap", "-o", "-c", f"{self.home}/rc", "-u", "basic"],
            text=True, timeout=chancery.PATIENCE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=dict(os.environ, HOME=self.home))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("ERROR", done.stdout)
        return done.stdout

    def near(self, mailbox):
        """{subject: Maildir flags}"""
        found = {}
        for sub in ("cur", "new"):
            folder = f"{self.home}/mail/{mailbox}/{sub}"
            for name in os.listdir(folder):
                with open(f"{folder}/{name}") as f:
                    subject = [line[9:].strip() for line in f
                               if line.startswith("Subject: ")][0]
                found[subject] = name.partition(":2,")[2]
        return found

    def rename(self, mailbox, subject, flags):
        folder = f"{self.home}/mail/{mailbox}"
        for sub in ("cur", "new"):
            for name in os.listdir(f"{folder}/{sub}"):
                with open(f"{folder}/{sub}/{name}") as f:
                    if f"Subject: {subject}\n" not in f.read():
                        continue
                os.rename(f"{folder}/{sub}/{name}", f"{folder}/cur/" +
                          name.partition(":2,")[0] + ":2," + flags)
                return
        raise AssertionError(f"no {subject}")

    def test_both_sides_at_once(self):
        for n in range(5):
            self.send("x@elsewhere.test", ["ada"],
                      f"Subject: number {n}\r\n\r\nbody {n}\r\n")
        self.wait_for_messages("ada", 5)
        self.sync()
        self.assertEqual(set(self.near("INBOX")),
                         {f"number {n}" for n in range(5)})

        # here: one is flagged, one thrown away, one written
        self.rename("INBOX", "number 0", "FS")
        for name in os.listdir(f"{self.home}/mail/INBOX/new"):
            path = f"{self.home}/mail/INBOX/new/{name}"
            with open(path) as f:
                if "Subject: number 1\n" in f.read():
                    os.unlink(path)
        with open(f"{self.home}/mail/INBOX/new/1.2.host", "w") as f:
            f.write("Subject: from here\nMessage-ID: <h@example.test>\n\nx\n")
        # there: another is answered, another expunged, one more comes, and a
        # mailbox is made
        imap = self.chancery.imap("ada")
        imap.select("INBOX")
        for subject, flag in (("number 2", r"(\Answered)"),
                              ("number 3", r"(\Deleted)")):
            found = imap.search(None, "SUBJECT", f'"{subject}"')[1][0]
            imap.store(found.decode(), "+FLAGS", flag)
        imap.expunge()
        imap.create('"Archiv &- mehr"')
        self.send("x@elsewhere.test", ["ada"], "Subject: number 5\r\n\r\nx\r\n")
        chancery.wait_until("the new one", lambda: b"5" in
                            imap.status("INBOX", "(MESSAGES)")[1][0])
        self.sync()
        self.sync()

        near = self.near("INBOX")
        self.assertEqual(set(near), {"number 0", "number 2", "number 4",
                                     "number 5", "from here"})
        self.assertEqual(set(near["number 0"]), {"F", "S"})
        self.assertIn("R", near["number 2"])
        self.assertTrue(os.path.isdir(f"{self.home}/mail/Archiv & mehr") or
                        os.path.isdir(f"{self.home}/mail/Archiv &- mehr"))
        imap.select("INBOX")
        far = {}
        _, data = imap.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS "
                             "(SUBJECT)])")
        for part in data:
            if isinstance(part, tuple):
                subject = part[1].decode().strip()[9:]
                far[subject] = part[0].decode()
        self.assertEqual(set(far), set(near))
        self.assertIn(r"\Flagged", far["number 0"])
        self.assertIn(r"\Seen", far["number 0"])
        self.assertIn(r"\Answered", far["number 2"])
        imap.logout()


if __name__ == "__main__":
    chancery.main()
