"""Ten minutes without slapd, during load. Whom rewrite knows gets mail as
ever; whom nobody asked for is put off; what was taken for somebody it no
longer knows waits in the spool, while the ring turns under the rest. Then all
of it arrives, once.

CHANCERY_OUTAGE is how many seconds it takes (600).
"""

import os
import re
import signal
import time

import chancery
import load

SECONDS = int(os.environ.get("CHANCERY_OUTAGE", "600"))
WAITING = 12  # messages that were taken for those who are forgotten
SESSIONS, PAUSE = 2, 0.5
BODY = (b"x" * 78 + b"\r\n") * 400  # what the load has: 32,000 bytes
SEGMENT = 1 << 20
RING = 8  # segments: far less than what comes in meanwhile
FORGET = 60  # addresses, more than rewrite's cache holds


class WithoutDirectory(chancery.TestCase):
    users = ("ada", "w0", "w1", "w2", "w3")
    options = (f"queue_segment_size = {SEGMENT}",
               f"queue_ring_size = {RING * SEGMENT}",
               "queue_inline_limit = 256K", "queue_spool_after = 3s",
               "minimal_backoff_time = 5s",
               "maximal_backoff_time = 20s", "rewrite_cache_size = 40")

    def rcpt(self, user):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@elsewhere.test")
            return smtp.rcpt(self.chancery.address(user))[0]

    def counters(self):
        """qmgr's, by name."""
        return {row["counter"]: row["value"]
                for row in self.chancery.json("status")["counters"]
                if row["service"] == "qmgr"}

    def ring(self):
        """Bytes of its files."""
        folder, size = self.chancery.path("spool/ring"), 0
        for name in os.listdir(folder):
            try:
                size += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                pass
        return size

    def subjects(self, user):
        imap = self.chancery.imap(user)
        try:
            imap.select("INBOX", readonly=True)
            _, data = imap.fetch("1:*",
                                 "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            return re.findall(r"Subject: (.*?)\r\n", " ".join(
                part[1].decode() for part in data if isinstance(part, tuple)))
        finally:
            imap.logout()

    def there(self):
        """How many messages ada has; logins take the directory, too."""
        return int(re.search(rb"MESSAGES (\d+)", self.imap.status(
            "INBOX", "(MESSAGES)")[1][0])[1])

    def open_transactions(self):
        """For those who are going to be forgotten: up to DATA."""
        opened = []
        for i in range(WAITING):
            smtp = self.chancery.smtp()
            self.addCleanup(smtp.close)
            smtp.ehlo()
            smtp.mail("x@elsewhere.test")
            self.assertEqual(smtp.rcpt(self.chancery.address(f"w{i % 4}"))[0],
                             250)
            opened.append(smtp)
        return opened

    def fill_cache(self):
        for i in range(FORGET):
            self.assertEqual(self.rcpt(f"nobody{i}"), 550)
        self.assertEqual(self.rcpt("ada"), 250)

    def look(self, number):
        """At what must hold at any time of the outage."""
        self.assertEqual(self.rcpt(f"fresh{number}"), 451)
        self.assertEqual(self.rcpt("w0"), 451)
        self.assertLessEqual(self.ring(), (RING + 1) * SEGMENT)
        self.assertGreaterEqual(self.counters()["messages"], WAITING)
        # what was accepted is delivered, directory or not
        accepted = len(self.sending.accepted)
        chancery.wait_until("what was accepted is there",
                            lambda: self.there() >= accepted)

    def outage(self, sending):
        """Returns how often it was looked at."""
        opened = self.open_transactions()
        self.fill_cache()
        chancery.freeze(self.pid)
        end = time.monotonic() + SECONDS
        for i, smtp in enumerate(opened):
            self.assertEqual(smtp.data(b"Subject: waits %d\r\n\r\nx\r\n" % i)
                             [0], 250)
            smtp.quit()
        chancery.wait_until(
            "all of them wait in the spool", lambda:
            self.counters()["messages_deferred"] == WAITING and
            self.counters()["spooled"] >= WAITING)
        looks, before = 0, len(sending.accepted)
        while time.monotonic() < end:
            self.look(looks)
            looks += 1
        self.assertGreater(len(sending.accepted) - before, SECONDS / 2)
        return looks

    def test_ten_minutes(self):
        self.pid = self.chancery.pid("directory")
        with load.Load(self.chancery, "ada", SESSIONS, BODY,
                       PAUSE) as sending:
            sending.wait_for(3)
            self.sending = sending
            self.imap = self.chancery.imap("ada")
            self.addCleanup(self.imap.logout)
            began = time.monotonic()
            try:
                looks = self.outage(sending)
            finally:
                os.kill(self.pid, signal.SIGCONT)
            took = time.monotonic() - began
            counters = self.counters()
        print(f"without slapd: {took:.0f} s, looked at {looks} times, "
              f"{len(sending.accepted)} messages for who was known, "
              f"ring {self.ring() >> 10} KiB, "
              f"spooled {counters['spooled']}")
        # nobody who was known noticed anything
        self.assertEqual(sending.put_off + sending.failures, [])
        self.assertEqual(sending.doubtful, set())
        if SECONDS >= 300:  # the ring was filled several times over
            self.assertGreater(len(sending.accepted) * len(BODY),
                               2 * RING * SEGMENT)
        self.all_arrives(sending)

    def all_arrives(self, sending):
        want = sorted(f"waits {i}" for i in range(WAITING))

        def waited():
            return sorted(subject for i in range(4)
                          for subject in self.subjects(f"w{i}"))
        chancery.wait_until("what waited is there",
                            lambda: len(waited()) >= WAITING)
        self.assertEqual(waited(), want)
        chancery.wait_until("all for who was known is there", lambda:
                            self.there() >= len(sending.accepted))
        numbers = [int(s.split()[1][:-1]) for s in self.subjects("ada")]
        self.assertEqual(sorted(numbers), sorted(sending.accepted))
        chancery.wait_until("the queue is empty",
                            lambda: self.counters()["messages"] == 0)
        self.assertEqual(self.rcpt("fresh0"), 550)
        self.assertEqual(self.rcpt("w0"), 250)


if __name__ == "__main__":
    chancery.main()
