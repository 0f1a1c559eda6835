"""Quotas: who sets them, what is refused over them, who is told near them."""

import re

import chancery
import imap_talk


def message(size):
    """About so many bytes."""
    line = b"x" * 70 + b"\r\n"
    return b"Subject: big\r\n\r\n" + line * (size // len(line))


class Quota(chancery.TestCase):
    users = ("ada", "bob", "carl", "dora", "emil", "fay")

    def quota(self, talk, root="INBOX"):
        """(used, limit) in KiB, None without a limit."""
        said = " ".join(talk.ok(f"GETQUOTAROOT {root}"))
        found = re.search(r"\(STORAGE (\d+) (\d+)\)", said)
        return found and (int(found[1]), int(found[2]))

    def set(self, user, *words):
        self.chancery.run("user", "quota", f"{user}@example.test", *words)

    def test_limits_of_the_user_the_domain_and_none(self):
        ada = imap_talk.Client(self.chancery, "ada")
        self.assertEqual(
            ada.ok("GETQUOTAROOT INBOX"),
            ["QUOTAROOT INBOX ada@example.test", "QUOTA ada@example.test ()"])
        self.chancery.run("domain", "quota", "example.test", "3M")
        self.assertEqual(self.quota(ada), (0, 3072))
        self.set("ada", "2M")
        self.assertEqual(self.quota(ada, "not-there"), (0, 2048))
        self.set("ada", "none")
        self.assertIsNone(self.quota(ada))
        self.set("ada", "default")
        self.assertEqual(self.quota(ada), (0, 3072))
        self.chancery.run("domain", "quota", "example.test", "default")
        self.assertIsNone(self.quota(ada))
        self.set("ada", "--messages", "7")
        self.assertEqual(ada.ok("GETQUOTA ada@example.test"),
                         ["QUOTA ada@example.test (MESSAGE 0 7)"])
        self.assertTrue(ada.no("GETQUOTA bob@example.test")
                        .startswith("[NONEXISTENT]"))
        self.assertTrue(ada.no("SETQUOTA ada@example.test (STORAGE 10)")
                        .startswith("[NOPERM]"))
        ada.bad("SETQUOTA ada@example.test STORAGE")
        self.set("ada", "default", "--messages", "default")
        ada.close()

    def test_over_it_nothing_comes_in_but_things_move(self):
        bob = imap_talk.Client(self.chancery, "bob")
        self.set("bob", "20K")
        bob.append(message(15000))
        self.assertEqual(bob.no("APPEND INBOX ", message(9000)),
                         "[OVERQUOTA] mailbox is full")
        bob.ok("SELECT INBOX")
        self.assertEqual(bob.no("COPY 1 Sent"), "[OVERQUOTA] mailbox is full")
        bob.ok("MOVE 1 Sent")
        bob.ok("SELECT Sent")
        bob.ok("STORE 1 +FLAGS (\\Deleted)")
        self.assertRegex(
            bob.ok("STATUS Sent (DELETED DELETED-STORAGE)")[0],
            r"\(DELETED 1 DELETED-STORAGE 149\d\d\)")
        bob.ok("EXPUNGE")
        bob.append(message(9000))
        # A limit that is lowered below the use refuses, and takes nothing.
        self.set("bob", "1K")
        self.assertEqual(bob.no("APPEND INBOX ", b"a: b\r\n\r\n"),
                         "[OVERQUOTA] mailbox is full")
        bob.close()

    def test_a_message_count_is_a_limit_too(self):
        dora = imap_talk.Client(self.chancery, "dora")
        self.set("dora", "--messages", "2")
        dora.append()
        dora.append()
        self.assertEqual(dora.no("APPEND INBOX ", b"a: b\r\n\r\n"),
                         "[OVERQUOTA] mailbox is full")
        dora.close()

    def test_mail_over_it_goes_back_to_the_sender(self):
        self.set("carl", "10K")
        self.send("ada", ["carl"], message(20000).decode())
        bounce, = self.wait_for_messages("ada", 1)
        self.assertIn(b"5.2.2", bounce)

    def test_who_is_full_is_refused_before_the_message_is_sent(self):
        talk = imap_talk.Client(self.chancery, "fay")
        self.set("fay", "10K")
        talk.append(message(9000))
        self.set("fay", "5K")

        def answer():
            with self.chancery.smtp() as smtp:
                smtp.ehlo("x")
                smtp.mail("ada@example.test")
                code, text = smtp.rcpt("fay@example.test")
                return text.decode() if code == 552 else None
        said = chancery.wait_until("552 at RCPT", answer)
        self.assertTrue(said.startswith("5.2.2 "), said)
        self.set("fay", "1M")
        chancery.wait_until("taken again", lambda: not answer())
        talk.close()

    def test_one_is_told_once_a_crossing(self):
        emil = imap_talk.Client(self.chancery, "emil")
        self.set("emil", "100K")
        told = lambda: len(emil.search("SUBJECT \"full\"")) \
            if emil.ok("SELECT INBOX") else 0
        emil.append(message(70000), mailbox="Archive")
        self.assertEqual(told(), 0)
        emil.append(message(14000), mailbox="Archive")
        self.assertEqual(told(), 1)
        emil.append(message(2000), mailbox="Archive")
        self.assertEqual(told(), 1)
        emil.append(message(11000), mailbox="Archive")
        self.assertEqual(told(), 2)
        subject, = [line for line in emil.ok(
            "FETCH * BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)]")
            if "full" in line]
        self.assertRegex(subject, r"mailboxes are 9\d % full")
        self.assertIn("postmaster@example.test", subject)
        # Below it and over it again: once more.
        emil.ok("SELECT Archive")
        emil.ok("STORE 1 +FLAGS (\\Deleted)")
        emil.ok("EXPUNGE")
        emil.append(message(69000), mailbox="Archive")
        self.assertEqual(told(), 3)
        emil.close()

    def test_the_operator_sees_the_use(self):
        talk = imap_talk.Client(self.chancery, "ada")
        talk.append(message(5000), mailbox="Drafts")
        shown = self.chancery.json("user", "show", "ada@example.test")
        self.assertGreaterEqual(shown["used"], 5000)
        listed = {u["address"]: u for u in
                  self.chancery.json("user", "list")["users"]}
        self.assertEqual(listed["ada@example.test"]["used"], shown["used"])
        self.assertEqual(
            self.chancery.json("mailbox", "verify")["problems"], 0)
        talk.close()


class TryLater(chancery.TestCase):
    options = ("quota_full_tempfail = yes",)
    users = ("ada", "bob")

    def test_mail_waits_for_room(self):
        self.chancery.run("user", "quota", "bob@example.test", "10K")
        self.send("ada", ["bob"], message(20000).decode())
        chancery.wait_until("deferred", lambda: "dsn=4.2.2" in
                            self.chancery.log())
        self.chancery.run("user", "quota", "bob@example.test", "1M")
        self.chancery.run("queue", "flush")
        self.wait_for_messages("bob", 1)


if __name__ == "__main__":
    chancery.main()
