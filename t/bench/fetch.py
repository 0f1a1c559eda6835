#!/usr/bin/python3
"""How fast a large mailbox is read and flagged, beside Dovecot and Cyrus:
SELECT, FETCH and (durable) STORE on 20,000 messages.

t/bench/fetch.py [MESSAGES] [--rounds N] [--only KINDS]: fills a mailbox of
each by APPEND, and prints the median for each command, plaintext, selected,
warm, from the command's first byte sent to its tagged answer received.
"""

import argparse
import os
import statistics
import time

import systems

# What, how, and the aim in ms for 20,000. The commands of one measure are
# sent in turn, so that STORE always has something to change.
COMMANDS = {
    "SELECT": ((b"SELECT INBOX",), 3),
    "FLAGS": ((b"FETCH 1:* (FLAGS)",), 10),
    "ENVELOPE": ((b"FETCH 1:* (ENVELOPE)",), 40),
    "BODYSTRUCTURE": ((b"FETCH 1:* (BODYSTRUCTURE)",), None),
    "BODY[]": ((b"FETCH 1:* (BODY.PEEK[])",), 140),
    "STORE": ((b"STORE 1:* +FLAGS.SILENT (\\Flagged)",
               b"STORE 1:* -FLAGS.SILENT (\\Flagged)"), 60),
}


def message(n):
    head = (f"From: Sender {n} <sender{n}@elsewhere.test>\r\n"
            f"To: ada@example.test\r\nSubject: Message number {n}\r\n"
            f"Date: Sun, 1 Nov 2026 10:{n // 60 % 60:02}:{n % 60:02} +0000"
            f"\r\nMessage-ID: <{n}@elsewhere.test>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n")
    return (head + ("0123456789" * 7 + "\r\n") * 60)[:4094].encode() + b"\r\n"


class Raw:
    """IMAP over a plain socket, answers read as they come."""

    def __init__(self, system, n=0):
        self.sock = system.connect("imap")
        self.sock.recv(4096)
        self.count = 0
        self.do("LOGIN {} {}".format(*system.login(n)).encode())

    def do(self, command):
        """Send, read up to the tagged answer; how many bytes, seconds."""
        self.count += 1
        tag = b"t%d" % self.count
        began = time.perf_counter()
        self.sock.sendall(tag + b" " + command + b"\r\n")
        size, tail = 0, b""
        while True:
            chunk = self.sock.recv(1 << 20)
            if not chunk:
                raise SystemExit("connection lost")
            size += len(chunk)
            tail = (tail + chunk)[-4000:]
            at = tail.rfind(b"\r\n" + tag + b" ")
            if (at >= 0 or tail.startswith(tag + b" ")) and \
                    tail.endswith(b"\r\n"):
                took = time.perf_counter() - began
                if tag + b" OK" not in tail:
                    raise SystemExit(f"{command}: {tail}")
                return size, took

    def fill(self, texts):
        """100 messages a command (RFC 3502), which all take; messages a
        second."""
        began = time.perf_counter()
        for start in range(0, len(texts), 100):
            self.do(b"APPEND INBOX" + b"".join(
                b" {%d+}\r\n%s" % (len(text), text)
                for text in texts[start:start + 100]))
        return len(texts) / (time.perf_counter() - began)


def measure(imap, commands, rounds):
    """(median in ms, bytes of the answer) of commands sent in turn, the
    first time apart, when the server learns what it then knows."""
    times = []
    for n in range(rounds + 1):
        size, took = imap.do(commands[n % len(commands)])
        times.append(took * 1000)
    return statistics.median(times[1:]), size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("messages", type=int, nargs="?", default=20000)
    parser.add_argument("--rounds", type=int, default=9)
    systems.add_only(parser)
    args = parser.parse_args()
    texts = [message(n) for n in range(args.messages)]
    for kind in args.only:
        with systems.start(kind, 1, smtp=False) as system:
            imap = Raw(system)
            rate = imap.fill(texts)
            print(f"{system.name}: APPEND {rate:,.0f} messages/s, load "
                  f"average {os.getloadavg()[0]:.1f}")
            imap.do(b"SELECT INBOX")
            for name, (commands, aim) in COMMANDS.items():
                took, size = measure(imap, commands, args.rounds)
                text = f" (aim {aim} ms for 20,000)" if aim else ""
                print(f"  {name:13} {took:8.2f} ms{text}, {size:,} bytes",
                      flush=True)


if __name__ == "__main__":
    main()
