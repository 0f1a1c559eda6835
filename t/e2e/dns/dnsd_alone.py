"""dnsd, asked directly, with nsd behind it: each kind of answer, DNSSEC, and
what becomes of questions when the servers or dnsd itself are away."""

import os
import signal
import socket
import struct
import threading
import time
import unittest

import chancery
import dns
import frames

QUERY, ANSWER = 90, 91
FOUND, NO_NAME, NO_DATA, TEMP, BOGUS = range(5)
A, NS, CNAME, PTR, MX, TXT, AAAA, TLSA = 1, 2, 5, 12, 15, 16, 28, 52
TLSA_DATA = bytes([3, 1, 1]) + bytes(range(32))
MANY = 180

ZONES = {
    "example.net": f"""
        @ MX 20 mx2
        @ MX 10 mx1.example.net.
        mx1 A 127.0.0.2
        mx1 A 127.0.0.3
        mx1 AAAA 2001:db8::1
        mx2 A 127.0.0.4
        null MX 0 .
        text TXT "v=spf1 " "-all"
        text TXT "other"
        alias CNAME mx1
        far CNAME www.signed.test.
        a.b A 127.0.0.5
        xn--bcher-kva A 127.0.0.6
        odd\\.dot MX 5 strange\\.name
        odd\\.dot A 127.0.0.8
        circle1 CNAME circle2
        circle2 CNAME circle1
        caa CAA 0 issue "ca.example.net"
        """ + "".join(f"many A 10.1.{i // 100}.{i % 100}\n"
                      for i in range(MANY)),
    "signed.test": dns.Signed(f"""
        @ MX 10 mx
        mx A 127.0.0.7
        www A 127.0.0.7
        _25._tcp.mx TLSA 3 1 1 {TLSA_DATA[3:].hex()}
        """),
    "broken.test": dns.Bogus("mx A 127.0.0.9"),
    "2.0.192.in-addr.arpa": "1 PTR mail.example.net.",
    "0.0.127.in-addr.arpa": "2 PTR mx1.example.net.",
}


class Answer:
    def __init__(self, reader):
        self.status, self.secure = reader.u8(), reader.u8() == 1
        self.ttl, self.name, self.reason = (reader.u32(), reader.str(),
                                            reader.str())
        self.records = []
        for _ in range(reader.u32()):
            data = reader.raw()
            self.records.append((struct.unpack(">H", reader.take(2))[0],
                                 data))
        self.data = sorted(data for _, data in self.records)


def ask(conn, name, kind):
    status, reader = conn.call(QUERY, frames.text(name) +
                               struct.pack(">H", kind))
    assert status == ANSWER, status
    return Answer(reader)


def start_dnsd(*options):
    daemon = frames.Daemon("dnsd", options=[
        o.replace(" = ", "=").replace(" =", "=") for o in options])
    return daemon


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dns = dns.Server(ZONES)
        cls.daemon = start_dnsd(*cls.dns.options("dns_timeout = 30s"))
        cls.conn = cls.daemon.connect()

    @classmethod
    def tearDownClass(cls):
        assert cls.daemon.stop() == 0, cls.daemon.logged()
        cls.dns.remove()

    def ask(self, name, kind):
        return ask(self.conn, name, kind)

    def test_mail_exchangers(self):
        answer = self.ask("example.net", MX)
        self.assertEqual(answer.status, FOUND)
        self.assertEqual(sorted(answer.records),
                         [(10, b"mx1.example.net"), (20, b"mx2.example.net")])
        self.assertFalse(answer.secure)
        self.assertTrue(0 < answer.ttl <= dns.TTL)
        self.assertEqual(self.ask("Example.NET.", MX).status, FOUND)

    def test_null_mx(self):
        answer = self.ask("null.example.net", MX)
        self.assertEqual((answer.status, answer.records), (FOUND, [(0, b"")]))

    def test_addresses(self):
        self.assertEqual(self.ask("mx1.example.net", A).data,
                         [b"\x7f\0\0\2", b"\x7f\0\0\3"])
        self.assertEqual(self.ask("mx1.example.net", AAAA).data,
                         [socket.inet_pton(socket.AF_INET6, "2001:db8::1")])

    def test_text_is_joined(self):
        self.assertEqual(self.ask("text.example.net", TXT).data,
                         [b"other", b"v=spf1 -all"])

    def test_the_two_kinds_of_no(self):
        for name, kind, status in (
                ("nobody.example.net", A, NO_NAME),
                ("mx2.example.net", AAAA, NO_DATA),
                ("b.example.net", A, NO_DATA),  # an empty non-terminal
                ("null.example.net", A, NO_DATA)):
            answer = self.ask(name, kind)
            self.assertEqual((answer.status, answer.records), (status, []),
                             name)
            self.assertTrue(0 < answer.ttl <= dns.TTL)

    def test_aliases(self):
        answer = self.ask("alias.example.net", A)
        self.assertEqual((answer.status, len(answer.records), answer.name),
                         (FOUND, 2, "mx1.example.net"))
        answer = self.ask("alias.example.net", CNAME)
        self.assertEqual(answer.data, [b"mx1.example.net"])
        answer = self.ask("alias.example.net", MX)
        self.assertEqual((answer.status, answer.name),
                         (NO_DATA, "mx1.example.net"))
        answer = self.ask("far.example.net", A)
        self.assertEqual((answer.data, answer.name),
                         ([b"\x7f\0\0\7"], "www.signed.test"))
        self.assertFalse(answer.secure)  # the alias is not
        self.assertEqual(self.ask("circle1.example.net", A).status, TEMP)

    def test_names_backwards(self):
        self.assertEqual(self.ask("1.2.0.192.in-addr.arpa", PTR).data,
                         [b"mail.example.net"])
        self.assertEqual(self.ask("2.0.0.127.in-addr.arpa", PTR).data,
                         [b"mx1.example.net"])

    def test_names_in_other_letters(self):
        self.assertEqual(self.ask("b\u00fccher.example.net", A).data,
                         [b"\x7f\0\0\6"])
        answer = self.ask("odd\\046dot.example.net", MX)
        self.assertEqual(answer.data, [b"strange\\046name.example.net"])
        self.assertEqual(self.ask("odd\\046dot.example.net", A).status, FOUND)

    def test_names_that_cannot_exist(self):
        for name in ("a..example.net", ".example.net", "x" * 64 + ".net",
                     ".".join(["label"] * 43), "back\\slash.net",
                     "\u00fc\0.net", "\u2260\u0338.example.net"):
            self.assertEqual(self.ask(name, A).status, NO_NAME, name)

    def test_an_answer_too_large_for_a_datagram(self):
        self.assertEqual(len(self.ask("many.example.net", A).records), MANY)

    def test_any_type(self):
        self.assertEqual(self.ask("caa.example.net", 257).data,
                         [b"\0\5issueca.example.net"])

    def test_dnssec(self):
        answer = self.ask("signed.test", MX)
        self.assertEqual((answer.status, answer.data), (FOUND,
                                                        [b"mx.signed.test"]))
        self.assertTrue(answer.secure)
        answer = self.ask("_25._tcp.mx.signed.test", TLSA)
        self.assertEqual((answer.data, answer.secure), ([TLSA_DATA], True))
        answer = self.ask("nobody.signed.test", A)
        self.assertEqual((answer.status, answer.secure), (NO_NAME, True))
        answer = self.ask("mx.signed.test", AAAA)
        self.assertEqual((answer.status, answer.secure), (NO_DATA, True))

    def test_changed_records_are_bogus(self):
        answer = self.ask("mx.broken.test", A)
        self.assertEqual((answer.status, answer.records, answer.secure),
                         (BOGUS, [], False))
        self.assertIn("signature", answer.reason)

    def test_a_server_that_refuses(self):
        answer = self.ask("elsewhere.org", MX)
        self.assertEqual((answer.status, answer.records), (TEMP, []))
        self.assertNotEqual(answer.reason, "")

    def test_a_client_that_leaves(self):
        for _ in range(50):
            conn = self.daemon.connect()
            conn.send(QUERY, frames.text("elsewhere.org") + b"\0\1")
            conn.close()
        self.assertEqual(self.ask("example.net", MX).status, FOUND)

    def test_many_at_once(self):
        conn = self.daemon.connect()
        tags = {conn.send(QUERY, frames.text(f"n{i}.example.net") + b"\0\1")
                for i in range(300)}
        for _ in range(300):
            kind, tag, reader = conn.receive()
            self.assertEqual((kind, Answer(reader).status), (ANSWER, NO_NAME))
            tags.remove(tag)
        self.assertFalse(tags)

    def test_what_is_no_question(self):
        conn = self.daemon.connect()
        conn.send(QUERY, b"\0\0\0\xff")
        with self.assertRaises(EOFError):
            conn.receive()


class Outages(unittest.TestCase):
    def test_silence(self):
        silent = dns.Silent()
        daemon = start_dnsd(*silent.options("dns_timeout = 1s"))
        conn = daemon.connect()
        took = []
        for _ in range(3):  # a busy machine may be slow once or twice
            began = time.monotonic()
            self.assertEqual(ask(conn, "example.net", MX).status, TEMP)
            took.append(time.monotonic() - began)
        self.assertTrue(0.9 < min(took) < 9, took)  # ten is the default
        self.assertTrue(silent.asked())
        self.assertEqual(daemon.stop(), 0)
        silent.close()

    def test_an_end_in_the_middle(self):
        silent = dns.Silent()
        daemon = start_dnsd(*silent.options())
        conn = daemon.connect()
        conn.send(QUERY, frames.text("example.net") + b"\0\1")
        chancery.wait_until("it was asked", silent.asked)
        self.assertEqual(daemon.stop(), 0)
        silent.close()

    def test_too_many_questions(self):
        silent = dns.Silent()
        daemon = start_dnsd(*silent.options("dns_query_limit = 2"))
        conn = daemon.connect()
        for i in range(3):
            conn.send(QUERY, frames.text(f"n{i}.example.net") + b"\0\1")
        kind, tag, _ = conn.receive()
        self.assertEqual((kind, tag), (frames.ERROR, 3))
        daemon.stop()
        silent.close()

    def test_servers_that_come_back(self):
        server = dns.Server({"example.net": "@ MX 10 mx"})
        daemon = start_dnsd(*server.options("dns_timeout = 3s"))
        conn = daemon.connect()
        server.stop()
        self.assertEqual(ask(conn, "example.net", MX).status, TEMP)
        server.start()
        chancery.wait_until("the answer", lambda: ask(
            conn, "example.net", MX).status == FOUND)
        server.stop()  # and what is remembered needs no server
        self.assertEqual(ask(conn, "example.net", MX).status, FOUND)
        daemon.stop()
        server.remove()

    def test_killed(self):
        """The edge stays; a client connects again and asks once more."""
        server = dns.Server({"example.net": "@ MX 10 mx"})
        daemon = start_dnsd(*server.options())
        conn = daemon.connect()
        self.assertEqual(ask(conn, "example.net", MX).status, FOUND)
        daemon.process.send_signal(signal.SIGKILL)
        daemon.process.wait()
        with self.assertRaises((EOFError, OSError)):
            ask(conn, "example.net", MX)
        daemon.start()
        self.assertEqual(ask(daemon.connect(), "example.net", MX).status,
                         FOUND)
        daemon.stop()
        server.remove()


class Told(unittest.TestCase):
    def test_wrong_words(self):
        for words in ("dns_servers=mail.example.net",
                      "dns_servers=127.0.0.1@0", "dns_servers=127.0.0.1@x",
                      "dns_servers=" + "127.0.0.1 " * 17, "dns_timeout=0"):
            daemon = start_dnsd(words)
            self.assertEqual(daemon.process.wait(chancery.PATIENCE), 1, words)
            self.assertIn(words.split("=")[0], daemon.logged())

    def test_no_anchors(self):
        server = dns.Server({"broken.test": dns.Bogus("mx A 127.0.0.9")})
        daemon = start_dnsd(server.options()[0],
                            "dns_trust_anchor_file = /nonexistent/anchor")
        answer = ask(daemon.connect(), "mx.broken.test", A)
        self.assertEqual((answer.status, answer.secure, answer.data),
                         (FOUND, False, [b"\x7f\0\0\xfa"]))
        self.assertIn("no DNSSEC", daemon.logged())
        daemon.stop()
        server.remove()


if __name__ == "__main__":
    chancery.main()
