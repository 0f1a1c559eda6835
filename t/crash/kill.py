"""kill -9 of every daemon in turn while messages come in.

Each message answered 250 must be in its mailbox exactly once, those without
an answer once or not at all, with no hand moved; after master itself was
killed, a plain start is all it takes. A kill counts as hitting an open
transaction when some sender was between MAIL FROM and the answer to its final
dot at that moment.

CHANCERY_KILL_MESSAGES (5000) and CHANCERY_KILLS (20, at least that many)
change the size.
"""

import json
import os
import random
import re
import signal
import smtplib
import threading
import time

import chancery

MESSAGES = int(os.environ.get("CHANCERY_KILL_MESSAGES", "5000"))
KILLS = int(os.environ.get("CHANCERY_KILLS", "20"))
SENDERS = 8
VICTIMS = ("smtp", "qmgr", "lmtp", "stored", "rewrite", "front", "authd",
           "logd", "directory", "imap", "pop3", "master")


class Sender(threading.Thread):
    """Sends fresh messages until told to stop; notes what was answered."""

    def __init__(self, test, number):
        super().__init__()
        self.test, self.number = test, number
        self.answered, self.unanswered = {}, {}
        self.open = False  # in a transaction now

    def run(self):
        count, smtp = 0, None
        while not self.test.enough.is_set():
            count += 1
            ident = f"{self.number}-{count}"
            user = random.choice(self.test.users)
            try:
                if smtp is None:
                    smtp = smtplib.SMTP(
                        "127.0.0.1", self.test.chancery.port("smtp"),
                        timeout=30)
                    smtp.ehlo()
                self.open = True
                code = self.transaction(smtp, user, ident)
                self.open = False
            except (OSError, smtplib.SMTPException):
                self.open = False
                self.unanswered[ident] = user
                smtp = None
                continue
            if code == 250:
                self.answered[ident] = user
                self.test.count_one()
            else:
                self.unanswered[ident] = user
                smtp.close()
                smtp = None
        if smtp is not None:
            smtp.close()

    def transaction(self, smtp, user, ident):
        smtp.mail("sender@elsewhere.test")
        code, _ = smtp.rcpt(f"{user}@{self.test.domain}")
        if code != 250:
            return code
        code, _ = smtp.data(
            f"Subject: kill\r\nX-Test-Id: <{ident}>\r\n\r\n{'x' * 70}\r\n")
        return code


class Kill(chancery.TestCase):
    users = tuple(f"user{n}" for n in range(10))
    may_panic = True
    # What a kill deferred is tried again soon, so that the test ends.
    options = ("minimal_backoff_time = 1s", "maximal_backoff_time = 4s",
               "service_throttle_time = 2s")

    def setUp(self):
        self.enough = threading.Event()
        self.lock = threading.Lock()
        self.done = 0

    def count_one(self):
        with self.lock:
            self.done += 1

    def kill(self, pids):
        """Were transactions open when these died?"""
        is_open = any(sender.open for sender in self.senders)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return is_open

    def victims_of(self, name):
        if name == "master":
            return [self.chancery.master_pid()]
        pids = self.chancery.pids().get(name, [])
        # Half of the time the workers too, the youngest first.
        if pids and random.random() < 0.5:
            children = []
            for pid in pids:
                path = f"/proc/{pid}/task/{pid}/children"
                try:
                    with open(path) as f:
                        children += [int(word) for word in f.read().split()]
                except OSError:
                    pass
            if children:
                return children
        return pids

    def found(self):
        """How often each test id is in some mailbox."""
        times = {}
        for user in self.users:
            imap = self.chancery.imap(user)
            imap.select("INBOX", readonly=True)
            _, data = imap.fetch(
                "1:*", "(BODY.PEEK[HEADER.FIELDS (X-Test-Id)])")
            for part in data:
                for ident in re.findall(rb"<([0-9-]+)>", part[1]
                                        if isinstance(part, tuple) else b""):
                    key = (ident.decode(), user)
                    times[key] = times.get(key, 0) + 1
            imap.logout()
        return times

    def queue_is_empty(self):
        done = self.chancery.run("queue", "list", "--json", check=False)
        return done.returncode == 0 and not json.loads(done.stdout)["queue"]

    def test_every_answer_is_kept_exactly_once(self):
        self.senders = [Sender(self, n) for n in range(SENDERS)]
        for sender in self.senders:
            sender.start()
        hits = kills = turn = 0
        try:
            while self.done < MESSAGES or hits < KILLS:
                time.sleep(random.uniform(0.1, 0.6))
                victim = VICTIMS[turn % len(VICTIMS)]
                turn += 1
                pids = self.victims_of(victim)
                kills += bool(pids)
                hits += self.kill(pids) if pids else 0
                if victim == "master":
                    self.start_again()
                self.assertLess(turn, 100 * KILLS, "no progress")
        finally:
            self.enough.set()
            for sender in self.senders:
                sender.join()
        answered = {(i, u) for s in self.senders
                    for i, u in s.answered.items()}
        unanswered = {(i, u) for s in self.senders
                      for i, u in s.unanswered.items()}
        chancery.wait_until("the queue is empty", self.queue_is_empty, 180)
        times = self.found()
        print(f"kills: {kills}, {hits} with open transactions; answered "
              f"{len(answered)}, unanswered {len(unanswered)}")
        lost = [key for key in answered if key not in times]
        twice = [key for key, n in times.items() if n > 1]
        strange = [key for key in times
                   if key not in answered and key not in unanswered]
        self.assertEqual((lost, twice, strange), ([], [], []))
        self.chancery.run("mailbox", "verify")

    def start_again(self):
        def started():
            return self.chancery.run("start", check=False).returncode == 0
        chancery.wait_until("started again", started, 30)


if __name__ == "__main__":
    chancery.main()
