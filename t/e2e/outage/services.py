"""clamd, spamd, stored and dnsd stopped and killed while mail comes in:
temporary failures where the service is needed, nothing lost, nothing twice,
and all well again without a hand.
"""

import os
import signal

import chancery
import filters
import load


class Outage(chancery.TestCase):
    may_panic = True  # it kills
    users = ("ada",)

    def pids(self, service):
        return self.chancery.pids().get(service, [])

    def signal(self, service, number):
        for pid in self.pids(service):
            os.kill(pid, number)


class Filter(filters.Behind, Outage):
    """As it is for the one it is for the other."""

    servers = {"clamav_socket": filters.Clamd}
    more = ("clamav_timeout=5s", "spamd_timeout=10s")

    def test_killed_and_stopped(self):
        server, = self.running.values()
        with load.Load(self.chancery, "ada", sessions=2) as sending:
            sending.wait_for(5)
            server.kill()
            sending.wait_for_trouble(2)
            server.restart()
            sending.wait_for(5)
            server.kill(signal.SIGSTOP)
            sending.wait_for_trouble(2)
            server.kill(signal.SIGCONT)
            sending.wait_for(5)
        sending.check(self)
        codes = {code for code, _ in sending.put_off}
        self.assertEqual(codes, {451})


class SpamFilter(Filter):
    servers = {"spamd_socket": filters.Spamd}


class Store(Outage):
    options = ("minimal_backoff_time = 2s",)

    def test_killed_and_stopped(self):
        with load.Load(self.chancery, "ada") as sending:
            sending.wait_for(20)
            self.kill("stored")
            sending.wait_for(20)  # the queue takes what the store cannot
            self.signal("stored", signal.SIGSTOP)
            sending.wait_for(20)
            self.signal("stored", signal.SIGCONT)
            sending.wait_for(20)
            self.kill("stored")
            sending.wait_for(20)
        sending.check(self)
        self.assertEqual(sending.put_off, [])


class Dns(Outage):
    """Local mail needs no DNS, so nobody waits for it."""

    def test_killed_and_stopped(self):
        with load.Load(self.chancery, "ada") as sending:
            sending.wait_for(20)
            self.kill("dnsd")
            sending.wait_for(20)
            self.signal("dnsd", signal.SIGSTOP)
            sending.wait_for(20)
            self.signal("dnsd", signal.SIGCONT)
            sending.wait_for(20)
        sending.check(self)


class Everything(Outage):
    """Each daemon between a client and the disk, in turn."""

    def test_killed_one_after_the_other(self):
        with load.Load(self.chancery, "ada") as sending:
            for service in ("smtp", "rewrite", "qmgr", "lmtp", "stored",
                            "front", "authd"):
                self.kill(service)
                sending.wait_for(10)
        sending.check(self)


if __name__ == "__main__":
    chancery.main()
