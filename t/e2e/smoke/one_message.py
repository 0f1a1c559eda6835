"""A message goes in by SMTP and comes out by IMAP and POP3, over TLS."""

import chancery

BODY = ("From: ada@example.test\r\nTo: bob@example.test\r\n"
        "Subject: first\r\nMessage-ID: <1@example.test>\r\n\r\n"
        "Hello, Bob.\r\n.A line with a dot\r\n")


class OneMessage(chancery.TestCase):
    def test_comes_out_byte_for_byte(self):
        self.send("ada", ["bob"], BODY)
        message = self.wait_for_messages("bob", 1)[0]
        self.assertTrue(message.endswith(BODY.encode()), message)
        self.assertIn(b"Return-Path: <ada@example.test>\r\n", message)
        self.assertIn(b"Delivered-To: bob@example.test\r\n", message)
        self.assertIn(b"Received: ", message)
        pop3 = self.chancery.pop3("bob")
        _, lines, _ = pop3.retr(1)
        self.assertEqual(b"\r\n".join(lines) + b"\r\n", message)
        pop3.quit()

    def test_postmaster_is_the_first_user(self):
        with self.chancery.smtp() as smtp:
            for name in ("postmaster", "abuse@example.test"):
                smtp.sendmail("x@elsewhere.test", [name],
                              f"Subject: to {name}\r\n\r\nx\r\n")
        found = self.wait_for_messages("ada", 2)
        self.assertTrue(any(b"Subject: to postmaster\r\n" in m
                            for m in found))


if __name__ == "__main__":
    chancery.main()
