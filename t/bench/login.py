#!/usr/bin/python3
"""IMAP logins a second: connect, (TLS,) LOGIN, its OK, LOGOUT; beside Dovecot
and Cyrus in the same run. 20 connections at a time, 50 users in turn, each of
whom logged in once before (Chancery and Dovecot both remember that).

    t/bench/login.py [SECONDS] [--tls] [--only KINDS]

A round each, by turns, three times. With --tls each connection is a whole
handshake, no session resumed; the client's half of it is measured, too.
"""

import argparse
import os
import selectors
import socket
import ssl
import statistics
import time

import systems

AT_ONCE = 20
USERS = 50


class Load:
    """So many clients at once, for so long."""

    def __init__(self, system, tls=False):
        self.port = system.port("imaps" if tls else "imap")
        self.users = [system.login(n) for n in range(USERS)]
        self.tls = system.context if tls else None
        self.next, self.done = 0, 0
        self.selector = selectors.DefaultSelector()

    def begin(self):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", self.port))
        user, password = self.users[self.next % len(self.users)]
        self.next += 1
        words = [b"a LOGIN %s %s\r\n" % (user.encode(), password.encode()),
                 b"b LOGOUT\r\n", None]
        if self.tls is None:
            self.selector.register(sock, selectors.EVENT_READ, words)
        else:  # writable: the handshake is to be begun
            self.selector.register(sock, selectors.EVENT_WRITE, words)

    def handshake(self, key):
        """Until the secured socket stands in for the other."""
        sock, words = key.fileobj, key.data
        self.selector.unregister(sock)
        if not isinstance(sock, ssl.SSLSocket):
            sock = self.tls.wrap_socket(sock, do_handshake_on_connect=False)
        try:
            sock.do_handshake()
            words.insert(0, "done")
        except ssl.SSLWantReadError:
            pass
        self.selector.register(sock, selectors.EVENT_READ, words)

    def receive(self, sock):
        try:
            return sock.recv(4096)
        except ssl.SSLWantReadError:
            return None

    def step(self, key):
        sock, words = key.fileobj, key.data
        if self.tls is not None:
            if words[0] != "done":
                self.handshake(key)
                return
            words = words[1:]
        said = self.receive(sock)
        if said is None:
            return
        if not said and words[0] is not None:
            raise SystemExit("login.py: connection lost")
        if len(words) == 2 and b"a OK" not in said:
            if b"a " in said:
                raise SystemExit(said)
            return  # only a piece of it
        if words and said and words[0] is not None:
            sock.send(words[0])
            del key.data[-len(words)]
            return
        self.selector.unregister(sock)
        sock.close()
        self.done += 1
        self.begin()

    def run(self, seconds):
        """Logins a second."""
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
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=float, nargs="?", default=5)
    parser.add_argument("--tls", action="store_true")
    systems.add_only(parser)
    args = parser.parse_args()
    running, rates = [], {}
    try:
        for kind in args.only:
            running.append(systems.start(kind, USERS, smtp=False))
            Load(running[-1]).run(2)
        for _ in range(3):
            for system in running:
                rates.setdefault(system.kind, []).append(
                    Load(system, args.tls).run(args.seconds))
    finally:
        for system in running:
            system.stop()
    for kind, values in rates.items():
        print(f"{systems.KINDS[kind]:26} "
              f"{', '.join(f'{v:.0f}' for v in values)}; load "
              f"{os.getloadavg()[0]:.1f}")
    systems.print_rates({kind: statistics.median(values)
                         for kind, values in rates.items()},
                        "logins/s (median)")


if __name__ == "__main__":
    main()
