"""What one address may do in a unit of time, over all its sessions."""

import smtplib

import chancery

MESSAGE = b"Subject: x\r\n\r\nhello\r\n"


class Rates(chancery.TestCase):
    options = ("client_connection_limit_exceptions = 192.0.2.0/24",
               "smtpd_client_message_rate_limit = 2",
               "smtpd_client_recipient_rate_limit = 3",
               "smtpd_client_auth_rate_limit = 1",
               "smtpd_client_new_tls_session_rate_limit = 2",
               "smtpd_authorized_xclient_hosts = 127.0.0.0/8",
               "anvil_rate_time_unit = 1h")

    def session(self, source):
        """A session of a client at that address."""
        smtp = self.chancery.smtp()
        self.assertEqual(smtp.docmd(f"XCLIENT ADDR={source}")[0], 220)
        smtp.ehlo()
        return smtp

    def mail(self, source):
        with self.session(source) as smtp:
            return smtp.mail("x@elsewhere.test")

    def test_messages(self):
        self.assertEqual(self.mail("203.0.113.1")[0], 250)
        self.assertEqual(self.mail("203.0.113.1")[0], 250)
        code, text = self.mail("203.0.113.1")
        self.assertEqual(code, 450)
        self.assertIn(b"4.7.1", text)
        self.assertIn(b"too much mail from 203.0.113.1", text)
        self.assertEqual(self.mail("203.0.113.2")[0], 250)
        for _ in range(3):  # exempt
            self.assertEqual(self.mail("192.0.2.1")[0], 250)
        self.assert_logged(r"rate limit: unknown\[203\.0\.113\.1\]")

    def test_recipients(self):
        codes = []
        for _ in range(2):
            with self.session("203.0.113.3") as smtp:
                smtp.mail("x@elsewhere.test")
                codes += [smtp.rcpt("ada@example.test")[0]
                          for _ in range(2)]
        self.assertEqual(codes, [250, 250, 250, 450])

    def test_new_tls(self):
        codes = []
        for _ in range(3):
            with self.session("203.0.113.4") as smtp:
                codes.append(smtp.docmd("STARTTLS")[0])
                if codes[-1] == 220:
                    smtp.sock = self.chancery.tls().wrap_socket(smtp.sock)
                    smtp.file = None
                    smtp.ehlo()
        self.assertEqual(codes, [220, 220, 454])

    def test_logins(self):
        """The second from this host itself, whatever its password."""
        self.chancery.smtp("submissions", "ada").quit()
        with self.assertRaises(smtplib.SMTPAuthenticationError) as refused:
            self.chancery.smtp("submissions", "ada")
        self.assertEqual(refused.exception.smtp_code, 450)
        # and the third TLS session is not even begun
        with self.assertRaises(OSError):
            self.chancery.smtp("submissions")


if __name__ == "__main__":
    chancery.main()
