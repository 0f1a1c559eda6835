"""Other sites for the smtp agent: a server that behaves as it is told, and the
agent alone with an LMTP client, without qmgr.

    site = Site(rules={"RCPT": lambda s, args: "550 5.1.1 no such user"})
    agent = Agent()
    lmtp = agent.connect()
    replies = lmtp.transaction(site.nexthop, ["a@b.test"], b"hello\\r\\n")

A rule is what is said to a command, or a function of the connection and the
command's arguments that says it; None is the usual reply. Verbs are those of
SMTP, and GREETING, END (the message is there), CHUNK (of BDAT). Instead of
text: CLOSE, HANG (silence until the end), bytes as they are.
"""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from chancery import BUILD, PATIENCE, wait_until

CLOSE, HANG = object(), object()
QUEUE_ID = "8f3a91c2d07b5e64.5.%x"
EXTENSIONS = ("PIPELINING", "8BITMIME", "SIZE 1000000", "SMTPUTF8", "DSN",
              "ENHANCEDSTATUSCODES")


class Message:
    def __init__(self, mail):
        self.mail, self.rcpts, self.data, self.tls = mail, [], b"", False


class Connection:
    """One client of a Site."""

    def __init__(self, site, sock):
        self.site, self.sock = site, sock
        self.unread, self.lines = b"", []
        self.message, self.tls, self.resumed = None, None, None
        self.user = None  # who logged in
        self.batch = 0  # most commands read in one go

    def line(self):
        while b"\n" not in self.unread:
            self.more()
        line, _, self.unread = self.unread.partition(b"\n")
        self.lines.append(line.rstrip(b"\r").decode("utf-8", "replace"))
        return self.lines[-1]

    def more(self):
        chunk = self.sock.recv(65536)
        if not chunk:
            raise ConnectionError
        self.unread += chunk
        self.batch = max(self.batch, self.unread.count(b"\r\n"))

    def read(self, size):
        while len(self.unread) < size:
            self.more()
        data, self.unread = self.unread[:size], self.unread[size:]
        return data

    def read_data(self):
        data, seen = bytearray(b"\r\n"), 0  # as if a line ended before
        while True:
            data += self.unread
            self.unread = b""
            end = data.find(b"\r\n.\r\n", max(seen - 4, 0))
            if end >= 0:
                break
            seen = len(data)
            self.more()
        self.unread = bytes(data[end + 5:])
        return bytes(data[:end + 2]).replace(b"\r\n..", b"\r\n.")[2:]

    def say(self, what):
        if what is CLOSE:
            raise ConnectionError
        if what is HANG:
            self.site.stopping.wait()
            raise ConnectionError
        if isinstance(what, str):
            what = what.encode() + b"\r\n"
        self.sock.sendall(what)

    def serve(self):
        self.say(self.ask("GREETING", "") or "220 site.test ESMTP")
        while True:
            verb, _, args = self.line().partition(" ")
            verb = verb.upper()
            said = self.ask(verb, args)
            usual = getattr(self, "do_" + verb.lower(), None)
            if said is not None:
                self.say(said)
            elif usual is None:
                self.say("500 5.5.1 what?")
            else:
                usual(args)

    def ask(self, verb, args):
        rule = self.site.rules.get(verb)
        return rule(self, args) if callable(rule) else rule

    def do_ehlo(self, args):
        words = list(self.site.extensions)
        if self.site.context and not self.tls:
            words.append("STARTTLS")
        words = ["site.test"] + words
        for word in words[:-1]:
            self.say("250-" + word)
        self.say("250 " + words[-1])

    def do_helo(self, args):
        self.say("250 site.test")

    def do_starttls(self, args):
        self.say("220 2.0.0 go on")
        self.sock = self.site.context.wrap_socket(self.sock, server_side=True)
        self.tls = self.sock.version()
        self.resumed = self.sock.session_reused

    def do_mail(self, args):
        if self.message:
            self.say("503 5.5.1 nested MAIL")
            return
        self.message = Message(args)
        self.message.tls = self.tls
        self.say("250 2.1.0 sender ok")

    def do_rcpt(self, args):
        if not self.message:
            self.say("503 5.5.1 need MAIL")
            return
        self.message.rcpts.append(args)
        self.say("250 2.1.5 recipient ok")

    def do_data(self, args):
        if not self.message or not self.message.rcpts:
            self.say("554 5.5.1 no valid recipients")
            return
        self.say("354 go on")
        self.message.data = self.read_data()
        self.end()

    def do_bdat(self, args):
        words = args.split()
        self.message.data += self.read(int(words[0]))
        if words[1:]:
            self.end()
        else:
            self.say(self.ask("CHUNK", args) or "250 2.0.0 chunk ok")

    def end(self):
        said = self.ask("END", "") or "250 2.0.0 Ok: queued as %d" % (
            len(self.site.messages) + 1)
        if isinstance(said, str) and said.startswith("2"):
            self.site.messages.append(self.message)
        self.message = None
        self.say(said)

    def do_rset(self, args):
        self.message = None
        self.say("250 2.0.0 reset")

    def do_noop(self, args):
        self.say("250 2.0.0 ok")

    def do_quit(self, args):
        self.say("221 2.0.0 bye")
        raise ConnectionError


class Site:
    def __init__(self, rules=None, extensions=EXTENSIONS, address="127.0.0.1",
                 port=0, certificate=None):
        self.rules, self.extensions = dict(rules or {}), extensions
        self.messages, self.connections = [], []
        self.names = []  # asked for in TLS
        self.context = None
        self.stopping = threading.Event()
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
            self.context.sni_callback = (
                lambda sock, name, context: self.names.append(name))
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = socket.socket(family)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((address, port))
        self.sock.listen(100)
        self.address, self.port = address, self.sock.getsockname()[1]
        literal = "IPv6:" + address if ":" in address else address
        self.nexthop = f"[{literal}]:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def label(self):
        return f"{self.address}[{self.address}]"

    @property
    def relay(self):
        return f"{self.label}:{self.port}"

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        connection = Connection(self, sock)
        self.connections.append(connection)
        try:
            connection.serve()
        except (OSError, ssl.SSLError):
            pass
        connection.sock.close()

    def lines(self):
        return [line for c in self.connections for line in c.lines]

    def close(self):
        self.stopping.set()
        try:
            self.sock.shutdown(socket.SHUT_RDWR)  # wakes accept()
        except OSError:
            pass  # closed before
        self.sock.close()


class Lmtp:
    """An LMTP client that can say several things at once."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(path)
        self.file = self.sock.makefile("rb")
        self.number = 0
        self.greeting = self.reply()
        self.offers = self.command("LHLO qmgr.test")[1].split("\n")[1:]

    def send(self, *lines):
        self.sock.sendall("".join(line + "\r\n" for line in lines).encode())

    def reply(self):
        """(code, text); several lines' texts with LF between."""
        text = []
        while True:
            line = self.file.readline().decode()
            if not line:
                raise EOFError("the agent is gone")
            text.append(line[4:].rstrip("\r\n"))
            if line[3] == " ":
                return int(line[:3]), "\n".join(text)

    def command(self, line):
        self.send(line)
        return self.reply()

    def mail(self, nexthop, sender="s@elsewhere.test", words=""):
        self.number += 1
        return (f"MAIL FROM:<{sender}>{' ' if words else ''}{words} "
                f"XCHANCERY={QUEUE_ID % self.number},{nexthop}")

    def transaction(self, nexthop, rcpts, body=b"Subject: x\r\n\r\nhello\r\n",
                    sender="s@elsewhere.test", words="", pipelined=True):
        """As qmgr does it. [MAIL, RCPT..., DATA, end...]: the replies. A rcpt
        may have parameters behind the address."""
        lines = [self.mail(nexthop, sender, words)]
        for i, rcpt in enumerate(rcpts):
            rcpt, _, params = rcpt.partition(" ")
            lines.append(f"RCPT TO:<{rcpt}> {params} XCHANCERY={i}")
        lines.append("DATA")
        if pipelined:
            self.send(*lines)
            replies = [self.reply() for _ in lines]
        else:
            replies = [self.command(line) for line in lines]
        if replies[-1][0] != 354:
            self.command("RSET")
            return replies
        stuffed = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:]
        self.sock.sendall(stuffed + b".\r\n")
        taken = [code for code, _ in replies[1:-1] if code == 250]
        return replies + [self.reply() for _ in taken]

    def close(self):
        self.file.close()
        self.sock.close()


class Agent:
    """The smtp agent alone, on a socket of its own. edges: paths of sockets
    to link into its folder (dnsd's)."""

    def __init__(self, options=(), edges=None):
        self.dir = tempfile.mkdtemp(prefix="chancery-smtp-")
        self.log_path = self.path("log")
        os.mkdir(self.path("run"))
        for name, path in (edges or {}).items():
            os.symlink(path, self.path("run/" + name))
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(self.path("qmgr"))
        self.sock.listen(100)
        self.link, theirs = socket.socketpair(socket.AF_UNIX,
                                              socket.SOCK_SEQPACKET)
        names = f"edge:qmgr={self.sock.fileno()} master={theirs.fileno()}"
        words = ["-o", "myhostname=mail.example.test"]
        for option in options:
            words += ["-o", option]
        self.log_file = open(self.log_path, "w")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "libexec", "smtp"), *words],
            cwd=self.path("run"), stderr=self.log_file,
            env=dict(os.environ, CHANCERY_FDS=names),
            pass_fds=[self.sock.fileno(), theirs.fileno()])
        theirs.close()
        wait_until("smtp is up", lambda: self.link.recv(300)[:2] == b"up")
        self.clients = []

    def path(self, name):
        return os.path.join(self.dir, name)

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def connect(self):
        self.clients.append(Lmtp(self.path("qmgr")))
        return self.clients[-1]

    def close(self):
        for client in self.clients:
            client.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        for thing in (self.link, self.sock, self.log_file):
            thing.close()
        log = self.log()
        shutil.rmtree(self.dir)
        assert code == 0, (code, log)
        for word in ("panic", "Sanitizer", "by signal", "error: "):
            assert word not in log, log
        return log


class AgentCase(unittest.TestCase):
    """An agent a test, and sites that end with it. Connections are kept for
    as long as a test takes."""

    options = ("smtp_connection_cache_time_limit=60s",)

    def setUp(self):
        self.agent = Agent(self.options)
        self.addCleanup(self.agent.close)
        self.lmtp = self.agent.connect()

    def site(self, *args, **words):
        site = Site(*args, **words)
        self.addCleanup(site.close)
        return site
