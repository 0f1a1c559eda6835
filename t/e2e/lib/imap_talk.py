"""IMAP as bytes on a line, for tests of what a server says and when.

    ada = imap_talk.Client(self.chancery, "ada")
    ada.ok("SELECT INBOX")
    untagged, done = ada.do("FETCH 1:* (FLAGS)")

A command is str and bytes one after the other; bytes are sent as literals,
each after the server's "+". An untagged response is a str without "* " and
CRLF, its literals inside as they came; done is what stands behind the tag.
"""

import re
import socket
import ssl

import chancery


class Client:
    """One connection. Nothing is read but while a command runs."""

    def __init__(self, instance, user=None, service="imap"):
        self.sock = instance.connect(service)
        if service == "imaps":
            self.sock = instance.tls().wrap_socket(self.sock)
        self.sock.settimeout(chancery.PATIENCE)
        self.data = b""
        self.count = 0
        self.greeting = self.line()
        if user is not None:
            self.ok(f"LOGIN {instance.address(user)} "
                    f"{instance.password(user)}")

    def close(self):
        self.sock.close()

    def _more(self):
        try:
            chunk = self.sock.recv(1 << 16)
        except ConnectionError:  # what we sent came too late
            chunk = b""
        if not chunk:
            raise EOFError("server closed the connection")
        self.data += chunk

    def line(self):
        """One line without CRLF, as bytes."""
        while b"\r\n" not in self.data:
            self._more()
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def response(self):
        """One response with its literals, as str (one character a byte)."""
        whole = self.line()
        while found := re.search(rb"\{(\d+)\}$", whole):
            size = int(found.group(1))
            while len(self.data) < size:
                self._more()
            whole += b"\r\n" + self.data[:size]
            self.data = self.data[size:]
            whole += self.line()
        return whole.decode("latin-1")

    def send(self, text):
        self.sock.sendall(text if isinstance(text, bytes)
                          else text.encode() + b"\r\n")

    def begin(self, *parts, plus=False):
        """Send a command without waiting for its end; returns its tag. With
        plus literals go as {n+} (RFC 7888)."""
        self.count += 1
        tag = f"t{self.count}"
        out = f"{tag} ".encode()
        for part in parts:
            if isinstance(part, str):
                out += part.encode()
                continue
            out += b"{%d%s}\r\n" % (len(part), b"+" if plus else b"")
            if not plus:
                self.sock.sendall(out)
                out = b""
                said = self.response()
                if not said.startswith("+"):
                    self.refused = said
                    return tag
            out += part
        self.sock.sendall(out + b"\r\n")
        return tag

    def end(self, tag):
        """Read up to the tagged response: (untagged, done)."""
        untagged = []
        while True:
            said = self.__dict__.pop("refused", None) or self.response()
            if said.startswith(tag + " "):
                return untagged, said[len(tag) + 1:]
            assert said.startswith("* "), said
            untagged.append(said[2:])

    def do(self, *parts, plus=False):
        return self.end(self.begin(*parts, plus=plus))

    def expect(self, word, parts, plus):
        untagged, done = self.do(*parts, plus=plus)
        if not done.startswith(word + " "):
            raise AssertionError(f"{parts!r}: {done}\n{untagged}")
        return untagged, done

    def ok(self, *parts, plus=False):
        """The untagged responses; the command must end in OK."""
        return self.expect("OK", parts, plus)[0]

    def told(self, *parts):
        """What the command is answered, but for RECENT."""
        return [u for u in self.ok(*parts) if not u.endswith(" RECENT")]

    def no(self, *parts, plus=False):
        """What stands behind NO."""
        return self.expect("NO", parts, plus)[1][3:]

    def bad(self, *parts, plus=False):
        return self.expect("BAD", parts, plus)[1][4:]

    def code(self, *parts, plus=False):
        """The response code of an OK: "APPENDUID 1 2"."""
        done = self.expect("OK", parts, plus)[1]
        found = re.match(r"OK \[([^]]*)\]", done)
        assert found, done
        return found.group(1)

    def append(self, message=b"Subject: x\r\n\r\nbody\r\n", mailbox="INBOX",
               options=""):
        """APPEND; returns the UID."""
        code = self.code(f"APPEND {mailbox} {options}".rstrip() + " ",
                         message)
        return int(code.split()[2])

    def search(self, keys, uid=False):
        """The numbers SEARCH answers."""
        untagged = self.ok(("UID " if uid else "") + "SEARCH " + keys)
        found = [u for u in untagged if u.startswith("SEARCH")]
        assert len(found) == 1, untagged
        return [int(n) for n in found[0].split()[1:]]

    def is_silent(self):
        """Has the server said nothing that we did not read?"""
        self.sock.setblocking(False)
        try:
            self.data += self.sock.recv(1 << 16)
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        self.sock.settimeout(chancery.PATIENCE)
        return self.data == b""


class TestCase(chancery.TestCase):
    """Each test has an empty mailbox of its own, self.box."""

    users = ("ada",)

    def setUp(self):
        self.clients = []
        self.box = self.id().split(".")[-1]
        self.ada = self.client()
        self.ada.ok(f"CREATE {self.box}")

    def tearDown(self):
        for client in self.clients:
            client.close()

    def client(self, user="ada", select=None):
        client = Client(self.chancery, user)
        self.clients.append(client)
        if select:
            client.ok(f"SELECT {select}")
        return client

    def fill(self, count):
        """Messages in self.box with the subjects "1" to str(count)."""
        return [self.ada.append(f"Subject: {n}\r\n\r\nbody {n}\r\n".encode(),
                                self.box) for n in range(1, count + 1)]
