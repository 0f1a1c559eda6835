"""Literal floods (CVE-2024-34055 of Cyrus IMAP, memory without a bound by many
literals; RFC 7888 section 4 on why {n+} needs a limit).

Literals of four gigabytes, thousands of small ones, announced and never sent,
inside every command and before login: what is too large is refused before a
byte of it is kept, and memory stays."""

import socket

import attack
import imap_talk

HUGE = ("4294967295", "4294967296", "99999999999999999999", "10000000000")


class Literals(attack.TestCase):
    options = ("imap_park_after = 1h",)  # each has its process, always

    def session(self, user="ada"):
        client = imap_talk.Client(self.chancery, user)
        self.addCleanup(client.close)
        return client

    def test_before_login(self):
        front = self.chancery.pid("front")
        before = attack.memory(front)
        for size in HUGE + ("1000000", "70000"):
            for plus in ("", "+"):
                self.count()
                with self.connect("imap") as sock:
                    sock.sendall(b"a LOGIN {%s%s}\r\n" % (size.encode(),
                                                          plus.encode()))
                    try:
                        for _ in range(20):
                            sock.sendall(b"x" * 65536)
                    except OSError:
                        pass  # closed, as it should be
                    said = attack.read_all(sock)
                self.assertNotIn(b"\r\n+ ", said, size)
        self.assertLess(attack.memory(front) - before, 2048)
        self.is_served()

    def test_after_login(self):
        for command in ("SELECT", "SEARCH TEXT", "CREATE", "STATUS",
                        "LIST \"\"", "RENAME a", "SETACL a", "FETCH 1 BODY"):
            for size in HUGE[:2] + ("200000",):
                self.count()
                client = self.session()
                client.send(f"a {command} {{{size}}}")
                said = client.line()
                self.assertTrue(said.startswith((b"a BAD", b"a NO", b"* BYE")),
                                (command, size, said))
                client.close()

    def test_append_over_the_limit_is_refused_at_once(self):
        for size in HUGE[:2] + ("10240001",):
            self.count()
            client = self.session()
            client.send(f"a APPEND INBOX {{{size}}}")
            said = client.line()
            self.assertRegex(said, rb"^(a (NO|BAD)|\* BYE) ", size)
            client.close()

    def test_many_literals(self):
        """In one command; its size is what is limited, not their number."""
        client = self.session()
        client.ok("SELECT INBOX")
        for count in (1000, 20000):
            self.count()
            def flood():
                client.sock.sendall(b"a SEARCH" + b" OR TEXT {1+}\r\nx"
                                    b" TEXT {1+}\r\ny" * count + b"\r\n")
                return client.line()
            said, spent = self.cost(flood)
            while not said.startswith((b"a ", b"* BYE")):
                said = client.line()
            self.assertLess(spent, 2, said)
            client.close()
            client = self.session()
            client.ok("SELECT INBOX")

    def test_announced_and_never_sent(self):
        """Each of a hundred sessions waits for a literal: none holds room for
        it."""
        clients = [self.session() for _ in range(30)]
        def total():
            return sum(attack.memory(p) for p in attack.children(
                self.chancery.pid("imap")))
        before = total()
        for client in clients:
            client.send("a APPEND INBOX {10000000}")
            self.assertTrue(client.line().startswith(b"+"))
            client.sock.sendall(b"x")
            self.count()
        held = (total() - before) / len(clients)
        self.assertLess(held, 1500)
        self.saw(f"{held:.0f} KiB a session that announced 10 MB and sent a "
                 "byte")
        for client in clients:
            client.sock.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    attack.main()
