#!/usr/bin/python3
"""How fast a large mailbox is searched, sorted and put in threads, beside
Dovecot and Cyrus with the same messages, and whether all say the same.

t/bench/search.py [--messages N] [--only KIND,...]: 20,000 messages of 4 KiB in
threads, put in by MULTIAPPEND. Prints for each command how long it takes, from
its first byte sent to its tagged answer received, and the CPU time of the
session's process, which other load does not change much; plaintext, selected,
warm (each server has answered it before in another session). "First" is the
median of the first command of five sessions, "again" of four more in each of
them, for a server may remember what it has just answered, and "and one" of one
when another message has come.
"""

import argparse
import glob
import os
import random
import re
import statistics
import time

import procs
import systems

SESSIONS, AGAIN = 5, 4
COMMANDS = (
    ("SORT DATE", b"SORT (DATE) UTF-8 ALL"),
    ("SORT SUBJECT", b"SORT (SUBJECT DATE) UTF-8 ALL"),
    ("SORT FROM", b"SORT (REVERSE FROM ARRIVAL) UTF-8 ALL"),
    ("SORT ARRIVAL", b"SORT (ARRIVAL) UTF-8 ALL"),
    ("SORT SIZE", b"SORT (SIZE) UTF-8 ALL"),
    ("SORT TO", b"SORT (TO) UTF-8 ALL"),
    ("SORT CC", b"SORT (CC) UTF-8 ALL"),
    ("SORT DISPLAY", b"SORT (DISPLAYFROM) UTF-8 ALL"),
    ("THREAD SUBJECT", b"THREAD ORDEREDSUBJECT UTF-8 ALL"),
    ("THREAD REFS", b"THREAD REFERENCES UTF-8 ALL"),
    ("SEARCH SUBJECT", b"SEARCH SUBJECT \"number 777\""),
    ("SEARCH FROM", b"SEARCH FROM sender77"),
    ("SEARCH SINCE", b"SEARCH SENTSINCE 2-Nov-2026"),
    ("SEARCH LARGER", b"SEARCH LARGER 4000"),
    ("SEARCH UNSEEN", b"SEARCH UNSEEN"),
    ("SEARCH BODY", b"SEARCH BODY \"needle 77\""),
    ("SEARCH TEXT", b"SEARCH TEXT \"needle 77\""),
)
WORDS = [bytes(random.Random(n).choices(b"abcdefghijklmnopqrstuvwxyz", k=6))
         .decode() for n in range(2000)]


def message(n):
    """Every third begins a thread; the others answer to one before."""
    rng = random.Random(n)
    top = n - n % 3
    subject = f"Message number {top}"
    refs = ""
    if n != top:
        subject = "Re: " + subject
        refs = "References: " + " ".join(
            f"<{k}@elsewhere.test>" for k in range(top, n)) + "\r\n"
    head = (f"From: Sender {n} <sender{n}@elsewhere.test>\r\n"
            f"To: u0@example.test\r\nCc: list{n % 50}@example.test\r\n"
            f"Subject: {subject}\r\n"
            f"Date: {1 + n // 7200:2} Nov 2026 {n // 300 % 24:02}:"
            f"{n // 5 % 60:02}:{n * 7 % 60:02} +0000\r\n"
            f"Message-ID: <{n}@elsewhere.test>\r\n{refs}"
            "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n")
    lines = [f"needle {n}"]
    size = len(head)
    while size < 4000:
        lines.append(" ".join(rng.choices(WORDS, k=10)))
        size += 72
    return (head + "\r\n".join(lines) + "\r\n").encode()


def descriptors(pid):
    """What its descriptors are open on."""
    found = []
    for path in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            found.append(os.readlink(path))
        except OSError:
            pass  # closed meanwhile
    return found


def serves(root, sock):
    """The process below root that has the other end of a connection."""
    ends = [end[1] for end in (sock.getpeername(), sock.getsockname())]
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    inode = next(f"socket:[{row[9]}]" for row in rows if row[3] == "01" and
                 [int(end.split(":")[1], 16) for end in row[1:3]] == ends)
    for _ in range(100):  # /proc may leave out some when others end
        for pid in procs.tree(root):
            if inode in descriptors(pid):
                return pid
    raise SystemExit("nobody serves the connection")


class Imap:
    """A plain socket, logged in."""

    def __init__(self, system):
        self.sock = system.connect("imap")
        self.sock.recv(4096)
        self.count = 0
        self.do("LOGIN {} {}".format(*system.login(0)).encode())
        self.pid = serves(system.roots()[0], self.sock)

    def cpu(self):
        """Milliseconds that the session's process has run, once it waits."""
        while True:
            with open(f"/proc/{self.pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "S":
                    break
        with open(f"/proc/{self.pid}/schedstat") as stat:
            return int(stat.read().split()[0]) / 1e6

    def close(self):
        self.do(b"LOGOUT")
        self.sock.close()

    def do(self, command):
        """What was answered, and how long it took."""
        self.count += 1
        tag = b"t%d" % self.count
        began = time.perf_counter()
        self.sock.sendall(tag + b" " + command + b"\r\n")
        said = b""
        while not (said.endswith(b"\r\n") and
                   (tag + b" ") in said[-4000:] and
                   re.search(b"(^|\r\n)" + tag + b" [^\r\n]*\r\n$",
                             said[-4000:])):
            chunk = self.sock.recv(1 << 20)
            if not chunk:
                raise SystemExit("connection lost")
            said += chunk
        took = time.perf_counter() - began
        if tag + b" OK" not in said[-4000:]:
            raise SystemExit(f"{command}: {said[-4000:]}")
        return said, took


def fill(system, count):
    imap = Imap(system)
    began = time.perf_counter()
    for start in range(0, count, 100):
        batch = b"APPEND INBOX"
        for n in range(start, min(start + 100, count)):
            text = message(n)
            batch += b" {%d+}\r\n%s" % (len(text), text)
        imap.do(batch)
    print(f"{system.name}: {count / (time.perf_counter() - began):,.0f} "
          "messages/s put in", flush=True)
    system.messages = count
    imap.close()


def measure(system, command):
    """[time, CPU] of the first, the others and the last; what that said."""
    first, again, fresh = [], [], []
    for _ in range(SESSIONS):
        answer = None
        imap = Imap(system)
        imap.do(b"SELECT INBOX")
        for n in range(1 + AGAIN + 1):
            if n > AGAIN:
                text = message(system.messages)
                system.messages += 1
                imap.do(b"APPEND INBOX {%d+}\r\n%s" % (len(text), text))
            before = imap.cpu()
            said, took = imap.do(command)
            spent = imap.cpu() - before
            (fresh if n > AGAIN else again if n > 0 else first).append(
                (took * 1000, spent))
            said = [line for line in said.split(b"\r\n") if line.startswith(
                (b"* SORT", b"* SEARCH", b"* THREAD"))]
            if n <= AGAIN and answer not in (None, said):
                raise SystemExit(f"{command}: not the same answer again")
            answer = said
        imap.close()
    return [[statistics.median(row[k] for row in rows) for k in (0, 1)]
            for rows in (first, again, fresh)], answer


def compare(name, command, running):
    line, answers = f"{name:15}", []
    for system in running:
        measure(system, command)
        rows, said = measure(system, command)
        line += "  " + "".join(f" {row[0]:5.1f} {row[1]:5.1f} "
                               for row in rows)
        answers.append(said)
    print(line, *(f"{system.name} ANSWERS OTHERWISE" for system, said in
                  zip(running, answers) if said != answers[0]), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=20000)
    systems.add_only(parser)
    args = parser.parse_args()
    running = []
    try:
        for kind in args.only:
            running.append(systems.start(kind, 1, smtp=False))
            fill(running[-1], args.messages)
        print(f"load average {os.getloadavg()[0]:.1f}; ms: time and CPU of "
              "the first, again, and one\n" + " " * 15 + "".join(
                  f"   {system.name[-36:]:36}" for system in running))
        for name, command in COMMANDS:
            compare(name, command, running)
        print(f"load average {os.getloadavg()[0]:.1f}")
    finally:
        for system in running:
            system.stop()


if __name__ == "__main__":
    main()
