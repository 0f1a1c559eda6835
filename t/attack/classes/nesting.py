"""Nesting (CWE-674, uncontrolled recursion: "(((("): parentheses, NOT and OR of
SEARCH, sections of FETCH, patterns of LIST, sequence sets, sort criteria.

Whatever the depth, the answer is a tagged BAD or NO or a result, in time that
grows with the command alone; the session lives on."""

import attack
import imap_talk


class Nesting(attack.TestCase):
    def setUp(self):
        self.client = imap_talk.Client(self.chancery, "ada")
        self.addCleanup(self.client.close)
        self.client.append()
        self.client.ok("SELECT INBOX")

    def all_of(self, *commands):
        dearest = 0
        for command in commands:
            self.count()
            (_, done), spent = self.least_cost(
                lambda c=command: self.client.do(c), 2)
            self.assertRegex(done, "^(BAD|NO|OK)", command[:60])
            self.assertLess(spent, 2, command[:60])
            dearest = max(dearest, spent)
        self.client.ok("NOOP")
        self.saw(f"at most {dearest:.2f} s of CPU a command")

    def test_search(self):
        n = 20000
        self.all_of(
            "SEARCH " + "(" * n + "ALL" + ")" * n, "SEARCH " + "(" * n,
            "SEARCH " + "NOT " * n + "ALL", "SEARCH " + "OR " * n + "ALL",
            "SEARCH " + "OR ALL " * n + "ALL",
            "SEARCH " + "(OR ALL " * 60 + "ALL" + ")" * 60,
            "SEARCH " + "NOT (" * 63 + "ALL" + ")" * 63,
            "SEARCH RETURN " + "(" * n,
            "SEARCH " + "TEXT a " * (n // 2) + "ALL",
            "SORT " + "(" * n, "SORT (" + "REVERSE " * n + "DATE) UTF-8 ALL",
            "THREAD REFERENCES UTF-8 " + "(" * n)

    def test_fetch(self):
        n = 20000
        self.all_of(
            "FETCH 1 " + "(" * n, "FETCH 1 BODY[" + "1." * n + "1]",
            "FETCH 1 BODY" + "[" * n, "FETCH 1 (" + "FLAGS " * n + "UID)",
            "FETCH 1 BODY[HEADER.FIELDS (" + "a " * n + "a)]",
            "FETCH 1 BODY[HEADER.FIELDS " + "(" * n,
            "FETCH 1 BODY[]" + "<0.1>" * n,
            "FETCH " + "1," * n + "1 FLAGS",
            "FETCH " + ",".join(f"{i}:*" for i in range(1, n)) + " UID",
            "STORE 1 FLAGS " + "(" * n,
            "STORE 1 +FLAGS (" + "a " * n + "a)",
            "FETCH 1 FLAGS (CHANGEDSINCE " + "9" * 1000 + ")",
            "UID FETCH 1:4294967295 FLAGS")

    def test_names(self):
        n = 20000
        self.all_of(
            'LIST "" ' + "*%" * 500, 'LIST "" "' + "*a" * 511 + '"',
            'LIST "" (' + "* " * n + "*)", "LIST (" * n,
            'LIST (' + "SUBSCRIBED " * n + ') "" *',
            "CREATE " + "a/" * 1000 + "a", "CREATE " + "/" * 1000,
            "CREATE " + "&AOQ-" * 4000, "STATUS INBOX " + "(" * n,
            "STATUS INBOX (" + "UIDNEXT " * n + "UIDNEXT)",
            "ID " + "(" * n, "ID (" + '"a" "b" ' * n + ")",
            "ENABLE " + "X " * n + "X", "GETQUOTAROOT " + "(" * n)


if __name__ == "__main__":
    attack.main()
