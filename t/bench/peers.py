"""Debian's Postfix and Dovecot as a private pair: on 127.0.0.1, on ports and
in a folder of their own, delivery by LMTP into Maildir, fsync as they ship
it. Needs root, as Postfix does. Nothing of the system's own instances is
touched.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time

MAIN_CF = """compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.{domain}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
alias_maps =
alias_database =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{dir}/users
virtual_transport = lmtp:unix:{dir}/dovecot/lmtp
smtpd_recipient_restrictions = permit_mynetworks, reject
"""

MASTER_CF = """{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

DOVECOT_CONF = """base_dir = {dir}/dovecot
log_path = {dir}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
mail_uid = {uid}
mail_gid = {uid}
first_valid_uid = {uid}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {dir}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={dir}/mail/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
  process_limit = 400
}}
service imap {{
  process_limit = 400
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""

NOBODY = 65534


def wait_for_port(port):
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nobody listens on port {port}")


class Dovecot:
    """Alone, with Maildirs in DIR/mail/USER/Maildir. Started when made."""

    name = "Dovecot"

    def __init__(self, imap, domain, users, password):
        self.imap = imap
        self.dir = tempfile.mkdtemp(prefix="peers-")
        os.chmod(self.dir, 0o755)
        for folder in ("mail", "dovecot"):
            os.mkdir(f"{self.dir}/{folder}", 0o755)
        os.chown(f"{self.dir}/mail", NOBODY, NOBODY)
        with open(f"{self.dir}/passwd", "w") as f:
            f.write("".join(f"{user}@{domain}:{{PLAIN}}{password}\n"
                            for user in users))
        with open(f"{self.dir}/dovecot.conf", "w") as f:
            f.write(DOVECOT_CONF.format(dir=self.dir, imap=imap, uid=NOBODY))
        with open(f"{self.dir}/start.log", "w") as log:
            subprocess.run(["dovecot", "-c", f"{self.dir}/dovecot.conf"],
                           stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                           check=True, timeout=60)
        wait_for_port(imap)

    def pid(self):
        with open(f"{self.dir}/dovecot/master.pid") as f:
            return int(f.read())

    def stop(self):
        subprocess.run(["doveadm", "-c", f"{self.dir}/dovecot.conf", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)


class PostfixDovecot:
    """Started when made; stop() ends and removes it."""

    name = "Postfix + Dovecot"

    def __init__(self, smtp, imap, domain, users, password):
        self.smtp, self.imap = smtp, imap
        self.dir = tempfile.mkdtemp(prefix="peers-")
        os.chmod(self.dir, 0o755)
        words = {"dir": self.dir, "domain": domain, "smtp": smtp,
                 "imap": imap, "uid": NOBODY}
        for folder in ("etc", "queue", "data", "mail", "dovecot"):
            os.mkdir(f"{self.dir}/{folder}", 0o755)
        shutil.chown(f"{self.dir}/data", "postfix")
        os.chown(f"{self.dir}/mail", NOBODY, NOBODY)
        self._write("etc/main.cf", MAIN_CF.format(**words))
        self._write("etc/master.cf", MASTER_CF.format(**words))
        self._write("users", "".join(
            f"{user}@{domain} x\n" for user in users))
        self._write("passwd", "".join(
            f"{user}@{domain}:{{PLAIN}}{password}\n" for user in users))
        self._write("dovecot.conf", DOVECOT_CONF.format(**words))
        self._run("dovecot", "-c", f"{self.dir}/dovecot.conf")
        self._run("postfix", "-c", f"{self.dir}/etc", "start")
        wait_for_port(smtp)
        wait_for_port(imap)

    def _write(self, name, text):
        with open(f"{self.dir}/{name}", "w") as f:
            f.write(text)

    def _run(self, *words):
        # Not a pipe: the daemons would hold it open.
        with open(f"{self.dir}/start.log", "w+") as log:
            done = subprocess.run(words, stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log, timeout=60)
            log.seek(0)
            if done.returncode != 0:
                raise SystemExit(f"{' '.join(words)}: {log.read()}")

    def stop(self):
        subprocess.run(["postfix", "-c", f"{self.dir}/etc", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["doveadm", "-c", f"{self.dir}/dovecot.conf", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)
