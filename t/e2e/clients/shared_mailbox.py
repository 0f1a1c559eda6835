"""Real clients in a mailbox that somebody else shares: mbsync copies it with
its flags, curl reads it, neither knows anything about ACL."""

import os
import shutil
import subprocess
import tempfile

import chancery
import imap_talk
import mbsync

OTHERS = "Other Users/ada@example.test/Plans"


class SharedWithClients(chancery.TestCase):
    users = ("ada", "bob")

    def setUp(self):
        ada = imap_talk.Client(self.chancery, "ada")
        self.addCleanup(ada.close)
        ada.do("DELETE Plans")
        ada.ok("CREATE Plans")
        for n in range(3):
            ada.append(b"Subject: plan %d\r\n\r\nbody\r\n" % n,
                       mailbox="Plans")
        ada.ok("SETACL Plans bob lrsw")
        self.ada = ada

    def test_mbsync_copies_it_and_takes_flags_back(self):
        home = tempfile.mkdtemp(prefix="chancery-mbsync-")
        self.addCleanup(shutil.rmtree, home)
        mbsync.configure(home, self.chancery, "bob", "Create Near\nSync All")

        def sync():
            mbsync.sync(self, home)

        def near():
            return [f"{home}/mail/{OTHERS}/{sub}/{name}"
                    for sub in ("cur", "new")
                    for name in os.listdir(f"{home}/mail/{OTHERS}/{sub}")]
        sync()
        self.assertEqual(len(near()), 3)
        path = sorted(near())[0]
        os.rename(path, path.replace("/new/", "/cur/").split(":2,")[0] +
                  ":2,FS")
        sync()
        bob = imap_talk.Client(self.chancery, "bob")
        bob.ok(f'SELECT "{OTHERS}"')
        self.assertEqual(len(bob.search("SEEN FLAGGED")), 1)
        bob.close()
        self.ada.ok("SELECT Plans")
        self.assertEqual(len(self.ada.search("FLAGGED")), 1)
        self.assertEqual(self.ada.search("SEEN"), [])

    def test_curl_lists_and_reads_it(self):
        def curl(path):
            return subprocess.run(
                ["curl", "-s", "--cacert", self.chancery.path("tls/cert.pem"),
                 "--resolve",
                 f"mail.example.test:{self.chancery.port('imaps')}:127.0.0.1",
                 "-u", "bob@example.test:" + self.chancery.password("bob"),
                 f"imaps://mail.example.test:"
                 f"{self.chancery.port('imaps')}/{path}"],
                text=True,
                timeout=chancery.PATIENCE, stdout=subprocess.PIPE).stdout
        self.assertIn(OTHERS, curl(""))
        self.assertIn("Subject: plan 1", curl(
            OTHERS.replace(" ", "%20").replace("@", "%40") + ";MAILINDEX=2"))


if __name__ == "__main__":
    chancery.main()
