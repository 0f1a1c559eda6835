"""Delivery status notifications as RFC 3461 asks, by the real agents: what is
said of success, failure, delay and expansion, to whom, and with what in it.
"""

import email
import email.policy
import re

import chancery
from site_peer import EXTENSIONS, Site

PLAIN = tuple(word for word in EXTENSIONS if word != "DSN")


def message(subject, body="hello\r\n"):
    return f"From: ada@example.test\r\nSubject: {subject}\r\n\r\n{body}"


class Case(chancery.TestCase):
    users = ("ada", "bob")
    rules = {}

    @classmethod
    def setUpClass(cls):
        cls.sites = {
            "dsn.test": Site(),
            "plain.test": Site(extensions=PLAIN),
            "bad.test": Site({"RCPT": "550 5.1.1 no such user, evil\x01"}),
            "later.test": Site({"RCPT": "451 4.7.1 come again"}),
        }
        routes = ", ".join(f"{domain}=smtp:{site.nexthop}"
                           for domain, site in cls.sites.items())
        cls.options = cls.options + (
            f"transport_maps = inline:{{ {routes} }}",)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        for site in cls.sites.values():
            site.close()

    def setUp(self):
        self.seen = len(self.messages("ada"))

    def ask(self, rcpt, text, notify=None, mail=(), orcpt=None,
            sender="ada@example.test"):
        options = [f"NOTIFY={notify}"] if notify else []
        options += [f"ORCPT={orcpt}"] if orcpt else []
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            self.assertTrue(smtp.has_extn("dsn"))
            smtp.sendmail(sender, [rcpt], text.encode(),
                          mail_options=list(mail), rcpt_options=options)

    def report(self):
        """The next report to ada: (whole, notice, groups, original)."""
        def found():
            messages = self.messages("ada")
            return messages[self.seen:]
        raw = chancery.wait_until("a report", found)[0]
        self.seen += 1
        whole = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual(whole.get_content_type(), "multipart/report")
        self.assertEqual(whole["Return-Path"], "<>")
        notice, status, original = whole.get_payload()
        return whole, notice.get_content(), status.get_payload(), original

    def no_report(self):
        chancery.wait_until(
            "an empty queue",
            lambda: not self.chancery.json("queue", "list")["queue"])
        self.assertEqual(len(self.messages("ada")), self.seen)


class Success(Case):
    def test_delivered_here(self):
        self.ask("bob@example.test", message("here", "secret\r\n"), "SUCCESS",
                 ["RET=FULL", "ENVID=env+2B1"],
                 "rfc822;Bob+2Bx@example.test")
        whole, _, groups, original = self.report()
        self.assertEqual(whole.get_param("report-type"), "delivery-status")
        self.assertEqual(groups[0]["Original-Envelope-Id"], "env+1")
        self.assertEqual(groups[0]["Reporting-MTA"], "dns; mail.example.test")
        self.assertEqual(groups[1]["Action"], "delivered")
        self.assertRegex(groups[1]["Status"], r"^2\.")
        self.assertEqual(groups[1]["Original-Recipient"],
                         "rfc822;Bob+x@example.test")
        self.assertEqual(groups[1]["Final-Recipient"],
                         "rfc822; bob@example.test")
        # no failure: the header alone, whatever RET says
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        self.assertNotIn("secret", original.get_content())

    def test_relayed_to_who_does_not_notify(self):
        self.ask("x@plain.test", message("relayed"), "SUCCESS,FAILURE")
        _, _, groups, _ = self.report()
        self.assertEqual(groups[1]["Action"], "relayed")
        self.assertEqual(groups[1]["Remote-MTA"], "dns; 127.0.0.1")
        self.assertRegex(groups[1]["Diagnostic-Code"], "^smtp; 250 ")
        self.assertNotIn("Original-Envelope-Id", groups[0])
        self.assertNotIn("Original-Recipient", groups[1])
        sent = self.sites["plain.test"].messages[-1]
        self.assertNotIn("NOTIFY", sent.rcpts[0])

    def test_passed_on_to_who_does(self):
        self.ask("x@dsn.test", message("passed on"), "SUCCESS,DELAY",
                 ["RET=HDRS", "ENVID=e+2B2"], "rfc822;X@dsn.test")
        self.no_report()
        sent = self.sites["dsn.test"].messages[-1]
        self.assertIn("RET=HDRS", sent.mail)
        self.assertIn("ENVID=e+2B2", sent.mail)
        self.assertIn("NOTIFY=SUCCESS,DELAY", sent.rcpts[0])
        self.assertIn("ORCPT=rfc822;X@dsn.test", sent.rcpts[0])
        self.assert_logged(r"to=<x@dsn.test>, relay=127.0.0.1\[127.0.0.1\]:"
                           r"\d+, .* status=sent")

    def test_alias_of_several(self):
        self.chancery.run("alias", "add", "two@example.test",
                          "bob@example.test", "ada@example.test")
        chancery.wait_until("the alias", lambda: self.chancery.smtp()
                            .docmd("NOOP")[0] == 250)
        self.ask("two@example.test", message("to two"), "SUCCESS",
                 orcpt="rfc822;Two@example.test")
        reports = chancery.wait_until(
            "both", lambda: self.messages("ada")[self.seen + 1:])
        self.assertEqual(len(reports), 1)
        both = b"".join(self.messages("ada")[self.seen:])
        self.seen += 2
        self.assertIn(b"Action: expanded", both)
        self.assertIn(b"Final-Recipient: rfc822; two@example.test", both)
        self.assertNotIn(b"Action: delivered", both)

    def test_not_asked_not_told(self):
        self.ask("bob@example.test", message("quiet"))
        self.ask("x@plain.test", message("quiet"), "FAILURE,DELAY")
        self.ask("x@plain.test", message("null"), "SUCCESS", sender="")
        self.no_report()


class Failure(Case):
    def test_in_the_hosts_words(self):
        self.ask("x@bad.test", message("no", "secret\r\n"),
                 mail=["RET=FULL"])
        whole, notice, groups, original = self.report()
        self.assertIn("x@bad.test", notice)
        self.assertEqual(groups[1]["Action"], "failed")
        self.assertEqual(groups[1]["Status"], "5.1.1")
        self.assertEqual(groups[1]["Remote-MTA"], "dns; 127.0.0.1")
        self.assertRegex(groups[1]["Diagnostic-Code"],
                         r"^smtp; 550 5\.1\.1 no such user, evil")
        self.assertIn("secret", str(original))
        self.assert_logged(
            r"status=bounced \(host 127.0.0.1\[127.0.0.1\] said: 550 5.1.1 "
            r"no such user.* \(in reply to RCPT TO command\)\)")

    def test_headers_alone(self):
        self.ask("x@bad.test", message("hdrs", "secret\r\n"),
                 "FAILURE", ["RET=HDRS"])
        _, _, _, original = self.report()
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        self.assertNotIn("secret", str(original))

    def test_never(self):
        self.ask("x@bad.test", message("never"), "NEVER")
        self.ask("x@bad.test", message("success alone"), "SUCCESS")
        self.no_report()

    def test_utf8(self):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.sendmail("ada@example.test", ["b\u00f6b@bad.test"],
                          message("gr\u00fc\u00dfe").encode(),
                          mail_options=["SMTPUTF8", "BODY=8BITMIME"],
                          rcpt_options=["NOTIFY=FAILURE",
                                        "ORCPT=utf-8;B\\x{F6}b@bad.test"])
        raw = chancery.wait_until(
            "a report", lambda: self.messages("ada")[self.seen:])[0]
        self.seen += 1
        whole = email.message_from_bytes(raw)
        self.assertEqual(whole.get_param("report-type"),
                         "global-delivery-status")
        _, status, original = whole.get_payload()
        self.assertEqual(status.get_content_type(),
                         "message/global-delivery-status")
        self.assertEqual(original.get_content_type(), "message/global")
        # all of it in ASCII, as the way back may take nothing else
        self.assertTrue(raw.isascii())
        text = self.part_text(status)
        self.assertIn("Final-Recipient: utf-8; b\u00f6b@bad.test", text)
        self.assertIn("Original-Recipient: utf-8;B\u00f6b@bad.test", text)
        self.assertIn("gr\u00fc\u00dfe", self.part_text(original))

    def part_text(self, part):
        import base64
        body = part.as_string().split("\n\n", 1)[1]
        return base64.b64decode(body).decode()

    def test_large_comes_back_as_header(self):
        self.ask("x@bad.test", message("large", ("x" * 70 + "\r\n") * 2000))
        _, _, _, original = self.report()
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")


class DoubleBounce(Case):
    """Who cannot be told is told to the postmaster, who is ada."""

    def test_null_sender(self):
        self.ask("x@bad.test", message("from nobody"), sender="")
        whole, _, groups, _ = self.report()
        self.assertRegex(whole["To"], "postmaster@")
        self.assertIn("Postmaster Copy", whole["Subject"])
        self.assertEqual(groups[1]["Final-Recipient"], "rfc822; x@bad.test")

    def test_sender_who_takes_none(self):
        # a notification that fails is told once more, and then no more
        self.ask("x@bad.test", message("from there"), sender="y@bad.test")
        whole, _, groups, _ = self.report()
        self.assertIn("Postmaster Copy", whole["Subject"])
        self.assertEqual(groups[1]["Final-Recipient"], "rfc822; y@bad.test")
        self.no_report()

    def test_sender_unknown_here(self):
        self.ask("x@bad.test", message("who"), sender="nobody@example.test")
        whole, _, groups, _ = self.report()
        self.assertEqual(groups[1]["Final-Recipient"], "rfc822; x@bad.test")
        self.no_report()


class Delay(Case):
    options = ("delay_warning_time = 1s", "minimal_backoff_time = 1s",
               "maximal_backoff_time = 1s", "maximal_queue_lifetime = 15s")

    def test_warned_once_then_returned(self):
        self.ask("x@later.test", message("slow"))
        whole, _, groups, original = self.report()
        self.assertIn("Delayed", whole["Subject"])
        self.assertEqual(groups[1]["Action"], "delayed")
        self.assertEqual(groups[1]["Status"], "4.7.1")
        self.assertTrue(groups[1]["Will-Retry-Until"])
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        whole, _, groups, _ = self.report()
        self.assertEqual(groups[1]["Action"], "failed")
        self.assertEqual(groups[1]["Status"], "4.4.7")
        self.no_report()

    def test_not_to_who_does_not_want_it(self):
        self.ask("x@later.test", message("slow"), "FAILURE")
        _, _, groups, _ = self.report()
        self.assertEqual(groups[1]["Action"], "failed")
        self.no_report()


if __name__ == "__main__":
    chancery.main()
