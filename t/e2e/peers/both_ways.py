"""Mail to and from Debian's Postfix, Exim and OpenSMTPD and a second instance
of ours, each in a network namespace, found by MX, under TLS, byte for byte."""

import email
import re
import unittest

import nets

nets.enter()

import chancery  # noqa: E402
from chancery import wait_until  # noqa: E402

PEERS = {"ours.test": 1, "second.test": 2, "postfix.test": 3, "exim.test": 4,
         "opensmtpd.test": 5, "old.test": 6}
# What a slow machine puts off is tried again within the test.
SOON = ("dns_timeout = 30s", "minimal_backoff_time = 2s",
        "maximal_backoff_time = 5s")
TEXT = ("a line\r\n.\r\n..dots\r\n\r\n" + "x" * 900 + "\r\n \r\n"
        "-- \r\nend\r\n").encode()


def setUpModule():
    global names, ours
    names = nets.Names(PEERS)
    ours = nets.Ours("ours.test", 1, ("ada", "bob"), names.options(*SOON))
    unittest.addModuleCleanup(ours.remove)
    ours.start()


class Ways:
    """What is the same with everybody; mixed into a class a peer."""

    knows_tls = knows_utf8 = True
    bounces_to = "bob@ours.test"

    @classmethod
    def setUpClass(cls):
        cls.number = 0
        cls.peer = cls.make()
        cls.addClassCleanup(cls.peer.remove)

    def message(self, body=TEXT):
        """A message no other is like: its Message-ID and all of it."""
        type(self).number += 1
        word = f"<{self.number}.{self.peer.domain}@test>"
        return word, (f"From: <x@ours.test>\r\nTo: <y@ours.test>\r\n"
                      f"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
                      f"Message-ID: {word}\r\nSubject: test\r\n"
                      f"\r\n").encode() + body

    def send(self, rcpts, body=TEXT, options=()):
        word, message = self.message(body)
        with ours.smtp("submission", "ada") as smtp:
            smtp.sendmail("ada@ours.test", rcpts, message, options)
        return word

    def find(self, what, messages, word):
        try:
            return wait_until(what, lambda: [
                m for m in messages() if word.encode() in m])[0]
        except AssertionError as late:
            raise AssertionError(f"{late}\nours:\n{ours.log()[-3000:]}\n"
                                 f"theirs:\n{self.peer.log()[-3000:]}")

    def arrived(self, user, word):
        """At the peer's; lines end as its files have them."""
        message = self.find(f"{word} at {self.peer.domain}",
                            lambda: self.peer.messages(user), word)
        if b"\r\n" not in message:
            message = message.replace(b"\n", b"\r\n")
        return message

    def bounces(self):
        return ours.messages("bob")

    def body(self, message):
        return message.split(b"\r\n\r\n", 1)[1]

    def address(self, user):
        return f"{user}@{self.peer.domain}"

    def assert_sent(self, address):
        line = wait_until("the log says so", lambda: re.search(
            rf": to=<{re.escape(address)}>.*status=sent.*\n", ours.log()))[0]
        host = f"mail.{self.peer.domain}[{nets.PREFIX}{self.last}]:25"
        self.assertIn(f"relay={host}, ", line)
        self.assertRegex(line, r"dsn=2\.\d\.\d, status=sent \(250 ")

    def test_to_the_peer(self):
        word = self.send([self.address("one")])
        message = self.arrived("one", word)
        self.assertEqual(self.body(message), TEXT)
        self.assert_sent(self.address("one"))
        said = (" TLS connection established to mail." if self.knows_tls else
                "Cannot start TLS: handshake failure with mail.")
        wait_until("the log says so", lambda:
                   said + self.peer.domain + "[" in ours.log())

    def test_several_recipients(self):
        users = "two", "three", "four"
        word = self.send([self.address(u) for u in users])
        for user in users:
            self.assertEqual(self.body(self.arrived(user, word)), TEXT)
        for user in users:
            self.assertEqual(len([m for m in self.peer.messages(user)
                                  if word.encode() in m]), 1)

    def test_large(self):
        body = (b"0123456789abcdef" * 4 + b"\r\n") * 50000
        message = self.arrived("large", self.send([self.address("large")],
                                                  body))
        self.assertTrue(self.body(message) == body)

    def test_eight_bits(self):
        body = "gr\u00fc\u00dfe\r\n".encode() * 3
        word = self.send([self.address("eight")], body, ["BODY=8BITMIME"])
        self.assertEqual(self.body(self.arrived("eight", word)), body)

    def test_one_of_them_is_nobody(self):
        word = self.send([self.address("five"), self.address("nobody")])
        self.assertEqual(self.body(self.arrived("five", word)), TEXT)
        bounce = self.find("the bounce", lambda: ours.messages("ada"), word)
        self.assertIn(b"Action: failed", bounce)
        self.assertIn(self.address("nobody").encode(), bounce)
        self.assertIn(b"550", bounce)

    def test_international(self):
        user = "j\u00f6rg"
        if not self.knows_utf8:
            return
        word, message = self.message()
        with ours.smtp("submission", "ada") as smtp:
            smtp.ehlo()
            smtp.mail("ada@ours.test", ["SMTPUTF8"])
            smtp.send(f"RCPT TO:<{self.address(user)}>\r\n".encode())
            self.assertEqual(smtp.getreply()[0], 250)
            self.assertEqual(smtp.data(message)[0], 250)
        self.assertEqual(self.body(self.arrived(user, word)), TEXT)

    def test_from_the_peer(self):
        word, message = self.message()
        with self.peer.smtp() as smtp:
            smtp.sendmail(self.address("sender"), ["ada@ours.test",
                                                   "bob@ours.test"], message)
        for user in "ada", "bob":
            found = self.find(f"the mail of {user}",
                              lambda: ours.messages(user), word)
            self.assertEqual(self.body(found), TEXT)
            self.assertIn(b"ESMTPS", found)

    def test_from_the_peer_to_nobody(self):
        word, message = self.message()
        with self.peer.smtp() as smtp:
            smtp.sendmail(self.bounces_to, ["nobody@ours.test"], message)
        bounce = self.find("the peer's bounce", self.bounces, word)
        self.assertIn(b"nobody@ours.test", bounce)


class Second(Ways, unittest.TestCase):
    last = 2
    bounces_to = "sender@second.test"  # nobody sends in another's name

    @classmethod
    def make(cls):
        return nets.Second("second.test", cls.last, names.options(*SOON))

    def bounces(self):
        return self.peer.messages("sender")

    def test_international(self):
        pass  # no user may have such a name


class Postfix(Ways, unittest.TestCase):
    last = 3

    @classmethod
    def make(cls):
        return nets.Postfix("postfix.test", cls.last)


class Exim(Ways, unittest.TestCase):
    last = 4

    @classmethod
    def make(cls):
        return nets.Exim("exim.test", cls.last)


class OldExim(Ways, unittest.TestCase):
    """It does not offer 8BITMIME, nor SMTPUTF8, which needs that."""

    last = 6
    knows_utf8 = False

    @classmethod
    def make(cls):
        return nets.OldExim("old.test", cls.last)

    def test_eight_bits(self):
        body = "gr\u00fc\u00dfe\r\n".encode() * 3
        word = self.send([self.address("eight")], body, ["BODY=8BITMIME"])
        message = self.arrived("eight", word)
        self.assertTrue(message.isascii())
        self.assertEqual(email.message_from_bytes(message).get_payload(
            decode=True), body)


class OpenSmtpd(Ways, unittest.TestCase):
    last = 5
    # Its server cannot use its key with OpenSSL 3, whoever asks.
    knows_tls = knows_utf8 = False

    @classmethod
    def make(cls):
        return nets.OpenSmtpd("opensmtpd.test", cls.last)


if __name__ == "__main__":
    unittest.main()
