"""A private instance of Chancery for a test, and ways to talk to it.

    import chancery

    class Delivery(chancery.TestCase):
        users = ("ada", "bob")

        def test_arrives(self):
            self.send("ada", ["bob"], "Subject: hi\r\n\r\nhello\r\n")
            self.wait_for_messages("bob", 1)

Each test class gets an instance of its own in a temporary folder, made by
"chancery setup" on ports of its own on 127.0.0.1, stopped and removed when
the class is done. Users' passwords are "secret-NAME". The environment names
the build: CHANCERY_BUILD (default: build, beside the sources).
CHANCERY_KEEP=1 keeps the folder of a failed class and says where it is.
CHANCERY_CALLS=FOLDER watches the daemons' system calls (lib/calls.py).
"""

import imaplib
import json
import os
import poplib
import random
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import calls

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
BUILD = os.path.join(TOP, os.environ.get("CHANCERY_BUILD", "build"))
COMMAND = os.path.join(BUILD, "bin", "chancery")
PORTS = {"smtp": 25, "submission": 587, "submissions": 465, "imap": 143,
         "imaps": 993, "pop3": 110, "pop3s": 995}
IS_ROOT = os.geteuid() == 0
# Seconds for what is sure to come, on whatever machine: a test that is red
# takes them, a green one does not.
PATIENCE = 120
PORT_LOCKS = []  # held to the end
# What no log of a test may hold.
TROUBLE = (r"\]: error: |panic|Sanitizer|by signal|"
           r"ended with status [1-9]")

imaplib._MAXLINE = 10_000_000  # whole SEARCH answers of large mailboxes

def read_all(sock):
    """Everything until the other side closes; then it is closed."""
    said = b""
    try:
        while chunk := sock.recv(65536):
            said += chunk
    except OSError:
        pass
    sock.close()
    return said


def wait_until(what, probe, seconds=PATIENCE):
    """Poll until probe() gives something true; fail after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def freeze(pid):
    """SIGSTOP; returns when each thread has stopped, for one that runs on for
    a moment may yet answer. SIGCONT wakes it."""
    os.kill(pid, signal.SIGSTOP)

    def has_stopped():
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/stat") as f:
                if f.read().rpartition(") ")[2][0] != "T":
                    return False
        return True
    wait_until(f"{pid} has stopped", has_stopped)


def free_port(*addresses):
    """A port that is free for TCP and UDP on these addresses (127.0.0.1) and
    is nobody else's while this program runs: below those that the kernel
    gives to whoever connects, and with a lock for others who look for one."""
    while True:
        port = random.randrange(3000, 11000)
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind(f"\0chancery-port-{port}")
            for address in addresses or ("127.0.0.1",):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(type=kind) as probe:
                        probe.bind((address, port))
        except OSError:
            lock.close()
            continue
        PORT_LOCKS.append(lock)
        return port


class PortBase:
    """A base of a thousand ports that nobody else has: whoever has its last
    port bound has them all, in whatever run, as whatever user."""

    def __init__(self):
        for base in range(11000, 32000, 1000):
            self.lock = socket.socket()
            try:
                self.lock.bind(("127.0.0.1", base + 999))
                if all(self._is_free(base + p) for p in PORTS.values()):
                    self.base = base
                    return
            except OSError:
                pass
            self.lock.close()
        raise AssertionError("no free base of ports")

    @staticmethod
    def _is_free(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
        return True

    def close(self):
        self.lock.close()


class Instance:
    """One instance directory, set up and (after start()) running."""

    host = "127.0.0.1"  # where it listens

    def __init__(self, domain="example.test", users=(), options=(),
                 master_options=None):
        self.domain = domain
        self.ports = self.choose_ports()
        self.dir = tempfile.mkdtemp(prefix="chancery-e2e-")
        os.chmod(self.dir, 0o711)
        self.running = False
        self.run("setup", "--domain", domain, "--hostname",
                 f"mail.{domain}", *self.setup_words())
        # Whom to ask is the test's to say (lib/dns.py); else nobody is.
        if not any(o.startswith("dns_servers") for o in options):
            options = ("smtpd_peername_lookup = no", *options)
        with open(self.path("etc/main.cf"), "a") as main_cf:
            # Tests that take 127.0.0.1 out of mynetworks speak at once.
            if not any("smtpd_greet_wait" in option for option in options):
                main_cf.write("smtpd_greet_wait = 0\n")
            for option in options:
                main_cf.write(option + "\n")
        for service, words in (master_options or {}).items():
            self.add_service_options(service, words)
        self.users = list(users)

    def choose_ports(self):
        return PortBase()

    def setup_words(self):
        return ["--listen", self.host, "--port-base", str(self.ports.base)]

    def command(self):
        return [COMMAND]

    def path(self, name):
        return os.path.join(self.dir, name)

    def port(self, service):
        return self.ports.base + PORTS[service]

    def add_service_options(self, service, words):
        """Append "-o name=value" words to a service's line of master.cf."""
        with open(self.path("etc/master.cf")) as master_cf:
            lines = master_cf.read().split("\n")
        for i, line in enumerate(lines):
            if line.split()[:1] == [service]:
                lines.insert(i + 1, "  " + words)
                break
        else:
            raise AssertionError(f"no service {service} in master.cf")
        with open(self.path("etc/master.cf"), "w") as master_cf:
            master_cf.write("\n".join(lines))

    def run(self, *words, stdin=None, check=True):
        """chancery -C DIR WORDS; returns the finished process."""
        command = [*self.command(), "-C", self.dir, *words]
        if words == ("start",) and calls.is_wanted():
            done = calls.start(command)
        else:
            done = subprocess.run(command, input=stdin, text=True,
                                  timeout=PATIENCE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        if check and done.returncode != 0:
            raise AssertionError(f"chancery {' '.join(words)}: exit "
                                 f"{done.returncode}\n{done.stdout}"
                                 f"{done.stderr}\n{self.log()[-3000:]}")
        return done

    def json(self, *words):
        return json.loads(self.run(*words, "--json").stdout)

    def start(self):
        self.run("start")
        self.running = True
        for user in self.users:
            self.add_user(user)
        self.users = []

    def stop(self):
        if self.running:
            self.run("stop")
            self.running = False

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir)
        self.ports.close()

    def address(self, user):
        return user if "@" in user else f"{user}@{self.domain}"

    def password(self, user):
        return "secret-" + user.split("@")[0]

    def add_user(self, user):
        self.run("user", "add", self.address(user), "--password-file", "-",
                 stdin=self.password(user) + "\n")

    def log(self):
        """Everything logged so far."""
        text = ""
        folder = self.path("log")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), errors="replace") as f:
                text += f.read()
        return text

    def pids(self):
        """{service: [pid, ...]} of everything master started."""
        done = self.run("status", "--json", check=False)
        if not done.stdout.startswith("{"):  # master is not there
            return {}
        status = json.loads(done.stdout)
        return {s["name"]: s["pids"] for s in status["services"]}

    def pid(self, service):
        """Of the process that master started, once there is one."""
        return wait_until(f"{service} runs",
                          lambda: self.pids().get(service))[0]

    def master_pid(self):
        with open(self.path("run/lock")) as lock:
            return int(lock.read())

    def tls(self):
        context = ssl.create_default_context(
            cafile=self.path("tls/cert.pem"))
        context.check_hostname = False
        return context

    def connect(self, service):
        """A plain socket to a service (TLS not begun)."""
        return socket.create_connection((self.host, self.port(service)),
                                        timeout=PATIENCE)

    def smtp(self, service="smtp", user=None):
        """smtplib, greeted; logged in (and TLS) when a user is named."""
        if service == "submissions":
            smtp = smtplib.SMTP_SSL(self.host, self.port(service),
                                    context=self.tls(), timeout=PATIENCE)
        else:
            smtp = smtplib.SMTP(self.host, self.port(service),
                                timeout=PATIENCE)
        if user is not None:
            if service != "submissions":
                smtp.starttls(context=self.tls())
            smtp.login(self.address(user), self.password(user))
        return smtp

    def messages(self, user, mailbox="INBOX"):
        """Every message in a mailbox, as bytes, by IMAP."""
        imap = self.imap(user)
        try:
            status, _ = imap.select(mailbox, readonly=True)
            if status != "OK":
                return []
            _, data = imap.fetch("1:*", "(BODY.PEEK[])")
            return [part[1] for part in data if isinstance(part, tuple)]
        finally:
            imap.logout()

    def imap(self, user, service="imaps"):
        """imaplib over TLS, logged in."""
        if service == "imaps":
            imap = imaplib.IMAP4_SSL(self.host, self.port(service),
                                     ssl_context=self.tls(), timeout=PATIENCE)
        else:
            imap = imaplib.IMAP4(self.host, self.port(service),
                                 timeout=PATIENCE)
        imap.login(self.address(user), self.password(user))
        return imap

    def pop3(self, user, service="pop3s"):
        """poplib, logged in; over TLS unless the service is plain."""
        if service == "pop3s":
            pop3 = poplib.POP3_SSL(self.host, self.port(service),
                                   context=self.tls(), timeout=PATIENCE)
        else:
            pop3 = poplib.POP3(self.host, self.port(service), timeout=PATIENCE)
        pop3.user(self.address(user))
        pop3.pass_(self.password(user))
        return pop3


class TestCase(unittest.TestCase):
    """A test class with an instance of its own (cls.chancery)."""

    domain = "example.test"
    users = ("ada", "bob")
    options = ()  # lines for main.cf
    master_options = None  # {service: "-o name=value ..."}
    may_panic = False  # a test that kills on purpose says so
    expected_errors = ()  # parts of error lines a test brings about

    @classmethod
    def setUpClass(cls):
        cls.chancery = Instance(cls.domain, cls.users, cls.options,
                                cls.master_options)
        try:
            cls.chancery.start()
        except BaseException:
            cls.chancery.running = True
            cls._end(keep=True)
            raise

    @classmethod
    def tearDownClass(cls):
        log = cls.chancery.log()
        cls._end(keep=False)
        if not cls.may_panic:
            bad = [line for line in log.split("\n")
                   if re.search(TROUBLE, line) and
                   not any(part in line for part in cls.expected_errors)]
            if bad:
                raise AssertionError("the log shows:\n" + "\n".join(bad[:20]))

    @classmethod
    def _end(cls, keep):
        keep = keep and os.environ.get("CHANCERY_KEEP")
        if keep:
            print(f"kept: {cls.chancery.dir}", file=sys.stderr)
            cls.chancery.run("stop", check=False)
            return
        cls.chancery.run("stop", check=False)
        cls.chancery.running = False
        cls.chancery.remove()

    def assert_logged(self, regex):
        """Sooner or later: logd writes what the daemons sent it."""
        return wait_until(f"logged: {regex}", lambda: re.search(
            regex, self.chancery.log()))

    def send(self, sender, recipients, message, service="smtp", **options):
        """One message by smtplib. Names without @ are of our domain."""
        if isinstance(message, str):
            message = message.encode()
        with self.chancery.smtp(service) as smtp:
            return smtp.sendmail(
                self.chancery.address(sender) if sender else "",
                [self.chancery.address(r) for r in recipients], message,
                **options)

    def messages(self, user, mailbox="INBOX"):
        return self.chancery.messages(user, mailbox)

    def kill(self, service):
        """SIGKILL; wait until master has started another."""
        old = self.chancery.pid(service)
        os.kill(old, signal.SIGKILL)

        def another():
            pids = self.chancery.pids().get(service)
            return pids and old not in pids
        wait_until(f"another {service}", another)

    def wait_for_messages(self, user, count, mailbox="INBOX"):
        """Wait until so many are there; returns them as bytes."""
        def enough():
            found = self.messages(user, mailbox)
            return found if len(found) >= count else None
        found = wait_until(f"{count} messages for {user}", enough)
        self.assertEqual(len(found), count)
        return found

    def talk(self, service, *lines, tls=False):
        """Send raw lines (str or bytes, CRLF added to str) one by one on a
        fresh connection; returns everything the server said."""
        sock = self.chancery.connect(service)
        if tls:
            sock = self.chancery.tls().wrap_socket(sock)
        for line in lines:
            sock.sendall(line if isinstance(line, bytes)
                         else line.encode() + b"\r\n")
        sock.shutdown(socket.SHUT_WR) if not tls else None
        return read_all(sock).decode("utf-8", "replace")


def main():
    unittest.main(verbosity=2 if "-v" in sys.argv else 1)
