"""Sorting against an adversary (McIlroy, "A Killer Adversary for Quicksort",
1999; Crosby and Wallach on hash tables, USENIX Security 2003): mailboxes whose
keys are made for it.

All keys equal, organ pipes, falling keys, one long chain of references: SORT by
each key, THREAD by both ways, SEARCH and STATUS take time n log n of the
messages at most, measured as the CPU time of the session at four sizes."""

import math

import attack
import imap_talk

SIZES = (500, 1000, 2000, 4000)
SLOPE = 1.1
TRIES = 12
COMMANDS = tuple(f"SORT ({key}) UTF-8 ALL" for key in (
    "SUBJECT", "FROM", "TO", "CC", "DATE", "ARRIVAL", "SIZE",
    "REVERSE SUBJECT REVERSE DATE FROM")) + (
        "THREAD REFERENCES UTF-8 ALL", "THREAD ORDEREDSUBJECT UTF-8 ALL",
        "SEARCH SUBJECT nothing FROM nobody",
        "FETCH 1:* (FLAGS ENVELOPE)", "FETCH 1:* (UID BODYSTRUCTURE)")


def equal(_):
    return b"same", b"<root@y.test>", 0


def organ_pipe(i):
    half = SIZES[-1] // 2
    return b"Re: " * (i % 7) + b"%06d" % min(i, 2 * half - i), b"", i % 50


def falling(i):
    return b"%06d" % (SIZES[-1] - i), b"<%d@y.test>" % (i + 1), 59 - i % 60


def chain(i):
    return b"Re: chain", b" ".join(b"<%d@y.test>" % j for j in range(
        max(0, i - 20), i)), 0


class Sorting(attack.TestCase):
    users = ("ada",)
    options = ("imap_park_after = 1h",)  # its process is looked at

    def setUp(self):
        self.imap = imap_talk.Client(self.chancery, "ada")
        self.addCleanup(self.imap.close)

    def fill(self, name, shape):
        """Mailboxes NAME.500 ... of the first so many messages."""
        largest = f"{name}.{SIZES[-1]}"
        self.imap.ok(f"CREATE {largest}")
        tags = []
        for i in range(SIZES[-1]):
            subject, references, second = shape(i)
            message = (b"From: %d@y.test\r\nTo: x@y.test\r\nCc: c@y.test\r\n"
                       b"Date: Sun, 1 Nov 2026 10:00:%02d +0000\r\nMessage-ID:"
                       b" <%d@y.test>\r\nReferences: %s\r\nSubject: %s\r\n\r\n"
                       b"x\r\n" % (i % 9, second, i, references, subject))
            tags.append(self.imap.begin(f"APPEND {largest} ", message,
                                        plus=True))
            if len(tags) == 200:
                for tag in tags:
                    self.imap.end(tag)
                tags = []
        self.imap.ok(f"SELECT {largest}")
        for size in SIZES[:-1]:
            self.imap.ok(f"CREATE {name}.{size}")
            self.imap.ok(f"COPY 1:{size} {name}.{size}")

    def session(self):
        """The process that serves us: the only one with a mailbox open."""
        def alone():
            found = [pid for service in ("imap", "imaps") for pid in
                     attack.children(self.chancery.pid(service))[1:]]
            return found if len(found) == 1 else None
        return attack.wait_until("the others have ended", alone)[0]

    @staticmethod
    def sleeps(pid):
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "S"

    def cpu(self, pid):
        """ns; what runs is counted when it stops running."""
        attack.wait_until("it waits for us", lambda: self.sleeps(pid))
        with open(f"/proc/{pid}/schedstat") as stat:
            return int(stat.read().split()[0])

    def slope(self, name, command, least):
        for size in SIZES:
            for _ in range(3):
                # anew, for answers are remembered with what is selected
                self.imap.ok(f"SELECT {name}.{size}")
                pid = self.session()
                before = self.cpu(pid)
                self.imap.ok(command)
                took = (self.cpu(pid) - before) / math.log2(size)
                least[size] = min(least.get(size, took), took)
        xs = [math.log(size) for size in SIZES]
        ys = [math.log(least[size]) for size in SIZES]
        x, y = sum(xs) / len(xs), sum(ys) / len(ys)
        return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum(
            (a - x) ** 2 for a in xs)

    def attack(self, shape):
        name = shape.__name__
        self.fill(name, shape)
        steepest = (-1, "")
        for command in COMMANDS:
            self.count()
            least = {}
            for _ in range(TRIES):
                slope = self.slope(name, command, least)
                if slope <= SLOPE:
                    break
            self.assertLessEqual(slope, SLOPE, (name, command, least))
            steepest = max(steepest, (slope, command))
        self.saw(f"{name}: steepest {steepest[0]:.2f}, over log n "
                 f"({steepest[1]})")

    def test_equal(self):
        self.attack(equal)

    def test_organ_pipe(self):
        self.attack(organ_pipe)

    def test_falling(self):
        self.attack(falling)

    def test_chain(self):
        self.attack(chain)


if __name__ == "__main__":
    attack.main()
