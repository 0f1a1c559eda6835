"""A full disk, for each place that is written to: clients are told to try
later (452 or 451), nothing accepted is lost, and it goes on by itself when
there is room again. Each place gets a small filesystem of its own.
"""

import collections
import errno
import os
import re
import smtplib
import subprocess

import chancery

PLACES = ("spool/ring", "spool/large", "store/default/packs",
          "store/default/index")


class DiskFull(chancery.TestCase):
    may_panic = True  # stored ends itself when a commit fails
    options = ("queue_segment_size = 1M", "queue_inline_limit = 128K",
               "queue_ring_size = 4M",
               "queue_minfree = 256K", "minimal_backoff_time = 1s",
               "maximal_backoff_time = 2s", "store_pack_size = 4M",
               "store_large_size = 2M",
               "store_index_size = 1G", "service_throttle_time = 1s")

    @classmethod
    def setUpClass(cls):
        if not chancery.IS_ROOT:
            print("skipped: disk_full (needs root, to mount filesystems)")
            return
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        if chancery.IS_ROOT:
            super().tearDownClass()

    @staticmethod
    def copy(source, target):
        subprocess.run(["cp", "-a", "--sparse=always", source + "/.",
                        target], check=True)

    def mount(self, place):
        """Put place on a filesystem of 24 MiB, contents kept."""
        path = self.chancery.path(place)
        st = os.stat(path)
        self.chancery.run("stop")
        saved = path + ".saved"
        subprocess.run(["cp", "-a", "--sparse=always", path, saved],
                       check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o",
                        f"size=24m,mode={st.st_mode & 0o7777:o},"
                        f"uid={st.st_uid},gid={st.st_gid}", "none", path],
                       check=True)
        self.copy(saved, path)
        self.chancery.run("start")
        return path, saved

    def unmount(self, path, saved):
        self.chancery.run("stop")
        self.copy(path, saved)
        # a session that was told to end may have it open for a moment
        chancery.wait_until(f"{path} is let go", lambda:
                            subprocess.run(["umount", path]).returncode == 0)
        self.copy(saved, path)
        subprocess.run(["rm", "-rf", saved], check=True)
        self.chancery.run("start")

    def send_one(self, ident, size):
        """The code of the answer to the final dot (or what came before)."""
        body = f"X-Test-Id: <{ident}>\r\n\r\n" + ("y" * 70 + "\r\n") * (
            size // 72)
        try:
            with self.chancery.smtp() as smtp:
                smtp.ehlo()
                for code, _ in (smtp.mail("x@elsewhere.test"),
                                smtp.rcpt("ada@example.test")):
                    if code != 250:
                        return code
                return smtp.data(body)[0]
        except (smtplib.SMTPException, OSError):
            return 0

    def found(self):
        """How often each is there."""
        return collections.Counter(
            ident.decode() for m in self.messages("ada")
            for ident in re.findall(rb"^X-Test-Id: <(.*)>\r$", m, re.M))

    def fill(self, path):
        """Take what is free, but a page."""
        free = os.statvfs(path)
        try:
            with open(f"{path}/ballast", "wb") as f:
                f.write(b"\0" * max(0, free.f_bavail * free.f_bsize - 4096))
        except OSError as full:  # a segment was being made meanwhile
            self.assertEqual(full.errno, errno.ENOSPC)

    def check_place(self, place):
        path, saved = self.mount(place)
        try:
            size = 3_000_000 if place == "spool/large" else 20_000
            self.assertEqual(self.send_one(f"{place}-before", size), 250)
            self.fill(path)
            accepted = []
            for n in range(60):
                ident = f"{place}-{n}"
                code = self.send_one(ident, size)
                self.assertIn(code, (250, 451, 452, 421, 0), ident)
                if code == 250:
                    accepted.append(ident)
            os.unlink(f"{path}/ballast")
            chancery.wait_until(
                "it takes mail again", lambda:
                self.send_one(f"{place}-after", size) == 250)
            accepted.append(f"{place}-before")

            def all_there():
                found = self.found()
                return all(found[ident] == 1 for ident in accepted)
            chancery.wait_until(f"all accepted mail is there: {accepted}",
                                all_there)
        finally:
            self.unmount(path, saved)

    def test_each_place(self):
        if not chancery.IS_ROOT:
            return
        for place in PLACES:
            with self.subTest(place=place):
                self.check_place(place)
        self.chancery.run("mailbox", "verify")


if __name__ == "__main__":
    chancery.main()
