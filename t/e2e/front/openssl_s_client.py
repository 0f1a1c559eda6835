"""TLS as openssl s_client sees it, and certificates replaced on the run."""

import re
import ssl
import subprocess

import chancery

STARTTLS = {"smtp": "smtp", "submission": "smtp", "imap": "imap",
            "pop3": "pop3"}


class OpensslSClient(chancery.TestCase):
    def s_client(self, service, *words, stdin="", code=0):
        if service in STARTTLS:
            words = ("-starttls", STARTTLS[service], *words)
        done = subprocess.run(
            ["openssl", "s_client", "-connect",
             f"127.0.0.1:{self.chancery.port(service)}", "-CAfile",
             self.chancery.path("tls/cert.pem"), "-cipher",
             "ALL:@SECLEVEL=0", *words],
            input=stdin, text=True,
            timeout=chancery.PATIENCE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def test_every_way_to_tls(self):
        for service in chancery.PORTS:
            for version in ("1_2", "1_3"):
                said = self.s_client(service, "-tls" + version)
                self.assertIn(f"TLSv{version.replace('_', '.')}", said)
                self.assertIn("Verify return code: 0 (ok)", said)

    def test_old_versions_are_refused(self):
        for service in ("submissions", "imap"):
            for version in ("-tls1", "-tls1_1"):
                self.s_client(service, version, code=1)

    def test_weak_ciphers_are_refused(self):
        for cipher in ("aNULL", "eNULL", "kRSA", "RC4", "3DES"):
            said = subprocess.run(
                ["openssl", "ciphers", cipher + ":@SECLEVEL=0"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if said.returncode == 0:
                self.s_client("imaps", "-tls1_2", "-cipher",
                              cipher + ":@SECLEVEL=0", code=1)

    def test_renegotiation_is_refused(self):
        said = self.s_client("imaps", "-tls1_2", stdin="R\n", code=1)
        self.assertIn("error", said.partition("RENEGOTIATING")[2])

    def test_sessions_are_resumed(self):
        for version in ("-tls1_2", "-tls1_3"):
            ticket = self.chancery.path("session" + version)
            first = self.s_client("imaps", version, "-sess_out", ticket,
                                  "-ign_eof", stdin="a LOGOUT\r\n")
            self.assertIn("New, ", first)
            again = self.s_client("imaps", version, "-sess_in", ticket,
                                  "-ign_eof", stdin="a LOGOUT\r\n")
            self.assertIn("Reused, ", again)

    def test_a_new_certificate_without_a_restart(self):
        def served():
            return ssl.get_server_certificate(
                ("127.0.0.1", self.chancery.port("imaps")))
        before = served()
        held = self.chancery.imap("ada")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=mail.example.test", "-addext",
             "subjectAltName=DNS:mail.example.test", "-keyout",
             self.chancery.path("tls/key.pem"), "-out",
             self.chancery.path("tls/cert.pem")], check=True,
            stderr=subprocess.DEVNULL)
        self.chancery.run("reload")
        chancery.wait_until("the new one", lambda: served() != before)
        self.assertEqual(held.noop()[0], "OK")
        log = self.chancery.log()
        self.assertIsNone(re.search("front.*old settings", log))


if __name__ == "__main__":
    chancery.main()
