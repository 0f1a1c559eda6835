"""Whole mail systems to be compared, all alike to a load generator: users
u0 to u(N-1) of example.test, whose password is "secret", services on loopback.

    with systems.start("mdbox", users=200) as system:
        system.port("imap"), system.login(7), system.cpu()

A kind is one of KINDS. What is said at peer/*.py holds for the others;
Chancery is as "chancery setup" makes it, with the options given. All of it
needs root.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e", "lib")]
import chancery  # noqa: E402
import peers  # noqa: E402
import procs  # noqa: E402

DOMAIN = "example.test"
PASSWORD = "secret"
KINDS = {"chancery": "Chancery",
         "maildir": "Postfix + Dovecot, Maildir",
         "mdbox": "Postfix + Dovecot, mdbox",
         "cyrus": "Postfix + Cyrus"}
LOCATIONS = {"maildir": "maildir:~/Maildir", "mdbox": "mdbox:~/mdbox"}


def names(users):
    return [f"u{n}" for n in range(users)]


class System:
    """A running system: start() makes it, leaving the with ends it. Each has
    a name and a kind, port(service), roots() (the processes it consists of
    the children of), context (TLS, for a client), halt(), restart(), stop().
    """

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.stop()

    def login(self, n):
        return f"u{n}@{DOMAIN}", PASSWORD

    def pids(self):
        """All processes, the directory server apart: it holds users, which
        the others keep in a file."""
        return [pid for root in self.roots() for pid in procs.tree(root)
                if self.counts(pid)]

    @staticmethod
    def counts(pid):
        return True

    def memory(self):
        return procs.memory(self.pids())

    def cpu(self):
        return procs.cpu(self.roots())

    @staticmethod
    def mailbox(name):
        """What IMAP calls a mailbox of that name beside INBOX."""
        return name

    def connect(self, service):
        return socket.create_connection(("127.0.0.1", self.port(service)), 60)


class Chancery(System):
    kind = "chancery"

    def __init__(self, users, options=()):
        self.name = KINDS[self.kind]
        self.instance = chancery.Instance(DOMAIN, options=options)
        self.port = self.instance.port
        try:
            self.instance.start()
            for n in names(users):
                self.instance.run("user", "add", f"{n}@{DOMAIN}",
                                  "--password-file", "-",
                                  stdin=PASSWORD + "\n")
            self.context = self.instance.tls()
        except BaseException:
            self.stop()
            raise

    def roots(self):
        return [self.instance.master_pid()]

    @staticmethod
    def counts(pid):
        try:
            return procs.name(pid) != "slapd"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def halt(self):
        self.instance.stop()

    def restart(self):
        self.instance.run("start")
        self.instance.running = True

    def stop(self):
        self.instance.run("stop", check=False)
        self.instance.running = False
        self.instance.remove()


class Peer(System):
    """A store that is a peer, with Postfix before it if smtp."""

    def __init__(self, kind, users, smtp, hibernate, apart):
        self.kind, self.name = kind, KINDS[kind]
        self.ports = chancery.PortBase()
        self.running = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.folder = tempfile.TemporaryDirectory(prefix="peers-tls-")
        try:
            self._start(users, smtp, hibernate, apart)
        except BaseException:
            self.stop()
            raise

    def _start(self, users, smtp, hibernate, apart):
        tls = self._certificate()
        ports = {name: self.port(name) for name in ("imap", "imaps", "pop3")}
        words = ports.pop("imap"), DOMAIN, names(users), PASSWORD
        if self.kind == "cyrus":
            store = peers.Cyrus(*words, tls=tls, **ports)
        else:
            store = peers.Dovecot(*words, tls=tls, apart=apart,
                                  reuse=1 if apart else 200,
                                  location=LOCATIONS[self.kind],
                                  hibernate=hibernate, **ports)
        self.store = store
        self.running.append(store)
        if smtp:
            self.running.append(peers.Postfix(
                self.port("smtp"), DOMAIN, names(users), lmtp=store.lmtp))

    def _certificate(self):
        """Of the kind that "chancery setup" makes: a key on P-256."""
        cert, key = (f"{self.folder.name}/{name}.pem"
                     for name in ("cert", "key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec",
                        "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", f"/CN=mail.{DOMAIN}", "-days", "2",
                        "-keyout", key, "-out", cert], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return cert, key

    def port(self, service):
        return self.ports.base + chancery.PORTS[service]

    def mailbox(self, name):
        return f"INBOX/{name}" if self.kind == "cyrus" else name

    def roots(self):
        return [server.pid() for server in self.running]

    def halt(self):
        for server in reversed(self.running):
            server.halt()

    def restart(self):
        for server in self.running:
            server.start()

    def stop(self):
        for server in reversed(self.running):
            server.stop()
        self.folder.cleanup()
        self.ports.close()


def start(kind, users, smtp=True, hibernate=None, apart=False, options=()):
    """options are lines of Chancery's main.cf; hibernate and apart are
    Dovecot's (peer/dovecot.py)."""
    if not chancery.IS_ROOT:
        sys.exit("t/bench: the peers, and /proc of others, need root")
    # Whoever is told to stop leaves nothing running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    if kind == "chancery":
        return Chancery(users, options)
    return Peer(kind, users, smtp, hibernate, apart)


# ---- for programs that compare ----


def add_only(parser, kinds=KINDS):
    """--only KIND,KIND...: args.only is the list of kinds to measure."""
    def those(text):
        found = text.split(",")
        if set(found) - set(kinds):
            raise ValueError
        return found
    parser.add_argument("--only", type=those, default=list(kinds),
                        metavar=",".join(kinds))


def print_rates(rates, unit, kinds=KINDS):
    """A line a system, with how many times as much ours is."""
    print()
    for kind, rate in rates.items():
        times = ("" if kind == "chancery" or "chancery" not in rates else
                 f"   ours is {rates['chancery'] / rate:.1f} times that")
        print(f"{kinds[kind]:26} {rate:8,.0f} {unit}{times}")
