"""SMTP smuggling (CVE-2023-51764 to 51766; SEC Consult, "SMTP Smuggling",
2023): false ends of DATA that one server passes on and another believes.

Inbound, no false end becomes a second message. Outbound, what the sending
agent writes to another site has one end of DATA, no bare CR or LF, and its
dots stuffed, whatever a submitted message or an agent's client tried."""

import re
import unittest

import attack
from site_peer import EXTENSIONS, Agent, Site

HEAD = (b"EHLO c\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<ada@example.test>\r\n"
        b"DATA\r\nSubject: outer\r\n\r\nouter")
INNER = (b"MAIL FROM:<admin@example.test>\r\nRCPT TO:<bob@example.test>\r\n"
         b"DATA\r\nSubject: smuggled\r\n\r\ninner\r\n.\r\nQUIT\r\n")
# Every pair of line endings around the dot, and those seen in the wild.
ENDINGS = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\r\n", b"\r\0\n",
           b"\x0b\r\n", b"\x0c", b"\x85", b"\xe2\x80\xa8", b" \r\n")
FALSE_ENDS = [a + b"." + b for a in ENDINGS for b in ENDINGS
              if (a, b) != (b"\r\n", b"\r\n")
              and not (a.endswith(b"\r\n") and b == b"\r\n")]


class Inbound(attack.TestCase):
    def test_no_false_end_is_believed(self):
        for end in FALSE_ENDS:
            self.count()
            said = self.talk("smtp", HEAD + end + INNER)
            codes = re.findall(r"^(\d\d\d) ", said, re.M)
            bare = re.search(rb"\r(?!\n)|(?<!\r)\n", end)
            self.assertEqual(
                codes, ["220", "250", "250", "250", "354",
                        "550" if bare else "250", "221"], end)
        self.assertEqual(self.messages("bob"), [])
        for message in self.messages("ada"):
            self.assertIn(b"Subject: outer", message)

    def test_the_end_may_come_in_any_pieces(self):
        """A true end cut between any two bytes is one end; what follows it
        is the next command."""
        text = b"\r\n.\r\n"
        for cut in range(1, len(text)):
            self.count()
            with self.connect("smtp") as sock:
                sock.sendall(HEAD)
                said = b""
                while b"\r\n354 " not in said:
                    said += sock.recv(4096)
                sock.sendall(text[:cut])
                sock.sendall(text[cut:] + b"NOOP\r\nQUIT\r\n")
                said += attack.read_all(sock)
            codes = re.findall(rb"^(\d\d\d) ", said, re.M)
            self.assertEqual(codes, b"220 250 250 250 354 250 250 221".split())


class Outbound(unittest.TestCase):
    """The sending agent with another site that is DATA's strictest reader."""

    BODIES = (
        b"Subject: x\r\n\r\n.\r\n", b"Subject: x\r\n\r\na\r\n.\r\nb\r\n",
        b"Subject: x\r\n\r\n..\r\n...\r\n", b".leading: field\r\n\r\nx\r\n",
        b"Subject: x\r\n\r\n" + b".\r\n" * 2000,
        b"Subject: x\r\n\r\n" + b"x" * 65533 + b"\r\n.\r\nMAIL FROM:<>\r\n",
        b"Subject: x\r\n\r\n.\r\nMAIL FROM:<evil@y>\r\nRCPT TO:<z@y>\r\n"
        b"DATA\r\ninner\r\n")
    # lmtpd and the agent are only ever given CRLF by smtpd; should qmgr hand
    # on a bare one all the same, it must not reach the other site as one.
    BARE = (b"a\n.\nb\r\n", b"a\n.\r\nb\r\n", b"a\r.\rb\r\n", b"a\r.\r\nb\r\n",
            b"a\r\n.\nb\r\n", b"a\r\n.\rb\r\n", b"\n.\r\n")

    def converse(self, extensions):
        site = Site(extensions=extensions)
        agent = Agent(["smtp_connection_cache_time_limit=0"])
        self.addCleanup(site.close)
        self.addCleanup(agent.close)
        return site, agent.connect()

    def test_what_is_submitted_arrives_as_it_is(self):
        for extensions in (EXTENSIONS, EXTENSIONS + ("CHUNKING",),
                           ("8BITMIME",)):
            site, lmtp = self.converse(extensions)
            for body in self.BODIES:
                replies = lmtp.transaction(site.nexthop, ["a@b.test"], body)
                self.assertEqual(replies[-1][0], 250, body[:80])
                self.assertEqual(site.messages[-1].data, body)
            self.assertEqual(len(site.messages), len(self.BODIES))
            self.assertFalse(any("evil" in line for line in site.lines()))
        print(f"saw: Outbound: {3 * len(self.BODIES)} attempts")

    def test_a_bare_ending_never_leaves(self):
        site, lmtp = self.converse(EXTENSIONS)
        for inner in self.BARE:
            body = b"Subject: x\r\n\r\n" + inner
            replies = lmtp.transaction(site.nexthop, ["a@b.test"], body)
            if replies[-1][0] == 250:
                self.assertIsNone(re.search(rb"\r(?!\n)|(?<!\r)\n",
                                            site.messages[-1].data), inner)
        self.assertLessEqual(len(site.messages), len(self.BARE))


if __name__ == "__main__":
    attack.main()
