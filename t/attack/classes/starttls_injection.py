"""STARTTLS command and response injection (CVE-2011-0411 and kin; "NO
STARTTLS", Poddebniak et al., USENIX Security 2021, CVE-2021-38371 and others).

What is said in the clear behind STARTTLS is never taken for something said
under TLS: server side on SMTP, submission, IMAP and POP3, in one packet and in
two; client side in the sending agent, for the reply's tail, for extensions
promised in the clear, and for a site that talks TLS too early."""

import ssl
import unittest

import attack
from certificates import Authority
from site_peer import EXTENSIONS, Agent, Site

# service: what leads there, STARTTLS, the go-ahead, what is injected, and
# the first command under TLS with what its honest answer holds.
SERVERS = {
    "smtp": (b"EHLO c\r\n", b"STARTTLS\r\n", b"220 ", b"EHLO evil\r\n"
             b"MAIL FROM:<evil@y.test>\r\n", b"EHLO good\r\n", b"250 "),
    "submission": (b"EHLO c\r\n", b"STARTTLS\r\n", b"220 ", b"EHLO evil\r\n",
                   b"EHLO good\r\n", b"250 "),
    "imap": (b"", b"a STARTTLS\r\n", b"a OK", b"evil CAPABILITY\r\n",
             b"b NOOP\r\n", b"b OK"),
    "pop3": (b"", b"STLS\r\n", b"+OK Begin", b"CAPA\r\nUSER evil\r\n",
             b"QUIT\r\n", b"+OK"),
}


class Servers(attack.TestCase):
    def begin(self, service):
        sock = self.connect(service)
        hello, starttls, *_ = SERVERS[service]
        self.until(sock, b"\r\n")
        if hello:
            sock.sendall(hello)
            self.until(sock, b"250 ")
        return sock, starttls

    @staticmethod
    def until(sock, word):
        said = b""
        while word not in said or not said.endswith(b"\r\n"):
            chunk = sock.recv(4096)
            if not chunk:
                break
            said += chunk
        return said

    def test_behind_starttls_in_one_packet(self):
        for service, (_, _, _, evil, good, answer) in SERVERS.items():
            for tail in (evil, evil * 100, evil[:3], b"\r\n", b"\0",
                         b"x" * 5000):
                self.count()
                sock, starttls = self.begin(service)
                sock.sendall(starttls + tail)
                self.refuses_or_forgets(sock, service, good, answer)

    def test_behind_starttls_in_the_next_packet(self):
        """Sent when the go-ahead is there, so before the handshake."""
        for service, (_, _, go, evil, good, answer) in SERVERS.items():
            self.count()
            sock, starttls = self.begin(service)
            sock.sendall(starttls)
            self.until(sock, go[:3])
            sock.sendall(evil)
            self.refuses_or_forgets(sock, service, good, answer)

    def refuses_or_forgets(self, sock, service, good, answer):
        """Either there is no TLS, or under it nothing was said before."""
        context = self.chancery.tls()
        sock.settimeout(attack.PATIENCE)
        said = b""
        try:
            # the go-ahead, or the refusal, in the clear
            while not said.endswith(b"\r\n"):
                chunk = sock.recv(1, 0)
                if not chunk:
                    return sock.close()
                said += chunk
            tls = context.wrap_socket(sock)
        except (OSError, ssl.SSLError):
            return sock.close()
        tls.sendall(good)
        heard = self.until(tls, answer)
        self.assertNotIn(b"evil", heard, service)
        self.assertTrue(answer in heard or heard == b"", (service, heard))
        tls.close()

    def test_state_is_forgotten(self):
        """A login, a sender or a name said in the clear are void under TLS."""
        sock, starttls = self.begin("smtp")
        sock.sendall(b"MAIL FROM:<evil@y.test>\r\n")
        self.until(sock, b"250 ")
        sock.sendall(starttls)
        self.until(sock, b"220 ")
        tls = self.chancery.tls().wrap_socket(sock)
        for line, code in ((b"RCPT TO:<ada@example.test>\r\n", b"503"),
                           (b"MAIL FROM:<x@y.test>\r\n", b"503")):
            tls.sendall(line)
            self.assertEqual(self.until(tls, b"\r\n")[:3], code)
        tls.close()
        sock, starttls = self.begin("pop3")
        sock.sendall(b"USER ada@example.test\r\n")
        self.until(sock, b"\r\n")
        sock.sendall(starttls)
        self.until(sock, b"+OK")
        tls = self.chancery.tls().wrap_socket(sock)
        tls.sendall(b"PASS secret-ada\r\n")
        self.assertTrue(self.until(tls, b"\r\n").startswith(b"-ERR"))
        tls.close()
        self.count(3)

    def test_no_second_starttls(self):
        for service, (hello, starttls, *_ ) in SERVERS.items():
            self.count()
            sock, _ = self.begin(service)
            sock.sendall(starttls)
            self.until(sock, SERVERS[service][2][:3])
            tls = self.chancery.tls().wrap_socket(sock)
            if hello:
                tls.sendall(hello)
                self.until(tls, b"250 ")
            tls.sendall(starttls)
            said = self.until(tls, b"\r\n")
            self.assertRegex(said, rb"^(5\d\d |a BAD|-ERR)", service)
            tls.close()


class Client(unittest.TestCase):
    """The sending agent, with TLS demanded."""

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.certificate = cls.authority.issue("mx.site.test")

    def send(self, rules, **words):
        extensions = EXTENSIONS if words else EXTENSIONS + ("STARTTLS",)
        site = Site(rules, extensions=extensions, **words)
        self.addCleanup(site.close)
        agent = Agent(["smtp_connection_cache_time_limit=0",
                       "smtp_tls_security_level=encrypt"])
        self.addCleanup(agent.close)
        return site, agent.connect().transaction(site.nexthop, ["a@b.test"])

    def test_bytes_behind_the_go_ahead(self):
        for tail in (b"250 taken\r\n", b"250-evil.test\r\n250 SIZE\r\n",
                     b"\r\n", b"\x16\x03\x01"):
            site, replies = self.send({"STARTTLS": b"220 go\r\n" + tail})
            self.assertGreaterEqual(replies[0][0], 400, tail)
            self.assertEqual(site.messages, [])
        print("saw: Client: 4 attempts behind the reply to STARTTLS")

    def test_stripping_is_noticed_where_tls_is_demanded(self):
        """The name STARTTLS taken out, or garbled as some middleboxes do."""
        for word in (None, "XXXXXXXA", "STARTTLSX"):
            site = Site({}, extensions=EXTENSIONS + ((word,) if word else ()))
            agent = Agent(["smtp_tls_security_level=encrypt"])
            self.addCleanup(site.close)
            self.addCleanup(agent.close)
            replies = agent.connect().transaction(site.nexthop, ["a@b.test"])
            self.assertGreaterEqual(replies[0][0], 400, word)
            self.assertEqual(site.messages, [])

    def test_what_was_promised_in_the_clear_is_asked_again(self):
        """Extensions of the first EHLO (here: none with a size under TLS)
        must not outlive STARTTLS."""
        def ehlo(connection, _):
            if connection.tls:
                return b"250 site.test\r\n"
            return (b"250-site.test\r\n250-CHUNKING\r\n250-PIPELINING\r\n"
                    b"250 STARTTLS\r\n")
        site, replies = self.send({"EHLO": ehlo},
                                     certificate=self.certificate)
        self.assertEqual(replies[-1][0], 250)
        verbs = [line.split(" ")[0].upper() for line in site.lines()]
        self.assertEqual(verbs.count("EHLO"), 2)
        self.assertNotIn("BDAT", verbs)


if __name__ == "__main__":
    attack.main()
