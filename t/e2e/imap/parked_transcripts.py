"""Random transcripts of two sessions, run twice: on an instance where every
silence parks the session, and on one where none does. Each answer must be the
same, byte for byte; RECENT too, and with QRESYNC the mod-sequences.

While a session idles, when it is told what is a matter of luck (two changes
may come as one), so there the two clients' knowledge is compared at its end.
"""

import os
import random
import re
import unittest

import chancery
import imap_talk

SEED = int(os.environ.get("CHANCERY_SEED", "0")) or random.randrange(1 << 30)
STEPS = 60
ROUNDS = 4

WORDS = ("\\Seen", "\\Flagged", "\\Answered", "$k1", "$k2")


def masked(said):
    """Without what two instances need not have in common."""
    return [re.sub(r"(UIDVALIDITY|APPENDUID|COPYUID) \d+", r"\1 V", s)
            for s in said]


class Known:
    """What a client knows of its mailbox, from what it was told."""

    def __init__(self):
        self.uids, self.flags = [], {}

    def hear(self, untagged):
        for said in untagged:
            number, _, rest = said.partition(" ")
            if rest == "EXISTS":
                self.uids += [None] * (int(number) - len(self.uids))
            elif rest == "EXPUNGE":
                del self.uids[int(number) - 1]
            elif said.startswith("VANISHED"):
                for run in said.split()[-1].split(","):
                    first, _, last = run.partition(":")
                    for uid in range(int(first), int(last or first) + 1):
                        if uid in self.uids:
                            self.uids.remove(uid)
            elif rest.startswith("FETCH"):
                uid = re.search(r"UID (\d+)", rest)
                flags = re.search(r"FLAGS \(([^)]*)\)", rest)
                if uid:
                    self.uids[int(number) - 1] = int(uid.group(1))
                if uid and flags:
                    self.flags[int(uid.group(1))] = (
                        set(flags.group(1).split()) - {"\\Recent"})


class Side:
    """One instance, and its two sessions."""

    def __init__(self, test, instance, parks, service, box, qresync):
        self.test, self.instance, self.parks = test, instance, parks
        self.box = box
        self.clients = [imap_talk.Client(instance, "ada", service)
                        for _ in range(2)]
        self.known = [Known(), Known()]
        self.idling = [False, False]
        self.clients[0].ok(f"CREATE {box}")
        self.clients[0].ok(f"CREATE {box}-2")
        for which, client in enumerate(self.clients):
            if qresync:
                client.ok("ENABLE QRESYNC")
            self.known[which].hear(client.ok(f"SELECT {box}"))
        self.rest()

    def counter(self, name):
        for row in self.instance.json("status")["counters"]:
            if (row["service"], row["counter"]) == ("front", name):
                return row["value"]
        return None

    def rest(self):
        """Until both sessions sleep, where they do."""
        if self.parks:
            chancery.wait_until("both are parked",
                                lambda: self.counter("parked") == 2)

    def do(self, which, command, literal=None):
        parts = (command,) if literal is None else (command, literal)
        untagged, done = self.clients[which].do(*parts, plus=True)
        self.known[which].hear(untagged)
        self.rest()
        return masked(untagged + [done])

    def idle(self, which):
        client = self.clients[which]
        client.send("i IDLE")
        said = client.response()
        untagged = []
        while not said.startswith("+ "):
            untagged.append(said[2:])
            said = client.response()
        self.known[which].hear(untagged)
        self.idling[which] = True
        self.rest()

    def done(self, which):
        client = self.clients[which]
        client.send("DONE")
        untagged, done = client.end("i")
        self.test.assertTrue(done.startswith("OK"), done)
        self.known[which].hear(untagged)
        self.idling[which] = False
        self.rest()

    def close(self):
        for client in self.clients:
            client.close()
        if self.parks:
            chancery.wait_until("both are gone",
                                lambda: self.counter("parked") == 0)


class ParkedTranscripts(unittest.TestCase):
    service = "imap"
    qresync = False
    idles = False

    @classmethod
    def setUpClass(cls):
        cls.instances = []
        for after in ("0", "1h"):
            instance = chancery.Instance(
                users=("ada",), options=(f"imap_park_after = {after}",))
            cls.instances.append(instance)
            instance.start()

    @classmethod
    def tearDownClass(cls):
        logs = [instance.log() for instance in cls.instances]
        for instance in cls.instances:
            instance.remove()
        for log in logs:
            bad = [line for line in log.split("\n")
                   if re.search(chancery.TROUBLE, line)]
            if bad:
                raise AssertionError("\n".join(bad[:20]))

    def command(self, rng, known):
        """A command for a client that knows so many messages."""
        count = len(known.uids)
        word = rng.choice(WORDS)
        some = ""
        if count > 0:
            some = ",".join(map(str, sorted(rng.sample(
                range(1, count + 1), rng.randint(1, min(count, 4))))))
        plain = ("NOOP", "EXPUNGE", "SEARCH UNDELETED", "CHECK",
                 f"STATUS {self.box}-2 (MESSAGES UIDNEXT)", "CAPABILITY",
                 f"SELECT {self.box}", f"EXAMINE {self.box}", "CLOSE")
        with_some = (f"FETCH {some} (UID FLAGS)", f"FETCH {some} (FLAGS)",
                     "UID FETCH 1:* (FLAGS)", f"FETCH {some} BODY[TEXT]",
                     f"STORE {some} +FLAGS ({word})",
                     f"STORE {some} -FLAGS ({word})",
                     f"STORE {some} FLAGS.SILENT ({word})",
                     f"STORE {some} +FLAGS (\\Deleted)",
                     f"STORE {some} +FLAGS.SILENT (\\Deleted)",
                     f"MOVE {some} {self.box}-2", f"SEARCH {some} SEEN",
                     f"COPY {some} {self.box}",
                     f"SEARCH RETURN (SAVE) {some}", "FETCH $ (UID)",
                     "SEARCH RETURN (SAVE COUNT) FLAGGED",
                     f"STORE $ +FLAGS ({word})")
        if rng.random() < 0.3 or count == 0:
            return rng.choice(plain[:6] if rng.random() < 0.9 else plain)
        return rng.choice(with_some)

    def step(self, sides, rng):
        which = rng.randrange(2)
        if sides[0].idling[which]:
            if rng.random() < 0.5:
                for side in sides:
                    side.done(which)
                self.know_all(sides, which)
                return "DONE"
            which = 1 - which
            if sides[0].idling[which]:
                return ""
        if self.idles and rng.random() < 0.15:
            for side in sides:
                side.idle(which)
            return "IDLE"
        if rng.random() < 0.25:
            command, literal = f"APPEND {self.box} ", b"Subject: r\r\n\r\nx"
        else:
            command = self.command(rng, sides[0].known[which])
            literal = None
        said = [side.do(which, command, literal) for side in sides]
        if command == "CLOSE":
            said = [side.do(which, f"SELECT {self.box}") for side in sides]
        if command.split()[0] in ("SELECT", "EXAMINE", "CLOSE"):
            for side in sides:
                exists = len(side.known[which].uids)
                side.known[which] = Known()
                side.known[which].uids = [None] * exists
                side.do(which, "FETCH 1:* (UID)")
        if self.idles:  # who is told of RECENT was a race
            said = [[re.sub(r"\\Recent ?| ?\\Recent", "", line)
                     for line in side if not line.endswith(" RECENT")]
                    for side in said]
        self.assertEqual(said[0], said[1], command)
        return command

    def know_all(self, sides, which):
        """After IDLE both clients know the same."""
        one, two = (side.known[which] for side in sides)
        self.assertEqual(len(one.uids), len(two.uids))
        for side in sides:
            side.do(which, "FETCH 1:* (UID FLAGS)")
        self.assertEqual(one.uids, two.uids)
        self.assertEqual(one.flags, two.flags)

    def test_parked_at_every_point(self):
        for turn in range(ROUNDS):
            rng = random.Random(SEED + turn)
            self.box = f"box{turn}"
            sides = [Side(self, instance, i == 0, self.service, self.box,
                          self.qresync)
                     for i, instance in enumerate(self.instances)]
            done = []
            for _ in range(STEPS):
                with self.subTest(seed=SEED, turn=turn, after=done[-5:]):
                    done.append(self.step(sides, rng))
            for side in sides:
                side.close()
        self.assertGreater(sides[0].counter("wakes"), ROUNDS * STEPS // 2)
        self.assertEqual(sides[1].counter("wakes"), 0)


class WithQresync(ParkedTranscripts):
    qresync = True


class WithIdle(ParkedTranscripts):
    idles = True


class WithIdleAndTls(ParkedTranscripts):
    idles = True
    qresync = True
    service = "imaps"


if __name__ == "__main__":
    chancery.main()
