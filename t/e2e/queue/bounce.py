"""What cannot be delivered comes back to its sender as a delivery status
notification (RFC 3464) that a mail program can read; what cannot come back
is held for the operator.
"""

import email
import email.policy
import re

import chancery

LONG = "x" * 70 + "\r\n"


def message(subject, lines=0):
    return (f"From: ada@example.test\r\nSubject: {subject}\r\n\r\n" +
            LONG * lines)


class Bounce(chancery.TestCase):
    users = ("ada",)
    options = ("minimal_backoff_time = 1s",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chancery.run("user", "add", "full@example.test", "--quota", "4K",
                         "--password-file", "-", stdin="secret-full\n")

    def queue(self):
        return self.chancery.json("queue", "list")["queue"]

    def test_comes_back_as_a_report(self):
        self.send("ada", ["full"], message("too much", 200))
        raw = self.wait_for_messages("ada", 1)[0]
        report = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report.get_param("report-type"), "delivery-status")
        self.assertIn("MAILER-DAEMON@", report["From"])
        notice, status, original = report.get_payload()
        self.assertIn("full@example.test", notice.get_content())
        groups = status.get_payload()
        self.assertEqual(groups[1]["Action"], "failed")
        self.assertRegex(groups[1]["Status"], r"^5\.2\.2$")
        self.assertEqual(groups[1]["Final-Recipient"],
                         "rfc822; full@example.test")
        self.assertEqual(original.get_payload()[0]["Subject"], "too much")
        # the report itself ends there: the queue is empty again
        chancery.wait_until("an empty queue", lambda: not self.queue())
        self.assert_logged(r"status=bounced \(552 5\.2\.2")

    def test_is_not_sent_when_the_sender_does_not_want_it(self):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.sendmail("ada@example.test", ["full@example.test"],
                          message("quiet", 200),
                          rcpt_options=["NOTIFY=NEVER"])
        chancery.wait_until("an empty queue", lambda: not self.queue())
        self.assertNotIn(b"quiet", b"".join(self.messages("ada")))

    def test_goes_to_the_postmaster_when_nobody_can_be_told(self):
        self.send("", ["full"], message("from nobody", 200))
        # ada, the first user, is the postmaster
        chancery.wait_until(
            "the postmaster's copy",
            lambda: any(b"from nobody" in m and b"Postmaster Copy" in m
                        for m in self.messages("ada")))


class NobodyToTell(Bounce):
    test_goes_to_the_postmaster_when_nobody_can_be_told = None
    test_comes_back_as_a_report = None
    test_is_not_sent_when_the_sender_does_not_want_it = None
    options = ("minimal_backoff_time = 1s", "2bounce_notice_recipient =")

    def test_is_held_when_nobody_can_be_told(self):
        self.send("", ["full"], message("from nobody", 200))
        chancery.wait_until(
            "a held message",
            lambda: [m for m in self.queue() if m["state"] == "hold"])
        held = self.queue()[0]
        self.assertEqual(held["sender"], "")
        self.assertIn("552", held["reason"])
        text = self.chancery.run("queue", "cat", held["id"]).stdout
        self.assertIn("Subject: from nobody", text)
        self.chancery.run("queue", "delete", held["id"])
        self.assertEqual(self.queue(), [])
        self.assert_logged(f"{held['id']}: removed by the operator")


if __name__ == "__main__":
    chancery.main()
