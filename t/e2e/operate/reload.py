"""A reload changes what the next client sees, and disturbs nobody who is
connected: certificate, settings of session daemons and of the others."""

import re
import socket
import ssl
import subprocess
import unittest

import chancery


class Reload(chancery.TestCase):
    users = ("ada",)

    def certificate(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(
                ("127.0.0.1", self.chancery.port("imaps"))) as sock:
            with context.wrap_socket(sock) as tls:
                return tls.getpeercert(binary_form=True)

    def size_limit(self, smtp):
        smtp.ehlo()
        return int(smtp.esmtp_features["size"])

    def test_everything_new_and_nobody_cut_off(self):
        before = self.certificate()
        imap = self.chancery.imap("ada")
        imap.select()
        smtp = self.chancery.smtp()
        limit = self.size_limit(smtp)

        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=new.example.test", "-keyout",
             self.chancery.path("tls/key.pem"), "-out",
             self.chancery.path("tls/cert.pem")],
            check=True, capture_output=True)
        with open(self.chancery.path("etc/main.cf"), "a") as main_cf:
            main_cf.write(f"message_size_limit = {limit + 1000}\n")
        said = self.chancery.run("reload").stdout
        self.assertNotIn("keeps its old settings", said)

        self.assertNotEqual(self.certificate(), before)
        self.assertEqual(self.size_limit(self.chancery.smtp()), limit + 1000)
        # those who were there
        self.assertEqual(imap.noop()[0], "OK")
        self.assertEqual(self.size_limit(smtp), limit)
        smtp.sendmail("ada@example.test", ["ada@example.test"],
                      "Subject: still here\r\n\r\nhello\r\n")
        self.wait_for_messages("ada", 1)
        self.assertEqual(imap.noop()[0], "OK")
        imap.logout()
        smtp.quit()

    def test_every_service_counts(self):
        self.certificate()  # a connection
        status = self.chancery.json("status")
        counters = {(c["service"], c["counter"]): c["value"]
                    for c in status["counters"]}
        self.assertGreater(counters[("front", "connections")], 0)
        for service in status["services"]:
            self.assertEqual(service["state"], "up")
            self.assertTrue(re.fullmatch("full|landlock|reduced",
                                         service["jail"]), service)


if __name__ == "__main__":
    chancery.main()
