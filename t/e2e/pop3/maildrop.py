"""POP3 over a real store: what is removed when, and what comes byte for byte."""

import hashlib
import poplib
import time

import chancery

poplib._MAXLINE = 1 << 20


class Maildrop(chancery.TestCase):
    users = ("ada", "bob", "cy", "dee", "eve", "fay", "gus", "hal")

    def fill(self, user, *messages):
        for n, message in enumerate(messages, 1):
            self.send("x@elsewhere.test", [user], message)
            self.wait_for_messages(user, n)

    def raw(self, user, *lines):
        """Logged in by hand; everything the server said to the lines."""
        address = self.chancery.address(user)
        return self.talk("pop3", f"USER {address}",
                         f"PASS {self.chancery.password(user)}", *lines)

    def test_messages_come_byte_for_byte(self):
        bodies = ["Subject: 1\r\n\r\n.\r\n..\r\n...x\r\n\r\n.\r\nend\r\n",
                  "Subject: 2\r\n\r\n" + "y" * 5000 + "\r\n",
                  "Subject: 3\r\n\r\n" +
                  "".join(f"{n:06d}{'.' * 64}\r\n" for n in range(20000))]
        self.fill("ada", *bodies)
        pop3 = self.chancery.pop3("ada")
        stored = self.messages("ada")
        self.assertEqual(pop3.stat(), (3, sum(map(len, stored))))
        for n, body in enumerate(bodies, 1):
            _, lines, _ = pop3.retr(n)
            got = b"".join(line + b"\r\n" for line in lines)
            self.assertTrue(got.endswith(body.encode()))
            self.assertEqual(got, stored[n - 1])
            self.assertEqual(pop3.list(n), b"+OK %d %d" % (n, len(got)))
        header, _, _ = stored[0].partition(b"\r\n\r\n")
        self.assertEqual(b"\r\n".join(pop3.top(1, 0)[1]),
                         header + b"\r\n")
        self.assertEqual(pop3.top(1, 2)[1][-2:], [b".", b".."])
        pop3.quit()

    def test_only_quit_removes(self):
        self.fill("bob", "Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n")
        before = self.messages("bob")
        self.assertIn("+OK Message 1 deleted",
                      self.raw("bob", "DELE 1", "DELE 2"))
        self.assertEqual(self.messages("bob"), before)
        self.assertIn("+OK Message 1 deleted",
                      self.raw("bob", "DELE 1", "DELE 2", "RSET", "DELE 1",
                               "QUIT"))
        self.assertEqual(self.messages("bob"), before[1:])

    def test_unique_ids_stay_with_their_messages(self):
        self.fill("cy", *(f"Subject: {n}\r\n\r\n" for n in range(3)))
        pop3 = self.chancery.pop3("cy")
        ids = [line.split()[1] for line in pop3.uidl()[1]]
        self.assertEqual(len(set(ids)), 3)
        pop3.dele(2)
        pop3.quit()
        pop3 = self.chancery.pop3("cy")
        self.assertEqual([line.split()[1] for line in pop3.uidl()[1]],
                         [ids[0], ids[2]])
        pop3.quit()

    def test_one_session_at_a_time(self):
        first = self.chancery.pop3("dee")
        for service in ("pop3", "pop3s"):  # different parents, one lock
            with self.assertRaises(poplib.error_proto) as refusal:
                self.chancery.pop3("dee", service)
            self.assertIn("[IN-USE]", str(refusal.exception))
        other = self.chancery.pop3("eve")
        other.quit()
        first.close()  # without QUIT

        def is_free():
            try:
                self.chancery.pop3("dee").quit()
                return True
            except poplib.error_proto:
                return False
        chancery.wait_until("the lock is gone", is_free)

    def test_who_said_quit_may_come_again_at_once(self):
        """The answer comes behind the end of the lock."""
        address = self.chancery.address("cy").encode()
        password = self.chancery.password("cy").encode()
        for n in range(100):
            sock = self.chancery.connect("pop3")
            sock.sendall(b"USER %s\r\nPASS %s\r\nQUIT\r\n" %
                         (address, password))
            said = b""
            while not said.endswith(b"+OK Bye\r\n"):
                chunk = sock.recv(1000)
                said += chunk
                self.assertTrue(chunk, (n, said))
            sock.close()

    def test_what_imap_removed_meanwhile(self):
        self.fill("eve", "Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n")
        pop3 = self.chancery.pop3("eve")
        imap = self.chancery.imap("eve")
        imap.select()
        imap.store("1", "+FLAGS", "\\Deleted")
        imap.expunge()
        self.send("x@elsewhere.test", ["eve"], "Subject: 3\r\n\r\n")
        self.wait_for_messages("eve", 2)
        with self.assertRaises(poplib.error_proto):
            pop3.retr(1)
        self.assertEqual(pop3.stat()[0], 2)  # as it was at the beginning
        self.assertIn(b"Subject: 2", pop3.retr(2)[1])
        pop3.dele(1)
        pop3.dele(2)
        pop3.quit()
        left = self.messages("eve")
        self.assertEqual(len(left), 1)
        self.assertIn(b"Subject: 3", left[0])

    def test_retrieved_messages_are_seen(self):
        self.fill("fay", "Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n")
        pop3 = self.chancery.pop3("fay")
        pop3.retr(2)
        pop3.quit()
        imap = self.chancery.imap("fay")
        imap.select(readonly=True)
        self.assertEqual(imap.search(None, "SEEN")[1], [b"2"])
        imap.logout()

    def test_six_thousand_messages(self):
        count = 6000
        imap = self.chancery.imap("gus")
        message = b"Subject: n\r\n\r\n" + b"z" * 1000 + b"\r\n"
        # LITERAL+, all at once: imaplib would wait for each.
        line = b"a APPEND INBOX {%d+}\r\n%s\r\n" % (len(message), message)
        imap.sock.sendall(line * (count // 16))
        done = 0
        while done < count // 16:
            done += imap.file.readline().startswith(b"a OK")
        imap.select()
        for _ in range(4):  # doubled each time
            self.assertEqual(imap.copy("1:*", "INBOX")[0], "OK")
            imap.noop()
        imap.logout()
        began = time.monotonic()
        pop3 = self.chancery.pop3("gus")
        self.assertEqual(pop3.stat()[0], count)
        self.assertEqual(len(pop3.uidl()[1]), count)
        self.assertEqual(len(pop3.list()[1]), count)
        opened = time.monotonic() - began
        digest = hashlib.sha256()
        for n in range(1, count + 1):
            lines = pop3.retr(n)[1]
            digest.update(b"\r\n".join(lines) + b"\r\n")
        read = time.monotonic() - began - opened
        want = hashlib.sha256(message * count)
        self.assertEqual(digest.digest(), want.digest())
        for n in range(1, count + 1):
            pop3.dele(n)
        pop3.quit()
        done = time.monotonic() - began - opened - read
        print(f"open {opened:.2f} s, retrieve {read:.2f} s, "
              f"delete {done:.2f} s")
        self.assertLess(opened, 30)
        self.assertEqual(self.messages("gus"), [])

    def test_stored_is_restarted_meanwhile(self):
        self.fill("hal", "Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n")
        pop3 = self.chancery.pop3("hal")
        self.assertIn(b"Subject: 1", pop3.retr(1)[1])
        self.chancery.run("restart", "stored")
        self.assertIn(b"Subject: 2", pop3.retr(2)[1])
        pop3.dele(1)
        self.chancery.run("restart", "stored")
        pop3.quit()
        self.assertEqual(len(self.messages("hal")), 1)

    def test_login_is_refused_as_it_should_be(self):
        self.assertIn("-ERR [AUTH]",
                      self.talk("pop3", "USER ada@example.test", "PASS x"))
        said = self.talk("pop3", "CAPA", "APOP ada x", "STAT", "QUIT")
        for word in ("SASL SCRAM-SHA-256 PLAIN LOGIN", "STLS", "UIDL", "TOP",
                     "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE"):
            self.assertIn(word, said)
        self.assertEqual(said.count("-ERR"), 2)


if __name__ == "__main__":
    chancery.main()
