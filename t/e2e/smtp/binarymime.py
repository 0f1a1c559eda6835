"""BINARYMIME (RFC 3030): any bytes come through to the mailbox, and of what
cannot be sent on the header is returned."""

import chancery

HEADER = (b"From: ada@example.test\r\nSubject: bytes\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: application/octet-stream\r\n"
          b"Content-Transfer-Encoding: binary\r\n\r\n")
BYTES = bytes(range(256)) + b"\r\n.\r\n\n\r\0" + b".\r\nQUIT\r\n" + b"\xff" * 9


class Binary(chancery.TestCase):
    users = ("ada", "bob", "carol")

    def send_chunks(self, user, message, size):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            self.assertIn("binarymime", smtp.esmtp_features)
            self.assertEqual(smtp.docmd(
                "MAIL", "FROM:<ada@example.test> BODY=BINARYMIME")[0], 250)
            self.assertEqual(smtp.docmd(
                "RCPT", f"TO:<{self.chancery.address(user)}>")[0], 250)
            self.assertEqual(smtp.docmd("DATA")[0], 503)
            parts = [message[i:i + size]
                     for i in range(0, len(message), size)]
            for part in parts:
                smtp.sock.sendall(b"BDAT %d\r\n" % len(part) + part)
                self.assertEqual(smtp.getreply()[0], 250)
            return smtp.docmd("BDAT 0 LAST")[0]

    def test_small_and_large(self):
        small = HEADER + BYTES
        large = HEADER + BYTES * 6000
        self.assertEqual(self.send_chunks("bob", small, 50), 250)
        self.assertEqual(self.send_chunks("bob", large, 100000), 250)
        found = sorted(self.wait_for_messages("bob", 2), key=len)
        for message, sent in zip(found, (small, large)):
            # a NUL that a literal cannot carry (RFC 3501 section 9, CHAR8)
            self.assertTrue(message.endswith(
                b"\r\n" + sent.replace(b"\0", b"\x80")))

    def test_a_header_is_made_of_lines(self):
        self.assertEqual(self.send_chunks(
            "carol", b"A: b\n" + HEADER + BYTES, 100), 550)
        self.assertEqual(self.send_chunks(
            "carol", b"A: \0\r\n" + HEADER + BYTES, 100), 550)

    def test_what_is_returned_is_its_header_alone(self):
        """A notification is lines, and the body is none."""
        self.assertEqual(self.send_chunks("x@far.test", HEADER + BYTES, 100),
                         250)
        bounce, = self.wait_for_messages("ada", 1)
        self.assertIn(b"Subject: bytes", bounce)
        self.assertNotIn(BYTES[100:120], bounce)


if __name__ == "__main__":
    chancery.main()
