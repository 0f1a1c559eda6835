"""chancery check: what is wrong with an instance that an operator should
know, and nothing where nothing is."""

import os
import socket

import chancery
import dns

GOOD = {
    "example.net": """
        @ MX 10 mail
        @ TXT "v=spf1 mx -all"
        mail A 127.0.0.1
    """,
    "127.in-addr.arpa": "1.0.0 PTR mail.example.net.",
}
SERVER = dns.Server(GOOD)
SELF_SIGNED = "signed by itself"


class Check(chancery.TestCase):
    domain = "example.net"
    users = ()
    options = SERVER.options()

    def problems(self, *options, status=None):
        done = self.chancery.run("check", *options, check=False)
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout)
        lines = done.stdout.splitlines()
        return [line for line in lines[1:] if SELF_SIGNED not in line]

    def test_a_fresh_instance_is_fine(self):
        self.assertEqual(self.problems(status=0), [])

    def test_modes(self):
        key = self.chancery.path("tls/key.pem")
        os.chmod(key, 0o644)
        try:
            found = self.problems(status=1)
        finally:
            os.chmod(key, 0o600)
        self.assertEqual(len(found), 1)
        self.assertRegex(found[0], "^error +tls/key.pem has mode 0644")

    def test_owners(self):
        if not chancery.IS_ROOT:
            print("skipped: another owner, as that takes root")
            return
        spool = self.chancery.path("spool")
        owner = os.stat(spool).st_uid
        os.chown(spool, 0, -1)
        try:
            found = self.problems(status=1)
        finally:
            os.chown(spool, owner, -1)
        self.assertIn(f"spool belongs to user 0, not to {owner}", found[0])

    def test_the_dns(self):
        SERVER.change("example.net", "mail A 127.0.0.2\n@ MX 10 other")
        try:
            # dnsd keeps answers for a while: a new one asks anew
            self.chancery.run("restart", "dnsd")
            chancery.wait_until("the new zone", lambda: len(
                self.problems(status=0)) == 3)
            found = "\n".join(self.problems())
        finally:
            SERVER.change("example.net", GOOD["example.net"])
            self.chancery.run("restart", "dnsd")
        self.assertIn("PTR record of 127.0.0.2", found)
        self.assertIn("no MX record with mail.example.net", found)
        self.assertIn("no SPF record", found)


class Stopped(chancery.TestCase):
    users = ()

    @classmethod
    def setUpClass(cls):
        cls.chancery = chancery.Instance()

    @classmethod
    def tearDownClass(cls):
        cls.chancery.remove()

    def test_a_port_that_is_taken(self):
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", self.chancery.port("imap")))
            other.listen()
            done = self.chancery.run("check", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"error +imap at 127\.0\.0\.1:\d+: "
                         "another program has this port")

    def test_the_dns_of_reserved_domains_is_left_alone(self):
        done = self.chancery.run("check")
        self.assertNotIn("DNS", done.stdout)


if __name__ == "__main__":
    chancery.main()
