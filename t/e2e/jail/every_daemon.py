"""Every running daemon is in its jail: looked at from outside (/proc), and
tried from inside, where each forbidden act is refused or ends the process.

The whole suite when "chancery setup" made it; the echo daemon alone, in an
instance written by hand, as root and as an ordinary user."""

import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

import chancery

ACTS = ("open", "create", "connect", "socket", "exec", "setuid", "ptrace",
        "chroot")
OUTCOMES = ("refused", "killed by signal 31")  # SIGSYS
NETWORKED = ("dnsd", "smtp")  # programs that speak with the world themselves
ROLES = ("log", "front", "auth", "rewrite", "dns", "smtp", "queue", "smtpout",
         "deliver", "store", "access", "dir")
# What a daemon may hold open besides sockets: its own files, by program.
FILES = {
    "logd": r"/chancery\.log$",
    "qmgr": r"/(ring|spool|large|schedule)/",
    "stored": r"/(packs|index|pins|snapshots)(/|$)|lock",
    "front": r"/run/pop3d\.lock$",  # of maildrops whose sessions it keeps
    "imapd": r"/index(/|$)|/pins",
    "pop3d": r"/index(/|$)|/pins|/pop3d\.lock$",
}
ALWAYS = r"^(socket:|pipe:|anon_inode:|/memfd:|/dev/null|/dev/zero)|stderr\.log$"


def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1)
                    for line in f if ":\t" in line)


class Looker(unittest.TestCase):
    """Checks that need an instance: self.command, self.dir."""

    as_root = True

    def services(self):
        # exit 1 while one of them is being started again
        done = self.run_verb("status", "--json", check=False)
        return json.loads(done.stdout)["services"]

    def wait_all_up(self):
        chancery.wait_until("all are up", lambda: all(
            s["state"] == "up" for s in self.services()))

    def wait_up(self, name):
        chancery.wait_until(f"{name} is up", lambda: any(
            s["name"] == name and s["state"] == "up"
            for s in self.services()))

    def look(self, service, pid):
        who = f"{service['name']} {pid}"
        facts = status_of(pid)
        uids = set(facts["Uid"].split())
        self.assertNotIn("0", uids, who)
        self.assertEqual(len(uids), 1, who)
        self.assertEqual(facts["NoNewPrivs"], "1", who)
        for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            self.assertEqual(int(facts[name], 16), 0, f"{who} {name}")
        if service["program"] == "slapd":
            return
        self.assertEqual(facts["Seccomp"], "2", who)
        if self.as_root:
            self.assertEqual(facts["Groups"].split(), [], who)
        if service["jail"] == "reduced" and not self.as_root:
            return
        self.assertEqual(service["jail"], "full", who)
        if not chancery.IS_ROOT:
            return  # a jailed process shows the rest to root alone
        self.assertTrue(os.readlink(f"/proc/{pid}/root").startswith(
            os.path.realpath(self.dir) + "/"), who)
        self.assertEqual(os.readlink(f"/proc/{pid}/ns/net") ==
                         os.readlink("/proc/self/ns/net"),
                         service["program"] in NETWORKED, who)
        self.look_at_files(service["program"], pid)

    def look_at_files(self, program, pid):
        for fd in os.listdir(f"/proc/{pid}/fd"):
            path = f"/proc/{pid}/fd/{fd}"
            try:
                target, mode = os.readlink(path), os.stat(path).st_mode
            except FileNotFoundError:
                continue
            self.assertFalse(stat.S_ISDIR(mode), f"{program} {target}")
            own = FILES.get(program)
            self.assertTrue(re.search(ALWAYS, target) or
                            own and re.search(own, target),
                            f"{program} holds {target}")

    def look_at_all(self):
        self.wait_all_up()
        seen = 0
        if not chancery.IS_ROOT:
            print("skipped: roots, namespaces and descriptors of the "
                  "daemons, as that takes root")
        for service in self.services():
            for pid in service["pids"]:
                try:
                    self.look(service, pid)
                except (FileNotFoundError, ProcessLookupError):
                    continue  # a worker that ended meanwhile
                seen += 1
        self.assertGreaterEqual(seen, 2)

    def try_all(self):
        for service in self.services():
            if service["program"] == "slapd":
                continue
            for act in ACTS:
                with self.subTest(service=service["name"], act=act):
                    self.wait_up(service["name"])
                    done = self.run_verb("probe", service["name"], act)
                    if act == "socket" and service["program"] in NETWORKED:
                        self.assertEqual(done.stdout.strip(), "ALLOWED")
                    else:
                        self.assertIn(done.stdout.strip(), OUTCOMES)
            self.wait_up(service["name"])


class Suite(Looker):
    """Everything that a fresh instance runs."""

    @classmethod
    def setUpClass(cls):
        cls.as_root = chancery.IS_ROOT
        os.environ["CHANCERY_JAIL_TEST"] = "1"
        try:
            cls.chancery = chancery.Instance(
                options=("service_throttle_time = 1s",))
            cls.dir = cls.chancery.dir
            cls.chancery.start()
        finally:
            del os.environ["CHANCERY_JAIL_TEST"]

    @classmethod
    def tearDownClass(cls):
        cls.chancery.remove()

    def run_verb(self, *words, check=True):
        return self.chancery.run(*words, check=check)

    def test_from_outside(self):
        self.look_at_all()

    def test_from_inside(self):
        self.try_all()
        self.look_at_all()  # those that were started again, too


class Echo(Looker):
    """The smallest daemon, and no set-up."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="chancery-jail-")
        os.chmod(self.dir, 0o711)
        os.mkdir(os.path.join(self.dir, "etc"))
        users = " ".join(f"{role}={960 + i}:{960 + i}"
                         for i, role in enumerate(ROLES))
        with open(os.path.join(self.dir, "etc/main.cf"), "w") as f:
            f.write(f"system_users = {users}\n"
                    "service_throttle_time = 1s\n")
        with open(os.path.join(self.dir, "etc/master.cf"), "w") as f:
            f.write("logd unix - - - - 1 logd\necho unix - - - - 5 echod\n")
        self.prefix = []
        self.command = chancery.COMMAND

    def tearDown(self):
        self.run_verb("stop", check=False)
        shutil.rmtree(self.dir)

    def run_verb(self, *words, check=True):
        env = dict(os.environ, CHANCERY_JAIL_TEST="1")
        return subprocess.run(
            [*self.prefix, self.command, "-C", self.dir, *words],
            check=check, text=True, capture_output=True, env=env,
            timeout=chancery.PATIENCE)

    def test_as_whoever_we_are(self):
        self.as_root = chancery.IS_ROOT
        self.run_verb("start")
        self.look_at_all()
        self.try_all()

    def copy_programs(self):
        """To where another user may run them: not below /root."""
        for name in ("bin/chancery", "libexec/master", "libexec/logd",
                     "libexec/echod"):
            target = os.path.join(self.dir, "build", name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(chancery.BUILD, name), target)
        self.command = os.path.join(self.dir, "build/bin/chancery")

    def test_as_an_ordinary_user(self):
        if not chancery.IS_ROOT:
            print("skipped: the other user, as that takes root")
            return
        self.as_root = False
        self.copy_programs()
        for folder, _, files in os.walk(self.dir):
            for name in ["", *files]:
                os.chown(os.path.join(folder, name), 65534, 65534)
        self.prefix = ["setpriv", "--reuid=65534", "--regid=65534",
                       "--clear-groups"]
        self.run_verb("start")
        self.look_at_all()
        self.try_all()


if __name__ == "__main__":
    chancery.main()
