"""The real messages of real_mail.py once more, each through Debian's clamd and
spamd on its way in: all come out byte for byte, in INBOX or Junk, but for the
X-Spam fields that are ours on top and the strangers' that are gone.

spamd does about 12 messages a second a process, so every twelfth message is
taken; CHANCERY_CORPUS_STEP=1 takes all.
"""

import os
import re

import chancery
import filters
import real_mail

STEP = int(os.environ.get("CHANCERY_CORPUS_STEP", "12"))
SPAM_FIELD = re.compile(rb"^x-spam-[^\r]*\r\n(?:[ \t][^\r]*\r\n)*", re.I | re.M)


def without_spam_fields(text):
    """As smtpd leaves it: the header only."""
    end = text.find(b"\r\n\r\n")
    header, rest = (text[:end + 2], text[end + 2:]) if end >= 0 else (text,
                                                                      b"")
    return SPAM_FIELD.sub(b"", header) + rest


class Checked(filters.Behind, real_mail.RealMail):
    servers = {"clamav_socket": filters.Clamd, "spamd_socket": filters.Spamd}
    more = ("spamd_concurrency_limit=2", "spamd_timeout=300s",
            "spamd_size_limit=0", "spam_reject_score=0")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.corpus = cls.corpus[::STEP]

    def all_messages(self):
        found = {}
        for mailbox in ("INBOX", "Junk"):
            imap = self.chancery.imap("ada")
            count = int(imap.select(mailbox, readonly=True)[1][0])
            found[mailbox] = []
            for first in range(1, count + 1, 200):
                _, data = imap.fetch(f"{first}:{min(first + 199, count)}",
                                     "(BODY.PEEK[])")
                found[mailbox] += [part[1] for part in data
                                   if isinstance(part, tuple)]
            imap.logout()
        return found

    def count(self):
        total = 0
        for mailbox in ("INBOX", "Junk"):
            imap = self.chancery.imap("ada")
            total += int(imap.select(mailbox, readonly=True)[1][0])
            imap.logout()
        return total

    def check_one(self, message, mailbox):
        """Its number; whole, and in the mailbox its fields say."""
        n = int(re.match(rb"Return-Path: <m(\d+)@corpus\.test>\r\n",
                         message)[1])
        text = without_spam_fields(self.corpus[n])
        self.assertTrue(message.endswith(text), f"message {n} has changed")
        top = message[:len(message) - len(text)]
        fields = re.split(rb"\r\n(?![ \t])", top)[:-1]
        names = [field.split(b":")[0] for field in fields]
        for name in names:
            self.assertTrue(name in real_mail.ADDED or
                            name.startswith(b"X-Spam-"), name)
        self.assertEqual(names.count(b"X-Spam-Status"), 1)
        self.assertEqual(b"X-Spam-Flag: YES" in fields, mailbox == "Junk")
        return n

    def test_comes_out_as_it_went_in(self):
        bare = {n for n, text in enumerate(self.corpus)
                if re.search(rb"\r(?!\n)", text)}
        codes = self.send_all()
        self.assertEqual({n for n, code in codes.items() if code != 250},
                         bare)
        wanted = set(codes) - bare
        chancery.wait_until("every message is delivered",
                            lambda: self.count() >= len(wanted), 300)
        found = self.all_messages()
        seen = [self.check_one(message, mailbox)
                for mailbox, messages in found.items()
                for message in messages]
        self.assertEqual(sorted(seen), sorted(wanted))
        # SpamAssassin knows its own corpus, without the network, in part.
        self.assertGreater(len(found["Junk"]), len(seen) // 50)
        self.assertGreater(len(found["INBOX"]), len(seen) // 2)
        self.assertEqual(self.chancery.json("quarantine", "list"),
                         {"quarantine": []})


if __name__ == "__main__":
    chancery.main()
