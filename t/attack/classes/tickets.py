"""Forged and replayed tickets (CWE-347, signatures not verified; CWE-294,
replay; JSON web tokens taught the ways: CVE-2015-9235, CVE-2022-21449).

stored is asked, over the edges of its own clients, to open mailboxes with
tickets that are cut, changed in each byte, signed by others, of another time,
another user or no user, and with a good one where no ticket opens anything; and
imapd and pop3d are handed clients with them, as a front that was taken over
could. Frames that are forged end their connection and no other."""

import hashlib
import os
import random
import socket
import struct
import subprocess
import tempfile
import time

import attack
import chancery
import frames
import standin

HELLO, WELCOME = 60, 61
AUTH_START, AUTH_STEP, AUTH_OK = 20, 22, 1
CONTEXT = b"chancery session ticket 1\0"
SIGNATURE = 64
ADA, BOB = "ada@example.test", "bob@example.test"


def fields(user=ADA, service="imap", issued=None, expires=None):
    now = int(time.time())
    return b"".join((
        frames.text("forged-session"), frames.text(user),
        frames.text(service), frames.text("PLAIN"),
        struct.pack(">QQ", issued if issued is not None else now - 10,
                    expires if expires is not None else now + 1000),
        struct.pack(">I", 0), struct.pack(">QQ", 0, 0)))


class Case(attack.TestCase):
    def conn(self, edge):
        conn = frames.Conn(self.chancery.path(edge))
        self.addCleanup(conn.close)
        return conn

    def good(self, user=ADA, service="imap"):
        authd = self.conn("run/smtpd/authd")
        name = user.split("@")[0]
        authd.send(AUTH_START, struct.pack(">Q", 1) + b"".join((
            frames.text("s"), frames.text(service), frames.text("PLAIN"),
            b"\1", frames.text(f"\0{user}\0secret-{name}"),
            frames.text("127.0.0.1"), frames.text("127.0.0.1"), b"\1",
            frames.text(b""), frames.text(b""), frames.text(b""))))
        while True:
            kind, _, answer = authd.receive()
            if kind == AUTH_STEP:
                break
        answer.u64()
        self.assertEqual(answer.u8(), AUTH_OK)
        answer.raw()
        answer.raw()
        return answer.raw()

    def opens(self, ticket, user=ADA, edge="run/imapd/stored"):
        """Does it open that user's mailboxes?"""
        self.count()
        conn = frames.Conn(self.chancery.path(edge))
        try:
            kind, _ = conn.call(HELLO, frames.text(user) + frames.text(ticket)
                                + b"\0")
            return kind == WELCOME
        except (EOFError, OSError):
            return False
        finally:
            conn.close()


class Tickets(Case):
    expected_errors = ("ticket",)  # imapd and pop3d say what was wrong

    def sign(self, key, body, context=CONTEXT):
        with tempfile.NamedTemporaryFile() as data:
            data.write(context + body)
            data.flush()
            return subprocess.run(
                ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in",
                 data.name], check=True, stdout=subprocess.PIPE).stdout

    def make(self, key, body=None, context=CONTEXT, head=None):
        """A ticket as authd would write it, signed by key."""
        head = head or self.good()[:13]
        body = head + (body or fields())
        return body + self.sign(key, body, context)

    def test_changed_in_any_byte(self):
        ticket = self.good()
        self.assertTrue(self.opens(ticket))
        for at in range(len(ticket)):
            for bit in (1, 128):
                wrong = bytearray(ticket)
                wrong[at] ^= bit
                self.assertFalse(self.opens(bytes(wrong)), at)

    def test_cut_and_lengthened(self):
        ticket = self.good()
        for size in range(0, len(ticket), 3):
            self.assertFalse(self.opens(ticket[:size]), size)
        for more in (b"\0", b"x" * 100, ticket):
            self.assertFalse(self.opens(ticket + more))
        for nothing in (b"", b"\0" * len(ticket), ticket[:13] + b"\0" * 200,
                        ticket[:-SIGNATURE] + b"\0" * SIGNATURE):
            self.assertFalse(self.opens(nothing))

    def test_of_somebody_else(self):
        ada, bob = self.good(), self.good(BOB)
        self.assertFalse(self.opens(ada, BOB))
        self.assertFalse(self.opens(bob, ADA))
        for user in ("", "*", "ADA@example.test", "ada@example.test\0",
                     "shared:@example.test", "ada"):
            self.assertFalse(self.opens(ada, user), user)
        # the words of one with the signature of the other
        self.assertFalse(self.opens(ada[:-SIGNATURE] + bob[-SIGNATURE:]))

    def test_signed_by_others(self):
        with tempfile.TemporaryDirectory() as folder:
            key = os.path.join(folder, "key")
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519",
                            "-out", key], check=True)
            self.assertFalse(self.opens(self.make(key)))
            own = subprocess.run(
                ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
                check=True, stdout=subprocess.PIPE).stdout[-32:]
            head = self.good()[:5] + hashlib.sha256(own).digest()[:8]
            self.assertFalse(self.opens(self.make(key, head=head)))

    def test_of_another_time_or_use(self):
        """Signed by authd's own key, as only root can here."""
        key, now = self.chancery.path("etc/ticket.key"), int(time.time())
        self.assertTrue(self.opens(self.make(key)))
        for body in (fields(expires=now - 400), fields(issued=now + 400),
                     fields(issued=now + 10, expires=now - 10000),
                     fields(expires=0), fields(user=""), fields(user="x" * 400),
                     fields() + b"\0"):
            self.assertFalse(self.opens(self.make(key, body)))
        for context in (b"", b"chancery session ticket 1",
                        b"chancery session ticket 2\0", b"x" * 26):
            self.assertFalse(self.opens(self.make(key, context=context)))

    def test_another_services_ticket(self):
        """smtpd is given tickets, too: they open no mailbox, and those of
        IMAP none for pop3d."""
        self.assertFalse(self.opens(self.good(service="smtp")))
        self.assertFalse(self.opens(self.good(), edge="run/pop3d/stored"))
        self.assertTrue(self.opens(self.good(service="pop"),
                                   edge="run/pop3d/stored"))

    def test_where_no_ticket_counts(self):
        """Other clients of stored cannot become a session."""
        for edge in ("run/front/stored", "run/rewrite/stored"):
            self.assertFalse(self.opens(self.good(), edge=edge), edge)

    def hand_over(self, service, ticket, user=ADA):
        """What a session says that front would begin for this ticket."""
        self.count()
        ours, theirs = socket.socketpair()
        ours.settimeout(attack.PATIENCE)
        with socket.socket(socket.AF_UNIX) as edge:
            edge.connect(self.chancery.path("run/front/" + service))
            payload = b""
            values = {"service": service, "client_addr": "127.0.0.1",
                      "client_port": 1, "local_addr": "127.0.0.1",
                      "local_port": 143, "session": "forged", "user": user,
                      "mech": "PLAIN", "ticket": ticket, "tag": "a", "fd": 1}
            for name, code in standin.TABLES[standin.HANDOVER]:
                if code == "s":
                    payload += frames.text(values.get(name, ""))
                else:
                    payload += struct.pack(">" + code.replace("f", "B"),
                                           values.get(name, 0))
            socket.send_fds(edge, [struct.pack(
                ">2sBBHHI", b"Ch", 1, 1, standin.HANDOVER, 1, len(payload))
                + payload], [theirs.fileno()])
            theirs.close()
            try:
                said = ours.recv(4096)
            except OSError:
                said = b""
        ours.close()
        return said

    def test_handed_over_by_a_front_that_lies(self):
        for service, sasl in (("imap", "imap"), ("pop3", "pop")):
            ticket = self.good(service=sasl)
            yes = rb"^(a OK|\+OK)"
            self.assertRegex(self.hand_over(service, ticket), yes)
            changed = ticket[:-1] + bytes([ticket[-1] ^ 1])
            for wrong in (b"", changed, b"x" * 300, self.good(BOB, sasl),
                          self.good(service="smtp")):
                self.assertNotRegex(self.hand_over(service, wrong), yes)

    def test_forged_frames(self):
        """Of every edge: what is no frame ends its connection alone."""
        rng = random.Random(3)
        head = struct.Struct(">2sBBHHI")
        edges = [os.path.join(folder, name) for folder in (
            "run/front", "run/smtpd", "run/lmtpd", "run/imapd", "run/pop3d",
            "spool", "run/smtp", "run/rewrite") for name in sorted(os.listdir(
                self.chancery.path(folder)))
                if name in ("authd", "stored", "qmgr", "rewrite", "dnsd")]
        self.assertGreater(len(edges), 10)
        for edge in edges:
            for data in (b"\0" * 100, b"GET / HTTP/1.0\r\n\r\n", rng.randbytes(
                    3000), head.pack(b"Ch", 2, 0, 60, 1, 0),
                    head.pack(b"Ch", 1, 200, 60, 1, 0),
                    head.pack(b"Ch", 1, 0, 65535, 1, 0),
                    head.pack(b"Ch", 1, 0, 60, 1, 0xffffffff),
                    head.pack(b"Ch", 1, 0, 60, 1, 8) + b"\xff" * 8,
                    head.pack(b"Ch", 1, 0, 20, 1, 4) + b"\xff" * 4,
                    *(head.pack(b"Ch", 1, 0, kind, 1, 300) + rng.randbytes(300)
                      for kind in range(20, 130))):
                self.count()
                conn = frames.Conn(self.chancery.path(edge), timeout=5)
                try:
                    conn.sock.sendall(data)
                    conn.sock.shutdown(1)
                    while conn.sock.recv(65536):
                        pass
                except OSError:
                    pass
                conn.close()
        self.is_served()


class Kept(Case):
    """A ticket kept from a session that was taken over, until its user is
    disabled."""

    may_panic = True  # daemons that were killed are in the log

    def is_refused(self, ticket):
        return not self.opens(ticket)

    def test_kept_by_whoever_took_a_session(self):
        ada, bob = self.good(), self.good(BOB)
        self.assertTrue(self.opens(ada))
        self.chancery.run("user", "disable", ADA)
        chancery.wait_until("the ticket is void",
                            lambda: self.is_refused(ada))
        for services in (("stored",), ("authd",), ("authd", "stored")):
            for service in services:
                self.kill(service)
            # whoever was started anew learns it again
            chancery.wait_until("stored serves", lambda: self.opens(bob, BOB))
            chancery.wait_until("the ticket is void again",
                                lambda: self.is_refused(ada))
        self.chancery.run("user", "enable", ADA)
        self.assertTrue(self.is_refused(ada))
        chancery.wait_until("a new one is good", lambda: self.opens(
            self.good()))
        self.assertTrue(self.is_refused(ada))
        # whoever comes in the very second of a kick is no less good
        for _ in range(20):
            self.chancery.run("user", "kick", ADA)
            self.assertTrue(self.opens(self.good()))
        self.saw("a ticket that was kept opens nothing once its user was "
                 "disabled, also after stored or authd were started anew")


if __name__ == "__main__":
    attack.main()
