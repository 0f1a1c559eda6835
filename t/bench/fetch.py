#!/usr/bin/python3
"""How fast a large mailbox is read and flagged: SELECT, FETCH and (durable)
STORE on 20,000 messages.

t/bench/fetch.py [MESSAGES]: makes an instance, fills a mailbox by pipelined
APPEND, and prints the median of nine for each command, plaintext, selected,
warm, from the command's first byte sent to its tagged answer received.
"""

import os
import socket
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e", "lib"))
import chancery  # noqa: E402

COMMANDS = (("SELECT", b"SELECT INBOX", 3),
            ("FLAGS", b"FETCH 1:* (FLAGS)", 10),
            ("ENVELOPE", b"FETCH 1:* (ENVELOPE)", 40),
            ("BODY[]", b"FETCH 1:* (BODY.PEEK[])", 140),
            ("STORE", (b"STORE 1:* +FLAGS.SILENT (\\Flagged)",
                       b"STORE 1:* -FLAGS.SILENT (\\Flagged)"), 60))


def message(n):
    head = (f"From: Sender {n} <sender{n}@elsewhere.test>\r\n"
            f"To: ada@example.test\r\nSubject: Message number {n}\r\n"
            f"Date: Sun, 1 Nov 2026 10:{n // 60 % 60:02}:{n % 60:02} +0000"
            f"\r\nMessage-ID: <{n}@elsewhere.test>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n")
    return (head + ("0123456789" * 7 + "\r\n") * 60)[:4094].encode() + b"\r\n"


class Raw:
    """IMAP over a plain socket, answers read as they come."""

    def __init__(self, instance):
        self.sock = instance.connect("imap")
        self.sock.recv(4096)
        self.count = 0
        self.do(f"LOGIN {instance.address('ada')} "
                f"{instance.password('ada')}".encode())

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
            tail = (tail + chunk)[-500:]
            at = tail.rfind(b"\r\n" + tag + b" ")
            if (at >= 0 or tail.startswith(tag + b" ")) and \
                    tail.endswith(b"\r\n"):
                took = time.perf_counter() - began
                if tag + b" OK" not in tail:
                    raise SystemExit(f"{command}: {tail}")
                return size, took

    def fill(self, count):
        began = time.perf_counter()
        for start in range(0, count, 100):
            batch = b""
            for n in range(start, min(start + 100, count)):
                text = message(n)
                batch += b"a%d APPEND INBOX {%d+}\r\n%s\r\n" % (
                    n, len(text), text)
            self.sock.sendall(batch)
            last = b"a%d OK" % min(start + 99, count - 1)
            tail = b""
            while last not in tail:
                tail = (tail + self.sock.recv(65536))[-70000:]
        return time.perf_counter() - began


def main():
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    instance = chancery.Instance(users=("ada",))
    try:
        instance.start()
        imap = Raw(instance)
        took = imap.fill(messages)
        print(f"APPEND: {messages / took:,.0f} messages/s")
        imap.do(b"SELECT INBOX")
        for name, command, aim in COMMANDS:
            times = []
            for n in range(10):
                size, took = imap.do(
                    command if isinstance(command, bytes) else command[n % 2])
                times.append(took * 1000)
            print(f"{name:9} {statistics.median(times[1:]):8.2f} ms "
                  f"(aim {aim} ms for 20,000), {size:,} bytes")
    finally:
        instance.remove()


if __name__ == "__main__":
    main()
