"""A whole instance, jailed, that sends by way of a relay host: TLS and each
mechanism of AUTH work with what the jail leaves the agent."""

import os
import tempfile
import unittest

import auth
import chancery
from certificates import Authority
from site_peer import EXTENSIONS, Site


class RelayHost(chancery.TestCase):
    users = ()

    @classmethod
    def setUpClass(cls):
        authority = Authority()
        cls.addClassCleanup(authority.close)
        cls.site = Site({"AUTH": auth.auth},
                        certificate=authority.issue("mx.site.test"))
        cls.addClassCleanup(cls.site.close)
        with tempfile.NamedTemporaryFile("w", delete=False) as passwords:
            passwords.write(f"{cls.site.nexthop} {auth.USER}:"
                            f"{auth.PASSWORD}\n")
        os.chmod(passwords.name, 0o600)
        cls.addClassCleanup(os.unlink, passwords.name)
        cls.options = (
            f"relayhost = {cls.site.nexthop}", "mynetworks = 127.0.0.0/8",
            "smtp_connection_cache_time_limit = 0",
            "smtp_sasl_auth_enable = yes",
            f"smtp_sasl_password_maps = texthash:{passwords.name}")
        super().setUpClass()

    def test_each_mechanism(self):
        for i, name in enumerate(auth.MECHANISMS):
            self.site.extensions = EXTENSIONS + ("CHUNKING", "AUTH " + name)
            self.send("a@example.test", ["b@elsewhere.test"],
                      "Subject: x\r\n\r\nhello\r\n")
            chancery.wait_until(f"{name} works",
                                lambda: len(self.site.messages) == i + 1)
            self.assertEqual(self.site.connections[i].user, (name, True))
        chancery.wait_until("the log says so", lambda: self.chancery.log(
            ).count("status=sent (250 2.0.0 Ok: queued as ") == i + 1)
        self.assertNotIn(auth.PASSWORD, self.chancery.log())


if __name__ == "__main__":
    unittest.main()
