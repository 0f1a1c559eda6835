"""IMAP4rev2 (RFC 9051) once it is enabled, UTF8=ACCEPT (RFC 9755), and that a
session which enabled neither sees none of it."""

import chancery
import imap_talk


class Rev2(imap_talk.TestCase):

    def setUp(self):
        super().setUp()
        self.two = self.client()
        self.assertEqual(self.two.ok("ENABLE IMAP4rev2"),
                         ["ENABLED IMAP4rev2"])

    def test_capability(self):
        said = self.ada.ok("CAPABILITY")[0].split()
        self.assertLessEqual({"IMAP4rev1", "IMAP4rev2", "UTF8=ACCEPT"},
                             set(said))
        # before login, too
        self.assertIn("IMAP4rev2", self.talk("imap", "a CAPABILITY"))

    def test_select(self):
        self.fill(2)
        said = self.two.ok(f"SELECT {self.box}")
        self.assertIn(f'LIST () "/" {self.box}', said)
        self.assertIn("2 EXISTS", said)
        self.assertFalse([u for u in said if "RECENT" in u.upper() or
                          "[UNSEEN" in u], said)
        said = self.two.ok(f"EXAMINE {self.box}")
        self.assertTrue(said[0].startswith("OK [CLOSED]"), said)
        said = self.ada.ok(f"EXAMINE {self.box}")
        self.assertTrue([u for u in said if u.endswith(" RECENT")])
        self.assertFalse([u for u in said if u.startswith("LIST")])

    def test_nothing_is_recent(self):
        self.two.ok(f"SELECT {self.box}")
        self.fill(1)
        self.assertEqual(self.two.ok("NOOP"), ["1 EXISTS"])
        self.assertEqual(self.two.ok("FETCH 1 (FLAGS)"),
                         ["1 FETCH (FLAGS ())"])

    def test_search_is_esearch(self):
        self.fill(3)
        self.two.ok(f"SELECT {self.box}")
        for keys, want in (("ALL", " ALL 1:3"), ("SEEN", ""),
                           ("RETURN (COUNT) ALL", " COUNT 3"),
                           ("RETURN (SAVE) 2:3", None),
                           ("$", " ALL 2:3")):
            tag = self.two.begin(f"SEARCH {keys}")
            self.assertEqual(
                self.two.end(tag)[0],
                [] if want is None else [f'ESEARCH (TAG "{tag}"){want}'])

    def test_seen_tells_the_uid(self):
        uid = self.fill(1)[0]
        self.two.ok(f"SELECT {self.box}")
        said = self.two.ok("FETCH 1 (BODY[TEXT])")
        self.assertIn(f"UID {uid}", said[0])

    def test_status(self):
        self.fill(2)
        self.two.ok(f"SELECT {self.box}")
        self.two.ok("STORE 1 +FLAGS (\\Deleted)")
        said = self.two.ok(f"STATUS {self.box} (MESSAGES DELETED SIZE)")
        self.assertRegex(said[-1], r"\(MESSAGES 2 SIZE \d+ DELETED 1\)$")

    def test_move_and_copy(self):
        uids = self.fill(2)
        self.two.ok(f"SELECT {self.box}")
        self.assertTrue(self.two.no("COPY 1 nowhere")
                        .startswith("[TRYCREATE]"))
        said = self.two.ok(f"UID MOVE {uids[0]} Trash")
        self.assertTrue(said[0].startswith("OK [COPYUID "), said)
        self.assertIn("1 EXPUNGE", said)


class Names(imap_talk.TestCase):
    """Names as UTF-8, and as modified UTF-7 at the same time."""

    def check(self, word):
        name = f"{self.box}-é/日本"
        utf7 = f"{self.box}-&AOk-/&ZeVnLA-"
        client = self.client()
        client.ok(f"ENABLE {word}")
        client.ok(f'CREATE "{name}"')
        self.assertIn(f'LIST (\\HasNoChildren) "/" {utf7}',
                      self.ada.ok(f'LIST "" "{self.box}-*"'))
        raw = name.encode().decode("latin-1")
        self.assertIn(f'LIST (\\HasNoChildren) "/" "{raw}"',
                      client.ok(f'LIST "" "{self.box}-é/%"'))
        self.assertEqual(client.ok(f'STATUS "{name}" (MESSAGES)'),
                         [f'STATUS "{raw}" (MESSAGES 0)'])
        self.assertEqual(self.ada.ok(f"STATUS {utf7} (MESSAGES)"),
                         [f"STATUS {utf7} (MESSAGES 0)"])
        client.ok("SELECT ", name.encode())
        client.ok("UNSELECT")
        client.ok(f'RENAME "{name}" "{self.box}-ü"')
        self.ada.ok(f"DELETE {self.box}-&APw-")
        # what looks like UTF-7 is a name like any other
        client.ok(f'CREATE "{self.box}-&AOk-"')
        self.assertIn(f'LIST (\\HasNoChildren) "/" {self.box}-&-AOk-',
                      self.ada.ok(f'LIST "" "{self.box}-&-*"'))
        client.no("CREATE ", b"x\xff")

    def test_utf8_accept(self):
        self.check("UTF8=ACCEPT")

    def test_rev2(self):
        self.check("IMAP4rev2")

    def test_charsets(self):
        client = self.client(select=self.box)
        client.ok("ENABLE UTF8=ACCEPT")
        client.ok("SEARCH CHARSET UTF-8 ALL")
        client.bad("SEARCH CHARSET US-ASCII ALL")
        client.bad("SORT (DATE) ISO-8859-1 ALL")
        client.ok("SORT (DATE) UTF-8 ALL")

    def test_utf8_headers(self):
        client = self.client()
        client.ok("ENABLE UTF8=ACCEPT")
        text = "Subject: grün\r\n\r\nx\r\n".encode()
        client.append(text, self.box)
        client.ok(f"SELECT {self.box}")
        self.assertIn(text.decode("latin-1"),
                      client.ok("FETCH 1 (BODY.PEEK[])")[0])
        said = client.ok('SEARCH SUBJECT "GRÜN"')
        self.assertEqual(said, ["SEARCH 1"])

    def test_append_in_utf8(self):
        """RFC 6855 section 4, as Thunderbird does it."""
        text = "Subject: gr\u00fcn\r\n\r\nx\r\n"
        literal = f"~{{{len(text.encode())}+}}\r\n{text}"
        plain = self.client()
        plain.bad(f"APPEND {self.box} UTF8 ({literal})")
        client = self.client()
        client.ok("ENABLE UTF8=ACCEPT")
        client.ok(rf"APPEND {self.box} (\Seen) UTF8 ({literal})")
        client.ok(f"APPEND {self.box} UTF8 ({literal}) UTF8 ({literal})")
        client.bad(f"APPEND {self.box} UTF8 ({literal}")
        client.ok("NOOP")
        # what is announced behind a mistake is no command
        client.bad(f"APPEND {self.box} UTF8 ({literal} {{4+}}\r\nNOOP")
        client.ok("NOOP")
        client.ok(f"SELECT {self.box}")
        self.assertEqual([u for u in client.ok("SEARCH ALL")],
                         ["SEARCH 1 2 3"])


if __name__ == "__main__":
    chancery.main()
