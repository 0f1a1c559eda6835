"""What comes before the first SMTP command, from those who mean harm: PROXY
headers cut, changed and withheld, strangers who talk or wait by the hundred,
XCLIENT with everything in it. The doors hold, memory stays, others are served.
"""

import random
import re
import socket
import struct
import time

import chancery

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ENDS = bytes([203, 0, 113, 9, 198, 51, 100, 1]) + struct.pack(">HH", 5555, 25)
MANY = 300


def binary(head, block, length=None):
    if length is None:
        length = len(block)
    return SIGNATURE + head + struct.pack(">H", length) + block


class Doors(chancery.TestCase):
    """127.0.0.2 is a trusted proxy, 127.0.0.3 may XCLIENT, 127.0.0.4 is in
    mynetworks; everybody else is a stranger who waits for a minute."""

    options = ("proxy_protocol_networks = 127.0.0.2",
               "smtpd_authorized_xclient_hosts = 127.0.0.3",
               "mynetworks = 127.0.0.3 127.0.0.4", "smtpd_greet_wait = 60s",
               "client_connection_limit_exceptions = 127.0.0.0/8",
               "login_idle_timeout = 3s")

    def connect(self, source):
        return socket.create_connection(
            ("127.0.0.1", self.chancery.port("smtp")),
            timeout=chancery.PATIENCE,
            source_address=(source, 0))

    def front_memory(self):
        """KiB that front has of its own."""
        pid = self.chancery.pid("front")
        with open(f"/proc/{pid}/status") as status:
            return int(re.search(r"RssAnon:\s+(\d+)", status.read())[1])

    def is_served_at_once(self):
        began = time.monotonic()
        with self.connect("127.0.0.4") as sock:
            self.assertTrue(sock.recv(1000).startswith(b"220 "))
        self.assertLess(time.monotonic() - began, 40)

    def test_changed_headers(self):
        rng = random.Random(11)
        good = (binary(b"\x21\x11", ENDS + b"\4\0\1x"),
                binary(b"\x20\0", b""), binary(b"\x21\x31", b"/" * 216),
                b"PROXY TCP4 203.0.113.9 198.51.100.1 5555 25\r\n")
        for i in range(200):
            header = bytearray(good[i % len(good)])
            for _ in range(rng.randrange(1, 4)):
                header[rng.randrange(len(header))] = rng.randrange(256)
            sock = self.connect("127.0.0.2")
            try:
                sock.sendall(bytes(header[:rng.randrange(1, len(header) + 1)]))
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was refused before we had done
            said = chancery.read_all(sock)
            self.assertTrue(said == b"" or said.startswith((b"220 ", b"521 ")),
                            said)
        self.is_served_at_once()
        self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f]",
                                    self.chancery.log()))

    def test_withheld_headers_cost_little_and_end(self):
        before = self.front_memory()
        held = []
        for i in range(MANY):
            sock = self.connect("127.0.0.2")
            if i % 2 == 0:  # all extensions are still to come
                sock.sendall(binary(b"\x21\x11", ENDS, 65535))
            else:
                sock.sendall(b"PROXY TCP4 203.0.113.9 198.51")
            held.append(sock)
        self.is_served_at_once()
        self.assertLess(self.front_memory() - before, MANY * 16)
        for sock in held:  # each is closed when its time is over
            self.assertEqual(chancery.read_all(sock), b"")

    def test_waiting_strangers_cost_no_process(self):
        before = self.front_memory()
        began = len(self.chancery.pids()["smtp"])
        held = [self.connect(f"127.0.2.{i % 250 + 1}") for i in range(MANY)]
        self.is_served_at_once()
        self.assertLessEqual(len(self.chancery.pids()["smtp"]), began + 2)
        self.assertLess(self.front_memory() - before, MANY * 16)
        for sock in held:
            sock.close()

    def test_talkers_are_counted(self):
        def count():
            return [c["value"] for c in self.chancery.json("status")[
                "counters"] if (c["service"], c["counter"]) ==
                ("front", "pregreet_talkers")][0]
        before = count()
        for said in (b"EHLO spam\r\n", b"\0\xff\x1b[2J", b"GET / HTTP/1.0"):
            sock = self.connect("127.0.0.9")
            sock.sendall(said)
            self.assertEqual(chancery.read_all(sock),
                             b"521 5.5.1 Protocol error\r\n")
        chancery.wait_until("all are counted",
                            lambda: count() == before + 3)
        self.assertNotIn("\x1b", self.chancery.log())

    def test_xclient_carries_nothing_in(self):
        sock = self.connect("127.0.0.3")
        answers = sock.makefile("rwb")
        answers.readline()
        for line in (b"NAME=a+0D+0AX-Evil: 1", b"HELO=a+00b", b"NAME=\x1b[2J",
                     b"ADDR=IPV6:" + b"1:" * 400, b"LOGIN=" + b"x" * 1900,
                     b"=" * 1000, b"NAME=a NAME=a", b"PORT=-1",
                     b"ADDR=203.0.113.9+0D"):
            answers.write(b"XCLIENT " + line + b"\r\n")
            answers.flush()
            self.assertTrue(answers.readline().startswith(b"501 5.5.4 "),
                            line)
        # what it leaves behind is bounded: at last the session ends
        reply = b""
        for _ in range(2000):
            answers.write(b"XCLIENT HELO=" + b"h" * 250 + b"\r\n")
            answers.flush()
            reply = answers.readline()
            if not reply.startswith(b"220 "):
                break
        self.assertTrue(reply.startswith(b"421 4.7.0 "), reply)
        sock.close()
        self.is_served_at_once()
        self.assertNotIn("\x1b", self.chancery.log())


if __name__ == "__main__":
    chancery.main()
