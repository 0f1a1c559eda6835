"""SELECT, EXAMINE, CLOSE, UNSELECT and STATUS (RFC 3501 sections 6.3.1, 6.3.2,
6.3.10, 6.4.2; RFC 3691; RFC 5530)."""

import re

import chancery
import imap_talk


class Select(imap_talk.TestCase):

    def test_what_select_says(self):
        uids = self.fill(3)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1 +FLAGS.SILENT (\\Seen $Own)")
        self.ada.ok("UNSELECT")
        untagged, done = self.ada.do(f"SELECT {self.box}")
        self.assertTrue(done.startswith("OK [READ-WRITE]"), done)
        self.assertIn("3 EXISTS", untagged)
        self.assertIn("0 RECENT", untagged)
        text = "\n".join(untagged)
        self.assertRegex(text, r"(?m)^FLAGS \(.*\\Draft.*\$Own.*\)$")
        self.assertRegex(text, r"OK \[PERMANENTFLAGS \(.*\$Own.* \\\*\)\]")
        self.assertRegex(text, r"OK \[UNSEEN 2\]")
        self.assertRegex(text, rf"OK \[UIDNEXT {uids[-1] + 1}\]")
        self.assertRegex(text, r"OK \[UIDVALIDITY [1-9][0-9]*\]")

    def test_examine_changes_nothing(self):
        self.fill(2)
        untagged, done = self.ada.do(f"EXAMINE {self.box}")
        self.assertTrue(done.startswith("OK [READ-ONLY]"), done)
        self.assertIn("2 RECENT", untagged)
        self.assertIn("OK [PERMANENTFLAGS ()] these can be changed", untagged)
        self.ada.ok("FETCH 1:2 (BODY[])")
        self.assertTrue(self.ada.no("STORE 1 +FLAGS (\\Seen)")
                        .startswith("[READ-ONLY]"))
        self.ada.no("EXPUNGE")
        self.ada.no(f"MOVE 1 {self.box}")
        self.ada.ok("CLOSE")
        untagged = self.ada.ok(f"SELECT {self.box}")
        self.assertIn("2 RECENT", untagged)
        self.assertEqual(self.ada.search("UNSEEN"), [1, 2])

    def test_a_failed_select_leaves_nothing_selected(self):
        self.ada.ok(f"SELECT {self.box}")
        untagged, done = self.ada.do("SELECT nowhere")
        self.assertTrue(done.startswith("NO [NONEXISTENT]"), done)
        self.assertTrue(untagged[0].startswith("OK [CLOSED]"))
        self.ada.bad("SEARCH ALL")

    def test_selecting_another_says_closed(self):
        self.ada.ok("SELECT inbox")
        untagged = self.ada.ok(f"SELECT {self.box}")
        self.assertTrue(untagged[0].startswith("OK [CLOSED]"), untagged)

    def test_recent_goes_to_the_first(self):
        self.fill(2)
        self.assertIn("2 RECENT", self.ada.ok(f"SELECT {self.box}"))
        self.assertEqual(self.ada.search("RECENT"), [1, 2])
        self.assertEqual(self.ada.search("NEW"), [1, 2])
        self.assertIn("\\Recent", self.ada.ok("FETCH 1 (FLAGS)")[0])
        other = self.client()
        self.assertIn("0 RECENT", other.ok(f"SELECT {self.box}"))
        self.assertEqual(other.search("OLD"), [1, 2])

    def test_status(self):
        uids = self.fill(3)
        other = self.client(select=self.box)
        other.ok("STORE 1 +FLAGS (\\Seen)")
        self.ada.append(mailbox=self.box)
        said = self.client().ok(
            f"STATUS {self.box} (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)")
        self.assertEqual(len(said), 1)
        items = dict(re.findall(r"([A-Z]+) (\d+)", said[0].split("(")[1]))
        self.assertEqual(items["MESSAGES"], "4")
        self.assertEqual(items["RECENT"], "1")
        self.assertEqual(items["UNSEEN"], "3")
        self.assertEqual(items["UIDNEXT"], str(uids[-1] + 2))
        self.assertTrue(self.ada.no("STATUS nowhere (MESSAGES)")
                        .startswith("[NONEXISTENT]"))
        self.ada.bad(f"STATUS {self.box} ()")

    def test_uids_do_not_come_back(self):
        uids = self.fill(2)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        self.ada.ok("CLOSE")
        self.assertGreater(self.ada.append(mailbox=self.box), uids[-1])

    def test_unselect_needs_a_mailbox(self):
        self.ada.bad("UNSELECT")
        self.ada.bad("CLOSE")
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("UNSELECT")
        self.ada.bad("CHECK")


if __name__ == "__main__":
    chancery.main()
