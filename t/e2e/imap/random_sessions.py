"""Several sessions do random things to one mailbox. Each keeps, as RFC 3501
section 5.5 lets a client do, a list of UIDs by sequence number from nothing but
EXISTS, EXPUNGE (or VANISHED) and what it fetched; the server's idea must never
differ. Some lose their connection at any time, and come back with QRESYNC (RFC
7162) and what they knew."""

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

    def do(self, command, may_expunge=True, *literal):
        untagged, done = self.client.do(command, *literal, plus=True)
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


class Returner(Model):
    """Enables QRESYNC, and keeps what section 6 of RFC 7162 says to keep."""

    def __init__(self, test, client):
        super().__init__(test, client)
        self.modseq = 0
        self.known = {}  # flags by UID, kept while away
        self.enable()

    def enable(self):
        self.client.ok("ENABLE QRESYNC")

    def hear(self, untagged, may_expunge):
        """VANISHED needs all UIDs, which this one always knows."""
        for said in untagged:
            told = re.search(r"\[HIGHESTMODSEQ (\d+)\]", said)
            if said.startswith("VANISHED (EARLIER) "):
                for uid in self.expand(said.split()[2]):
                    self.known.pop(uid, None)
            elif said.startswith("VANISHED "):
                self.test.assertTrue(may_expunge, said)
                for uid in self.expand(said.split()[1]):
                    self.forget(uid)
                    self.known.pop(uid, None)
            elif " FETCH " in said:
                self.hear_fetch(int(said.split()[0]), said)
                uid = int(re.search(r"UID (\d+)", said).group(1))
                if uid in self.flags:
                    self.known[uid] = self.flags[uid]
                found = re.search(r"MODSEQ \((\d+)\)", said)
                if found:
                    self.seen = max(self.seen, int(found.group(1)))
            elif told:
                self.code = int(told.group(1))
            else:
                super().hear([said], may_expunge)

    def forget(self, uid):
        """Also one that came and went before it could be fetched: UIDs
        ascend, so it is behind those that are less and before the others."""
        if uid in self.uids:
            self.uids.remove(uid)
            return
        less = [i for i, n in enumerate(self.uids) if n and n < uid]
        at = max(less, default=-1) + 1
        self.test.assertLess(at, len(self.uids), (uid, self.uids))
        self.test.assertIsNone(self.uids[at], (uid, self.uids))
        del self.uids[at]

    @staticmethod
    def expand(runs):
        for run in runs.split(","):
            first, _, last = run.partition(":")
            yield from range(int(first), int(last or first) + 1)

    def do_alone(self, command, may_expunge=True, *literal):
        """Section 6: a code counts, even where a MODSEQ was higher."""
        self.seen, self.code = self.modseq, None
        untagged, done = self.client.do(command, *literal, plus=True)
        self.hear(untagged + [done], may_expunge)
        self.test.assertFalse(done.startswith("BAD"), (command, done))
        self.modseq = self.seen if self.code is None else self.code
        return untagged

    def unknown(self):
        """The first whose flags nobody told: of some only MODSEQ was."""
        return next((i for i, uid in enumerate(self.uids, 1)
                     if uid not in self.known), None)

    def do(self, command, may_expunge=True, *literal):
        untagged = self.do_alone(command, may_expunge, *literal)
        # what came is fetched at once, and what is told of by that; those
        # that are gone already stay unknown until VANISHED
        for _ in range(2):
            if first := self.unknown():
                self.do_alone(f"FETCH {first}:* (UID FLAGS MODSEQ)", False)
        return untagged

    def select(self, box):
        self.uids = []
        said = self.client.ok(f"SELECT {box}")
        self.validity = re.search(r"UIDVALIDITY (\d+)",
                                  "".join(said)).group(1)
        self.seen, self.code = 0, None
        self.hear(said, False)
        highest = self.code
        if self.uids:
            self.do("FETCH 1:* (UID FLAGS MODSEQ)", False)
        self.modseq = max(self.modseq, highest)

    def come_back(self, client, box):
        """The connection is gone: no good bye, and what was known counts."""
        self.client.close()
        self.client = client
        self.enable()
        self.uids, self.flags = [], {}
        parameter = f"{self.validity} {self.modseq}"
        if self.known:
            parameter += f" {min(self.known)}:{max(self.known)}"
        said = client.ok(f"SELECT {box} (QRESYNC ({parameter}))")
        self.seen, self.code = 0, None
        exists = [u for u in said if u.endswith("EXISTS")]
        self.hear(exists, False)
        self.hear([u for u in said if u not in exists], False)
        self.modseq = self.code


class RandomSessions(imap_talk.TestCase):

    def step(self, model, rng):
        act = rng.choice(("append", "append", "flag", "unflag", "silent",
                          "delete", "expunge", "noop", "fetch", "uidfetch",
                          "search", "copy", "move"))
        numbers = model.numbers(rng)
        if isinstance(model, Returner) and rng.random() < 0.1:
            model.come_back(self.client(), self.box)
            self.check_return(model)
            return
        if act == "append":
            model.do(f"APPEND {self.box} ", True,
                     b"Subject: r\r\n\r\nx\r\n")
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

    def check_return(self, model):
        """What it kept while away and what it was told is what there is."""
        client = self.client()
        truth = Model(self, client)
        truth.hear(client.ok(f"EXAMINE {self.box}"), False)
        if truth.uids:
            truth.do("FETCH 1:* (UID FLAGS)")
        client.close()
        kept = {uid: flags for uid, flags in model.known.items()}
        fresh = [uid for uid in truth.uids if uid not in kept]
        self.assertEqual(fresh, sorted(fresh))
        self.assertEqual({uid: kept[uid] for uid in kept},
                         {uid: truth.flags[uid] for uid in truth.uids
                          if uid in kept})
        # those that are new have higher UIDs than it knew
        if fresh and kept:
            self.assertGreater(min(fresh), max(kept))
        model.do("FETCH 1:* (UID FLAGS MODSEQ)" if truth.uids else "NOOP",
                 False)

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
        for n in range(SESSIONS):
            client = self.client()
            if n % 2:
                models.append(Returner(self, client))
                models[-1].select(self.box)
                continue
            models.append(Model(self, client))
            models[-1].hear(client.ok(f"SELECT {self.box}"), False)
        for step in range(STEPS):
            try:
                self.step(rng.choice(models), rng)
                if step % 50 == 49:
                    client = self.client()
                    truth = Model(self, client)
                    truth.hear(client.ok(f"EXAMINE {self.box}"), False)
                    truth.do("FETCH 1:* (UID FLAGS)")
                    client.close()
                    for model in models:
                        self.compare(model, truth)
            except BaseException:
                print(f"CHANCERY_SEED={SEED}, step {step}")
                raise


if __name__ == "__main__":
    chancery.main()
