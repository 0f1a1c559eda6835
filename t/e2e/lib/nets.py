"""Several mail servers, each in a network namespace with an address of its own
and port 25, joined by a bridge; the DNS for all of them is nsd there. As root.

    import nets
    nets.enter()            # first of all: the program begins anew inside

    peer = nets.Postfix("postfix.test", 3)

The test itself is at 10.9.0.254, and may relay through each peer. A peer takes
mail for its domain; messages() are those for a name in it. All of it, the
mounts too, ends with the test's process.
"""

import glob
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile

import chancery
import dns
from chancery import BUILD, IS_ROOT, PATIENCE, TOP, wait_until

PREFIX = "10.9.0."
HERE = PREFIX + "254"
PEERS = os.path.join(TOP, "build", "peers")
# Who has a mailbox at a peer that wants a list; nobody has none.
NAMES = ("one", "two", "three", "four", "five", "large", "eight", "sender",
         "j\u00f6rg")
# Users that the packages' programs look for.
USERS = {"Debian-exim": 64901, "opensmtpd": 64902, "opensmtpq": 64903,
         "vmail": 64904}


def run(*words, **options):
    subprocess.run(words, check=True, **options)


def enter():
    """Begin the program anew in namespaces of its own, once."""
    if not IS_ROOT:
        print("skipped: mail servers in network namespaces, as that takes "
              "root")
        sys.exit(0)
    if os.environ.get("CHANCERY_NETS") != str(os.getppid()):
        run(os.path.join(TOP, "t", "peers", "fetch"))
        os.environ["CHANCERY_NETS"] = str(os.getpid())
        child = subprocess.Popen(["unshare", "-m", "-n", "--", sys.executable,
                                  *sys.argv])
        sys.exit(child.wait())
    make_mounts()
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "br0", "type", "bridge")
    run("ip", "addr", "add", HERE + "/24", "dev", "br0")
    run("ip", "link", "set", "br0", "up")


def make_mounts():
    """Files and folders that stand where packages have them."""
    run("mount", "-t", "tmpfs", "tmpfs", "/mnt")
    os.makedirs("/run/netns", exist_ok=True)
    run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
    for path in "/var/lib", "/usr/libexec", "/var/spool", "/etc":
        name = "/mnt/" + path.strip("/").replace("/", "-")
        os.mkdir(name), os.mkdir(name + "-work")
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={path},upperdir={name},workdir={name}-work", path)
    with open("/etc/passwd", "a") as passwd, open("/etc/group", "a") as group:
        for name, uid in USERS.items():
            passwd.write(f"{name}:x:{uid}:{uid}::/nonexistent:/bin/false\n")
            group.write(f"{name}:x:{uid}:\n")
    with open("/etc/resolv.conf", "w") as conf:
        conf.write(f"nameserver {HERE}\n")


class Names(dns.Server):
    """The zones of all peers: MX 10 mail, its address."""

    def __init__(self, peers, more=None):
        zones = {domain: f"@ MX 10 mail\nmail A {PREFIX}{last}"
                 for domain, last in peers.items()}
        zones.update(more or {})
        super().__init__(zones, address=HERE, port=53)


class Host:
    """A network namespace with one address."""

    def __init__(self, last):
        self.name, self.address = f"h{last}", f"{PREFIX}{last}"
        self.inside = ["ip", "netns", "exec", self.name]
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", "v" + self.name, "master", "br0", "type",
            "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", "v" + self.name, "up")
        for words in (["link", "set", "lo", "up"],
                      ["addr", "add", self.address + "/24", "dev", "eth0"],
                      ["link", "set", "eth0", "up"]):
            run(*self.inside, "ip", *words)


class Peer:
    """A mail server of another house."""

    def __init__(self, domain, last):
        self.domain, self.host = domain, Host(last)
        self.dir = tempfile.mkdtemp(prefix="chancery-peer-")
        os.chmod(self.dir, 0o755)
        self.maildir = os.path.join(self.dir, "mail")
        os.mkdir(self.maildir)
        shutil.chown(self.maildir, "vmail", "vmail")
        self.make_certificate()
        self.process = None
        self.start()
        wait_until(f"{domain} answers", self.answers)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def make_certificate(self):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            f"/CN=mail.{self.domain}", "-keyout", self.path("key.pem"),
            "-out", self.path("cert.pem"), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def answers(self):
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(self.log())
        try:
            with socket.create_connection((self.host.address, 25), 2) as sock:
                return sock.recv(3) == b"220"
        except OSError:
            return False

    def log(self):
        try:
            with open(self.path("log"), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def spawn(self, *words):
        with open(self.path("log"), "a") as log:
            self.process = subprocess.Popen(
                [*self.host.inside, *words], stdout=log, stderr=log,
                start_new_session=True)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def smtp(self):
        return smtplib.SMTP(self.host.address, 25, timeout=PATIENCE)

    def messages(self, user):
        found = []
        for path in sorted(glob.glob(os.path.join(self.maildir, user, "new",
                                                  "*"))):
            with open(path, "rb") as f:
                found.append(f.read())
        return found


class Postfix(Peer):
    def start(self):
        os.makedirs(self.path("data")), os.mkdir(self.path("queue"))
        shutil.chown(self.path("data"), "postfix")
        uid, gid = USERS["vmail"], USERS["vmail"]
        with open("/usr/share/postfix/master.cf.dist") as f:
            # without the chroots that the package's init script fills
            self.write("master.cf", re.sub(
                r"(?m)^(\w+ +\w+ +\S+ +\S+ +)[y-]", r"\1n", f.read()))
        self.write("main.cf", f"""
            compatibility_level = 3.6
            queue_directory = {self.path("queue")}
            data_directory = {self.path("data")}
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            maillog_file = {self.path("log")}
            maillog_file_prefixes = {self.dir}
            inet_protocols = ipv4
            myhostname = mail.{self.domain}
            mydestination =
            mynetworks = {HERE}
            smtpd_relay_restrictions = permit_mynetworks,
             reject_unauth_destination
            virtual_mailbox_domains = {self.domain}
            virtual_mailbox_base = {self.maildir}
            virtual_mailbox_maps = texthash:{self.path("users")}
            virtual_uid_maps = static:{uid}
            virtual_gid_maps = static:{gid}
            virtual_minimum_uid = 100
            smtpd_tls_cert_file = {self.path("cert.pem")}
            smtpd_tls_key_file = {self.path("key.pem")}
            smtpd_tls_security_level = may
            smtp_tls_security_level = may
            smtpd_tls_received_header = yes
            smtputf8_enable = yes
            queue_run_delay = 2s
            minimal_backoff_time = 2s
            maximal_backoff_time = 5s
            alias_maps =
        """.replace("            ", ""))
        self.write("users", "".join(f"{user}@{self.domain} {user}/\n"
                                    for user in NAMES))
        self.spawn("postfix", "-c", self.dir, "start-fg")

    def stop(self):
        subprocess.run(["postfix", "-c", self.dir, "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        super().stop()


class Exim(Peer):
    knows_8bitmime = "true"

    def start(self):
        os.mkdir(self.path("spool"))
        shutil.chown(self.path("spool"), "Debian-exim", "Debian-exim")
        shutil.chown(self.path("key.pem"), "Debian-exim")
        exim = os.path.join(PEERS, "exim4-daemon-light/usr/sbin/exim4")
        conf = self.write("exim.conf", f"""
            exim_path = {exim}
            exim_user = Debian-exim
            exim_group = Debian-exim
            spool_directory = {self.path("spool")}
            log_file_path = {self.path("spool")}/%slog
            pid_file_path = {self.path("spool")}/pid
            primary_hostname = mail.{self.domain}
            tls_advertise_hosts = *
            tls_certificate = {self.path("cert.pem")}
            tls_privatekey = {self.path("key.pem")}
            smtputf8_advertise_hosts = *
            dsn_advertise_hosts = *
            chunking_advertise_hosts = *
            accept_8bitmime = {self.knows_8bitmime}
            keep_environment =
            never_users =
            acl_smtp_rcpt = rcpt
            acl_smtp_data = accepted
            disable_ipv6
            begin acl
            rcpt:
              accept hosts = {HERE}
              deny local_parts = nobody
                message = no such user here
              accept domains = {self.domain}
              deny message = no relaying
            accepted:
              accept
            begin routers
            here:
              driver = accept
              domains = {self.domain}
              local_parts = {" : ".join(NAMES)}
              transport = maildir
            there:
              driver = dnslookup
              transport = smtp
            begin transports
            maildir:
              driver = appendfile
              directory = {self.maildir}/$local_part_data
              maildir_format
              create_directory
              user = vmail
              group = vmail
            smtp:
              driver = smtp
            begin retry
            * * F,1h,5s
        """.replace("\n            ", "\n"))
        os.makedirs("/etc/exim4", exist_ok=True)
        with open("/etc/exim4/trusted_configs", "a") as f:
            f.write(conf + "\n")
        self.spawn(exim, "-C", conf, "-bdf", "-q5s")

    def log(self):
        text = super().log()
        for path in glob.glob(self.path("spool/*[nct]log")):
            with open(path, errors="replace") as f:
                text += f.read()
        return text


class OldExim(Exim):
    """One that takes seven bits only."""

    knows_8bitmime = "false"


class OpenSmtpd(Peer):
    def start(self):
        tree = os.path.join(PEERS, "opensmtpd")
        os.makedirs("/var/lib/opensmtpd/empty", exist_ok=True)
        os.makedirs("/var/spool/smtpd", exist_ok=True)
        os.chmod("/var/spool/smtpd", 0o711)
        shutil.copytree(tree + "/usr/libexec/opensmtpd",
                        "/usr/libexec/opensmtpd", dirs_exist_ok=True)
        os.chmod(self.path("key.pem"), 0o600)
        self.write("users", "nobody error:550 no such user here\n"
                   "@ vmail\n")
        conf = self.write("smtpd.conf", f"""
            pki here cert "{self.path("cert.pem")}"
            pki here key "{self.path("key.pem")}"
            table users file:{self.path("users")}
            table clients {{ {HERE} }}
            listen on {self.host.address} tls pki here hostname \
mail.{self.domain}
            action "here" maildir "{self.maildir}/%{{dest.user}}" virtual <users>
            action "there" relay helo "mail.{self.domain}"
            match from any for domain "{self.domain}" action "here"
            match from src <clients> for any action "there"
            match from local for any action "there"
        """.replace("\n            ", "\n"))
        self.spawn(tree + "/usr/sbin/smtpd", "-d", "-T", "lookup", "-f", conf)


class Ours(chancery.Instance):
    """A whole instance of Chancery in a namespace, on the standard ports."""

    def __init__(self, domain, last, users=(), options=()):
        self.net = Host(last)
        self.host = self.net.address
        super().__init__(domain, users, options)

    def command(self):
        return [*self.net.inside, *super().command()]

    def choose_ports(self):
        return StandardPorts()

    def setup_words(self):
        return ["--listen", self.host]


class Second:
    """Another instance of ours, as a peer: it relays for who logs in."""

    def __init__(self, domain, last, options):
        self.domain = domain
        self.ours = Ours(domain, last, [n for n in NAMES if n.isascii()],
                         options)
        self.ours.start()

    def log(self):
        return self.ours.log()

    def remove(self):
        self.ours.remove()

    def smtp(self):
        return self.ours.smtp("submission", "sender")

    def messages(self, user):
        return self.ours.messages(user)


class StandardPorts:
    base = 0

    def close(self):
        pass
