"""Postfix, to stand before a store that takes LMTP, or to relay.

As Debian ships it, but: nothing of it waits on purpose (in_flow_delay, which
slows senders down while more comes than goes), no names of clients are looked
up, and as many connections as it likes go to the store at once from the
beginning. It syncs each message to its queue before it says 250, as ever.
"""

import subprocess

from .common import Folder, run, wait_for_port

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
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
in_flow_delay = 0
initial_destination_concurrency = 20
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


class Postfix:
    """Started when made. Give it lmtp, the path of a socket that takes mail
    for the users, or relayhost."""

    name = "Postfix"

    def __init__(self, smtp, domain, users=(), lmtp=None, relayhost=None):
        self.smtp = smtp
        self.folder = Folder("etc", "queue", "data")
        self.dir = self.folder.path
        self.folder.give("data", "postfix")
        words = {"dir": self.dir, "domain": domain, "smtp": smtp}
        more = (f"virtual_transport = lmtp:unix:{lmtp}\n" if lmtp else
                f"relayhost = {relayhost}\n")
        self.folder.write("etc/main.cf", MAIN_CF.format(**words) + more)
        self.folder.write("etc/master.cf", MASTER_CF.format(**words))
        self.folder.write("users", "".join(
            f"{user}@{domain} x\n" for user in users))
        try:
            self.start()
            wait_for_port(smtp)
        except BaseException:
            self.stop()
            raise

    def start(self):
        run(self.dir, "postfix", "-c", f"{self.dir}/etc", "start")

    def pid(self):
        with open(f"{self.dir}/queue/pid/master.pid") as f:
            return int(f.read())

    def halt(self):
        subprocess.run(["postfix", "-c", f"{self.dir}/etc", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.halt()
        self.folder.remove()
