"""What all private servers have in common: a folder, ports, an end."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

# Whose mail the peers keep, where they do not bring a user of their own.
NOBODY = 65534


class NoStart(Exception):
    """A server that does not start, with what it said."""


def wait_for_port(port, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise NoStart(f"nobody listens on port {port}")


def run(folder, *words):
    """Run a command to its end; what it says is kept in start.log."""
    # Not a pipe: the daemons it starts would hold it open.
    with open(f"{folder}/start.log", "w+") as log:
        try:
            code = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=log, timeout=60).returncode
        except (OSError, subprocess.TimeoutExpired) as trouble:
            raise NoStart(str(trouble)) from trouble
        log.seek(0)
        if code != 0:
            raise NoStart(f"{' '.join(words)}: {log.read()}")


class Folder:
    """A temporary folder that every user may pass."""

    def __init__(self, *folders):
        self.path = tempfile.mkdtemp(prefix="peers-")
        os.chmod(self.path, 0o755)
        for name in folders:
            os.mkdir(f"{self.path}/{name}", 0o755)

    def write(self, name, text):
        with open(f"{self.path}/{name}", "w") as f:
            f.write(text)

    def give(self, name, user, group=None):
        shutil.chown(f"{self.path}/{name}", user, group)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
