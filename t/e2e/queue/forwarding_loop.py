"""Two sites that forward to each other: a message goes round once, and whoever
sent it is told (Delivered-To, as Postfix's local(8))."""

import unittest

import chancery

MESSAGE = "From: carol@one.test\r\nSubject: {}\r\n\r\nhello\r\n"


class Site(chancery.Instance):
    def __init__(self, ports, domain, users, other, other_ports):
        self.given = ports
        port = other_ports.base + chancery.PORTS["smtp"]
        super().__init__(domain, users, (
            "rewrite_cache_time = 0",
            f"transport_maps = inline:{{ {{{other}=smtp:[127.0.0.1]:{port}}}, "
            "{closed.test=error:5.7.1 no mail for this one} }"))

    def choose_ports(self):
        return self.given

    def forward(self, user, *words):
        self.run("user", "forward", self.address(user), *words)


class ForwardingLoop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ports = chancery.PortBase(), chancery.PortBase()
        cls.one = Site(ports[0], "one.test", ("ada", "carol", "dora"),
                       "two.test", ports[1])
        cls.addClassCleanup(cls.one.remove)
        cls.two = Site(ports[1], "two.test", ("bob",), "one.test", ports[0])
        cls.addClassCleanup(cls.two.remove)
        cls.one.start()
        cls.two.start()

    def send(self, rcpt, subject):
        with self.one.smtp("submission", "carol") as smtp:
            smtp.sendmail("carol@one.test", [rcpt], MESSAGE.format(subject))

    def found(self, site, user, count, *words):
        """So many messages of a user that have all the words."""
        def messages():
            return [m for m in site.messages(user)
                    if all(word.encode() in m for word in words)]
        chancery.wait_until(f"{count} with {words} for {user}",
                            lambda: len(messages()) >= count)
        self.assertEqual(len(messages()), count)
        return messages()

    def rest(self):
        for site in self.one, self.two:
            chancery.wait_until("an empty queue", lambda: not site.run(
                "queue", "list", check=False).stdout)

    def test_neither_keeps_a_copy(self):
        self.one.forward("ada", "bob@two.test")
        self.two.forward("bob", "ada@one.test")
        self.send("ada@one.test", "round")
        notice = self.found(self.one, "carol", 1, "Subject: round",
                            "Status: 5.4.6")[0]
        self.assertIn(b"mail forwarding loop for ada@one.test", notice)
        self.rest()
        for copies in self.one.messages("ada"), self.two.messages("bob"):
            self.assertEqual([m for m in copies if b"round" in m], [])

    def test_both_keep_a_copy(self):
        self.one.forward("ada", "bob@two.test", "--keep")
        self.two.forward("bob", "ada@one.test", "--keep")
        self.send("ada@one.test", "kept")
        # of the mailbox, and of what is passed on
        self.found(self.one, "carol", 2, "Subject: kept", "Status: 5.4.6")
        self.rest()
        self.found(self.one, "ada", 1, "Subject: kept")
        copy = self.found(self.two, "bob", 1, "Subject: kept")[0]
        self.assertEqual([line for line in copy.split(b"\r\n")
                          if line.startswith(b"Delivered-To")],
                         [b"Delivered-To: bob@two.test",
                          b"Delivered-To: ada@one.test"])
        for user in "ada", "bob":
            site = self.one if user == "ada" else self.two
            site.forward(user, "--none")

    def test_one_of_several(self):
        """Who is not in the circle gets the message, by the same command."""
        self.one.forward("ada", "bob@two.test")
        self.two.forward("bob", "ada@one.test", "dora@one.test")
        self.send("ada@one.test", "several")
        self.found(self.one, "dora", 1, "Subject: several")
        self.found(self.one, "carol", 1, "Subject: several", "Status: 5.4.6",
                   "Final-Recipient: rfc822; bob@two.test")
        line = chancery.wait_until("a line in the log", lambda: [
            line for line in self.one.log().split("\n")
            if "to=<bob@two.test>" in line and "dsn=5.4.6" in line])[-1]
        self.assertIn("relay=none", line)
        self.rest()

    def test_an_alias(self):
        self.one.run("alias", "add", "team@one.test", "list@two.test")
        self.two.run("alias", "add", "list@two.test", "team@one.test")
        self.send("team@one.test", "alias")
        notice = self.found(self.one, "carol", 1, "Subject: alias",
                            "Status: 5.4.6")[0]
        self.assertIn(b"mail forwarding loop for team@one.test", notice)
        self.rest()

    def test_a_transport_that_is_an_error(self):
        self.send("x@closed.test", "closed")
        notice = self.found(self.one, "carol", 1, "Subject: closed",
                            "Status: 5.7.1")[0]
        self.assertIn(b"no mail for this one", notice)

    def test_two_forwarders_to_one_site(self):
        """Each copy names its own."""
        self.one.forward("ada", "bob@two.test")
        self.one.forward("dora", "bob+x@two.test")
        self.two.forward("bob", "--none")
        with self.one.smtp("submission", "carol") as smtp:
            smtp.sendmail("carol@one.test", ["ada@one.test", "dora@one.test"],
                          MESSAGE.format("two"))
        copies = self.found(self.two, "bob", 1, "Subject: two",
                            "Delivered-To: ada@one.test")
        self.assertNotIn(b"dora", copies[0])
        self.one.forward("dora", "--none")


if __name__ == "__main__":
    unittest.main()
