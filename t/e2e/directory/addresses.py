"""What an address is: aliases in every shape, details, catch-all, postmaster,
who may send as whom; asked of rewrite over smtpd's edge."""

import os
import select
import signal
import struct
import subprocess

import chancery
import frames

OK, UNKNOWN, FOREIGN, DISABLED, LOOP = range(5)


class Addresses(chancery.TestCase):
    users = ("ada", "bob", "carol")
    may_panic = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.edge = frames.Conn(cls.chancery.path("run/smtpd/rewrite"))

    @classmethod
    def tearDownClass(cls):
        cls.edge.close()
        super().tearDownClass()

    def alias(self, address, *targets):
        self.chancery.run("alias", "add", self.chancery.address(address),
                          *map(self.chancery.address, targets))

    def modify(self, user, *lines):
        """A third party's change of a user's entry."""
        subprocess.run(
            ["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", "ldapi://" +
             self.chancery.path("run/ctl/ldapi").replace("/", "%2F")],
            input="\n".join([f"dn: mail={user}@example.test,"
                             "associatedDomain=example.test,ou=domains,"
                             "o=chancery", "changetype: modify", *lines, ""]),
            text=True, stdout=subprocess.PIPE, check=True)

    def rcpt(self, address, sender="x@sender.test"):
        """(status, [targets])"""
        kind, answer = self.edge.call(
            30, frames.text(address) + frames.text(sender))
        if kind == frames.ERROR:
            return "error", answer.u8()
        status = answer.u8()
        targets = [tuple(answer.str() for _ in range(5))
                   for _ in range(answer.u32())]
        for target, transport, nexthop, *_ in targets:
            domain = target.split("@")[1]
            self.assertEqual((transport, nexthop),
                             ("lmtp", "default")
                             if domain == "example.test"
                             else ("smtp", domain))
        return status, sorted(target[0] for target in targets)

    def user(self, address):
        kind, answer = self.edge.call(32, frames.text(address))
        self.assertNotEqual(kind, frames.ERROR)
        return (answer.u8(), answer.str(), answer.str(), answer.str(),
                answer.u64())

    def may_send(self, user, address):
        kind, answer = self.edge.call(
            34, frames.text(user) + frames.text(address))
        self.assertNotEqual(kind, frames.ERROR)
        return bool(answer.u8())

    def becomes(self, address, status, *targets):
        want = (status, sorted(map(self.chancery.address, targets)))
        chancery.wait_until(
            f"{address} becomes {want}",
            lambda: self.rcpt(address) == want)

    def test_users_and_details(self):
        self.becomes("ada@example.test", OK, "ada")
        self.becomes("ADA@Example.TEST", OK, "ada")
        self.becomes("ada+Lists@example.test", OK, "ada+Lists")
        self.becomes("nobody@example.test", UNKNOWN)
        self.becomes("nobody+x@example.test", UNKNOWN)
        self.becomes("ada@elsewhere.test", FOREIGN, "ada@elsewhere.test")
        self.becomes("ada", UNKNOWN)
        self.becomes("", UNKNOWN)
        self.becomes("*@example.test", UNKNOWN)
        self.becomes("a)(mail=*@example.test", UNKNOWN)
        self.assertEqual(self.user("Ada+Lists@example.test"),
                         (OK, "ada@example.test", "Lists", "default", 0))
        self.assertEqual(self.user("nobody@example.test")[0], UNKNOWN)

    def test_aliases(self):
        self.alias("one", "ada")
        self.becomes("one@example.test", OK, "ada")
        self.becomes("one+tag@example.test", OK, "ada+tag")
        self.alias("all", "ada", "bob", "one")
        self.becomes("all@example.test", OK, "ada", "bob")
        self.assertEqual(self.user("all@example.test")[0], UNKNOWN)

    def test_circles_and_chains(self):
        self.alias("ping", "pong")
        self.alias("pong", "ping")
        self.becomes("ping@example.test", LOOP)
        self.alias("round", "round2", "bob")
        self.alias("round2", "round")
        self.becomes("round@example.test", OK, "bob")
        for i in range(25):
            self.alias(f"chain{i}", f"chain{i + 1}")
        self.alias("chain25", "ada")
        self.becomes("chain0@example.test", LOOP)
        self.becomes("chain10@example.test", OK, "ada")

    def test_administrators_and_catch_all(self):
        self.chancery.run("domain", "add", "second.test", "--admin",
                          "carol@example.test")
        self.becomes("postmaster@second.test", OK, "carol")
        self.becomes("abuse@second.test", OK, "carol")
        self.becomes("webmaster@second.test", UNKNOWN)
        self.chancery.run("alias", "add", "abuse@second.test",
                          "bob@example.test")
        self.becomes("abuse@second.test", OK, "bob")
        self.chancery.run("alias", "add", "@second.test", "ada@example.test")
        self.becomes("whoever@second.test", OK, "ada")
        self.becomes("postmaster@second.test", OK, "carol")
        self.chancery.run("alias", "remove", "@second.test")
        self.becomes("whoever@second.test", UNKNOWN)

    def test_a_disabled_user_takes_no_mail(self):
        self.chancery.add_user("dora")
        self.becomes("dora@example.test", OK, "dora")
        self.chancery.run("user", "disable", "dora@example.test")
        self.becomes("dora@example.test", DISABLED)
        self.chancery.run("user", "enable", "dora@example.test")
        self.becomes("dora@example.test", OK, "dora")
        self.chancery.run("user", "remove", "dora@example.test")
        self.becomes("dora@example.test", UNKNOWN)

    def test_forwarding_and_quota(self):
        self.chancery.add_user("frank")
        self.modify("frank", "add: mailForwardingAddress",
                    "mailForwardingAddress: bob@example.test", "-",
                    "add: mailQuotaSize", "mailQuotaSize: 1000000")
        self.becomes("frank@example.test", OK, "frank", "bob")
        self.assertEqual(self.user("frank@example.test")[4], 1000000)
        self.modify("frank", "add: mailForwardOnly", "mailForwardOnly: TRUE")
        self.becomes("frank@example.test", OK, "bob")

    def test_who_may_send_as_whom(self):
        self.alias("sales", "carol", "bob")
        self.modify("carol", "add: mailSenderAddress",
                    "mailSenderAddress: @third.test", "-",
                    "add: mailAlternateAddress",
                    "mailAlternateAddress: c@example.test")
        carol = "carol@example.test"
        chancery.wait_until("the change is seen", lambda:
                            self.may_send(carol, "c@example.test"))
        for address, allowed in (
                (carol, True), ("Carol@Example.test", True),
                ("carol+x@example.test", True), ("", True),
                ("sales@example.test", True), ("any@third.test", True),
                ("ada@example.test", False), ("x@example.test", False),
                ("any@fourth.test", False), ("@third.test", True)):
            self.assertEqual(self.may_send(carol, address), allowed, address)
        self.assertFalse(self.may_send("ada@example.test",
                                       "sales@example.test"))
        self.assertFalse(self.may_send("nobody@example.test", ""))

    def test_a_standing_directory_delays_only_who_needs_it(self):
        self.becomes("ada@example.test", OK, "ada")
        pid = self.chancery.pid("directory")
        chancery.freeze(pid)
        try:
            tag = self.edge.send(30, frames.text("fresh1@example.test") +
                                 frames.text(""))
            other = frames.Conn(self.chancery.path("run/lmtpd/rewrite"))
            kind, answer = other.call(
                30, frames.text("no domain") + frames.text(""))
            self.assertEqual((kind, answer.u8()), (31, UNKNOWN))
            # the first question is still open
            self.assertEqual(select.select([self.edge.sock], [], [], 0)[0], [])
            other.close()
            kind, answer_tag, answer = self.edge.receive()
            self.assertEqual((kind, answer_tag), (frames.ERROR, tag))
        finally:
            os.kill(pid, signal.SIGCONT)
        self.becomes("fresh2@example.test", UNKNOWN)

    def test_nonsense_costs_a_client_only_its_own_connection(self):
        bad = frames.Conn(self.chancery.path("run/smtpd/rewrite"))
        bad.send(30, struct.pack(">I", 0xffffffff) + b"x")
        with self.assertRaises((EOFError, ConnectionResetError)):
            bad.receive()
        bad.close()
        self.becomes("ada@example.test", OK, "ada")


if __name__ == "__main__":
    chancery.main()
