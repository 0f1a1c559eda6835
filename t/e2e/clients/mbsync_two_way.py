"""mbsync (isync) keeps a Maildir and our mailboxes the same, both ways."""

import os
import shutil
import tempfile

import chancery
import mbsync


class Mbsync(chancery.TestCase):
    users = ("ada",)

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="chancery-mbsync-")
        self.addCleanup(shutil.rmtree, self.home)
        mbsync.configure(self.home, self.chancery, "ada",
                         "Create Both\nRemove Both\nExpunge Both")

    def sync(self):
        mbsync.sync(self, self.home)

    def near(self, mailbox):
        names = []
        for sub in ("cur", "new"):
            folder = f"{self.home}/mail/{mailbox}/{sub}"
            if os.path.isdir(folder):
                names += [f"{folder}/{name}" for name in os.listdir(folder)]
        return names

    def test_changes_go_both_ways(self):
        for n in range(3):
            self.send("x@elsewhere.test", ["ada"],
                      f"Subject: number {n}\r\n\r\nbody {n}\r\n")
        self.wait_for_messages("ada", 3)
        self.sync()
        self.assertEqual(len(self.near("INBOX")), 3)

        # There: a flag and a new mailbox; here: a message of our own.
        imap = self.chancery.imap("ada")
        imap.select("INBOX")
        imap.store("1", "+FLAGS", r"(\Flagged)")
        imap.create("Projects")
        imap.logout()
        with open(f"{self.home}/mail/INBOX/new/1.2.host", "w") as f:
            f.write("Subject: from here\n\nwritten offline\n")
        os.makedirs(f"{self.home}/mail/Notes/cur")
        os.makedirs(f"{self.home}/mail/Notes/new")
        os.makedirs(f"{self.home}/mail/Notes/tmp")
        self.sync()
        self.assertEqual(
            sum(name.rsplit(",", 1)[-1].count("F")
                for name in self.near("INBOX")), 1)
        self.assertTrue(os.path.isdir(f"{self.home}/mail/Projects"))
        found = self.wait_for_messages("ada", 4)
        self.assertEqual(sum(b"written offline\r\n" in m for m in found), 1)
        imap = self.chancery.imap("ada")
        self.assertEqual(imap.select("Notes")[0], "OK")

        # Here: one removed; there: one expunged.
        flagged = [n for n in self.near("INBOX")
                   if "F" in n.rsplit(",", 1)[-1]]
        os.remove(flagged[0])
        imap.select("INBOX")
        imap.store("3", "+FLAGS", r"(\Deleted)")
        imap.expunge()
        imap.logout()
        self.sync()
        self.sync()
        self.assertEqual(len(self.near("INBOX")), 2)
        self.assertEqual(len(self.messages("ada")), 2)


if __name__ == "__main__":
    chancery.main()
