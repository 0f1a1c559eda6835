"""Many messages by APPEND: commands sent without waiting for their answers,
which come in order and each after its commit, and several messages in one
command (MULTIAPPEND, RFC 3502)."""

import re
import threading

import chancery
import imap_talk


def message(n, size=0):
    head = f"Subject: {n}\r\n\r\n".encode()
    return head + b"x" * max(0, size - len(head))


class Pipelined(imap_talk.TestCase):

    def send(self, count, plus=b"+", size=0):
        """Commands p1 to p<count>, unasked literals."""
        out = b""
        for n in range(1, count + 1):
            body = message(n, size)
            out += b"p%d APPEND %s {%d%s}\r\n%s\r\n" % (
                n, self.box.encode(), len(body), plus, body)
        sender = threading.Thread(target=self.ada.sock.sendall, args=(out,))
        sender.start()
        return sender

    def test_answers_come_in_order_with_rising_uids(self):
        sender = self.send(2000, size=3000)
        uids = []
        for n in range(1, 2001):
            untagged, done = self.ada.end(f"p{n}")
            self.assertEqual(untagged, [])
            uids.append(int(re.match(r"OK \[APPENDUID \d+ (\d+)\]",
                                     done).group(1)))
        sender.join()
        self.assertEqual(uids, list(range(1, 2001)))
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.ada.search("SUBJECT 1999"), [1999])

    def test_what_is_answered_is_on_disk(self):
        """Each OK comes when another session finds the message."""
        other = self.client()
        self.send(30).join()
        for n in range(1, 31):
            self.ada.end(f"p{n}")
            found = other.ok(f"STATUS {self.box} (MESSAGES)")[0]
            self.assertGreaterEqual(
                int(re.search(r"MESSAGES (\d+)", found).group(1)), n)

    def test_a_later_command_finds_them(self):
        self.send(20).join()
        tag = self.ada.begin(f"STATUS {self.box} (MESSAGES)")
        for n in range(1, 21):
            self.assertTrue(self.ada.end(f"p{n}")[1].startswith("OK"))
        self.assertIn("MESSAGES 20", self.ada.end(tag)[0][0])

    def test_a_refusal_keeps_its_place(self):
        box = self.box.encode()
        body = message(1)
        literal = b"{%d+}\r\n%s\r\n" % (len(body), body)
        self.ada.send(b"".join(
            (b"a APPEND %s " % box, literal, b"b APPEND nowhere ", literal,
             b"c APPEND %s (\\Recent) " % box, literal,
             b"d APPEND %s {4+}\r\na\0b\r\r\n" % box,
             b"e APPEND %s " % box, literal, b"f NOSUCH\r\n",
             b"g APPEND %s " % box, literal)))
        for tag, word in zip("abcdefg", ("OK", "NO [TRYCREATE]", "BAD",
                                         "NO [CANNOT]", "OK", "BAD", "OK")):
            done = self.ada.end(tag)[1]
            self.assertTrue(done.startswith(word), f"{tag}: {done}")
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.ada.search("ALL"), [1, 2, 3])

    def test_waiting_for_leave_and_not_for_answers(self):
        """A literal that is asked for gets its "+" though the answer before
        is not there yet; whenever they come, they come in order."""
        body = message(1)
        answers = []
        for n in range(5):
            self.ada.send(b"s%d APPEND %s {%d}\r\n" % (
                n, self.box.encode(), len(body)))
            while not (said := self.ada.response()).startswith("+"):
                answers.append(said)
            self.assertLessEqual(len(answers), n)
            self.ada.send(body + b"\r\n")
        tag = self.ada.begin("NOOP")
        while not (said := self.ada.response()).startswith(tag):
            answers.append(said)
        self.assertEqual([said.split()[:2] for said in answers],
                         [[f"s{n}", "OK"] for n in range(5)])
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(len(self.ada.search("ALL")), 5)

    def test_the_selected_mailbox_is_told_of_them(self):
        self.ada.ok(f"SELECT {self.box}")
        self.send(300).join()
        exists, answered = 0, 0
        while answered < 300:
            said = self.ada.response()
            if found := re.match(r"\* (\d+) EXISTS$", said):
                exists = int(found.group(1))
            elif said.startswith("p"):
                answered += 1
                self.assertLessEqual(answered, exists)
        self.assertEqual(exists, 300)

    def test_large_ones_between(self):
        box = self.box.encode()
        out = b""
        for n, size in enumerate((100, 1_500_000, 100, 1_048_576, 2_000_000)):
            body = message(n, size)
            out += b"l%d APPEND %s {%d+}\r\n%s\r\n" % (n, box, size, body)
        sender = threading.Thread(target=self.ada.sock.sendall, args=(out,))
        sender.start()
        for n in range(5):
            self.assertTrue(self.ada.end(f"l{n}")[1].startswith("OK"))
        sender.join()

    def test_a_client_that_closes_its_side_is_answered(self):
        self.send(50).join()
        self.ada.sock.shutdown(1)
        for n in range(1, 51):
            self.assertTrue(self.ada.end(f"p{n}")[1].startswith("OK"))


class Several(imap_talk.TestCase):

    options = ("message_size_limit = 3000000",)

    def parts(self, sizes, plus=True):
        parts = [f"APPEND {self.box} "]
        for n, size in enumerate(sizes, 1):
            if n > 1:
                parts.append(" ")
            parts.append(message(n, size))
        return parts

    def subjects(self, *numbers):
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.ada.search("ALL"), list(numbers))
        for n in numbers:
            self.assertEqual(self.ada.search(f"SUBJECT {n}"), [n])
        self.ada.ok("UNSELECT")

    def test_capability(self):
        self.assertIn(" MULTIAPPEND", self.ada.ok("CAPABILITY")[0])

    def test_all_of_them_with_what_each_brings(self):
        for plus in (False, True):
            code = self.ada.code(
                f"APPEND {self.box} (\\Seen $One) ", message(1),
                ' " 1-Feb-2024 01:02:03 +0000" ', message(2),
                " (\\Draft) ", message(3), plus=plus)
            word, _, uids = code.split()
            first, last = map(int, uids.split(":"))
            self.assertEqual((word, last), ("APPENDUID", first + 2))
        said = self.client(select=self.box).ok(
            "FETCH 1:6 (FLAGS INTERNALDATE BODY.PEEK[])")
        for n in (0, 3):
            self.assertRegex(said[n], r"\\Seen[^)]* \$One")
            self.assertIn(" 1-Feb-2024 01:02:03 +0000", said[n + 1])
            self.assertIn("\\Draft", said[n + 2])
            for k in range(3):
                self.assertIn(f"Subject: {k + 1}\r\n", said[n + k])

    def test_large_and_many(self):
        sizes = [100, 1_500_000, 50, 2_999_999, 1_048_576]
        self.ada.code(*self.parts(sizes), plus=True)
        self.subjects(1, 2, 3, 4, 5)
        self.ada.code(*self.parts([2000] * 900), plus=True)
        said = self.ada.ok(f"STATUS {self.box} (MESSAGES UIDNEXT)")[0]
        self.assertIn("MESSAGES 905", said)
        self.assertIn("UIDNEXT 906", said)

    def test_a_large_one_first(self):
        self.ada.code(*self.parts([1_500_000, 100]), plus=True)
        self.subjects(1, 2)

    def test_commands_that_do_not_wait_for_each_other(self):
        """Few bytes and many, uploads and one request, refusals between."""
        box = self.box.encode()
        counts = (3, 100, 2, 400, 1, 5)
        uid = 1
        out = b""
        for n, count in enumerate(counts):
            body = message(n, 3000)
            out += b"m%d APPEND %s" % (n, box)
            out += (b" {%d+}\r\n%s" % (len(body), body)) * count + b"\r\n"
            out += b"n%d APPEND nowhere {1+}\r\nx {1+}\r\nx\r\n" % n
        sender = threading.Thread(target=self.ada.sock.sendall, args=(out,))
        sender.start()
        for n, count in enumerate(counts):
            uids = f"{uid}:{uid + count - 1}" if count > 1 else f"{uid}"
            self.assertRegex(self.ada.end(f"m{n}")[1],
                             rf"^OK \[APPENDUID \d+ {uids}\]")
            self.assertRegex(self.ada.end(f"n{n}")[1], r"^NO \[TRYCREATE\]")
            uid += count
        sender.join()
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(len(self.ada.search("ALL")), sum(counts))
        self.assertEqual(len(self.ada.search("SUBJECT 3")), 400)

    def test_none_of_them_when_one_is_refused(self):
        good = message(1)
        for plus in (False, True):
            for bad, word in ((b"a\0b", "[CANNOT]"), (b"", "[CANNOT]"),
                              (b"x" * 3_000_001, "[TOOBIG]")):
                said = self.ada.no(f"APPEND {self.box} ", good, " ", bad,
                                   " ", good, plus=plus)
                self.assertTrue(said.startswith(word), said)
                said = self.ada.no(f"APPEND {self.box} ", bad, " ", good,
                                   plus=plus)
                self.assertTrue(said.startswith(word), said)
            self.assertTrue(self.ada.no("APPEND nowhere ", good, " ", good,
                                        plus=plus).startswith("[TRYCREATE]"))
            self.ada.bad(f"APPEND {self.box} ", good, " junk ", good,
                         plus=True)
            self.ada.bad(f"APPEND {self.box} ", good, " (\\Seen)", plus=True)
            self.ada.bad(f"APPEND {self.box} ", good, "  ", good, plus=True)
        self.ada.ok("NOOP")
        self.subjects()

    def test_too_many(self):
        self.assertTrue(self.ada.no(*self.parts([0] * 1001), plus=True)
                        .startswith("[LIMIT]"))
        self.subjects()

    def test_the_store_is_in_order(self):
        self.ada.code(*self.parts([100, 200]), plus=True)
        self.ada.no(f"APPEND {self.box} ", message(1), " ", b"\0", plus=True)
        said = self.chancery.run("mailbox", "verify")
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)


class Interrupted(imap_talk.TestCase):

    def test_a_connection_that_ends_in_the_middle_leaves_nothing(self):
        body = message(1, 2000)
        whole = b"{%d+}\r\n%s" % (len(body), body)
        cuts = [len(whole) * 2 + 1, len(whole) * 3 + 2]  # behind a literal
        cuts += range(1, len(whole) * 3, 997)
        for cut in cuts:
            client = imap_talk.Client(self.chancery, "ada")
            out = (b"a APPEND %s " % self.box.encode() +
                   b" ".join([whole] * 3))
            client.send(out[:len(b"a APPEND  ") + len(self.box) + cut])
            client.close()
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.ada.search("ALL"), [])
        said = self.chancery.run("mailbox", "verify")
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)


if __name__ == "__main__":
    chancery.main()
