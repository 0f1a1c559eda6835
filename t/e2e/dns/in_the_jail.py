"""dnsd as master runs it: jailed, asked over smtpd's edge, told new servers
by a reload, and killed in the middle."""

import os
import signal
import struct
import unittest

import chancery
import dns
import frames

MX = 15
FOUND, TEMP = 0, 3
FIRST = dns.Server({"example.net": "@ MX 10 first",
                    "signed.test": dns.Signed("@ MX 10 mx")})
SECOND = dns.Server({"example.net": "@ MX 10 second"})


class Jailed(chancery.TestCase):
    users = ()
    options = FIRST.options("service_throttle_time = 1s")
    may_panic = True  # it is killed

    def setUp(self):
        if not chancery.IS_ROOT and not os.access(
                self.chancery.path("run/smtpd"), os.X_OK):
            self.skipTest("the edge is not ours")

    def ask(self, name, kind=MX):
        """(status, secure, first record), or None while nobody is there."""
        try:
            conn = frames.Conn(self.chancery.path("run/smtpd/dnsd"))
            _, reader = conn.call(90, frames.text(name) +
                                  struct.pack(">H", kind))
        except (EOFError, OSError):
            return None
        status, secure = reader.u8(), reader.u8()
        reader.take(4)
        reader.raw(), reader.raw()
        first = reader.raw() if reader.u32() else b""
        conn.close()
        return status, secure == 1, first

    def counters(self):
        return {c["counter"]: c["value"]
                for c in self.chancery.json("status")["counters"]
                if c["service"] == "dnsd" and "value" in c}

    def test_a_answers_and_counts(self):
        self.assertEqual(self.ask("example.net"),
                         (FOUND, False, b"first.example.net"))
        self.assertEqual(self.ask("signed.test"),
                         (FOUND, True, b"mx.signed.test"))
        stats = self.counters()
        self.assertEqual(stats["queries"], 2)
        self.assertEqual(stats["found"], 2)
        self.assertEqual(stats["secure"], 1)

    def test_b_killed(self):
        pid = self.chancery.pid("dnsd")
        os.kill(pid, signal.SIGKILL)
        chancery.wait_until("another dnsd", lambda: self.ask(
            "example.net") == (FOUND, False, b"first.example.net"))
        self.assertNotEqual(self.chancery.pids()["dnsd"], [pid])

    def test_c_outage(self):
        FIRST.stop()
        self.chancery.run("reload")  # it forgets what it knew
        chancery.wait_until("no answer", lambda: (
            self.ask("example.net") or [None])[0] == TEMP)
        FIRST.start()
        chancery.wait_until("the answer", lambda: (
            self.ask("example.net") or [None])[0] == FOUND)

    def test_d_reload(self):
        pid = self.chancery.pids()["dnsd"]
        with open(self.chancery.path("etc/main.cf"), "a") as main_cf:
            main_cf.write("\n".join(SECOND.options()) + "\n")
        self.chancery.run("reload")
        chancery.wait_until("the other server", lambda: (
            self.ask("example.net") or [0] * 3)[2] == b"second.example.net")
        self.assertEqual(self.chancery.pids()["dnsd"], pid)

    def test_e_a_mistake_is_told_with_its_line(self):
        with open(self.chancery.path("etc/main.cf")) as main_cf:
            lines = main_cf.read().count("\n")
        with open(self.chancery.path("etc/main.cf"), "a") as main_cf:
            main_cf.write("dns_servers = ns.example.net\n")
        done = self.chancery.run("check", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout + done.stderr,
                         rf"main\.cf:{lines + 1}: dns_servers = .*"
                         "is not an IP address")


if __name__ == "__main__":
    chancery.main()
