"""neomutt in mailboxes that somebody else shares: opened, read, flagged,
copied into; and told what it may not do."""

import chancery
import imap_talk
import neomutt

OTHERS = "Other Users/ada@example.test"


class NeomuttShared(chancery.TestCase):
    users = ("ada", "bob")

    def share(self, mailbox, rights):
        """A mailbox of ada's with two messages, and bob's rights on it."""
        ada = imap_talk.Client(self.chancery, "ada")
        self.addCleanup(ada.close)
        ada.ok(f"CREATE {mailbox}")
        for n in (1, 2):
            ada.append(f"From: Ada <ada@example.test>\r\nSubject: {mailbox} "
                       f"{n}\r\nDate: Sun, {n} Nov 2026 10:00:00 +0000\r\n"
                       f"\r\nbody of {n}\r\n".encode(), mailbox=mailbox)
        ada.ok(f"SETACL {mailbox} bob {rights}")
        return ada

    def mutt(self, mailbox, settings=""):
        return neomutt.Neomutt(self.chancery, "bob", mailbox, settings)

    def fill_inbox(self, subject):
        self.send("x@elsewhere.test", ["bob"],
                  f"From: X <x@elsewhere.test>\r\nSubject: {subject}\r\n\r\n"
                  "x\r\n")
        chancery.wait_until("it is there", lambda: any(
            subject.encode() in m for m in self.messages("bob")))

    def test_opens_reads_and_flags(self):
        ada = self.share("Plans", "lrsw")
        with self.mutt(f"{OTHERS}/Plans") as mutt:
            mutt.shows("Plans 2")
            mutt.keys("1", "Enter", "Enter")
            mutt.shows("body of 1")
            mutt.keys("i", "F", "$")
            chancery.wait_until("the flag", lambda: (
                ada.ok("EXAMINE Plans"), ada.search("FLAGGED"))[1])
            mutt.keys("q")
        self.assertEqual(ada.search("SEEN"), [])  # that is bob's own
        bob = imap_talk.Client(self.chancery, "bob")
        bob.ok(f'SELECT "{OTHERS}/Plans"')
        self.assertEqual(len(bob.search("SEEN")), 1)
        bob.close()

    def test_finds_it_in_the_browser(self):
        self.share("Found", "lr")
        with self.mutt("INBOX") as mutt:
            mutt.shows("INBOX")
            mutt.keys("c", "?")
            mutt.shows("Mailboxes")
            mutt.keys("Tab")
            mutt.shows("Other Users/")
            mutt.keys("/", "O", "t", "h", "e", "r", "Enter", "Enter")
            mutt.shows("ada@example.test")
            mutt.keys("/", "a", "d", "a", "Enter", "Enter")
            mutt.shows("Found")
            mutt.keys("/", "F", "o", "u", "n", "d", "Enter", "Enter")
            mutt.shows("Found 2")

    def test_without_w_nothing_is_flagged(self):
        ada = self.share("Fixed", "lr")
        with self.mutt(f"{OTHERS}/Fixed") as mutt:
            mutt.shows("Fixed 2")
            mutt.keys("1", "Enter", "F")
            mutt.shows("Mailbox is read-only")
        ada.ok("EXAMINE Fixed")
        self.assertEqual(ada.search("FLAGGED"), [])

    def test_copies_into_one_with_i(self):
        ada = self.share("Drop", "lri")
        self.fill_inbox("for the drop")
        with self.mutt("INBOX", f'save-hook . "+{OTHERS}/Drop"') as mutt:
            mutt.shows("for the drop")
            mutt.keys("C", "Enter", "y")
            chancery.wait_until("the copy", lambda: len(
                self.messages("ada", "Drop")) == 3)
        self.assertIn(b"for the drop", self.messages("ada", "Drop")[2])

    def test_is_refused_without_i(self):
        ada = self.share("Closed", "lrsw")
        self.fill_inbox("for nobody")
        with self.mutt("INBOX", f'save-hook . "+{OTHERS}/Closed"') as mutt:
            mutt.shows("for nobody")
            mutt.keys("C", "Enter", "y")
            mutt.shows("Error copying message")
        self.assertEqual(len(self.messages("ada", "Closed")), 2)


if __name__ == "__main__":
    chancery.main()
