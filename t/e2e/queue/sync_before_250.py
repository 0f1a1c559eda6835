"""250 means on disk: qmgr's sync of a batch returns before any of its answers
leaves, seen by strace from outside, and the counters say how few syncs many
messages need."""

import os
import re
import subprocess
import tempfile
import threading

import chancery

MESSAGES, SENDERS = 200, 10

os.environ.pop("CHANCERY_CALLS", None)  # qmgr has a tracer of ours already


class SyncBefore250(chancery.TestCase):
    users = ("ada",)

    def counters(self):
        return {c["counter"]: c["value"]
                for c in self.chancery.json("status")["counters"]
                if c["service"] == "qmgr"}

    def send_many(self):
        def send():
            with self.chancery.smtp() as smtp:
                for _ in range(MESSAGES // SENDERS):
                    smtp.sendmail("x@elsewhere.test", ["ada@example.test"],
                                  "Subject: x\r\n\r\nbody\r\n")
        threads = [threading.Thread(target=send) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_many_messages_share_a_sync(self):
        """Where a disk is quick beside the senders they seldom meet."""
        for _ in range(10):
            before = self.counters()
            self.send_many()
            after = self.counters()
            accepted = after["accepted"] - before["accepted"]
            batches = after["batches"] - before["batches"]
            self.assertEqual(accepted, MESSAGES)
            # Retirements make batches too; without sharing there would be a
            # batch a message at least.
            if batches < accepted:
                return
        self.fail(f"{batches} batches for {accepted} messages")

    def test_the_answer_follows_the_sync(self):
        if not chancery.IS_ROOT:
            print("skipped: sync_before_250 strace (needs root)")
            return
        pid = self.chancery.pid("qmgr")
        with tempfile.NamedTemporaryFile("r") as trace:
            strace = subprocess.Popen(
                ["strace", "-p", str(pid), "-o", trace.name, "-s", "60",
                 "-e", "trace=pwritev,pwrite64,fdatasync,sendmsg"],
                stderr=subprocess.PIPE, text=True)
            try:
                self.assertIn("attached", strace.stderr.readline())
                for n in range(20):
                    self.send("x@elsewhere.test", ["ada"],
                              f"Subject: {n}\r\n\r\nbody {n}\r\n")
            finally:
                strace.terminate()
                strace.wait(chancery.PATIENCE)
                strace.stderr.close()
            self.check(trace.read())

    def check(self, trace):
        """queue_done is message 45 ("\\0-") of a frame "Ch\\1". What comes
        behind the last may be cut off: strace leaves in the middle of a sync
        of retirements."""
        written = synced = answers = 0
        for line in trace.split("\n"):
            if answers == 20:
                break
            if line.startswith("pwrite"):
                written += 1
            elif line.startswith("fdatasync"):
                self.assertTrue(line.endswith("= 0"), line)
                synced = written
            elif re.search(r'sendmsg\(.*"Ch\\1\\0\\0-', line):
                answers += 1
                self.assertGreater(written, 0, line)
                self.assertEqual(synced, written, trace)
        self.assertEqual(answers, 20)


if __name__ == "__main__":
    chancery.main()
