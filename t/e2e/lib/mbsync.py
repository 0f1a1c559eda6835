"""mbsync (isync) on a folder of a test's own: everything under home/mail.

    mbsync.configure(home, self.chancery, "ada", "Create Both")
    mbsync.sync(self, home)
"""

import os
import subprocess

import chancery


def configure(home, instance, user, channel):
    """What the channel does beside its patterns: lines of mbsyncrc."""
    os.mkdir(f"{home}/mail")
    with open(f"{home}/rc", "w") as rc:
        rc.write(f"""
IMAPAccount us
Host 127.0.0.1
Port {instance.port("imaps")}
User {instance.address(user)}
Pass {instance.password(user)}
SSLType IMAPS
SSLVersions TLSv1.3
CertificateFile {instance.path("tls/cert.pem")}

IMAPStore far
Account us

MaildirStore near
Path {home}/mail/
Inbox {home}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
{channel}
SyncState *
""")


def sync(test, home):
    done = subprocess.run(["mbsync", "-c", f"{home}/rc", "all"], text=True,
                          timeout=chancery.PATIENCE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    test.assertEqual(done.returncode, 0, done.stdout)
