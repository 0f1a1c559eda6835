"""front with stand-ins behind it: whom it lets in, and as whom: PROXY headers,
the pre-greeting test, limits and time-outs."""

import re
import socket
import struct
import time

import chancery
from standin import FrontCase, read_all, read_line


class Proxy(FrontCase):
    options = ("proxy_protocol_networks=127.0.0.2", "smtpd_greet_wait=0")
    line = b"PROXY TCP4 192.0.2.7 198.51.100.1 5555 143\r\n"

    def test_the_header_names_the_client(self):
        sock = self.front.connect("smtp", "127.0.0.2")
        sock.sendall(self.line + b"EHLO early\r\n")
        self.assertEqual(read_line(sock), b"220 hello\r\n")
        self.assertEqual(read_line(sock), b"EHLO early\r\n")
        handed = self.last("smtp")
        self.assertEqual(handed["client_addr"], b"192.0.2.7")
        self.assertEqual(handed["client_port"], 5555)
        self.assertEqual(handed["local_addr"], b"198.51.100.1")
        self.assertEqual(handed["local_port"], 143)

    def test_tls_follows_the_header_at_once(self):
        sock = self.front.connect("imaps", "127.0.0.2")
        sock.sendall(self.line)
        sock = self.front.tls(sock)
        self.assertIn(b"* OK", read_line(sock))
        self.login(sock)
        self.assertEqual(self.last("imaps")["client_addr"], b"192.0.2.7")

    def test_byte_by_byte(self):
        sock = self.front.connect("imap", "127.0.0.2")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in self.line:
            sock.sendall(bytes([byte]))
        # not loopback any more: the proxy's client is elsewhere
        self.assertIn(b"LOGINDISABLED", read_line(sock))

    def test_without_a_header_the_proxy_is_refused(self):
        for start in (b"a LOGIN ada secret\r\n", b"PROXY TCP4 x\r\n",
                      b"\r\n\r\n\0\r\nQUIT\r", b"PROXY " + b"x" * 200):
            sock = self.front.connect("imap", "127.0.0.2")
            sock.sendall(start)
            self.assertIn(read_all(sock), (b"", b"<reset>"))

    signature = b"\r\n\r\n\0\r\nQUIT\n"
    ends = bytes([192, 0, 2, 7, 198, 51, 100, 1]) + struct.pack(
        ">HH", 5555, 143)

    def binary(self, head, block):
        return self.signature + head + struct.pack(">H", len(block)) + block

    def test_a_binary_header_names_the_client(self):
        for tlvs in (b"", b"\4\0\1x", b"\4\xff\0" + b"x" * 0xff00):
            sock = self.front.connect("smtp", "127.0.0.2")
            sock.sendall(self.binary(b"\x21\x11", self.ends + tlvs) +
                         b"EHLO early\r\n")
            self.assertEqual(read_line(sock), b"220 hello\r\n")
            self.assertEqual(read_line(sock), b"EHLO early\r\n")
            handed = self.last("smtp")
            self.assertEqual(handed["client_addr"], b"192.0.2.7")
            self.assertEqual(handed["client_port"], 5555)
            self.assertEqual(handed["local_port"], 143)

    def test_a_binary_header_before_tls_and_in_pieces(self):
        sock = self.front.connect("imaps", "127.0.0.2")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in self.binary(b"\x21\x11", self.ends + b"\4\0\2xy"):
            sock.sendall(bytes([byte]))
        sock = self.front.tls(sock)
        self.assertIn(b"* OK", read_line(sock))
        self.login(sock)
        self.assertEqual(self.last("imaps")["client_addr"], b"192.0.2.7")

    def test_a_proxy_that_speaks_for_itself(self):
        for header in (self.binary(b"\x20\0", b""),
                       self.binary(b"\x20\x11", self.ends),
                       self.binary(b"\x21\0", b"\4\0\1x"),
                       self.binary(b"\x21\x31", b"/" * 216)):
            sock = self.front.connect("smtp", "127.0.0.2")
            sock.sendall(header)
            self.assertEqual(read_line(sock), b"220 hello\r\n")
            self.assertEqual(self.last("smtp")["client_addr"], b"127.0.0.2")

    def test_a_wrong_binary_header_is_refused(self):
        good = self.binary(b"\x21\x11", self.ends)
        for start in (self.binary(b"\x22\x11", self.ends),
                      self.binary(b"\x31\x11", self.ends),
                      self.binary(b"\x21\x51", self.ends),
                      self.binary(b"\x21\x11", self.ends[:11]),
                      good[:13] + b"\x13"):
            sock = self.front.connect("imap", "127.0.0.2")
            sock.sendall(start)
            self.assertIn(read_all(sock), (b"", b"<reset>"))

    def test_others_are_not_asked_and_not_believed(self):
        sock = self.front.connect("imap")
        self.assertIn(b"* OK", read_line(sock))
        sock.sendall(self.line)
        self.assertIn(b"PROXY BAD", read_line(sock))


WAIT = 3.9  # seconds, by our clock, of the four in which a stranger is silent


class Greeting(FrontCase):
    """127.0.0.0/8 is exempt by default: here only 127.0.0.9 is."""

    options = ("smtpd_greet_exempt_networks=127.0.0.9", "smtpd_greet_wait=4s",
               "client_connection_limit_exceptions=127.0.0.0/8")

    def greeted_after(self, source, service="smtp"):
        began = time.monotonic()
        sock = self.front.connect(service, source)
        if service == "submissions":
            sock = self.front.tls(sock)
        self.assertEqual(read_line(sock), b"220 hello\r\n")
        return time.monotonic() - began

    def test_a_stranger_waits_once(self):
        self.assertGreater(self.greeted_after("127.0.0.2"), WAIT)
        self.assert_at_once("127.0.0.2")
        self.assert_at_once("127.0.0.2")

    def test_known_networks_and_submissions_do_not(self):
        self.assert_at_once("127.0.0.9")
        # each a stranger of its own: who waited once is known
        self.assert_at_once("127.0.1.1", "127.0.1.2", "127.0.1.3",
                            service="submissions")

    def assert_at_once(self, *sources, service="smtp"):
        """A busy machine may be slow now and then, but not each time."""
        took = [self.greeted_after(sources[i % len(sources)], service)
                for i in range(3)]
        self.assertLess(min(took), WAIT)

    def test_who_hangs_up_is_forgotten(self):
        self.front.connect("smtp", "127.0.0.5").close()
        self.assertGreater(self.greeted_after("127.0.0.5"), WAIT)


class Talkers(FrontCase):
    """Who talks is refused at once, however long he would have to wait."""

    options = ("smtpd_greet_exempt_networks=127.0.0.9",
               "smtpd_greet_wait=60s")

    def test_a_talker_is_refused_and_logged(self):
        for _ in range(2):  # it is not remembered as patient
            sock = self.front.connect("smtp", "127.0.0.4")
            port = sock.getsockname()[1]
            sock.sendall(b"HELO spam\r\nMAIL FROM:<>\r\n")
            self.assertEqual(read_all(sock), b"521 5.5.1 Protocol error\r\n")
            chancery.wait_until("the log line", lambda: re.search(
                rf"PREGREET 25 after \d+\.\d\d from 127.0.0.4:{port}: "
                r"HELO spam", self.front.log()))
        self.assertEqual(self.front.smtp.handed, [])


class Limits(FrontCase):
    options = ("client_connection_limit_exceptions=",
               "smtpd_client_connection_count_limit=2",
               "imapd_client_connection_count_limit=2",
               "pop3d_client_connection_rate_limit=3",
               "anvil_rate_time_unit=1h")

    def test_connections_of_an_address(self):
        one = self.imap()
        self.login(one)
        two = self.imap("imap")
        self.login(two)
        full = self.front.connect("imap")
        self.assertIn(b"* BYE Too many connections from 127.0.0.1",
                      read_all(full))
        other = self.imap("imap", "127.0.0.3")
        other.close()
        one.sendall(b"QUIT\r\n")  # its session ends
        read_all(one)

        def is_let_in():
            sock = self.front.connect("imap")
            return b"* OK" in read_line(sock)
        chancery.wait_until("room again", is_let_in)

    def test_smtp_hears_421(self):
        held = [self.front.connect("smtp") for _ in range(2)]
        for sock in held:
            read_line(sock)
        self.assertEqual(
            read_all(self.front.connect("smtp")),
            b"421 4.3.2 mail.example.test Too many connections from "
            b"127.0.0.1\r\n")

    def test_rate(self):
        for _ in range(3):
            self.assertIn(b"+OK", read_line(self.front.connect("pop3")))
        self.assertIn(b"-ERR Too many", read_all(self.front.connect("pop3")))


class Times(FrontCase):
    options = ("client_connection_limit_exceptions=127.0.0.0/8",
               "login_idle_timeout=1s", "login_time_limit=3s")

    def test_silence_is_timed_out(self):
        sock = self.imap(source="127.0.0.4")
        began = time.monotonic()
        self.assertIn(b"* BYE Timed out", read_all(sock))
        self.assertLess(time.monotonic() - began, 30)

    def test_dripping_bytes_do_not_help(self):
        sock = self.imap(source="127.0.0.5")
        sock.settimeout(0.3)
        began, said = time.monotonic(), b""
        while time.monotonic() - began < 30:
            try:
                sock.sendall(b"a")
            except ConnectionError:
                pass  # what was said before can be read
            try:
                chunk = sock.recv(1000)
                if not chunk:
                    break
                said += chunk
            except TimeoutError:
                continue
            except ConnectionError:
                break
        self.assertIn(b"* BYE Timed out", said)

    def test_silent_handshake_is_timed_out(self):
        sock = self.front.connect("imaps", "127.0.0.6")
        self.assertIn(read_all(sock), (b"", b"<reset>"))


class Full(FrontCase):
    """Whoever has not logged in cannot keep others out for long."""

    options = ("front_login_limit=3", "login_idle_timeout=8s")

    def fill(self):
        """Three that are silent; what the next one hears. On a busy machine
        they may be thrown out before that one comes."""
        for _ in range(3):
            held = [self.front.connect("imaps") for _ in range(3)]
            said = read_line(self.front.connect("imap"))
            if not said.startswith(b"* OK"):
                break
            for sock in held:
                sock.close()
        return held, said

    def test_connections_before_login(self):
        held, said = self.fill()
        self.assertEqual(said, b"* BYE Too many connections\r\n")
        # The fourth at the same door is refused: three are inside by then.
        self.assertIn(read_all(self.front.connect("imaps")),
                      (b"", b"<reset>"))
        for sock in held:  # thrown out when their time is over
            self.assertIn(read_all(sock), (b"", b"<reset>"))
        logged_in = [self.imap() for _ in range(3)]
        for sock in logged_in:
            self.login(sock)  # and does not count any more
        self.imap()


if __name__ == "__main__":
    chancery.main()
