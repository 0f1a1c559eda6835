"""Infected mail with Debian's clamd: found, kept apart, told, released."""

import base64
import io
import re
import threading
import zipfile

import chancery
import filters


def with_attachment(content, encoding="base64"):
    if encoding == "base64":
        content = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return (b"From: Mallory <mallory@elsewhere.test>\r\n"
            b"To: ada@example.test\r\nSubject: your invoice\r\n"
            b"MIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n"
            b"--b\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: " + encoding.encode() +
            b"\r\n\r\n" + content + b"\r\n--b--\r\n")


def zipped(content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("invoice.com", content)
    return out.getvalue()


class ClamdCase(filters.Behind, chancery.TestCase):
    servers = {"clamav_socket": filters.Clamd}

    @property
    def clamd(self):
        return self.running["clamav_socket"]

    def quarantine(self):
        return self.chancery.json("quarantine", "list")["quarantine"]


class Quarantine(ClamdCase):
    users = ("ada", "bob", "carol", "dan", "eve", "fay")
    may_panic = True  # it kills qmgr

    def kept(self, message, users=("ada",)):
        """Send it; the row of the quarantine that came of it."""
        before = {m["id"] for m in self.quarantine()}
        self.send("mallory@elsewhere.test", users, message)
        new = [m for m in self.quarantine() if m["id"] not in before]
        self.assertEqual(len(new), 1)
        return new[0]

    def test_eicar_in_every_wrapping(self):
        for name, message in {
                "raw": b"Subject: raw\r\n\r\n" + filters.EICAR + b"\r\n",
                "base64": with_attachment(filters.EICAR),
                "zip": with_attachment(zipped(filters.EICAR)),
                "large": with_attachment(
                    filters.EICAR + bytes(range(256)) * 6000)}.items():
            with self.subTest(name):
                row = self.kept(message)
                self.assertEqual(row["sender"], "mallory@elsewhere.test")
                self.assertEqual(row["recipients"], ["ada@example.test"])
                self.assertIn("Test.Eicar", row["reason"])

    def test_the_recipient_is_told_and_nobody_gets_the_virus(self):
        row = self.kept(with_attachment(filters.EICAR), ["bob", "carol"])
        for user in ("bob", "carol"):
            notice, = self.wait_for_messages(user, 1)
            self.assertIn(b"Subject: A message to you was stopped", notice)
            self.assertIn(b"contains a virus", notice)
            self.assertIn(b"Auto-Submitted: auto-generated", notice)
            self.assertIn(b"Return-Path: <>", notice)
            self.assertIn(b"mallory@elsewhere.test", notice)
            self.assertIn(b"your invoice", notice)
            self.assertIn(row["id"].encode(), notice)
            self.assertNotIn(filters.EICAR[:20], notice)
            self.assertNotIn(base64.b64encode(filters.EICAR[:20])[:20],
                             notice)
        # only by its id
        for op in ("release", "requeue"):
            self.chancery.run("queue", op, "ALL")
            self.chancery.run("queue", op, "--recipient", "bob@*")
        self.assertIn(row["id"], [m["id"] for m in self.quarantine()])
        shown = self.chancery.json("quarantine", "show", row["id"])
        self.assertEqual(shown["client_address"], "127.0.0.1")
        self.assertIn(row["id"], self.chancery.run("quarantine",
                                                   "list").stdout)

    def test_clean_mail_passes_unchanged(self):
        message = with_attachment(b"clean")
        self.send("bob", ["eve"], message)
        found, = self.wait_for_messages("eve", 1)
        self.assertTrue(found.endswith(message))

    def test_release_delivers_once_and_delete_does_not(self):
        message = with_attachment(filters.EICAR)
        first, second = self.kept(message, ["dan"]), self.kept(message,
                                                               ["dan"])
        self.wait_for_messages("dan", 2)  # the two notices
        self.chancery.run("stop")
        self.chancery.run("start")
        done = self.chancery.json("quarantine", "release", first["id"])
        self.assertEqual(done["messages"], 1)
        found = self.wait_for_messages("dan", 3)
        self.assertEqual(len([m for m in found if m.endswith(message)]), 1)
        again = self.chancery.run("quarantine", "release", first["id"],
                                  check=False)
        self.assertEqual(again.returncode, 1)
        self.chancery.run("quarantine", "delete", second["id"])
        self.assertNotIn(second["id"], [m["id"] for m in self.quarantine()])
        self.chancery.run("queue", "flush")
        self.assertEqual(len(self.messages("dan")), 3)

    def test_released_once_whatever_crashes(self):
        message = with_attachment(filters.EICAR, "7bit")
        row = self.kept(message, ["fay"])
        self.wait_for_messages("fay", 1)  # the notice
        self.kill_qmgr()
        self.assertIn(row["id"], [m["id"] for m in self.quarantine()])
        self.chancery.run("quarantine", "release", row["id"])
        self.kill_qmgr()
        found = self.wait_for_messages("fay", 2)
        self.assertEqual(len([m for m in found if m.endswith(message)]), 1)
        self.assertNotIn(row["id"], [m["id"] for m in self.quarantine()])
        self.chancery.run("queue", "flush")
        self.assertEqual(len(self.messages("fay")), 2)

    def kill_qmgr(self):
        self.kill("qmgr")
        chancery.wait_until("it answers", lambda: self.chancery.run(
            "queue", "list", check=False).returncode == 0)

    def test_nobody_here_to_tell_means_refused(self):
        with self.chancery.smtp("submission", "ada") as smtp:
            smtp.mail("ada@example.test")
            self.assertEqual(smtp.rcpt("someone@far.test")[0], 250)
            code, text = smtp.data(with_attachment(filters.EICAR))
        self.assertEqual(code, 550)
        self.assertIn(b"Test.Eicar", text)

    def test_what_else_is_on_hold_is_not_ours(self):
        done = self.chancery.run("quarantine", "release", "NOSUCH",
                                 check=False)
        self.assertEqual(done.returncode, 1)
        done = self.chancery.run("quarantine", "list", "x", check=False)
        self.assertEqual(done.returncode, 2)


class Reject(ClamdCase):
    more = ("virus_action=reject",)

    def test_the_sender_hears_of_it(self):
        code, text = self.data(with_attachment(filters.EICAR))
        self.assertEqual(code, 550)
        self.assertIn(b"5.7.1", text)
        self.assertIn(b"Test.Eicar", text)
        self.assertEqual(self.quarantine(), [])
        self.assert_logged(r"reject: DATA from .*5\.7\.1.*Test\.Eicar")


class Keep(ClamdCase):
    more = ("quarantine_keep=1s", "virus_notify_recipient=no")

    def test_the_quarantine_empties_itself(self):
        self.send("x@elsewhere.test", ["ada"],
                  with_attachment(filters.EICAR))
        chancery.wait_until("it is gone", lambda: not self.quarantine())
        self.assert_logged("quarantine_keep is over")
        self.assertEqual(self.messages("ada"), [])


class Trouble(ClamdCase):
    """What a check that cannot be made does to mail."""

    more = ("clamav_timeout=60s",)
    master_options = {"submission": "-o clamav_timeout=2s"}

    def in_time(self):
        """The code, where an answer must come soon."""
        with self.chancery.smtp("submission", "ada") as smtp:
            smtp.mail("ada@example.test")
            smtp.rcpt("ada@example.test")
            return smtp.data(b"Subject: x\r\n\r\nhello\r\n")[0]

    def test_dead_stopped_and_back(self):
        self.assertEqual(self.data()[0], 250)
        self.clamd.kill()
        code, text = self.data()
        self.assertEqual(code, 451)
        self.assertIn(b"4.7.1", text)
        self.clamd.restart()
        self.assertEqual(self.data()[0], 250)
        chancery.freeze(self.clamd.process.pid)
        self.assertEqual(self.in_time(), 451)
        self.clamd.kill(filters.signal.SIGCONT)
        self.assertEqual(self.data()[0], 250)
        self.assert_logged("warning: .*clamd: ")


class Standin(ClamdCase):
    """A stand-in says what clamd does not."""

    more = ("clamav_timeout=60s", "clamav_concurrency_limit=2",
            "clamav_size_limit=1M")
    answers = {}
    servers = {"clamav_socket": lambda: filters.Scripted(
        lambda conn, number: Standin.answers["now"](conn))}

    def test_nonsense_puts_off(self):
        for reply in (b"", b"stream: OK", b"OK\0", b"stream: FOUND\0",
                      b"INSTREAM size limit exceeded. ERROR\0",
                      b"stream: a b FOUND\0", b"x" * 5000 + b"\0"):
            def say(conn, reply=reply):
                filters.read_stream(conn)
                conn.sendall(reply)
                conn.close()
            self.answers["now"] = say
            with self.subTest(reply[:40]):
                self.assertEqual(self.data()[0], 451)

    def test_killed_in_the_middle(self):
        def leave(conn):
            conn.recv(100)
            conn.close()
        self.answers["now"] = leave
        self.assertEqual(self.data(b"Subject: x\r\n\r\n" +
                                   b"y" * 70 + b"\r\n")[0], 451)

    def test_an_answer_before_the_end_is_heard(self):
        def refuse(conn):
            conn.recv(100)
            conn.sendall(b"stream: Early.Bird FOUND\0")
            conn.shutdown(filters.socket.SHUT_RDWR)
            conn.close()
        self.answers["now"] = refuse
        self.assertIn(self.data(b"Subject: x\r\n\r\n" +
                                b"y" * 70 + b"\r\n")[0], (250, 451))

    def test_large_messages_are_streamed_and_larger_ones_skipped(self):
        seen = []

        def look(conn):
            seen.append(filters.read_stream(conn))
            conn.sendall(b"stream: OK\0")
            conn.close()
        self.answers["now"] = look
        body = b"Subject: x\r\n\r\n" + (b"z" * 70 + b"\r\n") * 14000
        self.assertEqual(self.data(body)[0], 250)
        self.assertTrue(seen[0].endswith(body))
        self.assertRegex(seen[0], rb"^Received: ")
        self.assertEqual(self.data(body + body)[0], 250)
        self.assertEqual(len(seen), 1)
        self.assert_logged("clamd: not checked")

    def test_no_more_than_the_limit_at_a_time(self):
        lock, go = threading.Lock(), threading.Event()
        now = {"open": 0, "most": 0}

        def count(conn):
            with lock:
                now["open"] += 1
                now["most"] = max(now["most"], now["open"])
            filters.read_stream(conn)
            go.wait()
            with lock:
                now["open"] -= 1
            conn.sendall(b"stream: OK\0")
            conn.close()
        self.answers["now"] = count
        codes = []
        threads = [threading.Thread(target=lambda: codes.append(self.data()[0]))
                   for _ in range(6)]
        for thread in threads:
            thread.start()
        try:
            chancery.wait_until("two at a time", lambda: now["open"] == 2)
        finally:
            go.set()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, [250] * 6)
        self.assertEqual(now["most"], 2)


class Late(ClamdCase):
    more = ("clamav_timeout=2s",)
    servers = {"clamav_socket": lambda: filters.Scripted(filters.hang)}

    def test_the_time_limit_holds(self):
        self.assertEqual(self.data()[0], 451)
        self.assert_logged("no answer in time")


class Open(Standin):
    more = ("clamav_timeout=1s", "content_fail=accept")

    def test_unchecked_is_better_than_late(self):
        self.answers["now"] = lambda conn: conn.close()
        self.assertEqual(self.data()[0], 250)
        self.clamd.listener.close()
        self.assertEqual(self.data()[0], 250)
        self.assert_logged("clamd: .*; taken unchecked")

    test_nonsense_puts_off = None
    test_killed_in_the_middle = None
    test_an_answer_before_the_end_is_heard = None
    test_large_messages_are_streamed_and_larger_ones_skipped = None
    test_no_more_than_the_limit_at_a_time = None


if __name__ == "__main__":
    chancery.main()
