"""What the delivery agent decides, seen from outside: by SMTP in, by IMAP out.
"""

import time

import chancery
from chancery import wait_until

SIMPLE = "From: x@elsewhere.test\r\nSubject: %s\r\n\r\nhello\r\n"


def nested(depth):
    """Multiparts inside one another."""
    text = ""
    for i in range(depth):
        text += (f"Content-Type: multipart/mixed; boundary=b{i:04}\r\n\r\n"
                 f"--b{i:04}\r\n")
    return text + "\r\ninside\r\n"


def many_parts(count):
    return ("Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
            "--b\r\n\r\nx\r\n" * count + "--b--\r\n")


def many_params(count):
    return ("Content-Type: text/plain" +
            "".join(f";\r\n n*{i}=x" for i in range(count)) + "\r\n\r\nx\r\n")


def many_addresses(count):
    return ("To: a@b" + ",\r\n a@b" * count + "\r\nSubject: all\r\n\r\nx\r\n")


class WholeWay(chancery.TestCase):
    users = ("ada", "bob", "eve", "dan")
    options = ("smtpd_header_size_limit = 1M",)

    def special_uses(self, user):
        imap = self.chancery.imap(user)
        _, data = imap.list()
        imap.logout()
        return b"\n".join(data)

    def test_first_message_makes_mailboxes_with_special_use(self):
        self.send("x@elsewhere.test", ["ada"], SIMPLE % "first")
        self.wait_for_messages("ada", 1)
        listing = self.special_uses("ada")
        for use in (b"\\Drafts", b"\\Sent", b"\\Junk", b"\\Trash",
                    b"\\Archive"):
            self.assertIn(use, listing)

    def test_plus_detail(self):
        self.send("x@elsewhere.test", ["bob+Archive@example.test"],
                  SIMPLE % "to archive")
        self.send("x@elsewhere.test", ["bob+nowhere@example.test"],
                  SIMPLE % "to inbox")
        found = self.wait_for_messages("bob", 1, "Archive")[0]
        self.assertIn(b"Delivered-To: bob+Archive@example.test\r\n", found)
        found = self.wait_for_messages("bob", 1)[0]
        self.assertIn(b"Subject: to inbox\r\n", found)

    def test_null_sender_and_a_loop(self):
        self.send("", ["eve"], SIMPLE % "bounce")
        found = self.wait_for_messages("eve", 1)[0]
        self.assertTrue(found.startswith(b"Return-Path: <>\r\n"
                                         b"Delivered-To: eve@"), found)
        self.send("eve", ["eve"], found)
        # It comes back to its sender as a bounce, and not as itself.
        messages = self.wait_for_messages("eve", 2)
        self.assertIn(b"5.4.6", messages[1])

    def test_bombs_cost_no_more_than_their_bytes(self):
        bombs = [nested(3000), many_parts(50000), many_params(20000),
                 many_addresses(50000)]
        for bomb in bombs:
            self.send("x@elsewhere.test", ["dan"], bomb)
        imap = self.chancery.imap("dan")

        def all_there():
            _, data = imap.select("INBOX", readonly=True)
            return int(data[0]) == len(bombs)

        wait_until("the bombs are there", all_there)
        began = time.monotonic()
        structures = b""
        for number in range(1, len(bombs) + 1):
            status, data = imap.fetch(str(number),
                                      "(ENVELOPE BODYSTRUCTURE)")
            self.assertEqual(status, "OK")
            structures += repr(data).encode()
        self.assertIn(b"octet-stream", structures)  # what is too deep
        status, data = imap.search(None, "SUBJECT", "all", "BODY", "x")
        self.assertEqual((status, len(data[0].split())), ("OK", 1))
        self.assertLess(time.monotonic() - began, 60)
        imap.logout()


if __name__ == "__main__":
    chancery.main()
