"""Programs of the host send mail by the command they know: sendmail."""

import os
import subprocess
import unittest

import chancery


class Sendmail(chancery.TestCase):
    users = ("ada", "bob")

    def sendmail(self, *words, stdin):
        return subprocess.run(
            [chancery.COMMAND, "-C", self.chancery.dir, "sendmail", *words],
            input=stdin, capture_output=True, timeout=chancery.PATIENCE)

    def test_as_cron_calls_it(self):
        done = self.sendmail("-FCronDaemon", "-i", "-B8BITMIME", "-oem",
                             "ada@example.test",
                             stdin=b"From: root (Cron Daemon)\n"
                             b"To: ada\nSubject: Cron <root@h> true\n\n"
                             b"output\n.\nmore \xc3\xa9\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        message = self.wait_for_messages("ada", 1)[0]
        self.assertIn(b"\r\n\r\noutput\r\n.\r\nmore \xc3\xa9\r\n", message)
        self.assertIn(b"\r\nMessage-ID: <", message)

    def test_recipients_from_the_header(self):
        done = self.sendmail("-t", "-f", "bob@example.test",
                             stdin=b"Bcc: bob@example.test\n"
                             b"Subject: hidden\n\nx\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        message = self.wait_for_messages("bob", 1)[0]
        self.assertNotIn(b"Bcc", message)
        self.assertIn(b"Return-Path: <bob@example.test>", message)

    def test_what_is_refused_is_told(self):
        done = self.sendmail("nobody-here@example.test", stdin=b"x\n")
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn(b"550", done.stderr)
        self.assertEqual(self.sendmail(stdin=b"x\n").returncode, 64)
        self.assertEqual(self.sendmail("-bs", stdin=b"").returncode, 64)

    def test_other_names(self):
        done = subprocess.run(["mailq"], executable=chancery.COMMAND,
                              capture_output=True, timeout=chancery.PATIENCE,
                              env=dict(os.environ))
        # no instance in the default place: it looked for one
        self.assertIn(b"chancery", done.stderr + done.stdout)


class NoServer(unittest.TestCase):
    def test_a_server_that_is_down_is_a_temporary_failure(self):
        instance = chancery.Instance()
        self.addCleanup(instance.remove)
        done = subprocess.run(
            [chancery.COMMAND, "-C", instance.dir, "sendmail", "a@b"],
            input=b"x\n", capture_output=True, timeout=chancery.PATIENCE)
        self.assertEqual(done.returncode, 75, done.stderr)


if __name__ == "__main__":
    chancery.main()
