"""Who may log in: by which mechanisms, how soon after a change, and how slow
it is for somebody who guesses; asked of authd over smtpd's edge."""

import base64
import os
import signal
import struct
import subprocess
import threading
import time

import chancery
import frames

CONTINUE, OK, FAIL, TEMP, BADMECH, BADPROTO = range(6)


class Authd(frames.Conn):
    """One asker, as smtpd is."""

    number = 0

    def start(self, mech, initial, secure=True, client="192.0.2.1"):
        self.number += 1
        return self.send(20, struct.pack(">Q", self.number) + b"".join((
            frames.text(f"session-{self.number}"), frames.text("imap"),
            frames.text(mech), bytes([initial is not None]),
            frames.text(initial or b""), frames.text(client),
            frames.text("127.0.0.1"), bytes([secure]), frames.text(b""),
            frames.text(b""), frames.text(b""))))

    def next(self, response, cancel=False):
        return self.send(21, struct.pack(">Q", self.number) +
                         bytes([cancel]) + frames.text(response))

    def step(self):
        """(status, challenge, user, ticket) of the next auth_step."""
        while True:
            kind, _, answer = self.receive()
            if kind == 22:
                break
        answer.u64()
        return answer.u8(), answer.raw(), answer.str(), answer.raw()

    def plain(self, user, password, **options):
        self.start("PLAIN", f"\0{user}\0{password}".encode(), **options)
        return self.step()[0]


class Login(chancery.TestCase):
    users = ("ada", "bob")
    may_panic = True

    def setUp(self):
        self.authd = Authd(self.chancery.path("run/smtpd/authd"))
        self.addCleanup(self.authd.close)

    def ldap(self, program, *words, **options):
        return subprocess.run(
            [program, "-Q", "-Y", "EXTERNAL", "-H", "ldapi://" +
             self.chancery.path("run/ctl/ldapi").replace("/", "%2F"),
             *words], text=True, stdout=subprocess.PIPE, check=True,
            **options).stdout

    def dn(self, user):
        return (f"mail={user}@example.test,associatedDomain=example.test,"
                "ou=domains,o=chancery")

    def test_mechanisms(self):
        a = self.authd
        a.start("PLAIN", b"\0ada@example.test\0secret-ada")
        status, _, user, ticket = a.step()
        self.assertEqual((status, user), (OK, "ada@example.test"))
        self.assertTrue(ticket.startswith(b"ChTk"))
        a.start("PLAIN", None)
        self.assertEqual(a.step()[:2], (CONTINUE, b""))
        a.next(b"\0ADA@example.test\0secret-ada")
        self.assertEqual(a.step()[0], OK)
        a.start("LOGIN", None)
        self.assertEqual(a.step()[0], CONTINUE)
        a.next(b"ada@example.test")
        self.assertEqual(a.step()[0], CONTINUE)
        a.next(b"secret-ada")
        self.assertEqual(a.step()[0], OK)
        for mech, initial, secure, want in (
                ("PLAIN", b"\0ada@example.test\0secret-ada", False, BADMECH),
                ("CRAM-MD5", None, True, BADMECH),
                ("EXTERNAL", b"ada", True, BADMECH),
                ("", b"", True, BADMECH),
                ("PLAIN", b"nonsense", True, BADPROTO),
                ("PLAIN", b"", True, BADPROTO)):
            a.start(mech, initial, secure=secure)
            self.assertEqual(a.step()[0], want, (mech, initial))
        a.next(b"x")  # of an exchange that is over
        self.assertEqual(a.step()[0], BADPROTO)

    def test_five_thousand_at_once(self):
        """Nobody reads the answers before all is asked."""
        self.assertEqual(self.authd.plain("ada@example.test", "secret-ada"),
                         OK)
        sender = threading.Thread(target=lambda: [self.authd.start(
            "PLAIN", b"\0%s@example.test\0secret-%s" % (u, u))
            for u in [b"ada", b"bob"] * 2500])
        sender.start()
        sender.join()
        answers = [self.authd.step()[0] for _ in range(5000)]
        self.assertEqual(answers, [OK] * 5000)

    def time_failures(self, times, number):
        """The least that each kind has taken, all of them tried once more."""
        for name, initial in {
                "wrong": b"\0ada@example.test\0wrong",
                "unknown": b"\0nobody@example.test\0wrong",
                "no domain": b"\0nobody@nowhere.test\0wrong",
                "catch-all": b"\0@example.test\0wrong",
                "empty": b"\0ada@example.test\0",
                "filter": b"\0*)(mail=*@example.test\0secret-ada",
                "other": b"bob@example.test\0ada@example.test\0secret-ada",
        }.items():
            # Each from an address of its own: guessing slows down.
            began = time.monotonic()
            self.authd.start("PLAIN", initial,
                             client=f"198.51.{number}.{len(name)}")
            step = self.authd.step()
            took = time.monotonic() - began
            self.assertEqual(step, (FAIL if name != "empty" else step[0],
                                    b"", "", b""), name)
            self.assertIn(step[0], (FAIL, BADPROTO))
            if name != "empty":
                times[name] = min(times.get(name, took), took)

    def test_wrong_and_unknown_look_and_take_the_same(self):
        """A busy machine may be slow at any time, but not each time."""
        times = {}
        for number in range(8):
            self.time_failures(times, number)
            self.assertGreater(min(times.values()), 0.9, times)
            if max(times.values()) - min(times.values()) < 0.5:
                return
        self.fail(f"they differ: {times}")

    def test_guessing_is_slow_for_the_guesser_alone(self):
        guesser = Authd(self.chancery.path("run/smtpd/authd"),
                        timeout=chancery.PATIENCE)
        began = time.monotonic()
        for i in range(6):  # all at once
            guesser.start("PLAIN", f"\0bob@example.test\0guess{i}".encode(),
                          client="203.0.113.9")
        while time.monotonic() - began < 0.3:  # bob comes meanwhile
            self.assertEqual(self.authd.plain(
                "bob@example.test", "secret-bob", client="192.0.2.77"), OK)
        for _ in range(6):
            self.assertEqual(guesser.step()[0], FAIL)
        self.assertGreater(time.monotonic() - began, 2.5)
        guesser.close()

    def test_a_change_by_the_operator_counts_at_once(self):
        self.chancery.add_user("carol")
        carol = "carol@example.test"
        self.assertEqual(self.authd.plain(carol, "secret-carol"), OK)
        watcher = Authd(self.chancery.path("run/front/authd"))
        watcher.send(24, b"\0")
        # An answer proves that what was sent before it was read.
        self.assertEqual(watcher.plain(carol, "secret-carol"), OK)
        before = int(time.time())
        self.chancery.run("user", "password", carol, "--password-file", "-",
                          stdin="another\n")
        while True:  # somebody's earlier change may be told, too, or hers
            kind, _, void = watcher.receive()
            self.assertEqual(kind, 25)
            if void.str() == carol and void.u64() >= before:
                break
        watcher.close()
        self.assertEqual(self.authd.plain(carol, "another"), OK)
        self.assertEqual(self.authd.plain(carol, "secret-carol"), FAIL)
        self.chancery.run("user", "disable", carol)
        self.assertEqual(self.authd.plain(carol, "another"), FAIL)
        self.chancery.run("user", "enable", carol)
        chancery.wait_until("carol may come in again", lambda:
                            self.authd.plain(carol, "another",
                                             client="192.0.2.78") == OK)
        self.chancery.run("user", "remove", carol)
        self.assertEqual(self.authd.plain(carol, "another",
                                          client="192.0.2.79"), FAIL)

    def test_a_third_partys_change_counts_within_seconds(self):
        self.chancery.add_user("dora")
        dora = "dora@example.test"
        self.assertEqual(self.authd.plain(dora, "secret-dora"), OK)
        self.ldap("ldapmodify", input=f"dn: {self.dn('dora')}\n"
                  "changetype: modify\nreplace: userPassword\n"
                  "userPassword: changed\n")
        chancery.wait_until(
            "the old password ends", lambda: self.authd.plain(
                dora, "secret-dora", client="192.0.2.98") == FAIL)
        self.assertEqual(self.authd.plain(dora, "changed",
                                          client="192.0.2.99"), OK)

    def test_passwords_are_kept_as_argon2id_and_shown_to_nobody(self):
        found = self.ldap("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b",
                          self.dn("ada"), "userPassword")
        line = [w for w in found.splitlines()
                if w.startswith("userPassword:: ")][0]
        self.assertTrue(base64.b64decode(line.split()[1]).startswith(
            b"{ARGON2}$argon2id$v=19$m=19456,t=2,p=1$"), line)
        bound = subprocess.run(
            ["ldapsearch", "-LLL", "-x", "-D", self.dn("ada"), "-w",
             "secret-ada", "-H", "ldapi://" +
             self.chancery.path("run/ctl/ldapi").replace("/", "%2F"),
             "-b", "o=chancery", "userPassword"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        self.assertNotIn("userPassword", bound)
        self.assertNotIn("argon", self.chancery.log())
        self.assertNotIn("secret-ada", self.chancery.log())

    def test_a_dead_directory_is_no_wrong_password(self):
        self.chancery.add_user("erin")
        pid = self.chancery.pid("directory")
        chancery.freeze(pid)
        try:
            self.assertEqual(self.authd.plain("erin@example.test",
                                              "secret-erin"), TEMP)
        finally:
            os.kill(pid, signal.SIGCONT)
        # a directory that stood still is asked again after a moment
        chancery.wait_until("erin may come in", lambda: self.authd.plain(
            "erin@example.test", "secret-erin") == OK)


if __name__ == "__main__":
    chancery.main()
