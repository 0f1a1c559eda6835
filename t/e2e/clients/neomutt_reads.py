"""neomutt, in a terminal: the index, a message, a flag, a reply's delete."""

import os
import shutil
import subprocess
import tempfile

import chancery


class Neomutt(chancery.TestCase):
    users = ("ada",)

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], text=True,
                              check=True, timeout=30,
                              stdout=subprocess.PIPE).stdout

    def screen_shows(self, text):
        return chancery.wait_until(
            f"{text!r} on the screen",
            lambda: text in self.tmux("capture-pane", "-p", "-t", "0"))

    def test_reads_and_deletes(self):
        home = tempfile.mkdtemp(prefix="chancery-neomutt-")
        self.addCleanup(shutil.rmtree, home)
        self.socket = f"{home}/tmux"
        with open(f"{home}/rc", "w") as rc:
            rc.write(f"""
set folder = "imaps://127.0.0.1:{self.chancery.port("imaps")}/"
set imap_user = "{self.chancery.address("ada")}"
set imap_pass = "{self.chancery.password("ada")}"
set spoolfile = "+INBOX"
set certificate_file = "{home}/certs"
set ssl_ca_certificates_file = "{self.chancery.path("tls/cert.pem")}"
set ssl_verify_host = no
set ssl_verify_dates = no
set header_cache = ""
set delete = yes
set quit = yes
set move = no
set sort = date
unset help
""")
        self.send("eve@elsewhere.test", ["ada"],
                  "From: Eve <eve@elsewhere.test>\r\n"
                  "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
                  "Date: Sun, 1 Nov 2026 10:00:00 +0000\r\n"
                  "Content-Type: text/plain; charset=iso-8859-1\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                  "Sch=F6nes Wetter\r\n")
        self.send("eve@elsewhere.test", ["ada"],
                  "From: Eve <eve@elsewhere.test>\r\nSubject: second\r\n"
                  "Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nplain\r\n")
        self.wait_for_messages("ada", 2)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y",
                  "30", f"HOME={home} LC_ALL=C.UTF-8 neomutt -F {home}/rc"
                  f" 2>{home}/err")
        try:
            self.screen_shows("second")
            self.screen_shows("Grüße")
            self.tmux("send-keys", "-t", "0", "1", "Enter", "Enter")
            self.screen_shows("Schönes Wetter")
            self.tmux("send-keys", "-t", "0", "i", "F", "2", "Enter", "d")
            self.tmux("send-keys", "-t", "0", "$")
            chancery.wait_until("one message left",
                                lambda: len(self.messages("ada")) == 1)
            self.tmux("send-keys", "-t", "0", "q")
        finally:
            subprocess.run(["tmux", "-S", self.socket, "kill-server"],
                           stderr=subprocess.DEVNULL, check=False)
        imap = self.chancery.imap("ada")
        imap.select("INBOX")
        _, data = imap.fetch("1", "(FLAGS)")
        self.assertIn(rb"\Seen", data[0])
        self.assertIn(rb"\Flagged", data[0])
        imap.logout()


if __name__ == "__main__":
    chancery.main()
