"""COMPRESS=DEFLATE (RFC 4978), with zlib at the other end."""

import time
import zlib

import chancery
import imap_talk


class Packed:
    """A socket of which both ways are compressed; what imap_talk needs."""

    def __init__(self, sock):
        self.sock = sock
        self.out = zlib.compressobj(wbits=-15)
        self.back = zlib.decompressobj(wbits=-15)

    def sendall(self, data):
        self.sock.sendall(self.out.compress(data) +
                          self.out.flush(zlib.Z_SYNC_FLUSH))

    def recv(self, size):
        while True:
            raw = self.sock.recv(size)
            data = self.back.decompress(raw)
            if data or not raw:
                return data

    def __getattr__(self, name):
        return getattr(self.sock, name)


class Compress(imap_talk.TestCase):
    options = ("imap_park_after = 0",)

    def packed(self, service="imap"):
        client = imap_talk.Client(self.chancery, "ada", service)
        self.clients.append(client)
        untagged = client.ok("CAPABILITY")
        self.assertIn("COMPRESS=DEFLATE", untagged[0].split())
        client.ok("COMPRESS DEFLATE")
        client.sock = Packed(client.sock)
        return client

    def test_both_ways(self):
        body = b"Subject: x\r\n\r\n" + b"line of text\r\n" * 50000
        for service in ("imap", "imaps"):
            client = self.packed(service)
            client.append(body, self.box)
            client.ok(f"SELECT {self.box}")
            got = client.ok("FETCH * BODY.PEEK[]")[0]
            self.assertIn(body.decode(), got)
            tags = [client.begin("NOOP") for _ in range(500)]
            for tag in tags:
                self.assertTrue(client.end(tag)[1].startswith("OK"))
            client.send("i IDLE")
            self.assertEqual(client.response(), "+ idling")
            self.ada.append(mailbox=self.box)
            while "EXISTS" not in client.response():
                pass
            client.send("DONE")
            while not client.response().startswith("i OK"):
                pass

    def test_what_comes_in_one_piece_behind_the_command(self):
        """It is compressed: the client may know that it will be."""
        client = self.client()
        packer = zlib.compressobj(wbits=-15)
        client.sock.sendall(b"c COMPRESS DEFLATE\r\n" + packer.compress(
            b"a NOOP\r\n" * 300) + packer.flush(zlib.Z_SYNC_FLUSH))
        self.assertTrue(client.response().startswith("c OK"))
        packed = Packed(client.sock)
        client.data, rest = b"", client.data
        client.data = packed.back.decompress(rest)
        client.sock = packed
        for _ in range(300):
            self.assertEqual(client.response(), "a OK done")

    def test_not_twice_and_nothing_else(self):
        client = self.client()
        client.bad("COMPRESS")
        client.bad("COMPRESS LZW")
        client.bad("COMPRESS DEFLATE 9")
        client = self.packed()
        self.assertIn("[COMPRESSIONACTIVE]", client.no("COMPRESS DEFLATE"))
        client.ok("NOOP")

    def test_it_is_not_parked(self):
        def parked():
            return [r["value"] for r in self.chancery.json("status")[
                "counters"] if (r["service"], r["counter"]) ==
                ("front", "parked")]
        chancery.wait_until("self.ada is parked", lambda: parked() == [1])
        client = self.packed()
        time.sleep(0.2)
        self.assertEqual(parked(), [1])
        client.ok("NOOP")

    def test_other_bytes_end_it(self):
        client = self.client()
        client.ok("COMPRESS DEFLATE")
        client.sock.sendall(b"a NOOP\r\n")
        self.assertEqual(client.sock.recv(1000), b"")

    def test_a_few_bytes_that_stand_for_very_many(self):
        """2 MiB that would be 2 GiB: refused soon, and in little memory."""
        client = self.packed()
        bomb = zlib.compressobj(9, wbits=-15)
        data = b"".join(bomb.compress(b"x" * (1 << 20)) for _ in range(2048))
        data += bomb.flush(zlib.Z_SYNC_FLUSH)
        self.assertLess(len(data), 3 << 20)
        began = time.monotonic()
        try:
            client.sock.sock.sendall(
                client.sock.out.flush(zlib.Z_SYNC_FLUSH) + data)
            while client.sock.recv(65536):
                pass
        except OSError:
            pass
        self.assertLess(time.monotonic() - began, 60)
        self.ada.ok("NOOP")


if __name__ == "__main__":
    chancery.main()
