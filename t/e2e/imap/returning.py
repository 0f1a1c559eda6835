"""A session that comes back to a mailbox it left (SELECT or EXAMINE again, RFC
3501 section 6.3.1) is told what a new one would be, whatever it and others did
meanwhile: messages, flags, keywords, which are recent, what changed."""

import os
import random
import re

import chancery
import imap_talk

SEED = int(os.environ.get("CHANCERY_SEED", "0")) or random.randrange(1 << 30)
STEPS = 120
WORDS = ("\\Seen", "\\Deleted", "\\Flagged", "$k1", "$k2", "$k3")
KEYS = ("UNSEEN", "DELETED", "NOT FLAGGED", "KEYWORD $k2", "OR SEEN 2:4",
        "UNKEYWORD $k1 2:*", "OR (UID 3:9 SEEN) SMALLER 100")


class Returning(imap_talk.TestCase):

    def count(self, untagged, word):
        return next(int(said.split()[0]) for said in untagged
                    if said.endswith(f" {word}"))

    def look(self, client, opened):
        """All that a client sees, but \\Recent."""
        said = {re.sub(r"\].*", "]", line) for line in opened
                if not line.endswith("RECENT") and "CLOSED" not in line and
                "PERMANENTFLAGS" not in line}
        rows = [re.sub(r" ?\\Recent", "", line).replace("( ", "(")
                for line in client.ok("FETCH 1:* (UID FLAGS MODSEQ)")
                if " FETCH " in line] \
            if self.count(opened, "EXISTS") else []
        return said, rows, [client.search(keys) for keys in KEYS]

    def change(self, client, box, rng):
        """Something that somebody does, who selects it for that."""
        opened = client.ok(f"SELECT {box}")
        count = self.count(opened, "EXISTS")
        act = rng.choice(("append", "append", "flag", "flag", "unflag",
                          "expunge", "copy"))
        if act == "append":
            client.append(mailbox=box)
        elif count == 0:
            return
        elif act == "expunge":
            client.ok(f"STORE {rng.randint(1, count)} +FLAGS (\\Deleted)")
            client.ok("EXPUNGE")
        elif act == "copy":
            client.ok(f"COPY {rng.randint(1, count)} {box}")
        else:
            first = rng.randint(1, count)
            client.ok(f"STORE {first}:{min(count, first + 3)} "
                      f"{'+' if act == 'flag' else '-'}FLAGS "
                      f"({rng.choice(WORDS)})")

    def check(self, client, box, rng):
        """Come back; a fresh session stands beside."""
        fresh = self.client()
        opened = fresh.ok(f"EXAMINE {box}")
        seen = self.look(fresh, opened)
        verb = rng.choice(("SELECT", "EXAMINE"))
        again = client.ok(f"{verb} {box}")
        self.assertEqual(self.count(again, "RECENT"),
                         self.count(opened, "RECENT"))
        self.assertEqual(client.search("RECENT"), fresh.search("RECENT"))
        self.assertEqual(self.look(client, again), seen)
        fresh.close()

    def test_it_sees_what_is_there(self):
        rng = random.Random(SEED)
        boxes = [self.box, f"{self.box}-2", f"{self.box}-3"]
        for box in boxes[1:]:
            self.ada.ok(f"CREATE {box}")
        for box in boxes:
            self.ada.append(mailbox=box)
        clients = [self.client() for _ in range(2)]
        for step in range(STEPS):
            try:
                client, box = rng.choice(clients), rng.choice(boxes)
                if rng.random() < 0.5:
                    self.change(client, box, rng)
                else:
                    self.check(client, box, rng)
                if rng.random() < 0.2:
                    client.do(rng.choice(("CLOSE", "UNSELECT")))
            except BaseException:
                print(f"CHANCERY_SEED={SEED}, step {step}")
                raise

    def test_a_saved_result_does_not_come_back(self):
        self.fill(3)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("SEARCH RETURN (SAVE) 2")
        self.assertEqual(self.ada.search("$"), [2])
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.ada.search("$"), [])

    def test_expunges_nobody_was_told_of_are_not_told_later(self):
        uids = self.fill(4)
        self.ada.ok(f"SELECT {self.box}")
        other = self.client(select=self.box)
        other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        other.ok("EXPUNGE")
        self.ada.ok("FETCH 1 (FLAGS)")  # sees it, and must not say so
        opened = self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.count(opened, "EXISTS"), 3)
        self.assertEqual(self.ada.search("ALL", uid=True),
                         [uids[0], uids[2], uids[3]])
        self.assertEqual(self.ada.ok("NOOP"), [])

    def test_another_mailbox_of_its_name_is_another(self):
        self.fill(3)
        opened = self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("UNSELECT")
        other = self.client()
        other.ok(f"DELETE {self.box}")
        self.ada.no(f"SELECT {self.box}")
        other.ok(f"CREATE {self.box}")
        again = self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.count(again, "EXISTS"), 0)
        self.assertNotEqual([u for u in opened if "UIDVALIDITY" in u],
                            [u for u in again if "UIDVALIDITY" in u])

    def test_what_one_appends_is_recent_to_oneself(self):
        other = self.client(select=self.box)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.append(mailbox=self.box)
        self.assertEqual(self.ada.search("RECENT"), [1])
        self.assertIn("1 EXISTS", other.ok("NOOP"))
        self.assertEqual(other.search("RECENT"), [])
        self.client().append(mailbox=self.box)
        self.ada.append(mailbox=self.box)
        self.assertEqual(self.ada.search("RECENT"), [1, 2, 3])
        other.append(mailbox=self.box)
        self.assertEqual(other.search("RECENT"), [4])
        self.ada.ok("NOOP")
        self.assertEqual(self.ada.search("RECENT"), [1, 2, 3])
        self.assertEqual(self.client(select=self.box).search("RECENT"), [])

    def test_what_comes_later_is_recent(self):
        self.fill(1)
        self.ada.ok(f"SELECT {self.box}")
        self.assertIn("0 RECENT", self.ada.ok(f"SELECT {self.box}"))
        self.client().append(mailbox=self.box)
        self.assertIn("1 RECENT", self.ada.ok("NOOP"))
        self.assertEqual(self.ada.search("RECENT"), [2])
        self.assertIn("0 RECENT", self.ada.ok(f"SELECT {self.box}"))


if __name__ == "__main__":
    chancery.main()
