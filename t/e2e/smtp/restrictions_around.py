"""Restrictions around the dialogue: whom they are for, when they are asked,
what the values of tables do with a message, and what a mistake in them does.
"""

import socket
import subprocess
import time
import unittest

import chancery
from smtp_dialogue import Talk, dialogue


class Submission(Talk):
    """What is meant for strangers on port 25 does not meet our users."""

    options = ("smtpd_client_restrictions = reject",
               "smtpd_sender_restrictions = reject_unlisted_recipient",
               "smtpd_recipient_restrictions = permit_mynetworks, defer")

    def test_our_users_are_not_judged(self):
        for service in ("submission", "submissions"):
            with self.chancery.smtp(service, "ada") as smtp:
                smtp.mail("ada@example.test")
                self.assertEqual(smtp.rcpt("bob@example.test")[0], 250)
        said = self.run_dialogue(dialogue(client="127.0.0.1"),
                                 "ada@example.test")
        self.assertEqual(said[:9], "554 5.7.1")


class Early(Talk):
    """smtpd_delay_reject = no: each list at its own command."""

    options = (
        "smtpd_delay_reject = no", "mynetworks = 127.0.0.9/32",
        "smtpd_greet_wait = 0",
        "smtpd_client_restrictions = "
        "check_client_access cidr:{{127.0.0.3 REJECT not you}}",
        "smtpd_helo_restrictions = reject_invalid_helo_hostname",
        "smtpd_sender_restrictions = reject_non_fqdn_sender",
        "smtpd_recipient_restrictions = reject_non_fqdn_recipient")

    def said(self, client, *lines):
        sock = socket.create_connection(
            ("127.0.0.1", self.chancery.port("smtp")),
            timeout=chancery.PATIENCE,
            source_address=(client, 0))
        file = sock.makefile("rb")
        said = [self.reply(file)]
        for line in lines:
            sock.sendall(line.encode() + b"\r\n")
            said.append(self.reply(file))
        sock.close()
        return [line[:9].strip() for line in said]

    def test_each_at_its_command(self):
        self.assertEqual(self.said("127.0.0.3", "EHLO c", "QUIT"),
                         ["554 5.7.1", "503 5.7.0", "221 2.0.0"])
        said = self.said("127.0.0.1", "EHLO a..b", "MAIL FROM:<x@y.z>",
                         "EHLO c", "MAIL FROM:<x@y>", "MAIL FROM:<x@y.z>",
                         "RCPT TO:<a@b>", "RCPT TO:<ada@example.test>")
        self.assertEqual(said[0][:4], "220 ")
        self.assertEqual(said[3][:4], "250 ")
        del said[3], said[0]
        self.assertEqual(said, ["501 5.5.2", "503 5.5.1", "504 5.5.2",
                                "250 2.1.0", "554 5.7.1", "250 2.1.5"])


class Effects(Talk):
    """What the values of tables do with a message."""

    users = ("ada", "bob", "carol")
    options = ("smtpd_sender_restrictions = check_sender_access "
               "texthash:etc/access",
               "smtpd_helo_restrictions = check_helo_access lmdb:etc/helo, "
               "check_helo_access pcre:etc/helo.pcre, "
               "check_helo_access regexp:etc/helo.regexp",
               "smtpd_client_restrictions = "
               "check_client_access cidr:etc/clients")

    @classmethod
    def setUpClass(cls):
        setup = chancery.Instance.start

        def start(self):
            with open(self.path("etc/access"), "w") as access:
                access.write(
                    "# who sends, what becomes of it\n"
                    "hold@y.test      HOLD wait for me\n"
                    "prepend@y.test   PREPEND X-Access: seen\n"
                    "redirect@y.test  REDIRECT bob@example.test\n"
                    "bcc@y.test       BCC carol@example.test\n"
                    "discard@y.test   DISCARD\n"
                    "wrong@y.test     NONSENSE\n")
            for name, text in (
                    ("helo.pcre", r"/^(p+)\.test$/ REJECT pcre $1"),
                    ("helo.regexp", r"/^(r+)\.test$/ REJECT regexp $1"),
                    ("clients", "127.0.0.8/30 REJECT cidr")):
                with open(self.path(f"etc/{name}"), "w") as f:
                    f.write(text + "\n")
            subprocess.run(
                ["mdb_load", "-n", self.path("etc/helo.lmdb")], check=True,
                text=True, input="VERSION=3\nformat=print\ntype=btree\n"
                "HEADER=END\n l.test\n REJECT lmdb\nDATA=END\n")
            setup(self)
        chancery.Instance.start = start
        try:
            super().setUpClass()
        finally:
            chancery.Instance.start = setup

    def mail(self, sender):
        self.send(f"{sender}@y.test", ["ada"],
                  f"Subject: {sender}\r\n\r\nhello\r\n")

    def find(self, user, subject):
        return [m for m in self.messages(user)
                if f"Subject: {subject}\r\n".encode() in m]

    def wait_for(self, user, subject):
        return chancery.wait_until(f"{subject} for {user}", lambda:
                                   self.find(user, subject))

    def test_every_type_of_file(self):
        for client, helo, want in (
                ("127.0.0.1", "sub.l.test", ": lmdb"),
                ("127.0.0.1", "pp.test", ": pcre pp"),
                ("127.0.0.1", "RRR.test", ": regexp RRR"),
                ("127.0.0.9", "c", ": cidr"), ("127.0.0.1", "c", "Ok")):
            said = self.run_dialogue(
                dialogue(client=client, helo=helo), "ada@example.test")
            self.assertTrue(said.endswith(want), (helo, said))

    def test_hold(self):
        self.mail("hold")
        listed = self.chancery.json("queue", "list")
        text = self.chancery.run("queue", "list").stdout
        self.assertIn("hold@y.test", text)
        self.assertIn("wait for me", text + str(listed))
        self.chancery.run("queue", "release", "all", check=False)

    def test_prepend(self):
        self.mail("prepend")
        self.assertIn(b"\r\nX-Access: seen\r\n",
                      self.wait_for("ada", "prepend")[0])

    def test_redirect(self):
        self.mail("redirect")
        self.wait_for("bob", "redirect")
        self.assertEqual(self.find("ada", "redirect"), [])

    def test_bcc(self):
        self.mail("bcc")
        self.wait_for("ada", "bcc")
        self.wait_for("carol", "bcc")

    def test_discard(self):
        self.mail("discard")
        self.mail("other")
        self.wait_for("ada", "other")
        self.assertEqual(self.find("ada", "discard"), [])

    def test_a_wrong_value(self):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("wrong@y.test")
            code, text = smtp.rcpt("ada@example.test")
        self.assertEqual((code, text[:6]), (451, b"4.3.5 "))
        self.assert_logged("unknown restriction")


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.chancery = chancery.Instance()

    def tearDown(self):
        self.chancery.run("stop", check=False)
        self.chancery.running = False
        self.chancery.remove()

    def test_told_with_file_and_line(self):
        with open(self.chancery.path("etc/bad"), "w") as bad:
            bad.write("/ok/ REJECT\n/bad( REJECT\n")
        with open(self.chancery.path("etc/main.cf")) as f:
            lines = len(f.read().splitlines())
        with open(self.chancery.path("etc/main.cf"), "a") as f:
            f.write("smtpd_helo_restrictions = reject_evrything\n"
                    "smtpd_sender_restrictions = "
                    "check_sender_access pcre:etc/bad\n"
                    "smtpd_restriction_classes = mine\n")
        done = self.chancery.run("start", check=False)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 1)
        self.assertRegex(said, rf"main\.cf:{lines + 1}: .*unknown "
                         "restriction \"reject_evrything\"")
        self.assertRegex(said, rf"main\.cf:{lines + 2}: .*pcre:etc/bad: "
                         "line 2: ")
        self.assertRegex(said, rf"main\.cf:{lines + 3}: .*mine is set "
                         "nowhere")

    def test_no_open_relay(self):
        with open(self.chancery.path("etc/main.cf"), "a") as f:
            f.write("smtpd_relay_restrictions = permit_mynetworks\n")
        done = self.chancery.run("start", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("anybody could send anywhere", done.stdout +
                      done.stderr)

    def test_a_reload_with_a_mistake_changes_nothing(self):
        with open(self.chancery.path("etc/access"), "w") as access:
            access.write("x@y.test REJECT\n")
        with open(self.chancery.path("etc/main.cf"), "a") as f:
            f.write("smtpd_sender_restrictions = "
                    "check_sender_access texthash:etc/access\n")
        self.chancery.start()
        with open(self.chancery.path("etc/access"), "a") as access:
            access.write("half a-line\nalone\n")
        done = self.chancery.run("reload", check=False)
        self.assertEqual(done.returncode, 1)
        done = self.chancery.run("check", check=False)
        self.assertIn("texthash:etc/access: line 3: ", done.stdout +
                      done.stderr)
        self.chancery.add_user("ada")
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@y.test")
            self.assertEqual(smtp.rcpt("ada@example.test")[0], 554)
        with open(self.chancery.path("etc/access"), "w") as access:
            access.write("# nobody now\nother@y.test REJECT\n")
        self.chancery.run("reload")
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@y.test")
            self.assertEqual(smtp.rcpt("ada@example.test")[0], 250)


class Slow(Talk):
    options = ("smtpd_soft_error_limit = 2", "smtpd_error_sleep_time = 4s",
               "smtpd_hard_error_limit = 4")

    def delays(self):
        """Of the answers to four bad commands, in seconds."""
        with self.chancery.connect("smtp") as sock:
            file = sock.makefile("rb")
            self.reply(file)
            times = []
            for _ in range(4):
                began = time.monotonic()
                sock.sendall(b"FOO\r\n")
                self.assertEqual(self.reply(file)[:3], "500")
                times.append(time.monotonic() - began)
            self.assertEqual(self.reply(file)[:3], "421")
        return times

    def test_errors_slow_a_client_down(self):
        """A busy machine may be slow at any time: once in three it is not."""
        for _ in range(3):
            times = self.delays()
            self.assertGreater(times[3], 3.9)
            if max(times[:3]) < 3.9:
                return
        self.fail(f"all are slow: {times}")


if __name__ == "__main__":
    chancery.main()
