"""The smtp agent with dnsd and nsd: which hosts, in which order."""

import unittest

import dns
import frames
from chancery import free_port
from certificates import Authority
from site_peer import CLOSE, EXTENSIONS, Agent, Site

NO = "Host or domain name not found. Name service error for "


ZONES = {
    "site.test": """
        @ MX 20 mx3
        @ MX 10 mx2
        mx2 A 127.0.0.2
        mx3 A 127.0.0.3
        mx4 A 127.0.0.4
        mx4 AAAA ::1
        equal MX 10 mx2
        equal MX 10 mx3
        many MX 10 all
        all A 127.0.0.2
        all A 127.0.0.3
        all A 127.0.0.4
        null MX 0 .
        half MX 10 nobody
        half MX 20 mx2
        dead MX 10 nobody
        empty TXT "no address"
        backup MX 10 mx2
        backup MX 20 mail.example.test.
        backup MX 20 mx3
        first MX 10 mail.example.test.
        alias CNAME equal
        lost MX 10 host.unserved.test.
    """,
    "example.test": "mail A 127.0.0.9",
}


class MxCase(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.dns = dns.Server(ZONES)
        cls.addClassCleanup(cls.dns.remove)
        cls.dnsd = frames.Daemon("dnsd", options=[
            o.replace(" = ", "=") for o in cls.dns.options("dns_timeout=20s")])
        cls.addClassCleanup(cls.dnsd.stop)

    def setUp(self):
        self.port = free_port("127.0.0.2", "127.0.0.3", "127.0.0.4")
        self.agent = Agent((f"smtp_tcp_port={self.port}",
                            "smtp_connection_cache_time_limit=0",
                            "smtp_address_preference=ipv4") + self.options,
                           {"dnsd": self.dnsd.path("test")})
        self.addCleanup(self.agent.close)
        self.lmtp = self.agent.connect()

    def site(self, last, *args, **words):
        site = Site(*args, address=f"127.0.0.{last}", port=self.port, **words)
        self.addCleanup(site.close)
        return site

    def send(self, domain):
        return self.lmtp.transaction(domain, ["a@" + domain.strip("[]")])

    def relay(self, name, last):
        return f"[relay={name}[127.0.0.{last}]:{self.port}] "


class Hosts(MxCase):
    def assert_sent(self, domain, name, last):
        replies = self.send(domain)
        self.assertEqual(replies[-1][0], 250, replies)
        self.assertIn(self.relay(name, last), replies[-1][1])

    def test_best_preference(self):
        self.site(2), self.site(3)
        for _ in range(5):
            self.assert_sent("site.test", "mx2.site.test", 2)

    def test_next_one_where_the_first_is_away(self):
        self.site(3)
        self.assert_sent("site.test", "mx3.site.test", 3)

    def test_next_one_where_the_first_has_no_time(self):
        first, second = self.site(2), self.site(3)
        for said in ("421 4.3.2 too busy", "451 later", "554 no", CLOSE,
                     b"garbage\r\n"):
            first.rules["GREETING"] = said
            self.assert_sent("site.test", "mx3.site.test", 3)

    def test_no_next_one_for_what_a_host_says_of_mail(self):
        self.site(2, {"RCPT": "450 4.2.0 greylisted"}), self.site(3)
        replies = self.send("site.test")
        self.assertEqual(replies[1], (
            450, "4.2.0 " + self.relay("mx2.site.test", 2) +
                 "[said=450:RCPT] greylisted"))

    def test_lots_among_equals(self):
        sites = self.site(2), self.site(3)
        for _ in range(40):
            if all(site.messages for site in sites):
                break
            self.send("equal.site.test")
        self.assertTrue(all(site.messages for site in sites))

    def test_without_mx(self):
        self.site(2)
        self.assert_sent("mx2.site.test", "mx2.site.test", 2)

    def test_host_in_brackets(self):
        self.site(4)
        self.assert_sent("[mx4.site.test]", "mx4.site.test", 4)

    def test_alias(self):
        self.site(2), self.site(3)
        self.assertEqual(self.send("alias.site.test")[-1][0], 250)

    def test_one_of_the_names_is_nobody(self):
        self.site(2)
        self.assert_sent("half.site.test", "mx2.site.test", 2)

    def test_better_than_ourselves_only(self):
        self.site(3)
        replies = self.send("backup.site.test")
        self.assertEqual(replies[0], (
            451, f"4.4.1 [site] connect to mx2.site.test[127.0.0.2]:"
                 f"{self.port}: Connection refused"))
        self.site(2)
        self.assert_sent("backup.site.test", "mx2.site.test", 2)


class Never(MxCase):
    def assert_failed(self, domain, code, text):
        replies = self.send(domain)
        self.assertEqual(replies, [(code, text)] * 2 + [
            (503, "5.5.1 Error: need MAIL command")])

    def test_null_mx(self):
        self.assert_failed("null.site.test", 556, "5.1.10 Domain "
                           "null.site.test does not accept mail (nullMX)")

    def test_no_such_domain(self):
        self.assert_failed("gone.site.test", 550, "5.4.4 " + NO +
                           "name=gone.site.test type=MX: Host not found")
        self.assert_failed("[gone.site.test]", 550, "5.4.4 " + NO +
                           "name=gone.site.test type=AAAA: Host not found")
        self.assert_failed("dead.site.test", 550, "5.4.4 " + NO +
                           "name=nobody.site.test type=AAAA: Host not found")

    def test_no_address(self):
        self.assert_failed(
            "empty.site.test", 550, "5.4.4 " + NO +
            "name=empty.site.test type=AAAA: Host found but no data record "
            "of requested type")

    def test_loop(self):
        self.assert_failed("first.site.test", 554, "5.4.6 mail for "
                           "first.site.test loops back to myself")


class Later(MxCase):
    def test_server_failure(self):
        for domain, name, kind in (
                ("unserved.test", "unserved.test", "MX"),
                ("lost.site.test", "host.unserved.test", "AAAA")):
            replies = self.send(domain)
            self.assertEqual(replies[0][0], 451)
            self.assertTrue(replies[0][1].startswith(
                f"4.4.3 [site] {NO}name={name} type={kind}: "), replies)

    def test_dnsd_is_away(self):
        agent = Agent()
        self.addCleanup(agent.close)
        replies = agent.connect().transaction("site.test", ["a@site.test"])
        self.assertEqual(replies[0][0], 451)
        self.assertIn("4.4.3 [site] " + NO, replies[0][1])


class Limits(MxCase):
    options = ("smtp_mx_session_limit=2", "smtp_mx_address_limit=0")

    def test_so_many_that_greet(self):
        sites = [self.site(i, {"EHLO": "451 no"}) for i in (2, 3, 4)]
        self.send("many.site.test")
        self.assertEqual(sum(len(s.connections) for s in sites), 2)


class Addresses(MxCase):
    options = ("smtp_mx_session_limit=0", "smtp_mx_address_limit=2")

    def test_so_many_are_tried(self):
        sites = [self.site(i, {"EHLO": "451 no"}) for i in (2, 3, 4)]
        self.send("many.site.test")
        self.assertEqual(sum(len(s.connections) for s in sites), 2)


class Names(MxCase):
    """The host's name is the one asked for in TLS, and of its certificate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)

    def agent_with(self, *options):
        agent = Agent((f"smtp_tcp_port={self.port}",
                       f"smtp_tls_CAfile={self.authority.file}") + options,
                      {"dnsd": self.dnsd.path("test")})
        self.addCleanup(agent.close)
        return agent, agent.connect()

    def test_server_name(self):
        site = self.site(2, certificate=self.authority.issue("mx2.site.test"))
        agent, lmtp = self.agent_with("smtp_tls_security_level=verify")
        self.assertEqual(lmtp.transaction("site.test", ["a@b.test"])[-1][0],
                         250)
        self.assertEqual(site.names, ["mx2.site.test"])
        self.assertIn("Verified TLS connection established to mx2.site.test["
                      f"127.0.0.2]:{self.port}: ", agent.log())

    def test_secure_wants_the_domain(self):
        other = self.site(2, certificate=self.authority.issue("mx2.other.test"))
        agent, lmtp = self.agent_with("smtp_tls_security_level=secure")
        self.site(3, certificate=self.authority.issue("x.site.test"))
        self.assertEqual(lmtp.transaction("site.test", ["a@b.test"])[-1][0],
                         250)
        self.assertEqual(other.messages, [])
        self.assertIn("Server certificate not verified", agent.log())


if __name__ == "__main__":
    unittest.main()
