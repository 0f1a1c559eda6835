"""imapflow 1.0.195 (npm), which enables CONDSTORE, QRESYNC and UTF8=ACCEPT by
itself and uses OBJECTID, BINARY, LIST-STATUS, SPECIAL-USE and MOVE where they
are: two sessions on one mailbox, and one that comes back to it.
"""

import json
import os
import subprocess

import chancery
import npm

PACKAGE = "imapflow@1.0.195"
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "imapflow_talks.js")


class Imapflow(chancery.TestCase):
    users = ("ada",)

    @classmethod
    def setUpClass(cls):
        environment = npm.environment(PACKAGE)
        super().setUpClass()
        done = subprocess.run(
            ["node", SCRIPT, str(cls.chancery.port("imaps")),
             cls.chancery.address("ada"), cls.chancery.password("ada"),
             cls.chancery.path("tls/cert.pem")],
            env=environment,
            text=True, timeout=chancery.PATIENCE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        if done.returncode != 0:
            cls.tearDownClass()
            raise AssertionError(done.stderr)
        cls.said = json.loads(done.stdout)
        cls.uids = [a["uid"] for a in cls.said["appended"]]

    def test_what_it_enabled(self):
        self.assertEqual(sorted(self.said["enabled"]),
                         ["CONDSTORE", "QRESYNC", "UTF8=ACCEPT"])

    def test_made_and_listed(self):
        path = self.said["created"]["path"]
        self.assertEqual(path, "Projekte/Grüße 日本")
        self.assertTrue(self.said["created"]["created"])
        found = {m["path"]: m for m in self.said["list"]}
        self.assertEqual(found[path]["status"]["messages"], 4)
        self.assertEqual(found[path]["status"]["uidNext"],
                         self.uids[-1] + 1)
        self.assertEqual(found["Sent"]["specialUse"], "\\Sent")
        self.assertEqual(self.said["status"]["unseen"], 4)
        self.assertEqual(self.said["status"]["highestModseq"],
                         self.said["opened"]["highestModseq"])
        self.assertEqual(self.said["opened"]["mailboxId"],
                         self.said["created"]["mailboxId"])
        self.assertEqual(self.said["opened"]["exists"], 4)

    def test_fetched(self):
        fetched = self.said["fetched"]
        self.assertEqual([m["uid"] for m in fetched], self.uids)
        self.assertEqual([m["envelope"]["subject"] for m in fetched],
                         ["one", "two", "three", "four"])
        self.assertEqual(len({m["emailId"] for m in fetched}), 4)
        self.assertEqual(fetched[0]["bodyStructure"]["type"],
                         "multipart/mixed")
        self.assertIn("\\Flagged", fetched[0]["flags"])
        # by BINARY, decoded by us
        self.assertEqual(self.said["body"], "body two ü")

    def test_the_other_session_heard(self):
        flags, = [e for e in self.said["heardFlags"] if e["name"] == "flags"]
        self.assertEqual(flags["uid"], self.uids[0])
        self.assertIn("$Label1", flags["flags"])
        self.assertGreater(flags["modseq"],
                           self.said["opened"]["highestModseq"])
        gone = [e for e in self.said["heardExpunge"]
                if e["name"] == "expunge"]
        self.assertEqual([(e["uid"], e["vanished"]) for e in gone],
                         [(self.uids[1], True)])
        self.assertEqual([e["count"] for e in self.said["heardExists"]
                          if e["name"] == "exists"], [5])

    def test_changed_and_searched(self):
        new = [self.uids[3] + 1, self.uids[3] + 2]
        self.assertEqual(sorted(m["uid"] for m in self.said["changed"]),
                         [self.uids[0]] + new)
        one, _, three, four = self.uids
        self.assertEqual(self.said["searches"],
                         [[three], [one], [one], [three], [one] + new,
                          [one, four]])

    def test_copied_and_moved(self):
        self.assertEqual(len(self.said["copied"]["uidMap"]), 5)
        self.assertEqual(list(self.said["moved"]["uidMap"]),
                         [str(self.uids[3])])

    def test_came_back(self):
        gone = [e["uid"] for e in self.said["vanished"]
                if e["name"] == "expunge"]
        self.assertEqual(sorted(gone), [self.uids[1], self.uids[3]])
        self.assertTrue(all(e["earlier"] for e in self.said["vanished"]
                            if e["name"] == "expunge"))
        self.assertEqual(
            sorted(e["uid"] for e in self.said["vanished"]
                   if e["name"] == "flags"),
            [self.uids[0], self.uids[3] + 1, self.uids[3] + 2])
        self.assertTrue(self.said["reopened"]["qresync"])

    def test_renamed_and_deleted(self):
        self.assertEqual(self.said["renamed"]["newPath"], "Projekte/Später")
        self.assertEqual(self.said["deleted"]["path"], "Projekte/Später")


if __name__ == "__main__":
    chancery.main()
