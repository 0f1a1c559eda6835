"""Space comes back from packs: compaction and snapshots while clients read
and write."""

import glob
import os
import threading

import chancery
import imap_talk


class Compact(imap_talk.TestCase):

    options = ("store_pack_size = 4M", "store_large_size = 2M",
               "expunge_keep = 0")

    def packs(self):
        return glob.glob(self.chancery.path("store/default/packs/seg.*"))

    def fill(self, count, size=20000):
        for n in range(1, count + 1):
            head = f"Subject: {n}\r\n\r\n".encode()
            self.ada.append(head + bytes([97 + n % 26]) * (size - len(head)),
                            self.box)

    def expunge_most(self):
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        for n in range(10, 1001, 10):
            self.ada.ok(f"STORE {n} -FLAGS.SILENT (\\Deleted)")
        self.ada.ok("EXPUNGE")

    def check(self):
        for n in range(1, 101):
            said = self.ada.ok(f"FETCH {n} (BODY.PEEK[])")[0]
            self.assertIn(f"Subject: {n * 10}\r\n", said)
            self.assertIn(chr(97 + n * 10 % 26) * 19000, said)

    def is_back(self):
        """A parent that has the old index mapped tells its client so."""
        client = imap_talk.Client(self.chancery)
        ada = self.chancery
        done = client.do(f"LOGIN {ada.address('ada')} "
                         f"{ada.password('ada')}")[1]
        client.close()
        return done.startswith("OK")

    def compact(self):
        return self.chancery.json("mailbox", "compact")["removed"]

    def test_space_comes_back_while_a_client_reads(self):
        self.fill(1000)
        self.expunge_most()
        before = len(self.packs())
        self.assertGreaterEqual(before, 5)
        stop, trouble = threading.Event(), []

        def read():
            other = imap_talk.Client(self.chancery, "ada")
            other.ok(f"SELECT {self.box}")
            while not stop.is_set():
                said = other.ok("FETCH 1:* (BODY.PEEK[])")
                for n, text in enumerate(said, 1):
                    if f"Subject: {n * 10}\r\n" not in text:
                        trouble.append(text[:200])
            other.close()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            removed = self.compact()
        finally:
            stop.set()
            reader.join()
        self.assertEqual(trouble, [])
        self.assertGreaterEqual(removed, 4)
        self.assertLessEqual(len(self.packs()), before - removed + 2)
        self.check()
        self.chancery.run("mailbox", "verify")
        # From the snapshot and what came since, for the first packs are gone.
        self.ada.append(mailbox=self.box)
        self.assertTrue(os.path.exists(
            self.chancery.path("store/default/snapshot")))
        self.ada.ok("LOGOUT")
        self.chancery.run("mailbox", "rebuild")
        chancery.wait_until("the new index", self.is_back)
        self.ada = self.client(select=self.box)
        self.check()
        self.assertEqual(len(self.ada.search("ALL")), 101)
        self.compact()  # the pack that the restart left half empty
        self.check()
        self.chancery.run("mailbox", "verify")


class InTheBackground(imap_talk.TestCase):

    options = ("store_pack_size = 4M", "store_large_size = 2M",
               "expunge_keep = 1s", "store_upkeep_interval = 2s",
               "store_upkeep_rate = 64M")

    def test_it_happens_by_itself(self):
        for n in range(1, 400):
            self.ada.append(f"Subject: {n}\r\n\r\n".encode() + b"x" * 40000,
                            self.box)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1:398 +FLAGS.SILENT (\\Deleted)")
        self.ada.ok("EXPUNGE")
        chancery.wait_until("the packs to go", lambda: len(glob.glob(
            self.chancery.path("store/default/packs/seg.*"))) <= 3)
        self.assertEqual(self.ada.search("SUBJECT 399"), [1])
        self.assertIn("x" * 40000, self.ada.ok("FETCH 1 (BODY.PEEK[])")[0])
        self.chancery.run("mailbox", "verify")


if __name__ == "__main__":
    chancery.main()
