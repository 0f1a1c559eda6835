"""master keeps its services running, takes new configuration, ends in order,
and leaves nothing behind, even when it is killed.

Most of it with the two smallest daemons in an instance written by hand, so
that each test takes milliseconds."""

import fcntl
import json
import os
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest

import chancery

ROLES = ("log", "front", "auth", "rewrite", "dns", "smtp", "queue", "smtpout",
         "deliver", "store", "access", "dir")
MAIN_CF = "service_throttle_time = 1s\nservice_stop_timeout = 60s\n"
MASTER_CF = """\
logd  unix - - - - 1 logd
echo  unix - - - - 5 echod
"""


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


class Small(unittest.TestCase):
    name = "i"

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="chancery-master-")
        os.chmod(self.top, 0o711)
        self.dir = os.path.join(self.top, self.name)
        os.makedirs(self.path("etc"))
        os.chmod(self.dir, 0o711)
        users = " ".join(f"{role}={960 + i}:{960 + i}"
                         for i, role in enumerate(ROLES))
        self.write("etc/main.cf", f"system_users = {users}\n" + MAIN_CF)
        self.write("etc/master.cf", MASTER_CF)

    def tearDown(self):
        self.run_verb("stop", check=False)
        shutil.rmtree(self.top)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode="w"):
        with open(self.path(name), mode) as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def run_verb(self, *words, check=True):
        done = subprocess.run([chancery.COMMAND, "-C", self.dir, *words],
                              text=True, capture_output=True,
                              timeout=chancery.PATIENCE)
        if check:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def service(self, name):
        status = json.loads(self.run_verb("status", "--json",
                                          check=False).stdout)
        return next(s for s in status["services"] if s["name"] == name)

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.settimeout(chancery.PATIENCE)
        # by way of a descriptor: a name is at most 107 bytes long
        folder = os.open(self.path("run/master"), os.O_PATH)
        try:
            sock.connect(f"/proc/self/fd/{folder}/echo")
        finally:
            os.close(folder)
        return sock

    def echo(self, sock, text=b"hello\n"):
        sock.sendall(text)
        self.assertEqual(sock.recv(100), text)

    def wait_up(self, name, starts):
        chancery.wait_until(f"{name} is up again", lambda: (
            lambda s: s["state"] == "up" and s["starts"] >= starts)(
                self.service(name)))


class Life(Small):
    def test_start_serve_stop(self):
        self.run_verb("start")
        sock = self.connect()
        self.echo(sock)
        pids = [p for n in ("echo", "logd") for p in self.service(n)["pids"]]
        self.assertEqual(len(pids), 3)  # two, and the session's
        again = self.run_verb("start", check=False)
        self.assertEqual(again.returncode, 1)
        pid = json.loads(self.run_verb("status", "--json").stdout)["pid"]
        self.assertIn(f"already running, as process {pid}", again.stderr)
        self.assertEqual(self.read("run/lock"), f"{pid}\n")
        sock.close()
        self.run_verb("stop")
        for pid in pids:
            chancery.wait_until(f"{pid} ended", lambda: not is_alive(pid))
        self.assertEqual(self.run_verb("stop", check=False).returncode, 1)
        self.assertEqual(self.run_verb("status", check=False).returncode, 1)

    def test_a_session_ends_when_it_is_told_to(self):
        self.run_verb("start")
        sock = self.connect()
        self.echo(sock)
        began = time.monotonic()
        self.run_verb("stop")
        self.assertLess(time.monotonic() - began, 60)
        self.assertEqual(sock.recv(100), b"")

    def test_a_killed_daemon_comes_back(self):
        self.run_verb("start")
        os.kill(self.service("logd")["pids"][0], signal.SIGKILL)
        self.wait_up("logd", 2)
        os.kill(self.service("echo")["pids"][0], signal.SIGKILL)
        self.wait_up("echo", 2)
        self.echo(self.connect())
        chancery.wait_until("a word in the log", lambda: "killed by signal 9"
                            in self.read("log/chancery.log"))

    def test_a_session_outlives_its_parent(self):
        self.run_verb("start")
        sock = self.connect()
        self.echo(sock)
        os.kill(self.service("echo")["pids"][0], signal.SIGKILL)
        self.wait_up("echo", 2)
        self.echo(sock)
        chancery.wait_until("two, the session's", lambda: len(
            self.service("echo")["pids"]) == 2)

    def test_a_crashed_session_renews_the_parent(self):
        self.run_verb("start")
        sock = self.connect()
        self.echo(sock)
        parent, child = self.service("echo")["pids"]
        os.kill(child, signal.SIGSEGV)
        self.wait_up("echo", 2)
        chancery.wait_until("the old one ended", lambda:
                            parent not in self.service("echo")["pids"])
        self.echo(self.connect())

    def test_the_children_of_a_killed_master_end(self):
        self.run_verb("start")
        pids = [p for n in ("echo", "logd") for p in self.service(n)["pids"]]
        os.kill(json.loads(self.run_verb("status", "--json").stdout)["pid"],
                signal.SIGKILL)
        for pid in pids:
            chancery.wait_until(f"{pid} ended", lambda: not is_alive(pid))
        self.run_verb("start")  # the lock and the sockets are free again
        self.echo(self.connect())

    def test_one_service_is_restarted(self):
        self.run_verb("start")
        for name in ("logd", "echo"):
            before = self.service(name)["pids"]
            self.run_verb("restart", name)
            self.assertEqual(self.service(name)["state"], "up")
            self.assertFalse(set(before) & set(self.service(name)["pids"]))
        self.assertEqual(self.run_verb("restart", "nobody",
                                       check=False).returncode, 1)

    def test_a_restart_that_fails_says_so(self):
        key = self.path("etc/ticket.key")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                        key], check=True)
        self.write("etc/master.cf", "authd unix - - - - 1 authd\n", "a")
        self.write("etc/main.cf", "auth_ticket_key_file = etc/ticket.key\n"
                   "service_start_timeout = 3s\n", "a")
        self.run_verb("start")
        self.wait_up("authd", 1)
        os.unlink(key)
        done = self.run_verb("restart", "authd", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not every service is up", done.stderr)
        self.assertNotEqual(self.service("authd")["state"], "up")

    @unittest.skipIf(chancery.BUILD.endswith("asan"),
                     "preloaded before the sanitizers' run time")
    def test_one_is_restarted_before_it_ran(self):
        slow = os.path.join(self.top, "slow_fork.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", slow, os.path.join(
            os.path.dirname(chancery.__file__), "slow_fork.c"), "-ldl"],
            check=True)
        subprocess.run([chancery.COMMAND, "-C", self.dir, "start"],
                       check=True, timeout=chancery.PATIENCE,
                       stdout=subprocess.DEVNULL,
                       env=dict(os.environ, LD_PRELOAD=slow))
        pid = json.loads(self.run_verb("status", "--json").stdout)["pid"]

        def children():
            with open(f"/proc/{pid}/task/{pid}/children") as f:
                return set(f.read().split())
        before = children()
        os.kill(self.service("logd")["pids"][0], signal.SIGKILL)
        chancery.wait_until("another child", lambda: children() - before)
        self.run_verb("restart", "logd")
        self.assertEqual(self.service("logd")["state"], "up")
        self.assertEqual(self.service("echo")["state"], "up")

    def test_a_log_that_hangs_stops_nobody(self):
        self.run_verb("start")
        logd = self.service("logd")["pids"][0]
        os.kill(logd, signal.SIGSTOP)
        try:
            for _ in range(5):
                self.run_verb("restart", "echo")
            self.echo(self.connect())
        finally:
            os.kill(logd, signal.SIGCONT)

    def test_a_daemon_that_takes_long_is_waited_for_no_longer(self):
        # no index to open, and nobody to make one: imapd waits for it
        self.write("etc/master.cf",
                   "imap unix - - - - 1 imapd\n" + MASTER_CF)
        self.write("etc/main.cf", "service_start_timeout = 1s\n", "a")
        done = self.run_verb("start")
        self.assertIn("imap is still starting", done.stderr)
        self.echo(self.connect())
        self.assertEqual(self.run_verb("status", check=False).returncode, 1)

    def test_a_daemon_that_cannot_start_stops_the_start(self):
        self.write("etc/main.cf", "log_file = no/such/folder\n", "a")
        done = self.run_verb("start", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("logd", done.stderr)
        self.assertEqual(self.run_verb("status", check=False).returncode, 1)

    def test_a_failed_start_is_over_when_it_says_so(self):
        self.write("etc/master.cf", "authd unix - - - - 1 authd\n", "a")
        self.write("etc/main.cf", "auth_ticket_key_file = etc/none\n", "a")
        for _ in range(5):
            done = self.run_verb("start", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.splitlines()[0],
                             "chancery: service authd did not start: "
                             "see the log")
            self.assertIn("etc/none", self.read("log/chancery.log"))
            os.unlink(self.path("log/chancery.log"))
            self.assertEqual(self.read("run/lock"), "")

    def test_a_logd_that_comes_last_says_why_all_ended(self):
        tree = os.path.join(self.top, "tree")
        late = os.path.join(tree, "libexec/logd")
        built = os.path.dirname(os.path.dirname(chancery.COMMAND))
        for name in ("bin", "libexec"):
            shutil.copytree(os.path.join(built, name),
                            os.path.join(tree, name))
        os.rename(late, late + ".late")
        with open(late, "w") as f:
            f.write(f'#!/bin/sh\nsleep 1\nexec {late}.late "$@"\n')
        os.chmod(late, 0o755)
        self.write("etc/master.cf", "authd unix - - - - 1 authd\n", "a")
        self.write("etc/main.cf", "auth_ticket_key_file = etc/none\n", "a")
        done = subprocess.run([os.path.join(tree, "bin/chancery"), "-C",
                               self.dir, "start"], capture_output=True,
                              timeout=chancery.PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("etc/none", self.read("log/chancery.log"))


class Limits(Small):
    def test_without_descriptors_master_rests(self):
        self.run_verb("start")
        master = int(self.read("run/lock"))
        limits = resource.prlimit(master, resource.RLIMIT_NOFILE)
        # it keeps those it has
        resource.prlimit(master, resource.RLIMIT_NOFILE, (3, limits[1]))
        waiting = subprocess.Popen([chancery.COMMAND, "-C", self.dir,
                                    "status"], stdout=subprocess.PIPE,
                                   text=True)
        try:
            # a loop that turned would use all of a processor
            before = self.cpu_time(master)
            with self.assertRaises(subprocess.TimeoutExpired):
                waiting.wait(3)
            self.assertLess(self.cpu_time(master) - before, 0.3)
        finally:
            resource.prlimit(master, resource.RLIMIT_NOFILE, limits)
        said, _ = waiting.communicate(timeout=chancery.PATIENCE)
        self.assertIn("logd", said)

    def cpu_time(self, pid):
        """Seconds."""
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def test_one_client_too_many_waits(self):
        self.write("etc/master.cf", MASTER_CF.replace(" 5 ", " 2 "))
        self.run_verb("start")
        first, second, third = (self.connect() for _ in range(3))
        self.echo(first)
        self.echo(second)
        third.sendall(b"hello\n")
        third.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            third.recv(100)
        first.close()
        third.settimeout(chancery.PATIENCE)
        self.assertEqual(third.recv(100), b"hello\n")


class Successors(unittest.TestCase):
    def test_they_wait_for_who_still_has_the_files(self):
        """As daemons of a master that was killed, on a slow disk."""
        instance = chancery.Instance()
        self.addCleanup(instance.remove)
        instance.start()
        for name in ("spool/lock", "store/default/lock",
                     "run/directory.lock"):
            instance.stop()
            with open(instance.path(name)) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                start = subprocess.Popen(
                    [chancery.COMMAND, "-C", instance.dir, "start"],
                    stdout=subprocess.DEVNULL)
                instance.running = True
                with self.assertRaises(subprocess.TimeoutExpired, msg=name):
                    start.wait(1)
            self.assertEqual(start.wait(chancery.PATIENCE), 0)
            instance.run("status")


class Workers(unittest.TestCase):
    """smtpd's processes serve one session after another."""

    def setUp(self):
        self.chancery = chancery.Instance()
        path = self.chancery.path("etc/master.cf")
        with open(path) as f:
            text = re.sub(r"(?m)^(smtp .*) \d+( +smtpd)$", r"\1 2\2", f.read())
        with open(path, "w") as f:
            f.write(text)
        self.chancery.start()

    def tearDown(self):
        self.chancery.remove()

    def greeted(self):
        sock = self.chancery.connect("smtp")
        self.addCleanup(sock.close)
        self.assertEqual(sock.recv(3), b"220")
        return sock

    def pids(self):
        return self.chancery.pids()["smtp"]

    def test_a_worker_is_used_again_and_the_limit_holds(self):
        first, second = self.greeted(), self.greeted()
        workers = set(self.pids())
        self.assertEqual(len(workers), 3)  # the parent, too
        third = self.chancery.connect("smtp")
        self.addCleanup(third.close)
        third.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            third.recv(3)
        first.sendall(b"QUIT\r\n")
        third.settimeout(chancery.PATIENCE)
        self.assertEqual(third.recv(3), b"220")
        self.assertEqual(set(self.pids()), workers)
        second.close()


class Names(Small):
    name = "a-folder-whose-name-is-long/" * 4 + "i"

    def test_a_long_path_is_no_trouble(self):
        self.run_verb("start")
        self.echo(self.connect())


class Reload(Small):
    def test_sessions_get_new_settings_and_old_ones_go_on(self):
        self.run_verb("start")
        old = self.connect()
        self.echo(old)
        self.write("etc/main.cf", "echod_timeout = 4s\n", "a")
        self.run_verb("reload")
        new = self.connect()
        self.echo(new)
        self.assertEqual(new.recv(100), b"")  # after a while
        self.echo(old)

    def test_it_is_over_when_the_old_parent_takes_nobody_any_more(self):
        self.run_verb("start")
        old = self.service("echo")["pids"][0]
        chancery.freeze(old)
        reload = subprocess.Popen([chancery.COMMAND, "-C", self.dir,
                                   "reload"])
        try:
            self.wait_up("echo", 2)
            with self.assertRaises(subprocess.TimeoutExpired):
                reload.wait(0.5)
        finally:
            os.kill(old, signal.SIGCONT)
        self.assertEqual(reload.wait(chancery.PATIENCE), 0)
        self.assertNotIn(old, self.service("echo")["pids"])

    def test_options_of_master_cf_count(self):
        self.run_verb("start")
        self.write("etc/master.cf",
                   MASTER_CF + "  -o echod_timeout=1s\n")
        self.run_verb("reload")
        sock = self.connect()
        self.assertEqual(sock.recv(100), b"")

    def test_mistakes_change_nothing(self):
        self.run_verb("start")
        pids = self.service("echo")["pids"]
        self.write("etc/main.cf", "echod_timeout = soon\nwords\n", "a")
        done = self.run_verb("reload", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.service("echo")["pids"], pids)
        check = self.run_verb("check", "--json", check=False)
        self.assertEqual(check.returncode, 1)
        problems = json.loads(check.stdout)["problems"]
        self.assertEqual([p["level"] for p in problems], ["error"] * 2)
        # a service that is started again has what was checked last
        os.kill(self.service("logd")["pids"][0], signal.SIGKILL)
        self.wait_up("logd", 2)

    def test_a_rotated_log_is_let_go(self):
        self.run_verb("start")
        os.rename(self.path("log/chancery.log"), self.path("log/old.log"))
        self.run_verb("reload")
        chancery.wait_until("a new log", lambda: os.path.exists(
            self.path("log/chancery.log")))

    def test_what_takes_a_restart_is_named(self):
        self.run_verb("start")
        self.write("etc/main.cf", "port_base = 5000\n", "a")
        self.write("etc/master.cf", "more unix - - - - 1 echod\n", "a")
        self.assertIn("port_base", self.run_verb("check").stdout)
        done = self.run_verb("reload")
        self.assertIn("port_base", done.stdout)
        self.assertIn("more", done.stdout)
        self.run_verb("restart")
        self.assertEqual(self.service("more")["state"], "up")


class Check(Small):
    def test_unknown_names_warn(self):
        self.write("etc/main.cf", "mesage_size_limit = 5\nmine = x\n"
                   "myorigin = $mine\n", "a")
        done = self.run_verb("check")
        self.assertIn("mesage_size_limit", done.stdout)
        self.assertNotIn("mine:", done.stdout)

    def test_config_shows_values(self):
        self.write("etc/main.cf", "myhostname = mail.example.net\n", "a")
        shown = json.loads(self.run_verb("config", "mydomain", "log_file",
                                         "--json").stdout)["parameters"]
        self.assertEqual({p["name"]: p["value"] for p in shown},
                         {"mydomain": "example.net",
                          "log_file": "chancery.log"})


class Strangers(Small):
    def setUp(self):
        if not chancery.IS_ROOT:
            print(f"skipped: {self.id()}, as that takes root")
            self.skipTest("takes root")
        super().setUp()

    def test_only_operators_may_ask(self):
        self.run_verb("start")
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             chancery.COMMAND, "-C", self.dir, "stop"], text=True,
            capture_output=True, timeout=chancery.PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not allowed", done.stderr)
        self.assertEqual(self.service("echo")["state"], "up")

    def test_members_of_the_operators_group_may(self):
        self.write("etc/main.cf", "operator_group = 4711\n", "a")
        self.run_verb("start")
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--groups=4711",
             chancery.COMMAND, "-C", self.dir, "status"], text=True,
            capture_output=True, timeout=chancery.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_folders_are_closed_to_others(self):
        self.run_verb("start")
        for name in ("log", "spool", "directory", "run/ctl", "run/master",
                     "run/smtpd"):
            mode = stat.S_IMODE(os.stat(self.path(name)).st_mode)
            self.assertEqual(mode & 0o007, 0, name)


if __name__ == "__main__":
    chancery.main()
