"""chancery tls install: a pair that fits is taken at once and by nobody who
is connected already; one that does not is refused and nothing is changed."""

import os
import ssl
import subprocess
import tempfile

import chancery


class TlsInstall(chancery.TestCase):
    users = ("ada",)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def make(self, name, host="mail.example.test", days=30):
        cert, key = (os.path.join(self.folder, f"{name}.{kind}")
                     for kind in ("crt", "key"))
        request = cert + ".req"
        for words in (
                ["req", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                 request, "-subj", f"/CN={name}", "-addext",
                 f"subjectAltName=DNS:{host}"],
                ["x509", "-req", "-in", request, "-key", key, "-out", cert,
                 "-days", str(days), "-copy_extensions", "copy"]):
            subprocess.run(["openssl", *words], check=True,
                           stderr=subprocess.DEVNULL)
        os.chmod(key, 0o600)
        return cert, key

    def served(self):
        return ssl.get_server_certificate(
            ("127.0.0.1", self.chancery.port("imaps")))

    def refused(self, cert, key, why):
        before = self.served()
        done = self.chancery.run("tls", "install", cert, key, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(why, done.stderr)
        self.assertEqual(self.served(), before)

    def test_a_good_pair(self):
        imap = self.chancery.imap("ada")
        pid = self.chancery.pids()["front"]
        cert, key = self.make("new")
        self.chancery.run("tls", "install", cert, key)
        with open(cert) as pem:
            expected = pem.read()
        chancery.wait_until("the new certificate", lambda:
                            self.served() == expected)
        self.assertEqual(imap.noop()[0], "OK")  # with the old one
        imap.logout()
        self.assertEqual(self.chancery.pids()["front"], pid)
        self.assertEqual(os.stat(self.chancery.path("tls/key.pem")).st_mode
                         & 0o777, 0o600)

    def test_a_disk_that_refuses_the_second_file(self):
        """Neither is replaced, and no copy of the key is left behind."""
        in_the_way = self.chancery.path("tls/cert.pem.new")
        os.mkdir(in_the_way)
        self.addCleanup(os.rmdir, in_the_way)
        with open(self.chancery.path("tls/key.pem"), "rb") as key:
            before = key.read()
        self.refused(*self.make("third"), "cert.pem.new")
        with open(self.chancery.path("tls/key.pem"), "rb") as key:
            self.assertEqual(key.read(), before)
        self.assertFalse(os.path.exists(self.chancery.path("tls/key.pem.new")))

    def test_another_host_is_a_warning(self):
        done = self.chancery.run("tls", "install",
                                 *self.make("other", "elsewhere.test"))
        self.assertIn("not one for mail.example.test", done.stdout)
        done = self.chancery.run("check")
        self.assertIn("not one for mail.example.test", done.stdout)

    def test_soon_over_is_a_warning(self):
        self.chancery.run("tls", "install", *self.make("short", days=3))
        self.assertRegex(self.chancery.run("check").stdout,
                         "warning +the certificate expires in [23] days")

    def test_keys_that_do_not_belong_to_it(self):
        self.refused(self.make("one")[0], self.make("two")[1],
                     "does not belong")

    def test_expired(self):
        self.refused(*self.make("old", days=-1), "expired")

    def test_no_pem(self):
        cert, key = self.make("good")
        with open(os.path.join(self.folder, "text"), "w") as text:
            text.write("certificate\n")
        self.refused(text.name, key, "no certificate in PEM")
        os.chmod(text.name, 0o600)
        self.refused(cert, text.name, "no private key in PEM")

    def test_a_key_that_others_can_read(self):
        cert, key = self.make("open")
        os.chmod(key, 0o644)
        self.refused(cert, key, "others can read")


if __name__ == "__main__":
    chancery.main()
