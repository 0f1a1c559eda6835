"""Connections of the smtp agent that serve more than one transaction."""

import time
import unittest

from chancery import wait_until
from site_peer import CLOSE, AgentCase


class ReuseCase(AgentCase):
    def send(self, site, count=1):
        for _ in range(count):
            self.assertEqual(self.lmtp.transaction(
                site.nexthop, ["a@b.test"])[-1][0], 250)


class Reuse(ReuseCase):
    options = ("smtp_connection_cache_time_limit=60s",)

    def test_one_connection_for_all(self):
        site = self.site()
        self.send(site, 5)
        self.assertEqual(len(site.messages), 5)
        self.assertEqual(len(site.connections), 1)
        self.assertNotIn("RSET", site.lines())

    def test_one_that_was_closed_meanwhile(self):
        site = self.site()
        self.send(site)
        site.connections[0].sock.close()
        self.send(site)
        self.assertEqual(len(site.connections), 2)

    def test_one_that_is_closed_by_the_next_mail(self):
        for last in CLOSE, "421 4.4.2 idle for too long":
            site = self.site({"MAIL": lambda c, args: last
                              if "MAIL FROM:<s@elsewhere.test>" in c.lines[:-1]
                              else None})
            self.send(site, 3)
            self.assertEqual(len(site.messages), 3)
            self.assertEqual(len(site.connections), 3)

    def test_left_open_transaction_is_reset(self):
        site = self.site({"RCPT": lambda c, args: "550 5.1.1 no"
                          if "no@" in args else None})
        self.lmtp.transaction(site.nexthop, ["no@b.test"])
        self.send(site)
        self.assertEqual(len(site.connections), 1)
        self.assertEqual(site.lines().count("RSET"), 1)

    def test_several_sites(self):
        sites = [self.site() for _ in range(6)]
        for _ in range(2):
            for site in sites[:4]:
                self.send(site)
        self.assertEqual([len(s.connections) for s in sites[:4]], [1] * 4)
        self.send(sites[4])
        wait_until("the oldest is told goodbye",
                   lambda: "QUIT" in sites[0].lines())

    def test_goodbye_at_the_end(self):
        site = self.site()
        self.send(site)
        self.lmtp.command("QUIT")
        wait_until("QUIT is said", lambda: "QUIT" in site.lines())


class Old(ReuseCase):
    options = ("smtp_connection_cache_time_limit=1s",)

    def test_idle_ones_are_closed(self):
        site = self.site()
        self.send(site)
        began = time.monotonic()
        wait_until("QUIT is said", lambda: "QUIT" in site.lines())
        self.assertLess(time.monotonic() - began, 45)
        self.send(site)
        self.assertEqual(len(site.connections), 2)


class Count(ReuseCase):
    options = ("smtp_connection_cache_time_limit=60s",
               "smtp_connection_reuse_count_limit=2")

    def test_so_many_transactions(self):
        site = self.site()
        self.send(site, 5)
        self.assertEqual(len(site.connections), 3)


class Never(ReuseCase):
    options = ("smtp_connection_cache_time_limit=0",)

    def test_each_has_its_own(self):
        site = self.site()
        self.send(site, 2)
        self.assertEqual(len(site.connections), 2)


if __name__ == "__main__":
    unittest.main()
