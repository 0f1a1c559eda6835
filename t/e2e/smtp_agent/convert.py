"""Mail made fit for sites that take less than it has (RFC 6152 section 3): what
they get holds the same, as another reader of MIME sees it."""

import email
import os
import unittest

import chancery
from site_peer import EXTENSIONS, Agent, Site

SEVEN = tuple(w for w in EXTENSIONS if w not in ("8BITMIME", "SMTPUTF8"))
UE = "gr\u00fc\u00dfe".encode()
WAYS = ((), ("CHUNKING",), ("PIPELINING",), SEVEN, SEVEN + ("CHUNKING",))

MIXED = b"""\
Subject: mixed
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_b"
Content-Transfer-Encoding: 8bit

preamble
--=_b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

gr\xc3\xbc\xc3\x9fe
.
..dots, and a long line: %s
-- \x20
--=_c
--=_b
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAECAwQ=
--=_b
Content-Type: message/rfc822

Subject: inside

\xff, without a word of MIME
--=_b--
epilogue
""".replace(b"\n", b"\r\n") % (b"x\xc3\xbc" * 300)

SIGNED = b"""\
MIME-Version: 1.0
Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"

--s
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

%s
--s
Content-Type: application/pgp-signature

none
--s--
""".replace(b"\n", b"\r\n")


def leaves(message):
    """What each part holds, decoded."""
    return [(part.get_content_type(), part.get_payload(decode=True))
            for part in email.message_from_bytes(message).walk()
            if not part.is_multipart()]


class ConvertCase(unittest.TestCase):
    options = ["smtp_connection_cache_time_limit=60s"]

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(cls.options)
        cls.addClassCleanup(cls.agent.close)

    def setUp(self):
        self.lmtp = self.agent.connect()

    def site(self, extensions, rules=None):
        site = Site(rules or {}, extensions=extensions)
        self.addCleanup(site.close)
        return site

    def send(self, extensions, body, words="BODY=8BITMIME", rules=None):
        site = self.site(extensions, rules)
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test"], body,
                                        words=words)
        return site, replies

    def assert_refused(self, site, replies, status, why):
        code, said = replies[-1]
        self.assertEqual(code, 554, replies)
        self.assertTrue(said.startswith(f"{status} [relay={site.relay}] "),
                        said)
        self.assertIn(why, said)
        self.assertEqual(site.messages, [])


class EightBits(ConvertCase):
    def test_same_content_in_seven_bits(self):
        for extensions in WAYS:
            site, replies = self.send(extensions, MIXED)
            self.assertEqual(replies[-1][0], 250, replies)
            got = site.messages[0]
            self.assertTrue(got.data.isascii())
            self.assertEqual(leaves(got.data), leaves(MIXED))
            self.assertEqual(got.data.count(b"quoted-printable"), 2)
            self.assertIn(b"charset=unknown-8bit", got.data)
            self.assertLessEqual(max(map(len, got.data.split(b"\r\n"))), 78)
            self.assertNotIn("BODY", got.mail)

    def test_size_is_not_said_where_it_grows(self):
        for words, want in (("BODY=8BITMIME SIZE=99", "FROM:<s@elsewhere.test>"),
                            ("SIZE=99", "FROM:<s@elsewhere.test> SIZE=99")):
            site, replies = self.send(("SIZE",), b"\r\nx\r\n", words)
            self.assertEqual(site.messages[0].mail, want)

    def test_what_nobody_called_eight_bit(self):
        for extensions in WAYS:
            site, replies = self.send(extensions, b"Subject: x\r\n\r\n" + UE +
                                      b"\r\n", "")
            self.assertTrue(site.messages[0].data.isascii())
            # it went out before conversion was known, and does so still
            body = b"Subject: " + UE + b"\r\n\r\n" + UE + b"\r\n"
            site, replies = self.send(extensions, body, "")
            self.assertEqual(replies[-1][0], 250)
            self.assertIn(b"Subject: " + UE, site.messages[0].data)

    def test_header(self):
        for extensions in WAYS:
            site, replies = self.send(extensions, b"Subject: " + UE +
                                      b"\r\n\r\nx\r\n")
            self.assert_refused(site, replies, "5.6.3", "8BITMIME is required,"
                                f" but was not offered by host {site.label}, "
                                "and the message cannot be converted: 8-bit "
                                "data in a header field")
            self.assertNotIn("DATA", site.lines())
            # and the connection is as good as before
            replies = self.lmtp.transaction(site.nexthop, ["a@b.test"])
            self.assertEqual(replies[-1][0], 250)
            self.assertEqual(len(site.connections), 1)

    def test_signed_is_not_touched(self):
        site, replies = self.send(SEVEN, SIGNED % UE)
        self.assert_refused(site, replies, "5.6.2", "what is signed")
        site, replies = self.send(SEVEN, SIGNED % b"seven")
        self.assertEqual(site.messages[0].data, SIGNED % b"seven")

    def test_broken_mime(self):
        site, replies = self.send(SEVEN, b"Content-Transfer-Encoding: base64"
                                  b"\r\n\r\n" + UE + b"\r\n")
        self.assert_refused(site, replies, "5.6.3", "none may be encoded")

    def test_found_out_too_late(self):
        """The site has half of it by then, and must not take that."""
        body = (MIXED[:-len(b"--\r\nepilogue\r\n")] + b"\r\n\r\n" +
                (b"x" * 70 + b"\r\n") * 20000 + b"--=_b--\r\n" + UE + b"\r\n")
        for extensions in WAYS:
            site, replies = self.send(extensions, body)
            self.assert_refused(site, replies, "5.6.3", "none may be encoded")
            chancery.wait_until("the site heard of it", lambda: any(
                line[:4] in ("DATA", "BDAT") for line in site.lines()))
            replies = self.lmtp.transaction(site.nexthop, ["a@b.test"])
            self.assertEqual(replies[-1][0], 250)
            self.assertEqual(len(site.connections), 2)
            self.assertEqual(len(site.messages), 1)

    def test_site_refuses(self):
        for rules, said in (({"DATA": "554 5.7.1 no data"}, "DATA"),
                            ({"END": "554 5.7.1 no message"}, "end")):
            site, replies = self.send(SEVEN, MIXED, rules=rules)
            self.assertIn(f"[said=554:{said}]", replies[-1][1])
            self.assertEqual(site.messages, [])

    @unittest.skipIf(chancery.BUILD.endswith("asan"), "its memory is its own")
    def test_large_in_little_memory(self):
        line = "x\u00fc".encode() * 40 + b"\r\n"
        body = b"Subject: x\r\n\r\n" + line * 75000
        before = self.peak()
        for extensions in ((), ("CHUNKING",)):
            site, replies = self.send(extensions, body)
            self.assertEqual(replies[-1][0], 250, replies)
            got = leaves(site.messages[0].data)[0][1]
            self.assertTrue(got == line * 75000)
        self.assertLess(self.peak() - before, 3000)

    def peak(self):
        """KiB, of the largest process of the agent."""
        peaks = []
        for pid in self.children(self.agent.process.pid):
            with open(f"/proc/{pid}/status") as f:
                peaks += [int(line.split()[1]) for line in f
                          if line.startswith("VmHWM")]
        return max(peaks)

    def children(self, pid):
        path = f"/proc/{pid}/task/{pid}/children"
        with open(path) as f:
            return [int(word) for word in f.read().split()] + [pid]


class Binary(ConvertCase):
    """BINARYMIME (RFC 3030) for sites that offer less."""

    message = (b"MIME-Version: 1.0\r\n"
               b"Content-Type: multipart/mixed; boundary=b\r\n"
               b"Content-Transfer-Encoding: binary\r\n\r\n"
               b"--b\r\nContent-Type: application/octet-stream\r\n"
               b"Content-Transfer-Encoding: binary\r\n\r\n" +
               bytes(range(256)) * 3 + b"\n.\n\r.\r no line end"
               b"\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
               b"Content-Transfer-Encoding: binary\r\n\r\n" + UE +
               b"\r\n--b--")

    def bdat(self, extensions, body, words="BODY=BINARYMIME"):
        site = self.site(extensions)
        self.lmtp.send(self.lmtp.mail(site.nexthop, words=words),
                       "RCPT TO:<a@b.test> XCHANCERY=0")
        replies = [self.lmtp.reply() for _ in range(2)]
        self.lmtp.send(f"BDAT {len(body)} LAST")
        self.lmtp.sock.sendall(body)
        return site, replies + [self.lmtp.reply()]

    def test_becomes_lines(self):
        for extensions in WAYS + (("8BITMIME",), ("8BITMIME", "CHUNKING"),
                                  ("BINARYMIME",)):
            site, replies = self.bdat(extensions, self.message)
            self.assertEqual(replies[-1][0], 250, replies)
            got = site.messages[0]
            self.assertEqual(leaves(got.data), leaves(self.message))
            self.assertEqual(got.data.replace(b"\r\n", b"").count(b"\n"), 0)
            self.assertEqual(got.data.replace(b"\r\n", b"").count(b"\r"), 0)
            is_eight = "8BITMIME" in extensions
            self.assertEqual(got.data.isascii(), not is_eight)
            self.assertEqual(" BODY=8BITMIME" in got.mail, is_eight)
            self.assertNotIn("BINARYMIME", got.mail)

    def test_large(self):
        part = os.urandom(1 << 20)
        body = (b"Content-Type: application/octet-stream\r\n"
                b"Content-Transfer-Encoding: binary\r\n\r\n" + part)
        for extensions in SEVEN, SEVEN + ("CHUNKING",):
            site, replies = self.bdat(extensions, body)
            self.assertEqual(replies[-1][0], 250, replies)
            self.assertTrue(leaves(site.messages[0].data)[0][1] == part)

    def test_header_that_is_no_lines(self):
        site, replies = self.bdat(SEVEN, b"Subject: x\nY: z\r\n\r\nx\r\n")
        self.assert_refused(site, replies, "5.6.3", "BINARYMIME is required")


class Disabled(ConvertCase):
    options = ["disable_mime_output_conversion=yes"]

    def test_eight_bits_go_out_as_they_are(self):
        for words in "BODY=8BITMIME", "":
            site, replies = self.send(SEVEN, MIXED, words)
            self.assertEqual(site.messages[0].data, MIXED)
            self.assertNotIn("BODY", site.messages[0].mail)

    def test_what_is_no_lines_cannot(self):
        for words in (EXTENSIONS, EXTENSIONS + ("CHUNKING",),
                      EXTENSIONS + ("BINARYMIME",)):
            site, replies = Binary.bdat(self, words, Binary.message)
            self.assertEqual(replies[0], (
                554, f"5.6.3 [relay={site.relay}] BINARYMIME is required, but "
                     f"was not offered by host {site.label}"))
            self.assertEqual([code for code, _ in replies], [554, 554, 503])
            self.assertEqual(self.lmtp.command("RSET")[0], 250)

    def test_international_header(self):
        site, replies = self.send(("8BITMIME",), b"Subject: " + UE +
                                  b"\r\n\r\n", "BODY=8BITMIME SMTPUTF8")
        self.assert_refused(site, replies, "5.6.7", "SMTPUTF8 is required")


if __name__ == "__main__":
    unittest.main()
