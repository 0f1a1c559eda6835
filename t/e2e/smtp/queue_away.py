"""qmgr stopped, or killed: clients are told to try later, within seconds, and
nothing that was answered 250 is lost."""

import json
import os
import signal
import smtplib

import chancery

TEXT = b"Subject: x\r\n\r\nx\r\n"


class QueueAway(chancery.TestCase):
    options = ("smtpd_ipc_timeout = 6s",)
    may_panic = True

    def qmgr(self, but=0):
        """Its process id, once there is one (master starts what dies often
        later each time)."""
        def running():
            status = json.loads(self.chancery.run(
                "status", "--json", check=False).stdout)
            pids = [s["pids"] for s in status["services"]
                    if s["name"] == "qmgr"][0]
            return pids and pids[0] != but and pids[0]
        return chancery.wait_until("qmgr runs", running)

    def begin(self, smtp, user="ada"):
        smtp.ehlo()
        smtp.mail("x@y")
        return smtp.rcpt(self.chancery.address(user))[0]

    def wait_until_taken(self, smtp, user):
        """A recipient, by a queue that is coming back."""
        chancery.wait_until("a recipient is taken", lambda: smtp.rcpt(
            self.chancery.address(user))[0] == 250)

    def test_stopped_before_the_recipient(self):
        """Told at RCPT, or (the id for the message was there) after DATA."""
        pid = self.qmgr()
        chancery.freeze(pid)
        try:
            with self.chancery.smtp() as smtp:
                code = self.begin(smtp)
                if code == 250:
                    code = smtp.data(TEXT)[0]
        except smtplib.SMTPDataError as refused:
            code = refused.smtp_code
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(code, 451)
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@y")
            self.wait_until_taken(smtp, "ada")

    def test_stopped_at_the_end_of_data(self):
        pid = self.qmgr()
        with self.chancery.smtp() as smtp:
            self.assertEqual(self.begin(smtp), 250)
            self.assertEqual(smtp.docmd("DATA")[0], 354)
            chancery.freeze(pid)
            try:
                smtp.send(TEXT + b".\r\n")
                self.assertEqual(smtp.getreply()[0], 451)
            finally:
                os.kill(pid, signal.SIGCONT)
            # The same session goes on.
            smtp.mail("x@y")
            self.wait_until_taken(smtp, "bob")
            self.assertEqual(smtp.data(TEXT)[0], 250)
        self.wait_for_messages("bob", 1)

    def test_killed_between_two_messages(self):
        with self.chancery.smtp() as smtp:
            self.begin(smtp)
            self.assertEqual(smtp.data(b"Message-ID: <1>\r\n\r\n")[0], 250)
            pid = self.qmgr()
            os.kill(pid, signal.SIGKILL)
            self.qmgr(but=pid)
            smtp.mail("x@y")
            self.wait_until_taken(smtp, "carl")
            self.assertEqual(smtp.data(b"Message-ID: <2>\r\n\r\n")[0], 250)
        self.wait_for_messages("carl", 1)

    def test_killed_at_the_end_of_data(self):
        """Either answer is right; 250 means that it will be there."""
        accepted = 0
        for n in range(3):
            with self.chancery.smtp() as smtp:
                chancery.wait_until(
                    "a recipient is taken", lambda:
                    self.begin(smtp, "dora") == 250)
                self.assertEqual(smtp.docmd("DATA")[0], 354)
                smtp.send(b"X-N: %d\r\n" % n + TEXT + b".\r\n")
                pid = self.qmgr()
                os.kill(pid, signal.SIGKILL)
                try:
                    code = smtp.getreply()[0]
                except smtplib.SMTPServerDisconnected:
                    code = 0
                self.assertIn(code, (250, 451))
                accepted += code == 250
            self.qmgr(but=pid)
        chancery.wait_until(
            "all that was accepted",
            lambda: len(self.messages("dora")) >= accepted)

    users = ("ada", "bob", "carl", "dora")


if __name__ == "__main__":
    chancery.main()
