"""Mail that users and aliases pass on to other sites: with or without a copy,
with a sender of ours (SRS) that leads back, and without end only for those
who go in circles.
"""

import re

import chancery
from site_peer import Site

MESSAGE = "From: x@far.test\r\nSubject: {}\r\n\r\nhello\r\n"


class Forward(chancery.TestCase):
    users = ("ada", "bob", "carol")

    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        # whoever asks from here is a stranger
        cls.options = ("mynetworks = 192.0.2.0/24", "rewrite_cache_time = 0",
                       "transport_maps = inline:{ far.test=smtp:"
                       f"{cls.site.nexthop}, other.test=smtp:"
                       f"{cls.site.nexthop} }}")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.site.close()

    def forward(self, user, *words):
        self.chancery.run("user", "forward", f"{user}@example.test", *words)

    def put(self, rcpt, subject, sender="x@far.test"):
        """Returns what the site was sent of it: (sender, [recipients])."""
        self.send(sender, [rcpt], MESSAGE.format(subject))

        def there():
            return [m for m in self.site.messages
                    if f"Subject: {subject}\r\n".encode() in m.data]
        sent = chancery.wait_until(f"{subject} at the site", there)[0]
        return (re.match("FROM:<(.*?)>", sent.mail)[1],
                [re.match("TO:<(.*?)>", rcpt)[1] for rcpt in sent.rcpts])

    def test_all_of_it(self):
        self.forward("ada", "ada@far.test")
        self.assertEqual(
            self.chancery.json("user", "forward", "ada@example.test"),
            {"forwarding_addresses": ["ada@far.test"], "keeps_copy": False})
        sender, rcpts = self.put("ada", "no copy")
        self.assertRegex(sender,
                         "^SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=far.test="
                         "x@example.test$")
        self.assertEqual(rcpts, ["ada@far.test"])
        self.forward("ada", "ada@far.test", "--keep")
        self.put("ada", "with copy")
        kept = self.wait_for_messages("ada", 1)
        self.assertIn(b"with copy", kept[0])
        self.forward("ada", "--none")
        self.send("x@far.test", ["ada"], MESSAGE.format("here again"))
        self.wait_for_messages("ada", 2)

    def test_the_way_back(self):
        self.forward("carol", "carol@far.test")
        sender, _ = self.put("carol", "comes back")
        # a host on the way may have changed the case
        back, rcpts = self.put(sender.lower(), "returned", sender="")
        self.assertEqual((back, rcpts), ("", ["x@far.test"]))
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("")
            for wrong in (sender.replace("far.test", "bar.test"),
                          sender.replace("=x@", "=y@"),
                          "SRS0=AAAAAAAA=AA=far.test=x@example.test",
                          "SRS0=x@example.test"):
                self.assertEqual(smtp.rcpt(wrong)[0], 550, wrong)
            self.assertEqual(smtp.rcpt("x@far.test")[0], 554)

    def test_anothers_rewritten_sender(self):
        self.forward("carol", "carol@far.test")
        first = "SRS0=abcd=YZ=origin.test=me@other.test"
        sender, _ = self.put("carol", "second hop", sender=first)
        self.assertRegex(sender, "^SRS1=[A-Z2-7]{8}=other.test==abcd=YZ="
                         "origin.test=me@example.test$")
        _, rcpts = self.put(sender, "back to the first", sender="")
        self.assertEqual(rcpts, [first])

    def test_our_own_senders_stay(self):
        self.forward("carol", "carol@far.test")
        sender, _ = self.put("carol", "own", sender="bob@example.test")
        self.assertEqual(sender, "bob@example.test")
        sender, _ = self.put("carol", "null", sender="")
        self.assertEqual(sender, "")

    def test_alias_to_here_and_there(self):
        self.chancery.run("alias", "add", "team@example.test",
                          "bob@example.test", "y@far.test", "z@far.test")
        before = len(self.messages("bob"))
        sender, rcpts = self.put("team", "for all")
        self.assertTrue(sender.startswith("SRS0="))
        self.assertEqual(sorted(rcpts), ["y@far.test", "z@far.test"])
        self.wait_for_messages("bob", before + 1)

    def test_circles_end(self):
        self.chancery.add_user("one")
        self.chancery.add_user("two")
        self.forward("one", "two@example.test")
        self.forward("two", "one@example.test", "--keep")
        self.send("x@far.test", ["one"], MESSAGE.format("circle"))
        self.wait_for_messages("two", 1)
        self.assertEqual(self.messages("one"), [])

    def test_words(self):
        for words, status in ((("ada@example.test", "--keep"), 2),
                              (("ada@example.test", "x@y", "--none"), 2),
                              (("ada@example.test", "nobody"), 1),
                              (("unknown@example.test", "x@y.test"), 1)):
            done = self.chancery.run("user", "forward", *words, check=False)
            self.assertEqual(done.returncode, status, words)


if __name__ == "__main__":
    chancery.main()
