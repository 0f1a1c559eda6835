"""Frames between our processes, as ipc/frame.h and ipc/codec.h have them, and
one daemon run alone with an edge of ours, so that a test can be its client.
"""

import atexit
import os
import socket
import struct
import subprocess
import tempfile

import chancery

ERROR = 1


def text(value):
    """A STR field."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(raw)) + raw


class Reader:
    """Takes fields off a payload."""

    def __init__(self, payload):
        self.payload, self.at = payload, 0

    def take(self, count):
        piece = self.payload[self.at:self.at + count]
        assert len(piece) == count, "payload too short"
        self.at += count
        return piece

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def raw(self):
        return self.take(self.u32())

    def str(self):
        return self.raw().decode()


class Conn:
    """One connection to an edge."""

    def __init__(self, path, timeout=chancery.PATIENCE):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(path)
        self.tag = 0

    def send(self, kind, payload):
        self.tag = (self.tag + 1) & 0xffff
        self.sock.sendall(struct.pack(">2sBBHHI", b"Ch", 1, 0, kind, self.tag,
                                      len(payload)) + payload)
        return self.tag

    def read(self, count):
        got = b""
        while len(got) < count:
            piece = self.sock.recv(count - len(got))
            if not piece:
                raise EOFError("the daemon closed the connection")
            got += piece
        return got

    def receive(self):
        """(type, tag, Reader) of the next frame."""
        magic, version, _, kind, tag, length = struct.unpack(
            ">2sBBHHI", self.read(12))
        assert (magic, version) == (b"Ch", 1)
        return kind, tag, Reader(self.read(length))

    def call(self, kind, payload):
        tag = self.send(kind, payload)
        answer, answer_tag, reader = self.receive()
        assert answer_tag == tag, (answer_tag, tag)
        return answer, reader

    def close(self):
        self.sock.close()


class Daemon:
    """One event daemon without master; edges are roles that may connect."""

    def __init__(self, name, edges=("test",), options=(), cwd=None, fds=None):
        self.folder = tempfile.mkdtemp(prefix="chancery-daemon-")
        self.name, self.options, self.cwd = name, list(options), cwd
        self.listeners = {}
        self.fds = dict(fds or {})
        for edge in edges:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(self.path(edge))
            listener.listen(50)
            self.listeners[edge] = listener
        atexit.register(self.kill)  # whatever happens to the test
        self.start()

    def path(self, edge):
        return os.path.join(self.folder, edge)

    def start(self):
        given = {f"edge:{role}": s.fileno()
                 for role, s in self.listeners.items()}
        given.update(self.fds)
        words = [os.path.join(chancery.BUILD, "libexec", self.name),
                 "-C", "/dev/null"]
        for option in self.options:
            words += ["-o", option]
        self.log = open(self.path("log"), "a")
        env = dict(os.environ, CHANCERY_FDS=" ".join(
            f"{name}={fd}" for name, fd in given.items()))
        self.process = subprocess.Popen(
            words, cwd=self.cwd, env=env, stdout=self.log, stderr=self.log,
            pass_fds=list(given.values()))

    def logged(self):
        with open(self.path("log")) as log:
            return log.read()

    def connect(self, edge="test"):
        return Conn(self.path(edge))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=chancery.PATIENCE)
