"""Parked sessions, IMAP and POP3, in the clear and with TLS: what wakes them,
what ends them, what counts them, and what happens when others fail meanwhile.
"""

import json
import os
import poplib
import re
import signal
import socket
import time

import chancery
import imap_talk

MESSAGE = b"Subject: parked\r\n\r\nbody\r\n"


class ParkingCase(chancery.TestCase):
    options = ("imap_park_after = 0", "pop3_park_after = 0")
    users = ("ada", "bob", "cy", "dee")

    def setUp(self):
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.close()
        self.parked(0)

    def counter(self, name, service="front"):
        done = self.chancery.run("status", "--json", check=False)
        for row in json.loads(done.stdout)["counters"]:
            if (row["service"], row["counter"]) == (service, name):
                return row["value"]
        return None

    def parked(self, count):
        chancery.wait_until(f"{count} are parked",
                            lambda: self.counter("parked") == count)

    def sessions(self, count):
        """front tells authd of them a moment later."""
        chancery.wait_until(f"{count} are counted", lambda:
                            self.counter("sessions", "authd") == count)

    def imap(self, user="ada", service="imap", idle=False):
        client = imap_talk.Client(self.chancery, user, service)
        self.clients.append(client)
        client.ok("SELECT INBOX")
        if idle:
            client.send("i IDLE")
            self.assertEqual(client.response(), "+ idling")
        return client

    def told_bye(self, client, text):
        said = client.response()
        while not said.startswith("* BYE"):
            said = client.response()
        self.assertIn(text, said)
        with self.assertRaises(EOFError):
            client.line()

    def until(self, client, what):
        said = client.response()
        while what not in said:
            said = client.response()
        return said


class Imap(ParkingCase):
    def test_no_process_is_left(self):
        before = {s: len(p) for s, p in self.chancery.pids().items()}
        for service in ("imap", "imaps"):
            for idle in (False, True):
                self.imap("ada", service, idle)
        self.parked(4)
        for service in ("imap", "imaps"):
            chancery.wait_until(
                f"none for a session of {service}", lambda:
                len(self.chancery.pids()[service]) <= before[service])

    def test_news_wake_those_who_idle_and_no_others(self):
        for service in ("imap", "imaps"):
            silent = self.imap("bob", service)
            idle = self.imap("bob", service, idle=True)
            writer = self.imap("ada")
            self.parked(3)
            wakes = self.counter("wakes")
            self.send("ada", ["bob"], MESSAGE.decode(), "smtp")
            self.until(idle, "EXISTS")
            self.parked(3)
            self.assertTrue(silent.is_silent())
            self.assertEqual(self.counter("wakes"), wakes + 1)
            idle.send("DONE")
            self.assertTrue(self.until(idle, "i ").startswith("i OK"))
            self.assertTrue(silent.ok("NOOP"))
            for client in (silent, idle, writer):
                client.close()
            self.parked(0)

    def test_pipelined_while_it_wakes(self):
        """Bytes that come in pieces, before and while the process starts."""
        for service in ("imap", "imaps"):
            client = self.imap("ada", service, idle=True)
            self.parked(1)
            client.send(b"DO")
            time.sleep(0.002)
            client.send(b"NE\r\n" + b"".join(
                b"p%d NOOP\r\n" % n for n in range(200)))
            self.assertTrue(self.until(client, "i ").startswith("i OK"))
            for n in range(200):
                self.assertTrue(self.until(client, f"p{n} OK"))
            big = b"x" * 100000
            self.parked(1)
            client.ok("APPEND INBOX ", MESSAGE + big + b"\r\n", plus=True)
            self.assertTrue(client.ok("FETCH * BODY.PEEK[TEXT]"))
            client.close()
            self.parked(0)

    def test_the_client_goes_away(self):
        for service in ("imap", "imaps"):
            client = self.imap("ada", service, idle=True)
            self.parked(1)
            client.close()
            self.parked(0)
        self.assert_logged("Disconnected: connection closed, parked: "
                           "user=<ada@example.test>")

    def test_stored_restarts_meanwhile(self):
        for service in ("imap", "imaps"):
            idle = self.imap("cy", service, idle=True)
            silent = self.imap("cy", service)
            self.parked(2)
            pid = self.chancery.pid("stored")
            os.kill(pid, signal.SIGTERM)
            chancery.wait_until("another stored", lambda: (
                self.chancery.pids().get("stored") or [pid])[0] != pid)
            self.send("ada", ["cy"], MESSAGE.decode(), "smtp")
            self.until(idle, "EXISTS")
            silent.ok("NOOP")
            idle.close()
            silent.close()
            self.parked(0)

    def test_front_reloads_meanwhile(self):
        clients = [self.imap("ada", s, idle=True) for s in ("imap", "imaps")]
        self.parked(2)
        self.chancery.run("reload")
        self.send("bob", ["ada"], MESSAGE.decode(), "smtp")
        for client in clients:
            self.until(client, "EXISTS")

    def test_a_deleted_mailbox(self):
        writer, idle = self.imap("ada"), self.imap("ada")
        writer.ok("CREATE gone")
        idle.ok("SELECT gone")
        idle.send("i IDLE")
        self.assertEqual(idle.response(), "+ idling")
        self.parked(2)
        writer.ok("DELETE gone")
        self.told_bye(idle, "is not there any more")

    def test_what_does_not_fit_is_not_parked(self):
        """Flags that no two neighbours share take a run each."""
        writer = self.imap("dee")
        writer.ok("CREATE many")
        tag = None
        for n in range(2000):
            tag = writer.begin("APPEND many ", MESSAGE, plus=True)
        while not writer.response().startswith(tag + " "):
            pass
        writer.ok("SELECT many")
        self.parked(1)
        odd = ",".join(map(str, range(1, 2001, 2)))
        writer.ok(f"STORE {odd} +FLAGS.SILENT (\\Seen)")
        stays = self.imap("dee")
        self.parked(1)  # not the first one
        pids = len(self.chancery.pids()["imap"])
        self.assertGreaterEqual(pids, 2)
        writer.ok("STORE 1:* +FLAGS.SILENT (\\Seen)")
        self.parked(2)
        stays.close()


class Ends(ParkingCase):
    users = ("ada", "bob", "cy", "dee", "eve")
    options = ParkingCase.options + ("auth_session_limit = 6",)

    def pop3(self, user, service):
        pop3 = self.chancery.pop3(user, service)
        self.clients.append(pop3)
        return pop3

    def test_a_kick_ends_them_and_nobody_else(self):
        for user, verb in (("bob", ("user", "disable")),):
            silent = [self.imap(user, s) for s in ("imap", "imaps")]
            idle = [self.imap(user, s, idle=True) for s in ("imap", "imaps")]
            pop3 = self.pop3(user, "pop3")
            other = self.imap("ada", idle=True)
            self.parked(6)
            began = time.monotonic()
            self.chancery.run(*verb, self.chancery.address(user))
            for client in silent + idle:
                self.told_bye(client, "login is no longer good")
            with self.assertRaises((poplib.error_proto, OSError)):
                pop3.noop()
            self.assertLess(time.monotonic() - began, 60)
            self.parked(1)
            other.send("DONE")
            self.assertTrue(self.until(other, "i ").startswith("i OK"))

    def test_a_kick_ends_pop3_in_the_clear(self):
        """One that has a process, which takes its time."""
        with self.chancery.connect("pop3") as sock:
            sock.settimeout(chancery.PATIENCE)
            sock.recv(1000)
            address = self.chancery.address("cy")
            for line in (f"USER {address}", f"PASS "
                         f"{self.chancery.password('cy')}"):
                sock.sendall(line.encode() + b"\r\n")
                self.assertTrue(sock.recv(1000).startswith(b"+OK"))
            sock.sendall(b"NO")  # half a command: there is a process
            self.parked(0)
            self.chancery.run("user", "disable", address)
            said = b""
            while chunk := sock.recv(1000):
                said += chunk
            self.assertIn(b"-ERR [AUTH] Login is no longer good", said)

    def test_a_password_change_is_seen_at_the_wake_up(self):
        """authd is asked, whether or not front was told before."""
        client = self.imap("dee")
        self.parked(1)
        time.sleep(1.1)  # the time of a change has seconds
        self.chancery.run("user", "password", self.chancery.address("dee"),
                          "--password-file", "-", stdin="another-secret\n")
        try:
            client.send("a NOOP")
        except OSError:
            pass
        self.told_bye(client, "login is no longer good")

    def test_sessions_are_counted_while_parked(self):
        clients = [self.imap("eve") for _ in range(6)]
        self.parked(6)
        with self.assertRaises(AssertionError):
            self.imap("eve")
        clients[0].close()
        self.parked(5)
        clients.append(self.imap("eve"))
        self.parked(6)
        self.sessions(6)

    def test_authd_restarts_meanwhile(self):
        client = self.imap("ada")
        self.parked(1)
        pid = self.chancery.pid("authd")
        os.kill(pid, signal.SIGTERM)
        chancery.wait_until("another authd", lambda: (
            self.chancery.pids().get("authd") or [pid])[0] != pid)
        client.ok("NOOP")
        self.sessions(1)


class PerAddress(ParkingCase):
    options = ParkingCase.options + (
        "client_connection_limit_exceptions =",
        "imapd_client_connection_count_limit = 3")

    def test_connections_are_counted_while_parked(self):
        clients = [self.imap() for _ in range(3)]
        self.parked(3)
        with self.assertRaises((AssertionError, EOFError, OSError)):
            self.imap()
        clients[0].close()
        self.parked(2)
        self.imap()


class Times(ParkingCase):
    options = ("imap_park_after = 0", "pop3_park_after = 0",
               "imapd_timeout = 10s", "pop3d_timeout = 10s")

    def test_silence_ends_them_as_if_they_were_not_parked(self):
        silent, idle = self.imap(), self.imap(service="imaps", idle=True)
        pop3 = self.chancery.pop3("bob", "pop3s")
        began = time.monotonic()
        self.told_bye(silent, "autologout, you were silent too long")
        self.told_bye(idle, "autologout, you were silent too long")
        line = pop3.file.readline()
        self.assertEqual(line, b"-ERR You were silent too long\r\n")
        self.assertLess(time.monotonic() - began, 60)
        pop3.close()
        # and all of them were
        chancery.wait_until("the log says so", lambda: len(re.findall(
            "silent too long, parked: user=<(ada|bob)@",
            self.chancery.log(), re.I)) == 3)

    def left_after_news(self):
        """Seconds that one has who was idle for five of ten when there were
        news; None where they came when all was over."""
        idle = self.imap("cy", idle=True)
        self.parked(1)
        time.sleep(5)
        self.send("bob", ["cy"], MESSAGE.decode(), "smtp")
        try:
            self.until(idle, "EXISTS")
        except EOFError:
            return None
        began = time.monotonic()
        self.told_bye(idle, "autologout")
        return time.monotonic() - began

    def test_news_do_not_make_it_longer(self):
        """Once in three a machine is not too busy to show it."""
        left = []
        for _ in range(3):
            left.append(self.left_after_news())
            if left[-1] is not None and left[-1] < 9:
                return
        self.fail(f"after the news all had longer: {left}")


class SlowFront(ParkingCase):
    options = ("imap_park_after = 1s",)

    def test_a_command_that_crosses_the_parking_is_answered(self):
        """Behind TLS front has bytes for a session that wants to go."""
        client = self.imap("ada", "imaps")
        front = self.chancery.pid("front")
        chancery.freeze(front)
        try:
            client.send("a NOOP")
            time.sleep(12)  # longer than a handover may take
        finally:
            os.kill(front, signal.SIGCONT)
        self.assertTrue(self.until(client, "a ").startswith("a OK"))


class Crash(ParkingCase):
    may_panic = True

    def test_imapd_dies(self):
        """A parent that dies takes nobody along who is parked."""
        clients = [self.imap("ada", s, idle=True) for s in ("imap", "imaps")]
        self.parked(2)
        before = self.chancery.pids()
        for service in ("imap", "imaps"):
            os.kill(before[service][0], signal.SIGKILL)
        for client in clients:
            client.send("DONE")
            self.assertTrue(self.until(client, "i ").startswith("i OK"))
            client.ok("NOOP")

    def test_the_end_is_said(self):
        clients = [self.imap("bob", s, idle=True) for s in ("imap", "imaps")]
        self.parked(2)
        os.kill(self.chancery.pid("front"), signal.SIGTERM)
        for client in clients:
            self.told_bye(client, "server is going down")


class Pop3(ParkingCase):
    users = ("ada", "bob", "cy")

    def fill(self, user, count):
        for n in range(count):
            self.send("x@elsewhere.test", [user], f"Subject: {n}\r\n\r\nx\r\n")
        self.wait_for_messages(user, count)

    def test_the_maildrop_stays_as_it_was(self):
        for user, service in (("ada", "pop3"), ("bob", "pop3s")):
            self.fill(user, 5)
            stored = self.messages(user)
            pop3 = self.chancery.pop3(user, service)
            imap = self.imap(user)
            before = pop3.list()[1], pop3.uidl()[1], pop3.stat()
            pop3.dele(2)
            pop3.retr(3)
            self.parked(2)
            # others take one away and bring one
            imap.ok("STORE 4 +FLAGS (\\Deleted)")
            imap.ok("EXPUNGE")
            imap.ok("APPEND INBOX ", MESSAGE)
            self.parked(2)
            self.assertEqual(pop3.list()[1],
                             [row for row in before[0]
                              if not row.startswith(b"2 ")])
            with self.assertRaises(poplib.error_proto):
                pop3.dele(2)
            with self.assertRaises(poplib.error_proto) as no:
                pop3.retr(4)
            self.assertIn("removed meanwhile", str(no.exception))
            self.parked(2)
            pop3.rset()
            self.assertEqual((pop3.list()[1], pop3.uidl()[1], pop3.stat()),
                             before)
            pop3.dele(1)
            self.parked(2)
            pop3.quit()
            self.assertEqual(self.messages(user), [
                stored[1], stored[2], stored[4], MESSAGE])
            imap.ok("NOOP")
            self.assertEqual(imap.search("SEEN"), [2])
            imap.close()

    def test_nobody_else_has_the_maildrop(self):
        pop3 = self.chancery.pop3("cy", "pop3")
        self.parked(1)
        for service in ("pop3", "pop3s"):
            with self.assertRaises(poplib.error_proto) as no:
                self.chancery.pop3("cy", service)
            self.assertIn("[IN-USE]", str(no.exception))
        pop3.noop()
        self.parked(1)
        with self.assertRaises(poplib.error_proto):
            self.chancery.pop3("cy", "pop3s")
        pop3.quit()

        def is_free():
            try:
                self.chancery.pop3("cy", "pop3s").quit()
                return True
            except poplib.error_proto:
                return False
        chancery.wait_until("the maildrop to be free", is_free)


if __name__ == "__main__":
    chancery.main()
