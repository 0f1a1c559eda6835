"""UTF8 (RFC 6856): messages with headers beyond ASCII, as they are for who
said UTF8, as surrogates (RFC 6857) for who did not; parked or not."""

import email
import email.policy
import poplib

import chancery

POLICY = email.policy.default

MESSAGE = """From: Jürgen Groß <jürgen@bücher.test>
To: Ada <ada@{domain}>, Zoë <z@x.test>
Subject: Grüße aus Köln
Message-ID: <ü@x.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Grüße
--x
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="Übersicht.txt"

x
--x--
""".replace("\n", "\r\n")


class Utf8(chancery.TestCase):
    options = ("pop3_park_after = 0",)
    users = ("ada", "bob", "cy")

    def fill(self, user):
        """A plain one, one in UTF-8, a plain one."""
        self.send("x@elsewhere.test", [user], "Subject: 1\r\n\r\none\r\n")
        self.wait_for_messages(user, 1)
        text = MESSAGE.replace("{domain}", self.chancery.domain)
        self.send("x@elsewhere.test", [user], text.encode(),
                  mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        self.wait_for_messages(user, 2)
        self.send("x@elsewhere.test", [user], "Subject: 3\r\n\r\nthree\r\n")
        self.wait_for_messages(user, 3)
        return self.messages(user)

    def connect(self, user, utf8):
        pop3 = poplib.POP3_SSL("127.0.0.1", self.chancery.port("pop3s"),
                               context=self.chancery.tls(),
                               timeout=chancery.PATIENCE)
        if utf8:
            pop3.utf8()
        pop3.user(self.chancery.address(user))
        pop3.pass_(self.chancery.password(user))
        return pop3

    def whole(self, pop3, n):
        return b"".join(line + b"\r\n" for line in pop3.retr(n)[1])

    def until_parked(self):
        chancery.wait_until("it is parked", lambda: any(
            r["counter"] == "parked" and r["value"] > 0
            for r in self.chancery.json("status")["counters"]))

    def sizes_agree(self, pop3, messages):
        sizes = [len(m) for m in messages]
        self.assertEqual(pop3.stat(), (3, sum(sizes)))
        self.assertEqual(pop3.list()[1], [
            b"%d %d" % (n, size) for n, size in enumerate(sizes, 1)])
        self.assertIn(b"(%d octets)" % sum(sizes), pop3.rset())

    def test_who_said_it_reads_what_there_is(self):
        stored = self.fill("ada")
        pop3 = self.connect("ada", True)
        self.assertEqual(pop3.capa()["UTF8"], [])  # names are ASCII
        self.sizes_agree(pop3, stored)
        self.until_parked()
        self.assertEqual([self.whole(pop3, n) for n in (1, 2, 3)], stored)
        self.assertIn("Subject: Grüße aus Köln".encode(),
                      pop3.top(2, 0)[1])
        with self.assertRaises(poplib.error_proto):
            pop3._shortcmd("UTF8")  # of the AUTHORIZATION state alone
        pop3.quit()

    def test_who_did_not_reads_a_surrogate(self):
        stored = self.fill("bob")
        pop3 = self.connect("bob", False)
        self.until_parked()
        messages = [self.whole(pop3, n) for n in (1, 2, 3)]
        self.assertEqual(messages[::2], stored[::2])
        self.sizes_agree(pop3, messages)
        header, _, body = messages[1].partition(b"\r\n\r\n")
        self.assertTrue(header.isascii(), header)
        self.assertEqual(b"\r\n".join(pop3.top(2, 0)[1]), header + b"\r\n")
        self.assertEqual(pop3.top(2, 5)[1],
                         (header + b"\r\n\r\n" + body).split(b"\r\n")[
                             :len(header.split(b"\r\n")) + 6])
        made = email.message_from_bytes(messages[1], policy=POLICY)
        self.assertEqual(made["Subject"], "Grüße aus Köln")
        self.assertEqual(made["From"].groups[0].display_name,
                         "Jürgen Groß jürgen@bücher.test")
        self.assertEqual([(a.display_name, a.addr_spec)
                          for a in made["To"].addresses],
                         [("Ada", self.chancery.address("ada")),
                          ("Zoë", "z@x.test")])
        self.assertIsNone(made["Message-ID"])
        self.assertEqual(str(made["Downgraded-Message-ID"]), "<ü@x.test>")
        text, attached = made.iter_parts()
        self.assertEqual(text.get_content(), "Grüße")
        self.assertEqual(attached.get_filename(), "Übersicht.txt")
        pop3.quit()
        self.assertEqual(self.messages("bob"), stored)  # it is as it was

    def test_sizes_outlive_parking_and_the_message(self):
        """A size that was told stays, also when IMAP removes the message."""
        self.fill("cy")
        pop3 = self.connect("cy", False)
        sizes = pop3.list()[1]
        self.until_parked()
        imap = self.chancery.imap("cy")
        imap.select()
        imap.store("2", "+FLAGS", "\\Deleted")
        imap.expunge()
        imap.logout()
        self.assertEqual(pop3.list()[1], sizes)
        with self.assertRaises(poplib.error_proto):
            pop3.retr(2)
        pop3.quit()

    def test_both_states_say_so(self):
        self.assertIn("\r\nUTF8\r\n", self.talk("pop3", "CAPA", "QUIT"))

    def test_no_tls_behind_it(self):
        said = self.talk("pop3", "UTF8", "STLS", "QUIT")
        self.assertIn("\r\n-ERR STLS comes before UTF8\r\n", said)


if __name__ == "__main__":
    chancery.main()
