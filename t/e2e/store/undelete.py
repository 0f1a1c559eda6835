"""Expunged mail is kept for a while, listed and had back (expunge_keep,
chancery mailbox expunged and undelete)."""

import re

import chancery
import imap_talk


class Undelete(imap_talk.TestCase):

    def expunged(self, *words):
        return self.chancery.json("mailbox", "expunged",
                                  self.chancery.address("ada"), *words)[
            "messages"]

    def undelete(self, *words):
        return self.chancery.json("mailbox", "undelete",
                                  self.chancery.address("ada"), self.box,
                                  *words)["restored"]

    def verify(self):
        self.chancery.run("mailbox", "verify")

    def expunge(self, numbers):
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok(f"STORE {numbers} +FLAGS (\\Deleted)")
        self.ada.ok("EXPUNGE")

    def test_listed_and_had_back_as_it_was(self):
        message = (b"From: Eve <eve@example.test>\r\n"
                   b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nbody\r\n")
        self.fill(2)
        uid = self.ada.append(message, self.box,
                              '(\\Flagged \\Seen $Key) '
                              '"01-Feb-2024 01:02:03 +0000"')
        self.expunge("2:3")
        found = self.expunged(self.box)
        self.assertEqual([m["uid"] for m in found], [uid - 1, uid])
        self.assertEqual(found[1]["from"], "eve@example.test")
        self.assertEqual(found[1]["subject"], "Grüße")
        self.assertEqual(found[1]["size"], len(message))
        self.assertEqual(found[1]["date"], 1706749323)
        self.assertEqual(len([m for m in self.expunged()
                              if m["mailbox"] == self.box]), 2)
        self.verify()
        self.assertEqual(self.undelete(str(uid)), 1)
        said = self.ada.ok("NOOP")
        self.assertIn("2 EXISTS", said)
        said = self.ada.ok("FETCH 2 (UID FLAGS INTERNALDATE BODY.PEEK[])")[0]
        self.assertGreater(int(re.search(r"UID (\d+)", said).group(1)), uid)
        for word in ("\\Flagged", "\\Seen", "$Key"):
            self.assertIn(word, said)
        self.assertNotIn("\\Deleted", said)
        self.assertIn('" 1-Feb-2024 01:02:03 +0000"', said)
        self.assertIn(message.decode("latin-1"), said)
        self.assertEqual(self.undelete(str(uid)), 0)
        self.assertEqual([m["uid"] for m in self.expunged(self.box)],
                         [uid - 1])
        self.verify()

    def test_by_time(self):
        self.fill(3)
        self.expunge("1:3")
        self.assertEqual(self.undelete("--since", "2199-01-01"), 0)
        self.assertEqual(self.undelete("--since", "1h"), 3)
        self.ada.ok("NOOP")
        self.assertEqual(self.ada.search("SUBJECT 2"), [2])
        self.verify()

    def test_many(self):
        self.fill(1)
        self.ada.ok(f"SELECT {self.box}")
        for _ in range(12):
            self.ada.ok(f"COPY 1:* {self.box}")
            self.ada.ok("NOOP")
        self.expunge("1:*")
        self.assertEqual(len(self.expunged(self.box)), 4096)
        self.assertEqual(self.undelete(), 4096)
        self.ada.ok("NOOP")
        self.assertEqual(len(self.ada.search("ALL")), 4096)
        self.verify()

    def test_what_is_moved_is_not_expunged(self):
        self.fill(2)
        self.ada.ok(f"CREATE {self.box}-2")
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok(f"MOVE 1 {self.box}-2")
        self.assertEqual(self.expunged(self.box), [])

    def test_a_deleted_mailbox_takes_its_own_along(self):
        self.fill(3)
        self.expunge("1:2")
        self.ada.ok("UNSELECT")
        self.ada.ok(f"DELETE {self.box}")
        self.assertEqual([m for m in self.expunged()
                          if m["mailbox"] == self.box], [])
        self.verify()

    def test_wrong_words(self):
        ada = self.chancery.address("ada")
        for status, words in (
                (1, ("expunged", ada, "nowhere")),
                (1, ("expunged", "nobody@example.test")),
                (1, ("undelete", ada, "nowhere")),
                (1, ("undelete", "nobody@example.test", "INBOX")),
                (2, ("undelete", ada)),
                (2, ("undelete", ada, "INBOX", "0")),
                (2, ("undelete", ada, "INBOX", "3,1")),
                (2, ("undelete", ada, "INBOX", "1:")),
                (2, ("undelete", ada, "INBOX", "4294967296")),
                (2, ("undelete", ada, "INBOX", "--since", "yesterday"))):
            done = self.chancery.run("mailbox", *words, check=False)
            self.assertEqual(done.returncode, status, words)
            self.assertTrue(done.stderr, words)


class KeepNone(imap_talk.TestCase):

    options = ("expunge_keep = 0",)

    def test_nothing_is_kept(self):
        self.fill(2)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1:* +FLAGS (\\Deleted)")
        self.ada.ok("EXPUNGE")
        found = self.chancery.json("mailbox", "expunged",
                                   self.chancery.address("ada"))
        self.assertEqual(found["messages"], [])
        self.chancery.run("mailbox", "verify")


if __name__ == "__main__":
    chancery.main()
