#!/usr/bin/python3
"""Durable deliveries a second, until visible: Chancery beside Debian's
Postfix with Dovecot and with Cyrus on the same filesystem in the same run.

t/bench/deliver.py [-n MESSAGES] [-z BYTES] [-r RECIPIENTS] [-c SESSIONS]
    [-u USERS] [--peer-messages N] [--rounds N] [--lockstep] [--only KINDS]

From the first SMTP connection until IMAP STATUS shows every message in its
mailbox; all users are logged in by IMAP before the clock starts. fsync is on
everywhere. Prints a line a round, and the medians.
"""

import argparse
import os
import statistics
import subprocess
import tempfile

import systems
from systems import chancery, procs


def make_tools():
    subprocess.run(["make", "-s", "-C", chancery.TOP, "bench-tools"],
                   check=True, stdin=subprocess.DEVNULL)


def measure(system, messages, size=4096, rcpts=1, sessions=20, users=200,
            lockstep=False, timeout=1800):
    """What smtpload says, and what the servers' processes and the disk did
    for each delivery."""
    words = [os.path.join(chancery.BUILD, "t", "bench", "smtpload"),
             "-s", f"127.0.0.1:{system.port('smtp')}",
             "-i", f"127.0.0.1:{system.port('imap')}",
             "-n", str(messages), "-z", str(size), "-r", str(rcpts),
             "-c", str(sessions), "-u", str(users),
             "-d", systems.DOMAIN, "-p", systems.PASSWORD]
    if lockstep:
        words.append("-P")
    cpu, flushes = system.cpu(), procs.flushes(tempfile.gettempdir())
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE,
                          timeout=timeout)
    if done.returncode != 0:
        raise SystemExit(f"{system.name}: the run failed")
    found = {name: float(value) for name, value in
             (line.split() for line in done.stdout.splitlines())}
    found["cpu_ms"] = (system.cpu() - cpu) * 1000 / (messages * rcpts)
    if flushes is not None:
        found["flushes"] = (procs.flushes(tempfile.gettempdir()) -
                            flushes) / messages
    return found


def run(kind, args):
    """All rounds of one system; the list of its figures."""
    messages = args.messages if kind == "chancery" else args.peer_messages
    figures = []
    with systems.start(kind, args.users) as system:
        for n in range(args.rounds):
            found = measure(system, messages, args.size, args.recipients,
                            args.sessions, args.users, args.lockstep)
            figures.append(found)
            print(f"{system.name:26} round {n + 1}: "
                  f"{found['visible_per_s']:8,.0f} visible/s "
                  f"{found['accepted_per_s']:8,.0f} accepted/s   median "
                  f"{found['median_ms']:.2f} ms  p99 "
                  f"{found['p99_ms']:.2f} ms  "
                  f"{found['cpu_ms']:.2f} ms CPU", flush=True)
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", "--messages", type=int, default=40000)
    parser.add_argument("--peer-messages", type=int, default=4000)
    parser.add_argument("-z", "--size", type=int, default=4096)
    parser.add_argument("-r", "--recipients", type=int, default=1)
    parser.add_argument("-c", "--sessions", type=int, default=20)
    parser.add_argument("-u", "--users", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lockstep", action="store_true")
    systems.add_only(parser)
    args = parser.parse_args()
    make_tools()
    print(f"{args.size} bytes, {args.recipients} recipients, "
          f"{args.sessions} sessions, {args.users} users, "
          f"{'one answer at a time' if args.lockstep else 'pipelined'}; no "
          "parameter of Chancery changed; peer/*.py has all of the others'")
    medians = {kind: statistics.median(f["visible_per_s"]
                                       for f in run(kind, args))
               for kind in args.only}
    systems.print_rates(medians, "visible deliveries/s (median)")


if __name__ == "__main__":
    main()
