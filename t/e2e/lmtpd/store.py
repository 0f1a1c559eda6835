"""lmtpd with the real store and a stand-in for rewrite: what is answered 250
is in the mailbox, once, also when the store is started anew.
"""

import os
import shutil
import signal
import smtplib
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

import chancery
from chancery import BUILD, wait_until

REWRITE_USER, REWRITE_USER_ANSWER = 32, 33
STORE_LIST, STORE_LISTED = 81, 82
LISTING = struct.Struct(">IBBBIIQI")  # what follows a mailbox's name
OK, UNKNOWN = 0, 1
QUEUE_ID = "8f3a91c2d07b5e64.5.%x"


def text(data, at):
    size, = struct.unpack_from(">I", data, at)
    return data[at + 4:at + 4 + size], at + 4 + size


def put_text(value):
    return struct.pack(">I", len(value)) + value


class Frames:
    """Frames of ipc/frame.h, payloads as they are."""

    def __init__(self, sock):
        self.file = sock.makefile("rwb")

    def receive(self):
        head = self.file.read(12)
        if len(head) < 12:
            return None
        kind, tag, size = struct.unpack(">HHI", head[4:])
        return kind, tag, self.file.read(size)

    def send(self, kind, tag, payload):
        self.file.write(b"Ch" + struct.pack(">BBHHI", 1, 0, kind, tag,
                                            len(payload)) + payload)
        self.file.flush()


def listen(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.listen(100)
    return sock


class Rewrite:
    """Everybody at example.test is somebody, but nobody."""

    def __init__(self, path):
        self.sock = listen(path)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        frames = Frames(sock)
        while (got := frames.receive()) is not None:
            local, domain = text(got[2], 0)[0].split(b"@")
            local, _, detail = local.partition(b"+")
            status = UNKNOWN if local == b"nobody" else OK
            frames.send(REWRITE_USER_ANSWER, got[1], bytes([status]) +
                        put_text(local + b"@" + domain) + put_text(detail) +
                        put_text(b"default") + struct.pack(">QQ", 0, 0) +
                        put_text(b""))


class Daemon:
    """A daemon of ours in the folder, with a listening socket an edge."""

    def __init__(self, name, folder, edges, log, options=()):
        self.link, theirs = socket.socketpair(socket.AF_UNIX,
                                              socket.SOCK_SEQPACKET)
        names = [f"edge:{role}={sock.fileno()}"
                 for role, sock in edges.items()]
        names.append(f"master={theirs.fileno()}")
        words = [w for option in options for w in ("-o", option)]
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "libexec", name), *words], cwd=folder,
            stderr=log, env=dict(os.environ, CHANCERY_FDS=" ".join(names)),
            pass_fds=[s.fileno() for s in edges.values()] +
            [theirs.fileno()])
        theirs.close()
        wait_until(name + " is up", lambda: self.link.recv(300)[:2] == b"up")

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(chancery.PATIENCE)
        self.link.close()
        return code


class LmtpdCase(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="chancery-lmtpd-")
        for name in ("run", "store"):
            os.mkdir(self.path(name))
        self.log = open(self.path("log"), "w")
        self.rewrite = Rewrite(self.path("run/rewrite"))
        self.edges = {"lmtpd": listen(self.path("run/stored")),
                      "ctl": listen(self.path("run/admin"))}
        self.qmgr = listen(self.path("run/lmtp"))
        self.start_store()
        self.lmtpd = Daemon("lmtpd", self.path("run"), {"qmgr": self.qmgr},
                            self.log, ["myhostname=mx.example.test"])

    def tearDown(self):
        codes = self.lmtpd.stop(), self.store.stop()
        for sock in [*self.edges.values(), self.qmgr, self.rewrite.sock]:
            sock.close()
        self.log.close()
        with open(self.path("log")) as f:
            log = f.read()
        shutil.rmtree(self.dir)
        self.assertEqual(codes, (0, 0), log)
        self.assertNotIn("panic", log)

    def path(self, name):
        return os.path.join(self.dir, name)

    def start_store(self):
        self.store = Daemon("stored", self.path("store"), self.edges,
                            self.log, ["store_pack_size=4M", "store_large_size=2M",
                                       "store_index_size=64M"])

    def connect(self):
        lmtp = smtplib.LMTP(self.path("run/lmtp"), 0, "client.test")
        lmtp.ehlo()
        self.assertTrue(lmtp.has_extn("XCHANCERY"))
        return lmtp

    def deliver(self, lmtp, rcpts, body=b"Subject: x\r\n\r\nhello\r\n",
                number=None):
        """The replies to the final dot; number: of a message in a queue."""
        words = [] if number is None else ["XCHANCERY=" + QUEUE_ID % number]
        self.assertEqual(lmtp.mail("s@elsewhere.test", words)[0], 250)
        for i, rcpt in enumerate(rcpts):
            words = [] if number is None else [f"XCHANCERY={i}"]
            self.assertEqual(lmtp.rcpt(rcpt, words)[0], 250)
        replies = [lmtp.data(body)]
        replies += [lmtp.getreply() for _ in rcpts[1:]]
        return [(code, said.decode()) for code, said in replies]

    def mailboxes(self, user):
        """{name: (messages, bytes)} as the store's operator sees them."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(self.path("run/admin"))
            frames = Frames(sock)
            frames.send(STORE_LIST, 1, put_text(user.encode()) +
                        put_text(b"") + struct.pack(">BI", 0, 0))
            kind, _, data = frames.receive()
        self.assertEqual(kind, STORE_LISTED, data)
        count, = struct.unpack_from(">I", data)
        at, found = 4, {}
        for _ in range(count):
            name, at = text(data, at)
            found[name.decode()] = LISTING.unpack_from(data, at)[4:7:2]
            at += LISTING.size
        return found

    def counts(self, user):
        return {name: n for name, (n, _) in self.mailboxes(user).items()}


class Store(LmtpdCase):
    def test_first_message_makes_the_mailboxes(self):
        replies = self.deliver(self.connect(), ["ada@example.test"])
        self.assertEqual(replies, [(250, "2.1.5 <ada@example.test>: "
                                         "saved in INBOX as 1")])
        self.assertEqual(self.counts("ada@example.test"), {
            "Archive": 0, "Drafts": 0, "INBOX": 1, "Junk": 0, "Sent": 0,
            "Trash": 0})

    def test_size_counts_body_and_prefix(self):
        body = b"Subject: x\r\n\r\nhello\r\n"
        prefix = (b"Return-Path: <s@elsewhere.test>\r\n"
                  b"Delivered-To: ada@example.test\r\n")
        self.deliver(self.connect(), ["ada@example.test"], body)
        self.assertEqual(self.mailboxes("ada@example.test")["INBOX"],
                         (1, len(prefix + body)))

    def test_one_message_to_many(self):
        rcpts = [f"user{i}@example.test" for i in range(50)]
        replies = self.deliver(self.connect(), rcpts, number=1)
        self.assertEqual([code for code, _ in replies], [250] * 50)
        for user in rcpts:
            self.assertEqual(self.counts(user)["INBOX"], 1)

    def test_detail_names_a_mailbox_that_is_there(self):
        lmtp = self.connect()
        self.deliver(lmtp, ["ada@example.test"])
        replies = self.deliver(lmtp, ["ada+Archive@example.test",
                                      "ada+Nowhere@example.test"])
        self.assertIn("saved in Archive as 1", replies[0][1])
        self.assertIn("saved in INBOX as 2", replies[1][1])
        counts = self.counts("ada@example.test")
        self.assertEqual((counts["INBOX"], counts["Archive"]), (2, 1))
        self.assertNotIn("Nowhere", counts)

    def test_what_comes_again_is_delivered_once(self):
        lmtp = self.connect()
        for _ in range(3):
            replies = self.deliver(lmtp, ["ada@example.test",
                                          "bob@example.test"], number=7)
            self.assertEqual([code for code, _ in replies], [250, 250])
        self.assertIn("had been saved before", replies[0][1])
        self.deliver(lmtp, ["ada@example.test"], number=8)
        self.assertEqual(self.counts("ada@example.test")["INBOX"], 2)
        self.assertEqual(self.counts("bob@example.test")["INBOX"], 1)

    def test_goes_on_when_the_store_is_started_anew(self):
        lmtp = self.connect()
        for number in range(3):
            replies = self.deliver(lmtp, ["ada@example.test"], number=number)
            self.assertEqual(replies[0][0], 250)
            self.store.stop(signal.SIGKILL if number else signal.SIGTERM)
            self.start_store()
        self.assertEqual(self.counts("ada@example.test")["INBOX"], 3)

    def test_large_messages_go_by_descriptor(self):
        body = b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n"
        while len(body) < 5 << 20:
            body += body[14:]
        replies = self.deliver(self.connect(), ["ada@example.test"], body)
        self.assertEqual(replies[0][0], 250, replies)
        self.assertGreater(self.mailboxes("ada@example.test")["INBOX"][1],
                           5 << 20)

    def test_unknown_user_and_loop(self):
        lmtp = self.connect()
        lmtp.mail("")
        self.assertEqual(lmtp.rcpt("nobody@example.test")[0], 550)
        lmtp.rset()
        replies = self.deliver(lmtp, ["ada@example.test",
                                      "bob@example.test"],
                               b"Delivered-To: ADA@example.test\r\n\r\n")
        self.assertEqual([code for code, _ in replies], [554, 250])


if __name__ == "__main__":
    chancery.main()
