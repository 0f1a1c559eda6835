"""The real messages of the corpus go out as mbox and as Maildir and come back
byte for byte."""

import os
import re
import shutil
import sys
import tempfile
import threading

import chancery
import imap_talk

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import real_mail  # noqa: E402


class Archive(chancery.TestCase):

    users = ("ada", "bob", "cyd")

    def append(self, client, messages):
        out = [b"a%d APPEND INBOX (%s) {%d+}\r\n%s\r\n" % (
            n, b"\\Seen" if n % 3 else b"", len(m), m)
            for n, m in enumerate(messages)]
        sender = threading.Thread(
            target=lambda: [client.sock.sendall(o) for o in out])
        sender.start()
        for n in range(len(messages)):
            self.assertTrue(client.end(f"a{n}")[1].startswith("OK"))
        sender.join()

    def everything(self, user):
        client = imap_talk.Client(self.chancery, user)
        client.ok("SELECT INBOX")
        found = []
        for said in client.ok("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])"):
            at = re.search(r"BODY\[\] \{(\d+)\}\r\n", said)
            flags = re.search(r"FLAGS \(([^)]*)\)", said).group(1)
            found.append((said[at.end():at.end() + int(at.group(1))],
                          "\\Seen" in flags,
                          re.search(r'INTERNALDATE "([^"]*)"', said).group(1)))
        client.close()
        return sorted(found)

    def test_real_mail_comes_back(self):
        messages = [m for m in real_mail.load() if b"\0" not in m]
        ada = imap_talk.Client(self.chancery, "ada")
        self.append(ada, messages)
        ada.close()
        before = self.everything("ada")
        self.assertEqual([m for m, _, _ in before],
                         sorted(m.decode("latin-1") for m in messages))
        folder = tempfile.mkdtemp(prefix="archive-")
        try:
            for user, form in (("bob", "mbox"), ("cyd", "maildir")):
                path = os.path.join(folder, form)
                self.chancery.run("mailbox", "export",
                                  self.chancery.address("ada"), path,
                                  "--format", form)
                done = self.chancery.run("mailbox", "import",
                                         self.chancery.address(user), path)
                self.assertIn(f"imported: {len(messages)}", done.stdout)
                self.assertEqual(self.everything(user), before)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    chancery.main()
