"""Messages of every size and shape come out as they went in."""

import os
import re

import chancery

RECEIVED = re.compile(
    rb"^Received: from (\S+) \(([^()]*)\)\r\n", re.M)


class Messages(chancery.TestCase):
    def below_the_top(self, user, count):
        """What stands below the fields we added, for each message."""
        found = []
        for message in self.wait_for_messages(user, count):
            self.assertRegex(message, RECEIVED)
            at = message.index(b"X-First: ")
            found.append(message[at:])
        return found

    def bdat(self, chunks, sizes=None):
        """The codes for one message in chunks, pipelined."""
        out = (b"EHLO c\r\nMAIL FROM:<x@y>\r\n"
               b"RCPT TO:<bob@example.test>\r\n")
        for i, chunk in enumerate(chunks):
            last = b" LAST" if i + 1 == len(chunks) else b""
            out += b"BDAT %d%s\r\n%s" % (len(chunk), last, chunk)
        said = self.talk("smtp", out + b"QUIT\r\n")
        return re.findall(r"^(\d\d\d) ", said, re.M)

    def test_each_by_data(self):
        head = b"X-First: 1\r\nSubject: x\r\n\r\n"
        cases = [head, head + b"\r\n", head + b".\r\n..\r\n.x\r\n...\r\n",
                 # (IMAP has no way to say NUL: RFC 3501 section 9, CHAR8)
                 head + bytes(b for b in range(1, 256) if b not in b"\r\n")
                 + b"\r\n",
                 head + b"x" * 100_000 + b"\r\n",
                 head + b"\r\n" * 5000,
                 b"X-First: only a header\r\n",
                 head + (b"y" * 70 + b"\r\n") * 14_000,   # about 1 MiB
                 head + (b"z" * 70 + b"\r\n") * 70_000]   # 5 MB, in a file
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            for text in cases:
                smtp.mail("x@y")
                smtp.rcpt("ada@example.test")
                self.assertEqual(smtp.docmd("DATA")[0], 354)
                smtp.send(re.sub(rb"^\.", b"..", text, flags=re.M)
                          + b".\r\n")
                code, said = smtp.getreply()
                self.assertEqual(code, 250, said)
                self.assertRegex(said,
                                 rb"^2\.0\.0 Ok: queued as [0-9A-F]+$")
        self.assertEqual(sorted(self.below_the_top("ada", len(cases))),
                         sorted(cases))

    def test_each_in_chunks(self):
        text = b"X-First: 1\r\n\r\n.\r\n..\r\nline\r\n"
        big = b"X-First: 2\r\n\r\n" + os.urandom(1).hex().encode() * 60_000
        for chunks in ([text], [text, b""], [text[:5], text[5:]],
                       [text[:12], text[12:13], text[13:]],
                       [bytes([b]) for b in text]):
            codes = self.bdat(chunks)
            self.assertEqual(codes, ["220", "250", "250", "250"]
                             + ["250"] * len(chunks) + ["221"])
        self.assertEqual(self.bdat([big])[-2], "250")
        found = self.below_the_top("bob", 6)
        self.assertEqual(found.count(text), 5)
        self.assertEqual(found.count(big + b"\r\n"), 1)

    def test_too_large(self):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@y")
            smtp.rcpt("ada@example.test")
            self.assertEqual(smtp.docmd("DATA")[0], 354)
            smtp.send((b"x" * 998 + b"\r\n") * 10_241 + b".\r\n")
            self.assertEqual(smtp.getreply()[0], 552)
            self.assertEqual(smtp.noop()[0], 250)

    def test_a_loop(self):
        hop = b"Received: from a by b; Sun, 1 Nov 2026 10:00:00 +0000\r\n"
        for hops, want in ((50, 250), (51, 554)):
            with self.chancery.smtp() as smtp:
                smtp.ehlo()
                smtp.mail("x@y")
                smtp.rcpt("dora@example.test")
                self.assertEqual(smtp.data(hop * hops + b"\r\n")[0], want)

    def test_received(self):
        with self.chancery.smtp() as smtp:
            smtp.ehlo("client.example.test")
            smtp.starttls(context=self.chancery.tls())
            smtp.ehlo("client.example.test")
            smtp.sendmail("x@y", ["carl@example.test"],
                          "X-First: 1\r\n\r\nx\r\n")
        message = self.wait_for_messages("carl", 1)[0]
        fields = re.sub(rb"\r\n[ \t]+", b" ", message)
        self.assertRegex(
            fields,
            rb"(?m)^Received: from client\.example\.test "
            rb"\(localhost \[127\.0\.0\.1\]\)"
            rb" \(using TLSv1\.[23] with cipher [^()]*\)?.*"
            rb" by mail\.example\.test \(Chancery\) with ESMTPS id "
            rb"[0-9A-F]+ for <carl@example\.test>; "
            rb"\w\w\w, \d+ \w\w\w \d{4} \d\d:\d\d:\d\d [+-]\d{4}\r$")

    users = ("ada", "bob", "carl", "dora")


if __name__ == "__main__":
    chancery.main()
