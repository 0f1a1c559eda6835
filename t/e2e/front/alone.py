"""front with stand-ins behind it: what it hands over and relays."""

import base64
import hashlib
import os
import select
import socket
import ssl
import threading
import time

import chancery
import standin
from standin import FrontCase, read_all, read_exactly, read_line


class Handover(FrontCase):
    def test_plain_client_goes_with_what_is_unread(self):
        sock = self.imap()
        local, peer = sock.getsockname(), sock.getpeername()
        self.login(sock, b"b SELECT INBOX\r\n")
        self.assertEqual(read_line(sock), b"b SELECT INBOX\r\n")
        handed = self.last("imap")
        self.assertEqual(handed["unread"], b"b SELECT INBOX\r\n")
        self.assertEqual(handed["tag"], b"a")
        self.assertEqual(handed["user"], b"ada@example.test")
        self.assertEqual(handed["ticket"], b"a ticket")
        self.assertEqual(handed["mech"], b"PLAIN")
        self.assertEqual(handed["client_addr"], b"127.0.0.1")
        self.assertEqual(handed["client_port"], local[1])
        self.assertEqual(handed["local_port"], peer[1])
        self.assertEqual(handed["tls_version"], b"")
        started = self.front.authd.started[-1]
        self.assertEqual(started["service"], b"imap")
        self.assertEqual(started["secure"], 1)
        self.assertEqual(started["session"], handed["session"])
        sock.sendall(b"QUIT\r\n")
        self.assertEqual(read_all(sock), b"")
        chancery.wait_until(
            "authd hears of the end", lambda: any(
                e["session"] == handed["session"]
                for e in self.front.authd.ended))

    def test_tls_client_is_relayed(self):
        sock = self.imap("imaps")
        self.login(sock)
        handed = self.last("imaps")
        self.assertEqual(handed["tls_version"], b"TLSv1.3")
        self.assertEqual(handed["tls_cipher"], sock.cipher()[0].encode())
        self.assertEqual(len(handed["tls_binding"]), 32)
        sock.sendall(b"x" * 100)
        self.assertEqual(read_exactly(sock, 100), b"x" * 100)
        sock.sendall(b"QUIT\r\n")
        self.assertEqual(read_all(sock), b"")  # with close_notify

    def test_pop3(self):
        sock = self.front.connect("pop3")
        self.assertEqual(read_line(sock),
                         b"+OK mail.example.test Chancery ready\r\n")
        sock.sendall(b"USER ada\r\nPASS secret\r\nSTAT\r\n")
        self.assertEqual(read_exactly(sock, 40),
                         b"+OK Send the password\r\n+OK hello\r\nSTAT\r\n")
        self.assertEqual(self.front.authd.started[-1]["service"], b"pop")

    def test_smtp_is_handed_over_at_once(self):
        sock = self.front.connect("smtp")
        self.assertEqual(read_line(sock), b"220 hello\r\n")
        self.assertEqual(self.last("smtp")["user"], b"")
        sock = self.front.tls(self.front.connect("submissions"))
        self.assertEqual(read_line(sock), b"220 hello\r\n")
        self.assertEqual(self.last("submissions")["tls_version"], b"TLSv1.3")

    def test_wrong_password_then_right(self):
        sock = self.imap("imaps")
        sock.sendall(b"a LOGIN ada wrong\r\n")
        self.assertIn(b"a NO [AUTHENTICATIONFAILED]", read_line(sock))
        sock.sendall(b"b AUTHENTICATE PLAIN\r\n")
        self.assertEqual(read_line(sock), b"+ \r\n")
        sock.sendall(b"*\r\n")
        self.assertIn(b"b BAD", read_line(sock))
        chancery.wait_until("authd hears of the cancel",
                            lambda: self.front.authd.cancelled)
        sock.sendall(b"c AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n")
        self.assertEqual(read_line(sock), b"c OK hello\r\n")

    def test_too_many_failures_end_it(self):
        sock = self.imap()
        sock.sendall(b"a LOGIN ada wrong\r\n" * 9)
        said = read_all(sock)
        self.assertEqual(said.count(b"AUTHENTICATIONFAILED"), 5)
        self.assertTrue(said.endswith(b"* BYE Too many failed logins\r\n"))

    def test_pipelined_noops_all_come_back(self):
        sock = self.imap()
        count = 5000
        sender = threading.Thread(
            target=sock.sendall, args=(b"a NOOP\r\n" * count,))
        sender.start()
        line = b"a OK NOOP completed\r\n"
        self.assertEqual(read_exactly(sock, len(line) * count), line * count)
        sender.join()

    def test_log_lines_are_as_dovecot_writes_them(self):
        sock = self.imap("imaps")
        sock.sendall(b"a LOGIN \"ev\xc3\xa9 \x01x\" wrong\r\n")
        read_line(sock)
        sock.sendall(b"b LOGIN ada wrong\r\n")
        read_line(sock)
        self.login(sock)
        for line in ("imap-login: Aborted login (auth failed): user=<ada>, "
                     "method=PLAIN, rip=127.0.0.1, lip=127.0.0.1, TLS",
                     "imap-login: Login: user=<ada>, method=PLAIN"):
            chancery.wait_until(line, lambda: line in self.front.log())
        log = self.front.log()
        self.assertNotIn("secret", log)
        self.assertNotIn("\x01", log)


class Passwords(FrontCase):
    """What was typed is cleared where it passed."""

    def test_no_copy_stays_in_memory(self):
        if "asan" in chancery.BUILD:
            print("skipped: the sanitizer's memory cannot be searched")
            return
        password = b"hunter2-Correct-Horse"
        plain = base64.b64encode(b"\0ada\0" + password)
        for service in ("imap", "imaps"):
            for words in (b"LOGIN ada " + password,
                          b"LOGIN ada \"%s\"" % password,
                          b"LOGIN ada {21+}\r\n" + password,
                          b"AUTHENTICATE PLAIN " + plain):
                sock = self.imap(service)
                sock.sendall(b"mark-%s %s\r\n" % (b"x" * 9, words))
                self.assertIn(b" NO ", read_line(sock))
                self.held.append(sock)
        memory = self.front.memory()
        self.assertIn(b"mail.example.test", memory)  # we looked
        for trace in (password, password[5:], plain, plain[10:]):
            self.assertEqual(memory.count(trace), 0)

    held = []


class Relay(FrontCase):
    def test_much_both_ways_by_a_slow_reader(self):
        sock = self.imap("imaps")
        self.login(sock)
        data = os.urandom(1 << 20) * 12
        got, size, sent = hashlib.sha256(), 0, 0
        sock.setblocking(False)  # one TLS connection bears one thread
        while size < len(data):
            try:
                if sent < len(data):
                    sent += sock.send(memoryview(data)[sent:sent + 65536])
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                pass
            try:
                chunk = sock.recv(70000)
                self.assertTrue(chunk)
                got.update(chunk)
                size += len(chunk)
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                more = [sock] if sent < len(data) else []
                ready = select.select([sock], more, [], chancery.PATIENCE)
                self.assertTrue(ready[0] or ready[1], "nothing moves")
            if size < 1 << 20:
                time.sleep(0.002)
        self.assertEqual(got.digest(), hashlib.sha256(data).digest())

    def test_half_closed_client_gets_its_answers(self):
        raw = self.front.connect("imaps")
        out, into = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.front.context().wrap_bio(into, out,
                                            server_hostname="localhost")

        def step(action):
            while True:
                try:
                    value = action()
                    raw.sendall(out.read())
                    return value
                except ssl.SSLWantReadError:
                    raw.sendall(out.read())
                    data = raw.recv(65536)
                    into.write(data) if data else into.write_eof()
        step(tls.do_handshake)
        self.assertIn(b"* OK", step(lambda: tls.read(1000)))
        tls.write(b"a LOGIN ada secret\r\n")
        self.assertIn(b"a OK", step(lambda: tls.read(1000)))
        tls.write(b"y" * 5000)
        try:
            tls.unwrap()  # our close_notify
        except ssl.SSLWantReadError:
            pass
        raw.sendall(out.read())
        said = 0
        while data := raw.recv(65536):
            said += len(data)
        self.assertGreater(said, 5000)

    def test_what_a_session_said_before_its_end_arrives(self):
        sock = self.imap("imaps")
        self.login(sock)
        sock.sendall(b"FLOOD\r\n")
        time.sleep(0.3)  # it has ended by the time we read
        self.assertEqual(read_all(sock), b"w" * standin.FLOOD)

    def test_client_that_vanishes_ends_the_session(self):
        for service in ("imap", "imaps"):
            before = len(self.front.authd.ended)
            sock = self.imap(service)
            self.login(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
            sock.close()  # a reset
            chancery.wait_until(
                "the session's end",
                lambda: len(self.front.authd.ended) > before)


class Kick(FrontCase):
    def void(self, user, not_before):
        chancery.wait_until("front watches",
                            lambda: self.front.authd.watchers)
        self.front.authd.watchers[-1].send(
            standin.AUTH_VOID, 0, user=user, not_before=not_before)

    def test_sessions_of_a_void_login_end(self):
        sock = self.imap("imaps")
        self.login(sock)
        waiting = self.imap("imaps")  # not logged in: not concerned
        now = int(time.time())
        self.void(b"eve@example.test", now + 1)
        self.void(b"ada@example.test", now - 60)
        sock.sendall(b"still there")
        self.assertEqual(read_exactly(sock, 11), b"still there")
        self.void(b"ada@example.test", now + 1)
        self.assertIn(read_all(sock), (b"", b"<reset>"))
        self.login(waiting)
        sock = self.imap("imaps")
        self.login(sock)
        self.front.authd.watchers[-1].sock.shutdown(socket.SHUT_RDWR)
        chancery.wait_until("front watches again",
                            lambda: len(self.front.authd.watchers) > 1)
        self.void(b"ada@example.test", int(time.time()) + 1)
        self.assertIn(read_all(sock), (b"", b"<reset>"))


class StartTls(FrontCase):
    def test_imap(self):
        sock = self.imap()
        sock.sendall(b"a STARTTLS\r\n")
        self.assertIn(b"a OK", read_line(sock))
        sock = self.front.tls(sock)
        sock.sendall(b"b CAPABILITY\r\n")
        self.assertNotIn(b"STARTTLS", read_line(sock))
        self.assertIn(b"b OK", read_line(sock))
        self.login(sock)
        self.assertEqual(self.last("imap")["tls_version"], b"TLSv1.3")

    def test_pop3(self):
        sock = self.front.connect("pop3")
        read_line(sock)
        sock.sendall(b"USER eve\r\nSTLS\r\n")
        read_line(sock)
        self.assertIn(b"+OK", read_line(sock))
        sock = self.front.tls(sock)
        sock.sendall(b"PASS secret\r\n")  # USER was said in the clear
        self.assertIn(b"-ERR USER comes first", read_line(sock))
        sock.sendall(b"AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n")
        self.assertEqual(read_line(sock), b"+OK hello\r\n")

    def test_smtp_comes_back_for_tls(self):
        sock = self.front.connect("smtp")
        read_line(sock)
        sock.sendall(b"STARTTLS\r\n")
        self.assertEqual(read_line(sock),
                         b"220 2.0.0 Ready to start TLS\r\n")
        sock = self.front.tls(sock)
        sock.sendall(b"EHLO x\r\n")
        self.assertEqual(read_line(sock), b"EHLO x\r\n")
        handed = self.front.smtp.tls_handed[-1]
        self.assertEqual(handed["tls_version"], b"TLSv1.3")
        self.assertEqual(len(handed["tls_binding"]), 32)
        sock.sendall(b"QUIT\r\n")
        self.assertEqual(read_all(sock), b"")

    def test_commands_behind_starttls_close_the_connection(self):
        sock = self.imap()
        sock.sendall(b"a STARTTLS\r\nb LOGIN ada secret\r\n")
        said = read_all(sock)
        self.assertIn(b"a BAD", said)
        self.assertNotIn(b"a OK", said)
        self.assertNotIn(b"b ", said)
        sock = self.front.connect("pop3")
        read_line(sock)
        sock.sendall(b"STLS\r\nCAPA\r\n")
        self.assertIn(b"-ERR", read_all(sock))

    def test_garbage_for_a_handshake(self):
        for service in ("imaps", "submissions"):
            sock = self.front.connect(service)
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertNotIn(b"* OK", read_all(sock))

    def test_reload_serves_the_new_certificate(self):
        old = self.imap("imaps")
        before = old.getpeercert(True)
        self.front.make_cert("new.pem", "newkey.pem")
        with open(self.front.path("new.pem")) as cert, \
                open(self.front.path("newkey.pem")) as key:
            socket.send_fds(self.front.link,
                            [b"reload tls_cert_file tls_key_file"],
                            [cert.fileno(), key.fileno()])
            self.assertEqual(self.front.link.recv(300), b"reloaded")
        os.rename(self.front.path("new.pem"), self.front.path("cert.pem"))
        new = self.imap("imaps")
        self.assertNotEqual(new.getpeercert(True), before)
        self.login(old)
        self.login(new)

    def test_reload_with_a_wrong_key_keeps_the_old_one(self):
        self.front.make_cert("x.pem", "xkey.pem")
        with open(self.front.path("cert.pem")) as cert, \
                open(self.front.path("xkey.pem")) as key:
            socket.send_fds(self.front.link,
                            [b"reload tls_cert_file tls_key_file"],
                            [cert.fileno(), key.fileno()])
            self.assertIn(b"kept ", self.front.link.recv(300))
        self.login(self.imap("imaps"))


class Alone(FrontCase):
    sessions = False
    authd = False

    def test_without_authd_logins_are_put_off(self):
        sock = self.imap()
        sock.sendall(b"a LOGIN ada secret\r\n")
        self.assertIn(b"a NO [UNAVAILABLE]", read_line(sock))
        sock.sendall(b"b NOOP\r\n")
        self.assertIn(b"b OK", read_line(sock))

    def test_a_session_daemon_that_comes_late_is_waited_for(self):
        sock = self.front.connect("smtp")
        time.sleep(0.2)
        self.front.start_session("smtp")
        self.assertEqual(read_line(sock), b"220 hello\r\n")


class NoSessions(FrontCase):
    options = ("front_handover_timeout=4s",)
    sessions = False

    def test_a_login_without_a_session_comes_to_nothing(self):
        sock = self.imap("imaps")
        sock.sendall(b"a LOGIN ada secret\r\n")
        self.assertIn(b"a NO [UNAVAILABLE]", read_line(sock))
        session = self.front.authd.started[-1]["session"]
        chancery.wait_until(
            "authd hears of the end", lambda: any(
                e["session"] == session for e in self.front.authd.ended))
        self.front.start_session("imaps")
        sock.sendall(b"b LOGIN ada secret\r\n")
        self.assertEqual(read_line(sock), b"b OK hello\r\n")

    def test_smtp_hears_421(self):
        self.assertIn(b"421 4.3.2 mail.example.test Service temporarily",
                      read_all(self.front.connect("smtp")))


if __name__ == "__main__":
    chancery.main()
