"""CONDSTORE and QRESYNC (RFC 7162): mod-sequences, conditional STORE, and
coming back to a mailbox one knows."""

import re

import chancery
import imap_talk


def modseq(said):
    return int(re.search(r"MODSEQ \(?(\d+)", said).group(1))


class Modseqs(imap_talk.TestCase):

    def select(self, client, how="SELECT", box=None, parameters=""):
        """The untagged responses; what HIGHESTMODSEQ said."""
        said = client.ok(f"{how} {box or self.box}{parameters}")
        found = [u for u in said if "[HIGHESTMODSEQ " in u]
        self.assertEqual(len(found), 1, said)
        return said, modseq(found[0])

    def news(self, client, command="NOOP"):
        return [u for u in client.ok(command) if "RECENT" not in u]


class Condstore(Modseqs):

    def test_highestmodseq(self):
        _, empty = self.select(self.ada)
        self.assertGreaterEqual(empty, 1)
        self.fill(1)
        said, first = self.select(self.ada)
        self.assertGreater(first, empty)
        status = self.ada.ok(f"STATUS {self.box} (HIGHESTMODSEQ)")
        self.assertEqual(status[-1],
                         f"STATUS {self.box} (HIGHESTMODSEQ {first})")
        self.ada.ok("STORE 1 +FLAGS (\\Seen)")
        _, second = self.select(self.ada)
        self.assertGreater(second, first)
        self.ada.ok("STORE 1 +FLAGS (\\Deleted)")
        self.ada.ok("EXPUNGE")
        _, third = self.select(self.ada, "EXAMINE")
        self.assertGreater(third, second + 1)

    def test_a_change_after_empty_is_seen(self):
        """What a client does that only ever saw an empty mailbox."""
        _, empty = self.select(self.ada)
        self.fill(1)
        self.select(self.ada)
        said = self.ada.ok(f"FETCH 1 (UID) (CHANGEDSINCE {empty})")
        self.assertTrue(said[-1].startswith("1 FETCH "), said)

    def test_fetch_modseq(self):
        uids = self.fill(3)
        _, highest = self.select(self.ada)
        said = self.ada.ok("FETCH 1:3 (MODSEQ)")
        self.assertRegex(said[0], r"^OK \[HIGHESTMODSEQ %d\]" % highest)
        values = [modseq(u) for u in said[1:]]
        self.assertEqual(values, sorted(set(values)))
        self.assertEqual(values[-1], highest)
        said = self.ada.ok(f"UID FETCH {uids[0]} (MODSEQ FLAGS)")
        self.assertRegex(said[0], r"^1 FETCH \(.*MODSEQ \(%d\)" % values[0])
        self.assertEqual(self.news(self.ada), [])

    def test_enabling_makes_fetch_tell_modseq(self):
        self.fill(2)
        b = self.client(select=self.box)
        for enabling in ("ENABLE CONDSTORE", "FETCH 1 (MODSEQ)",
                         f"STATUS {self.box} (HIGHESTMODSEQ)",
                         f"SELECT {self.box} (CONDSTORE)",
                         "SEARCH MODSEQ 1", "FETCH 1 (UID) (CHANGEDSINCE 1)",
                         "STORE 2 (UNCHANGEDSINCE 1) FLAGS (x)"):
            with self.subTest(enabling):
                a = self.client(select=self.box)
                b.ok("STORE 1 -FLAGS.SILENT (\\Flagged)")
                b.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
                self.assertNotIn("MODSEQ", "".join(a.ok("NOOP")))
                said = a.ok(enabling)
                self.assertTrue([u for u in said
                                 if "[HIGHESTMODSEQ" in u], said)
                b.ok("STORE 1 -FLAGS.SILENT (\\Flagged)")
                said = self.news(a)
                self.assertEqual(len(said), 1, said)
                self.assertRegex(said[0], r"1 FETCH \(UID \d+ FLAGS \([^)]*\)"
                                 r" MODSEQ \(\d+\)\)")
                a.close()

    def test_modseq_is_told_when_flags_come_back(self):
        self.fill(1)
        self.select(self.ada, parameters=" (CONDSTORE)")
        b = self.client(select=self.box)
        b.ok("STORE 1 +FLAGS (\\Flagged)")
        b.ok("STORE 1 -FLAGS (\\Flagged)")
        said = self.news(self.ada)
        self.assertEqual(len(said), 1, said)
        self.assertNotIn("FLAGS", said[0])
        highest = modseq(said[0])
        self.assertEqual(self.select(b)[1], highest)

    def test_silent_store_tells_modseq(self):
        self.fill(2)
        self.select(self.ada, parameters=" (CONDSTORE)")
        said = self.ada.ok("STORE 1:2 +FLAGS.SILENT (\\Seen)")
        self.assertEqual(len(said), 2, said)
        for told in said:
            self.assertRegex(told,
                             r"^\d FETCH \(UID \d+ MODSEQ \(\d+\)\)$")
        said = self.ada.ok("STORE 1 -FLAGS (\\Seen)")
        self.assertRegex(said[0], r"FLAGS \([^)]*\) MODSEQ")
        self.assertEqual(self.news(self.ada), [])

    def test_reading_tells_modseq(self):
        uids = self.fill(1)
        _, before = self.select(self.ada, parameters=" (CONDSTORE)")
        said = self.ada.ok("FETCH 1 (BODY[TEXT])")
        self.assertIn("\\Seen", said[0])
        self.assertIn(f"UID {uids[0]}", said[0])
        self.assertGreater(modseq(said[0]), before)
        self.assertEqual(self.news(self.ada), [])

    def test_unchangedsince(self):
        uids = self.fill(3)
        _, known = self.select(self.ada)
        b = self.client(select=self.box)
        b.ok("STORE 2 +FLAGS (\\Answered)")
        untagged, done = self.ada.do(
            f"STORE 1:3 (UNCHANGEDSINCE {known}) +FLAGS.SILENT (\\Deleted)")
        self.assertTrue(done.startswith("OK [MODIFIED 2] "), done)
        told = {int(u.split()[0]): u for u in untagged if " FETCH " in u}
        self.assertEqual(sorted(told), [1, 2, 3], untagged)
        self.assertNotIn("FLAGS", told[1])
        self.assertIn("\\Answered", told[2])
        self.assertNotIn("\\Deleted", told[2])
        self.assertGreater(modseq(told[3]), known)
        self.assertEqual(self.ada.search("DELETED"), [1, 3])
        # with what was told it can be done now
        now = modseq(told[2])
        self.assertEqual(self.ada.do(
            f"STORE 2 (UNCHANGEDSINCE {now}) +FLAGS (\\Deleted)")[1],
            "OK done")
        untagged, done = self.ada.do(
            f"UID STORE {uids[0]},{uids[2]} (UNCHANGEDSINCE {known}) "
            f"FLAGS ()")
        self.assertTrue(
            done.startswith(f"OK [MODIFIED {uids[0]},{uids[2]}] "), done)
        self.assertTrue(self.ada.do("STORE 1 (UNCHANGEDSINCE 0) "
                                    "+FLAGS (x)")[1]
                        .startswith("OK [MODIFIED 1]"))
        for wrong in ("(UNCHANGEDSINCE)", "(UNCHANGEDSINCE x)", "()",
                      "(CHANGEDSINCE 1)"):
            self.ada.bad(f"STORE 1 {wrong} FLAGS ()")

    def test_only_one_of_two_wins(self):
        """Both know the same modseq and are sent before either is read."""
        self.fill(1)
        _, known = self.select(self.ada, parameters=" (CONDSTORE)")
        b = self.client()
        self.select(b, parameters=" (CONDSTORE)")
        for _ in range(20):
            tags = [(c, c.begin(f"STORE 1 (UNCHANGEDSINCE {known}) "
                                f"+FLAGS (k{c.count})"))
                    for c in (self.ada, b)]
            answers = [c.end(tag) for c, tag in tags]
            failed = [done for _, done in answers if "[MODIFIED 1]" in done]
            self.assertEqual(len(failed), 1, answers)
            self.ada.ok("STORE 1 FLAGS ()")
            self.ada.ok("NOOP")
            known = modseq(self.ada.ok("FETCH 1 (MODSEQ)")[0])
            b.ok("NOOP")

    def test_changedsince(self):
        uids = self.fill(4)
        _, known = self.select(self.ada)
        self.ada.ok("STORE 2,4 +FLAGS (\\Seen)")
        said = self.ada.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {known})")
        told = [u for u in said if " FETCH " in u]
        self.assertEqual([u.split()[0] for u in told], ["2", "4"])
        highest = max(modseq(u) for u in told)
        self.assertEqual(
            self.ada.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {highest})"), [])
        said = self.ada.ok(f"UID FETCH {uids[2]}:* (UID) "
                           f"(CHANGEDSINCE {known})")
        self.assertEqual(said, [f"4 FETCH (UID {uids[3]} "
                                f"MODSEQ ({highest}))"])
        for wrong in ("()", "(CHANGEDSINCE)", "(VANISHED)",
                      "(CHANGEDSINCE 1 VANISHED)", "(FOO 1)"):
            self.ada.bad(f"UID FETCH 1:* (FLAGS) {wrong}")

    def test_search_modseq(self):
        uids = self.fill(3)
        _, known = self.select(self.ada)
        self.ada.ok("STORE 2 +FLAGS (\\Seen)")
        _, highest = self.select(self.ada)
        said = self.ada.ok(f"SEARCH MODSEQ {known + 1}")
        self.assertEqual(said[-1], f"SEARCH 2 (MODSEQ {highest})")
        said = self.ada.ok("UID SEARCH MODSEQ \"/flags/\\\\draft\" all 1 "
                           "UNSEEN")
        self.assertEqual(
            said[-1], f"SEARCH {uids[0]} {uids[2]} (MODSEQ {known})")
        self.assertEqual(self.ada.ok(f"SEARCH MODSEQ {highest + 1}"),
                         ["SEARCH"])
        self.ada.bad("SEARCH MODSEQ")
        self.ada.bad("SEARCH MODSEQ x")


class Qresync(Modseqs):

    def back(self, known, rest="", box=None):
        """A new session SELECTs with QRESYNC: VANISHED and FETCH."""
        client = self.client()
        client.ok("ENABLE QRESYNC")
        said, self.now = self.select(
            client, box=box,
            parameters=f" (QRESYNC ({self.validity} {known}{rest}))")
        client.close()
        return [u for u in said if "FETCH" in u or "VANISHED" in u]

    def know(self):
        """What a client caches when it leaves: the highest modseq."""
        said, known = self.select(self.ada)
        self.validity = int(re.search(r"UIDVALIDITY (\d+)",
                                      "".join(said)).group(1))
        return known

    def test_enable(self):
        self.fill(1)
        self.ada.bad(f"SELECT {self.box} (QRESYNC (1 1))")
        self.assertEqual(self.ada.ok("ENABLE QRESYNC X CONDSTORE"),
                         ["ENABLED QRESYNC CONDSTORE"])
        for wrong in ("(QRESYNC)", "(QRESYNC (0 1))", "(QRESYNC (1))", "()",
                      "(FOO)", "(QRESYNC (1 1 1:*))"):
            self.ada.bad(f"SELECT {self.box} {wrong}")
        said, _ = self.select(self.ada, parameters=" (QRESYNC (1 1))")
        self.assertNotIn("VANISHED", "".join(said))
        # the same mailbox again is another one for what comes before
        said, _ = self.select(self.ada)
        self.assertTrue(said[0].startswith("OK [CLOSED]"))

    def test_vanished_instead_of_expunge(self):
        uids = self.fill(5)
        self.ada.ok("ENABLE QRESYNC")
        self.select(self.ada)
        b = self.client(select=self.box)
        self.ada.ok("STORE 1:3,5 +FLAGS.SILENT (\\Deleted)")
        untagged, done = self.ada.do("EXPUNGE")
        want = f"VANISHED {uids[0]}:{uids[2]},{uids[4]}"
        self.assertIn(want, untagged)
        self.assertNotIn("EXISTS", "".join(untagged))
        said, highest = self.select(b)
        self.assertTrue(done.startswith(f"OK [HIGHESTMODSEQ {highest}]"),
                        done)
        # expunges by others, by MOVE and by UID EXPUNGE too
        b.append(mailbox=self.box)
        b.ok("NOOP")
        last = b.append(mailbox=self.box)
        self.ada.ok("NOOP")
        b.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        b.ok("EXPUNGE")
        self.assertEqual(self.news(self.ada), [f"VANISHED {uids[3]}"])
        self.ada.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        said = self.ada.do(f"UID EXPUNGE {last}")
        self.assertIn(f"VANISHED {last}", said[0])
        self.assertIn("[HIGHESTMODSEQ", said[1])
        self.ada.ok(f"CREATE {self.box}-2")
        said, done = self.ada.do(f"MOVE 1 {self.box}-2")
        self.assertTrue(said[-1].startswith("VANISHED "), said)
        # RFC 6851 section 4.4
        _, highest = self.select(b)
        self.assertTrue(done.startswith(f"OK [HIGHESTMODSEQ {highest}]"),
                        done)
        self.assertNotIn("HIGHESTMODSEQ",
                         self.ada.do(f"UID MOVE 1 {self.box}-2")[1])
        self.assertNotIn("HIGHESTMODSEQ", self.ada.do("CLOSE")[1])

    def test_what_was_never_told_does_not_vanish(self):
        self.fill(1)
        self.ada.ok("ENABLE QRESYNC")
        self.select(self.ada)
        b = self.client(select=self.box)
        b.append(mailbox=self.box)
        b.ok("NOOP")
        b.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        b.ok("EXPUNGE")
        self.assertEqual(self.news(self.ada), [])

    def test_untold_expunges_keep_highestmodseq_low(self):
        uids = self.fill(3)
        self.ada.ok("ENABLE QRESYNC")
        self.select(self.ada)
        b = self.client(select=self.box)
        b.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        self.ada.ok("NOOP")
        b.ok("EXPUNGE")
        b.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
        said = self.ada.ok("FETCH 2 (FLAGS)")
        told = [u for u in said if "HIGHESTMODSEQ" in u]
        low = modseq(told[-1])
        self.assertEqual(said[-1], told[-1])
        # whoever comes back with that hears of the expunge
        self.assertIn(f"VANISHED {uids[0]}", self.ada.ok("NOOP"))
        self.know()
        self.assertEqual(self.back(low)[:1],
                         [f"VANISHED (EARLIER) {uids[0]}"])

    def test_coming_back(self):
        uids = self.fill(6)
        known = self.know()
        self.assertEqual(self.back(known), [])
        self.ada.ok("STORE 2,5 +FLAGS.SILENT (\\Deleted)")
        self.ada.ok("EXPUNGE")
        self.ada.ok("STORE 2 +FLAGS.SILENT (\\Flagged)")
        new = self.ada.append(mailbox=self.box)
        said = self.back(known)
        self.assertEqual(said[0],
                         f"VANISHED (EARLIER) {uids[1]},{uids[4]}")
        told = {int(u.split()[0]): u for u in said[1:]}
        self.assertEqual(sorted(told), [2, 5])
        self.assertIn(f"UID {uids[2]} FLAGS (\\Flagged)", told[2])
        self.assertIn(f"UID {new} FLAGS", told[5])
        self.assertEqual(max(modseq(u) for u in told.values()), self.now)
        self.assertEqual(self.back(self.now), [])
        # of the UIDs it knows alone
        said = self.back(known, f" {uids[0]}:{uids[2]}")
        self.assertEqual(said[0], f"VANISHED (EARLIER) {uids[1]}")
        self.assertEqual([int(u.split()[0]) for u in said[1:]], [2])
        # numbers 1 to 3 were these: the first expunge is not known
        match = f" {uids[0]}:{uids[5]} (1,4 {uids[0]},{uids[4]})"
        self.assertEqual(self.back(known, match)[0],
                         f"VANISHED (EARLIER) {uids[1]},{uids[4]}")
        # and here it is known, for 2 is what has become 2
        match = f" (1:2 {uids[0]},{uids[2]})"
        self.assertEqual(self.back(known, match)[0],
                         f"VANISHED (EARLIER) {uids[4]}")

    def test_fetch_vanished(self):
        uids = self.fill(4)
        known = self.know()
        self.ada.ok("ENABLE QRESYNC")
        b = self.client(select=self.box)
        b.ok("STORE 2:3 +FLAGS.SILENT (\\Deleted)")
        b.ok("EXPUNGE")
        self.ada.ok("NOOP")
        b.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
        said = self.ada.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {known} "
                           "VANISHED)")
        said = [u for u in said if "FETCH" in u or "VANISHED" in u]
        self.assertIn(f"VANISHED (EARLIER) {uids[1]}:{uids[2]}", said)
        self.assertRegex(said[-1], r"^1 FETCH .*\\Seen")
        self.ada.bad(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {known} VANISHED)")
        said = self.ada.ok(f"UID FETCH {uids[2]} (FLAGS) "
                           f"(CHANGEDSINCE {known} VANISHED)")
        self.assertEqual(said, [f"VANISHED (EARLIER) {uids[2]}"])


class Forgetful(imap_talk.TestCase):
    """Tombstones that are gone: all UIDs that are missing have vanished."""

    options = ("expunge_keep = 1s", "tombstone_keep = 1s")

    def test_tombstones_are_gone(self):
        uids = self.fill(4)
        said = self.ada.ok(f"SELECT {self.box}")
        validity = re.search(r"UIDVALIDITY (\d+)", "".join(said)).group(1)
        known = modseq("".join(said))
        self.ada.ok("STORE 2:3 +FLAGS.SILENT (\\Deleted)")
        self.ada.ok("EXPUNGE")
        self.chancery.run("restart")
        self.ada = self.client()
        self.ada.ok("ENABLE QRESYNC")
        # whether it has forgotten yet or not, this is the answer
        said = self.ada.ok(
            f"SELECT {self.box} (QRESYNC ({validity} {known}))")
        self.assertIn(f"VANISHED (EARLIER) {uids[1]}:{uids[2]}", said)


if __name__ == "__main__":
    chancery.main()
