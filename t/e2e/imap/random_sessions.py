"""Several sessions do random things to one mailbox. Each keeps, as RFC 3501
section 5.5 lets a client do, a list of UIDs by sequence number from nothing but
EXISTS, EXPUNGE and what it fetched; the server's idea must never differ."""

import os
import random
import re

import chancery
import imap_talk

SEED = int(os.environ.get("CHANCERY_SEED", "0")) or random.randrange(1 << 30)
STEPS = 500
SESSIONS = 4


class Model:
    """One session and what it believes."""

    def __init__(self, test, client):
        self.test, self.client = test, client
        self.uids = []  # None where not fetched yet
        self.flags = {}  # by UID, as told

    def hear(self, untagged, may_expunge):
        for said in untagged:
            number, _, rest = said.partition(" ")
            if rest.startswith("EXISTS"):
                self.test.assertGreaterEqual(int(number), len(self.uids))
                self.uids += [None] * (int(number) - len(self.uids))
            elif rest.startswith("EXPUNGE"):
                self.test.assertTrue(may_expunge, said)
                self.test.assertLessEqual(int(number), len(self.uids))
                del self.uids[int(number) - 1]
            elif rest.startswith("FETCH"):
                self.hear_fetch(int(number), rest)

    def hear_fetch(self, number, rest):
        self.test.assertLessEqual(number, len(self.uids))
        uid = re.search(r"UID (\d+)", rest)
        if uid:
            uid = int(uid.group(1))
            self.test.assertIn(self.uids[number - 1], (None, uid), rest)
            self.uids[number - 1] = uid
        flags = re.search(r"FLAGS \(([^)]*)\)", rest)
        if flags and uid:
            self.flags[uid] = set(flags.group(1).split()) - {"\\Recent"}

    def do(self, command, may_expunge=True):
        untagged, done = self.client.do(command)
        self.hear(untagged, may_expunge)
        self.test.assertFalse(done.startswith("BAD"), (command, done))
        return untagged

    def numbers(self, rng):
        count = len(self.uids)
        if count == 0:
            return None
        picked = sorted(rng.sample(range(1, count + 1),
                                   rng.randint(1, min(count, 5))))
        return ",".join(map(str, picked))


class RandomSessions(imap_talk.TestCase):

    def step(self, model, rng):
        act = rng.choice(("append", "append", "flag", "unflag", "silent",
                          "delete", "expunge", "noop", "fetch", "uidfetch",
                          "search", "copy", "move"))
        numbers = model.numbers(rng)
        if act == "append":
            model.client.begin(f"APPEND {self.box} ",
                               b"Subject: r\r\n\r\nx\r\n", plus=True)
            untagged, done = model.client.end(f"t{model.client.count}")
            model.hear(untagged, True)
        elif act == "noop":
            model.do("NOOP")
        elif act == "expunge":
            model.do("EXPUNGE")
        elif act == "search":
            model.do("SEARCH UNDELETED", may_expunge=False)
        elif numbers is None:
            return
        elif act == "fetch":
            model.do(f"FETCH {numbers} (UID FLAGS)", may_expunge=False)
        elif act == "uidfetch":
            model.do("UID FETCH 1:* (FLAGS)")
        elif act == "copy":
            if len(model.uids) < 60:
                model.do(f"COPY {numbers} {self.box}")
        elif act == "move":
            model.do(f"MOVE {numbers} {self.box}-2")
        elif act == "delete":
            model.do(f"STORE {numbers} +FLAGS (\\Deleted)", False)
        else:
            order = {"flag": "+FLAGS", "unflag": "-FLAGS",
                     "silent": "FLAGS"}[act]
            word = rng.choice(("\\Seen", "\\Flagged", "$k1", "$k2"))
            model.do(f"STORE {numbers} {order} ({word})", False)

    def compare(self, model, truth):
        """After NOOP a session knows what a fresh one would."""
        model.do("NOOP")
        model.do("FETCH 1:* (UID)", may_expunge=False)
        self.assertEqual(model.uids, truth.uids)
        for uid in model.uids:
            if uid in model.flags:
                self.assertEqual(model.flags[uid], truth.flags[uid], uid)

    def test_all_agree(self):
        rng = random.Random(SEED)
        self.ada.ok(f"CREATE {self.box}-2")
        models = []
        for _ in range(SESSIONS):
            client = self.client()
            models.append(Model(self, client))
            models[-1].hear(client.ok(f"SELECT {self.box}"), False)
        for step in range(STEPS):
            with self.subTest(seed=SEED, step=step):
                self.step(rng.choice(models), rng)
                if step % 50 == 49:
                    client = self.client()
                    truth = Model(self, client)
                    truth.hear(client.ok(f"EXAMINE {self.box}"), False)
                    truth.do("FETCH 1:* (UID FLAGS)")
                    client.close()
                    for model in models:
                        self.compare(model, truth)


if __name__ == "__main__":
    chancery.main()
