"""slapd killed, then back: 4xx meanwhile, nothing lost, no hand moved.

And a change made by a third party's ldapmodify takes effect within seconds.
"""

import os
import signal
import smtplib
import subprocess
import time

import chancery


class Directory(chancery.TestCase):
    may_panic = True

    def try_rcpt(self, address):
        try:
            with self.chancery.smtp() as smtp:
                smtp.ehlo()
                smtp.mail("x@elsewhere.test")
                return smtp.rcpt(address)[0]
        except smtplib.SMTPException:
            return 0

    def test_dead_directory_is_a_temporary_failure(self):
        self.assertEqual(self.try_rcpt("ada@example.test"), 250)
        pid = self.chancery.pid("directory")
        chancery.freeze(pid)
        try:
            # Nobody asked for this one before, so no cache knows it.
            self.assertEqual(self.try_rcpt("nobody1@example.test"), 451)
        finally:
            os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGKILL)
        chancery.wait_until(
            "recovery", lambda:
            self.try_rcpt("nobody2@example.test") == 550)
        self.send("x@elsewhere.test", ["bob"], "Subject: after\r\n\r\nx\r\n")
        self.wait_for_messages("bob", 1)

    def test_who_was_known_goes_on(self):
        """Ten minutes without it, as far as any cache can tell: its time is
        three seconds, and it runs out while the directory stands still."""
        self.assertEqual(self.try_rcpt("ada@example.test"), 250)
        self.send("x@elsewhere.test", ["ada"], "Subject: before\r\n\r\n")
        self.wait_for_messages("ada", 1)
        pid = self.chancery.pid("directory")
        imap = self.chancery.imap("ada")
        chancery.freeze(pid)
        try:
            end = time.monotonic() + 5
            chancery.wait_until("the cache's time is over",
                                lambda: time.monotonic() > end)
            for _ in range(3):
                self.send("x@elsewhere.test", ["ada"],
                          "Subject: meanwhile\r\n\r\n")
            self.assertEqual(self.try_rcpt("nobody3@example.test"), 451)

            def arrived():
                imap.select("INBOX", readonly=True)
                return len(imap.search(None, "ALL")[1][0].split()) == 4
            chancery.wait_until("all four", arrived)
        finally:
            os.kill(pid, signal.SIGCONT)
        imap.logout()
        # a directory that stood still is asked again after a moment
        chancery.wait_until("it is asked again", lambda: self.try_rcpt(
            "nobody3@example.test") == 550)

    def test_what_was_taken_waits(self):
        """lmtpd asks for somebody whom no cache knows any more."""
        pid = self.chancery.pid("directory")
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@elsewhere.test")
            smtp.rcpt("bob@example.test")
            chancery.freeze(pid)
            try:
                self.chancery.run("reload", check=False)
                self.assertEqual(
                    smtp.data("Subject: waits\r\n\r\nx\r\n")[0], 250)
                chancery.wait_until(
                    "it waits", lambda: [
                        m for m in self.chancery.json("queue", "list")["queue"]
                        if "bob@example.test" in m["recipients"]])
            finally:
                os.kill(pid, signal.SIGCONT)
        chancery.wait_until(
            "it arrives", lambda: any(b"Subject: waits" in m
                                      for m in self.messages("bob")))

    def test_a_third_partys_change_takes_effect(self):
        self.assertEqual(self.try_rcpt("carol@example.test"), 550)
        found = subprocess.run(
            ["ldapsearch", "-LLL", "-Q", "-Y", "EXTERNAL", "-H",
             self.ldapi(), "-b", "", "-s", "base", "namingContexts"],
            text=True, stdout=subprocess.PIPE, check=True).stdout
        base = [line.split(": ", 1)[1] for line in found.splitlines()
                if line.startswith("namingContexts: ")][0]
        dump = subprocess.run(
            ["ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-Q", "-Y",
             "EXTERNAL", "-H", self.ldapi(), "-b", base,
             "(mail=ada@example.test)"],
            text=True, stdout=subprocess.PIPE, check=True).stdout
        dn = [line.split(": ", 1)[1] for line in dump.splitlines()
              if line.startswith("dn: ")][0]
        subprocess.run(
            ["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", self.ldapi()],
            input=f"dn: {dn}\nchangetype: modify\n"
            "add: mailAlternateAddress\n"
            "mailAlternateAddress: carol@example.test\n",
            text=True, stdout=subprocess.PIPE, check=True)
        chancery.wait_until(
            "the new address is taken",
            lambda: self.try_rcpt("carol@example.test") == 250)

    def ldapi(self):
        return "ldapi://" + self.chancery.path("run/ctl/ldapi").replace(
            "/", "%2F")


if __name__ == "__main__":
    chancery.main()
