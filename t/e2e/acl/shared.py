"""Mailboxes shared: what the others see of them, and what happens when
rights change under a session."""

import chancery
import imap_talk

OTHERS = "Other Users/ada@example.test"


class Shared(chancery.TestCase):
    users = ("ada", "bob", "carl")

    def setUp(self):
        self.ada = imap_talk.Client(self.chancery, "ada")
        self.bob = imap_talk.Client(self.chancery, "bob")
        self.box = self.id().rsplit("_", 1)[-1]
        self.path = f'"{OTHERS}/{self.box}"'
        self.ada.ok(f"CREATE {self.box}")

    def tearDown(self):
        self.ada.close()
        self.bob.close()

    def share(self, rights, whom="bob"):
        self.ada.ok(f"SETACL {self.box} {whom} {rights}")

    def listed(self, talk, *words):
        return [line for line in talk.ok(*words) if self.box in line]

    def test_capability_and_namespaces(self):
        said = self.bob.ok("CAPABILITY")[0].split()
        for word in ("ACL", "RIGHTS=kxte", "QUOTA", "QUOTA=RES-STORAGE"):
            self.assertIn(word, said)
        self.assertEqual(
            self.bob.ok("NAMESPACE"),
            ['NAMESPACE (("" "/")) (("Other Users/" "/")) (("Shared/" "/"))'])

    def test_shows_in_every_list(self):
        self.assertEqual(self.listed(self.bob, 'LIST "" *'), [])
        self.share("lr")
        want = f'LIST (\\HasNoChildren) "/" "{OTHERS}/{self.box}"'
        self.assertEqual(self.listed(self.bob, 'LIST "" *'), [want])
        self.assertEqual(
            self.listed(self.bob, f'LIST "{OTHERS}/" %'), [want])
        self.assertIn('LIST (\\Noselect \\HasChildren) "/" "Other Users"',
                      self.bob.ok('LIST "" %'))
        # A special use is its owner's.
        self.ada.ok("SETACL Sent bob lr")
        self.assertIn(f'LIST (\\HasNoChildren) "/" "{OTHERS}/Sent"',
                      self.bob.ok(f'LIST "" "{OTHERS}/*"'))
        self.ada.ok("DELETEACL Sent bob")

    def test_can_be_subscribed(self):
        self.share("lr")
        self.bob.ok(f"SUBSCRIBE {self.path}")
        self.assertEqual(len(self.listed(self.bob, 'LSUB "" *')), 1)
        self.share('""')
        self.assertEqual(self.listed(self.bob, 'LIST "" *'), [])
        self.assertEqual(len(self.listed(self.bob, 'LSUB "" *')), 1)
        self.bob.ok(f"UNSUBSCRIBE {self.path}")
        self.assertEqual(self.listed(self.bob, 'LSUB "" *'), [])

    def test_list_and_rights_are_told_as_the_standard_has_them(self):
        self.share("lrd")
        self.share("s", "-bob")
        self.share("w", "$Team")
        self.share("lr", "anyone")
        self.assertEqual(
            self.ada.ok(f"GETACL {self.box}"),
            [f"ACL {self.box} anyone lr ada@example.test lrswipkxtecda "
             "bob@example.test lrted -bob@example.test s "
             "group:team@example.test w"])
        self.assertEqual(
            self.ada.ok(f"LISTRIGHTS {self.box} bob"),
            [f'LISTRIGHTS {self.box} bob "" l r s w i p k x t e c d a'])
        self.assertEqual(
            self.ada.ok(f"LISTRIGHTS {self.box} ada"),
            [f"LISTRIGHTS {self.box} ada la r s w i p k x t e c d"])
        self.assertEqual(self.bob.ok(f"MYRIGHTS {self.path}"),
                         [f"MYRIGHTS {self.path} lrted"])
        for wrong in ("lQ", "lq", "l0"):
            self.ada.bad(f"SETACL {self.box} bob {wrong}")
        self.ada.bad(f'SETACL {self.box} "" l')
        self.ada.bad(f"SETACL {self.box} - l")
        self.ada.bad(f"SETACL {self.box} bob +s-")
        self.ada.ok(f"SETACL {self.box} bob -td")
        self.ada.ok(f"SETACL {self.box} bob +i")
        self.assertIn("bob@example.test lri ",
                      self.ada.ok(f"GETACL {self.box}")[0])

    def test_each_reader_has_their_own_seen(self):
        for _ in range(3):
            self.ada.append(mailbox=self.box)
        self.share("lrs")
        self.share("lrs", "carl")
        carl = imap_talk.Client(self.chancery, "carl")
        self.bob.ok(f"SELECT {self.path}")
        self.bob.ok("STORE 2 +FLAGS (\\Seen)")
        self.bob.ok("FETCH 3 BODY[]")
        carl.ok(f"SELECT {self.path}")
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 1 +FLAGS (\\Seen)")
        self.assertEqual(self.bob.search("SEEN"), [2, 3])
        self.assertEqual(carl.search("SEEN"), [])
        self.assertEqual(self.ada.search("SEEN"), [1])
        for talk, path, unseen in ((self.bob, self.path, 1),
                                   (carl, self.path, 3),
                                   (self.ada, self.box, 2)):
            talk.ok("SELECT INBOX")
            self.assertIn(f"UNSEEN {unseen})",
                          talk.ok(f"STATUS {path} (UNSEEN)")[0])
        carl.close()

    def test_flags_one_may_change_are_the_permanent_ones(self):
        self.ada.append(mailbox=self.box)
        for rights, flags, code in (
                ("lr", "", "READ-ONLY"), ("lrs", "\\Seen", "READ-ONLY"),
                ("lrt", "\\Deleted", "READ-WRITE"),
                ("lrw", "\\Answered \\Flagged \\Draft \\*", "READ-WRITE"),
                ("lri", "", "READ-WRITE")):
            self.share(rights)
            untagged, done = self.bob.do(f"SELECT {self.path}")
            self.assertTrue(done.startswith(f"OK [{code}]"), done)
            self.assertIn(f"OK [PERMANENTFLAGS ({flags})] these can be "
                          "changed", untagged)
        # A \Recent that one cannot take is not taken from the owner.
        self.share("lrs")
        self.ada.append(mailbox=self.box)
        self.bob.ok(f"SELECT {self.path}")
        self.assertIn("1 RECENT", [
            line for line in self.ada.ok(f"SELECT {self.box}")
            if line.endswith("RECENT")])

    def test_rights_that_change_are_told_in_the_session(self):
        self.ada.append(mailbox=self.box)
        self.share("lrsw")
        self.bob.ok(f"SELECT {self.path}")
        self.share("lrs")
        self.assertIn("OK [PERMANENTFLAGS (\\Seen)] these can be changed",
                      self.bob.ok("NOOP"))
        self.assertTrue(self.bob.no("STORE 1 +FLAGS (\\Flagged)")
                        .startswith("[NOPERM]"))
        self.share("s", "-bob")
        self.bob.ok("NOOP")
        self.assertTrue(self.bob.no("STORE 1 +FLAGS (\\Seen)")
                        .startswith("[NOPERM]"))

    def test_who_may_not_read_any_more_is_told_as_of_a_deleted(self):
        said = []
        for end in (f"SETACL {self.box} bob l", f"DELETE {self.box}"):
            self.ada.append(mailbox=self.box)
            self.share("lr")
            talk = imap_talk.Client(self.chancery, "bob")
            talk.ok(f"SELECT {self.path}")
            tag = talk.begin("IDLE")
            self.assertTrue(talk.response().startswith("+"))
            self.ada.ok(end)
            said.append(talk.response())
            self.assertTrue(said[-1].startswith("* BYE"), (said, tag))
            talk.close()
        self.assertEqual(said[0], said[1])

    def test_flags_go_with_a_copy_as_far_as_rights_do(self):
        self.share("lri")
        self.bob.append(options="(\\Flagged \\Deleted \\Seen $Word)")
        self.bob.ok("SELECT INBOX")
        number = len(self.bob.search("ALL"))
        for rights, flags in (("lri", ""), ("lris", "\\Seen"),
                              ("lrit", "\\Deleted"),
                              ("lriw", "\\Flagged $Word")):
            self.share(rights)
            self.bob.ok("SELECT INBOX")
            self.bob.ok(f"COPY {number} {self.path}")
            self.bob.ok(f"APPEND {self.path} "
                        "(\\Flagged \\Deleted \\Seen $Word) ", b"a: b\r\n")
            self.bob.ok(f"EXAMINE {self.path}")
            for said in self.bob.ok("FETCH * FLAGS")[-1:]:
                said = said.replace("\\Recent", "").split("(")[2].split(")")[0]
                self.assertEqual(said.split(), flags.split())

    def test_move_takes_rights_on_both_sides(self):
        self.ada.append(mailbox=self.box)
        for rights in ("lr", "lrt", "lre"):
            self.share(rights)
            self.bob.ok(f"SELECT {self.path}")
            self.assertTrue(self.bob.no("MOVE 1 INBOX")
                            .startswith("[NOPERM]"))
        self.share("lrte")
        self.bob.ok(f"SELECT {self.path}")
        self.bob.ok("MOVE 1 INBOX")
        self.assertIn("MESSAGES 0", self.ada.ok(
            f"STATUS {self.box} (MESSAGES)")[0])

    def test_names_of_namespaces_are_nobodys(self):
        for name in ("Shared", "Shared/x", '"Other Users"',
                     '"Other Users/x"', '"Other Users/ada@example.test/x"',
                     '"Other Users/no@example.test/x"'):
            self.assertEqual(self.bob.no(f"CREATE {name}"),
                             "[NOPERM] not allowed", name)
            self.assertEqual(self.bob.no(f"SELECT {name}"),
                             "[NONEXISTENT] no such mailbox", name)


class Groups(chancery.TestCase):
    users = ("ada", "bob", "carl")

    def test_members_come_and_go(self):
        c = self.chancery
        team = "team@example.test"
        c.run("group", "add", team, "ada@example.test")
        c.run("mailbox", "create", "example.test", "Team/Plans")
        c.run("mailbox", "acl", "example.test", "Team/Plans", "$team", "lr")
        bob = imap_talk.Client(c, "bob")
        self.assertTrue(bob.no("SELECT Shared/Team/Plans")
                        .startswith("[NONEXISTENT]"))
        c.run("group", "join", team, "bob@example.test")
        bob.close()

        def is_in():
            talk = imap_talk.Client(c, "bob")
            if talk.do("SELECT Shared/Team/Plans")[1].startswith("OK"):
                return talk
            talk.close()
            return None
        # authd remembers what it knows of a user for some seconds.
        bob = chancery.wait_until("bob has the group's rights", is_in)
        # Who leaves is put out within seconds.
        c.run("group", "leave", team, "bob@example.test")

        def is_out():
            try:
                bob.ok("NOOP")
            except (EOFError, OSError, AssertionError):
                return True
            return False
        chancery.wait_until("bob's session ends", is_out)
        bob.close()
        bob = imap_talk.Client(c, "bob")
        self.assertTrue(bob.no("SELECT Shared/Team/Plans")
                        .startswith("[NONEXISTENT]"))
        bob.close()
        self.assertIn("remove", c.run("group", "leave", team,
                                      "ada@example.test", check=False).stderr)
        c.run("group", "remove", team)
        self.assertEqual(c.json("mailbox", "acl", "example.test",
                                "Team/Plans")["acl"], [])

    def test_mail_for_a_shared_mailbox(self):
        c = self.chancery
        c.run("mailbox", "create", "Shared/Desk", "--post",
              "desk@example.test")
        c.run("mailbox", "acl", "example.test", "Desk", "bob", "lrs")
        self.send("ada", ["desk"], "Subject: one\r\n\r\nhello\r\n")
        bob = imap_talk.Client(c, "bob")
        chancery.wait_until("the message", lambda: "MESSAGES 1" in bob.ok(
            "STATUS Shared/Desk (MESSAGES)")[0])
        c.run("mailbox", "acl", "example.test", "Desk", "anyone", "none")
        self.send("ada", ["desk"], "Subject: two\r\n\r\nhello\r\n")
        bounce, = self.wait_for_messages("ada", 1)
        self.assertIn(b"5.7.1", bounce)
        self.assertIn("exists", c.run(
            "mailbox", "create", "Shared/Other", "--post",
            "bob@example.test", check=False).stderr)
        self.assertNotIn("Other", [m["name"] for m in c.json(
            "mailbox", "list", "example.test")["mailboxes"]])
        c.run("mailbox", "delete", "example.test", "Desk")
        bob.close()

        def is_unknown():
            with c.smtp() as smtp:
                smtp.helo("x")
                smtp.mail("ada@example.test")
                return smtp.rcpt("desk@example.test")[0] == 550
        chancery.wait_until("the address is gone", is_unknown)

    def test_who_is_purged_leaves_all_lists(self):
        c = self.chancery
        ada = imap_talk.Client(c, "ada")
        ada.ok("CREATE lists")
        c.add_user("zoe")
        ada.ok("SETACL lists zoe lr")
        c.run("user", "remove", "zoe@example.test", "--purge")
        self.assertNotIn("zoe", ada.ok("GETACL lists")[0])
        ada.close()
        self.assertEqual(c.json("mailbox", "verify")["problems"], 0)


if __name__ == "__main__":
    chancery.main()
