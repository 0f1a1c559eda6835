"""Address bombs (CVE-2002-1337, crackaddr of sendmail; CVE-2024-23184 of
Dovecot, very many addresses): nested comments, groups, brackets.

Comments within comments, groups within groups, routes without end, quotes
and brackets that never close, a million commas; in header fields, and as far
as they fit in MAIL and RCPT."""

import attack


def field(*lines):
    return (b"From: a@b.test\r\nTo: " + b"\r\n ".join(lines)
            + b"\r\n\r\nbody\r\n")


class AddressBombs(attack.BombCase):
    options = ("message_size_limit = 20M", "mynetworks = 192.0.2.0/24")

    def test_in_fields(self):
        n = 900
        self.explode({
            "comments within comments": field(*[b"(" * n] * 1000),
            "closed comments": field(*[b"(" * n] * 500, *[b")" * n] * 500,
                                     b"a@b.test"),
            "closing alone": field(*[b")" * n] * 1000),
            "groups": field(*[b"g:" * (n // 2)] * 1000),
            "groups with ends": field(*[b"g:;" * (n // 3)] * 1000),
            "ends of groups": field(*[b";" * n] * 1000),
            "commas": field(*[b"," * n] * 1000),
            "addresses": field(*[b"a@b," * (n // 4)] * 1000),
            "angles": field(*[b"<" * n] * 1000),
            "closed angles": field(*[b"<>" * (n // 2)] * 1000),
            "routes": field(b"<", *[b"@a," * (n // 3)] * 1000, b":x@y>"),
            "quotes": field(*[b'"' * n] * 1000),
            "open quote": field(b'"', *[b"\\" * n] * 1000),
            "literals": field(*[b"a@[" * (n // 3)] * 1000),
            "dots": field(b"a", *[b"." * n] * 1000, b"@b.test"),
            "at signs": field(*[b"@" * n] * 1000),
            "words": field(*[b"w " * (n // 2)] * 1000),
            "crackaddr": field(*[b"<><><>(" * (n // 7)] * 1000,
                               *[b")" * n] * 200),
        })

    def test_in_the_envelope(self):
        """An exact refusal, or an address that exists nowhere."""
        paths = (b"<" * 900 + b"a@b" + b">" * 900, b"<" + b"@a," * 300
                 + b"@b:x@y.test>", b"<" + b"(" * 1000 + b"@y.test>",
                 b'<"' + b"\\\"" * 500 + b'"@y.test>', b"<" + b"a." * 500
                 + b"a@y.test>", b"<a@" + b"b." * 600 + b"test>",
                 b"<a@[" + b"1." * 500 + b"]>", b"<" + b"@" * 1000 + b">",
                 b"<" + b"a%" * 400 + b"b@example.test>")
        for path in paths:
            for verb in (b"MAIL FROM:", b"RCPT TO:"):
                self.count()
                said, spent = self.least_cost(
                    lambda line=verb + path: self.talk(
                        "smtp", b"EHLO c\r\n" + (
                            b"" if verb[:1] == b"M" else b"MAIL FROM:<>\r\n")
                        + line + b"\r\nQUIT\r\n"), 1.0)
                if verb[:1] == b"R":
                    self.assertRegex(
                        said, r"\r\n(55[0345]|501|500) [^\r]*\r\n221 ", path)
                self.assertIn("\r\n221 ", said)
                self.assertLess(spent, 1.0, path)


if __name__ == "__main__":
    attack.main()
