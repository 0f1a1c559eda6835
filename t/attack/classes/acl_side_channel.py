"""Side channels of access rights (CWE-203, observable discrepancy; CWE-208, by
time): a mailbox one may not see and one that is not there.

Every command that names a mailbox gets the same answer, byte for byte but for
the name, for a hidden mailbox, an absent one, an absent one of somebody who is
not there, and in the same time; LIST, LSUB and STATUS show neither; nothing
of a hidden mailbox comes with searches, copies or notices."""

import statistics
import time

import attack
import imap_talk

ROUNDS, TRIES = 60, 20
COMMANDS = (
    "SELECT %s", "EXAMINE %s", "STATUS %s (MESSAGES UIDNEXT)", "DELETE %s",
    "SUBSCRIBE %s", "UNSUBSCRIBE %s", "RENAME %s Mine", "GETACL %s",
    "MYRIGHTS %s", "SETACL %s bob lr", "DELETEACL %s bob", "LISTRIGHTS %s bob",
    "GETQUOTAROOT %s", "COPY 1 %s", "MOVE 1 %s", "RENAME Mine %s/below",
)
LISTS = ('LIST "" %s', 'LSUB "" %s', 'LIST "" (%s) RETURN (SUBSCRIBED)',
         'LIST "" %s RETURN (STATUS (MESSAGES))', 'LIST (SUBSCRIBED) "" %s')


class SideChannels(attack.TestCase):
    def setUp(self):
        self.ada = imap_talk.Client(self.chancery, "ada")
        self.bob = imap_talk.Client(self.chancery, "bob")
        self.addCleanup(self.ada.close)
        self.addCleanup(self.bob.close)
        if "Mine" not in " ".join(self.bob.ok('LIST "" Mine')):
            for name in ("Hidden", "Hidden/below", "Open"):
                self.ada.ok(f"CREATE {name}")
                for _ in range(20):
                    self.ada.append(mailbox=name)
            self.ada.ok("SETACL Open bob lr")
            self.bob.ok("CREATE Mine")
            self.bob.append(mailbox="Mine")
        self.bob.ok("SELECT Mine")

    @staticmethod
    def names():
        """The first is there; none may be told from the others."""
        of = "Other Users/%s@example.test/%s"
        return [f'"{n}"' for n in (
            of % ("ada", "Hidden"), of % ("ada", "Absent"),
            of % ("eve", "Hidden"), of % ("ada", "Hidden/below"),
            of % ("ada", "Absent/below"))]

    def answer(self, command, name):
        self.bob.ok("SELECT Mine")
        untagged, done = self.bob.do(command % name)
        plain = name.strip('"')
        return [line.replace(plain, "NAME") for line in untagged + [done]]

    def test_answers(self):
        for command in COMMANDS + LISTS:
            answers = [self.answer(command, name) for name in self.names()]
            self.count(len(answers))
            for answer in answers[1:]:
                self.assertEqual(answer, answers[0], command)

    def test_appends(self):
        answers = set()
        for name in self.names():
            self.count()
            answers.add(self.bob.do(f"APPEND {name} ", b"x: y\r\n\r\n")[1])
        self.assertEqual(len(answers), 1, answers)

    def medians(self, command, times):
        """Seconds for the hidden and for the absent one. times: of all
        tries, a list each."""
        self.bob.ok("SELECT Mine")
        hidden, absent = self.names()[:2]
        for i in range(ROUNDS * 2):
            name = (hidden, absent)[i % 2]
            began = time.monotonic()
            self.bob.do(command % name)
            times.setdefault(name, []).append(time.monotonic() - began)
        self.count(ROUNDS * 2)
        # the quietest ROUNDS / 2 of each, whatever else the machine does:
        # with each try they are nearer to what it takes at least
        return [statistics.median(sorted(t)[:ROUNDS // 2])
                for t in times.values()]

    def test_times(self):
        """A busy machine may be in the way of one of them, but not always."""
        widest = 0
        for command in ("STATUS %s (MESSAGES)", "SELECT %s", "MYRIGHTS %s",
                        'LIST "" %s', "COPY 1 %s"):
            times = {}
            for _ in range(TRIES):
                quiet = self.medians(command, times)
                apart = abs(quiet[0] - quiet[1])
                if apart < max(quiet) / 4 + 5e-5:
                    break
            else:
                self.fail(f"{command}: {quiet}")
            widest = max(widest, apart)
        self.saw(f"medians of {ROUNDS} differ by {widest * 1e6:.0f} us at most "
                 "between hidden and absent")

    def test_nothing_is_shown(self):
        for command in ('LIST "" *', 'LSUB "" *', 'LIST "Other Users/" *',
                        'LIST "Other Users/ada@example.test/" %',
                        'LIST "" "Other Users/*/H*"', 'LIST "" *Hidden*'):
            self.count()
            self.assertNotIn("Hidden", "".join(self.bob.ok(command)))

    def test_no_notice_comes(self):
        self.ada.append(mailbox="Hidden")
        self.ada.ok("DELETE Hidden/below")
        self.ada.ok("CREATE Hidden/below")
        self.assertEqual(self.bob.ok("NOOP"), [])


if __name__ == "__main__":
    attack.main()
