"""clamd and spamd as Debian has them, offline, on UNIX sockets of a test's.

    class Infected(filters.Behind, chancery.TestCase):
        servers = {"clamav_socket": filters.Clamd}
        more = ("virus_action=reject",)  # lines of main.cf

Neither needs a download: clamd gets a signature of EICAR, the test virus that
harms nobody, and spamd SpamAssassin's packaged rules without the network.
HangingServer is a stand-in that takes everything and never answers; Scripted
answers what a test says.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import chancery

# In two halves, so that no scanner takes this file for the thing itself.
EICAR = (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" +
         b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")
GTUBE = (b"XJS*C4JDBQADN1.NSBN3*2IDNEN*" +
         b"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X")


class Server:
    """A program on a socket in a folder of its own, started and stopped."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="chancery-filter-")
        os.chmod(self.dir, 0o755)
        self.socket = self.path("socket")
        self.process = None
        self.prepare()
        self.start()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def prepare(self):
        pass

    def start(self):
        with open(self.path("log"), "a") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.dir, start_new_session=True)
        chancery.wait_until("the filter takes connections", self.is_up)

    def is_up(self):
        if self.process.poll() is not None:
            with open(self.path("log")) as log:
                raise AssertionError("the filter ended:\n" + log.read())
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(self.socket)
            return True
        except OSError:
            return False

    def kill(self, number=signal.SIGKILL):
        """It and what it forked; its socket stays as it was."""
        if self.process is not None:
            os.killpg(self.process.pid, number)
            if number == signal.SIGKILL:
                self.process.wait()
                self.process = None

    def restart(self):
        self.kill()
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.start()

    def close(self):
        self.kill()
        shutil.rmtree(self.dir)


class Behind:
    """A test class whose instance is behind filters of its own: cls.running
    has them by the parameters that name their sockets."""

    servers = {}
    more = ()

    @classmethod
    def setUpClass(cls):
        cls.running = {name: make() for name, make in cls.servers.items()}
        cls.options = (*(f"{name}={server.socket}"
                         for name, server in cls.running.items()), *cls.more)
        try:
            super().setUpClass()
        except BaseException:
            cls.close_filters()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.close_filters()

    @classmethod
    def close_filters(cls):
        for server in cls.running.values():
            server.close()

    def data(self, message=b"Subject: x\r\n\r\nhello\r\n", user="ada"):
        """(code, text) at the end of the data of a stranger's message."""
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("mallory@elsewhere.test")
            smtp.rcpt(self.chancery.address(user))
            return smtp.data(message)


class Clamd(Server):
    def prepare(self):
        os.mkdir(self.path("db"))
        self.write("db/local.ndb", f"Test.Eicar:0:*:{EICAR.hex()}\n")
        user = "User clamav\n" if chancery.IS_ROOT else ""
        self.write("clamd.conf",
                   f"LocalSocket {self.socket}\nForeground yes\n"
                   f"DatabaseDirectory {self.path('db')}\n"
                   f"StreamMaxLength 4M\n{user}")
        if chancery.IS_ROOT:
            shutil.chown(self.dir, "clamav")

    def command(self):
        return ["/usr/sbin/clamd", "-c", self.path("clamd.conf")]


class Spamd(Server):
    settings = ("dns_available no\nskip_rbl_checks 1\nuse_bayes 0\n"
                "use_razor2 0\nuse_pyzor 0\nreport_safe 0\n"
                "use_auto_welcomelist 0\n")
    children = 2

    def prepare(self):
        os.mkdir(self.path("site"))
        for name in os.listdir("/etc/spamassassin"):
            if name.endswith(".pre"):
                shutil.copy(os.path.join("/etc/spamassassin", name),
                            self.path("site"))
        self.write("site/local.cf", self.settings)
        if chancery.IS_ROOT:
            shutil.chown(self.dir, "debian-spamd")

    def command(self):
        words = ["/usr/sbin/spamd", f"--siteconfigpath={self.path('site')}",
                 "-L", "-x", f"--min-children={self.children}",
                 f"--max-children={self.children}",
                 f"--socketpath={self.socket}", "-r", self.path("pid"),
                 "-s", "stderr"]
        if chancery.IS_ROOT:
            words += ["-u", "debian-spamd"]
        return words


class Scripted:
    """Takes connections; answer(conn, number) does as it likes with each."""

    def __init__(self, answer):
        self.dir = tempfile.mkdtemp(prefix="chancery-filter-")
        os.chmod(self.dir, 0o755)
        self.socket = os.path.join(self.dir, "socket")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        os.chmod(self.socket, 0o666)
        self.listener.listen(50)
        self.answer, self.count, self.open = answer, 0, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(conn)
            self.count += 1
            threading.Thread(target=self._run, args=(conn, self.count),
                             daemon=True).start()

    def _run(self, conn, number):
        try:
            self.answer(conn, number)
        except OSError:
            pass

    def close(self):
        self.listener.close()
        for conn in self.open:
            conn.close()
        shutil.rmtree(self.dir)


def read_stream(conn):
    """All of one zINSTREAM, as the bytes of its pieces."""
    data = b""

    def need(size):
        nonlocal data
        while len(data) < size:
            chunk = conn.recv(65536)
            if not chunk:
                raise OSError("closed")
            data += chunk
        taken, data = data[:size], data[size:]
        return taken

    assert need(10) == b"zINSTREAM\0"
    message = b""
    while size := int.from_bytes(need(4), "big"):
        message += need(size)
    return message


def read_to_end(conn):
    """All up to the client's shutdown."""
    data = b""
    while chunk := conn.recv(65536):
        data += chunk
    return data


def hang(conn, number):
    """Take everything, say nothing."""
    del number
    while conn.recv(65536):
        pass
    threading.Event().wait(60)
