"""Sessions whose login is void end within seconds: the user was disabled, or
the password changed."""

import poplib

import chancery
import imap_talk


class VoidLogins(imap_talk.TestCase):

    users = ("ada", "bob")

    def ended(self, client):
        said = ""
        while not said.startswith("* BYE"):
            said = client.response()
        with self.assertRaises(EOFError):
            client.line()

    def test_a_disabled_user(self):
        waiting, idling = self.client("bob"), self.client("bob")
        idling.send("i IDLE")
        self.assertTrue(idling.response().startswith("+ "))
        self.chancery.run("user", "disable", self.chancery.address("bob"))
        self.ended(waiting)
        self.ended(idling)
        # others stay
        self.ada.ok("NOOP")
        self.chancery.run("user", "enable", self.chancery.address("bob"))
        self.client("bob").ok("NOOP")

    def test_a_kick(self):
        waiting, parked = self.client("bob"), self.client("bob")
        parked.send("i IDLE")
        self.assertTrue(parked.response().startswith("+ "))
        pop3 = self.chancery.pop3("bob", "pop3")
        self.chancery.run("user", "kick", self.chancery.address("bob"))
        self.ended(waiting)
        self.ended(parked)
        with self.assertRaises((poplib.error_proto, OSError)):
            while True:  # within seconds, or the socket's time limit
                pop3.noop()
        self.ada.ok("NOOP")
        self.client("bob").ok("NOOP")


if __name__ == "__main__":
    chancery.main()
