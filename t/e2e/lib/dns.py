"""The DNS for tests: nsd on loopback with the zones a test gives.

    import dns

    server = dns.Server({
        "example.net": '''
            @ MX 10 mx
            mx A 127.0.0.2
        ''',
        "signed.test": dns.Signed("mx A 127.0.0.3"),
        "broken.test": dns.Bogus("mx A 127.0.0.4"),
    })
    class Sending(chancery.TestCase):
        options = server.options()      # lines of main.cf

A zone is the text of its records, relative to its name, one a line and
indented as it likes; SOA, NS and a short TTL are added. server.change(name, zone)
replaces one; server.stop() and server.start() are an outage. It ends with the
test. Silent is a server that takes questions and never answers.
"""

import atexit
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from chancery import IS_ROOT, PATIENCE, free_port, wait_until

NSD = "/usr/sbin/nsd"
TTL = 60


class Signed(str):
    """A zone that is signed, and whose key is a trust anchor."""


class Bogus(Signed):
    """A zone whose records were changed after it was signed."""


class Server:
    """One nsd; it is authoritative for its zones and refuses the rest."""

    def __init__(self, zones, address="127.0.0.1", port=0):
        self.address, self.port = address, port or free_port()
        self.dir = tempfile.mkdtemp(prefix="chancery-dns-")
        self.anchors = self.path("anchors")
        self.zones, self.process = dict(zones), None
        open(self.anchors, "w").close()
        for name, zone in self.zones.items():
            self._write(name, zone)
        self._write_conf()
        os.chmod(self.dir, 0o755)
        atexit.register(self.remove)
        self.start()

    def path(self, name):
        return os.path.join(self.dir, name)

    def options(self, *more):
        """Lines of main.cf by which an instance asks this server."""
        return (f"dns_servers = {self.address}@{self.port}",
                f"dns_trust_anchor_file = {self.anchors}", *more)

    def _write(self, name, zone):
        lines = [f"$ORIGIN {name}.", f"$TTL {TTL}",
                 f"@ SOA ns hostmaster 1 3600 600 86400 {TTL}", "@ NS ns",
                 "ns A 127.0.0.1"]
        lines += [line.strip() for line in zone.split("\n") if line.strip()]
        path = self.path(name + ".zone")
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")
        if isinstance(zone, Signed):
            self._sign(name, path)
            if isinstance(zone, Bogus):
                self._spoil(path)

    def _sign(self, name, path):
        keys = glob.glob(self.path(f"K{name}.+*.key"))
        if not keys:
            done = subprocess.run(
                ["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name],
                cwd=self.dir, check=True, text=True, capture_output=True)
            keys = [self.path(done.stdout.strip() + ".key")]
            with open(keys[0]) as key, open(self.anchors, "a") as anchors:
                anchors.write(key.read())
        subprocess.run(["ldns-signzone", "-n", "-f", path, path,
                        keys[0][:-len(".key")]], cwd=self.dir, check=True,
                       capture_output=True)

    @staticmethod
    def _spoil(path):
        """Other addresses than those that were signed."""
        with open(path) as f:
            lines = f.read().split("\n")
        for i, line in enumerate(lines):
            words = line.split()
            if words[3:4] == ["A"] and not line.startswith("ns."):
                lines[i] = line.rsplit(".", 1)[0] + ".250"
        with open(path, "w") as f:
            f.write("\n".join(lines))

    def _write_conf(self):
        user = "nsd" if IS_ROOT else '""'
        with open(self.path("nsd.conf"), "w") as conf:
            conf.write(f"server:\n  ip-address: {self.address}@{self.port}\n"
                       f"  username: {user}\n  chroot: \"\"\n"
                       f"  zonesdir: \"{self.dir}\"\n"
                       f"  logfile: \"{self.path('log')}\"\n"
                       f"  pidfile: \"{self.path('pid')}\"\n"
                       f"  database: \"\"\n  zonelistfile: \"\"\n"
                       f"  xfrdfile: \"\"\n  xfrdir: \"{self.dir}\"\n"
                       f"  server-count: 1\n  rrl-ratelimit: 0\n"
                       "remote-control:\n  control-enable: no\n")
            for name in self.zones:
                conf.write(f"zone:\n  name: \"{name}\"\n"
                           f"  zonefile: \"{name}.zone\"\n")
        open(self.path("log"), "a").close()
        if IS_ROOT:
            shutil.chown(self.dir, "nsd", "nsd")
            shutil.chown(self.path("log"), "nsd", "nsd")

    def _answers(self):
        """Does it say anything to a question for the root?"""
        assert self.process.poll() is None, self.logged()
        question = b"\0\1\0\0\0\1\0\0\0\0\0\0\0\0\2\0\1"
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.settimeout(0.2)
            udp.connect((self.address, self.port))
            try:
                udp.send(question)
                return udp.recv(512)
            except OSError:
                return False

    def start(self):
        self.process = subprocess.Popen(
            [NSD, "-d", "-c", self.path("nsd.conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("nsd answers", self._answers)

    def stop(self):
        """An outage: nobody is at its port."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=PATIENCE)

    def change(self, name, zone):
        """Replace a zone (present when the server was made) by another."""
        self.zones[name] = zone
        self.stop()
        self._write(name, zone)
        self.start()

    def logged(self):
        with open(self.path("log"), errors="replace") as log:
            return log.read()

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


class Silent:
    """Takes UDP questions, answers none; counts them by len(asked())."""

    def __init__(self):
        self.port = free_port()
        self.sock = socket.socket(type=socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", self.port))
        self.sock.setblocking(False)
        self.seen = []

    def options(self, *more):
        return (f"dns_servers = 127.0.0.1@{self.port}",
                "dns_trust_anchor_file =", *more)

    def asked(self):
        while True:
            try:
                self.seen.append(self.sock.recv(4096))
            except BlockingIOError:
                return self.seen

    def close(self):
        self.sock.close()
