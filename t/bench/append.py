#!/usr/bin/python3
"""How fast a client fills a mailbox: APPEND, durable, beside Debian's Dovecot
and Cyrus on the same filesystem in the same run.

t/bench/append.py [-n MESSAGES] [-z BYTES] [--rounds N] [--only KINDS]

One client sends all its commands with unasked literals (RFC 7888) without
waiting for answers, and reads them meanwhile; the time is from the first byte
sent to the last tagged OK. "waiting" is a client that asks for leave and
waits for each answer; "several" sends 100 messages a command (RFC 3502).
"""

import argparse
import os
import re
import statistics
import threading
import time

import systems
from fetch import message

WAITING = 300


class Client:
    def __init__(self, system):
        self.sock = system.connect("imap")
        self.data = b""
        self.line()
        self.do("l LOGIN {} {}".format(*system.login(0)).encode(), b"l")
        self.capabilities = self.do(b"c CAPABILITY", b"c")

    def line(self):
        while b"\r\n" not in self.data:
            chunk = self.sock.recv(1 << 16)
            if not chunk:
                raise SystemExit("connection lost")
            self.data += chunk
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def end(self, tag):
        said = b""
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                if not line.startswith(tag + b" OK"):
                    raise SystemExit(line.decode())
                return said
            said += line + b"\n"

    def do(self, command, tag):
        self.sock.sendall(command + b"\r\n")
        return self.end(tag)

    def count(self):
        said = self.do(b"s STATUS INBOX (MESSAGES)", b"s")
        return int(re.search(rb"MESSAGES (\d+)", said)[1])

    def send(self, commands):
        """Seconds from the first byte to the last answer."""
        sender = threading.Thread(
            target=lambda: [self.sock.sendall(c) for _, c in commands])
        began = time.perf_counter()
        sender.start()
        for tag, _ in commands:
            self.end(tag)
        sender.join()
        return time.perf_counter() - began


def pipelined(client, bodies):
    return client.send([(b"p%d" % n, b"p%d APPEND INBOX {%d+}\r\n%s\r\n" % (
        n, len(body), body)) for n, body in enumerate(bodies)])


def several(client, bodies):
    if b"MULTIAPPEND" not in client.capabilities:
        return None
    commands = []
    for at in range(0, len(bodies), 100):
        out = b"m%d APPEND INBOX" % at
        for body in bodies[at:at + 100]:
            out += b" {%d+}\r\n%s" % (len(body), body)
        commands.append((b"m%d" % at, out + b"\r\n"))
    return client.send(commands)


def waiting(client, bodies):
    some = bodies[:WAITING]
    began = time.perf_counter()
    for n, body in enumerate(some):
        client.sock.sendall(b"w%d APPEND INBOX {%d}\r\n" % (n, len(body)))
        client.line()
        client.do(body, b"w%d" % n)
    return (time.perf_counter() - began) * len(bodies) / len(some)


WAYS = (pipelined, several, waiting)


def bodies_of(count, size):
    return [message(n)[:size - 2] + b"\r\n" for n in range(count)]


def measure(system, way, bodies):
    """Messages a second; None if the server has not what it takes."""
    client = Client(system)
    before = client.count()
    took = way(client, bodies)
    came = client.count() - before
    client.sock.close()
    sent = min(len(bodies), WAITING) if way is waiting else len(bodies)
    if took and came != sent:
        raise SystemExit(f"{way.__name__}: {came} messages came of {sent}")
    return len(bodies) / took if took else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", type=int, default=5000)
    parser.add_argument("-z", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    systems.add_only(parser)
    args = parser.parse_args()
    bodies = bodies_of(args.n, args.z)
    print(f"{args.n} messages of {args.z} bytes, load average "
          f"{os.getloadavg()[0]:.1f}")
    for kind in args.only:
        with systems.start(kind, 1, smtp=False) as system:
            for way in WAYS:
                rates = [rate for _ in range(args.rounds)
                         if (rate := measure(system, way, bodies))]
                if rates:
                    print(f"{system.name:26} {way.__name__:10}"
                          f"{statistics.median(rates):9,.0f} messages/s",
                          flush=True)


if __name__ == "__main__":
    main()
