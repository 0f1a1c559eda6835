#!/usr/bin/python3
"""What a parked session costs, and how fast it wakes; beside Dovecot, which
hibernates its sessions or does not, and Cyrus, in the same run.

2,500 sessions log in, select a mailbox of their own and IDLE, over TLS and in
the clear. The memory is the sum of Pss over all processes of the system
(Chancery's slapd apart, which holds users and no sessions): what it grew by, a
session. Then some of them, one after the other, are woken by their client
(DONE, until its OK) and by new mail (from the OK of an APPEND until EXISTS, or
at once).

    t/bench/parked.py [SESSIONS] [--tls | --clear] [--only KINDS]
"""

import argparse
import os
import random
import resource
import socket
import statistics
import time

import systems
from systems import chancery, procs

USERS = 50
WOKEN = 200
OPTIONS = ("imap_park_after = 1s", "imapd_client_connection_count_limit = 0",
           "front_login_limit = 5000")
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
# What is measured: a kind of system, and whether it hibernates.
KINDS = {"chancery": "Chancery",
         "hibernating": "Dovecot, hibernating after 1 s",
         "dovecot": "Dovecot, not hibernating",
         "cyrus": "Cyrus"}


class Session:
    """A client, blocking, without comfort."""

    def __init__(self, port, tls, user, password, box):
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock)
        self.data = b""
        self.until(b"* OK")
        self.command(f"LOGIN {user} {password}")
        self.box = box
        if box is not None:
            self.command(f"SELECT {box}")

    def until(self, *what):
        """The first line that begins with, or has, one of these."""
        while True:
            while b"\r\n" in self.data:
                line, self.data = self.data.split(b"\r\n", 1)
                if any(line.startswith(w) or (w[:1] == b" " and w in line)
                       for w in what):
                    return line
            chunk = self.sock.recv(65536)
            if not chunk:
                raise EOFError("closed")
            self.data += chunk

    def command(self, text):
        self.sock.sendall(f"a {text}\r\n".encode())
        line = self.until(b"a ")
        if not line.startswith(b"a OK"):
            raise SystemExit(f"{text}: {line}")

    def idle(self):
        self.sock.sendall(b"i IDLE\r\n")
        self.until(b"+ ")

    def append(self, box):
        self.sock.sendall(b"a APPEND %s {%d+}\r\n%s\r\n" % (
            box.encode(), len(MESSAGE), MESSAGE))
        self.until(b"a OK")


def start(kind):
    """The system of one of KINDS."""
    known = {"hibernating": "maildir", "dovecot": "maildir"}.get(kind, kind)
    return systems.start(known, USERS, smtp=False, options=OPTIONS, apart=True,
                         hibernate=1 if kind == "hibernating" else None)


def session(system, n, tls, box):
    return Session(system.port("imaps" if tls else "imap"),
                   system.context if tls else None,
                   *system.login(n % USERS), box)


def parked_by_us(system, count):
    rows = system.instance.json("status")["counters"]
    return any(row["service"] == "front" and row["counter"] == "parked" and
               row["value"] == count for row in rows)


def settle(kind, system, count, seconds=100):
    """Until hardly a process is left that serves one session, where they are
    to end; how many are left."""
    if kind == "chancery":
        chancery.wait_until(f"{count} parked",
                            lambda: parked_by_us(system, count), seconds)
        return 0
    if kind != "hibernating":
        return count
    end = time.monotonic() + seconds
    while True:
        left = 0
        for pid in system.pids():
            try:
                left += procs.name(pid) == "imap"
            except (FileNotFoundError, ProcessLookupError):
                pass
        if left < max(count // 50, 5) or time.monotonic() > end:
            return left
        time.sleep(0.5)


def wake(kind, system, sessions, tls):
    """(by the client, by mail): medians in ms."""
    rng = random.Random(1)
    client, mail = [], []
    for parked in rng.sample(sessions, min(WOKEN, len(sessions))):
        began = time.perf_counter()
        parked.sock.sendall(b"DONE\r\n")
        parked.until(b"i OK")
        client.append(time.perf_counter() - began)
        parked.idle()
    time.sleep(3)
    settle(kind, system, len(sessions))
    writers = {}
    for n, parked in rng.sample(list(enumerate(sessions)),
                                 min(WOKEN, len(sessions))):
        user = n % USERS
        if user not in writers:
            writers[user] = session(system, user, tls, None)
        writers[user].append(parked.box)
        began = time.perf_counter()
        parked.until(b" EXISTS")
        mail.append(time.perf_counter() - began)
    for writer in writers.values():
        writer.sock.close()
    return [statistics.median(times) * 1000 for times in (client, mail)]


def allow_sockets():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def boxes(system, tls, count):
    """Make a mailbox for each session; their names."""
    made = [f"{'tls' if tls else 'clear'}{n}" for n in range(count)]
    for user in range(min(USERS, count)):
        maker = session(system, user, tls, None)
        for n in range(user, count, USERS):
            maker.command(f"CREATE {system.mailbox(made[n])}")
        maker.sock.close()
    return [system.mailbox(name) for name in made]


def measure(kind, system, tls, count, tidy=35):
    """KiB a session, where they are, and medians in ms of waking. tidy is
    how long to wait for what is tidied up every 30 s."""
    names = boxes(system, tls, count)
    time.sleep(3)
    before, began = system.memory(), time.perf_counter()
    sessions = []
    for n in range(count):
        sessions.append(session(system, n, tls, names[n]))
        sessions[-1].idle()
    took = time.perf_counter() - began
    left = settle(kind, system, count)
    time.sleep(tidy)
    after = system.memory()
    by_client, by_mail = wake(kind, system, sessions, tls)
    for parked in sessions:
        parked.sock.close()
    grown = {name: (after[name] - before.get(name, 0)) / count
             for name in after}
    return {"kib": (sum(after.values()) - sum(before.values())) / count,
            "before_mib": sum(before.values()) / 1024,
            "after_mib": sum(after.values()) / 1024, "grown": grown,
            "by_client_ms": by_client, "by_mail_ms": by_mail,
            "begun_s": took, "left": left}


def run(kind, tls, count):
    with start(kind) as system:
        found = measure(kind, system, tls, count)
    largest = sorted(found["grown"].items(), key=lambda item: -item[1])[:4]
    print(f"{KINDS[kind]}, {'TLS' if tls else 'in the clear'}: "
          f"{found['kib']:.1f} KiB a session "
          f"({found['before_mib']:.1f} MiB before, "
          f"{found['after_mib']:.1f} with them); woken in "
          f"{found['by_client_ms']:.1f} ms by the client, "
          f"{found['by_mail_ms']:.1f} ms by mail; begun in "
          f"{found['begun_s']:.0f} s; load {os.getloadavg()[0]:.1f}")
    if found["left"]:
        print(f"    ({found['left']} have a process each)")
    print("    of which " + ", ".join(
        f"{name} {size:.2f}" for name, size in largest), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sessions", type=int, nargs="?", default=2500)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--clear", action="store_true")
    systems.add_only(parser, KINDS)
    args = parser.parse_args()
    allow_sockets()
    print(f"{args.sessions} sessions of {USERS} users; ours with "
          f"{'; '.join(OPTIONS)}")
    ways = [tls for tls in (False, True)
            if args.tls == args.clear or tls == args.tls]
    for kind in args.only:
        for tls in ways:
            run(kind, tls, args.sessions)


if __name__ == "__main__":
    main()
