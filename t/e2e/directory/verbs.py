"""The operator's verbs for domains, users and aliases: what they print, what
they refuse, whom they let, and that --purge leaves nothing."""

import os
import pty
import signal
import subprocess
import termios

import chancery


class Terminal:
    """A verb that is asked for at a terminal, and what is typed there."""

    def __init__(self, instance, *words):
        self.master, self.slave = pty.openpty()
        # the terminal's own process group: it sends what Ctrl-C means
        self.process = subprocess.Popen(
            [*instance.command(), "-C", instance.dir, *words],
            stdin=self.slave, stdout=self.slave, stderr=self.slave,
            start_new_session=True, preexec_fn=self.take)
        self.seen = ""

    def take(self):
        os.close(os.open(os.ttyname(0), os.O_RDWR))
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as at a login

    def wait_for(self, text):
        while text not in self.seen:
            self.seen += os.read(self.master, 1000).decode()

    def type(self, text):
        os.write(self.master, text.encode())

    def echoes(self):
        return termios.tcgetattr(self.slave)[3] & termios.ECHO != 0

    def end(self):
        code = self.process.wait(chancery.PATIENCE)
        os.close(self.master)
        os.close(self.slave)
        return code


class Verbs(chancery.TestCase):
    users = ("ada",)

    def fails(self, code, *words, stdin=None):
        done = self.chancery.run(*words, stdin=stdin, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("secret", done.stderr)
        return done.stderr

    def add(self, address, *options):
        self.chancery.run("user", "add", address, "--password-file", "-",
                          *options, stdin="secret\n")

    def test_domains(self):
        self.chancery.run("domain", "add", "Other.test", "--admin",
                          "ada@example.test")
        self.assertIn({"domain": "other.test",
                       "administrator": "ada@example.test"},
                      self.chancery.json("domain", "list")["domains"])
        self.assertIn("already", self.fails(1, "domain", "add", "other.test"))
        self.add("x@other.test")
        self.assertIn("still has 1",
                      self.fails(1, "domain", "remove", "other.test"))
        self.chancery.run("user", "remove", "x@other.test")
        self.chancery.run("domain", "remove", "other.test")
        self.fails(1, "domain", "remove", "other.test")
        for wrong in ("", ".", "a..b", "-a.test", "a b", "x" * 64 + ".test"):
            self.fails(1, "domain", "add", wrong)
        self.fails(2, "domain", "add")

    def test_a_password_that_is_typed(self):
        asked = Terminal(self.chancery, "user", "add", "typed@example.test")
        for prompt in ("Password: ", "Once more: "):
            asked.wait_for(prompt)
            self.assertFalse(asked.echoes())
            asked.type("secret-typed\n")
        asked.process.wait(chancery.PATIENCE)
        self.assertTrue(asked.echoes())
        asked.wait_for("\n")
        self.assertEqual(asked.end(), 0, asked.seen)
        self.assertNotIn("secret", asked.seen)
        self.chancery.imap("typed").logout()
        self.chancery.run("user", "remove", "typed@example.test")

    def test_a_password_that_is_interrupted(self):
        asked = Terminal(self.chancery, "user", "password", "ada@example.test")
        asked.wait_for("Password: ")
        asked.type("half\x03")
        asked.process.wait(chancery.PATIENCE)
        self.assertTrue(asked.echoes())
        self.assertEqual(asked.end(), -signal.SIGINT, asked.seen)
        self.chancery.imap("ada").logout()

    def test_users(self):
        self.add("Bob@example.test", "--name", "Bob Müller", "--quota", "5M")
        self.assertEqual(
            self.chancery.json("user", "show", "bob@example.test"),
            {"address": "bob@example.test", "name": "Bob Müller",
             "status": "active", "quota": 5 << 20,
             "used": 0, "messages": 0,
             "alternate_addresses": [], "forwarding_addresses": [], "keeps_copy": True,
             "dn": "mail=bob@example.test,associatedDomain=example.test,"
             "ou=domains,o=chancery"})
        listed = self.chancery.json("user", "list", "example.test")["users"]
        self.assertEqual(sorted(u["address"] for u in listed),
                         ["ada@example.test", "bob@example.test"])
        for address, word in (("bob@example.test", "exists"),
                              ("carol@nowhere.test", "not a domain"),
                              ("carol", "no domain"),
                              ("a b@example.test", "no address"),
                              ("@example.test", "no address")):
            self.assertIn(word, self.fails(
                1, "user", "add", address, "--password-file", "-",
                stdin="secret\n"))
        self.fails(1, "user", "add", "c@example.test", "--quota", "many",
                   "--password-file", "-", stdin="secret\n")
        self.fails(1, "user", "add", "c@example.test", "--password-file", "-",
                   stdin="\n")
        self.fails(1, "user", "show", "c@example.test")
        self.chancery.run("user", "remove", "bob@example.test")
        self.fails(1, "user", "remove", "bob@example.test")

    def test_a_password_file_others_can_read_is_refused(self):
        path = self.chancery.path("password")
        with open(path, "w") as f:
            f.write("secret-word\n")
        os.chmod(path, 0o644)
        self.fails(1, "user", "password", "ada@example.test",
                   "--password-file", path)
        os.chmod(path, 0o600)
        self.chancery.run("user", "password", "ada@example.test",
                          "--password-file", path)
        self.chancery.run("user", "password", "ada@example.test",
                          "--password-file", "-",
                          stdin=self.chancery.password("ada") + "\n")

    def test_aliases(self):
        self.chancery.run("alias", "add", "info@example.test",
                          "ada@example.test", "postmaster@example.test")
        self.assertIn({"address": "info@example.test",
                       "targets": ["ada@example.test",
                                   "postmaster@example.test"]},
                      self.chancery.json("alias", "list")["aliases"])
        self.fails(1, "alias", "add", "info@example.test", "ada@example.test")
        self.fails(1, "alias", "add", "ada@example.test", "ada@example.test")
        self.fails(1, "alias", "add", "out@example.test", "nowhere")
        self.fails(1, "user", "add", "info@example.test", "--password-file",
                   "-", stdin="secret\n")
        self.fails(2, "alias", "add", "info@example.test")
        self.chancery.run("alias", "remove", "info@example.test")
        self.fails(1, "alias", "remove", "info@example.test")

    def test_purge_leaves_nothing(self):
        self.chancery.add_user("gone")
        self.send("x@elsewhere.test", ["gone"], "Subject: 1\r\n\r\nx\r\n")
        self.wait_for_messages("gone", 1)
        imap = self.chancery.imap("gone")
        imap.create("Work/Old")
        imap.append("Work/Old", None, None, b"Subject: 2\r\n\r\nx\r\n")
        imap.logout()
        self.chancery.run("user", "remove", "gone@example.test", "--purge")
        left = self.chancery.json("mailbox", "list", "gone@example.test")
        self.assertEqual([(m["name"], m["messages"], m["bytes"])
                          for m in left["mailboxes"]], [("INBOX", 0, 0)])
        self.chancery.run("user", "remove", "gone@example.test", "--purge")
        self.chancery.run("user", "remove", "never@example.test", "--purge")
        self.chancery.run("mailbox", "verify")
        self.chancery.add_user("gone")
        self.assertEqual(self.messages("gone"), [])
        self.chancery.run("user", "remove", "gone@example.test")

    def test_members_of_the_operators_group_may_and_others_not(self):
        if not chancery.IS_ROOT:
            print(f"skipped: {self.id()}, as that takes root")
            self.skipTest("takes root")
        self.chancery.stop()
        with open(self.chancery.path("etc/main.cf"), "a") as main_cf:
            main_cf.write("operator_group = 4711\n")
        self.chancery.start()

        def run(group):
            return subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", group,
                 chancery.COMMAND, "-C", self.chancery.dir, "user", "show",
                 "ada@example.test"], stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False)

        self.assertIn("status: active", run("--groups=4711").stdout)
        self.assertEqual(run("--clear-groups").returncode, 1)


if __name__ == "__main__":
    chancery.main()
