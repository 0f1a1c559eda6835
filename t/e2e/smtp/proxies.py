"""Who speaks for others: XCLIENT and PROXY headers, and who must not."""

import struct

import chancery

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
MESSAGE = b"Subject: x\r\n\r\nhello\r\n"


class Authorised(chancery.TestCase):
    options = ("smtpd_authorized_xclient_hosts = 127.0.0.0/8",
               "proxy_protocol_networks = 127.0.0.2",
               "mynetworks = 192.0.2.0/24")

    def dialogue(self, smtp, *lines):
        return [smtp.docmd(line)[0] for line in lines]

    def test_the_received_field_names_the_client(self):
        with self.chancery.smtp() as smtp:
            self.assertEqual(self.dialogue(
                smtp, "EHLO proxy",
                "XCLIENT NAME=mx.elsewhere.test ADDR=203.0.113.9 PORT=4321 "
                "PROTO=ESMTP",
                "MAIL FROM:<x@elsewhere.test>", "EHLO mx.elsewhere.test",
                "MAIL FROM:<x@elsewhere.test>",
                "RCPT TO:<someone@far.test>", "RCPT TO:<ada@example.test>"),
                [250, 220, 503, 250, 250, 554, 250])
            self.assertEqual(smtp.data(MESSAGE)[0], 250)
        message, = self.wait_for_messages("ada", 1)
        self.assertIn(b"from mx.elsewhere.test (mx.elsewhere.test "
                      b"[203.0.113.9])", message)
        self.assert_logged("connect from")
        self.assert_logged("xclient from")

    def test_rights_go_with_the_address_and_login_told(self):
        with self.chancery.smtp() as smtp:
            self.assertEqual(self.dialogue(
                smtp, "XCLIENT ADDR=192.0.2.7", "EHLO c",
                "MAIL FROM:<x@elsewhere.test>"), [220, 250, 250])
            code, text = smtp.docmd("RCPT TO:<someone@far.test>")
            self.assertNotIn(b"Relay access denied", text)
            smtp.docmd("RSET")
            self.assertEqual(self.dialogue(
                smtp, "XCLIENT ADDR=203.0.113.9 LOGIN=ada@example.test",
                "EHLO c", "AUTH PLAIN", "MAIL FROM:<ada@example.test>",
                "RCPT TO:<bob@example.test>"), [220, 250, 503, 250, 250])
            self.assertEqual(smtp.data(MESSAGE)[0], 250)
        message, = self.wait_for_messages("bob", 1)
        self.assertIn(b"ESMTPA", message)

    def binary(self, head, block):
        return SIGNATURE + head + struct.pack(">H", len(block)) + block

    def test_a_proxys_client_is_no_proxy(self):
        """The right to XCLIENT is the client's whom the header names."""
        ends = bytes([203, 0, 113, 9, 198, 51, 100, 1]) + struct.pack(
            ">HH", 5555, 25)
        sock = chancery.socket.create_connection(
            ("127.0.0.1", self.chancery.port("smtp")),
            timeout=chancery.PATIENCE,
            source_address=("127.0.0.2", 0))
        sock.sendall(self.binary(b"\x21\x11", ends + b"\4\0\1x"))
        answers = sock.makefile("rwb")
        self.assertTrue(answers.readline().startswith(b"220 "))
        answers.write(b"EHLO c\r\n")
        answers.flush()
        offered = b""
        while not offered.endswith(b"LIMITS RCPTMAX=1000\r\n"):
            line = answers.readline()
            self.assertTrue(line.startswith(b"250"))
            offered += line
        self.assertNotIn(b"XCLIENT", offered)
        answers.write(b"XCLIENT ADDR=127.0.0.1\r\n")
        answers.flush()
        self.assertTrue(answers.readline().startswith(b"550 5.7.0 "))
        sock.close()
        self.assert_logged(r"connect from unknown\[203\.0\.113\.9\]")


class Strangers(chancery.TestCase):
    def test_nobody_is_believed(self):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            self.assertNotIn("xclient", smtp.esmtp_features)
            code, text = smtp.docmd("XCLIENT", "ADDR=192.0.2.1")
            self.assertEqual(code, 550)
            self.assertIn(b"5.7.0", text)
        for header in (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n",
                       SIGNATURE + b"\x20\0\0\0"):
            said = self.talk("smtp", header, "QUIT")
            self.assertIn("220 ", said)
            self.assertIn("500 5.5.2", said)
        self.assertNotIn("192.0.2.1]", self.chancery.log())


if __name__ == "__main__":
    chancery.main()
