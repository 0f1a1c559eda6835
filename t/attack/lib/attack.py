"""What the classes of attack share: an instance, what its daemons cost, and
connections that speak raw bytes.

    class Smuggling(attack.TestCase):
        def test_...(self):
            self.count(len(variants))
            ...
            self.saw("so many milliseconds")
"""

import glob
import os
import re
import socket

import chancery
import imap_talk
from chancery import PATIENCE, main, read_all, wait_until  # for classes

TLS = ("submissions", "imaps", "pop3s")
TICKS = os.sysconf("SC_CLK_TCK")


def children(pid):
    """pid and all its descendants."""
    found = [pid]
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path) as f:
                for child in f.read().split():
                    found += children(int(child))
        except OSError:
            pass  # it ended meanwhile
    return found


def cpu(pids):
    """Seconds of user and system time these processes (and their ended
    children) have used."""
    ticks = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as f:
                words = f.read().rsplit(")", 1)[1].split()
            ticks += sum(int(word) for word in words[11:15])
        except OSError:
            pass
    return ticks / TICKS


def memory(pid):
    """KiB a process has of its own, what it shares counted in part; as an
    ordinary user, who may not look, its anonymous memory."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M)[1])
    except OSError:
        try:
            with open(f"/proc/{pid}/status") as f:
                found = re.search(r"RssAnon:\s+(\d+)", f.read())
        except OSError:
            found = None
        return int(found[1]) if found else 0  # it has ended


class TestCase(chancery.TestCase):
    """Tells what was tried and seen: lines that t/attack/run shows."""

    tried = 0

    @classmethod
    def count(cls, number=1):
        cls.tried += number

    @classmethod
    def tearDownClass(cls):
        if cls.tried:
            cls.saw(f"{cls.__name__}: {cls.tried} attempts")
        super().tearDownClass()

    @staticmethod
    def saw(text):
        print("\nsaw: " + text, flush=True)

    def connect(self, service, source=None):
        sock = socket.create_connection(
            (self.chancery.host, self.chancery.port(service)),
            timeout=PATIENCE,
            source_address=(source, 0) if source else None)
        if service in TLS:
            sock = self.chancery.tls().wrap_socket(sock)
        return sock

    def everybody(self):
        """Pids of all daemons, workers too."""
        return children(self.chancery.master_pid())

    def cost(self, act):
        """(what act returned, seconds of CPU all daemons spent on it)."""
        before = cpu(self.everybody())
        result = act()
        return result, cpu(self.everybody()) - before

    def least_cost(self, act, enough):
        """As cost(), of three tries at most: below enough no more are made.
        A busy machine's caches make it more, now and then."""
        result, least = self.cost(act)
        for _ in range(2):
            if least < enough:
                break
            result, spent = self.cost(act)
            least = min(least, spent)
        return result, least

    def is_served(self):
        """Somebody honest can send and read, on every port."""
        self.send("x@y.test", ["ada"], "Subject: honest\r\n\r\nx\r\n")
        for service in ("imap", "imaps"):
            self.chancery.imap("ada", service).logout()
        for service in ("pop3", "pop3s"):
            self.chancery.pop3("ada", service).quit()
        for service in ("submission", "submissions"):
            self.chancery.smtp(service, "ada").quit()


class BombCase(TestCase):
    """Messages made to cost more than their size: each comes by SMTP and by
    APPEND, is looked at in every way a client can, and may cost at most
    FACTOR times what an ordinary message of its size does, and SLACK s."""

    users = ("ada", "bob")
    options = ("message_size_limit = 20M",)
    FACTOR, SLACK = 6, 2
    LOOKS = ("FETCH 1 (ENVELOPE)", "FETCH 1 (BODYSTRUCTURE)", "FETCH 1 (BODY)",
             "FETCH 1 (BODY.PEEK[1.MIME] BODY.PEEK[1])",
             "FETCH 1 (BODY.PEEK[HEADER.FIELDS (TO CC SUBJECT)])",
             "FETCH 1 (BINARY.SIZE[1])",
             "SEARCH TEXT nowhere-to-be-found", "SEARCH BODY nowhere",
             "SEARCH TO nobody SUBJECT nothing",
             "SORT (FROM TO CC SUBJECT DATE) UTF-8 ALL",
             "THREAD REFERENCES UTF-8 ALL", "COPY 1 INBOX")

    def setUp(self):
        self.imap = imap_talk.Client(self.chancery, "ada")
        self.addCleanup(self.imap.close)

    def look(self):
        for command in self.LOOKS:
            done = self.imap.do(command)[1]
            self.assertRegex(done, "^(OK|NO)", command)

    def handle(self, message):
        """Both ways in, and all the looks."""
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@y.test")
            smtp.rcpt("bob@example.test")
            code, text = smtp.data(message)
            self.assertIn(code // 100, (2, 5), text)
        self.imap.append(message, "Bomb")
        self.imap.ok("SELECT Bomb")
        self.look()
        return code

    def price(self, message):
        """CPU seconds that all of it took; the message is gone again."""
        self.imap.ok("CREATE Bomb")
        code, spent = self.cost(lambda: self.handle(message))
        self.imap.ok("CLOSE")
        self.imap.ok("DELETE Bomb")
        return code, spent

    @staticmethod
    def ordinary(size):
        line = b"An ordinary line of text, as people write.\r\n"
        return (b"From: a@b.test\r\nTo: bob@example.test\r\nSubject: o\r\n"
                b"\r\n" + line * (size // len(line)))

    def explode(self, bombs):
        """bombs: {name: bytes}. None may be out of proportion."""
        dearest = (0, "")
        for name, message in bombs.items():
            self.count()
            _, plain = self.price(self.ordinary(len(message)))
            code, spent = self.price(message)
            most = plain * self.FACTOR + self.SLACK
            for _ in range(2):  # a busy machine's caches
                if spent < most:
                    break
                spent = min(spent, self.price(message)[1])
            self.assertLess(spent, most, (name, len(message), plain))
            dearest = max(dearest, (spent, f"{name}, {len(message)} bytes, "
                                    f"SMTP {code}, an ordinary message of "
                                    f"that size {plain:.2f} s"))
        self.saw(f"dearest: {dearest[0]:.2f} s of CPU in all daemons for "
                 f"{dearest[1]}")
        self.is_served()
