"""The host's clock jumps, forwards and back, while mail comes in and while
some waits: nothing is lost, nothing waits for the old time to come again.

The daemons are started in a mount namespace of their own whose ld.so.preload
names a clock that the test can set (lib/clock_jump.c). That takes root.
"""

import mmap
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

import chancery
import load

HOUR, DAY = 3600, 86400
START = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/etc"
mkdir "$1/etc/up" "$1/etc/work"
mount -t overlay overlay \
    -o "lowerdir=/etc,upperdir=$1/etc/up,workdir=$1/etc/work" /etc
echo "$1/clock.so" >/etc/ld.so.preload
shift
exec "$@"
"""


class Clock:
    """A folder with the clock, and the command line that starts under it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="chancery-clock-")
        os.chmod(self.dir, 0o755)
        os.mkdir(os.path.join(self.dir, "etc"))
        path = os.path.join(self.dir, "offset")
        with open(path, "wb") as file:
            file.write(bytes(8))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 8)
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", f'-DCLOCK_FILE="{path}"', "-o",
             os.path.join(self.dir, "clock.so"), os.path.join(
                 os.path.dirname(chancery.__file__), "clock_jump.c"),
             "-ldl"], check=True)

    def jump(self, seconds):
        """To so many seconds before or behind the host's."""
        self.map[:] = struct.pack("=q", seconds)

    def start(self, *words):
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", START, "sh", self.dir, *words],
            text=True, timeout=chancery.PATIENCE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)

    def close(self):
        self.map.close()
        self.file.close()
        shutil.rmtree(self.dir)


@unittest.skipIf(chancery.BUILD.endswith("asan"),
                 "a clock put before the sanitizers' own calls")
@unittest.skipUnless(chancery.IS_ROOT, "takes root: a mount namespace")
class Jumps(chancery.TestCase):
    options = ("minimal_backoff_time = 2s", "maximal_backoff_time = 10s",
               "quota_full_tempfail = yes")
    users = ()

    @classmethod
    def setUpClass(cls):
        if not chancery.IS_ROOT:
            raise unittest.SkipTest("takes root: a mount namespace")
        cls.clock = Clock()
        super().setUpClass()
        cls.chancery.stop()
        cls.clock.start(chancery.COMMAND, "-C", cls.chancery.dir, "start")
        cls.chancery.running = True
        for user in ("ada", "carol"):
            cls.chancery.add_user(user)

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.clock.close()

    def setUp(self):
        self.clock.jump(0)

    def years(self, message):
        return set(re.findall(rb"^Received:(?:.*\r\n[ \t])*.*"
                              rb"\w{3} (\d{4}) ", message, re.M))

    def test_a_the_clock_is_theirs(self):
        """The test would prove nothing if the daemons did not see it."""
        ahead = 3 * 366 * DAY
        self.clock.jump(ahead)
        self.send("x@elsewhere.test", ["carol"], "Subject: x\r\n\r\nx\r\n")
        message, = self.wait_for_messages("carol", 1)
        then = {time.strftime("%Y", time.localtime(time.time() + offset))
                for offset in (ahead, ahead - chancery.PATIENCE)}
        self.assertTrue(then & {y.decode() for y in self.years(message)})

    def test_b_under_load(self):
        with load.Load(self.chancery, "ada", sessions=2) as sending:
            for offset in (0, 2 * DAY, 0, -HOUR, -40 * DAY, HOUR, 0):
                self.clock.jump(offset)
                sending.wait_for(10)
        sending.check(self)
        self.assertEqual(sending.put_off, [])

    def waits_and_jumps(self, user, offset):
        """A message waits for room in a mailbox when the clock jumps."""
        self.chancery.run("user", "add", self.chancery.address(user),
                          "--quota", "6000", "--password-file", "-",
                          stdin=self.chancery.password(user) + "\n")
        message = "Subject: w\r\n\r\n" + ("y" * 70 + "\r\n") * 50
        for _ in range(2):
            self.send("x@elsewhere.test", [user], message)
        self.wait_for_messages(user, 1)
        chancery.wait_until("the other is put off", lambda: any(
            m["state"] == "deferred"
            for m in self.chancery.json("queue", "list")["queue"]))
        self.clock.jump(offset)
        imap = self.chancery.imap(user)
        imap.select("INBOX")
        imap.store("1", "+FLAGS", "\\Deleted")
        imap.expunge()
        imap.logout()
        self.wait_for_messages(user, 1)
        chancery.wait_until("an empty queue", lambda: not self.chancery.json(
            "queue", "list")["queue"])
        self.assertNotIn("status=expired", self.chancery.log())

    def test_c_back_while_mail_waits(self):
        self.waits_and_jumps("bob", -2 * DAY)
        self.assert_logged("the clock was set back by 172")

    def test_d_forwards_while_mail_waits(self):
        self.waits_and_jumps("dan", 2 * DAY)

    def test_e_people_can_still_log_in(self):
        for offset in (DAY, -DAY, 0):
            self.clock.jump(offset)
            with self.chancery.smtp("submission", "ada") as smtp:
                smtp.sendmail("ada@example.test", ["carol@example.test"],
                              "Subject: in\r\n\r\nx\r\n")
            imap = self.chancery.imap("carol")
            self.assertEqual(imap.select("INBOX")[0], "OK")
            imap.logout()


if __name__ == "__main__":
    chancery.main()
