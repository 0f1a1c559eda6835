"""TLS of the smtp agent: opportunistic, mandatory, verified."""

import unittest

from certificates import Authority
from site_peer import EXTENSIONS, Agent, Site


class TlsCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.certificate = cls.authority.issue("mx.site.test")

    def agent(self, *options):
        agent = Agent(["smtp_connection_cache_time_limit=0", *options])
        self.addCleanup(agent.close)
        return agent, agent.connect()

    def site(self, *args, **words):
        words.setdefault("certificate", self.certificate)
        site = Site(*args, **words)
        self.addCleanup(site.close)
        return site

    def trusting(self, level, *more):
        return self.agent(f"smtp_tls_security_level={level}",
                          f"smtp_tls_CAfile={self.authority.file}", *more)


class Tls(TlsCase):
    def send(self, lmtp, site):
        return lmtp.transaction(site.nexthop, ["a@b.test"])

    def test_used_where_offered(self):
        agent, lmtp = self.agent()
        site = self.site()
        self.assertEqual(self.send(lmtp, site)[-1][0], 250)
        self.assertEqual(site.messages[0].tls, "TLSv1.3")
        self.assertEqual([line.split(" ")[0] for line in site.lines()[:4]],
                         ["EHLO", "STARTTLS", "EHLO", "MAIL"])
        self.assertRegex(agent.log(), "Untrusted TLS connection established "
                         r"to 127\.0\.0\.1\[127\.0\.0\.1\]:\d+: TLSv1.3 with "
                         r"cipher \S+ \(\d+/\d+ bits\)")

    def test_none(self):
        _, lmtp = self.agent("smtp_tls_security_level=none")
        site = self.site()
        self.assertEqual(self.send(lmtp, site)[-1][0], 250)
        self.assertIsNone(site.messages[0].tls)

    def test_sessions_are_resumed(self):
        _, lmtp = self.agent()
        site = self.site()
        for _ in range(3):
            self.assertEqual(self.send(lmtp, site)[-1][0], 250)
        self.assertEqual(len(site.connections), 3)
        self.assertEqual([c.resumed for c in site.connections],
                         [False, True, True])

    def test_broken_tls_is_left(self):
        site = self.site({"STARTTLS": b"220 go on\r\nno TLS at all\r\n"},
                         certificate=None,
                         extensions=EXTENSIONS + ("STARTTLS",))
        _, lmtp = self.agent()
        self.assertEqual(self.send(lmtp, site)[-1][0], 250)
        self.assertEqual(len(site.connections), 2)
        _, lmtp = self.agent("smtp_tls_security_level=encrypt")
        replies = self.send(lmtp, site)
        self.assertEqual(replies[0][0], 451)
        self.assertIn("4.7.5 [site] ", replies[0][1])
        self.assertIn("Cannot start TLS", replies[0][1])

    def test_bytes_behind_the_reply_to_starttls(self):
        site = self.site({"STARTTLS": b"220 go on\r\n250 EHLO taken\r\n"},
                         extensions=EXTENSIONS + ("STARTTLS",))
        _, lmtp = self.agent("smtp_tls_security_level=encrypt")
        self.assertIn("sent more behind its reply to STARTTLS",
                      self.send(lmtp, site)[0][1])

    def test_refused(self):
        site = self.site({"STARTTLS": "454 4.7.0 not now"})
        _, lmtp = self.agent()
        self.assertEqual(self.send(lmtp, site)[-1][0], 250)
        self.assertEqual(len(site.connections), 1)
        _, lmtp = self.agent("smtp_tls_security_level=encrypt")
        self.assertEqual(self.send(lmtp, site)[0], (
            454, f"4.7.0 [site] [relay={site.relay}] [said=454:STARTTLS] "
                 "not now"))

    def test_not_offered(self):
        site = self.site(certificate=None)
        _, lmtp = self.agent("smtp_tls_security_level=encrypt")
        self.assertEqual(self.send(lmtp, site)[0], (
            451, f"4.7.4 [site] [relay={site.relay}] TLS is required, but "
                 f"was not offered by host {site.label}"))

    def test_trusted_is_logged(self):
        agent, lmtp = self.trusting("may")
        self.send(lmtp, self.site())
        self.assertIn("Trusted TLS connection established", agent.log())

    def test_name_is_not_the_expected(self):
        agent, lmtp = self.trusting("secure")
        site = self.site()
        self.assertEqual(self.send(lmtp, site)[0], (
            451, f"4.7.5 [site] [relay={site.relay}] Server certificate not "
                 "verified: no name of it is expected"))
        self.assertEqual(site.messages, [])

    def test_name_is_expected(self):
        for match in ("mx.site.test", "other.test:.site.test"):
            agent, lmtp = self.trusting(
                "verify", f"smtp_tls_verify_cert_match={match}")
            site = self.site()
            self.assertEqual(self.send(lmtp, site)[-1][0], 250)
            self.assertIn("Verified TLS connection established", agent.log())

    def test_authority_is_not_ours(self):
        _, lmtp = self.agent("smtp_tls_security_level=verify",
                             "smtp_tls_verify_cert_match=mx.site.test")
        self.assertIn("4.7.5 [site] ", self.send(lmtp, self.site())[0][1])

    def test_policy_of_a_destination(self):
        site, other = self.site(), self.site()
        _, lmtp = self.trusting(
            "may", "smtp_tls_policy_maps=inline:{{%s=secure match=mx.site.test},"
            "{%s = nonsense}}" % (site.nexthop, other.nexthop))
        self.assertEqual(self.send(lmtp, site)[-1][0], 250)
        self.assertEqual(self.send(lmtp, other)[0],
                         (451, "4.7.5 [site] client TLS configuration problem"))
        self.assertEqual(self.send(lmtp, self.site(certificate=None))[-1][0],
                         250)


if __name__ == "__main__":
    unittest.main()
