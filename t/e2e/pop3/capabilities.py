"""What POP3 announces beyond the usual, and keeps: EXPIRE and LOGIN-DELAY (RFC
2449), LANG (RFC 6856)."""

import poplib

import chancery


class Announced(chancery.TestCase):
    options = ("pop3_login_delay = 1h", "pop3_expire = 0",
               "pop3_park_after = 0")
    users = ("ada", "bob", "cy")

    def test_both_states_say_so(self):
        words = ("LOGIN-DELAY 3600", "EXPIRE 0", "LANG")
        said = self.talk("pop3", "CAPA", "QUIT")
        for word in words:
            self.assertIn(f"\r\n{word}\r\n", said)
        pop3 = self.chancery.pop3("ada")
        capa = pop3.capa()
        self.assertEqual((capa["LOGIN-DELAY"], capa["EXPIRE"]),
                         (["3600"], ["0"]))
        self.assertIn("LANG", capa)
        pop3.quit()

    def test_nobody_logs_in_twice_in_an_hour(self):
        self.chancery.pop3("bob").quit()
        with self.assertRaises(poplib.error_proto) as no:
            self.chancery.pop3("bob", "pop3")
        self.assertIn("[LOGIN-DELAY]", str(no.exception))
        # a wrong password is not told from a right one by that
        with self.assertRaises(poplib.error_proto) as no:
            pop3 = poplib.POP3("127.0.0.1", self.chancery.port("pop3"))
            pop3.user(self.chancery.address("bob"))
            pop3.pass_("wrong")
        self.assertIn("[AUTH]", str(no.exception))
        self.chancery.imap("bob").logout()  # that is POP3's alone

    def test_what_was_read_goes(self):
        for n in range(3):
            self.send("x@elsewhere.test", ["cy"], f"Subject: {n}\r\n\r\n")
        self.wait_for_messages("cy", 3)
        before = self.messages("cy")
        pop3 = self.chancery.pop3("cy")
        pop3.retr(2)
        chancery.wait_until("it is parked", lambda: any(
            r["counter"] == "parked" and r["value"] == 1
            for r in self.chancery.json("status")["counters"]))
        pop3.top(1, 0)
        pop3.quit()
        self.assertEqual(self.messages("cy"), [before[0], before[2]])

    def test_languages(self):
        said = self.talk("pop3", "LANG", "LANG *", "LANG de", "LANG en",
                         "QUIT").split("\r\n")
        self.assertEqual(said[1:], [
            "+OK Language listing follows", "en English",
            "i-default English", ".", "+OK en English it is",
            "-ERR en No such language", "+OK en English it is", "+OK Bye",
            ""])


class NotAnnounced(chancery.TestCase):
    users = ("ada",)

    def test_never(self):
        self.send("x@elsewhere.test", ["ada"], "Subject: x\r\n\r\n")
        self.wait_for_messages("ada", 1)
        for _ in range(2):
            pop3 = self.chancery.pop3("ada")
            self.assertEqual(pop3.capa()["EXPIRE"], ["NEVER"])
            self.assertNotIn("LOGIN-DELAY", pop3.capa())
            pop3._shortcmd("LANG en")
            with self.assertRaises(poplib.error_proto):
                pop3._shortcmd("LANG tlh")
            self.assertIn(b"en English", pop3._longcmd("LANG")[1])
            pop3.retr(1)
            pop3.quit()
        self.assertEqual(len(self.messages("ada")), 1)


if __name__ == "__main__":
    chancery.main()
