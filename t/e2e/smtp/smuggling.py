"""One exact end of DATA: nothing behind a false one becomes a message."""

import re

import chancery

HEAD = (b"EHLO c\r\nMAIL FROM:<x@y>\r\nRCPT TO:<ada@example.test>\r\n"
        b"DATA\r\nSubject: outer\r\n\r\nouter")
INNER = (b"MAIL FROM:<admin@example.test>\r\nRCPT TO:<bob@example.test>\r\n"
         b"DATA\r\nSubject: smuggled\r\n\r\ninner\r\n.\r\nQUIT\r\n")
FALSE_ENDS = (b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\n",
              b"\r\n.\r", b"\r\n.\r\r\n", b"\n\n.\n\n", b"\r\n\n.\r\n",
              b"\r\n\r.\r\n", b"\r\n.\n\r\n", b"\r\n.\0\r\n", b"\r\n. \r\n",
              b"\r\r\n.\r\r\n", b"\x85.\x85", b"\xe2\x80\xa8.\xe2\x80\xa8")


class Smuggling(chancery.TestCase):
    def test_false_ends(self):
        for end in FALSE_ENDS:
            said = self.talk("smtp", HEAD + end + INNER)
            codes = re.findall(r"^(\d\d\d) ", said, re.M)
            if re.search(rb"\r(?!\n)|(?<!\r)\n", end):
                self.assertEqual(codes,
                                 "220 250 250 250 354 550 221".split(), end)
                self.assertIn("550 5.5.2 ", said)
            else:
                # An odd line of the message, in which the rest is text too.
                self.assertEqual(codes,
                                 "220 250 250 250 354 250 221".split(), end)
        odd = sum(not re.search(rb"\r(?!\n)|(?<!\r)\n", end)
                  for end in FALSE_ENDS)
        for message in self.wait_for_messages("ada", odd):
            self.assertIn(b"Subject: smuggled\r\n", message)
        self.assertEqual(self.messages("bob"), [])

    def test_in_chunks_too(self):
        for text in (b"a\nb\r\n", b"a\rb\r\n", b"\n", b"\r", b"a\r\n\r"):
            said = self.talk(
                "smtp", b"EHLO c\r\nMAIL FROM:<x@y>\r\n"
                b"RCPT TO:<ada@example.test>\r\nBDAT %d LAST\r\n%s"
                b"QUIT\r\n" % (len(text), text))
            self.assertEqual(re.findall(r"^(\d\d\d) ", said, re.M),
                             "220 250 250 250 550 221".split(), text)

    def test_commands_end_in_crlf_too(self):
        for line in (b"NOOP\nMAIL FROM:<x@y>\n", b"NOOP\rQUIT\r\n"):
            said = self.talk("smtp", b"EHLO c\r\n" + line + b"QUIT\r\n")
            self.assertIn("500 5.5.2 Error: bare ", said)


if __name__ == "__main__":
    chancery.main()
