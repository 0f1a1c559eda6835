"""FETCH: every item and section (RFC 3501 section 6.4.5)."""

import re

import chancery
import imap_talk

SIMPLE = (b"Date: Wed, 17 Jul 1996 02:23:25 -0700\r\n"
          b"From: Terry Gray <gray@cac.washington.edu>\r\n"
          b"Subject: IMAP4rev1 WG mtg\r\n"
          b" summary\r\n"
          b"To: imap@cac.washington.edu\r\n"
          b"Cc: friends: minutes@CNRI.Reston.VA.US,\r\n"
          b" \"John \\\"K\\\" Klensin\" <KLENSIN@MIT.EDU>;\r\n"
          b"Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
          b"MIME-Version: 1.0\r\n"
          b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
          b"\r\n"
          b"line one\r\n"
          b"line two\r\n")

NESTED = (b"Subject: outer\r\n"
          b"Content-Type: multipart/mixed; boundary=\"a\"\r\n"
          b"\r\n"
          b"--a\r\n"
          b"\r\n"
          b"one\r\n"
          b"--a\r\n"
          b"Content-Type: message/rfc822\r\n"
          b"Content-Disposition: attachment; filename=x.eml\r\n"
          b"\r\n"
          b"Subject: inner\r\n"
          b"From: in@side\r\n"
          b"Content-Type: multipart/alternative; boundary=b\r\n"
          b"\r\n"
          b"--b\r\n"
          b"\r\n"
          b"two one\r\n"
          b"--b\r\n"
          b"Content-Type: image/png; name=p\r\n"
          b"Content-Transfer-Encoding: base64\r\n"
          b"Content-ID: <img@x>\r\n"
          b"\r\n"
          b"aGVsbG8=\r\n"
          b"--b--\r\n"
          b"--a--\r\n")


class Fetch(imap_talk.TestCase):

    def setUp(self):
        super().setUp()
        self.uids = [
            self.ada.append(SIMPLE, self.box,
                            '(\\Answered) "17-Jul-1996 02:44:25 -0700"'),
            self.ada.append(NESTED, self.box)]
        self.ada.ok(f"SELECT {self.box}")

    def one(self, number, items):
        untagged = self.ada.ok(f"FETCH {number} {items}")
        self.assertEqual(len(untagged), 1, untagged)
        head, rest = untagged[0].split(" FETCH (", 1)
        self.assertEqual(head, str(number))
        self.assertTrue(rest.endswith(")"))
        return rest[:-1]

    def body(self, number, section, partial=None):
        """The bytes of BODY.PEEK[section]<partial>, or None for NIL."""
        asked, name = f"BODY.PEEK[{section}]", f"BODY[{section}]"
        if partial:
            asked += f"<{partial}>"
            name += f"<{partial.split('.')[0]}>"
        said = self.one(number, f"({asked})")
        self.assertTrue(said.startswith(name + " "), said)
        value = said[len(name) + 1:]
        if value == "NIL":
            return None
        size, text = re.match(r"\{(\d+)\}\r\n(.*)$", value, re.S).groups()
        self.assertEqual(int(size), len(text))
        return text.encode("latin-1")

    def test_small_items(self):
        self.assertEqual(self.one(1, "UID"), f"UID {self.uids[0]}")
        self.assertEqual(self.one(1, "RFC822.SIZE"),
                         f"RFC822.SIZE {len(SIMPLE)}")
        self.assertEqual(self.one(1, "INTERNALDATE"),
                         'INTERNALDATE "17-Jul-1996 09:44:25 +0000"')
        self.assertIn("\\Answered", self.one(1, "FLAGS"))

    def test_envelope(self):
        self.assertEqual(
            self.one(1, "ENVELOPE"),
            'ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700" '
            '"IMAP4rev1 WG mtg summary" '
            '(("Terry Gray" NIL "gray" "cac.washington.edu")) '
            '(("Terry Gray" NIL "gray" "cac.washington.edu")) '
            '(("Terry Gray" NIL "gray" "cac.washington.edu")) '
            '((NIL NIL "imap" "cac.washington.edu")) '
            '((NIL NIL "friends" NIL)'
            '(NIL NIL "minutes" "CNRI.Reston.VA.US")'
            '("John \\"K\\" Klensin" NIL "KLENSIN" "MIT.EDU")'
            '(NIL NIL NIL NIL)) NIL NIL '
            '"<B27397-0100000@cac.washington.edu>")')

    def test_structure(self):
        self.assertEqual(
            self.one(1, "BODY").lower(),
            'body ("text" "plain" ("charset" "us-ascii") nil nil "7bit" '
            '20 2)')
        said = self.one(2, "BODYSTRUCTURE")
        self.assertRegex(said, r'(?i)^BODYSTRUCTURE \(\("text" "plain" ')
        self.assertRegex(said, r'(?i)"message" "rfc822" NIL NIL NIL "7bit" '
                               r'\d+ \(NIL "inner" \(\(NIL NIL "in" "side"\)'
                               r'\)')
        self.assertRegex(said, r'(?i)\("image" "png" \("name" "p"\) '
                               r'"<img@x>" NIL "base64" 8 NIL NIL NIL NIL\)'
                               r' "alternative" \("boundary" "b"\)')
        self.assertRegex(said, r'\("attachment" \("filename" "x.eml"\)\)')
        self.assertRegex(said, r'(?i) "mixed" \("boundary" "a"\) NIL NIL '
                               r'NIL\)$')
        self.assertNotIn("attachment", self.one(2, "BODY"))

    def test_macros(self):
        said = self.one(1, "FAST")
        self.assertRegex(said, r"^FLAGS .* INTERNALDATE .* RFC822.SIZE \d+$")
        self.assertIn("ENVELOPE", self.one(1, "ALL"))
        self.assertRegex(self.one(1, "FULL"), r"ENVELOPE .* BODY \(")
        self.ada.bad("FETCH 1 (FAST)")

    def test_whole_and_its_halves(self):
        head, text = SIMPLE.split(b"\r\n\r\n")
        head += b"\r\n\r\n"
        self.assertEqual(self.body(1, ""), SIMPLE)
        self.assertEqual(self.body(1, "HEADER"), head)
        self.assertEqual(self.body(1, "TEXT"), text)
        self.assertEqual(self.body(1, "1"), text)
        self.assertIsNone(self.body(1, "2"))
        self.assertEqual(
            self.body(1, "HEADER.FIELDS (subject X-None)"),
            b"Subject: IMAP4rev1 WG mtg\r\n summary\r\n\r\n")
        rest = self.body(1, "HEADER.FIELDS.NOT (DATE FROM SUBJECT TO CC)")
        self.assertTrue(rest.startswith(b"Message-Id:"), rest)

    def test_partial(self):
        self.assertEqual(self.body(1, "", "0.10"), SIMPLE[:10])
        self.assertEqual(self.body(1, "", "5.10"), SIMPLE[5:15])
        self.assertEqual(self.body(1, "", f"{len(SIMPLE) - 3}.10"),
                         SIMPLE[-3:])
        self.assertEqual(self.body(1, "", "100000.10"), b"")
        self.assertEqual(self.body(1, "TEXT", "2.4"), b"ne o")

    def test_parts(self):
        self.assertEqual(self.body(2, "1"), b"one")
        self.assertEqual(self.body(2, "2.MIME").split(b"\r\n")[0],
                         b"Content-Type: message/rfc822")
        self.assertTrue(self.body(2, "2").startswith(b"Subject: inner"))
        self.assertTrue(self.body(2, "2.HEADER").endswith(
            b"boundary=b\r\n\r\n"))
        self.assertEqual(self.body(2, "2.HEADER.FIELDS (From)"),
                         b"From: in@side\r\n\r\n")
        self.assertTrue(self.body(2, "2.TEXT").startswith(b"--b\r\n"))
        self.assertEqual(self.body(2, "2.1"), b"two one")
        self.assertEqual(self.body(2, "2.2"), b"aGVsbG8=")
        self.assertEqual(self.body(2, "2.2", "2.3"), b"Vsb")
        for section in ("3", "1.1", "2.3", "1.HEADER", "2.2.TEXT"):
            self.assertIsNone(self.body(2, section), section)

    def test_seen_is_set_and_told(self):
        for item in ("BODY.PEEK[]", "RFC822.HEADER", "ENVELOPE"):
            self.one(1, f"({item})")
        self.assertEqual(self.ada.search("SEEN"), [])
        said = self.one(1, "(BODY[TEXT])")
        self.assertIn("FLAGS (\\Answered \\Seen", said)
        # the flags are told in place when they were asked for
        said = self.one(2, "(FLAGS RFC822.TEXT)")
        self.assertEqual(said.count("FLAGS ("), 1)
        self.assertIn("\\Seen", said)
        # and not again when it was seen before
        self.assertNotIn("FLAGS", self.one(1, "(RFC822)"))
        self.assertEqual(self.ada.ok("NOOP"), [])
        self.assertEqual(self.client(select=self.box).search("SEEN"), [1, 2])

    def test_old_names_repeat_themselves(self):
        self.assertEqual(self.one(1, "RFC822"),
                         f"RFC822 {{{len(SIMPLE)}}}\r\n"
                         + SIMPLE.decode()
                         + " FLAGS (\\Answered \\Seen \\Recent)")
        self.assertTrue(self.one(1, "RFC822.HEADER").startswith(
            "RFC822.HEADER {"))
        self.assertTrue(self.one(1, "RFC822.TEXT").startswith(
            "RFC822.TEXT {20}\r\n"))

    def test_uid_fetch_tells_uids(self):
        said = self.ada.ok(f"UID FETCH {self.uids[0]}:* FLAGS")
        self.assertEqual(len(said), 2)
        self.assertIn(f"UID {self.uids[1]}", said[1])

    def test_sets(self):
        for numbers, count in (("1", 1), ("1:2", 2), ("2:1", 2), ("*", 1),
                               ("1,2,1", 2), ("1:*", 2), ("*:1", 2)):
            self.assertEqual(
                len(self.ada.ok(f"FETCH {numbers} (UID)")), count, numbers)

    def test_eight_bit_header_is_a_literal(self):
        self.ada.append("Subject: gr\xfcn\r\n\r\nx\r\n".encode("utf-8"),
                        self.box)
        self.assertIn("{5}\r\ngr\xc3\xbcn", self.one(3, "ENVELOPE"))

    def test_large_messages_come_whole(self):
        large = b"Subject: large\r\n\r\n" + b"0123456789abcde\n" * 200000
        large = large.replace(b"e\n", b"\r\n")
        self.ada.append(large, self.box)
        self.assertEqual(self.body(3, ""), large)
        self.assertEqual(self.one(3, "RFC822.SIZE"),
                         f"RFC822.SIZE {len(large)}")
        self.assertEqual(self.body(3, "TEXT", "3000000.16"),
                         large[16 + 2 + 3000000:][:16])

    def test_many_messages(self):
        self.ada.ok(f"CREATE {self.box}-many")
        tags = []
        for n in range(700):
            text = f"Subject: {n}\r\n\r\n{n}\r\n".encode()
            tags.append(self.ada.begin(f"APPEND {self.box}-many ", text,
                                       plus=True))
        for tag in tags:
            self.assertIn("APPENDUID", self.ada.end(tag)[1])
        self.ada.ok(f"SELECT {self.box}-many")
        said = self.ada.ok("FETCH 1:* (UID ENVELOPE BODY.PEEK[TEXT])")
        self.assertEqual(len(said), 700)
        for n, one in enumerate(said):
            self.assertTrue(one.startswith(f"{n + 1} FETCH ("))
            self.assertIn(f'NIL "{n}" NIL', one)
            self.assertTrue(one.endswith(f"\r\n{n}\r\n)"), one)
        said = self.ada.ok("FETCH 1,350,700 (ENVELOPE)")
        self.assertEqual([u.split()[0] for u in said], ["1", "350", "700"])


if __name__ == "__main__":
    chancery.main()
