"""Memory before login (CVE-2017-15132 of Dovecot, a login process that grows
with each aborted exchange; CWE-770).

Hundreds of connections on every port, each with as much as a stranger can
have kept: half a command, half a handshake, an exchange begun, a thousand
commands. The memory of the daemons may grow by a bounded size for each."""

import base64

import attack

MANY = 80
# KiB a connection: front alone in the clear, with TLS, and for SMTP the worker
# that is one session's.
LIMITS = {"imap": 40, "pop3": 40, "imaps": 80, "pop3s": 80,
          "smtp": 900, "submission": 900, "submissions": 1000}
SAID = {
    "imap": (b"", b"a LOGIN {5}\r\n", b"a " + b"x" * 9000,
             b"a AUTHENTICATE PLAIN\r\n" + base64.b64encode(b"x" * 5000),
             b"a CAPABILITY\r\n" * 300),
    "pop3": (b"", b"USER x\r\n", b"x" * 9000,
             b"AUTH PLAIN\r\n" + base64.b64encode(b"x" * 5000),
             b"CAPA\r\n" * 300),
    "smtp": (b"", b"EHLO x\r\nMAIL FROM:<x@y.test>\r\n", b"x" * 9000,
             b"NOOP\r\n" * 300, b"EHLO x\r\nMAIL FROM:<>\r\n"
             + b"RCPT TO:<ada@example.test>\r\n" * 900),
}
LIKE = {"imaps": "imap", "pop3s": "pop3", "submission": "smtp",
        "submissions": "smtp"}


class BeforeLogin(attack.TestCase):
    options = ("client_connection_limit_exceptions = 127.0.0.0/8",
               "client_connection_limit = 0", "mynetworks = 192.0.2.0/24")

    def total(self, service):
        """front's, and the workers' of a service that has one a session."""
        pids = attack.children(self.chancery.pid("front"))
        if service.startswith("s"):
            pids += attack.children(self.chancery.pid(service))
        return sum(attack.memory(pid) for pid in pids)

    def hold(self, service, said):
        """KiB a connection that said this costs."""
        before = self.total(service)
        held = []
        for i in range(MANY):
            sock = self.connect(service, f"127.0.{1 + i // 200}.{1 + i % 200}")
            sock.recv(1000)
            sock.sendall(said)
            held.append(sock)
        # an answer to the last proves that all were read
        self.chancery.imap("ada").logout()
        grown = (self.total(service) - before) / MANY
        for sock in held:
            sock.close()
        return grown

    def test_each_port(self):
        worst = {}
        for service, limit in LIMITS.items():
            for said in SAID[LIKE.get(service, service)]:
                self.count()
                grown = self.hold(service, said)
                self.assertLess(grown, limit, (service, said[:40]))
                worst[service] = max(worst.get(service, 0), grown)
        self.saw("at most, KiB a connection: " + ", ".join(
            f"{service} {grown:.0f}" for service, grown in worst.items()))
        self.is_served()


if __name__ == "__main__":
    attack.main()
