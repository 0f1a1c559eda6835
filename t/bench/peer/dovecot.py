"""Dovecot, with Maildir or mdbox, hibernating or not.

Its own advice for speed is taken: processes of login serve many clients and
those of IMAP and POP3 many sessions one after the other, passwords are cached,
and nobody is limited. mail_fsync is "optimized" as Debian ships it: messages
are synced before they are acknowledged; changes of flags are not, which is
less than Chancery does, and to its disadvantage here.
"""

import os
import shutil
import subprocess
import time

from .common import NOBODY, Folder, NoStart, run, wait_for_port

CONF = """base_dir = {dir}/dovecot
log_path = {dir}/dovecot.log
protocols = imap lmtp pop3
listen = 127.0.0.1
disable_plaintext_auth = no
mail_location = {location}
mail_uid = {uid}
mail_gid = {uid}
first_valid_uid = {uid}
mail_max_userip_connections = 0
auth_cache_size = 10M
default_client_limit = 8000
default_process_limit = 6000
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {dir}/passwd
}}
userdb {{
  driver = passwd-file
  args = {dir}/passwd
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  client_limit = 4000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  client_limit = 4000
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service imap {{
  service_count = {reuse}
  process_limit = 6000
  unix_listener imap-master {{
    user = dovecot
  }}
}}
service pop3 {{
  service_count = {reuse}
}}
service imap-hibernate {{
  unix_listener imap-hibernate {{
    mode = 0666
  }}
}}
service lmtp {{
  process_min_avail = 2
  unix_listener lmtp {{
    mode = 0666
  }}
}}
service anvil {{
  client_limit = 20000
}}
service auth {{
  client_limit = 20000
}}
service stats {{
  client_limit = 20000
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""

FIRST = 200000  # of the UIDs that nobody else has


class Dovecot:
    """Started when made; DIR/mail/USER is a user's home. reuse: how many
    sessions a process serves, one after the other; hibernate: after so many
    seconds in IDLE, or None; apart: each user has a UID, for Linux allows
    one only 128 inotify instances, and without one there is no hibernating
    (no process can be used again then); tls: (certificate, key)."""

    name = "Dovecot"

    def __init__(self, imap, domain, users, password, pop3=0, imaps=0,
                 location="maildir:~/Maildir", reuse=1, hibernate=None,
                 apart=False, tls=None):
        self.imap, self.imaps, self.pop3 = imap, imaps, pop3
        self.folder = Folder("mail", "dovecot")
        self.dir = self.folder.path
        self.lmtp = f"{self.dir}/dovecot/lmtp"
        self.folder.give("mail", NOBODY, NOBODY)
        lines = []
        for n, user in enumerate(users):
            uid, home = FIRST + n if apart else NOBODY, f"mail/{user}"
            os.mkdir(f"{self.dir}/{home}", 0o700)
            self.folder.give(home, uid, NOBODY)
            lines.append(f"{user}@{domain}:{{PLAIN}}{password}:{uid}:"
                         f"{NOBODY}::{self.dir}/{home}\n")
        self.folder.write("passwd", "".join(lines))
        conf = CONF.format(dir=self.dir, imap=imap, imaps=imaps, pop3=pop3,
                           uid=NOBODY, location=location, reuse=reuse)
        if hibernate is not None:
            conf += f"imap_hibernate_timeout = {hibernate}s\n"
        conf += self._tls(tls)
        self.folder.write("dovecot.conf", conf)
        try:
            self.start()
            wait_for_port(imap)
        except BaseException:
            self.stop()
            raise

    def start(self):
        run(self.dir, "dovecot", "-c", f"{self.dir}/dovecot.conf")

    def _tls(self, tls):
        if tls is None:
            return "ssl = no\n"
        for name, source in zip(("cert.pem", "key.pem"), tls):
            shutil.copy(source, f"{self.dir}/{name}")
        return (f"ssl = yes\nssl_cert = <{self.dir}/cert.pem\n"
                f"ssl_key = <{self.dir}/key.pem\n")

    def pid(self):
        # The ports listen a little before the file is there.
        for _ in range(250):
            try:
                with open(f"{self.dir}/dovecot/master.pid") as f:
                    return int(f.read())
            except (FileNotFoundError, ValueError):
                time.sleep(0.02)
        raise NoStart(f"Dovecot: no master.pid: {self.log()[-500:]}")

    def log(self):
        with open(f"{self.dir}/dovecot.log") as f:
            return f.read()

    def halt(self):
        subprocess.run(["doveadm", "-c", f"{self.dir}/dovecot.conf", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.halt()
        self.folder.remove()
