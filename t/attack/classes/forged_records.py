"""Forged records inside mail bodies: what recovery finds on the disk was
partly written by strangers (the class of file-system images inside files; cf.
Crosby and Wallach on unkeyed hashes, USENIX Security 2003).

Messages whose bodies are batch headers, superblocks, pack records and
journals - taken from this very instance's log and store, so whole and with
checksums that were right where they stood - are sent, then the index is
rebuilt and everything killed and recovered: each message is there once, as it
was sent, and nothing else is."""

import base64
import imaplib
import os
import signal

import attack

PIECE = 60_000


class Forged(attack.TestCase):
    may_panic = True
    options = ("store_pack_size = 8M", "message_size_limit = 20M",
               "service_throttle_time = 1s")

    def bytes_of(self, *folders):
        """Heads of all segments, and wherever one of our magics stands."""
        found = []
        for folder in folders:
            for name in sorted(os.listdir(self.chancery.path(folder))):
                path = os.path.join(self.chancery.path(folder), name)
                if not os.path.isfile(path):
                    continue
                with open(path, "rb") as segment:
                    data = segment.read(2 << 20)
                found.append(data[:4096])  # the superblock
                for at in range(4096, len(data) - 4096, 4096):
                    if data[at:at + 4] != b"\0" * 4:
                        found.append(data[at:at + 4096])
        self.assertGreater(len(found), 4)
        return found

    def bodies(self):
        """Blocks aligned to 4 KiB by a filler, in every encoding that a
        body can bring unchanged: BDAT carries any byte."""
        blocks = self.bytes_of("store/default/packs", "spool/ring")
        joined = b"".join(blocks)[:PIECE * 4]
        yield "as they stand", joined
        yield "each behind its own page", b"".join(
            block + b"\0" * (8192 - len(block)) for block in blocks[:40])
        yield "all but aligned", b"x" * 7 + joined
        yield "in base64", base64.encodebytes(joined)

    def send_binary(self, number, body):
        message = (b"Subject: forged %d\r\nMIME-Version: 1.0\r\n"
                   b"Content-Transfer-Encoding: binary\r\n\r\n" % number)
        # so that what follows stands at a multiple of a page somewhere
        message += body
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.docmd("MAIL FROM:<x@y.test> BODY=BINARYMIME")
            smtp.docmd("RCPT TO:<ada@example.test>")
            smtp.send(b"BDAT %d LAST\r\n" % len(message) + message)
            code, text = smtp.getreply()
        self.count()
        return message if code == 250 else None

    def everything(self):
        return sorted(m.split(b"Subject: ", 1)[1]
                      for m in self.messages("ada"))

    def test_they_stay_what_they_are(self):
        for i in range(5):  # something whose records can be copied
            self.send("x@y.test", ["ada", "bob"],
                      f"Subject: first {i}\r\n\r\n" + "x" * 3000 + "\r\n")
        self.wait_for_messages("ada", 5)
        sent, number = [], 0
        for _ in range(2):  # the second time with copies of copies
            for _, body in self.bodies():
                for shift in (0, 1, 2048):
                    message = self.send_binary(number, b"y" * shift + body)
                    number += 1
                    if message is not None:
                        sent.append(message)
        self.assertGreater(len(sent), 10)
        want = 5 + len(sent)
        self.wait_for_messages("ada", want)
        before = self.everything()
        for message in sent:  # IMAP has no NUL: it shows 0x80
            body = message.split(b"Subject: ", 1)[1]
            self.assertIn(body.replace(b"\0", b"\x80"), before)
        for how in ("rebuild", "kill", "kill and rebuild"):
            with self.subTest(how=how):
                self.recover(how)
                self.assertEqual(self.everything(), before)
                self.assertEqual(len(self.messages("bob")), 5)
                self.chancery.run("mailbox", "verify")
        self.assertNotIn("damage", self.chancery.log())
        self.saw(f"{len(sent)} messages with records in their bodies, "
                 f"{sum(map(len, sent)) >> 20} MiB, the same after each "
                 "recovery")

    def recover(self, how):
        if "kill" in how:
            for service in ("qmgr", "stored"):
                self.kill(service)
            attack.wait_until("all are up", lambda: self.chancery.run(
                "status", check=False).returncode == 0)
        if "rebuild" in how:
            self.chancery.run("mailbox", "rebuild")
            attack.wait_until("all are up", lambda: self.chancery.run(
                "status", check=False).returncode == 0)
        attack.wait_until("mailboxes", self.are_served)

    def are_served(self):
        try:
            return len(self.everything()) > 0
        except (imaplib.IMAP4.error, OSError):
            return False  # whoever was killed is not all there yet


if __name__ == "__main__":
    attack.main()
