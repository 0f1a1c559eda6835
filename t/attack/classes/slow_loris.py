"""Slow-loris (RSnake, 2009; CVE-2007-6750, there for HTTP): clients that hold
connections by sending a byte now and then, on every port.

A client that drips is closed at a fixed time, not prolonged by each byte:
in commands, in a TLS handshake, in an AUTH exchange, in DATA. While hundreds
wait so, others are served at once; one address may hold only so many."""

import socket
import ssl
import threading
import time

import attack

LIMIT = 6  # seconds, set below; what a stranger may hold a connection for
DRIP = 0.4
GRACE = 90  # for a machine that is busy: who is not closed stays for ever
TRIES = 3  # to begin, which has its own limit
BEGIN = {
    "smtp": b"EHLO c\r\nMAIL FROM:<x@y.test>\r\n", "submission": b"EHLO c\r\n",
    "submissions": b"EHLO c\r\n", "imap": b"a NOOP\r\n",
    "imaps": b"a NOOP\r\n", "pop3": b"CAPA\r\n", "pop3s": b"CAPA\r\n",
}


class SlowLoris(attack.TestCase):
    options = ("smtpd_timeout = 6s", "smtpd_per_request_deadline = yes",
               "login_idle_timeout = 5s", "login_time_limit = 6s",
               "smtpd_min_data_rate = 500",
               "client_connection_limit_exceptions = 127.0.0.0/9",
               "mynetworks = 192.0.2.0/24")

    def drip(self, sock, data):
        """Send a byte each DRIP seconds; how long until the other side
        closes (GRACE + LIMIT + 2 at most)."""
        began = time.monotonic()
        sock.settimeout(DRIP)
        sent = 0
        while time.monotonic() - began < LIMIT + GRACE + 2:
            try:
                sock.sendall(data[sent % len(data):][:1])
                sent += 1
                if sock.recv(4096) == b"":
                    break
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except OSError:
                break
        sock.close()
        return time.monotonic() - began

    def all_at_once(self, jobs):
        """{name: seconds} of functions that drip, side by side."""
        took = {}
        def run(name, job):
            for _ in range(TRIES):
                try:
                    took[name] = job()
                    return
                except OSError:  # closed before it dripped
                    continue
        threads = [threading.Thread(target=run, args=item)
                   for item in jobs.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.count(len(jobs))
        self.assertEqual(set(took), set(jobs))
        for name, seconds in took.items():
            self.assertLess(seconds, LIMIT + GRACE, name)
        return max(took.values())

    def test_commands_byte_by_byte(self):
        def job(service, begin):
            sock = self.connect(service)
            sock.sendall(begin)
            return self.drip(sock, b"NOOP " + b"x" * 900)
        longest = self.all_at_once({
            f"{service} {bool(begin)}": lambda s=service, b=begin: job(s, b)
            for service in BEGIN for begin in (b"", BEGIN[service])})
        self.saw(f"a dripping client is closed after {longest:.1f} s at most "
                 f"(limits of {LIMIT} s)")

    def test_handshakes_byte_by_byte(self):
        def job(service):
            sock = socket.create_connection(
                (self.chancery.host, self.chancery.port(service)))
            return self.drip(sock, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"
                             + b"\x03\x03" + b"r" * 500)
        self.all_at_once({s: lambda s=s: job(s) for s in attack.TLS})

    def test_starttls_and_silence(self):
        def job(service, lines):
            sock = self.connect(service)
            sock.sendall(lines)
            sock.recv(4096)
            return self.drip(sock, b"\x16")
        self.all_at_once({
            "smtp": lambda: job("smtp", b"EHLO c\r\nSTARTTLS\r\n"),
            "imap": lambda: job("imap", b"a STARTTLS\r\n"),
            "pop3": lambda: job("pop3", b"STLS\r\n")})

    def test_auth_exchanges(self):
        def job(service, lines):
            sock = self.connect(service)
            sock.sendall(lines)
            return self.drip(sock, b"QUFB")
        self.all_at_once({
            "imaps": lambda: job("imaps", b"a AUTHENTICATE PLAIN\r\n"),
            "pop3s": lambda: job("pop3s", b"AUTH PLAIN\r\n"),
            "submissions": lambda: job(
                "submissions", b"EHLO c\r\nAUTH PLAIN\r\n")})

    def test_data_below_the_rate(self):
        def job():
            sock = self.connect("smtp")
            sock.sendall(BEGIN["smtp"] + b"RCPT TO:<ada@example.test>\r\n"
                         b"DATA\r\n")
            return self.drip(sock, b"x" * 60 + b"\r\n")
        self.all_at_once({"DATA": job})

    def test_others_are_served_meanwhile(self):
        held = []
        for service in BEGIN:
            for i in range(60):
                sock = socket.create_connection(
                    (self.chancery.host, self.chancery.port(service)),
                    source_address=(f"127.0.{1 + i % 5}.{1 + i}", 0))
                sock.sendall(b"x")
                held.append(sock)
        began = time.monotonic()
        self.is_served()
        self.saw(f"{len(held)} waiting clients; others are served on all "
                 f"ports in {time.monotonic() - began:.1f} s together")
        self.count(len(held))
        for sock in held:
            sock.close()

    def test_one_address_holds_only_so_many(self):
        """127.200.0.1 has no exception."""
        for service in ("smtp", "imaps"):
            held, refused = [], 0
            for _ in range(80):
                sock = socket.create_connection(
                    (self.chancery.host, self.chancery.port(service)),
                    source_address=("127.200.0.1", 0))
                held.append(sock)
            for sock in held:
                sock.settimeout(0.05 if refused else 1)
                try:
                    refused += sock.recv(100)[:1] in (b"", b"4", b"*")
                except TimeoutError:
                    pass
                except OSError:
                    refused += 1
            self.assertGreater(refused, 0, service)
            self.count(len(held))
            for sock in held:
                sock.close()


if __name__ == "__main__":
    attack.main()
