"""What the operator can ask of the store: mailboxes by name, quota, verify,
rebuild."""

import glob

import chancery
import imap_talk


class MailboxVerbs(chancery.TestCase):
    expected_errors = ("verify: ", "message is damaged")
    users = ("ada", "bob")

    def names(self, user):
        return [m["name"] for m in self.chancery.json(
            "mailbox", "list", self.chancery.address(user))["mailboxes"]]

    def test_mailboxes_by_name(self):
        self.send("bob", ["ada"], "Subject: one\r\n\r\nx\r\n")
        self.wait_for_messages("ada", 1)
        ada = self.chancery.address("ada")
        self.assertEqual(self.names("ada"), ["Archive", "Drafts", "INBOX",
                                             "Junk", "Sent", "Trash"])
        self.chancery.run("mailbox", "create", ada.upper(), "a/b")
        self.assertIn("a/b", self.names("ada"))
        self.assertIn("a", self.names("ada"))
        for words in (("create", ada, "a/b"), ("create", ada, "a//b"),
                      ("delete", ada, "INBOX"), ("delete", ada, "none"),
                      ("list", "nobody@example.test")):
            done = self.chancery.run("mailbox", *words, check=False)
            self.assertEqual(done.returncode, 1, words)
            self.assertTrue(done.stderr, words)
        self.chancery.run("mailbox", "delete", ada, "a/b")
        self.assertNotIn("a/b", self.names("ada"))
        users = {u["user"]: u for u in
                 self.chancery.json("mailbox", "list")["users"]}
        self.assertEqual(users[ada]["messages"], 1)

    def test_quota_is_held(self):
        cyd = "cyd@example.test"
        self.chancery.run("user", "add", cyd, "--quota", "20K",
                          "--password-file", "-", stdin="secret-cyd\n")
        big = "Subject: big\r\n\r\n" + 12 * ("x" * 1000 + "\r\n")
        self.send("bob", ["cyd"], big)
        self.wait_for_messages("cyd", 1)
        self.send("bob", ["cyd"], big)
        self.wait_for_messages("bob", 1)  # the bounce
        imap = self.chancery.imap("cyd")
        said, text = imap.append("INBOX", None, None, big.encode())
        self.assertEqual(said, "NO", text)
        self.assertEqual(imap.append("INBOX", None, None,
                                     b"Subject: small\r\n\r\nx\r\n")[0], "OK")
        imap.logout()

    def test_verify_finds_a_damaged_message(self):
        before = len(self.messages("ada"))
        for text in ("needle in a pack", "the one behind it"):
            self.send("bob", ["ada"], f"Subject: x\r\n\r\n{text}\r\n")
            before += 1
            self.wait_for_messages("ada", before)
        checked = self.chancery.json("mailbox", "verify")
        self.assertEqual(checked["problems"], 0)
        self.assertGreater(checked["checked"], 10)
        for path in glob.glob(self.chancery.path("store/default/packs/*")):
            with open(path, "r+b") as pack:
                at = pack.read().find(b"needle in a pack")
                if at >= 0:
                    pack.seek(at)
                    pack.write(b"n")
                    pack.write(b"X")
        done = self.chancery.run("mailbox", "verify", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("damaged", done.stdout)
        # and a search that met it makes no count of the others
        ada = imap_talk.Client(self.chancery, "ada")
        ada.ok("SELECT INBOX")
        untagged, done = ada.do("SEARCH RETURN (MIN COUNT) BODY pack")
        self.assertTrue(done.startswith("NO [CORRUPTION]"), done)
        self.assertFalse([u for u in untagged if "SEARCH" in u], untagged)
        # and a fetch leaves it out, not those behind it
        untagged, done = ada.do("FETCH 1:* (UID BODY[TEXT])")
        self.assertTrue(done.startswith("NO [CORRUPTION]"), done)
        fetched = [u for u in untagged if "BODY[TEXT]" in u]
        self.assertEqual(len(fetched), before - 1, untagged)
        self.assertIn("the one behind it", fetched[-1])
        # whose new flag is told all the same
        n = before - 1
        self.assertIn(f"{n} FETCH (UID {n} FLAGS (\\Seen \\Recent))",
                      untagged + ada.ok("NOOP"))
        ada.close()


if __name__ == "__main__":
    chancery.main()
