#!/usr/bin/python3
"""Durable deliveries a second, until visible: Chancery beside Debian's
Postfix + Dovecot (LMTP, Maildir) on the same filesystem in the same run.

t/bench/deliver.py [-n MESSAGES] [-z BYTES] [-c SESSIONS] [-u USERS]
    [--peer-messages N] [--rounds N] [--lockstep] [--only NAME]

From the first SMTP connection until IMAP STATUS shows every message in its
mailbox; all users are logged in by IMAP before the clock starts. fsync is on
everywhere. Prints a line a round, and the medians.
"""

import argparse
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e", "lib")]
import chancery  # noqa: E402
import peers  # noqa: E402

DOMAIN = "example.test"
PASSWORD = "secret"


class Ours:
    name = "Chancery"

    def __init__(self, args):
        self.instance = chancery.Instance(DOMAIN)
        try:
            self.instance.start()
        except BaseException:
            self.instance.remove()
            raise
        self.smtp = self.instance.port("smtp")
        self.imap = self.instance.port("imap")
        for n in range(args.users):
            self.instance.run("user", "add", f"u{n}@{DOMAIN}",
                              "--password-file", "-", stdin=PASSWORD + "\n")

    def stop(self):
        self.instance.remove()


class Theirs(peers.PostfixDovecot):
    def __init__(self, args):
        ports = chancery.PortBase()
        base = ports.base
        super().__init__(base + 25, base + 143, DOMAIN,
                         [f"u{n}" for n in range(args.users)], PASSWORD)
        self.ports = ports

    def stop(self):
        super().stop()
        self.ports.close()


def measure(system, args, messages):
    words = [os.path.join(chancery.BUILD, "t", "bench", "smtpload"),
             "-s", f"127.0.0.1:{system.smtp}", "-i", f"127.0.0.1:{system.imap}",
             "-n", str(messages), "-z", str(args.size),
             "-c", str(args.sessions), "-u", str(args.users),
             "-d", DOMAIN, "-p", PASSWORD]
    if args.lockstep:
        words.append("-P")
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE,
                          timeout=1800)
    if done.returncode != 0:
        raise SystemExit(f"{system.name}: the run failed")
    return {name: float(value) for name, value in
            (line.split() for line in done.stdout.splitlines())}


def run(kind, args, messages):
    """All rounds of one system; the list of its figures."""
    system = kind(args)
    figures = []
    try:
        for n in range(args.rounds):
            found = measure(system, args, messages)
            figures.append(found)
            print(f"{system.name:20} round {n + 1}: "
                  f"{found['visible_per_s']:8,.0f} visible/s "
                  f"{found['accepted_per_s']:8,.0f} accepted/s   median "
                  f"{found['median_ms']:.2f} ms  p99 "
                  f"{found['p99_ms']:.2f} ms", flush=True)
    finally:
        system.stop()
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", "--messages", type=int, default=40000)
    parser.add_argument("--peer-messages", type=int, default=4000)
    parser.add_argument("-z", "--size", type=int, default=4096)
    parser.add_argument("-c", "--sessions", type=int, default=20)
    parser.add_argument("-u", "--users", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lockstep", action="store_true")
    parser.add_argument("--only", choices=("ours", "peers"))
    args = parser.parse_args()
    if not chancery.IS_ROOT and args.only != "ours":
        sys.exit("deliver.py: Postfix needs root")
    subprocess.run(["make", "-s", "-C", chancery.TOP, "bench-tools"],
                   check=True)
    print(f"{args.size} bytes, {args.sessions} sessions, {args.users} users, "
          f"{'one answer at a time' if args.lockstep else 'pipelined'}; no "
          "parameter of Chancery changed; peers.py has all of the others'")
    rows = []
    if args.only != "peers":
        rows.append((Ours.name, run(Ours, args, args.messages)))
    if args.only != "ours":
        rows.append((Theirs.name, run(Theirs, args, args.peer_messages)))
    medians = {name: statistics.median(f["visible_per_s"] for f in figures)
               for name, figures in rows}
    print()
    for name, value in medians.items():
        print(f"{name:20} {value:8,.0f} visible deliveries/s (median)")
    if len(medians) == 2:
        print(f"{'':20} {medians[Ours.name] / medians[Theirs.name]:8.1f} "
              "times as many")


if __name__ == "__main__":
    main()
