"""Sessions outlive stored: what was said to be done is done, and the next
command finds the store again."""

import os
import signal

import chancery
import imap_talk


class StoredRestarts(imap_talk.TestCase):

    may_panic = True

    def kill_stored(self):
        pid = self.chancery.pid("stored")
        os.kill(pid, signal.SIGKILL)
        chancery.wait_until("stored to end",
                            lambda: not os.path.exists(f"/proc/{pid}"))

    def test_between_commands(self):
        uids = self.fill(2)
        a = self.client(select=self.box)
        a.ok("STORE 1 +FLAGS (\\Flagged)")
        self.kill_stored()
        self.assertEqual(a.search("FLAGGED"), [1])
        a.ok("STORE 2 +FLAGS (\\Flagged)")
        self.kill_stored()
        self.assertIn("Subject: 2", a.ok("FETCH 2 (BODY.PEEK[])")[0])
        uid = a.append(mailbox=self.box)
        self.assertGreater(uid, uids[-1])
        self.assertEqual(self.client(select=self.box).search("FLAGGED"),
                         [1, 2])

    def test_in_idle(self):
        self.fill(1)
        a = self.client(select=self.box)
        a.send("i IDLE")
        self.assertTrue(a.response().startswith("+ "))
        self.kill_stored()
        self.client().append(mailbox=self.box)
        said = ""
        while "2 EXISTS" not in said:
            said = a.response()
        a.send("DONE")
        while not said.startswith("i "):
            said = a.response()
        self.assertTrue(said.startswith("i OK"), said)

    def test_a_rebuilt_index(self):
        uid = self.ada.append(mailbox=self.box)
        a = self.client(select=self.box)
        self.chancery.run("mailbox", "rebuild")
        a.send("a NOOP")
        while not (said := a.response()).startswith("* BYE"):
            if said.startswith("a "):
                a.send("a NOOP")
        with self.assertRaises(EOFError):
            a.line()

        # a new process has the new index
        def search():
            try:
                return self.client(select=self.box).search("ALL", uid=True)
            except (AssertionError, EOFError):
                return None
        self.assertEqual(chancery.wait_until("the new index", search), [uid])

    def test_in_a_large_copy(self):
        """It goes in slices, and is there whole or not at all."""
        self.fill(50)
        a = self.client(select=self.box)
        count = 50
        while count < 25600:
            a.ok(f"COPY 1:* {self.box}")
            a.ok("NOOP")
            count *= 2
        b = self.client()
        b.ok(f"CREATE {self.box}/copy")
        tag = a.begin(f"COPY 1:* {self.box}/copy")
        b.append(mailbox="INBOX")  # answered with one of the first slices
        said = b.ok(f"STATUS {self.box}/copy (MESSAGES)")[0]
        # nothing, unless it was over before we came to ask
        self.assertRegex(said, rf"MESSAGES (0|{count})\)")
        self.kill_stored()
        try:
            self.assertNotRegex(a.end(tag)[1], "^BAD")
        except EOFError:
            pass
        found = b.ok(f"STATUS {self.box}/copy (MESSAGES)")[0]
        self.assertRegex(found, rf"MESSAGES (0|{count})\)")
        self.chancery.run("mailbox", "verify")
        a = self.client(select=self.box)
        a.ok(f"COPY 1:* {self.box}/copy")
        said = b.ok(f"STATUS {self.box}/copy (MESSAGES)")[0]
        self.assertRegex(said, rf"MESSAGES ({count}|{2 * count})\)")
        self.chancery.run("mailbox", "verify")


if __name__ == "__main__":
    chancery.main()
