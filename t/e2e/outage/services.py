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

    def kill(self, service):
        """SIGKILL; wait until master has another one up."""
        old = self.pids(service)
        os.kill(old[0], signal.SIGKILL)
        chancery.wait_until(f"another {service}", lambda: (
            self.pids(service) and old[0] not in self.pids(service)))


class Filter(Outage):
    """As it is for the one it is for the other."""

    name, filter = "clamav_socket", staticmethod(filters.Clamd)

    @classmethod
    def setUpClass(cls):
        cls.server = cls.filter()
        cls.options = (f"{cls.name}={cls.server.socket}",
                       "clamav_timeout=2s", "spamd_timeout=4s")
        try:
            super().setUpClass()
        except BaseException:
            cls.server.close()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.server.close()

    def test_killed_and_stopped(self):
        with load.Load(self.chancery, "ada", sessions=2) as sending:
            sending.wait_for(5)
            self.server.kill()
            sending.wait_for_trouble(2)
            self.server.restart()
            sending.wait_for(5)
            self.server.kill(signal.SIGSTOP)
            sending.wait_for_trouble(2)
            self.server.kill(signal.SIGCONT)
            sending.wait_for(5)
        sending.check(self)
        codes = {code for code, _ in sending.put_off}
        self.assertEqual(codes, {451})


class SpamFilter(Filter):
    name, filter = "spamd_socket", staticmethod(filters.Spamd)


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
