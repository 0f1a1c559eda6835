"""A changed password and a disabled account end open sessions."""

import socket
import time

import chancery


class VoidLogins(chancery.TestCase):
    users = ("ada", "bob")

    def let_a_second_pass(self):
        """The directory's times are whole seconds: what happens in the same
        one as a change is taken to come after it."""
        now = int(time.time())
        chancery.wait_until("another second",
                            lambda: int(time.time()) > now)

    def is_cut(self, sock):
        """The server closes within seconds, without a word from us."""
        sock.settimeout(60)
        try:
            while sock.recv(1000):
                pass
        except ConnectionError:
            pass
        except socket.timeout:
            return False
        return True

    def test_changed_password(self):
        ada = self.chancery.imap("ada")
        bob = self.chancery.imap("bob")
        self.let_a_second_pass()
        self.chancery.run("user", "password", "ada@example.test",
                          "--password-file", "-", stdin="another one\n")
        self.assertTrue(self.is_cut(ada.sock))
        self.assertEqual(bob.noop()[0], "OK")

    def test_disabled_account(self):
        pop3 = self.chancery.pop3("bob")
        self.let_a_second_pass()
        self.chancery.run("user", "disable", "bob@example.test")
        self.assertTrue(self.is_cut(pop3.sock))
        with self.assertRaises(Exception):
            self.chancery.pop3("bob")
        self.chancery.run("user", "enable", "bob@example.test")
        self.chancery.pop3("bob").quit()


if __name__ == "__main__":
    chancery.main()
