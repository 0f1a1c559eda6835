#!/usr/bin/python3
"""How fast a large mailbox is searched, sorted and put in threads, beside
Dovecot on the same messages: and whether both say the same.

t/bench/search.py [MESSAGES]: 20,000 messages of 4 KiB in threads, by pipelined
APPEND into an instance and as files into Dovecot's Maildir. Prints for each
command the median of nine, plaintext, selected, warm (both have answered it
before), from the command's first byte sent to its tagged answer received; and
the CPU time that the session's process took, which other load does not change
much.
"""

import os
import random
import re
import socket
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e", "lib"))
sys.path.insert(0, HERE)
import chancery  # noqa: E402
import peers  # noqa: E402

MESSAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
ROUNDS = 10
COMMANDS = (
    ("SORT DATE", b"SORT (DATE) UTF-8 ALL"),
    ("SORT SUBJECT", b"SORT (SUBJECT DATE) UTF-8 ALL"),
    ("SORT FROM", b"SORT (REVERSE FROM ARRIVAL) UTF-8 ALL"),
    ("SORT SIZE", b"SORT (SIZE) UTF-8 ALL"),
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
            f"To: ada@example.test\r\nSubject: {subject}\r\n"
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


def children(name, parents):
    """Processes of that name that one of these started."""
    found = []
    for pid in os.listdir("/proc"):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                head, rest = stat.read().rsplit(")", 1)
        except OSError:
            continue
        if head.endswith(f"({name}") and int(rest.split()[1]) in parents:
            found.append(pid)
    return found


class Imap:
    """A plain socket, logged in."""

    def __init__(self, port, user, password, process):
        self.process = process  # its name, and who may have started it
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.sock.recv(4096)
        self.count = 0
        self.do(f"LOGIN {user} {password}".encode())

    def cpu(self):
        """Seconds that the session's process has run so far."""
        total = 0
        for pid in children(*self.process):
            with open(f"/proc/{pid}/schedstat") as stat:
                total += int(stat.read().split()[0]) / 1e9
        return total

    def do(self, command):
        """What was answered, and how long it took."""
        self.count += 1
        tag = b"t%d" % self.count
        began = time.perf_counter()
        self.sock.sendall(tag + b" " + command + b"\r\n")
        said = b""
        while not (said.endswith(b"\r\n") and
                   (tag + b" ") in said[-500:] and
                   re.search(b"(^|\r\n)" + tag + b" [^\r\n]*\r\n$",
                             said[-500:])):
            chunk = self.sock.recv(1 << 20)
            if not chunk:
                raise SystemExit("connection lost")
            said += chunk
        took = time.perf_counter() - began
        if tag + b" OK" not in said[-500:]:
            raise SystemExit(f"{command}: {said[-500:]}")
        return said, took


def fill(imap):
    began = time.perf_counter()
    for start in range(0, MESSAGES, 100):
        batch, end = b"", min(start + 100, MESSAGES)
        for n in range(start, end):
            text = message(n)
            batch += b"a%d APPEND INBOX {%d+}\r\n%s\r\n" % (n, len(text),
                                                            text)
        imap.sock.sendall(batch)
        last, tail = b"a%d OK" % (end - 1), b""
        while last not in tail:
            tail = (tail + imap.sock.recv(65536))[-70000:]
    print(f"APPEND: {MESSAGES / (time.perf_counter() - began):,.0f} "
          "messages/s, pipelined")


def fill_maildir(folder):
    for name in ("", "cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    for n in range(MESSAGES):
        text = message(n)
        name = f"{1700000000 + n}.M{n}P1.bench,S={len(text)},W={len(text)}"
        with open(os.path.join(folder, "cur", name + ":2,"), "wb") as f:
            f.write(text)
    for top, folders, files in os.walk(os.path.dirname(folder)):
        for name in folders + files:
            os.chown(os.path.join(top, name), peers.NOBODY, peers.NOBODY)


def measure(imap, command):
    times = []
    for n in range(ROUNDS):
        if n == 1:
            before = imap.cpu()
        said, took = imap.do(command)
        times.append(took * 1000)
    cpu = (imap.cpu() - before) * 1000 / (ROUNDS - 1)
    answer = [line for line in said.split(b"\r\n")
              if line.startswith((b"* SORT", b"* SEARCH", b"* THREAD"))]
    return statistics.median(times[1:]), cpu, answer


def main():
    instance = chancery.Instance(users=("ada",))
    dovecot = None
    try:
        instance.start()
        ours = Imap(instance.port("imap"), instance.address("ada"),
                    instance.password("ada"),
                    ("imapd", instance.pids()["imap"]))
        fill(ours)
        dovecot = peers.Dovecot(instance.ports.base + 800, "example.test",
                                ["ada"], "secret")
        fill_maildir(f"{dovecot.dir}/mail/ada/Maildir")
        theirs = Imap(dovecot.imap, "ada@example.test", "secret",
                      ("imap", [dovecot.pid()]))
        for imap in (ours, theirs):
            imap.do(b"SELECT INBOX")
        print(f"load average {os.getloadavg()[0]:.1f}\n"
              f"{'':15} {'ours':>17} {'Dovecot':>17}   (time, CPU)")
        for name, command in COMMANDS:
            took, cpu, said = measure(ours, command)
            took_there, cpu_there, said_there = measure(theirs, command)
            same = "" if said == said_there else "  THE ANSWERS DIFFER"
            print(f"{name:15} {took:7.1f} {cpu:6.1f} ms "
                  f"{took_there:7.1f} {cpu_there:6.1f} ms   "
                  f"{took_there / took:.1f}, {cpu_there / cpu:.1f} "
                  f"times{same}", flush=True)
            if same and os.environ.get("BENCH_SHOW"):
                print(said[0][:300], said_there[0][:300], sep="\n")
    finally:
        if dovecot:
            dovecot.stop()
        instance.remove()


if __name__ == "__main__":
    main()
