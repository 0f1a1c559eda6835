"""Relay tricks (CVE-1999-0512, open relays; RFC 2505; the relay tests that
abuse.net and ordb.org ran): percent hack, bang paths, source
routes, quoted local parts, literals, null senders, senders of ours.

From a stranger none of them leads anywhere else: each recipient is refused,
or is a mailbox of ours, and nothing is queued for another site."""

import attack

ELSEWHERE = "victim@elsewhere.test"
RECIPIENTS = (
    ELSEWHERE, f'"{ELSEWHERE}"', "victim%elsewhere.test",
    "victim%elsewhere.test@example.test", '"victim%elsewhere.test"@example.test',
    "elsewhere.test!victim", "elsewhere.test!victim@example.test",
    "example.test!elsewhere.test!victim", f'"{ELSEWHERE}"@example.test',
    f'"{ELSEWHERE}"@[127.0.0.1]', "victim%elsewhere.test@[127.0.0.1]",
    f"@example.test:{ELSEWHERE}", f"@mail.example.test:{ELSEWHERE}",
    f"@[127.0.0.1]:{ELSEWHERE}", "@example.test,@elsewhere.test:x@third.test",
    f"{ELSEWHERE}@example.test", f"{ELSEWHERE}@[127.0.0.1]",
    "victim@elsewhere.test.", "victim@ELSEWHERE.test", "victim@[192.0.2.1]",
    "victim@[IPv6:2001:db8::1]", "victim@[127.0.0.1]", "victim@127.0.0.1",
    "victim@localhost", "victim@mail.example.test", "root@localhost",
    "victim@sub.example.test", "victim@example.test.elsewhere.test",
    "victim@elsewhere.test\\@example.test", 'victim"@elsewhere.test"@example.test',
    '"victim\\@elsewhere.test"@example.test', "victim(@elsewhere.test)@x.test",
    "ada@example.test>,<victim@elsewhere.test", "ada@example.test,victim@e.test",
    '"|/bin/sh"@example.test', '"/etc/passwd"@example.test',
    ":include:/etc/passwd@example.test", "ada+x@elsewhere.test",
    "SRS0=aaaa=AA=elsewhere.test=victim@example.test",
    "SRS1=aaaa=elsewhere.test==AA=victim@example.test",
    "victim=elsewhere.test@example.test", "victim@xn--.test", "@elsewhere.test",
    "victim@example.test\u200b.elsewhere.test",
)
SENDERS = ("", "spam@elsewhere.test", "ada@example.test", "spam@[127.0.0.1]",
           "spam@localhost", "spam%elsewhere.test@example.test",
           "@example.test:spam@elsewhere.test", "spam", "ada@mail.example.test")


class Relay(attack.TestCase):
    options = ("mynetworks = 192.0.2.0/24",)

    def replies(self, service, *lines):
        said = self.talk(service, "EHLO stranger.test", *lines, "QUIT")
        return [line for line in said.split("\r\n")
                if line[3:4] == " " and line[:3].isdigit()][2:]

    def nothing_is_queued(self):
        self.assertEqual(self.chancery.json("queue", "list"), [])

    def test_every_recipient_from_every_sender(self):
        for sender in SENDERS:
            for recipient in RECIPIENTS:
                self.count()
                replies = self.replies("smtp", f"MAIL FROM:<{sender}>",
                                       f"RCPT TO:<{recipient}>", "DATA")
                self.assertRegex(replies[1], "^5", (sender, recipient))
                self.assertRegex(replies[2], "^5", (sender, recipient))
        self.assertNotIn("status=sent", self.chancery.log())

    def test_submission_needs_a_login(self):
        for service in ("submission",):
            for recipient in RECIPIENTS + ("ada@example.test",):
                self.count()
                replies = self.replies(service, "MAIL FROM:<ada@example.test>",
                                       f"RCPT TO:<{recipient}>", "DATA")
                self.assertRegex(replies[0], "^5", recipient)
                self.assertRegex(replies[1], "^5", recipient)

    def test_names_that_say_they_are_ours(self):
        """A name in EHLO moves nobody."""
        for name in ("mail.example.test", "localhost", "[127.0.0.1]",
                     "example.test"):
            self.count()
            said = self.talk("smtp", f"EHLO {name}",
                             "MAIL FROM:<ada@example.test>",
                             f"RCPT TO:<{ELSEWHERE}>", "QUIT")
            self.assertRegex(said, r"\r\n55\d [^\r]*\r\n221 ")
            self.assertNotIn("250 2.1.5", said)


if __name__ == "__main__":
    attack.main()
