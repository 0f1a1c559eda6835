"""Header bombs (CVE-2002-1337 of sendmail; CVE-2024-23184
and CVE-2024-23185 of Dovecot: very many address fields, very long header).

Hundreds of thousands of fields, of Received and of addresses; one field of
megabytes, folded at every byte, of encoded words, of message ids; no header
end at all."""

import attack

MB = 1 << 20
END = b"\r\nbody\r\n"


class HeaderBombs(attack.BombCase):
    def test_many_fields(self):
        self.explode({
            "fields of one byte": b"a:\r\n" * (MB // 4) + END,
            "addresses in 20,000 fields": b"To: a@b.test\r\n" * 20000 + END,
            "addresses in 20,000 fields of every kind":
                b"".join(b"%s: a@b.test, c@d.test\r\n" % name for name in (
                    b"From", b"To", b"Cc", b"Bcc", b"Sender",
                    b"Reply-To")) * 3333 + END,
            "Received": b"Received: from a by b; Sun, 1 Nov 2026 10:00:00 "
                        b"+0000\r\n" * 10000 + END,
            "Content-Type": b"Content-Type: text/plain; a=b\r\n" * 20000 + END,
            "no names": b":\r\n" * (MB // 3) + END,
        })

    def test_long_fields(self):
        self.explode({
            "one field": b"Subject: " + b"x" * 900 + b"\r\n "
                         + (b"y" * 900 + b"\r\n ") * 2000 + b"z\r\n" + END,
            "folded at every byte": b"Subject:" + b"\r\n x" * (MB // 4)
                                    + b"\r\n" + END,
            "blank continuation lines": b"Subject: a" + b"\r\n " * (MB // 3)
                                        + b"\r\n" + END,
            "Re: Re: Re:": b"Subject: " + b"\r\n ".join(
                [b"Re: " * 200] * 1000) + b"x\r\n" + END,
            "[a][a][a]": b"Subject: " + b"\r\n ".join(
                [b"[a]" * 300] * 1000) + b"x\r\n" + END,
            "(fwd)(fwd)": b"Subject: x" + b"\r\n ".join(
                [b" (fwd)" * 150] * 1000) + b"\r\n" + END,
            "encoded words": b"Subject: " + b"\r\n ".join(
                [b"=?utf-8?q?=41?=" * 60] * 1000) + b"\r\n" + END,
            "half encoded words": b"Subject: " + b"\r\n ".join(
                [b"=?utf-8?q?" * 90] * 1000) + b"\r\n" + END,
            "message ids": b"Message-ID: <a@b>\r\nReferences:" + b"".join(
                b"\r\n <%d@y.test>" % i for i in range(50000)) + b"\r\n" + END,
            "open message ids": b"References: " + b"\r\n ".join(
                [b"<" * 900] * 1000) + b"\r\n" + END,
            "date": b"Date: " + b"\r\n ".join([b"(" * 900] * 1000)
                    + b"\r\n" + END,
        })

    def test_no_end(self):
        self.explode({"a header that is all": b"X-a: b\r\n" * (MB // 8),
                      "one line without colon": b"x" * 990 + b"\r\n"
                                                + (b" " * 990 + b"\r\n")
                                                * 1000})


if __name__ == "__main__":
    attack.main()
