"""What a session says to anything that comes: tags, literals, states, limits
(RFC 3501 sections 2.2, 4.3, 7.1 and 9; RFC 2971, 5161, 7888)."""

import chancery
import imap_talk


class Commands(imap_talk.TestCase):

    def raw(self, data):
        """Send bytes; one response."""
        self.ada.send(data)
        return self.ada.response()

    def test_capability(self):
        said = self.ada.ok("CAPABILITY")[0].split()
        self.assertEqual(said[:2], ["CAPABILITY", "IMAP4rev1"])
        for word in ("LITERAL+", "ENABLE", "ID", "IDLE", "NAMESPACE",
                     "UIDPLUS", "UNSELECT", "MOVE", "SPECIAL-USE",
                     "CREATE-SPECIAL-USE", "CHILDREN", "SASL-IR", "CONDSTORE",
                     "QRESYNC"):
            self.assertIn(word, said)
        self.assertFalse([w for w in said if w.startswith("AUTH=")
                          or w in ("STARTTLS", "LOGINDISABLED")])

    def test_any_state(self):
        self.ada.ok("NOOP")
        self.ada.ok("noop")
        self.assertEqual(self.ada.ok("ENABLE X-FOO"), ["ENABLED"])
        self.assertEqual(self.ada.ok("ENABLE X-FOO condstore"),
                         ["ENABLED condstore"])
        self.assertTrue(self.ada.ok('ID ("name" "test" "x" NIL)')[0]
                        .startswith('ID ("name" "Chancery"'))
        self.ada.ok("ID NIL")
        for command in ("ENABLE", "ID", "ID (", 'ID ("name")', "NOOP x",
                        "LOGIN a b", "AUTHENTICATE PLAIN", "STARTTLS",
                        "CHECK", "EXPUNGE", "FETCH 1 (UID)", "UID", "UID FOO",
                        "UID NOOP", "NONSENSE"):
            self.ada.bad(command)

    def test_tags(self):
        self.assertEqual(self.raw("a.b-c NOOP").split()[:2], ["a.b-c", "OK"])
        self.assertTrue(self.raw("").startswith("* BAD"))
        self.assertTrue(self.raw("+ NOOP").startswith("* BAD"))
        self.assertTrue(self.raw("lonely").startswith("lonely BAD"))
        self.assertTrue(self.raw("a  NOOP").startswith("a BAD"))
        self.assertTrue(self.raw(b"a NOOP \r\n").startswith("a BAD"))

    def test_line_ends(self):
        self.assertTrue(self.raw(b"a NOOP\n").startswith("a BAD"))
        self.ada.ok("NOOP")
        self.assertTrue(self.raw(b"a NO\rOP\r\n").startswith("a BAD"))
        self.ada.ok("NOOP")

    def test_literals(self):
        self.ada.ok("STATUS ", self.box.encode(), " (MESSAGES)")
        self.ada.ok("STATUS ", self.box.encode(), " (MESSAGES)", plus=True)
        self.ada.no("STATUS ", b"a\r\nb", " (MESSAGES)")
        self.ada.bad("STATUS ", b"a\0b", " (MESSAGES)")
        # one that is too large is not asked for, or dropped
        tag = self.ada.begin("STATUS {999999}")
        self.assertTrue(self.ada.end(tag)[1].startswith("BAD"))
        self.ada.bad("STATUS ", b"x" * 999999, " (", b"y", ")", plus=True)
        self.ada.ok("NOOP")

    def test_a_line_too_long(self):
        said = self.raw(b"a NOOP " + b"x" * 300000 + b"\r\n")
        self.assertTrue(said.startswith("a BAD"), said)
        self.ada.ok("NOOP")

    def test_a_literal_no_one_can_hold_ends_it(self):
        self.ada.send("a STATUS {99999999999}")
        self.assertTrue(self.ada.response().startswith("a BAD"))
        self.assertTrue(self.ada.response().startswith("* BYE"))

    def test_nonsense_ends_it(self):
        for _ in range(20):
            self.ada.bad("NONSENSE")
        self.ada.ok("NOOP")  # what makes sense is a new start
        tags = [self.ada.begin("NONSENSE") for _ in range(21)]
        for tag in tags:
            untagged, done = self.ada.end(tag)
            self.assertTrue(done.startswith("BAD"))
        self.assertTrue(self.ada.response().startswith("* BYE"))

    def test_logout(self):
        untagged, done = self.ada.do("LOGOUT")
        self.assertTrue(untagged[0].startswith("BYE"))
        self.assertTrue(done.startswith("OK"))
        with self.assertRaises(EOFError):
            self.ada.line()

    def test_what_is_counted(self):
        def counters():
            return {c["counter"]: c["value"]
                    for c in self.chancery.json("status")["counters"]
                    if c["service"] == "imap"}
        before = counters()
        self.ada.ok("NOOP")
        self.ada.bad("NONSENSE")
        after = counters()
        self.assertEqual(after["commands"] - before["commands"], 2)
        self.assertEqual(after["bad_commands"] - before["bad_commands"], 1)
        self.assertEqual(after["command_time"], after["commands"])

    def test_pipelining(self):
        uids = self.fill(1)
        self.ada.send(f"a SELECT {self.box}\r\nb FETCH 1 (UID)\r\n"
                      f"c STORE 1 +FLAGS (\\Seen)\r\nd SEARCH SEEN\r\n"
                      f"e LOGOUT".encode() + b"\r\n")
        said = []
        try:
            while True:
                said.append(self.ada.response())
        except EOFError:
            pass
        self.assertIn(f"* 1 FETCH (UID {uids[0]})", said)
        self.assertIn("* SEARCH 1", said)
        self.assertTrue(said[-1].startswith("e OK"))


class Silence(chancery.TestCase):
    """A client that says nothing is logged out. It says all it has to say at
    once, lest a slow one be silent for too long before."""

    users = ("ada",)
    options = ("imapd_timeout = 4s",)

    def answers(self, *behind):
        """To LOGIN and what is sent with it, up to the end."""
        client = imap_talk.Client(self.chancery)
        self.addCleanup(client.close)
        client.send("\r\n".join((
            f"a LOGIN {self.chancery.address('ada')} "
            f"{self.chancery.password('ada')}", *behind)))
        said = []
        try:
            while True:
                said.append(client.response())
        except EOFError:
            return said

    def test_autologout(self):
        login, bye = self.answers()
        self.assertTrue(login.startswith("a OK"))
        self.assertTrue(bye.startswith("* BYE autologout"))

    def test_autologout_from_idle(self):
        login, idles, bye = self.answers("b IDLE")
        self.assertTrue(login.startswith("a OK"))
        self.assertTrue(idles.startswith("+"))
        self.assertTrue(bye.startswith("* BYE autologout"))


if __name__ == "__main__":
    chancery.main()
