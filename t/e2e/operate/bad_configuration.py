"""Wrong configuration: every error at once with file and line, exit 1, and
nothing half-started; a busy port is named and nothing is bound."""

import os
import re
import socket
import unittest

import chancery


class BadConfiguration(unittest.TestCase):
    def setUp(self):
        self.chancery = chancery.Instance()

    def tearDown(self):
        self.chancery.run("stop", check=False)
        self.chancery.remove()

    def start_fails(self):
        done = self.chancery.run("start", check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertNotEqual(
            self.chancery.run("status", check=False).returncode, 0)
        for service in chancery.PORTS:
            with self.assertRaises(OSError):
                self.chancery.connect(service)
        return done.stdout + done.stderr

    def test_main_cf(self):
        with open(self.chancery.path("etc/main.cf")) as f:
            lines = len(f.read().splitlines())
        with open(self.chancery.path("etc/main.cf"), "a") as f:
            f.write("message_size_limit = lots\n"
                    "\n"
                    "queue_inline_limit = -1\n"
                    "no equals sign here\n")
        said = self.start_fails()
        for line in (lines + 1, lines + 3, lines + 4):
            self.assertRegex(said, rf"main\.cf[:, ]+(line )?{line}\b")

    def test_master_cf(self):
        with open(self.chancery.path("etc/master.cf"), "a") as f:
            f.write("broken inet n\n"
                    "strange inet n - y - 10 nosuchdaemon\n")
        said = self.start_fails()
        self.assertRegex(said, r"master\.cf")
        self.assertEqual(len(set(re.findall(
            r"master\.cf[:, ]+(?:line )?(\d+)", said))), 2, said)

    def test_a_busy_port_is_named(self):
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", self.chancery.port("imap")))
            other.listen()
            done = self.chancery.run("start", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(self.chancery.port("imap")),
                          done.stdout + done.stderr)
            with self.assertRaises(OSError):
                self.chancery.connect("smtp")
        self.chancery.run("start")

    def test_an_unknown_name_is_only_a_warning(self):
        with open(self.chancery.path("etc/main.cf"), "a") as f:
            f.write("mesage_size_limit = 1M\n")
        done = self.chancery.run("check", check=False)
        self.assertIn("mesage_size_limit", done.stdout + done.stderr)
        self.chancery.run("start")
        self.assertTrue(os.path.exists(self.chancery.path("run/control")))

    def test_a_second_start_is_refused(self):
        self.chancery.run("start")
        done = self.chancery.run("start", check=False)
        self.assertEqual(done.returncode, 1)
        self.chancery.run("status")


if __name__ == "__main__":
    chancery.main()
