"""neomutt in a terminal of tmux's.

    with neomutt.Neomutt(self.chancery, "ada") as mutt:
        mutt.shows("Subject of a message")
        mutt.keys("Enter")
"""

import shutil
import subprocess
import tempfile

from chancery import PATIENCE, wait_until


class Neomutt:
    def __init__(self, chancery, user, mailbox="INBOX", settings=""):
        self.home = tempfile.mkdtemp(prefix="chancery-neomutt-")
        self.socket = f"{self.home}/tmux"
        with open(f"{self.home}/rc", "w") as rc:
            rc.write(f"""
set folder = "imaps://127.0.0.1:{chancery.port("imaps")}/"
set imap_user = "{chancery.address(user)}"
set imap_pass = "{chancery.password(user)}"
set spoolfile = "+{mailbox}"
set certificate_file = "{self.home}/certs"
set ssl_ca_certificates_file = "{chancery.path("tls/cert.pem")}"
set ssl_verify_host = no
set ssl_verify_dates = no
set header_cache = ""
set delete = yes
set quit = yes
set move = no
set sort = date
set wait_key = no
unset help
{settings}
""")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y",
                  "30", f"HOME={self.home} LC_ALL=C.UTF-8 neomutt -F "
                  f"{self.home}/rc 2>{self.home}/err")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], text=True,
                              check=True, timeout=PATIENCE,
                              stdout=subprocess.PIPE).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "0")

    def shows(self, text):
        try:
            wait_until(f"{text!r} on the screen",
                       lambda: text in self.screen())
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from None

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "0", *keys)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"],
                       stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.home, ignore_errors=True)
