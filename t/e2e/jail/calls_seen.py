"""Each system call that a daemon's jail allows was seen, or says why it is
there: an instance serves every kind of client under strace, and what was
made is held against what the daemons list with -L."""

import os
import re
import tempfile
import unittest

import calls
import chancery

SMALL = "Subject: small\r\n\r\nhello\r\n"
LARGE = "Subject: large\r\n\r\n" + ("x" * 70 + "\r\n") * 30000


# Sanitizers make more calls than the daemons (theirs are the word sanitize),
# and cannot look for leaks under strace.
@unittest.skipIf(chancery.BUILD.endswith("asan"), "with sanitizers")
class CallsSeen(chancery.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.all_files = os.environ.get("CHANCERY_CALLS")
        only = os.environ.pop("CHANCERY_CALLS_ONLY", None)
        os.environ["CHANCERY_CALLS"] = cls.folder.name
        try:
            super().setUpClass()
        finally:
            del os.environ["CHANCERY_CALLS"]
            if cls.all_files:
                os.environ["CHANCERY_CALLS"] = cls.all_files
                os.environ["CHANCERY_CALLS_ONLY"] = only or ""

    @classmethod
    def tearDownClass(cls):
        cls._end(keep=False)
        cls.folder.cleanup()

    def send_mail(self):
        self.send("ada", ["bob"], SMALL)
        self.send("ada", ["bob"], LARGE)
        with self.chancery.smtp("submission", user="ada") as smtp:
            smtp.sendmail("ada@example.test", ["bob@example.test"], SMALL)
            # to another site, which nobody can find
            smtp.sendmail("ada@example.test", ["x@elsewhere.invalid"], SMALL)
        self.wait_for_messages("bob", 3)
        chancery.wait_until("the sending agent's answer", lambda: re.search(
            r"to=<x@elsewhere.invalid>.*status=", self.chancery.log()))

    def read_mail(self):
        for service in ("imap", "imaps"):
            imap = self.chancery.imap("bob", service)
            imap.select("INBOX")
            imap.append("INBOX", None, None, SMALL.encode())
            imap.append("INBOX", None, None, LARGE.encode())
            imap.create("Elsewhere")
            imap.copy("1:*", "Elsewhere")
            imap.search(None, "TEXT", "hello")
            imap.store("1", "+FLAGS", r"(\Deleted)")
            imap.expunge()
            imap.logout()
        for service in ("pop3", "pop3s"):
            pop3 = self.chancery.pop3("bob", service)
            pop3.retr(1)
            pop3.dele(1)
            pop3.quit()

    def operate(self):
        verbs = (("queue", "list"), ("mailbox", "list", "bob@example.test"),
                 ("mailbox", "verify"), ("mailbox", "rebuild"), ("reload",),
                 ("user", "disable", "bob@example.test"))
        for verb in verbs:
            self.chancery.run(*verb, check=False)

    def test_each_call_is_seen_or_explained(self):
        programs = sorted({s["program"] for s in
                           self.chancery.json("status")["services"]}
                          - {"slapd"})
        self.send_mail()
        self.read_mail()
        self.operate()
        self.chancery.stop()
        seen = calls.gather(self.folder.name)
        if self.all_files:
            calls.keep(self.all_files, calls.EVERY, seen)
        for program in programs:
            self.assertIn(program, seen)
        self.assertEqual(calls.unexplained(chancery.BUILD, seen), [])


if __name__ == "__main__":
    chancery.main()
