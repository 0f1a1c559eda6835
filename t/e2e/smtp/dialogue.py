"""The SMTP dialogue: what is offered, order, syntax, limits, log lines."""

import re
import socket
import time

import chancery


class Talk(chancery.TestCase):
    """Helpers; without tests or users of its own."""

    def dialogue(self, *lines, service="smtp"):
        """Replies to lines sent one at a time: [(code, text), ...]."""
        with self.chancery.connect(service) as sock:
            file = sock.makefile("rb")
            replies = [self.reply(file)]
            for line in lines:
                sock.sendall(line if isinstance(line, bytes)
                             else line.encode() + b"\r\n")
                replies.append(self.reply(file))
        return replies

    def reply(self, file):
        text = []
        while True:
            line = file.readline()
            if not line:
                return (0, "")
            text.append(line[4:].decode().rstrip("\r\n"))
            self.assertTrue(line.endswith(b"\r\n"), line)
            self.assertLessEqual(len(line), 512)
            if line[3:4] != b"-":
                return (int(line[:3]), "\n".join(text))

    def codes(self, *lines):
        return [code for code, _ in self.dialogue(*lines)]


class Dialogue(Talk):
    options = ("smtpd_recipient_limit = 3", "mynetworks = 192.0.2.0/24")

    def test_what_is_offered(self):
        offered = self.dialogue("EHLO c")[1][1].split("\n")
        self.assertEqual(offered[0], "mail.example.test")
        self.assertEqual(set(offered[1:]), {
            "PIPELINING", "SIZE 10240000", "STARTTLS", "ENHANCEDSTATUSCODES",
            "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING", "BINARYMIME",
            "LIMITS RCPTMAX=3"})

    def test_order(self):
        hi, mail = "EHLO c", "MAIL FROM:<x@y.test>"
        rcpt = "RCPT TO:<ada@example.test>"
        for lines, want in (
                ((mail,), [503]), ((rcpt,), [503]), (("DATA",), [503]),
                (("BDAT 0 LAST",), [503]),
                ((hi, rcpt), [250, 503]), ((hi, "DATA"), [250, 503]),
                ((hi, mail, "DATA"), [250, 250, 503]),
                ((hi, mail, mail), [250, 250, 503]),
                ((hi, mail, rcpt, hi, "DATA"), [250, 250, 250, 250, 503]),
                ((hi, mail, rcpt, "RSET", "DATA"),
                 [250, 250, 250, 250, 503]),
                ((hi, mail, rcpt, "DATA", b".\r\n", "DATA"),
                 [250, 250, 250, 354, 250, 503]),
                ((hi, mail, rcpt, "BDAT 2\r\n\r\n", "DATA"),
                 [250, 250, 250, 250, 503]),
                (("HELO c", mail, rcpt, "RSET"), [250, 250, 250, 250]),
                (("NOOP", "VRFY ada", "HELP", "EXPN all", "RSET"),
                 [250, 252, 214, 502, 250])):
            lines = [line.encode() + b"\r\n" if isinstance(line, str)
                     and "\r\n" not in line else
                     line.encode() if isinstance(line, str) else line
                     for line in lines]
            self.assertEqual(self.codes(*lines)[1:], want, lines)

    def test_syntax(self):
        for line, want in (
                ("MAIL", 501), ("MAIL FROM", 501), ("MAIL FROM:", 501),
                ("MAIL FROM:<x>", 501), ("MAIL FROM:<x@>", 501),
                ("MAIL FROM:<x@y", 501), ("MAIL FROM:<x@y> SIZE", 501),
                ("MAIL FROM:<x@y> BODY=9BIT", 501),
                ("MAIL FROM:<x@y> X=Y", 555),
                ("MAIL FROM:<x@y> SIZE=10240001", 552),
                ("MAIL FROM:<j\u00f6rg@y>", 553),
                ("MAIL FROM:<j\u00f6rg@y> SMTPUTF8", 250),
                ("MAIL FROM:<>", 250), ("mail from:<x@y>", 250),
                ("MAIL FROM: <x@y>", 250), ("MAIL FROM:x@y", 250),
                ('MAIL FROM:<"a b"@y> SIZE=5 BODY=8BITMIME', 250),
                ("MAIL FROM:<x@[192.0.2.1]>", 250),
                ("MAIL FROM:<@a,@b:x@y>", 250),
                ("", 500), ("FOO", 500), ("NOOP\x00", 500),
                ("HELO", 501), ("EHLO", 501), ("VRFY", 501)):
            self.assertEqual(self.codes("EHLO c", line)[2], want, line)
        for line, want in (
                ("RCPT TO:<>", 501), ("RCPT TO:<ada>", 501),
                ("RCPT TO:ada", 501),
                ("RCPT TO:<ADA@EXAMPLE.TEST>", 250),
                ('RCPT TO:<"ada"@example.test>', 250),
                ("RCPT TO:<ada@example.test> X", 555)):
            self.assertEqual(
                self.codes("EHLO c", "MAIL FROM:<x@y>", line)[3], want, line)

    def test_who_exists(self):
        for address, want in (
                ("nobody@example.test", "550 5.1.1 "),
                ("a@elsewhere.test", "554 5.7.1 "),
                ("ada%elsewhere.test@example.test", "550 5.1.1 "),
                ("elsewhere.test!ada@example.test", "550 5.1.1 "),
                ('"a@elsewhere.test"@example.test', "550 5.1.1 "),
                ("@example.test:a@elsewhere.test", "554 5.7.1 "),
                ("a@[127.0.0.1]", "554 5.7.1 "),
                ("ada@example.test.elsewhere.test", "554 5.7.1 "),
                ("ada@sub.example.test", "554 5.7.1 ")):
            for sender in ("x@y.test", "ada@example.test", ""):
                code, text = self.dialogue(
                    "EHLO c", f"MAIL FROM:<{sender}>",
                    f"RCPT TO:<{address}>")[3]
                self.assertTrue(f"{code} {text}".startswith(want),
                                (sender, address, code, text))

    def test_too_many_recipients(self):
        rcpt = "RCPT TO:<ada@example.test>"
        self.assertEqual(
            self.codes("EHLO c", "MAIL FROM:<x@y>", rcpt, rcpt, rcpt, rcpt,
                       "DATA", b".\r\n")[3:],
            [250, 250, 250, 452, 354, 250])

    def test_too_many_errors(self):
        with self.chancery.connect("smtp") as sock:
            file = sock.makefile("rb")
            self.reply(file)
            sock.sendall(b"FOO\r\n" * 20)
            codes = [self.reply(file)[0] for _ in range(22)]
        self.assertEqual(codes, [500] * 20 + [421, 0])

    def test_a_web_browser(self):
        said = self.talk("smtp", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual([line[:4] for line in said.splitlines()],
                         ["220 ", "221 "])

    def test_everything_at_once(self):
        said = self.talk(
            "smtp", b"EHLO c\r\nMAIL FROM:<x@y>\r\n"
            b"RCPT TO:<nobody@example.test>\r\nRCPT TO:<bob@example.test>\r\n"
            b"DATA\r\nSubject: at once\r\n\r\nx\r\n.\r\nQUIT\r\n")
        self.assertEqual(re.findall(r"^(\d\d\d) ", said, re.M),
                         "220 250 250 550 250 354 250 221".split())
        chancery.wait_until("the message", lambda: any(
            b"Subject: at once" in m for m in self.messages("bob")))

    def test_long_lines(self):
        self.assertEqual(self.codes("NOOP " + "x" * 2043, "NOOP " + "x" * 2044,
                                    "NOOP")[1:], [250, 500, 250])

    def test_the_log(self):
        self.dialogue("EHLO c", "MAIL FROM:<x@y>", "RCPT TO:<no@example.test>",
                      "RCPT TO:<ada@example.test>", "DATA",
                      b"Message-ID: <log@y>\r\n\r\n.\r\n", "QUIT")
        chancery.wait_until("the end of the session", lambda: re.search(
            r"disconnect from localhost\[127\.0\.0\.1\] ehlo=1 mail=1 "
            r"rcpt=1/2 data=1 quit=1 commands=5/6", self.chancery.log()))
        for line in (
                r"smtpd\[\d+\]: connect from localhost\[127\.0\.0\.1\]",
                r"smtpd\[\d+\]: NOQUEUE: reject: RCPT from "
                r"localhost\[127\.0\.0\.1\]: 550 5\.1\.1 <no@example\.test>: "
                r"Recipient address rejected: User unknown; from=<x@y> "
                r"to=<no@example\.test> proto=ESMTP helo=<c>",
                r"smtpd\[\d+\]: [0-9A-F]+: client=localhost\[127\.0\.0\.1\]",
                r"smtpd\[\d+\]: [0-9A-F]+: message-id=<log@y>"):
            self.assert_logged(line)

    def test_a_client_that_leaves(self):
        for at in (b"", b"EHLO c\r\nMAIL FROM:<x@y>\r\n",
                   b"EHLO c\r\nMAIL FROM:<x@y>\r\n"
                   b"RCPT TO:<ada@example.test>\r\nDATA\r\nhalf a mess"):
            with self.chancery.connect("smtp") as sock:
                sock.sendall(at)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(4096):
                    pass
        self.assertFalse(any(b"half a mess" in m
                             for m in self.messages("ada")))

    def test_a_stop_waits_for_nobody(self):
        with self.chancery.connect("smtp") as sock:
            file = sock.makefile("rb")
            self.reply(file)
            sock.sendall(b"EHLO c\r\n")
            self.reply(file)
            self.chancery.run("stop")
            code, text = self.reply(file)
        self.chancery.run("start")
        self.assertEqual((code, text[:6]), (421, "4.3.2 "))


class Patience(Talk):
    options = ("smtpd_timeout = 3s",)

    def silent(self, *lines):
        """What a client that falls silent behind these lines is told. They
        go at once, so that no slowness of ours is a silence."""
        with self.chancery.connect("smtp") as sock:
            file = sock.makefile("rb")
            sock.sendall(b"".join(lines))
            self.reply(file)
            for line in lines:
                if line.endswith(b"\r\n"):
                    self.reply(file)
            return self.reply(file), self.reply(file)

    def test_silence(self):
        for lines in ((), (b"EHLO c\r\n",), (b"NOO",),
                      (b"EHLO c\r\n", b"MAIL FROM:<x@y>\r\n",
                       b"RCPT TO:<ada@example.test>\r\n", b"DATA\r\n",
                       b"half a line")):
            said, end = self.silent(*lines)
            self.assertEqual(said[0], 421, lines)
            self.assertTrue(said[1].startswith("4.4.2 "), said)
            self.assertEqual(end[0], 0)


class Haste(Talk):
    options = ("smtpd_timeout = 3s", "smtpd_per_request_deadline = yes")

    def test_a_drip_is_no_sign_of_life(self):
        """A byte now and then keeps nobody connected."""
        for lines, codes in (
                (b"", "220 421"),
                (b"EHLO c\r\nMAIL FROM:<x@y>\r\n"
                 b"RCPT TO:<ada@example.test>\r\nDATA\r\n",
                 "220 250 250 250 354 421")):
            with self.chancery.connect("smtp") as sock:
                sock.sendall(lines)  # the drip alone is to be slow
                said = b""
                sock.settimeout(0.2)
                began = time.monotonic()
                while time.monotonic() - began < chancery.PATIENCE:
                    try:
                        sock.sendall(b"x")
                    except ConnectionError:
                        pass  # what was said before can be read
                    try:
                        chunk = sock.recv(1000)
                        said += chunk
                        if not chunk:
                            break
                    except TimeoutError:
                        continue
                    except ConnectionError:
                        break
                self.assertEqual(re.findall(r"^(\d\d\d) ", said.decode(),
                                            re.M), codes.split(), said)
                self.assertIn(b"\r\n421 4.4.2 ", said)


if __name__ == "__main__":
    chancery.main()
