"""Takeover: code run in the place of each daemon (remote code execution in a
mail server, as CVE-2019-10149 of Exim, CVE-2020-7247 of OpenSMTPD).

By ptrace, system calls are made in each running daemon and in the workers of
session daemons, with what they have: users, root, namespaces, filters,
Landlock, descriptors. No one may open a file of others, become anybody, run
anything, trace or signal a neighbour, use the network unless it is its trade,
or connect anywhere but along its edges; keys lie in the memory of their
daemons alone. What each can reach is the table in doc/security.md, which this
holds to be true; "takeover.py --write" writes it anew."""

import errno
import os
import re
import socket
import stat
import subprocess
import sys
import time
import unittest

import attack
import chancery
import imap_talk
import tracee

AT_FDCWD = -100
DOCUMENT = os.path.join(chancery.TOP, "doc/security.md")
BEGIN, END = "<!-- takeover -->\n", "<!-- /takeover -->\n"
CLONE_NEWUSER = 0x10000000
DAEMONS = 15  # sessions of three of them counted, too


def outcome(victim, *call):
    """"killed", the name of an error, or "ALLOWED"."""
    try:
        result = victim.call(*call)
    except tracee.Killed:
        return "killed"
    return "ALLOWED" if result >= 0 else errno.errorcode[-result]


def forbidden(near):
    """{name: call}: what no daemon may do; near is a neighbour's pid."""
    return {
        "run a program": ("execve", b"/bin/true", 0, 0),
        "run what it wrote": ("execveat", AT_FDCWD, b"x", 0, 0, 0),
        "trace a neighbour": ("ptrace", 16, near, 0, 0),
        "be traced": ("ptrace", 0, 0, 0, 0),
        "read a neighbour": ("process_vm_readv", near, b"x" * 16, 1, b"x" * 16,
                             1, 0),
        "take a neighbour's descriptor": ("pidfd_getfd", 3, 0, 0),
        "become root": ("setuid", 0),
        "become root in all ids": ("setresuid", 0, 0, 0),
        "join root's group": ("setgid", 0),
        "join groups": ("setgroups", 0, 0),
        "take capabilities": ("capset", b"\x22\x05\x08\x20" + b"\0" * 4,
                              b"\xff" * 24),
        "change root": ("chroot", b"."),
        "enter namespaces": ("setns", 3, 0),
        "make namespaces": ("unshare", CLONE_NEWUSER),
        "fork into namespaces": ("clone", CLONE_NEWUSER | 17, 0, 0, 0, 0),
        "fork by another name": ("clone3", b"\0" * 88, 88),
        "mount": ("mount", b"none", b"/", b"tmpfs", 0, 0),
        "code that it wrote": ("mmap", 0, 4096, 7, 0x22, -1, 0),
        "raw packets": ("socket", 17, 3, 0),
        "netlink": ("socket", 16, 3, 0),
        "raw IP": ("socket", 2, 3, 1),
        "virtual machines' sockets": ("socket", 40, 1, 0),
        "io_uring": ("io_uring_setup", 8, b"\0" * 120),
        "BPF": ("bpf", 0, b"\0" * 64, 64),
        "userfaultfd": ("userfaultfd", 1),
        "performance events": ("perf_event_open", b"\0" * 112, 0, -1, -1, 0),
        "the kernel's keys": ("keyctl", 0, -4, 0),
        "kernel modules": ("finit_module", 0, b"", 0),
        "reboot": ("reboot", 0),
        "files by handle": ("open_by_handle_at", 3, b"\0" * 64, 0),
        "old open": ("open", b"/etc/passwd", 0, 0),
        "new open": ("openat2", AT_FDCWD, b"/etc/passwd", b"\0" * 24, 24),
        "links": ("symlink", b"/etc/passwd", b"x"),
        "change owners": ("chown", b".", 0, 0),
        "another personality": ("personality", 0x0400000),
    }


class Takeover(attack.TestCase):
    may_panic = True
    options = ("service_throttle_time = 1s", "imap_park_after = 1h",
               "pop3_park_after = 1h")

    def setUp(self):
        self.sessions = []
        self.addCleanup(self.hang_up)

    def hang_up(self):
        for sock in self.sessions:
            sock.close()
        self.sessions = []

    def all_up(self):
        def probe():
            done = self.chancery.run("status", "--json", check=False)
            return done.returncode == 0
        attack.wait_until("all daemons are up", probe)

    def open_sessions(self):
        """So that smtpd, imapd and pop3d have a worker each. False where
        what was ended just now is in the way."""
        self.hang_up()
        try:
            sock = self.chancery.connect("smtp")
            self.sessions.append(sock)
            said = [sock.recv(1000)[:3]]
            self.sessions.append(imap_talk.Client(self.chancery, "ada"))
            sock = self.chancery.connect("pop3")
            self.sessions.append(sock)
            for line in (b"", b"USER ada@example.test\r\n",
                         b"PASS secret-ada\r\n"):
                sock.sendall(line)
                said.append(sock.recv(1000)[:3])
        except (AssertionError, EOFError, OSError):
            return False
        return said == [b"220"] + [b"+OK"] * 3

    def victims(self):
        """{"imapd" or "imapd, a session": pid}."""
        self.all_up()
        attack.wait_until("sessions are open", self.open_sessions)
        found = {}
        for service in self.chancery.json("status")["services"]:
            program = service["program"]
            if program == "slapd" or not service["pids"]:
                continue
            found.setdefault(program, service["pids"][0])
            session = program + ", a session"
            if program in ("smtpd", "imapd", "pop3d"):
                for child in attack.children(service["pids"][0])[1:]:
                    found.setdefault(session, child)
        return found

    def attempt(self, act):
        """act(name, victim) in every daemon; {name: what it returned}. Those
        that ended with another, or were at work, have their turn again."""
        seen = {}
        end = time.monotonic() + attack.PATIENCE
        while len(seen) < DAEMONS and time.monotonic() < end:
            victims = self.victims()
            left = [name for name in victims if name not in seen]
            for name in sorted(left, key=lambda n: "," not in n):
                try:
                    with tracee.Tracee(victims[name]) as victim:
                        seen[name] = act(name, victim)
                except (OSError, RuntimeError, tracee.Killed):
                    continue
        self.assertEqual(len(seen), DAEMONS, sorted(seen))
        self.count(len(seen))
        return seen

    def test_a_what_nobody_may(self):
        near = self.chancery.pid("logd")
        held = {}
        for what, call in forbidden(near).items():
            seen = self.attempt(
                lambda name, victim, call=call: outcome(victim, *call))
            for name, result in seen.items():
                with self.subTest(what=what, daemon=name):
                    self.assertNotEqual(result, "ALLOWED")
                held[result] = held.get(result, 0) + 1
        self.saw(f"{len(forbidden(near))} forbidden acts: " + ", ".join(
            f"{n} {what}" for what, n in sorted(held.items())))

    def test_b_neighbours_are_not_signalled(self):
        """Signal 0 only asks; imapd and pop3d share a user."""
        for target in ("logd", "stored", "imap", "pop3"):
            self.all_up()  # who was ended by the target before
            pid = self.chancery.pid(target)
            def act(name, victim, pid=pid):
                if victim.pid == pid:
                    return "itself"
                return outcome(victim, "kill", pid, 0)
            for name, result in self.attempt(act).items():
                with self.subTest(daemon=name, target=target):
                    self.assertNotEqual(result, "ALLOWED")

    def sockets(self):
        """Paths of all UNIX sockets of the instance, from its folder."""
        found = []
        for folder, _, files in os.walk(self.chancery.dir):
            for name in files:
                path = os.path.join(folder, name)
                if stat.S_ISSOCK(os.lstat(path).st_mode):
                    found.append(os.path.relpath(path, self.chancery.dir))
        return sorted(found)

    @staticmethod
    def connects(victim, path):
        fd = victim.call("socket", 1, 1, 0)
        if fd < 0:
            return False
        address = tracee.unix_address(path)
        result = victim.call("connect", fd, address, len(address) + 1)
        victim.call("close", fd)
        return result == 0

    def reached(self, victim):
        """Names it can connect to. Every socket of the instance is tried by
        its own path, by steps upwards, and by its name alone."""
        names = set()
        above = b"../" * 10
        for path in self.sockets():
            full = os.path.join(self.chancery.dir, path).encode()
            for way in (full, above + full.lstrip(b"/"), b"../../"
                        + path.encode(), b"../" + path.encode()):
                if len(way) < 107 and self.connects(victim, way):
                    names.add("OUTSIDE " + path)
            if self.connects(victim, os.path.basename(path).encode()):
                names.add(os.path.basename(path))
        if self.connects(victim, b"\0" + self.abstract):
            names.add("ABSTRACT")
        return names

    def look_connections(self, name, victim):
        try:
            return self.reached(victim)
        except tracee.Killed:
            return set()

    def look_network(self, name, victim):
        """What it may connect to outside: our own listening port."""
        try:
            fd = victim.call("socket", 2, 1, 0)
            if fd < 0:
                return "no"
            address = tracee.inet_address("127.0.0.1",
                                          self.chancery.port("imap"))
            result = victim.call("connect", fd, address, 16)
            victim.call("close", fd)
            return "yes" if result == 0 else "no"
        except tracee.Killed:
            return "no"

    def look_files(self, name, victim):
        """How it may open files: of others never; its own r, w, a, c."""
        rights = ""
        host = ("/etc/passwd", self.chancery.path("etc/ticket.key"),
                self.chancery.path("tls/key.pem"), "../etc/ticket.key",
                "../../etc/ticket.key", "/proc/self/mem", "/proc/1/environ",
                "../../../../../../../../etc/passwd")
        for right, flags, files in (
                ("a", os.O_WRONLY | os.O_APPEND | os.O_CREAT,
                 host + ("takeover",)),
                ("r", os.O_RDONLY, host + (".",)),
                ("w", os.O_RDWR, host + ("takeover",)),
                ("c", os.O_RDWR | os.O_CREAT, ("takeover",))):
            try:
                for path in files:
                    fd = victim.call("openat", AT_FDCWD, path.encode(), flags,
                                     0o600)
                    if fd < 0:
                        continue
                    victim.call("close", fd)
                    if path in host:
                        return "OTHERS' " + path
                    rights += right
            except tracee.Killed:
                return rights or "none"
        return "".join(sorted(set(rights))) or "none"

    def secrets(self):
        """The keys of the instance as they lie in memory."""
        found = {}
        for what, path in (("ticket key", "etc/ticket.key"),
                           ("TLS key", "tls/key.pem")):
            text = subprocess.run(
                ["openssl", "pkey", "-in", self.chancery.path(path), "-text",
                 "-noout"], check=True, stdout=subprocess.PIPE,
                text=True).stdout
            block = re.search(r"priv:\n((?:\s+[0-9a-f:]+\n)+)", text)[1]
            raw = bytes.fromhex(re.sub(r"[^0-9a-f]", "", block))[-32:]
            # OpenSSL keeps big numbers the other way round
            found[what] = (raw, raw[::-1])
        return found

    def keys_in(self, pid, secrets):
        found = set()
        with open(f"/proc/{pid}/maps") as maps:
            ranges = [line.split() for line in maps]
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for words in ranges:
                begin, end = (int(n, 16) for n in words[0].split("-"))
                if words[1][0] != "r" or end - begin > 256 << 20:
                    continue
                try:
                    data = os.pread(memory.fileno(), end - begin, begin)
                except OSError:
                    continue
                found |= {what for what, forms in secrets.items()
                          if any(form in data for form in forms)}
        return found

    def rows(self):
        """The table, as lines of Markdown."""
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        self.abstract = b"chancery-takeover-%d" % os.getpid()
        listener.bind(b"\0" + self.abstract)
        listener.listen(100)
        secrets = self.secrets()
        files = self.attempt(self.look_files)
        network = self.attempt(self.look_network)
        # last: for some of them "socket" is the end
        connections = self.attempt(self.look_connections)
        keys = {name: self.keys_in(pid, secrets)
                for name, pid in self.victims().items()}
        words = {"none": "none", "a": "appends to the log", "acrw":
                 "its own: reads, writes, makes"}
        lines = ["| of | opens files | connects to | network | keys in its "
                 "memory |\n", "| --- | --- | --- | --- | --- |\n"]
        for name in sorted(files):
            lines.append("| " + " | ".join((
                name, words.get(files[name], files[name]),
                ", ".join(sorted(connections[name])) or "nothing",
                network[name],
                ", ".join(sorted(keys[name])) or "none")) + " |\n")
        return lines

    def test_c_what_each_can_reach(self):
        lines = self.rows()
        self.assertNotIn("OUTSIDE", "".join(lines))
        self.assertNotIn("ABSTRACT", "".join(lines))
        self.assertNotIn("OTHERS'", "".join(lines))
        with open(DOCUMENT) as document:
            text = document.read()
        head, rest = text.split(BEGIN)
        said, tail = rest.split(END)
        if "--write" in sys.argv:
            with open(DOCUMENT, "w") as document:
                document.write(head + BEGIN + "".join(lines) + END + tail)
            return
        self.assertEqual(said.splitlines(), "".join(lines).splitlines())
        self.saw("each reaches what the table in doc/security.md says, and "
                 "no more")

    def test_d_it_still_serves(self):
        self.hang_up()
        self.all_up()
        self.is_served()


if __name__ == "__main__":
    if not chancery.IS_ROOT:
        print("skipped: takeovers, as ptrace takes root")
        sys.exit(0)
    unittest.main(argv=[a for a in sys.argv if a != "--write"], verbosity=2
                  if "-v" in sys.argv else 1)
