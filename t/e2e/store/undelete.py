"""Expunged mail is kept for a while, listed and had back (expunge_keep,
chancery mailbox expunged and undelete); so are mailboxes that were deleted."""

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


class DeletedMailboxes(imap_talk.TestCase):

    def mailbox(self, verb, *words):
        return self.chancery.json("mailbox", verb,
                                  self.chancery.address("ada"), *words)

    def deleted(self):
        return [m for m in self.mailbox("deleted")["mailboxes"]
                if m["name"] == self.box]

    def fill_and_delete(self, count):
        self.fill(count)
        self.ada.ok(f"DELETE {self.box}")

    def used(self):
        """Bytes, of ada's quota."""
        return next(u["bytes"] for u in self.chancery.json(
            "mailbox", "list")["users"]
            if u["user"] == self.chancery.address("ada"))

    def uidvalidity(self):
        said = self.ada.ok(f"STATUS {self.box} (UIDVALIDITY)")[0]
        return int(re.search(r"UIDVALIDITY (\d+)", said).group(1))

    def test_comes_back_as_it_was(self):
        self.fill(2)
        before = self.uidvalidity()
        self.ada.append(b"Subject: last\r\n\r\nbody\r\n", self.box,
                        '(\\Flagged $Key) "01-Feb-2024 01:02:03 +0000"')
        messages = self.messages("ada", self.box)
        used = self.used()
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1 +FLAGS (\\Deleted)")
        self.ada.ok("EXPUNGE")  # this one was not in it any more
        self.ada.ok("UNSELECT")
        self.ada.ok(f"DELETE {self.box}")
        self.assertEqual(self.ada.ok(f'LIST "" {self.box}'), [])
        self.assertEqual(self.used(), used - sum(len(m) for m in messages))
        found = self.deleted()
        self.assertEqual([m["messages"] for m in found], [2])
        self.assertEqual(found[0]["bytes"],
                         sum(len(m) for m in messages[1:]))
        self.assertEqual(len(self.mailbox(
            "expunged", "--deleted", str(found[0]["number"]))["messages"]), 3)
        self.chancery.run("mailbox", "verify")
        self.assertEqual(self.mailbox("undelete", self.box)["restored"], 2)
        self.assertEqual(self.messages("ada", self.box), messages[1:])
        self.assertGreater(self.uidvalidity(), before)
        self.ada.ok(f"SELECT {self.box}")
        said = self.ada.ok("FETCH 2 (FLAGS INTERNALDATE)")[0]
        for word in ("\\Flagged", "$Key", '" 1-Feb-2024 01:02:03 +0000"'):
            self.assertIn(word, said)
        self.assertEqual(self.deleted(), [])
        self.chancery.run("mailbox", "verify")

    def test_the_last_one_by_name_any_by_number(self):
        self.fill_and_delete(2)
        self.ada.ok(f"CREATE {self.box}")
        self.ada.append(b"Subject: second\r\n\r\n\r\n", self.box)
        self.ada.ok(f"DELETE {self.box}")
        first, second = self.deleted()
        self.assertEqual((first["messages"], second["messages"]), (2, 1))
        self.assertEqual(self.mailbox("undelete", self.box)["restored"], 1)
        self.assertEqual(self.deleted(), [first])
        # under another name, below one that is not there either
        other = f"{self.box}-x/y"
        self.assertEqual(self.mailbox(
            "undelete", other, "--deleted", str(first["number"]))["restored"],
            2)
        self.assertEqual(len(self.messages("ada", other)), 2)
        self.assertEqual(self.deleted(), [])
        self.ada.ok(f"STATUS {self.box}-x (MESSAGES)")

    def test_some_of_its_messages_into_one_that_is_there(self):
        self.fill_and_delete(4)
        number = str(self.deleted()[0]["number"])
        self.ada.ok(f"CREATE {self.box}")
        self.assertEqual(self.mailbox("undelete", self.box, "2,4",
                                      "--deleted", number)["restored"], 2)
        self.assertEqual(len(self.deleted()), 1)  # there is more of it
        self.assertEqual(self.mailbox("undelete", self.box, "--deleted",
                                      number)["restored"], 2)
        self.assertEqual(len(self.messages("ada", self.box)), 4)
        self.assertEqual(self.deleted(), [])

    def test_many_and_a_rebuild(self):
        self.fill(1)
        self.ada.ok(f"SELECT {self.box}")
        for _ in range(12):
            self.ada.ok(f"COPY 1:* {self.box}")
            self.ada.ok("NOOP")
        self.ada.ok("UNSELECT")
        self.ada.ok(f"DELETE {self.box}")
        self.chancery.run("mailbox", "compact")
        self.chancery.run("mailbox", "rebuild")
        chancery.wait_until("stored is back", lambda: self.chancery.run(
            "mailbox", "verify", check=False).returncode == 0)
        self.assertEqual(self.deleted()[0]["messages"], 4096)
        self.assertEqual(self.mailbox("undelete", self.box)["restored"], 4096)
        self.chancery.run("mailbox", "verify")

    def test_who_has_it_selected_is_told(self):
        self.fill(2)
        other = imap_talk.Client(self.chancery, "ada")
        other.ok(f"SELECT {self.box}")
        self.ada.ok(f"DELETE {self.box}")
        with self.assertRaises((AssertionError, OSError, EOFError)):
            other.ok("FETCH 1:* BODY[]")
        other.close()
        with self.assertRaises(AssertionError):
            self.ada.ok(f"SELECT {self.box}")

    def test_one_that_was_always_empty_is_not_kept(self):
        self.ada.do(f"DELETE {self.box}")
        self.ada.ok(f"CREATE {self.box}")
        self.ada.ok(f"DELETE {self.box}")
        self.assertEqual(self.deleted(), [])

    def test_wrong_words(self):
        ada = self.chancery.address("ada")
        for status, words in (
                (1, ("deleted", "nobody@example.test")),
                (2, ("deleted",)),
                (1, ("expunged", ada, "--deleted", "4000000")),
                (2, ("expunged", ada, "INBOX", "--deleted", "1")),
                (1, ("undelete", ada, "x", "--deleted", "4000000")),
                (1, ("undelete", ada, "x", "--deleted", "1")),  # INBOX
                (2, ("undelete", ada, "x", "--deleted", "0"))):
            done = self.chancery.run("mailbox", *words, check=False)
            self.assertEqual(done.returncode, status, words)
            self.assertTrue(done.stderr, words)


class Purged(imap_talk.TestCase):

    def test_nothing_stays_of_a_user_who_is_purged(self):
        self.fill(2)
        self.ada.ok(f"DELETE {self.box}")
        self.chancery.run("user", "remove", self.chancery.address("ada"),
                          "--purge")
        self.assertEqual(self.chancery.json(
            "mailbox", "deleted", self.chancery.address("ada"))["mailboxes"],
            [])
        self.chancery.run("mailbox", "verify")


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
        self.ada.append(b"Subject: x\r\n\r\n", self.box)
        self.ada.ok("UNSELECT")
        self.ada.ok(f"DELETE {self.box}")
        found = self.chancery.json("mailbox", "deleted",
                                   self.chancery.address("ada"))
        self.assertEqual(found["mailboxes"], [])
        self.chancery.run("mailbox", "verify")


if __name__ == "__main__":
    chancery.main()
