"""The smtp agent and sites that fail, stall or lie: at each point of the
dialogue, the honest answer, in time, and the next transaction unharmed."""

import socket
import time
import unittest

from chancery import free_port, wait_until
from site_peer import CLOSE, EXTENSIONS, HANG, Agent, AgentCase

RCPTS = ["a@b.test", "c@b.test"]


class FailureCase(AgentCase):
    def run_one(self, rules, extensions=EXTENSIONS, body=b"x\r\n"):
        site = self.site(rules, extensions)
        return site, self.lmtp.transaction(site.nexthop, RCPTS, body)


class Lost(FailureCase):
    def assert_site(self, replies, code, text):
        self.assertEqual(replies[0], (code, text))
        self.assertEqual({r[0] // 100 for r in replies[1:]}, {4, 5})

    def test_nobody_there(self):
        port = free_port()
        replies = self.lmtp.transaction(f"[127.0.0.1]:{port}", RCPTS)
        text = (f"4.4.1 [site] connect to 127.0.0.1[127.0.0.1]:{port}: "
                "Connection refused")
        self.assertEqual(replies, [(451, text)] * 3 + [
            (503, "5.5.1 Error: need MAIL command")])

    def test_closed_before_mail(self):
        for verb, doing in (
                ("GREETING", "receiving the initial server greeting"),
                ("EHLO", "performing the EHLO handshake"),
                ("MAIL", "sending MAIL FROM")):
            for extensions in (EXTENSIONS, ()):
                site, replies = self.run_one({verb: CLOSE}, extensions)
                self.assert_site(replies, 451,
                    f"4.4.2 [site] [relay={site.relay}] lost connection with "
                    f"{site.label} while {doing} (connection closed)")

    def test_421_before_mail(self):
        for verb in "GREETING", "EHLO", "MAIL":
            site, replies = self.run_one({verb: "421 4.7.0 too busy"})
            self.assert_site(replies, 451,
                f"4.7.0 [site] [relay={site.relay}] "
                f"[said=421:{verb.replace('GREETING', 'greeting')}] too busy")

    def test_refused_to_talk(self):
        site, replies = self.run_one({"GREETING": "554 5.7.1 no service"})
        self.assert_site(replies, 454,
            f"4.7.1 [site] [relay={site.relay}] [said=554:greeting] "
            "no service")
        site, replies = self.run_one({"EHLO": "502 what", "HELO": "550 no"})
        self.assertEqual(replies[0], (
            550, f"5.0.0 [relay={site.relay}] [said=550:HELO] no"))

    def test_helo_where_ehlo_is_unknown(self):
        site, replies = self.run_one({"EHLO": "502 what"})
        self.assertEqual([r[0] for r in replies],
                         [250, 250, 250, 354, 250, 250])

    def test_closed_at_rcpt(self):
        for extensions in (EXTENSIONS, ()):
            site, replies = self.run_one({"RCPT": CLOSE}, extensions)
            text = (f"4.4.2 {{}}[relay={site.relay}] lost connection with "
                    f"{site.label} while sending RCPT TO (connection closed)")
            self.assertEqual(replies[1:3], [(451, text.format("[site] "))] * 2)
            self.assertEqual(replies[3][0], 503)

    def test_closed_at_the_second_rcpt(self):
        for extensions in (EXTENSIONS, ()):
            site, replies = self.run_one(
                {"RCPT": lambda c, args: CLOSE if "c@" in args else None},
                extensions)
            text = (f"4.4.2 [relay={site.relay}] lost connection with "
                    f"{site.label} while sending RCPT TO (connection closed)")
            self.assertEqual(replies[1][0], 250)
            self.assertEqual(replies[2:], [(451, text)] * 2)

    def test_421_at_rcpt(self):
        site, replies = self.run_one(
            {"RCPT": lambda c, args: "421 4.7.0 bye" if "c@" in args
             else None})
        text = f"4.7.0 [relay={site.relay}] [said=421:RCPT] bye"
        self.assertEqual(replies[2:], [(451, text)] * 2)

    def test_closed_at_data(self):
        for extensions in (EXTENSIONS, ()):
            site, replies = self.run_one({"DATA": CLOSE}, extensions)
            self.assertEqual(replies[-1], (
                451, f"4.4.2 [relay={site.relay}] lost connection with "
                     f"{site.label} while sending DATA command "
                     "(connection closed)"))
            self.assertEqual(len(replies), 4)

    def test_closed_behind_the_dot(self):
        for extensions in (EXTENSIONS, (), ("CHUNKING",)):
            site, replies = self.run_one({"END": CLOSE}, extensions)
            self.assertEqual(replies[-2:], [(
                451, f"4.4.2 [relay={site.relay}] lost connection with "
                     f"{site.label} while sending end of data -- message may "
                     "be sent more than once (connection closed)")] * 2)

    def test_closed_in_the_body(self):
        def data(connection, args):
            connection.say("354 go on")
            connection.read(1000)
            return CLOSE

        body = b"x" * 70 + b"\r\n"
        site, replies = self.run_one({"DATA": data}, body=body * 100000)
        self.assertEqual({r[0] for r in replies[-2:]}, {451})
        self.assertIn("while sending message body", replies[-1][1])

    def test_word_before_it_closes(self):
        def hang_up(connection, args):
            connection.say("354 go on")
            connection.read(1000)
            connection.say("552 5.3.4 much too large")
            connection.sock.shutdown(socket.SHUT_RDWR)
            return CLOSE

        body = b"x" * 70 + b"\r\n"
        site, replies = self.run_one({"DATA": hang_up}, body=body * 100000)
        self.assertIn(replies[-1][0], (552, 451))

    def test_qmgr_goes_away_in_the_body(self):
        site = self.site()
        self.lmtp.send(self.lmtp.mail(site.nexthop), "RCPT TO:<a@b.test>",
                       "DATA")
        self.assertEqual([self.lmtp.reply()[0] for _ in range(3)],
                         [250, 250, 354])
        self.lmtp.send("Subject: half", "", "of it")
        self.lmtp.close()
        self.agent.clients.clear()
        wait_until("the site lost its client", lambda: any(
            c.sock.fileno() < 0 for c in site.connections))
        self.assertEqual(site.messages, [])

    def test_answers_do_not_wait_for_each_other(self):
        """Ours would come with the end of the test's patience: the site is
        waited for for five minutes."""
        site = self.site({"RCPT": lambda c, args: HANG if "c@" in args
                          else None})
        self.lmtp.send(self.lmtp.mail(site.nexthop), "RCPT TO:<a@b.test>",
                       "RCPT TO:<c@b.test>")
        self.assertEqual([self.lmtp.reply()[0] for _ in range(2)], [250, 250])

    def test_next_transaction_is_unharmed(self):
        good = self.site()
        for rules in ({"MAIL": CLOSE}, {"RCPT": CLOSE}, {"DATA": CLOSE},
                      {"END": CLOSE}, {"RCPT": "421 bye"}, {"DATA": "550 no"},
                      {"MAIL": "550 no"}, {"END": "451 later"}):
            self.run_one(rules)
            replies = self.lmtp.transaction(good.nexthop, RCPTS)
            self.assertEqual(replies[-1][0], 250)
        self.assertEqual(len(good.messages), 8)


class Lies(FailureCase):
    def test_garbage(self):
        for verb, garbage in (
                ("GREETING", b"SSH-2.0-OpenSSH_9.2\r\n"),
                ("GREETING", b"\0" * 3000 + b"\r\n"),
                ("EHLO", b"250-a\r\n550 b\r\n"),
                ("MAIL", b"999 what\r\n"),
                ("MAIL", b"250" + b"x" * 3000)):
            site, replies = self.run_one({verb: garbage})
            self.assertEqual(replies[0][0], 451)
            self.assertTrue(replies[0][1].startswith(
                f"4.5.0 [site] [relay={site.relay}] host {site.label} sent "
                "no SMTP reply ("), replies[0])

    def test_endless_reply(self):
        def endless(connection, args):
            for _ in range(100000):
                connection.say("250-and so on")
            return CLOSE

        site, replies = self.run_one({"EHLO": endless})
        self.assertEqual(replies[0][0], 451)
        self.assertIn("too many lines", replies[0][1])

    def test_words_that_look_like_ours(self):
        site, replies = self.run_one(
            {"RCPT": "450 4.2.0 [site] [dsn] [relay=x[1.2.3.4]:25] hm"})
        self.assertEqual(replies[1], (
            450, f"4.2.0 [relay={site.relay}] [said=450:RCPT] [site] [dsn] "
                 "[relay=x[1.2.3.4]:25] hm"))

    def test_long_text_is_cut(self):
        said = "\r\n".join(["550-5.1.1 " + "long " * 50] * 30) + (
            "\r\n550 5.1.1 end")
        site, replies = self.run_one({"RCPT": said})
        self.assertTrue(1000 < len(replies[1][1]) < 4000)

    def test_reply_that_nobody_asked_for(self):
        site, replies = self.run_one(
            {"MAIL": b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n"
                     b"354 go\r\n250 2.0.0 taken\r\n"})
        self.assertEqual(replies[0][0], 250)
        # what it said in advance is counted as said; it fools itself alone
        good = self.site()
        self.assertEqual(
            self.lmtp.transaction(good.nexthop, RCPTS)[-1][0], 250)


class Slow(FailureCase):
    """Each with an agent that has patience with all but what is tested."""

    def patient(self, option):
        agent = Agent((option + "=3s",))
        self.addCleanup(agent.close)
        self.lmtp = agent.connect()

    def test_silence(self):
        for verb, option, doing in (
                ("GREETING", "helo", "receiving the initial server greeting"),
                ("EHLO", "helo", "performing the EHLO handshake"),
                ("MAIL", "mail", "sending MAIL FROM"),
                ("RCPT", "rcpt", "sending RCPT TO"),
                ("DATA", "data_init", "sending DATA command"),
                ("END", "data_done", "sending end of data -- message may be "
                                     "sent more than once")):
            self.patient(f"smtp_{option}_timeout")
            began = time.monotonic()
            site, replies = self.run_one({verb: HANG})
            text = (f"[relay={site.relay}] conversation with {site.label} "
                    f"timed out while {doing}")
            self.assertIn(text, [said.split(" ", 1)[1].replace("[site] ", "")
                                 for code, said in replies if code == 451])
            self.assertLess(time.monotonic() - began, 60)

    def test_a_byte_now_and_then(self):
        def drip(connection, args):
            connection.say(b"250 ")
            while not connection.site.stopping.wait(0.3):
                connection.say(b"x")
            return CLOSE

        self.patient("smtp_mail_timeout")
        site, replies = self.run_one({"MAIL": drip})
        self.assertIn("timed out while sending MAIL FROM", replies[0][1])

    def test_site_that_reads_nothing(self):
        def data(connection, args):
            connection.say("354 go on")
            return HANG

        self.patient("smtp_data_xfer_timeout")
        body = b"x" * 70 + b"\r\n"
        site, replies = self.run_one({"DATA": data}, body=body * 100000)
        self.assertIn("timed out while sending message body", replies[-1][1])


class Limit(FailureCase):
    options = ("smtp_site_time_limit=1s",)

    def test_all_of_the_beginning(self):
        began = time.monotonic()
        site, replies = self.run_one({"GREETING": HANG})
        self.assertIn("timed out", replies[0][1])
        self.assertLess(time.monotonic() - began, 60)


if __name__ == "__main__":
    unittest.main()
