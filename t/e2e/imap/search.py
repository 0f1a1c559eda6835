"""SEARCH: every key (RFC 3501 section 6.4.4), text decoded."""

import base64

import chancery
import imap_talk

MESSAGES = (
    # 1
    (b"From: Ada <ada@example.test>\r\nTo: bob@x.test\r\n"
     b"Subject: plain words\r\nDate: Sun, 1 Nov 2026 23:30:00 -0500\r\n"
     b"X-Tag: alpha\r\n\r\nThe quick brown fox\r\n",
     '(\\Seen) "02-Nov-2026 12:00:00 +0000"'),
    # 2
    ("From: =?utf-8?q?J=C3=BCrgen?= <j@x.test>\r\nCc: carol@x.test\r\n"
     "Subject: =?iso-8859-1?q?gr=FCn?=\r\n =?iso-8859-1?q?e_Wiese?=\r\n"
     "Date: Tue, 3 Nov 2026 10:00:00 +0000\r\n"
     "Content-Type: text/plain; charset=iso-8859-1\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
     "Stra=DFe\r\n".encode(),
     '(\\Flagged $Own) "03-Nov-2026 23:30:00 -0500"'),
    # 3
    (b"From: x@y.test\r\nBcc: hidden@x.test\r\nSubject: parts\r\n"
     b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
     b"--a\r\nContent-Transfer-Encoding: base64\r\n\r\n"
     + base64.b64encode(b"secret sauce") + b"\r\n"
     b"--a\r\nContent-Type: message/rfc822\r\n\r\n"
     b"Subject: inner thing\r\n\r\nin the inside\r\n--a--\r\n",
     '(\\Draft \\Answered)'),
    # 4
    (b"Subject: " + b"long " * 300 + b"\r\n\r\n" + b"filler\r\n" * 1000,
     "(\\Deleted)"),
)


class Search(imap_talk.TestCase):

    def setUp(self):
        super().setUp()
        self.uids = [self.ada.append(text, self.box, options)
                     for text, options in MESSAGES]
        self.ada.ok(f"SELECT {self.box}")

    def check(self, cases):
        for keys, want in cases:
            self.assertEqual(self.ada.search(keys), want, keys)

    def test_flags(self):
        self.check((("ALL", [1, 2, 3, 4]), ("SEEN", [1]),
                    ("UNSEEN", [2, 3, 4]), ("FLAGGED", [2]),
                    ("UNFLAGGED", [1, 3, 4]), ("ANSWERED", [3]),
                    ("UNANSWERED", [1, 2, 4]), ("DRAFT", [3]),
                    ("UNDRAFT", [1, 2, 4]), ("DELETED", [4]),
                    ("UNDELETED", [1, 2, 3]), ("KEYWORD $own", [2]),
                    ("UNKEYWORD $Own", [1, 3, 4]), ("KEYWORD other", []),
                    ("RECENT", [1, 2, 3, 4]), ("NEW", [2, 3, 4]),
                    ("OLD", [])))

    def test_sets_and_logic(self):
        self.check((("2:3", [2, 3]), ("*", [4]), ("NOT 2:3", [1, 4]),
                    (f"UID {self.uids[1]}", [2]),
                    (f"UID {self.uids[2]}:*", [3, 4]),
                    ("UID 999999:*", [4]),
                    ("OR SEEN DELETED", [1, 4]),
                    ("OR SEEN OR FLAGGED DRAFT UNDELETED", [1, 2, 3]),
                    ("NOT OR SEEN FLAGGED", [3, 4]),
                    ("(UNSEEN UNDELETED) NOT (FLAGGED)", [3]),
                    ("SEEN UNSEEN", []), ("9", [])))
        self.assertEqual(self.ada.search("FLAGGED", uid=True),
                         [self.uids[1]])

    def test_dates_and_sizes(self):
        self.check((("ON 2-Nov-2026", [1]), ("ON 4-Nov-2026", [2]),
                    ("BEFORE 4-Nov-2026", [1]),
                    ("SINCE 4-Nov-2026 SEEN", []),
                    ("SINCE 4-Nov-2026 FLAGGED", [2]),
                    ("SENTON 1-Nov-2026", [1]),
                    ("SENTBEFORE 3-Nov-2026", [1]),
                    ("SENTSINCE \"3-Nov-2026\"", [2]),
                    ("LARGER 8000", [4]), ("SMALLER 8000", [1, 2, 3]),
                    (f"LARGER {len(MESSAGES[0][0])} 1", []),
                    (f"LARGER {len(MESSAGES[0][0]) - 1} 1", [1])))

    def test_header(self):
        self.check((("FROM ada", [1]), ("FROM \"<j@x.test>\"", [2]),
                    ("TO bob", [1]), ("CC CAROL", [2]), ("BCC hidden", [3]),
                    ("SUBJECT words", [1]), ("SUBJECT PLAIN", [1]),
                    ("SUBJECT inner", []), ("SUBJECT \"long long\"", [4]),
                    ("HEADER X-Tag Alpha", [1]), ("HEADER x-tag \"\"", [1]),
                    ("HEADER X-Tag beta", []), ("HEADER Cc \"\"", [2]),
                    ("HEADER Message-ID \"\"", []),
                    ("NOT FROM ada SUBJECT parts", [3])))

    def utf8(self, key, text):
        untagged = self.ada.ok(f"SEARCH CHARSET UTF-8 {key} ",
                               text.encode())
        return [int(n) for n in untagged[-1].split()[1:]]

    def test_decoded_text(self):
        self.assertEqual(self.utf8("FROM", "jürgen"), [2])
        self.assertEqual(self.utf8("SUBJECT", "GRÜNE WIESE"), [2])
        self.assertEqual(self.utf8("BODY", "straße"), [2])
        self.assertEqual(self.utf8("TEXT", "Wiese"), [2])
        untagged = self.ada.ok("SEARCH CHARSET ISO-8859-1 SUBJECT ",
                               "grün".encode("latin-1"))
        self.assertEqual(untagged, ["SEARCH 2"])

    def test_body_and_text(self):
        self.check((("BODY \"QUICK brown\"", [1]), ("BODY words", []),
                    ("TEXT words", [1]), ("BODY secret", [3]),
                    ("TEXT \"inner thing\"", [3]), ("BODY inside", [3]),
                    ("BODY filler", [4]), ("TEXT long", [4]),
                    ("TEXT x-tag", [1]), ("BODY \"\"", [1, 2, 3, 4]),
                    ("BODY fox OR SEEN DRAFT", [1]),
                    ("NOT BODY fox", [2, 3, 4])))

    def test_charsets(self):
        done = self.ada.no("SEARCH CHARSET KLINGON-1 ALL")
        self.assertTrue(done.startswith("[BADCHARSET (UTF-8"), done)
        self.assertEqual(self.ada.search("CHARSET US-ASCII TEXT fox"), [1])

    def test_syntax(self):
        for keys in ("", "FOO", "FROM", "OR SEEN", "NOT", "(SEEN", "ON x",
                     "SEEN ", "0", "CHARSET UTF-8"):
            self.ada.bad("SEARCH " + keys)
        deep = "OR SEEN " * 100 + "SEEN"
        self.assertTrue(self.ada.no("SEARCH " + deep).startswith("[LIMIT]"))

    def test_no_matches_is_an_answer(self):
        self.assertEqual(self.ada.ok("SEARCH KEYWORD none"), ["SEARCH"])


if __name__ == "__main__":
    chancery.main()
