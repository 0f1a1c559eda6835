"""front alone, with stand-ins for authd and the session daemons.

The stand-ins speak the frames of ipc/frame.h, so that a test can look at
what front hands over and misbehave in ways our own daemons do not.
"""

import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import unittest
import warnings

from chancery import BUILD, PATIENCE, TOP, wait_until

HANDOVER, HANDOVER_STARTTLS, HANDOVER_TLS = 10, 11, 12
AUTH_START, AUTH_NEXT, AUTH_STEP, AUTH_END = 20, 21, 22, 23
AUTH_WATCH, AUTH_VOID = 24, 25
FLOOD = 3 << 20  # what a session says last, when asked
AUTH_CONTINUE, AUTH_OK, AUTH_FAIL = 0, 1, 2

# What struct and _decode call the kinds of fields: s string, f descriptor.
KINDS = {"STR": "s", "FD": "f", "U8": "B", "BOOL": "B", "U16": "H",
         "U32": "I", "U64": "Q"}


def tables():
    """{frame: [(name, kind)]}, from the tables in the code."""
    found = {}
    for name in ("handover_msg", "auth_msg"):
        with open(os.path.join(TOP, f"lib/ipc/{name}.c")) as source:
            text = source.read()
        arrays = {array: [(field, KINDS[kind]) for kind, field in re.findall(
            r"IPC_FIELD\([^,]*, (\w+), (\w+),", body)]
            for array, body in re.findall(
                r"struct ipc_field (\w+)\[\] = \{(.*?)\n\};", text, re.S)}
        for frame, array in re.findall(
                r"IPC_MSG\(\w+,\s*(\w+),\s*(\w+)\)", text):
            if frame in globals():
                found[globals()[frame]] = arrays[array]
    return found


TABLES = tables()


class Frames:
    """Frames over a connected UNIX socket, blocking."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""
        self.fds = []

    def receive(self):
        """(kind, tag, {name: value}), or None at the end."""
        while True:
            if len(self.data) >= 12:
                kind, tag, size = struct.unpack(">HHI", self.data[4:12])
                if len(self.data) >= 12 + size:
                    payload = self.data[12:12 + size]
                    self.data = self.data[12 + size:]
                    return kind, tag, self._decode(kind, payload)
            chunk, fds, _, _ = socket.recv_fds(self.sock, 65536, 8)
            if not chunk:
                return None
            self.data += chunk
            self.fds += fds

    def _decode(self, kind, payload):
        values, at = {}, 0
        for name, code in TABLES[kind]:
            if code == "s":
                size, = struct.unpack_from(">I", payload, at)
                values[name] = payload[at + 4:at + 4 + size]
                at += 4 + size
            elif code == "f":
                values[name] = self.fds.pop(0) if payload[at] else -1
                at += 1
            else:
                values[name], = struct.unpack_from(">" + code, payload, at)
                at += struct.calcsize(">" + code)
        assert at == len(payload)
        return values

    def send(self, kind, tag, **values):
        payload, fds = b"", []
        for name, code in TABLES[kind]:
            value = values.get(name, b"" if code == "s" else 0)
            if code == "s":
                payload += struct.pack(">I", len(value)) + value
            elif code == "f":
                payload += b"\1"
                fds.append(value)
            else:
                payload += struct.pack(">" + code, value)
        head = b"Ch" + struct.pack(">BBHHI", 1, len(fds), kind, tag,
                                   len(payload))
        socket.send_fds(self.sock, [head + payload], fds)


class Server:
    """A listening UNIX socket, and a thread for each who connects."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(path)
        self.sock.listen(200)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,),
                             daemon=True).start()

    def _serve(self, sock):
        try:
            self.serve(Frames(sock))
        except OSError:
            pass
        sock.close()

    def close(self):
        self.sock.close()


class Authd(Server):
    """Knows ada, whose password is "secret". Keeps what it was told."""

    def __init__(self, path):
        self.started, self.ended, self.cancelled = [], [], []
        self.watchers = []
        super().__init__(path)

    def serve(self, frames):
        while (got := frames.receive()) is not None:
            kind, tag, values = got
            if kind == AUTH_END:
                self.ended.append(values)
                continue
            if kind == AUTH_WATCH:
                self.watchers.append(frames)
                continue
            if kind == AUTH_START:
                self.started.append(values)
                said = values["initial"]
                first = not values["has_initial"]
            else:
                said, first = values["response"], False
                if values["cancel"]:
                    self.cancelled.append(values["id"])
            answer = {"id": values["id"], "status": AUTH_FAIL}
            if first:
                answer["status"] = AUTH_CONTINUE
            elif said == b"\0ada\0secret":
                answer.update(status=AUTH_OK, user=b"ada@example.test",
                              ticket=b"a ticket")
            frames.send(AUTH_STEP, tag, **answer)


class Session(Server):
    """Takes handovers, greets, echoes; keeps what it was handed."""

    greeting = {"smtp": b"220 hello\r\n", "imap": b"%s OK hello\r\n",
                "pop3": b"+OK hello\r\n"}

    def __init__(self, path, protocol):
        self.protocol = protocol
        self.handed = []
        self.tls_handed = []
        super().__init__(path)

    def serve(self, frames):
        _, _, values = frames.receive()
        fd = values.pop("fd")
        self.handed.append(values)
        client = socket.socket(fileno=fd)
        client.setblocking(True)
        greeting = self.greeting[self.protocol]
        client.sendall(greeting.replace(b"%s", values["tag"]))
        client.sendall(values["unread"])
        self.echo(frames, client)

    def echo(self, frames, client):
        while chunk := client.recv(65536):
            if self.protocol == "smtp" and chunk == b"STARTTLS\r\n":
                frames.send(HANDOVER_STARTTLS, 77, fd=client.fileno())
                client.close()
                got = frames.receive()
                if got is None:
                    return
                assert got[:2] == (HANDOVER_TLS, 77)
                self.tls_handed.append(got[2])
                client = socket.socket(fileno=got[2]["fd"])
                client.setblocking(True)
            elif chunk == b"QUIT\r\n":
                break
            elif chunk == b"FLOOD\r\n":
                client.sendall(b"w" * FLOOD)
                break
            else:
                client.sendall(chunk)
        client.close()


class Front:
    """One front process on sockets of its own."""

    protocols = {"smtp": "smtp", "submissions": "smtp", "imap": "imap",
                 "imaps": "imap", "pop3": "pop3", "pop3s": "pop3"}

    def __init__(self, options=(), sessions=True, authd=True):
        self.dir = tempfile.mkdtemp(prefix="chancery-front-")
        self.log_path = self.path("log")
        self.sockets, self.servers = {}, []
        self.make_cert("cert.pem", "key.pem")
        os.mkdir(self.path("run"))
        if authd:
            self.authd = Authd(self.path("run/authd"))
            self.servers.append(self.authd)
        for service in self.protocols:
            sock = socket.socket()
            sock.bind(("127.0.0.1", 0))
            sock.listen(200)
            self.sockets[service] = sock
            if sessions:
                self.start_session(service)
        self.start(options)

    def path(self, name):
        return os.path.join(self.dir, name)

    def make_cert(self, cert, key):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", self.path(key), "-out", self.path(cert)],
            check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def start_session(self, service):
        session = Session(self.path("run/" + service),
                          self.protocols[service])
        self.servers.append(session)
        setattr(self, service, session)

    def start(self, options):
        names = [f"listen:{name}={sock.fileno()}"
                 for name, sock in self.sockets.items()]
        self.link, theirs = socket.socketpair(socket.AF_UNIX,
                                              socket.SOCK_SEQPACKET)
        names.append(f"master={theirs.fileno()}")
        words = ["-o", "myhostname=mail.example.test",
                 "-o", f"tls_cert_file={self.path('cert.pem')}",
                 "-o", f"tls_key_file={self.path('key.pem')}"]
        for option in options:
            words += ["-o", option]
        self.log_file = open(self.log_path, "w")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "libexec", "front"), *words],
            cwd=self.path("run"), stderr=self.log_file,
            env=dict(os.environ, CHANCERY_FDS=" ".join(names)),
            pass_fds=[s.fileno() for s in self.sockets.values()] +
            [theirs.fileno()])
        theirs.close()
        wait_until("front is up", lambda: self.link.recv(300)[:2] == b"up")

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def connect(self, service, source="127.0.0.1"):
        return socket.create_connection(
            self.sockets[service].getsockname(), timeout=PATIENCE,
            source_address=(source, 0))

    def context(self):
        return ssl.create_default_context(cafile=self.path("cert.pem"))

    def tls(self, sock):
        return self.context().wrap_socket(sock, server_hostname="localhost")

    def memory(self):
        """All that front may write to, as it is now."""
        parts = []
        with open(f"/proc/{self.process.pid}/maps") as maps, \
                open(f"/proc/{self.process.pid}/mem", "rb") as memory:
            for line in maps:
                span, mode = line.split()[:2]
                if "w" not in mode:
                    continue
                first, last = (int(n, 16) for n in span.split("-"))
                memory.seek(first)
                parts.append(memory.read(last - first))
        return b"\n".join(parts)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.link.close()
        self.log_file.close()
        for thing in [*self.servers, *self.sockets.values()]:
            thing.close()
        log = self.log()
        shutil.rmtree(self.dir)
        return code, log


def read_line(sock):
    """One line, or what came before the end."""
    line = b""
    while not line.endswith(b"\n"):
        byte = sock.recv(1)
        if not byte:
            break
        line += byte
    return line


def read_all(sock):
    said = b""
    try:
        while chunk := sock.recv(65536):
            said += chunk
    except (ConnectionError, ssl.SSLError):
        said += b"<reset>"
    return said


def read_exactly(sock, size):
    said = b""
    while len(said) < size:
        chunk = sock.recv(min(65536, size - len(said)))
        if not chunk:
            break
        said += chunk
    return said


class FrontCase(unittest.TestCase):
    """A front for each class, which must end without an error."""

    options = ()
    sessions = True
    authd = True

    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", ResourceWarning)
        cls.front = Front(cls.options, cls.sessions, cls.authd)

    @classmethod
    def tearDownClass(cls):
        code, log = cls.front.close()
        if code != 0 or "panic" in log or "runtime error" in log:
            raise AssertionError(f"exit {code}\n{log}")

    def imap(self, service="imap", source="127.0.0.1"):
        sock = self.front.connect(service, source)
        if service == "imaps":
            sock = self.front.tls(sock)
        self.assertIn(b"* OK [CAPABILITY ", read_line(sock))
        return sock

    def login(self, sock, rest=b""):
        sock.sendall(b"a LOGIN ada secret\r\n" + rest)
        self.assertEqual(read_line(sock), b"a OK hello\r\n")

    def last(self, service):
        return getattr(self.front, service).handed[-1]
