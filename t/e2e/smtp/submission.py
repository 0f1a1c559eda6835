"""Submission: AUTH, whose sender it is, what is added; and STARTTLS."""

import base64
import re
import smtplib

import chancery


class Submission(chancery.TestCase):
    def test_nothing_before_tls_and_a_login(self):
        with self.chancery.smtp("submission") as smtp:
            smtp.ehlo()
            self.assertFalse(smtp.has_extn("auth"))
            self.assertEqual(smtp.mail("ada@example.test")[0], 530)
            smtp.starttls(context=self.chancery.tls())
            self.assertEqual(smtp.mail("ada@example.test")[0], 503)
            smtp.ehlo()
            self.assertEqual(smtp.esmtp_features["auth"].split(),
                             ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN",
                              "LOGIN"])
            self.assertEqual(smtp.mail("ada@example.test")[0], 530)

    def test_port_25_takes_no_passwords(self):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.starttls(context=self.chancery.tls())
            smtp.ehlo()
            self.assertFalse(smtp.has_extn("auth"))
            self.assertEqual(smtp.docmd("AUTH PLAIN")[0], 503)

    def test_each_mechanism(self):
        for service in ("submission", "submissions"):
            for how in ("auth_plain", "auth_login"):
                smtp = self.chancery.smtp(service)
                if service == "submission":
                    smtp.starttls(context=self.chancery.tls())
                smtp.ehlo()
                smtp.user = "ada@example.test"
                smtp.password = "secret-ada"
                mech = how[5:].upper()
                for initial in (True, False):
                    code, _ = smtp.auth(mech, getattr(smtp, how),
                                        initial_response_ok=initial)
                    self.assertEqual(code, 235)
                    smtp.close()
                    smtp = self.chancery.smtp(service)
                    if service == "submission":
                        smtp.starttls(context=self.chancery.tls())
                    smtp.ehlo()
                    smtp.user = "ada@example.test"
                    smtp.password = "secret-ada"
                smtp.close()

    def test_what_is_wrong_with_a_login(self):
        def encode(text):
            return base64.b64encode(text.encode()).decode()
        wrong = encode("\0ada@example.test\0wrong")
        nobody = encode("\0nobody@example.test\0wrong")
        for line, want in (
                (f"AUTH PLAIN {wrong}", 535), (f"AUTH PLAIN {nobody}", 535),
                ("AUTH PLAIN ***", 501), ("AUTH FOO", 504), ("AUTH", 501)):
            with self.chancery.smtp("submissions") as smtp:
                smtp.ehlo()
                self.assertEqual(smtp.docmd(line)[0], want, line)
        with self.chancery.smtp("submissions") as smtp:
            smtp.ehlo()
            self.assertEqual(smtp.docmd("AUTH PLAIN"), (334, b""))
            self.assertEqual(smtp.docmd("*")[0], 501)
            smtp.login("ada@example.test", "secret-ada")
            self.assertEqual(smtp.docmd("AUTH PLAIN")[0], 503)
        self.assert_logged(
            r"warning: localhost\[127\.0\.0\.1\]: SASL PLAIN authentication "
            "failed: authentication failure")
        self.assertNotIn("secret-ada", self.chancery.log())
        self.assertNotIn(wrong, self.chancery.log())

    def test_only_own_addresses(self):
        with self.chancery.smtp("submission", "ada") as smtp:
            for sender, want in (("ada@example.test", 250),
                                 ("ADA@Example.Test", 250), ("", 250),
                                 ("bob@example.test", 553),
                                 ("nobody@example.test", 553),
                                 ("ada@elsewhere.test", 553)):
                self.assertEqual(smtp.mail(sender)[0], want, sender)
                smtp.rset()

    def test_where_to(self):
        with self.chancery.smtp("submission", "ada") as smtp:
            smtp.mail("ada@example.test")
            self.assertEqual(smtp.rcpt("x@elsewhere.test")[0], 250)
            self.assertEqual(smtp.rcpt("nobody@example.test")[0], 550)
            self.assertEqual(smtp.rcpt("bob@example.test")[0], 250)

    def test_missing_fields_are_added(self):
        with self.chancery.smtp("submission", "ada") as smtp:
            smtp.sendmail("ada@example.test", ["bob@example.test"],
                          "Subject: bare\r\n\r\nx\r\n")
            smtp.sendmail(
                "ada@example.test", ["bob@example.test"],
                "Subject: full\r\nDate: Sun, 1 Nov 2026 10:00:00 +0000\r\n"
                "Message-ID: <mine@example.test>\r\n\r\nx\r\n")
        for message in self.wait_for_messages("bob", 2):
            head = message.split(b"\r\n\r\n")[0] + b"\r\n"
            self.assertEqual(
                len(re.findall(rb"^Message-ID: <\S+>\r$", head, re.M | re.I)),
                1, head)
            self.assertEqual(
                len(re.findall(rb"^Date: \w\w\w, .*\r$", head, re.M)), 1)
            self.assertRegex(head, rb"with ESMTPSA id ")
        # Port 25 adds nothing: the message is not ours to mend.
        self.send("x@y.test", ["bob"], "Subject: bare\r\n\r\nx\r\n")
        bare = [m for m in self.wait_for_messages("bob", 3)
                if b"with ESMTP id" in m]
        self.assertEqual(len(bare), 1)
        self.assertNotIn(b"\r\nDate:", bare[0])

    def test_starttls_begins_anew(self):
        said = self.talk("smtp", b"EHLO c\r\nSTARTTLS\r\nEHLO evil\r\n"
                         b"MAIL FROM:<x@y>\r\nQUIT\r\n")
        self.assertIn("554 5.5.0 ", said)
        self.assertNotIn("250 2.1.0", said)
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@y")
            smtp.rcpt("ada@example.test")
            smtp.starttls(context=self.chancery.tls())
            self.assertEqual(smtp.docmd("DATA")[0], 503)
            smtp.ehlo()
            self.assertFalse(smtp.has_extn("starttls"))
            self.assertEqual(smtp.docmd("STARTTLS")[0], 554)

    def test_a_failed_handshake_ends_only_that_session(self):
        with self.chancery.connect("smtp") as sock:
            sock.sendall(b"EHLO c\r\nSTARTTLS\r\n")
            said = b""
            while b"\r\n220 " not in said:
                said += sock.recv(4096)
            sock.sendall(b"this is no ClientHello at all\r\n" * 10)
            while sock.recv(4096):
                pass
        with self.chancery.smtp() as smtp:
            self.assertEqual(smtp.ehlo()[0], 250)

    def test_utf8(self):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.command_encoding = "utf-8"
            smtp.putcmd("MAIL FROM:<j\u00f6rg@b\u00fccher.test> SMTPUTF8")
            self.assertEqual(smtp.getreply()[0], 250)
            smtp.rcpt("carl@example.test")
            smtp.data("Subject: Gr\u00fc\u00dfe\r\n\r\nx\r\n".encode())
        message = self.wait_for_messages("carl", 1)[0]
        self.assertIn("Gr\u00fc\u00dfe".encode(), message)
        self.assertRegex(message, rb"with UTF8SMTP id ")
        self.assertIn(
            "Return-Path: <j\u00f6rg@xn--bcher-kva.test>".encode(), message)

    users = ("ada", "bob", "carl")


class Aliases(chancery.TestCase):
    users = ("ada", "bob", "carl")

    def test_equal_final_recipients_are_merged(self):
        run = self.chancery.run
        run("alias", "add", "one@example.test", "ada@example.test",
            "bob@example.test")
        run("alias", "add", "two@example.test", "bob@example.test",
            "carl@example.test")
        self.send("x@y.test", ["one", "two", "bob", "BOB@example.test"],
                  "Subject: merged\r\n\r\nx\r\n")
        for user in ("ada", "bob", "carl"):
            self.wait_for_messages(user, 1)
        self.send("x@y.test", ["bob"], "Subject: second\r\n\r\nx\r\n")
        self.wait_for_messages("bob", 2)


if __name__ == "__main__":
    chancery.main()
