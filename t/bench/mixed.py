#!/usr/bin/python3
"""Mixed load: 20 clients, two on each of ten mailboxes, do what mail programs
do for 30 seconds, beside Dovecot and Cyrus in the same run. Prints commands a
second, and every disagreement between what a server says and what it said
before.

t/bench/mixed.py [SECONDS [CLIENTS]] [--only KINDS]

Each client knows the mailbox from nothing but the answers, as RFC 3501 section
5.5 lets it: UIDs by sequence number, which text each UID has, and on which
messages it put the keyword that is its own. It says so when a number names
another message than it did, when a text changes, when its keyword is found
where it did not put it or is missing where it did, and when at the end a new
session sees something else.
"""

import argparse
import collections
import json
import multiprocessing
import os
import random
import re
import socket
import sys
import time

import systems

START = 200  # messages in a mailbox when it begins
# What a client does, and how often.
ACTS = (("fetch_flags", 20), ("fetch_headers", 15), ("fetch_body", 20),
        ("noop", 10), ("search", 5), ("search_mine", 5), ("mark", 8),
        ("seen", 7), ("append", 5), ("status", 2), ("delete", 2),
        ("expunge", 1))
FETCH = re.compile(rb"(\d+) FETCH \((.*)\)$", re.S)
UID = re.compile(rb"UID (\d+)")
FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
MARK = re.compile(rb"X-Mark: (\S+)")


def text(mark):
    return (f"From: a@b.test\r\nTo: c@d.test\r\nSubject: {mark}\r\n"
            f"X-Mark: {mark}\r\nDate: Sun, 1 Nov 2026 10:00:00 +0000\r\n\r\n"
            + "0123456789" * 20 + "\r\n").encode()


class Client:
    def __init__(self, port, user, password, name):
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.data, self.count, self.name = b"", 0, name
        self.line()
        self.uids = []  # None: not known yet
        self.marks = {}  # text by UID
        self.mine = set()  # UIDs with our keyword
        self.lost = set()  # UIDs that should have it and were not found
        self.wrong = []
        self.changing = None  # the UID whose keyword we change
        self.mark = f"$own{name}".encode()
        self.do(f"LOGIN {user} {password}")
        self.do("SELECT INBOX")

    def line(self):
        while (at := self.data.find(b"\r\n")) < 0:
            chunk = self.sock.recv(1 << 16)
            if not chunk:
                raise EOFError(f"{self.name}: connection lost")
            self.data += chunk
        line, self.data = self.data[:at], self.data[at + 2:]
        return line

    def response(self):
        whole = self.line()
        while whole.endswith(b"}") and (
                found := re.search(rb"\{(\d+)\}$", whole)):
            size = int(found.group(1))
            while len(self.data) < size:
                self.data += self.sock.recv(1 << 16)
            whole += b"\r\n" + self.data[:size]
            self.data = self.data[size:]
            whole += self.line()
        return whole

    def do(self, command, expunge=True, literal=None):
        self.count += 1
        tag = b"t%d" % self.count
        out = tag + b" " + command.encode()
        if literal is not None:
            out += b" {%d+}\r\n%s" % (len(literal), literal)
        self.sock.sendall(out + b"\r\n")
        other = []
        while not (said := self.response()).startswith(tag + b" "):
            if not self.hear(said[2:], expunge):
                other.append(said[2:])
        if said.startswith(tag + b" BAD"):
            self.complain(f"{command}: {said}")
        return other, said

    def complain(self, what):
        self.wrong.append(f"{self.name}: {what}")

    def hear(self, said, expunge):
        words = said.split(b" ", 2)
        if len(words) < 2 or not words[0].isdigit():
            return False
        number, word = int(words[0]), words[1]
        if word == b"EXISTS":
            if number < len(self.uids):
                self.complain(f"EXISTS {number} of {len(self.uids)}")
            self.uids += [None] * (number - len(self.uids))
        elif word == b"EXPUNGE":
            if not expunge or number > len(self.uids):
                self.complain(f"{number} EXPUNGE of {len(self.uids)}")
            else:
                uid = self.uids.pop(number - 1)
                self.mine.discard(uid)
                self.lost.discard(uid)
        elif word == b"FETCH":
            self.hear_fetch(said)
        else:
            return word == b"RECENT"
        return True

    def hear_fetch(self, said):
        number, rest = FETCH.match(said).groups()
        number = int(number)
        if number > len(self.uids):
            self.complain(f"FETCH {number} of {len(self.uids)}")
            return
        uid = UID.search(rest)
        if uid:
            uid = int(uid.group(1))
            if self.uids[number - 1] not in (None, uid):
                self.complain(f"{number} is {uid}, was "
                              f"{self.uids[number - 1]}")
            self.uids[number - 1] = uid
        uid = self.uids[number - 1]
        mark = MARK.search(rest)
        if mark and uid:
            if self.marks.setdefault(uid, mark.group(1)) != mark.group(1):
                self.complain(f"UID {uid}: {mark.group(1)}, was "
                              f"{self.marks[uid]}")
        flags = FLAGS.search(rest)
        # While it changes, news of what was before may still come.
        if flags and uid and uid != self.changing:
            has = self.mark in flags.group(1).split()
            if has != (uid in self.mine):
                self.complain(f"UID {uid}: our keyword is "
                              f"{'there' if has else 'missing'}")

    def some(self, rng, most):
        if not self.uids:
            return None
        first = rng.randint(1, len(self.uids))
        return first, min(len(self.uids), first + rng.randrange(most))

    def act(self, act, rng):
        if act == "noop":
            self.do("NOOP")
        elif act == "append":
            self.do("APPEND INBOX", literal=text(f"{self.name}-{self.count}"))
        elif act == "status":
            self.do("STATUS INBOX (MESSAGES UNSEEN UIDNEXT)")
        elif act == "search":
            self.do("SEARCH UNSEEN SUBJECT start-1", False)
        elif act == "search_mine":
            self.search_mine()
        elif act == "expunge":
            self.do("EXPUNGE")
        elif (some := self.some(rng, 20)) is None:
            return
        elif act == "fetch_flags":
            self.do(f"FETCH {some[0]}:{some[1]} (UID FLAGS)", False)
        elif act == "fetch_headers":
            self.do(f"FETCH {some[0]}:{some[1]} (UID ENVELOPE RFC822.SIZE "
                    "INTERNALDATE)", False)
        elif act == "fetch_body":
            self.do(f"FETCH {some[0]} (UID BODY.PEEK[])", False)
        elif act == "seen":
            self.do(f"STORE {some[0]} {rng.choice('+-')}FLAGS (\\Seen)",
                    False)
        elif act == "delete":
            self.do(f"STORE {some[0]} +FLAGS.SILENT (\\Deleted)", False)
        else:
            self.put_mark(some[0])

    def put_mark(self, number):
        """Our keyword, on a message whose UID we know."""
        uid = self.uids[number - 1]
        if uid is None:
            return
        put = uid not in self.mine
        (self.mine.add if put else self.mine.discard)(uid)
        self.lost.discard(uid)
        self.changing = uid
        self.do(f"UID STORE {uid} {'+' if put else '-'}FLAGS.SILENT "
                f"({self.mark.decode()})")
        self.changing = None

    def search_mine(self):
        before = set(self.mine)  # expunges may come behind the answer
        other, _ = self.do(f"UID SEARCH KEYWORD {self.mark.decode()}")
        found = {int(n) for said in other if said.startswith(b"SEARCH")
                 for n in said.split()[1:]}
        if found - before:
            self.complain(f"our keyword on {found - before}")
        # Those may be expunged, which we are then told; else they stay.
        self.lost |= self.mine - found

    def compare(self, truth):
        """At rest: a new session must know what we know."""
        self.do("NOOP")
        self.do("FETCH 1:* (UID FLAGS)", False)
        if self.uids != truth.uids:
            self.complain("UIDs differ at the end")
        here = set(self.uids)
        if self.lost & here:
            self.complain(f"was not found, and is there: {self.lost & here}")
        self.search_mine()
        if self.lost & here:
            self.complain(f"our keyword is missing on {self.lost & here}")


def run(port, user, password, name, seconds, start, finish, said):
    """One client, in a process of its own."""
    rng = random.Random(name)
    acts = [act for act, weight in ACTS for _ in range(weight)]
    counts = collections.Counter()
    client = Client(port, user, password, name)
    client.do("FETCH 1:* (UID)", False)
    start.wait()
    before, end = client.count, time.monotonic() + seconds
    while time.monotonic() < end and len(client.wrong) < 10:
        act = rng.choice(acts)
        client.act(act, rng)
        counts[act] += 1
    commands = client.count - before
    finish.wait()
    truth = Client(port, user, password, name + "-truth")
    truth.mark = b"$nobody"
    truth.do("FETCH 1:* (UID FLAGS)", False)
    finish.wait()
    client.compare(truth)
    said.put((commands, client.wrong))


def fill(port, user, password):
    client = Client(port, user, password, "fill")
    for n in range(START):
        client.do("APPEND INBOX", literal=text(f"start-{n}"))
    client.sock.close()


def together(targets):
    """Run all of (function, arguments), each in a process of its own."""
    processes = [multiprocessing.Process(target=target, args=args,
                                         daemon=True)
                 for target, args in targets]
    for process in processes:
        process.start()
    return processes


def logins(system, clients):
    """Whom each client is: two share a mailbox."""
    return [system.login(n // 2) for n in range(clients)]


def fill_all(system, clients):
    for process in together((fill, (system.port("imap"), *user))
                            for user in sorted(set(logins(system, clients)))):
        process.join()
        if process.exitcode != 0:
            raise SystemExit(f"{system.name}: mailboxes could not be filled")


def measure(system, seconds=30, clients=20):
    """(commands a second, how often it disagreed); prints what was wrong."""
    fill_all(system, clients)
    return compete(system, seconds, clients)


def compete(system, seconds, clients):
    """The same, of mailboxes that are filled."""
    start = multiprocessing.Barrier(clients)
    finish = multiprocessing.Barrier(clients)
    said = multiprocessing.Queue()
    processes = together(
        (run, (system.port("imap"), *user, f"c{n}", seconds, start, finish,
               said))
        for n, user in enumerate(logins(system, clients)))
    try:
        results = [said.get(timeout=seconds + 120) for _ in processes]
    finally:
        for process in processes:
            process.kill() if said.empty() else process.join(10)
    for _, wrong in results:
        for what in wrong[:3]:
            print("  DISAGREES", what)
    return (sum(count for count, _ in results) / seconds,
            sum(len(wrong) for _, wrong in results))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=int, nargs="?", default=30)
    parser.add_argument("clients", type=int, nargs="?", default=20)
    systems.add_only(parser)
    args = parser.parse_args()
    print(f"{args.clients} clients, {args.seconds} s; "
          f"{json.dumps(dict(ACTS))}")
    rates, ours_wrong = {}, 0
    for kind in args.only:
        with systems.start(kind, (args.clients + 1) // 2,
                           smtp=False) as system:
            rates[kind], wrong = measure(system, args.seconds, args.clients)
            print(f"{system.name:26} {wrong} disagreements, load average "
                  f"{os.getloadavg()[0]:.1f}", flush=True)
            ours_wrong += wrong if kind == "chancery" else 0
    systems.print_rates(rates, "commands/s")
    return 1 if ours_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
