#!/usr/bin/python3
"""What a parked session costs, and how fast it wakes; beside Dovecot, which
hibernates its sessions, in the same run.

2,500 sessions log in, select a mailbox of their own and IDLE, over TLS and in
the clear. The memory is the sum of Pss over all processes of the instance
(slapd apart, which holds users and no sessions): what it grew by, a session.
Then some of them, one after the other, are woken by their client (DONE, until
its OK) and by new mail (from the OK of an APPEND until EXISTS, or at once).

    t/bench/parked.py [SESSIONS]       needs root, for /proc
"""

import os
import random
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "e2e", "lib"))
import chancery  # noqa: E402
from idle import pss, tree  # noqa: E402
from peers import NOBODY, wait_for_port  # noqa: E402

USERS = 50
WOKEN = 200
OPTIONS = ("imap_park_after = 1s", "imapd_client_connection_count_limit = 0",
           "front_login_limit = 5000")
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


class Session:
    """A client, blocking, without comfort."""

    def __init__(self, port, tls, user, password, box):
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock)
        self.data = b""
        self.until(b"* OK")
        self.command(f"LOGIN {user} {password}")
        self.box = box
        if box is not None:
            self.command(f"SELECT {box}")

    def until(self, *what):
        """The first line that begins with, or has, one of these."""
        while True:
            while b"\r\n" in self.data:
                line, self.data = self.data.split(b"\r\n", 1)
                if any(line.startswith(w) or (w[:1] == b" " and w in line)
                       for w in what):
                    return line
            chunk = self.sock.recv(65536)
            if not chunk:
                raise EOFError("closed")
            self.data += chunk

    def command(self, text):
        self.sock.sendall(f"a {text}\r\n".encode())
        line = self.until(b"a ")
        if not line.startswith(b"a OK"):
            raise SystemExit(f"{text}: {line}")

    def idle(self):
        self.sock.sendall(b"i IDLE\r\n")
        self.until(b"+ ")

    def append(self, box):
        self.sock.sendall(b"a APPEND %s {%d+}\r\n%s\r\n" % (
            box.encode(), len(MESSAGE), MESSAGE))
        self.until(b"a OK")


class Chancery:
    name = "Chancery"

    def __init__(self):
        self.instance = chancery.Instance(
            users=[f"u{n}" for n in range(USERS)], options=OPTIONS)
        self.instance.start()
        self.tls = self.instance.tls()

    def pids(self):
        pids = tree(self.instance.master_pid())
        return [p for p in pids if open(f"/proc/{p}/comm").read().strip() !=
                "slapd"]

    def session(self, n, tls, box):
        user = f"u{n % USERS}"
        return Session(self.instance.port("imaps" if tls else "imap"),
                       self.tls if tls else None,
                       self.instance.address(user),
                       self.instance.password(user), box)

    def settle(self, count):
        def parked():
            rows = self.instance.json("status")["counters"]
            return any(r["service"] == "front" and r["counter"] == "parked"
                       and r["value"] == count for r in rows)
        chancery.wait_until(f"{count} parked", parked, 120)

    def stop(self):
        self.instance.remove()


DOVECOT = """base_dir = {dir}/run
log_path = {dir}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
mail_uid = {uid}
mail_gid = {uid}
first_valid_uid = {uid}
imap_hibernate_timeout = 1s
auth_cache_size = 10M
mail_max_userip_connections = 0
default_client_limit = 8000
default_process_limit = 6000
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {dir}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={dir}/mail/%n
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  client_limit = 4000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 6000
  unix_listener imap-master {{
    user = dovecot
  }}
}}
service imap-hibernate {{
  unix_listener imap-hibernate {{
    mode = 0666
  }}
}}
service anvil {{
  client_limit = 20000
}}
service auth {{
  client_limit = 20000
}}
service stats {{
  client_limit = 20000
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


class Dovecot:
    name = "Dovecot, hibernating"

    def __init__(self, cert, key):
        self.ports = chancery.PortBase()
        self.dir = tempfile.mkdtemp(prefix="peers-")
        os.chmod(self.dir, 0o755)
        os.mkdir(f"{self.dir}/mail")
        os.chown(f"{self.dir}/mail", NOBODY, NOBODY)
        for name, source in (("cert", cert), ("key", key)):
            shutil.copy(source, f"{self.dir}/{name}")
        with open(f"{self.dir}/conf", "w") as f:
            f.write(DOVECOT.format(
                dir=self.dir, uid=NOBODY, cert=f"{self.dir}/cert",
                key=f"{self.dir}/key", imap=self.ports.base + 143,
                imaps=self.ports.base + 993))
        with open(f"{self.dir}/passwd", "w") as f:
            for n in range(USERS):
                f.write(f"u{n}@example.test:{{PLAIN}}secret\n")
        with open(f"{self.dir}/start", "w") as f:
            subprocess.run(["dovecot", "-c", f"{self.dir}/conf"], check=True,
                           stdin=subprocess.DEVNULL, stdout=f, stderr=f)
        wait_for_port(self.ports.base + 993)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE

    def pids(self):
        with open(f"{self.dir}/run/master.pid") as f:
            return tree(int(f.read()))

    def session(self, n, tls, box):
        return Session(self.ports.base + (993 if tls else 143),
                       self.tls if tls else None,
                       f"u{n % USERS}@example.test", "secret", box)

    def settle(self, count):
        """Until hardly a process is left that serves one session."""
        end = time.monotonic() + 100
        while time.monotonic() < end:
            names = [open(f"/proc/{p}/comm").read() for p in self.pids()]
            if sum(name == "imap\n" for name in names) < count // 50:
                return
            time.sleep(0.5)
        print(f"    ({names.count('imap' + chr(10))} do not hibernate)")
        if os.environ.get("BENCH_LOG"):
            print(open(f"{self.dir}/log").read()[-3000:])

    def stop(self):
        subprocess.run(["doveadm", "-c", f"{self.dir}/conf", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        shutil.rmtree(self.dir, ignore_errors=True)
        self.ports.close()


def memory(server):
    by_name = {}
    for pid in server.pids():
        try:
            name = open(f"/proc/{pid}/comm").read().strip()
            by_name[name] = by_name.get(name, 0) + pss(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return by_name


def wake(server, sessions, tls):
    """(by the client, by mail): medians in ms."""
    rng = random.Random(1)
    client, mail = [], []
    for session in rng.sample(sessions, min(WOKEN, len(sessions))):
        began = time.perf_counter()
        session.sock.sendall(b"DONE\r\n")
        session.until(b"i OK")
        client.append(time.perf_counter() - began)
        session.idle()
    time.sleep(3)
    server.settle(len(sessions))
    writers = {}
    for n, session in rng.sample(list(enumerate(sessions)),
                                 min(WOKEN, len(sessions))):
        user = n % USERS
        if user not in writers:
            writers[user] = server.session(user, tls, None)
        writers[user].append(session.box)
        began = time.perf_counter()
        session.until(b" EXISTS")
        mail.append(time.perf_counter() - began)
    for writer in writers.values():
        writer.sock.close()
    return [statistics.median(times) * 1000 for times in (client, mail)]


def run(server, tls, count):
    for user in range(USERS):
        session = server.session(user, tls, None)
        for n in range(user, count, USERS):
            session.command(f"CREATE {'tls' if tls else 'clear'}{n}")
        session.sock.close()
    time.sleep(3)
    before = memory(server)
    began = time.perf_counter()
    sessions = []
    for n in range(count):
        sessions.append(server.session(
            n, tls, f"{'tls' if tls else 'clear'}{n}"))
        sessions[-1].idle()
    took = time.perf_counter() - began
    server.settle(count)
    time.sleep(35)  # what is tidied up every 30 s is
    after = memory(server)
    grown = sorted(((after[name] - before.get(name, 0)) / count, name)
                   for name in after)
    before, after = sum(before.values()), sum(after.values())
    by_client, by_mail = wake(server, sessions, tls)
    for session in sessions:
        session.sock.close()
    print(f"{server.name}, {'TLS' if tls else 'in the clear'}: "
          f"{(after - before) / count:.1f} KiB a session "
          f"({before / 1024:.1f} MiB before, {after / 1024:.1f} with them); "
          f"woken in {by_client:.1f} ms by the client, {by_mail:.1f} ms by "
          f"mail; begun in {took:.0f} s; load {os.getloadavg()[0]:.1f}")
    print("    of which " + ", ".join(
        f"{name} {size:.2f}" for size, name in reversed(grown[-4:])),
          flush=True)


def main():
    if not chancery.IS_ROOT:
        sys.exit("parked.py: reading Pss needs root")
    numbers = [word for word in sys.argv[1:] if word.isdigit()]
    count = int(numbers[0]) if numbers else 2500
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"{count} sessions of {USERS} users; ours with "
          f"{'; '.join(OPTIONS)}; Dovecot with imap_hibernate_timeout = 1s")
    server = Chancery()
    cert, key = (server.instance.path(f"tls/{n}.pem") for n in
                 ("cert", "key"))
    folder = tempfile.mkdtemp(prefix="parked-")
    for path in (cert, key):
        shutil.copy(path, folder)
    try:
        if "--peer-only" not in sys.argv:
            for tls in (False, True):
                run(server, tls, count)
    finally:
        server.stop()
    try:
        for tls in (False, True):
            server = Dovecot(f"{folder}/cert.pem", f"{folder}/key.pem")
            try:
                run(server, tls, count)
            finally:
                server.stop()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
