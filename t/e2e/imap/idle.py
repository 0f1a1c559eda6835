"""IDLE (RFC 2177): news as they happen, expunges too."""

import os
import signal

import chancery
import imap_talk


class IdleCase(imap_talk.TestCase):

    def idle(self, count):
        """A session that idles, and one that does things."""
        self.fill(count)
        a, b = self.client(select=self.box), self.client(select=self.box)
        a.tag = "i"
        a.send("i IDLE")
        self.assertTrue(a.response().startswith("+ "))
        return a, b

    def until(self, client, what):
        """Read untagged responses up to the one that begins so."""
        seen = []
        while True:
            seen.append(client.response())
            self.assertTrue(seen[-1].startswith("* "), seen)
            if seen[-1][2:].startswith(what):
                return seen

    def done(self, client):
        client.send("DONE")
        while not (said := client.response()).startswith("i "):
            pass
        self.assertTrue(said.startswith("i OK"), said)


class Idle(IdleCase):

    def test_new_mail(self):
        a, b = self.idle(1)
        b.append(mailbox=self.box)
        self.until(a, "2 EXISTS")
        b.append(mailbox=self.box)
        self.until(a, "3 EXISTS")
        self.done(a)
        self.assertEqual(a.search("ALL"), [1, 2, 3])

    def test_flags_and_expunges(self):
        a, b = self.idle(2)
        b.ok("STORE 2 +FLAGS (\\Flagged)")
        self.assertIn("\\Flagged", self.until(a, "2 FETCH")[-1])
        b.ok("STORE 1 +FLAGS (\\Deleted)")
        b.ok("EXPUNGE")
        self.until(a, "1 EXPUNGE")
        self.done(a)

    def test_what_came_before_idle_is_told(self):
        self.fill(1)
        a, b = self.client(select=self.box), self.client(select=self.box)
        b.append(mailbox=self.box)
        a.send("i IDLE")
        said = [a.response(), a.response()]
        while not any("2 EXISTS" in s for s in said):
            said.append(a.response())
        self.done(a)

    def test_without_a_mailbox(self):
        self.ada.send("i IDLE")
        self.assertTrue(self.ada.response().startswith("+ "))
        self.done(self.ada)

    def test_something_else_than_done(self):
        self.ada.send("i IDLE")
        self.assertTrue(self.ada.response().startswith("+ "))
        self.ada.send("NOOP")
        self.assertTrue(self.ada.response().startswith("i BAD"))
        self.ada.ok("NOOP")

    def test_done_in_the_same_packet(self):
        self.ada.send(b"i IDLE\r\nDONE\r\nn NOOP\r\n")
        self.assertTrue(self.ada.response().startswith("+ "))
        self.assertTrue(self.ada.response().startswith("i OK"))
        self.assertTrue(self.ada.response().startswith("n OK"))

    def test_the_mailbox_goes_away(self):
        a, b = self.idle(1)
        b.ok("UNSELECT")
        b.ok(f"DELETE {self.box}")
        self.until(a, "BYE")


class Unparked(IdleCase):
    """Sessions that keep their processes, so that nothing else tells them."""

    options = ("imap_park_after = 1h",)

    def of_its_own(self):
        """A session on self.box, and its process."""
        before = self.chancery.pids()["imap"]
        client = self.client(select=self.box)
        pid, = set(self.chancery.pids()["imap"]) - set(before)
        return client, pid

    def wake(self, pid):
        """Let it run until it waits for somebody."""
        os.kill(pid, signal.SIGCONT)

        def sleeps():
            with open(f"/proc/{pid}/stat") as f:
                return f.read().rpartition(") ")[2][0] == "S"
        chancery.wait_until(f"{pid} waits", sleeps)

    def test_a_client_that_goes_away_leaves_no_process(self):
        a, pid = self.of_its_own()
        a.send("i IDLE")
        self.assertTrue(a.response().startswith("+ "))
        a.close()
        chancery.wait_until("the session to end", lambda: pid not in
                            self.chancery.pids()["imap"])

    def test_news_that_come_with_an_answer(self):
        """a asks stored whose the first message is to be recent; with the
        answer comes the notice of the second."""
        a, a_pid = self.of_its_own()
        b, b_pid = self.of_its_own()
        stored = self.chancery.pid("stored")
        a.send("i IDLE")
        self.assertTrue(a.response().startswith("+ "))
        for pid in (a_pid, b_pid):
            chancery.freeze(pid)
        try:
            self.ada.append(mailbox=self.box)
            tag = b.begin(f"APPEND {self.box} ", b"Subject: 2\r\n\r\nx\r\n",
                          plus=True)
            chancery.freeze(stored)
            self.wake(a_pid)
            chancery.freeze(a_pid)
            self.wake(b_pid)
            os.kill(stored, signal.SIGCONT)
            self.assertTrue(b.end(tag)[1].startswith("OK"))
            self.ada.append()  # and what it told of the other is there
        finally:
            for pid in (a_pid, b_pid, stored):
                os.kill(pid, signal.SIGCONT)
        self.until(a, "2 EXISTS")


if __name__ == "__main__":
    chancery.main()
