#!/usr/bin/python3
"""How fast a client fills a mailbox: APPEND, durable, beside Debian's Dovecot
(Maildir) on the same filesystem in the same run.

t/bench/append.py [-n MESSAGES] [-z BYTES] [--rounds N] [--only NAME]

One client sends all its commands with unasked literals (RFC 7888) without
waiting for answers, and reads them meanwhile; the time is from the first byte
sent to the last tagged OK. "waiting" is a client that asks for leave and
waits for each answer; "several" sends 100 messages a command (RFC 3502).
"""

import argparse
import os
import statistics
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e", "lib")]
import chancery  # noqa: E402
import peers  # noqa: E402
from fetch import message  # noqa: E402

DOMAIN = "example.test"
PASSWORD = "secret"
WAITING = 300


class Ours:
    name = "Chancery"

    def __init__(self):
        self.instance = chancery.Instance(DOMAIN)
        self.instance.start()
        self.imap = self.instance.port("imap")
        self.instance.run("user", "add", f"u0@{DOMAIN}", "--password-file",
                          "-", stdin=PASSWORD + "\n")

    def stop(self):
        self.instance.remove()


class Theirs(peers.Dovecot):
    def __init__(self):
        self.ports = chancery.PortBase()
        super().__init__(self.ports.base + 143, DOMAIN, ["u0"], PASSWORD)

    def stop(self):
        super().stop()
        self.ports.close()


class Client:
    def __init__(self, port):
        import socket
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.data = b""
        self.line()
        self.capabilities = self.do(b"l LOGIN u0@%s %s" % (
            DOMAIN.encode(), PASSWORD.encode()), b"l")
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
    began = time.perf_counter()
    for n, body in enumerate(bodies[:WAITING]):
        client.sock.sendall(b"w%d APPEND INBOX {%d}\r\n" % (n, len(body)))
        client.line()
        client.do(body, b"w%d" % n)
    return (time.perf_counter() - began) * len(bodies) / WAITING


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", type=int, default=5000)
    parser.add_argument("-z", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only")
    args = parser.parse_args()
    bodies = [message(n)[:args.z - 2] + b"\r\n" for n in range(args.n)]
    print(f"{args.n} messages of {args.z} bytes, load average "
          f"{os.getloadavg()[0]:.1f}")
    for server in (Ours, Theirs):
        if args.only and args.only not in server.name:
            continue
        running = server()
        try:
            for way in (pipelined, several, waiting):
                rates = []
                for _ in range(args.rounds):
                    took = way(Client(running.imap), bodies)
                    if took:
                        rates.append(args.n / took)
                if rates:
                    print(f"{running.name:10} {way.__name__:10}"
                          f"{statistics.median(rates):9,.0f} messages/s")
        finally:
            running.stop()


if __name__ == "__main__":
    main()
