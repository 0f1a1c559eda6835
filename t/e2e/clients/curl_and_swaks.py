"""curl and swaks send and read, with and without TLS."""

import subprocess

import chancery


class CurlAndSwaks(chancery.TestCase):
    def run_client(self, *words, stdin=None, code=0):
        done = subprocess.run(words, input=stdin, text=True,
                              timeout=chancery.PATIENCE,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def curl(self, *words, user="ada"):
        return self.run_client(
            "curl", "--silent", "--show-error", "--fail", "--crlf", "--cacert",
            self.chancery.path("tls/cert.pem"), "--user",
            f"{self.chancery.address(user)}:{self.chancery.password(user)}",
            *self.resolve(), *words)

    def resolve(self):
        words = []
        for service in chancery.PORTS:
            words += ["--resolve", "mail.example.test:"
                      f"{self.chancery.port(service)}:127.0.0.1"]
        return words

    def url(self, scheme, service, rest=""):
        return (f"{scheme}://mail.example.test:"
                f"{self.chancery.port(service)}{rest}")

    def test_swaks_each_way_in(self):
        for n, words in enumerate((
                ["--port", str(self.chancery.port("smtp"))],
                ["--port", str(self.chancery.port("smtp")), "--tls",
                 "--pipeline"],
                ["--port", str(self.chancery.port("submission")), "--tls",
                 "--auth", "PLAIN"],
                ["--port", str(self.chancery.port("submissions")),
                 "--tls-on-connect", "--auth", "LOGIN"])):
            auth = [] if "--auth" not in words else [
                "--auth-user", self.chancery.address("ada"),
                "--auth-password", self.chancery.password("ada")]
            said = self.run_client(
                "swaks", "--server", "127.0.0.1", "--from",
                "ada@example.test", "--to", "bob@example.test",
                "--header", f"Subject: swaks {n}", *words, *auth)
            self.assertIn("queued as", said)
        found = self.wait_for_messages("bob", 4)
        for n in range(4):
            self.assertEqual(
                sum(f"Subject: swaks {n}".encode() in m for m in found), 1)

    def test_curl_sends_and_reads(self):
        # This file's lines end in LF, which curl sends as they are; a bare LF
        # is refused.
        self.curl("--ssl-reqd", "--crlf", "--url",
                  self.url("smtp", "submission"),
                  "--mail-from", "ada@example.test", "--mail-rcpt",
                  "ada@example.test", "--upload-file", __file__)
        self.wait_for_messages("ada", 1)
        with open(__file__) as f:
            mine = f.read().replace("\n", "\r\n")
        imap = self.curl(self.url("imaps", "imaps", "/INBOX;MAILINDEX=1"))
        pop3 = self.curl(self.url("pop3s", "pop3s", "/1"))
        self.assertIn(mine.replace("\r\n", "\n"),
                      imap.replace("\r\n", "\n"))
        self.assertIn(mine.replace("\r\n", "\n"),
                      pop3.replace("\r\n", "\n"))
        starttls = self.curl("--ssl-reqd", self.url("imap", "imap", "/"))
        self.assertIn("INBOX", starttls)
        self.assertIn("1 ", self.curl("--ssl-reqd",
                                      self.url("pop3", "pop3", "/")))

    def test_openssl_sees_modern_tls_only(self):
        for service in ("imaps", "pop3s", "submissions"):
            at = f"127.0.0.1:{self.chancery.port(service)}"
            for version, code in (("-tls1_2", 0), ("-tls1_3", 0),
                                  ("-tls1_1", 1)):
                self.run_client("openssl", "s_client", "-connect", at,
                                version, "-cipher", "ALL:@SECLEVEL=0",
                                stdin="", code=code)


if __name__ == "__main__":
    chancery.main()
