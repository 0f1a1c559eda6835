"""APPEND, COPY, MOVE, UID EXPUNGE and their UIDs (RFC 3501 sections 6.3.11 and
6.4.7, RFC 4315, 5530, 6851, 7888)."""

import re

import chancery
import imap_talk

LIMIT = 3_000_000


class Append(imap_talk.TestCase):

    options = (f"message_size_limit = {LIMIT}",)

    def fetch(self, number, item="BODY.PEEK[]"):
        return self.ada.ok(f"FETCH {number} ({item})")[0]

    def test_bytes_flags_and_date_are_kept(self):
        message = b"Subject: x\r\n\r\n\x00"[:-1] + bytes(range(1, 256))
        code = self.ada.code(f"APPEND {self.box} (\\Seen $Key) "
                             '" 1-Feb-2024 01:02:03 +0100" ', message)
        word, validity, uid = code.split()
        self.assertEqual(word, "APPENDUID")
        said = self.ada.ok(f"SELECT {self.box}")
        self.assertTrue(any(f"UIDVALIDITY {validity}]" in u for u in said))
        said = self.fetch(1, "UID FLAGS INTERNALDATE BODY.PEEK[]")
        self.assertIn(f"UID {uid} ", said)
        self.assertRegex(said, r"FLAGS \(\\Seen[^)]* \$Key\)")
        self.assertIn('" 1-Feb-2024 00:02:03 +0000"', said)
        self.assertIn(message.decode("latin-1"), said)

    def test_large_and_small(self):
        for size in (20, 100_000, 1_048_576, 1_048_577, LIMIT):
            head = b"Subject: x\r\n\r\n"
            message = head + b"x" * (size - len(head))
            self.ada.append(message, self.box)
        self.ada.ok(f"SELECT {self.box}")
        sizes = [int(re.search(r"SIZE (\d+)", u).group(1))
                 for u in self.ada.ok("FETCH 1:* (RFC822.SIZE)")]
        self.assertEqual(sizes, [20, 100_000, 1_048_576, 1_048_577, LIMIT])

    def test_refusals(self):
        message = b"Subject: x\r\n\r\nx"
        for plus in (False, True):
            self.assertTrue(self.ada.no("APPEND nowhere ", message, plus=plus)
                            .startswith("[TRYCREATE]"))
            self.assertTrue(self.ada.no(
                f"APPEND {self.box} ", b"x" * (LIMIT + 1), plus=plus)
                .startswith("[TOOBIG]"))
            self.ada.no(f"APPEND {self.box} ", b"", plus=plus)
            self.ada.no(f"APPEND {self.box} ", b"a: b\r\n\r\n\0", plus=plus)
            self.ada.no("APPEND &AGE- ", message, plus=plus)
        self.ada.bad(f"APPEND {self.box} (\\Recent) ", message, plus=True)
        self.ada.bad(f"APPEND {self.box}")
        self.ada.bad(f'APPEND {self.box} "x"')
        self.ada.bad(f"APPEND {self.box} ", message, " more")
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.ada.search("ALL"), [])

    def test_a_literal_is_refused_before_it_is_sent(self):
        tag = self.ada.begin(f"APPEND {self.box} {{{LIMIT + 1}}}")
        self.assertTrue(self.ada.end(tag)[1].startswith("NO [TOOBIG]"))
        self.ada.ok("NOOP")

    def test_mailbox_name_as_a_literal(self):
        self.ada.code("APPEND ", self.box.encode(), " (\\Draft) ",
                      b"Subject: x\r\n\r\nx")
        self.ada.code("APPEND ", self.box.encode(), " ",
                      b"Subject: x\r\n\r\nx", plus=True)
        self.assertIn("MESSAGES 2", self.ada.ok(
            f"STATUS {self.box} (MESSAGES)")[0])

    def test_append_to_the_selected_mailbox_is_told(self):
        self.ada.ok(f"SELECT {self.box}")
        untagged = self.ada.ok(f"APPEND {self.box} ", b"Subject: x\r\n\r\nx")
        self.assertIn("1 EXISTS", untagged)

    def test_copy(self):
        uids = self.fill(4)
        self.ada.ok(f"CREATE {self.box}-2")
        self.ada.append(mailbox=f"{self.box}-2")
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 2 +FLAGS (\\Flagged $Key)")
        code = self.ada.code(f"COPY 2,4 {self.box}-2")
        word, validity, src, dst = code.split()
        self.assertEqual((word, src), ("COPYUID", f"{uids[1]},{uids[3]}"))
        first, last = map(int, dst.split(":"))
        self.assertEqual(last, first + 1)
        code = self.ada.code(f"UID COPY {uids[0]}:{uids[2]} {self.box}-2")
        self.assertIn(f" {uids[0]}:{uids[2]} ", code)
        self.ada.ok(f"SELECT {self.box}-2")
        self.assertEqual(self.ada.search("KEYWORD $Key FLAGGED"), [2, 5])
        self.assertEqual(self.ada.search("SUBJECT 4"), [3])
        self.assertTrue(self.ada.no("COPY 1 nowhere")
                        .startswith("[TRYCREATE]"))
        self.ada.ok("UID COPY 999999 INBOX")
        self.ada.bad("COPY 99 INBOX")

    def test_copy_keeps_the_date(self):
        self.ada.append(mailbox=self.box,
                        options='"01-Feb-2024 01:02:03 +0000"')
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok(f"COPY 1 {self.box}")
        self.assertIn('" 1-Feb-2024 01:02:03 +0000"',
                      self.fetch(2, "INTERNALDATE"))

    def test_move(self):
        uids = self.fill(3)
        self.ada.ok(f"CREATE {self.box}-2")
        self.ada.ok(f"SELECT {self.box}")
        untagged = self.ada.told(f"UID MOVE {uids[0]},{uids[2]} {self.box}-2")
        self.assertRegex(untagged[0], rf"^OK \[COPYUID \d+ "
                                      rf"{uids[0]},{uids[2]} \d+:\d+\]")
        self.assertEqual(untagged[1:], ["1 EXPUNGE", "2 EXPUNGE"])
        self.assertEqual(self.ada.search("SUBJECT 2"), [1])
        self.assertTrue(self.ada.no("MOVE 1 nowhere")
                        .startswith("[TRYCREATE]"))
        self.assertEqual(self.ada.search("ALL"), [1])
        self.ada.ok(f"SELECT {self.box}-2")
        self.assertEqual(self.ada.search("ALL"), [1, 2])

    def test_uid_expunge(self):
        uids = self.fill(3)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1,3 +FLAGS.SILENT (\\Deleted)")
        self.assertEqual(self.ada.told(f"UID EXPUNGE {uids[1]}:{uids[2]}"),
                         ["3 EXPUNGE"])
        self.assertEqual(self.ada.ok("UID EXPUNGE 999999"), [])
        self.assertEqual(self.ada.search("ALL"), [1, 2])
        self.ada.bad("UID EXPUNGE")

    def test_store(self):
        self.fill(2)
        self.ada.ok(f"SELECT {self.box}")
        for order, want in (("FLAGS (\\Seen)", {"\\Seen"}),
                            ("+FLAGS \\Flagged $a", {"\\Seen", "\\Flagged",
                                                     "$a"}),
                            ("-FLAGS (\\Seen none)", {"\\Flagged", "$a"}),
                            ("FLAGS ()", set())):
            said = self.ada.ok(f"STORE 1 {order}")
            flags = set(re.search(r"FLAGS \(([^)]*)\)", said[-1])
                        .group(1).split()) - {"\\Recent"}
            self.assertEqual(flags, want, order)
        for order in ("FLAGS (\\Recent)", "FLAGS (\\Foo)", "FLAG (\\Seen)",
                      "*FLAGS (\\Seen)", "FLAGS"):
            self.ada.bad(f"STORE 1 {order}")

    def test_too_many_keywords(self):
        self.fill(1)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1 FLAGS ("
                    + " ".join(f"k{n}" for n in range(64)) + ")")
        self.assertTrue(self.ada.no("STORE 1 +FLAGS (onemore)")
                        .startswith("[LIMIT]"))
        said = self.ada.ok(f"SELECT {self.box}")
        self.assertFalse([u for u in said if "\\*" in u])


class Quota(imap_talk.TestCase):
    """A full mailbox takes nothing more (RFC 5530, OVERQUOTA)."""

    def test_over_quota(self):
        carl = self.chancery.address("carl")
        self.chancery.run("user", "add", carl, "--quota", "20K",
                          "--password-file", "-", stdin="secret-carl\n")
        self.send("ada", ["carl"], "Subject: x\r\n\r\n" + "y" * 900 + "\r\n")
        self.wait_for_messages("carl", 1)
        client = self.client("carl", select="INBOX")
        large = b"Subject: x\r\n\r\n" + b"y" * 30000
        self.assertTrue(client.no("APPEND INBOX ", large)
                        .startswith("[OVERQUOTA]"))
        client.append(large[:15000])
        self.assertTrue(client.no("COPY 2 INBOX").startswith("[OVERQUOTA]"))
        # what moves takes no more room
        client.ok("MOVE 2 Trash")


if __name__ == "__main__":
    chancery.main()
