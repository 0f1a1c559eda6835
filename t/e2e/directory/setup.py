"""setup makes an instance once, refuses what it cannot do, keeps its secrets
to itself, and what it made can be moved."""

import os
import shutil
import stat
import subprocess
import tempfile
import unittest

import chancery


class Setup(unittest.TestCase):
    def run_setup(self, folder, *words):
        return subprocess.run(
            [chancery.COMMAND, "-C", folder, "setup", *words], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=chancery.PATIENCE)

    def test_it_refuses_what_is_wrong_and_leaves_nothing(self):
        parent = tempfile.mkdtemp(prefix="chancery-setup-")
        self.addCleanup(shutil.rmtree, parent)
        folder = os.path.join(parent, "instance")
        for words in ((), ("--domain", "a b"), ("--domain", ""),
                      ("--domain", "x.test", "--port-base", "17"),
                      ("--domain", "x.test", "--port-base", "99000"),
                      ("--domain", "x.test", "--listen", "nowhere"),
                      ("--domain", "x.test", "--hostname", "-"),
                      ("--domain", "x.test", "--admin", "me"),
                      ("--domain", "x.test", "--nonsense"),
                      ("--domain", "x.test", "extra")):
            done = self.run_setup(folder, *words)
            self.assertEqual(done.returncode, 2, (words, done.stderr))
            self.assertFalse(os.path.exists(folder), words)

    def test_an_instance_keeps_its_secrets_and_can_be_moved(self):
        instance = chancery.Instance()
        self.addCleanup(instance.remove)
        with open(instance.path("etc/main.cf")) as f:
            before = f.read()
        done = self.run_setup(instance.dir, "--domain", "other.test")
        self.assertEqual(done.returncode, 1)
        self.assertIn("already", done.stderr)
        with open(instance.path("etc/main.cf")) as f:
            self.assertEqual(f.read(), before)
        for secret in ("tls/key.pem", "etc/ticket.key", "directory",
                       "directory/slapd.d"):
            mode = stat.S_IMODE(os.stat(instance.path(secret)).st_mode)
            self.assertEqual(mode & 0o077, 0, secret)
        instance.users = ["ada"]
        instance.start()
        instance.stop()
        moved = instance.dir + "-moved"
        os.rename(instance.dir, moved)
        instance.dir = moved
        instance.start()
        self.assertEqual(
            instance.json("user", "show", "ada@example.test")["status"],
            "active")
        with instance.smtp("submission", "ada") as smtp:
            self.assertEqual(smtp.noop()[0], 250)


if __name__ == "__main__":
    chancery.main()
