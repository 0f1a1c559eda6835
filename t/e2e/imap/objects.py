"""Smaller extensions: OBJECTID (RFC 8474), SAVEDATE (RFC 8514), BINARY (RFC
3516), STATUS=SIZE (RFC 8438), LIST-STATUS (RFC 5819), APPENDLIMIT (RFC 7889).
"""

import base64
import re
import time

import chancery
import imap_talk


class Objects(imap_talk.TestCase):

    def status(self, items, box=None):
        said = self.ada.ok(f"STATUS {box or self.box} ({items})")
        return said[-1].split(" ", 2)[2]

    def fetch(self, client, number, item):
        said = client.ok(f"FETCH {number} ({item})")
        return re.search(r"%s (\([^)]*\)|NIL|\"[^\"]*\")" % item,
                         said[-1]).group(1)

    def test_mailboxid(self):
        code = self.ada.code(f"CREATE {self.box}-2")
        self.assertRegex(code, r"^MAILBOXID \([A-Za-z0-9_-]+\)$")
        self.assertEqual(self.status("MAILBOXID", f"{self.box}-2"),
                         f"({code})")
        said = self.ada.ok(f"SELECT {self.box}-2")
        self.assertTrue([u for u in said if u.startswith(f"OK [{code}]")])
        self.assertNotEqual(self.status("MAILBOXID"), f"({code})")
        self.ada.ok(f"RENAME {self.box}-2 {self.box}-3")
        self.assertEqual(self.status("MAILBOXID", f"{self.box}-3"),
                         f"({code})")

    def test_emailid(self):
        self.fill(2)
        self.ada.ok(f"SELECT {self.box}")
        first = self.fetch(self.ada, 1, "EMAILID")
        self.assertNotEqual(first, self.fetch(self.ada, 2, "EMAILID"))
        self.ada.ok(f"COPY 1 {self.box}")
        self.assertEqual(self.fetch(self.ada, 3, "EMAILID"), first)
        self.assertEqual(self.ada.search(f"EMAILID {first[1:-1]}"), [1, 3])
        self.assertEqual(self.ada.search("EMAILID Mffffffff"), [])
        self.ada.bad("SEARCH EMAILID")

    def test_threadid(self):
        for head in ("Message-ID: <1@x>", "References: <1@x> <0@x>",
                     'In-Reply-To: <"1"@x>', "Message-ID: <2@x>", "X: y",
                     "X: y"):
            self.ada.append(f"{head}\r\n\r\nx\r\n".encode(), self.box)
        self.ada.ok(f"SELECT {self.box}")
        ids = [self.fetch(self.ada, n, "THREADID") for n in range(1, 7)]
        self.assertEqual(len(set(ids[:3])), 1, ids)
        self.assertEqual(len(set(ids)), 4, ids)
        self.ada.ok(f"COPY 2,5 {self.box}")
        self.assertEqual([self.fetch(self.ada, n, "THREADID")
                          for n in (7, 8)], [ids[1], ids[4]])
        self.assertEqual(self.ada.search(f"THREADID {ids[0][1:-1]}"),
                         [1, 2, 3, 7])
        self.assertEqual(self.ada.search(f"THREADID {ids[4][1:-1]}"), [5, 8])
        self.assertEqual(self.ada.search("THREADID T0"), [])

    def test_savedate(self):
        self.ada.append(b"Subject: x\r\n\r\nx\r\n", self.box,
                        '"01-Nov-2020 10:00:00 +0000"')
        self.ada.ok(f"SELECT {self.box}")
        saved = self.fetch(self.ada, 1, "SAVEDATE")
        when = time.mktime(time.strptime(saved[1:21], "%d-%b-%Y %H:%M:%S"))
        self.assertLess(abs(when - time.mktime(time.gmtime())), 60)
        today = time.strftime("%d-%b-%Y", time.gmtime(time.time()))
        # a test at midnight may see two days
        self.assertEqual(self.ada.search("SAVEDSINCE 1-Jan-2021"), [1])
        self.assertEqual(self.ada.search("SAVEDBEFORE 1-Jan-2021"), [])
        self.assertEqual(self.ada.search("SAVEDATESUPPORTED"), [1])
        self.assertEqual(self.ada.search("BEFORE 1-Jan-2021"), [1])
        if saved[1:12].strip() == today.lstrip("0").strip() or \
                saved[1:12] == today:
            self.assertEqual(self.ada.search(f"SAVEDON {today}"), [1])

    def test_status_size_and_limit(self):
        self.fill(3)
        self.ada.ok(f"SELECT {self.box}")
        sizes = [int(n) for n in re.findall(
            r"RFC822.SIZE (\d+)",
            "".join(self.ada.ok("FETCH 1:* (RFC822.SIZE)")))]
        self.assertEqual(self.status("SIZE MESSAGES"),
                         f"(MESSAGES 3 SIZE {sum(sizes)})")
        self.ada.ok("STORE 1:2 +FLAGS (\\Deleted)")
        self.assertEqual(self.status("DELETED"), "(DELETED 2)")
        self.assertEqual(self.status("APPENDLIMIT"),
                         "(APPENDLIMIT 10240000)")
        self.assertIn("APPENDLIMIT=10240000",
                      self.ada.ok("CAPABILITY")[0].split())

    def test_list_status(self):
        self.ada.ok(f"CREATE {self.box}-2/below")
        self.ada.ok(f"DELETE {self.box}-2/below")
        self.ada.append(mailbox=self.box)
        self.assertEqual(
            self.ada.ok(f'LIST "" {self.box}* RETURN '
                        "(CHILDREN STATUS (MESSAGES UNSEEN))"),
            [f'LIST (\\HasNoChildren) "/" {self.box}',
             f"STATUS {self.box} (MESSAGES 1 UNSEEN 1)",
             f'LIST (\\HasNoChildren) "/" {self.box}-2',
             f"STATUS {self.box}-2 (MESSAGES 0 UNSEEN 0)"])
        said = self.ada.ok('LIST (SPECIAL-USE) "" * RETURN '
                           "(STATUS (MAILBOXID HIGHESTMODSEQ))")
        self.assertEqual([u.split()[0] for u in said],
                         ["LIST", "STATUS"] * 5)
        for wrong in ("STATUS", "STATUS ()", "STATUS (FOO)",
                      "STATUS (SIZE) SIZE"):
            self.ada.bad(f'LIST "" * RETURN ({wrong})')

    def test_subscribed_but_not_there_has_no_status(self):
        self.ada.ok(f"SUBSCRIBE {self.box}-gone")
        self.assertEqual(
            self.ada.ok(f'LIST (SUBSCRIBED) "" {self.box}* RETURN '
                        "(STATUS (MESSAGES))"),
            [f'LIST (\\NonExistent \\HasNoChildren \\Subscribed) "/" '
             f"{self.box}-gone"])


class Binary(imap_talk.TestCase):

    def setUp(self):
        super().setUp()
        self.data = bytes(range(256)) * 3
        text = (b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b"
                b"\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                + base64.encodebytes(self.data).replace(b"\n", b"\r\n") +
                b"--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                b"gr=C3=BCn=\r\n\r\n--b\r\nContent-Transfer-Encoding: x-foo"
                b"\r\n\r\nfoo\r\n--b--\r\n")
        self.ada.append(text, self.box)
        self.ada.ok(f"SELECT {self.box}")

    def raw(self, command):
        """The bytes of one literal or literal8, and whether it is the
        latter."""
        self.ada.count += 1
        tag = f"t{self.ada.count}"
        self.ada.send(f"{tag} {command}")
        line = self.ada.line()
        found = re.search(rb"(~?)\{(\d+)\}$", line)
        while len(self.ada.data) < int(found.group(2)):
            self.ada._more()
        size = int(found.group(2))
        data, self.ada.data = self.ada.data[:size], self.ada.data[size:]
        self.ada.line()
        self.assertIn(b"OK", self.ada.line())
        return data, found.group(1) == b"~"

    def test_fetch(self):
        self.assertEqual(self.raw("FETCH 1 (BINARY.PEEK[1])"),
                         (self.data, True))
        self.assertEqual(self.raw("FETCH 1 (BINARY.PEEK[1]<1.100>)"),
                         (self.data[1:101], False))
        self.assertEqual(self.raw("FETCH 1 (BINARY.PEEK[2])"),
                         ("grün".encode(), False))
        self.assertEqual(
            self.ada.ok("FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[2] "
                        "BINARY[9])")[0].replace("\\Seen ", ""),
            "1 FETCH (BINARY.SIZE[1] 768 BINARY.SIZE[2] 5 BINARY[9] NIL "
            "FLAGS (\\Seen \\Recent))".replace("\\Seen ", ""))
        self.assertEqual(self.ada.search("SEEN"), [1])

    def test_peek_does_not_see(self):
        self.raw("FETCH 1 (BINARY.PEEK[2])")
        self.ada.ok("FETCH 1 (BINARY.SIZE[2])")
        self.assertEqual(self.ada.search("SEEN"), [])

    def test_what_nobody_can_decode(self):
        for item in ("BINARY[3]", "BINARY.SIZE[3]"):
            said = self.ada.no(f"FETCH 1 (UID {item})")
            self.assertTrue(said.startswith("[UNKNOWN-CTE]"), said)
        for wrong in ("BINARY", "BINARY[TEXT]", "BINARY[1.MIME]",
                      "BINARY.SIZE[1]<0.1>"):
            self.ada.bad(f"FETCH 1 ({wrong})")

    def append8(self, message, plus):
        self.ada.count += 1
        tag = f"t{self.ada.count}"
        mark = "+" if plus else ""
        self.ada.send(f"{tag} APPEND {self.box} ~{{{len(message)}{mark}}}")
        if not plus:
            self.assertTrue(self.ada.response().startswith("+"))
        self.ada.send(message + b"\r\n")
        return self.ada.end(tag)[1]

    def test_append(self):
        good = b"Subject: y\r\n\r\nb\xc3\xbc\r\n"
        for plus in (False, True):
            self.assertTrue(self.append8(good, plus).startswith("OK"))
            self.assertTrue(self.append8(b"Subject: y\r\n\r\n\0\r\n", plus)
                            .startswith("NO [UNKNOWN-CTE]"))
        self.assertEqual(self.raw("FETCH 3 (BODY.PEEK[])"), (good, False))


if __name__ == "__main__":
    chancery.main()
