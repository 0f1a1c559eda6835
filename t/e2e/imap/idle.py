"""IDLE (RFC 2177): news as they happen, expunges too."""

import chancery
import imap_talk


class Idle(imap_talk.TestCase):

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

    def test_a_client_that_goes_away_leaves_no_process(self):
        a, _ = self.idle(1)
        before = len(self.chancery.pids()["imap"])
        a.close()
        chancery.wait_until("the session to end", lambda: len(
            self.chancery.pids()["imap"]) < before)


if __name__ == "__main__":
    chancery.main()
