"""SORT, THREAD and SEARCH asked again and again while the mailbox changes: what
a session remembers of its answers must never show. Every answer is compared
with what Python makes of the messages, and with a session that remembers
nothing."""

import os
import random
import re

import chancery
import imap_talk

SEED = int(os.environ.get("CHANCERY_SEED", "0")) or random.randrange(1 << 30)
STEPS = 100
DAY = 86400
NAMES = ["", "Zoe", "ada", "Bob the Second, of a long name", "bob"]
LOCALS = ["zz", "Al", "al", "a-long-local-part-that-goes-on-and-on-1",
          "a-long-local-part-that-goes-on-and-on-2", "m"]
SUBJECTS = ["", "alpha", "Alpha", "beta", "gamma " * 20 + "1",
            "gamma " * 20 + "2"]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
KEYS = ["ARRIVAL", "CC", "DATE", "DISPLAYFROM", "DISPLAYTO", "FROM", "SIZE",
        "SUBJECT", "TO"]
PROGRAMS = ["ALL", "ALL", "ALL", "UNSEEN", "SMALLER 300", "SUBJECT alpha",
            "SENTSINCE 10-Nov-2026", "NOT DELETED"]


class Mail:

    def __init__(self, rng, number, others):
        self.flags = set()
        self.subject = rng.choice(SUBJECTS)
        self.day = rng.randrange(1, 28)
        self.second = rng.randrange(DAY)
        self.arrival = rng.randrange(1, 28) * DAY
        self.has_date = rng.random() < 0.9
        self.people = {name: (rng.choice(NAMES), rng.choice(LOCALS))
                       for name in ("From", "To", "Cc") if rng.random() < 0.8}
        self.id = f"<{number}@x>"
        refs = rng.sample(others, min(len(others), rng.randrange(4)))
        hour, minute = self.second // 3600, self.second // 60 % 60
        head = f"Message-ID: {self.id}\r\n"
        if self.subject:
            prefix = rng.choice(["", "Re: ", "[list] "])
            head += f"Subject: {prefix}{self.subject}\r\n"
        if self.has_date:
            head += (f"Date: {self.day} Nov 2026 {hour:02}:{minute:02}:"
                     f"{self.second % 60:02} +0000\r\n")
        for field, (name, local) in self.people.items():
            head += (f'{field}: "{name}" <{local}@y.test>\r\n' if name else
                     f"{field}: {local}@y.test\r\n")
        if rng.random() < 0.1:
            # a digest too long for the index
            head += "Reply-To: " + ",\r\n ".join(
                f"reply-{n}@a-host-with-a-long-name.test"
                for n in range(100)) + "\r\n"
        if refs:
            head += f"References: {' '.join(refs)}\r\n"
        self.text = (head + "\r\n" + "b" * rng.randrange(200)).encode()

    def options(self):
        return f'"{self.arrival // DAY:02}-Nov-2026 00:00:00 +0000"'

    def sent(self):
        return (self.day * DAY + self.second if self.has_date else
                self.arrival)

    def local(self, field):
        return self.people.get(field, ("", ""))[1].upper()

    def display(self, field):
        if field not in self.people:
            return ""
        name, local = self.people[field]
        return (name or f"{local}@y.test").upper()

    def key(self, key):
        return {"ARRIVAL": lambda: self.arrival,
                "CC": lambda: self.local("Cc"),
                "DATE": self.sent,
                "DISPLAYFROM": lambda: self.display("From"),
                "DISPLAYTO": lambda: self.display("To"),
                "FROM": lambda: self.local("From"),
                "SIZE": lambda: len(self.text),
                "SUBJECT": lambda: self.base(),
                "TO": lambda: self.local("To")}[key]()

    def base(self):
        return self.subject.upper()

    def meets(self, program):
        return {"ALL": True,
                "UNSEEN": "\\Seen" not in self.flags,
                "SMALLER 300": len(self.text) < 300,
                "SUBJECT alpha": "ALPHA" in self.base(),
                "SENTSINCE 10-Nov-2026": self.has_date and self.day >= 10,
                "NOT DELETED": "\\Deleted" not in self.flags}[program]


class Repeated(imap_talk.TestCase):

    def setUp(self):
        super().setUp()
        self.rng = random.Random(SEED)
        self.mails = {}  # by UID
        self.number = 0
        self.keeper = self.client(select=self.box)

    def fill_random(self, count):
        for _ in range(count):
            self.number += 1
            mail = Mail(self.rng, self.number,
                        [m.id for m in self.mails.values()])
            uid = self.ada.append(mail.text, self.box, mail.options())
            self.mails[uid] = mail

    def change(self, client):
        """Flags, or messages that go."""
        if not self.mails:
            return
        picked = self.rng.sample(sorted(self.mails),
                                 min(len(self.mails), self.rng.randrange(1, 4)))
        flag = self.rng.choice(["\\Seen", "\\Flagged", "\\Deleted"])
        uids = ",".join(map(str, picked))
        client.ok(f"UID STORE {uids} +FLAGS ({flag})")
        for uid in picked:
            self.mails[uid].flags.add(flag)
        if self.rng.random() < 0.5:
            client.ok("EXPUNGE")
            self.mails = {uid: mail for uid, mail in self.mails.items()
                          if "\\Deleted" not in mail.flags}

    def found(self, program):
        return [uid for uid in sorted(self.mails)
                if self.mails[uid].meets(program)]

    def in_order(self, keys, program):
        found = self.found(program)
        for key, reverse in reversed(keys):
            # sorted() keeps what is equal in its order, reverse or not
            found.sort(key=lambda uid: self.mails[uid].key(key),
                       reverse=reverse)
        return found

    def by_subject(self, program):
        """ORDEREDSUBJECT, as RFC 5256 section 3 says it."""
        found = sorted(self.found(program),
                       key=lambda uid: (self.mails[uid].sent(), uid))
        threads = {}
        for uid in found:
            threads.setdefault(self.mails[uid].base(), []).append(uid)
        out = ""
        for first, *others in threads.values():
            if len(others) < 2:
                out += "(" + " ".join(map(str, [first, *others])) + ")"
            else:
                out += f"({first} " + "".join(f"({n})" for n in others) + ")"
        return out

    def ask(self, client, command):
        said = [u for u in client.ok(command)
                if u.startswith(("SORT", "THREAD", "SEARCH"))]
        self.assertEqual(len(said), 1)
        return said[0].partition(" ")[2]

    def numbered(self, text):
        """From UIDs to sequence numbers."""
        uids = sorted(self.mails)
        return re.sub(r"\d+", lambda n: str(uids.index(int(n.group())) + 1),
                      text)

    def check_sort(self, keys):
        program = self.rng.choice(PROGRAMS)
        listed = " ".join("REVERSE " * reverse + key for key, reverse in keys)
        asked = f"SORT ({listed}) UTF-8 {program}"
        want = " ".join(map(str, self.in_order(keys, program)))
        for _ in range(2):
            self.assertEqual(self.ask(self.keeper, "UID " + asked), want)
        self.keeper.ok("NOOP")
        for _ in range(2):
            self.assertEqual(self.ask(self.keeper, asked), self.numbered(want))
        self.assertEqual(self.ask(self.keeper, f"UID SEARCH {program}"),
                         " ".join(map(str, self.found(program))))

    def check_thread(self):
        program = self.rng.choice(PROGRAMS)
        fresh = self.client(select=self.box)
        self.keeper.ok("NOOP")
        for uid, sort in ("UID ", str), ("", self.numbered):
            asked = f"{uid}THREAD ORDEREDSUBJECT UTF-8 {program}"
            for _ in range(2):
                self.assertEqual(self.ask(self.keeper, asked),
                                 sort(self.by_subject(program)))
            asked = f"{uid}THREAD REFERENCES UTF-8 {program}"
            want = self.ask(fresh, asked)
            self.assertEqual(sorted(map(int, re.findall(r"\d+", want))),
                             sorted(int(sort(str(u)))
                                    for u in self.found(program)))
            for _ in range(2):
                self.assertEqual(self.ask(self.keeper, asked), want)
        self.clients.remove(fresh)
        fresh.close()

    def test_answers_stay_right(self):
        print(f"CHANCERY_SEED={SEED}")
        self.fill_random(70)
        self.ada.ok(f"SELECT {self.box}")
        rng = self.rng
        orders = [[(rng.choice(KEYS), rng.random() < 0.4)
                   for _ in range(rng.randrange(1, 4))] for _ in range(3)]
        for _ in range(STEPS):
            what = rng.randrange(5)
            if what < 2:
                self.fill_random(rng.choice([1, 2, 3, 4, 20]))
            elif what < 4:
                self.change(rng.choice([self.ada, self.keeper]))
            # few kinds, so that what is remembered is not pushed out
            if rng.random() < 0.7:
                self.check_sort(rng.choice(orders))
            else:
                self.check_thread()

    def test_numbers_move_with_those_not_asked_for(self):
        for number in range(6):
            self.ada.append(f"Subject: {number % 2}\r\n\r\nb\r\n".encode(),
                            self.box, "(\\Flagged)" if number else "")
        self.keeper.ok(f"SELECT {self.box}")
        thread = "THREAD ORDEREDSUBJECT UTF-8 FLAGGED"
        sort = "SORT (REVERSE ARRIVAL SUBJECT) UTF-8 FLAGGED"
        self.assertEqual(self.ask(self.keeper, thread), "(2 (4)(6))(3 5)")
        before = self.ask(self.keeper, sort)
        self.keeper.ok("STORE 1 +FLAGS (\\Deleted)")
        self.keeper.ok("EXPUNGE")
        self.assertEqual(self.ask(self.keeper, thread), "(1 (3)(5))(2 4)")
        self.assertEqual(self.ask(self.keeper, sort),
                         " ".join(str(int(n) - 1) for n in before.split()))

    def test_copies_have_the_dates(self):
        self.fill_random(40)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("CREATE copies")
        self.ada.ok("COPY 1:* copies")
        for search in ("SORT (DATE REVERSE SIZE) UTF-8 ALL",
                       "SEARCH SENTSINCE 10-Nov-2026"):
            self.assertEqual(self.ask(self.client(select="copies"), search),
                             self.ask(self.ada, search))

    def test_more_than_is_kept(self):
        """Each order is still right when others pushed it out."""
        self.fill_random(20)
        self.keeper.ok("NOOP")
        for _ in range(2):
            for key in KEYS:
                want = " ".join(map(str, self.in_order([(key, False)], "ALL")))
                self.assertEqual(self.ask(
                    self.keeper, f"UID SORT ({key}) UTF-8 ALL"), want)


if __name__ == "__main__":
    chancery.main()
