"""Malformed, oversized, out-of-order and binary input on every port: an exact
reply or a close, a short escaped line in the log, and the daemons live."""

import os
import random
import re
import socket

import chancery

PLAIN = ("smtp", "submission", "imap", "pop3")
TLS = ("submissions", "imaps", "pop3s")


class BadInput(chancery.TestCase):
    def connect(self, service):
        sock = self.chancery.connect(service)
        sock.settimeout(chancery.PATIENCE)
        if service in TLS:
            sock = self.chancery.tls().wrap_socket(sock)
        return sock

    def exchange(self, service, data):
        """Everything said until the server closes or QUIT is answered."""
        sock = self.connect(service)
        try:
            sock.sendall(data)
            if service not in TLS:
                sock.shutdown(socket.SHUT_WR)
            else:
                sock.sendall(b"\r\nQUIT\r\nx LOGOUT\r\n")
        except OSError:
            pass
        return chancery.read_all(sock)

    def parents(self):
        """The first process of each service: workers come and go."""
        return {name: pids[0] for name, pids in self.chancery.pids().items()}

    def still_serves(self):
        with self.chancery.smtp() as smtp:
            self.assertEqual(smtp.ehlo()[0], 250)
        for service in ("imap", "imaps"):
            self.chancery.imap("ada", service).logout()
        for service in ("pop3", "pop3s"):
            self.chancery.pop3("ada", service).quit()

    def parents(self):
        """The process that master started, for each service: workers come
        and go."""
        return {name: pids[0] for name, pids in self.chancery.pids().items()}

    def test_garbage_everywhere(self):
        rng = random.Random(7)
        before = self.parents()
        for service in PLAIN + TLS:
            for size in (1, 100, 5000, 200_000):
                self.exchange(service, rng.randbytes(size))
            self.exchange(service, b"\0" * 3000 + b"\r\n")
            self.exchange(service, b"A" * 1_000_000 + b"\r\n")
            self.exchange(service, b"\r\n" * 3000)
            self.exchange(service, b"\r" * 3000)
            self.exchange(service, b"\n" * 3000)
        self.still_serves()
        self.assertEqual(before, self.parents())
        for line in self.chancery.log().split("\n"):
            self.assertLess(len(line), 2500)
            self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line),
                              line)

    def test_garbage_instead_of_a_handshake(self):
        for service in TLS:
            for data in (b"GET / HTTP/1.0\r\n\r\n", b"EHLO x\r\n",
                         b"\x16\x03\x01\xff\xff" + os.urandom(2000),
                         b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"):
                sock = self.chancery.connect(service)
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                try:
                    while sock.recv(4096):
                        pass
                except OSError:
                    pass
                sock.close()
        self.still_serves()

    def test_exact_replies(self):
        cases = (
            ("smtp", b"FROBNICATE\r\nQUIT\r\n", b"500 5.5."),
            ("smtp", b"MAIL FROM:<a@b>\r\nQUIT\r\n", b"503 5.5.1 "),
            ("smtp", b"EHLO x\r\nRCPT TO:<a@b>\r\nQUIT\r\n", b"503 5.5.1 "),
            ("smtp", b"EHLO x\r\nDATA\r\nQUIT\r\n", b"503 5.5.1 "),
            ("smtp", b"EHLO x\r\nMAIL FROM:<a@\r\nQUIT\r\n", b"501 5.1.7 "),
            ("smtp", b"EHLO x\r\nMAIL FROM:<a@b> FOO=BAR\r\nQUIT\r\n",
             b"555 5.5.4 "),
            ("smtp", b"EHLO x\r\nMAIL FROM:<a@b> SIZE=99999999999\r\n"
             b"QUIT\r\n", b"552 5.3.4 "),
            ("smtp", b"EHLO x\r\nNOOP " + b"x" * 5000 + b"\r\nQUIT\r\n",
             b"500 5.5."),
            ("imap", b"hello\r\nz LOGOUT\r\n", b"BAD"),
            ("imap", b"a FROBNICATE\r\nz LOGOUT\r\n", b"a BAD"),
            ("imap", b"a SELECT INBOX\r\nz LOGOUT\r\n", b"a BAD"),
            ("imap", b"a LOGIN x\r\nz LOGOUT\r\n", b"a BAD"),
            ("imap", b"a LOGIN x {99999999999}\r\nz LOGOUT\r\n", b"BAD"),
            ("pop3", b"FROBNICATE\r\nQUIT\r\n", b"-ERR"),
            ("pop3", b"STAT\r\nQUIT\r\n", b"-ERR"),
            ("pop3", b"PASS x\r\nQUIT\r\n", b"-ERR"),
        )
        for service, data, answer in cases:
            said = self.exchange(service, data)
            lines = said.split(b"\r\n")
            self.assertTrue(any(answer in line for line in lines[1:]),
                            (service, data, said))

    def test_no_one_can_forge_a_log_line(self):
        self.exchange("smtp", b"EHLO x\r\nMAIL FROM:<a\x1b[2J@b>\r\n"
                      b"HELO \x07evil\r\nQUIT\r\n")
        self.exchange("imap", b'a LOGIN "x\x1b[31m" "y"\r\nz LOGOUT\r\n')
        self.assertNotIn("\x1b", self.chancery.log())
        self.assertNotIn("\x07", self.chancery.log())


if __name__ == "__main__":
    chancery.main()
