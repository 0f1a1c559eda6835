"""Cyrus IMAP: its own master with imapd, pop3d and lmtpd, as user cyrus.

As Debian configures it, but: processes wait in stock for clients, any number
may come, every password is true (so that nothing is spent on looking one up),
duplicates of deliveries are not looked for, and idled tells sessions in IDLE
of news at once. Its databases and indexes are synced as ever. The programs
that Debian does not install beside Dovecot come from t/bench/fetch-peers.

It leaves Nagle's algorithm on, and no parameter of its own changes that: the
last piece of an answer may wait for the client's kernel to confirm the ones
before, up to 40 ms.
"""

import os
import shutil
import signal
import socket
import subprocess

from .common import Folder, NoStart, wait_for_port

HERE = os.path.dirname(os.path.abspath(__file__))
INSTALLED = "/usr/lib/cyrus/bin"
APART = os.path.join(HERE, "..", "..", "..", "build", "peers")
PROGRAMS = {"ctl_cyrusdb": INSTALLED, "lmtpd": INSTALLED,
            "imapd": f"{APART}/cyrus-imapd{INSTALLED}",
            "idled": f"{APART}/cyrus-imapd{INSTALLED}",
            "pop3d": f"{APART}/cyrus-pop3d{INSTALLED}"}

CYRUS_CONF = """START {{
  recover cmd="{dir}/bin/ctl_cyrusdb -C {dir}/imapd.conf -r"
}}
DAEMON {{
  idled cmd="{dir}/bin/idled -C {dir}/imapd.conf"
}}
SERVICES {{
{services}}}
EVENTS {{
  checkpoint cmd="{dir}/bin/ctl_cyrusdb -C {dir}/imapd.conf -c" period=30
}}
"""

SERVICE = ('  {name} cmd="{dir}/bin/{words} -C {dir}/imapd.conf" '
           'listen="{listen}" prefork={stock} maxchild=-1\n')
# Name, program, how many wait in stock.
SERVICES = (("imap", "imapd", 5), ("imaps", "imapd -s", 2),
            ("pop3", "pop3d", 2))

IMAPD_CONF = """configdirectory: {dir}/conf
proc_path: {dir}/proc
mboxname_lockpath: {dir}/lock
defaultpartition: default
partition-default: {dir}/mail
sievedir: {dir}/sieve
lmtpsocket: {dir}/socket/lmtp
idlesocket: {dir}/socket/idle
admins: cyrus
virtdomains: userid
defaultdomain: {domain}
altnamespace: no
unixhierarchysep: yes
hashimapspool: yes
allowplaintext: yes
allowapop: no
sasl_pwcheck_method: alwaystrue
sasl_mech_list: PLAIN
duplicatesuppression: no
popminpoll: 0
umask: 077
tls_session_timeout: 0
"""


class Cyrus:
    """Started when made, a mailbox for each user made by its administrator.
    tls: (certificate, key), needed for imaps."""

    name = "Cyrus"

    def __init__(self, imap, domain, users, password, pop3=0, imaps=0,
                 tls=None):
        self.imap, self.imaps, self.pop3 = imap, imaps, pop3
        self.folder = Folder("bin", "conf", "conf/socket", "proc", "lock",
                             "mail", "sieve", "socket")
        self.dir = self.folder.path
        self.lmtp = f"{self.dir}/socket/lmtp"
        ports = {"imap": imap, "imaps": imaps, "pop3": pop3}
        listen = [(name, program, stock, f"127.0.0.1:{ports[name]}")
                  for name, program, stock in SERVICES if ports[name]]
        listen.append(("lmtpunix", "lmtpd", 2, self.lmtp))
        services = "".join(SERVICE.format(
            dir=self.dir, name=name, words=program, stock=stock, listen=where)
            for name, program, stock, where in listen)
        self.folder.write("cyrus.conf", CYRUS_CONF.format(
            dir=self.dir, services=services))
        self.folder.write("imapd.conf", IMAPD_CONF.format(
            dir=self.dir, domain=domain) + self._tls(tls))
        self.process = None
        try:
            self._install()
            self._own()
            self.start()
            wait_for_port(imap)
            self._make_mailboxes(users)
        except BaseException as trouble:
            said = self.said()
            self.stop()
            if isinstance(trouble, NoStart):
                raise NoStart(f"Cyrus: {trouble} {said}") from trouble
            raise

    def _tls(self, tls):
        if tls is None:
            return ""
        for name, source in zip(("cert.pem", "key.pem"), tls):
            shutil.copy(source, f"{self.dir}/{name}")
        return (f"tls_server_cert: {self.dir}/cert.pem\n"
                f"tls_server_key: {self.dir}/key.pem\n")

    def _install(self):
        """The programs, where user cyrus may run them."""
        try:
            subprocess.run([os.path.join(HERE, "..", "fetch-peers")],
                           stdin=subprocess.DEVNULL, check=True, timeout=300)
            for name, folder in PROGRAMS.items():
                shutil.copy(f"{folder}/{name}", f"{self.dir}/bin/")
        except (OSError, subprocess.SubprocessError) as trouble:
            raise NoStart(f"t/bench/packages, t/bench/fetch-peers: "
                          f"{trouble}") from trouble

    def _own(self):
        for top, folders, files in os.walk(self.dir):
            for path in (top, *(os.path.join(top, f) for f in files)):
                shutil.chown(path, "cyrus", "mail")

    def start(self):
        with open(f"{self.dir}/start.log", "w") as log:
            try:
                self.process = subprocess.Popen(
                    ["/usr/sbin/cyrmaster", "-D",
                     "-C", f"{self.dir}/imapd.conf",
                     "-M", f"{self.dir}/cyrus.conf",
                     "-p", f"{self.dir}/conf/master.pid", "-l", "512"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, user="cyrus", group="mail",
                    extra_groups=[], cwd=self.dir)
            except OSError as trouble:
                raise NoStart(str(trouble)) from trouble

    def said(self):
        try:
            with open(f"{self.dir}/start.log") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def _make_mailboxes(self, users):
        sock = socket.create_connection(("127.0.0.1", self.imap), 60)
        answers = sock.makefile("rb")
        answers.readline()

        def do(command):
            sock.sendall(f"a {command}\r\n".encode())
            for line in answers:
                if line.startswith(b"a "):
                    if not line.startswith(b"a OK"):
                        raise NoStart(f"{command}: {line.decode()}")
                    return
            raise NoStart(f"{command}: connection lost")

        do("LOGIN cyrus x")
        for user in users:
            do(f"CREATE user/{user}")
        sock.close()

    def pid(self):
        return self.process.pid

    def halt(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        try:
            # Sessions in the middle of something outlive their master.
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process = None

    def stop(self):
        self.halt()
        self.folder.remove()
