"""The operator's hand in the queue: see what waits, hold it, let it go, try
it now, delete it; and none of that is undone by a crash of qmgr.
"""

import os
import signal

import chancery

MESSAGE = "From: ada@example.test\r\nSubject: {}\r\n\r\nhello\r\n"


class Operator(chancery.TestCase):
    options = ("minimal_backoff_time = 600s", "queue_agent_timeout = 20s")
    may_panic = True  # it kills qmgr

    def setUp(self):
        self.stop_agent()

    def tearDown(self):
        self.signal_agent(signal.SIGCONT)
        self.chancery.run("queue", "release", "ALL", check=False)
        self.chancery.run("queue", "delete", "ALL", check=False)
        chancery.wait_until("an empty queue", lambda: not self.queue())

    def signal_agent(self, number):
        for pid in self.chancery.pids()["lmtp"]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # a worker that ended meanwhile

    def stop_agent(self):
        """The parent first, so that there are no new workers."""
        chancery.freeze(self.chancery.pid("lmtp"))
        self.signal_agent(signal.SIGSTOP)

    def queue(self):
        return self.chancery.json("queue", "list")["queue"]

    def put(self, subject):
        """Send it; returns its queue id, as smtpd names it."""
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("ada@example.test")
            smtp.rcpt("bob@example.test")
            _, text = smtp.data(MESSAGE.format(subject))
        return text.decode().split()[-1]

    def subjects(self):
        return b"".join(self.messages("bob"))

    def kill_qmgr(self):
        old = self.chancery.pids()["qmgr"]
        os.kill(old[0], signal.SIGKILL)

        def new():
            pids = self.chancery.pids().get("qmgr", [])
            done = self.chancery.run("queue", "list", check=False)
            return pids and pids != old and done.returncode == 0
        chancery.wait_until("another qmgr", new)

    def test_what_waits_is_shown(self):
        name = self.put("shown")
        shown = self.chancery.json("queue", "show", name)
        self.assertEqual(shown["sender"], "ada@example.test")
        self.assertEqual(shown["recipients"][0]["address"],
                         "bob@example.test")
        text = self.chancery.run("queue", "cat", name).stdout
        self.assertIn("Subject: shown", text)
        self.assertIn("Received: ", text)
        gone = self.chancery.run("queue", "show", "5FFFFFFFF", check=False)
        self.assertEqual(gone.returncode, 1)

    def test_what_is_held_stays_until_it_is_released(self):
        first = self.put("blocks the agent")
        held = self.put("on hold")
        self.chancery.run("queue", "hold", held)
        self.kill_qmgr()
        states = {m["id"]: m["state"] for m in self.queue()}
        self.assertEqual(states[held], "hold")
        self.assertIn(first, states)
        self.signal_agent(signal.SIGCONT)
        chancery.wait_until("the other one",
                            lambda: b"blocks the agent" in self.subjects())
        self.assertNotIn(b"Subject: on hold", self.subjects())
        self.chancery.run("queue", "release", held)
        chancery.wait_until("the released one",
                            lambda: b"Subject: on hold" in self.subjects())

    def test_what_is_deleted_stays_deleted(self):
        held = self.put("to be deleted")
        self.chancery.run("queue", "hold", held)
        self.kill_qmgr()
        self.chancery.run("queue", "delete", held)
        self.kill_qmgr()
        self.assertEqual(self.queue(), [])
        self.signal_agent(signal.SIGCONT)
        self.send("ada", ["bob"], MESSAGE.format("after"))
        chancery.wait_until("the next one",
                            lambda: b"Subject: after" in self.subjects())
        self.assertNotIn(b"to be deleted", self.subjects())

    def test_flush_tries_deferred_mail_now(self):
        name = self.put("flushed")
        # the agent is silent for so long: the message is put off
        chancery.wait_until(
            "a reason", lambda: self.chancery.json(
                "queue", "show", name)["recipients"][0]["reason"])
        self.signal_agent(signal.SIGCONT)
        self.chancery.run("queue", "flush")
        chancery.wait_until("the flushed one",
                            lambda: b"Subject: flushed" in self.subjects())


if __name__ == "__main__":
    chancery.main()
