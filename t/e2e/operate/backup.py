"""An instance is one folder: copied while it is stopped, or as a snapshot of
its filesystem while it runs, it is the whole server, also somewhere else.
doc/operating.md tells an operator to do what this does."""

import os
import shutil
import subprocess
import tempfile

import chancery


class Backup(chancery.TestCase):
    users = ("ada", "bob")

    def fill(self):
        self.send("ada", ["bob"], "Subject: kept\r\n\r\nhello\r\n")
        self.wait_for_messages("bob", 1)
        imap = self.chancery.imap("bob")
        imap.create("Letters")
        imap.select("INBOX")
        imap.store("1", "+FLAGS", r"(\Flagged)")
        imap.copy("1", "Letters")
        imap.logout()

    def check(self):
        chancery.wait_until("bob's mail", lambda: len(
            self.messages("bob", "Letters")) == 1)
        imap = self.chancery.imap("bob")
        imap.select("INBOX")
        self.assertIn(rb"\Flagged", imap.fetch("1", "(FLAGS)")[1][0])
        imap.logout()
        self.chancery.run("mailbox", "verify")
        self.send("bob", ["ada"], "Subject: and on\r\n\r\nx\r\n")

    def test_stopped_copied_restored(self):
        self.fill()
        before = self.chancery.imap("bob").status("INBOX", "(UIDVALIDITY)")
        self.chancery.stop()
        with tempfile.TemporaryDirectory() as folder:
            archive = os.path.join(folder, "backup.tar")
            subprocess.run(["tar", "-C", self.chancery.dir, "--sparse",
                            "--numeric-owner", "-cpf", archive, "."],
                           check=True)
            # gone, and restored under another name
            shutil.rmtree(self.chancery.dir)
            self.chancery.dir = tempfile.mkdtemp(prefix="chancery-restored-")
            subprocess.run(["tar", "-C", self.chancery.dir,
                            "--numeric-owner", "-xpf", archive], check=True)
        self.chancery.start()
        self.check()
        self.assertEqual(self.chancery.imap("bob").status(
            "INBOX", "(UIDVALIDITY)"), before)


if __name__ == "__main__":
    chancery.main()
