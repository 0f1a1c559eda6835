"""Spam with Debian's spamd: marked, filed into Junk, refused above a score;
and clamd and spamd one behind the other."""

import re

import chancery
import filters

FORGED = (b"X-Spam-Flag: YES\r\nX-Spam-Status: No, score=-100\r\n"
          b"x-spam-anything: folded\r\n over two lines\r\n")


def ham(extra=b""):
    return (b"From: Ada <ada@elsewhere.test>\r\nTo: bob@example.test\r\n" +
            extra + b"Subject: lunch\r\n"
            b"Date: Sun, 22 Nov 2026 05:22:35 +0000\r\n"
            b"Message-ID: <1@elsewhere.test>\r\n\r\n"
            b"Shall we have lunch on Tuesday?\r\n")


def spam(extra=b""):
    return ham(extra).replace(b"Shall", filters.GTUBE + b"\r\nShall")


class SpamdCase(filters.Behind, chancery.TestCase):
    servers = {"spamd_socket": filters.Spamd}

    @property
    def spamd(self):
        return self.running["spamd_socket"]

    @staticmethod
    def fields(message):
        """The X-Spam fields, unfolded, and what is below our Received."""
        top, rest = message.split(b"Received: from", 1)
        rest = rest.split(b"\r\nFrom: ", 1)[1]
        found = dict(re.findall(
            rb"^(X-Spam-\w+): ([^\r]*(?:\r\n\t[^\r]*)*)", top, re.M))
        return found, b"From: " + rest


class Marked(SpamdCase):
    more = ("spam_reject_score=0",)
    users = ("ada", "bob", "carol", "dan")

    def test_ham_stays_in_the_inbox(self):
        self.assertEqual(self.data(ham())[0], 250)
        found, body = self.fields(self.wait_for_messages("ada", 1)[0])
        self.assertEqual(body, ham())
        self.assertNotIn(b"X-Spam-Flag", found)
        self.assertRegex(found[b"X-Spam-Status"],
                         rb"^No, score=-?\d+\.\d required=5\.0\r\n\ttests=")
        self.assertRegex(found[b"X-Spam-Score"], rb"^-?\d+\.\d$")
        self.assertEqual(self.messages("ada", "Junk"), [])

    def test_spam_goes_to_junk(self):
        self.assertEqual(self.data(spam(), "bob")[0], 250)
        found, body = self.fields(self.wait_for_messages("bob", 1, "Junk")[0])
        self.assertEqual(body, spam())
        self.assertEqual(found[b"X-Spam-Flag"], b"YES")
        self.assertEqual(found[b"X-Spam-Level"], b"*" * 50)
        self.assertRegex(found[b"X-Spam-Status"], rb"^Yes, score=(999|100\d)")
        self.assertIn(b"GTUBE", found[b"X-Spam-Status"])
        self.assertEqual(self.messages("bob"), [])

    def test_forged_fields_go(self):
        self.assertEqual(self.data(ham(FORGED), "carol")[0], 250)
        found, body = self.fields(self.wait_for_messages("carol", 1)[0])
        self.assertEqual(body, ham())
        self.assertTrue(found[b"X-Spam-Status"].startswith(b"No, score="))
        large = ham(FORGED) + (b"x" * 70 + b"\r\n") * 20000
        self.assertEqual(self.data(large, "carol")[0], 250)
        found = self.wait_for_messages("carol", 2)[1]
        self.assertTrue(found.endswith(large.replace(FORGED, b"")))
        self.assertNotIn(b"X-Spam", found)  # over spamd_size_limit

    def test_who_has_logged_in_is_not_checked(self):
        with self.chancery.smtp("submission", "ada") as smtp:
            smtp.sendmail("ada@example.test", ["dan@example.test"], spam())
        message, = self.wait_for_messages("dan", 1)
        self.assertNotIn(b"X-Spam", message)


class Refused(SpamdCase):
    def test_above_the_score(self):
        code, text = self.data(spam())
        self.assertEqual(code, 550)
        self.assertIn(b"5.7.1", text)
        self.assertIn(b"looks like spam", text)
        self.assertEqual(self.data(ham())[0], 250)
        self.wait_for_messages("ada", 1)

    def test_killed_and_back(self):
        self.spamd.kill()
        self.assertEqual(self.data(ham(), "bob")[0], 451)
        self.spamd.restart()
        self.assertEqual(self.data(ham(), "bob")[0], 250)
        self.wait_for_messages("bob", 1)


class Elsewhere(SpamdCase):
    """No Junk for those who do not want it, and a check only by word."""

    more = ("spam_reject_score=0", "spam_mailbox=")
    master_options = {"submission": "-o spamd_check_authenticated=yes"}

    def test_spam_stays_marked_in_the_inbox(self):
        self.assertEqual(self.data(spam())[0], 250)
        found, _ = self.fields(self.wait_for_messages("ada", 1)[0])
        self.assertEqual(found[b"X-Spam-Flag"], b"YES")

    def test_submissions_can_be_checked(self):
        with self.chancery.smtp("submission", "bob") as smtp:
            smtp.sendmail("bob@example.test", ["bob@example.test"], spam())
        found, _ = self.fields(self.wait_for_messages("bob", 1)[0])
        self.assertEqual(found[b"X-Spam-Flag"], b"YES")


class Untold(SpamdCase):
    """Without spamd nothing is taken away, and what came is not believed."""

    servers = {}

    def test_a_strangers_flag_files_nothing(self):
        self.assertEqual(self.data(ham(FORGED))[0], 250)
        found, = self.wait_for_messages("ada", 1)
        self.assertTrue(found.endswith(ham(FORGED)))


class Standin(SpamdCase):
    more = ("spamd_timeout=60s", "spam_reject_score=0")
    answers = {}

    servers = {"spamd_socket": lambda: filters.Scripted(
        lambda conn, number: Standin.answers["now"](conn))}

    def say(self, reply):
        def answer(conn):
            self.seen = filters.read_to_end(conn)
            conn.sendall(reply)
            conn.close()
        self.answers["now"] = answer

    def test_what_it_is_sent(self):
        self.say(b"SPAMD/1.1 0 EX_OK\r\nContent-length: 5\r\n"
                 b"Spam: False ; -1.5 / 5.0\r\n\r\nA,B_C")
        self.assertEqual(self.data(ham())[0], 250)
        head, message = self.seen.split(b"\r\n\r\n", 1)
        self.assertEqual(head, b"SYMBOLS SPAMC/1.5\r\nContent-length: %d" %
                         len(message))
        self.assertRegex(message, rb"^Received: from ")
        self.assertTrue(message.endswith(ham()))
        found, _ = self.fields(self.wait_for_messages("ada", 1)[0])
        self.assertEqual(found[b"X-Spam-Status"],
                         b"No, score=-1.5 required=5.0\r\n\ttests=A,B_C")

    def test_nothing_it_says_becomes_a_header_field(self):
        self.say(b"SPAMD/1.1 0 EX_OK\r\nContent-length: 40\r\n"
                 b"Spam: True ; 7.0 / 5.0\r\n\r\n"
                 b"A,B\r\nX-Evil: yes\r\n\r\n" + b"z" * 30)
        self.assertEqual(self.data(ham(), "bob")[0], 250)
        message, = self.wait_for_messages("bob", 1, "Junk")
        self.assertNotIn(b"X-Evil", message)

    def test_nonsense_puts_off(self):
        for reply in (b"", b"SPAMD/1.1 76 Bad header line\r\n\r\n",
                      b"SPAMD/1.1 0 EX_OK\r\n\r\n",
                      b"SPAMD/1.1 0 EX_OK\r\nSpam: Perhaps ; 1 / 5\r\n\r\n",
                      b"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\n"
                      b"Spam: True ; 7.0 / 5.0\r\n\r\nA",
                      b"x" * 100000):
            self.say(reply)
            with self.subTest(reply[:60]):
                self.assertEqual(self.data(ham())[0], 451)


class Late(SpamdCase):
    more = ("spamd_timeout=2s",)
    servers = {"spamd_socket": lambda: filters.Scripted(filters.hang)}

    def test_silence_puts_off(self):
        self.assertEqual(self.data(ham())[0], 451)


class Both(SpamdCase):
    users = ("ada", "bob", "carol")

    servers = {"clamav_socket": filters.Clamd,
               "spamd_socket": filters.Spamd}
    more = ("spam_reject_score=0",)

    def test_one_behind_the_other(self):
        self.assertEqual(self.data(ham())[0], 250)
        self.assertEqual(self.data(spam(), "bob")[0], 250)
        self.assertEqual(self.data(ham() + filters.EICAR + b"\r\n",
                                   "carol")[0], 250)
        self.wait_for_messages("ada", 1)
        self.wait_for_messages("bob", 1, "Junk")
        notice, = self.wait_for_messages("carol", 1)
        self.assertIn(b"A message to you was stopped", notice)
        counted = self.chancery.json("status")
        counters = {c["counter"]: c for c in counted["counters"]
                    if c["service"] == "smtp"}
        self.assertEqual([counters[name]["value"] for name in
                          ("infected", "quarantined", "spam")], [1, 1, 1])


if __name__ == "__main__":
    chancery.main()
