"""An index that stored cannot open: the server does not start, and the
operator has it made anew from the packs."""

import chancery


class DamagedIndex(chancery.TestCase):
    users = ("ada",)
    expected_errors = ("start: ./index: ", "service stored did not start",
                       "service stored: process")

    def test_rebuild_of_one_that_does_not_open(self):
        imap = self.chancery.imap("ada")
        imap.append("INBOX", r"(\Flagged)", None, b"Subject: kept\r\n\r\nx\r\n")
        imap.logout()
        self.chancery.run("stop")
        with open(self.chancery.path("store/default/index/data.mdb"),
                  "r+b") as index:
            index.write(b"\xee" * 16384)
        failed = self.chancery.run("start", check=False)
        self.assertEqual(failed.returncode, 1)
        # once more is no mistake
        for _ in range(2):
            said = self.chancery.run("mailbox", "rebuild").stdout
            self.assertIn("when it starts", said)
        self.chancery.run("start")
        imap = self.chancery.imap("ada")
        imap.select("INBOX")
        self.assertEqual(imap.search(None, "FLAGGED"), ("OK", [b"1"]))
        self.assertIn(b"kept", imap.fetch("1", "(RFC822)")[1][0][1])
        imap.logout()
        self.assertEqual(self.chancery.json("mailbox", "verify")["problems"],
                         0)


if __name__ == "__main__":
    chancery.main()
