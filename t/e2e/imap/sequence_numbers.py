"""Message sequence numbers with several sessions on one mailbox: what each
session is told, and when (RFC 3501 sections 5.2, 5.5 and 7.4.1)."""

import re

import chancery
import imap_talk


def kinds(untagged):
    """["1 EXPUNGE", "3 EXISTS", "2 FETCH"]: without what FETCH holds."""
    return [re.sub(r"(\d+ FETCH) .*", r"\1", u, flags=re.S)
            for u in untagged]


class SequenceNumbers(imap_talk.TestCase):

    def two(self, count):
        """Two sessions on a mailbox of so many messages."""
        uids = self.fill(count)
        self.ada.ok(f"SELECT {self.box}")
        return self.ada, self.client(select=self.box), uids

    def expunge(self, client, numbers):
        client.ok(f"STORE {numbers} +FLAGS.SILENT (\\Deleted)")
        return client.told("EXPUNGE")

    def subjects(self, client, numbers):
        untagged = client.ok(
            f"FETCH {numbers} (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return [(int(u.split()[0]), re.search(r"Subject: (\d+)", u).group(1))
                for u in untagged if "Subject" in u]

    def test_own_expunge_counts_down(self):
        a, _, _ = self.two(5)
        # 2 goes, so 4 is 3, and after that 5 is 3
        self.assertEqual(self.expunge(a, "2,4,5"),
                         ["2 EXPUNGE", "3 EXPUNGE", "3 EXPUNGE"])
        self.assertEqual(self.subjects(a, "1:*"), [(1, "1"), (2, "3")])

    def test_noop_tells_expunges_of_others(self):
        a, b, _ = self.two(3)
        self.expunge(b, "1")
        self.assertIn("1 EXPUNGE", a.ok("NOOP"))
        self.assertEqual(self.subjects(a, "1:*"), [(1, "2"), (2, "3")])

    def test_no_expunge_during_fetch_store_search(self):
        a, b, uids = self.two(3)
        self.expunge(b, "1")
        for command in ("FETCH 2 (FLAGS)", "STORE 2 +FLAGS (\\Seen)",
                        "STORE 3 FLAGS.SILENT (\\Seen)", "SEARCH ALL",
                        "FETCH 3 (UID)"):
            untagged = a.ok(command)
            self.assertFalse([u for u in untagged if "EXPUNGE" in u],
                             command)
        # numbers are still those of before
        self.assertEqual(self.subjects(a, "2:3"), [(2, "2"), (3, "3")])
        self.assertIn(f"3 FETCH (UID {uids[2]})", a.ok("FETCH 3 (UID)"))
        self.assertIn("1 EXPUNGE", a.ok("NOOP"))

    def test_uid_commands_may_tell_expunges(self):
        for command in ("UID FETCH %u (FLAGS)", "UID SEARCH ALL",
                        "UID STORE %u +FLAGS (\\Seen)"):
            a, b, uids = self.two(2)
            untagged = a.ok(command % uids[0] if "%u" in command else command)
            self.assertNotIn("1 EXPUNGE", untagged)
            self.expunge(b, "1")
            untagged = a.told(command % uids[1] if "%u" in command else command)
            self.assertIn("1 EXPUNGE", untagged, command)
            self.assertEqual(a.search("ALL"), [1])
            self.expunge(a, "1")

    def test_nothing_is_said_between_commands(self):
        a, b, _ = self.two(2)
        self.expunge(b, "1")
        b.append(mailbox=self.box)
        b.ok("NOOP")
        self.assertTrue(a.is_silent())
        self.assertEqual(a.told("NOOP"), ["1 EXPUNGE", "2 EXISTS"])

    def test_fetch_of_what_is_gone(self):
        a, b, uids = self.two(3)
        self.expunge(b, "2")
        untagged, done = a.do("FETCH 1:3 (BODY.PEEK[])")
        self.assertEqual(kinds(untagged), ["1 FETCH", "3 FETCH"])
        self.assertTrue(done.startswith("NO [EXPUNGEISSUED]"), done)
        # by UID it is just not there, and the expunge may be told
        untagged = a.told(f"UID FETCH {uids[0]}:{uids[2]} (BODY.PEEK[])")
        self.assertEqual(kinds(untagged), ["1 FETCH", "3 FETCH", "2 EXPUNGE"])

    def test_store_and_copy_of_what_is_gone(self):
        a, b, _ = self.two(2)
        self.expunge(b, "1")
        a.ok("STORE 1:2 +FLAGS (\\Flagged)")
        self.assertEqual(a.search("FLAGGED"), [2])
        a.ok(f"COPY 1:2 {self.box}")
        self.assertEqual(a.search("ALL"), [1, 2])

    def test_new_messages_are_told(self):
        a, b, _ = self.two(1)
        b.append(mailbox=self.box)
        untagged = a.ok("NOOP")
        self.assertIn("2 EXISTS", untagged)
        b.append(mailbox=self.box)
        # also before and during commands that use numbers
        self.assertIn("3 EXISTS", a.ok("FETCH 1 (FLAGS)"))
        self.assertEqual(len(a.ok("FETCH 1:* (UID)")), 3)

    def test_a_message_that_came_and_went_is_not_told(self):
        a, b, _ = self.two(2)
        b.append(mailbox=self.box)
        b.ok("NOOP")
        self.expunge(b, "1,3")
        self.assertEqual(a.told("NOOP"), ["1 EXPUNGE"])
        self.assertEqual(self.subjects(a, "1:*"), [(1, "2")])

    def test_recent_is_told_to_one_session(self):
        a, b, _ = self.two(1)
        self.client().append(mailbox=self.box)
        said_a, said_b = a.ok("NOOP"), b.ok("NOOP")
        self.assertIn("2 EXISTS", said_a)
        self.assertIn("2 EXISTS", said_b)
        recent = [client.search("RECENT") for client in (a, b)]
        self.assertEqual(sorted(2 in r for r in recent), [False, True])

    def test_flags_of_others_are_told(self):
        a, b, uids = self.two(2)
        b.ok("STORE 2 +FLAGS (\\Flagged $Important)")
        untagged = a.ok("NOOP")
        told = [u for u in untagged if u.startswith("2 FETCH")]
        self.assertEqual(len(told), 1, untagged)
        self.assertIn("\\Flagged", told[0])
        self.assertIn("$Important", told[0])
        self.assertIn(f"UID {uids[1]}", told[0])
        # a keyword that is new to the mailbox is announced before
        flags = [i for i, u in enumerate(untagged)
                 if u.startswith("FLAGS (") and "$Important" in u]
        self.assertEqual(len(flags), 1, untagged)
        self.assertLess(flags[0], untagged.index(told[0]))
        # and only once
        self.assertEqual(kinds(a.ok("NOOP")), [])
        b.ok("STORE 2 -FLAGS (\\Flagged)")
        self.assertIn("2 FETCH", kinds(a.ok("FETCH 1 (UID)")))

    def test_own_store_is_told_once(self):
        a, b, _ = self.two(3)
        self.assertEqual(kinds(a.ok("STORE 1:2 +FLAGS (\\Seen)")),
                         ["1 FETCH", "2 FETCH"])
        self.assertEqual(a.ok("NOOP"), [])
        self.assertEqual(a.ok("STORE 1:3 +FLAGS.SILENT (\\Draft)"), [])
        self.assertEqual(a.ok("NOOP"), [])
        self.assertEqual(kinds(b.ok("NOOP")),
                         ["1 FETCH", "2 FETCH", "3 FETCH"])

    def test_silent_store_tells_what_others_changed(self):
        a, b, _ = self.two(2)
        b.ok("STORE 1 +FLAGS.SILENT (\\Answered)")
        untagged = a.ok("STORE 1:2 +FLAGS.SILENT (\\Seen)")
        self.assertEqual(kinds(untagged), ["1 FETCH"])
        self.assertIn("\\Answered", untagged[0])

    def test_store_of_a_changed_message_in_one_command(self):
        a, b, _ = self.two(1)
        # a does not look between b's change and its own store's answer
        tag = a.begin("STORE 1 +FLAGS (\\Seen)")
        untagged, done = a.end(tag)
        self.assertTrue(done.startswith("OK"))
        self.assertIn("\\Seen", untagged[-1])
        self.assertIn("1 FETCH", kinds(b.ok("NOOP")))

    def test_fetch_tells_current_flags(self):
        a, b, _ = self.two(1)
        b.ok("STORE 1 +FLAGS (\\Deleted)")
        untagged = a.ok("FETCH 1 (FLAGS)")
        self.assertIn("\\Deleted", untagged[-1])
        self.assertEqual(a.ok("NOOP"), [])

    def test_pipelined_commands_keep_their_order(self):
        a, b, _ = self.two(3)
        tags = [a.begin("FETCH 1 (UID)"), a.begin("FETCH 2 (UID)"),
                a.begin("SEARCH ALL")]
        self.assertEqual(kinds(a.end(tags[0])[0]), ["1 FETCH"])
        self.assertEqual(kinds(a.end(tags[1])[0]), ["2 FETCH"])
        self.assertEqual(a.end(tags[2])[0], ["SEARCH 1 2 3"])

    def test_expunge_before_exists(self):
        a, b, _ = self.two(3)
        self.expunge(b, "1:2")
        b.append(mailbox=self.box)
        self.assertEqual(a.told("NOOP"),
                         ["1 EXPUNGE", "1 EXPUNGE", "2 EXISTS"])

    def test_numbers_beyond_the_end_are_bad(self):
        a, b, _ = self.two(2)
        for command in ("FETCH 3 (UID)", "STORE 1:3 +FLAGS (\\Seen)",
                        f"COPY 2,3 {self.box}", "FETCH 0 (UID)"):
            a.bad(command)
        self.assertEqual(a.ok("UID FETCH 999999 (FLAGS)"), [])
        self.assertEqual(len(a.ok("FETCH 9:* (UID)")), 1)
        # numbers untold are not there yet, whatever the store has
        b.append(mailbox=self.box)
        self.expunge(b, "1:2")
        self.assertEqual(a.search("ALL"), [3])

    def test_close_and_unselect(self):
        a, b, _ = self.two(3)
        a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        self.assertEqual(a.ok("UNSELECT"), [])
        a.bad("FETCH 1 (UID)")
        a.ok(f"SELECT {self.box}")
        self.assertEqual(a.search("ALL"), [1, 2, 3])
        self.assertEqual(a.ok("CLOSE"), [])
        a.bad("FETCH 1 (UID)")
        self.assertIn("1 EXPUNGE", b.ok("NOOP"))

    def test_move_tells_both_sessions(self):
        a, b, uids = self.two(3)
        a.ok(f"CREATE {self.box}-2")
        untagged = a.told(f"MOVE 1:2 {self.box}-2")
        self.assertTrue(untagged[0].startswith("OK [COPYUID"), untagged)
        self.assertEqual(untagged[1:], ["1 EXPUNGE", "1 EXPUNGE"])
        told = [u for u in b.ok("NOOP") if "EXPUNGE" in u]
        self.assertEqual(told, ["1 EXPUNGE", "1 EXPUNGE"])

    def test_a_deleted_mailbox_ends_the_session(self):
        a, b, _ = self.two(1)
        b.ok("UNSELECT")
        b.ok(f"DELETE {self.box}")
        untagged, _ = a.do("NOOP")
        self.assertTrue(untagged[-1].startswith("BYE"), untagged)
        with self.assertRaises(EOFError):
            a.line()

    def test_own_selected_mailbox_may_be_deleted(self):
        a, _, _ = self.two(1)
        a.ok(f"DELETE {self.box}")
        a.bad("FETCH 1 (UID)")
        a.ok("NOOP")

    def test_a_renamed_mailbox_stays_selected(self):
        a, b, _ = self.two(1)
        b.ok(f"RENAME {self.box} {self.box}-renamed")
        self.assertEqual(a.search("ALL"), [1])


if __name__ == "__main__":
    chancery.main()
