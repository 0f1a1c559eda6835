#!/usr/bin/python3
"""IMAP logins a second, in the clear: connect, LOGIN, its OK, LOGOUT; beside
Dovecot in the same run. 20 connections at a time, 50 users in turn, each of
whom logged in once before (Chancery and Dovecot both remember that).

    t/bench/login.py [SECONDS]          a round each, by turns, three times
"""

import os
import selectors
import socket
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "e2e", "lib"))
import chancery  # noqa: E402
import parked  # noqa: E402

AT_ONCE = 20


class Load:
    """So many clients at once, for so long."""

    def __init__(self, port, users):
        self.port, self.users, self.next, self.done = port, users, 0, 0
        self.selector = selectors.DefaultSelector()

    def begin(self):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", self.port))
        user, password = self.users[self.next % len(self.users)]
        self.next += 1
        words = [b"a LOGIN %s %s\r\n" % (user.encode(), password.encode()),
                 b"b LOGOUT\r\n", None]
        self.selector.register(sock, selectors.EVENT_READ, words)

    def step(self, key):
        sock, words = key.fileobj, key.data
        said = sock.recv(4096)
        if len(words) == 2 and b"a OK" not in said:
            if b"a " in said:
                raise SystemExit(said)
            return  # only a piece of it
        if words and said and words[0] is not None:
            sock.send(words.pop(0))
            return
        self.selector.unregister(sock)
        sock.close()
        self.done += 1
        self.begin()

    def run(self, seconds):
        for _ in range(AT_ONCE):
            self.begin()
        end = time.perf_counter() + seconds
        began, self.done = time.perf_counter(), 0
        while time.perf_counter() < end:
            for key, _ in self.selector.select(1):
                self.step(key)
        rate = self.done / (time.perf_counter() - began)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()
        return rate


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    parked.USERS = 50
    ours = parked.Chancery()
    peer = parked.Dovecot(ours.instance.path("tls/cert.pem"),
                          ours.instance.path("tls/key.pem"))
    try:
        sides = (
            (ours, ours.instance.port("imap"),
             [(ours.instance.address(f"u{n}"), ours.instance.password(f"u{n}"))
              for n in range(parked.USERS)]),
            (peer, peer.ports.base + 143,
             [(f"u{n}@example.test", "secret") for n in range(parked.USERS)]))
        rates = {}
        for _, port, users in sides:
            Load(port, users).run(2)
        for _ in range(3):
            for server, port, users in sides:
                rates.setdefault(server.name, []).append(
                    Load(port, users).run(seconds))
        for name, values in rates.items():
            print(f"{name}: {statistics.median(values):.0f} logins/s "
                  f"({', '.join(f'{v:.0f}' for v in values)}); load "
                  f"{os.getloadavg()[0]:.1f}")
    finally:
        peer.stop()
        ours.stop()


if __name__ == "__main__":
    if not chancery.IS_ROOT:
        sys.exit("login.py: Dovecot needs root")
    main()
