#!/usr/bin/python3
"""Deferred mail to dead sites must cost fresh local mail nothing.

t/bench/backlog.py [-n DEFERRED] [-s SITES] [-f FRESH] [--answer MS]

Takes local mail for a first figure, then DEFERRED messages to SITES sites
behind a stand-in agent that says of every site, after --answer milliseconds,
that it cannot be reached. With all of that waiting, and coming due with
short pauses (--backoff), it takes local mail again, looks at qmgr's memory,
and at how long "queue list" takes to its first line. Prints the figures.
"""

import argparse
import os
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e", "lib")]
import chancery  # noqa: E402

DOMAIN = "example.test"
USERS = 50


class DeadSites:
    """An agent: LMTP with XCHANCERY, and no site of it can be reached."""

    def __init__(self, path, answer):
        self.answer, self.tried = answer, 0
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(path)
        os.chmod(path, 0o666)
        self.sock.listen(200)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.sock.accept()
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        sock.sendall(b"220 dead\r\n")
        for line in sock.makefile("rb"):
            word = line[:4].upper()
            if word == b"LHLO":
                sock.sendall(b"250-dead\r\n250-PIPELINING\r\n"
                             b"250 XCHANCERY\r\n")
            elif word == b"MAIL":
                self.tried += 1
                time.sleep(self.answer)
                sock.sendall(b"451 4.4.1 [site] [relay=none] connect to "
                             b"dead.test[192.0.2.1]:25: timed out\r\n")
            elif word in (b"RCPT", b"DATA"):
                sock.sendall(b"503 5.5.1 no MAIL\r\n")
            else:
                sock.sendall(b"250 2.0.0 Ok\r\n")


def load(instance, messages):
    words = [os.path.join(chancery.BUILD, "t", "bench", "smtpload"),
             "-s", f"127.0.0.1:{instance.port('smtp')}",
             "-i", f"127.0.0.1:{instance.port('imap')}",
             "-n", str(messages), "-z", "4096", "-c", "20", "-u", str(USERS),
             "-d", DOMAIN, "-p", "secret"]
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE,
                          check=True)
    return float(dict(line.split() for line in
                      done.stdout.splitlines())["visible_per_s"])


def inject(instance, first, count, sites):
    """Pipelined, 50 messages at a time, a site each in turn."""
    sock = instance.connect("smtp")
    replies = sock.makefile("rb")
    body = (b"From: u0@example.test\r\nSubject: waits\r\n\r\n" +
            b"x" * 998 + b"\r\n.\r\n")

    def expect(n):
        while n > 0:
            line = replies.readline()
            if not line:
                raise SystemExit("the connection ended")
            if line[3:4] != b"-":
                n -= 1
                if line[:1] not in b"23":
                    raise SystemExit(line)
    expect(1)
    sock.sendall(b"EHLO bench\r\n")
    expect(1)
    for number in range(first, first + count):
        sock.sendall(b"MAIL FROM:<u%d@example.test>\r\n"
                     b"RCPT TO:<x@site%d.test>\r\nDATA\r\n" %
                     (number % USERS, number % sites))
        expect(3)
        sock.sendall(body)
        expect(1)
    sock.close()


def memory(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", "--messages", type=int, default=100000)
    parser.add_argument("-s", "--sites", type=int, default=1000)
    parser.add_argument("-f", "--fresh", type=int, default=20000)
    parser.add_argument("--answer", type=float, default=30,
                        help="milliseconds until a site is given up")
    parser.add_argument("--backoff", default="60s")
    args = parser.parse_args()
    subprocess.run(["make", "-s", "-C", chancery.TOP, "bench-tools"],
                   check=True)
    options = ("default_transport = dead", "queue_remote_transports = dead",
               f"minimal_backoff_time = {args.backoff}",
               f"maximal_backoff_time = {args.backoff}")
    print(f"load average {os.getloadavg()[0]:.1f}; changed: " +
          ", ".join(options))
    instance = chancery.Instance(DOMAIN, options=options)
    try:
        instance.start()
        for n in range(USERS):
            instance.run("user", "add", f"u{n}@{DOMAIN}", "--password-file",
                         "-", stdin="secret\n")
        agent = DeadSites(instance.path("spool/dead"), args.answer / 1000)
        before = load(instance, args.fresh)
        began, workers = time.monotonic(), []
        for n in range(8):
            worker = threading.Thread(
                target=inject, args=(instance, n, args.messages // 8,
                                     args.sites))
            worker.start()
            workers.append(worker)
        for worker in workers:
            worker.join()
        took = time.monotonic() - began
        tried = agent.tried
        during = load(instance, args.fresh)
        pid = instance.pids()["qmgr"][0]
        began = time.monotonic()
        listing = subprocess.Popen(
            [chancery.COMMAND, "-C", instance.dir, "queue", "list", "--json"],
            stdout=subprocess.PIPE)
        listing.stdout.read(100)
        first = time.monotonic() - began
        size = len(listing.stdout.read())
        whole = time.monotonic() - began
        listing.wait()
        print(f"taken to wait: {args.messages / took:,.0f}/s, tried meanwhile "
              f"{tried}, since then {agent.tried - tried}")
        print(f"fresh local mail: {before:,.0f} visible/s before, "
              f"{during:,.0f} with the backlog: {during / before:.0%}")
        print(f"qmgr: {memory(pid):.0f} MiB (PSS)")
        print(f"queue list: first bytes after {first * 1000:.0f} ms, all "
              f"{size / 1e6:.1f} MB after {whole:.1f} s")
        print(f"load average {os.getloadavg()[0]:.1f}")
    finally:
        instance.remove()


if __name__ == "__main__":
    main()
