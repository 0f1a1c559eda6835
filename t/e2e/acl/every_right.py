"""Every command, for every right and every principal, against one table.

For each right a mailbox is made on which every principal has that one right
only, each in its own way, and one where they have all but that. Each command
is then given by each principal and must end as the table of RFC 4314 section
4 says for what that principal has; where the mailbox may not be known of, it
must end byte for byte as for one that does not exist.
"""

import chancery
import imap_talk

RIGHTS = "lrswipkxtea"
VISIBLE = set("lrikxa")
ALL = set(RIGHTS)

# Who asks: the user, and how they come to their rights. The owner keeps l
# and a; "nobody" is in no list.
PRINCIPALS = {
    "owner": ("ada", "ada@example.test"),
    "user": ("bob", "bob@example.test"),
    "member": ("carl", "group:team@example.test"),
    "anyone": ("dora", "anyone"),
    "negative": ("emil", None),
    "nobody": ("fred", None),
}

# Commands on a mailbox by name: what is needed, beside being visible. MESSAGE
# stands for a message of the own INBOX, selected before.
BY_NAME = {
    "SELECT {m}": "r",
    "EXAMINE {m}": "r",
    "STATUS {m} (MESSAGES UNSEEN)": "r",
    "MYRIGHTS {m}": "",
    "GETACL {m}": "a",
    "LISTRIGHTS {m} bob": "a",
    "SETACL {m} zoe lr": "a",
    "DELETEACL {m} zoe": "a",
    "GETQUOTAROOT {m}": "r",
    "APPEND {m} MESSAGE": "i",
    "COPY 1 {m}": "i",
    "CREATE {m}/below": "k",  # another one for each
    "RENAME {m} {m}-renamed": None,  # the new name has nobody's parent
    "DELETE {m}": "x",
}

# In the mailbox, selected: each needs r to come so far.
SELECTED = {
    "STORE 1 +FLAGS (\\Seen)": "s",
    "STORE 1 +FLAGS (\\Flagged)": "w",
    "STORE 1 +FLAGS ($Word)": "w",
    "STORE 1 +FLAGS (\\Deleted)": "t",
    "STORE 1 +FLAGS (\\Seen \\Deleted)": "st",  # one of them is enough
    "STORE 1 FLAGS (\\Answered)": "swt",
    "FETCH 1 BODY[]": "r",
    "SEARCH ALL": "r",
    "COPY 1 INBOX": "r",
    "EXPUNGE": "e",
    "UID EXPUNGE 1": "e",
    "CLOSE": "r",  # expunges or not, and says nothing
}


class EveryRight(chancery.TestCase):
    users = ("ada", "bob", "carl", "dora", "emil", "fred")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        c = cls.chancery
        c.run("group", "add", "team@example.test", "carl@example.test")
        cls.talk_as = {who: imap_talk.Client(c, user)
                       for who, (user, _) in PRINCIPALS.items()}
        cls.admin = imap_talk.Client(c, "ada")
        for talk in cls.talk_as.values():
            talk.ok("APPEND INBOX ", b"Subject: own\r\n\r\nown\r\n")
            talk.ok("SELECT INBOX")

    @classmethod
    def tearDownClass(cls):
        for talk in (*cls.talk_as.values(), cls.admin):
            talk.close()
        super().tearDownClass()

    def make(self, name, rights):
        """A mailbox of ada's where each principal has exactly rights, by a
        list in which each has an entry of their own kind."""
        admin = self.admin
        text = "".join(sorted(rights)) or '""'
        admin.ok(f"CREATE {name}")
        admin.ok(f"APPEND {name} ", b"Subject: x\r\n\r\nx\r\n")
        # dora has hers by anyone, which the others must not gain by.
        admin.ok(f"SETACL {name} anyone {text}")
        for user in ("bob", "carl", "emil", "fred"):
            admin.ok(f"SETACL {name} -{user} lrswipkxtea")
        self.chancery_lists(name, rights, text)

    def chancery_lists(self, name, rights, text):
        admin = self.admin
        missing = "".join(sorted(ALL - rights)) or '""'
        # bob: given by name; carl: by the group; emil: all, less the rest.
        admin.ok(f"SETACL {name} -bob {missing}")
        admin.ok(f"SETACL {name} bob {text}")
        admin.ok(f"SETACL {name} -carl {missing}")
        admin.ok(f"SETACL {name} $team {text}")
        admin.ok(f"SETACL {name} emil lrswipkxtea")
        admin.ok(f"SETACL {name} -emil {missing}")
        admin.ok(f"SETACL {name} ada {text}")

    def rights_of(self, who, rights):
        if who == "owner":
            return set(rights) | set("la")
        return set() if who == "nobody" else set(rights)

    def path(self, who, name):
        return name if who == "owner" else \
            f'"Other Users/ada@example.test/{name}"'

    def say(self, who, command, name):
        """The answer without the mailbox's name, which is the asker's."""
        path = self.path(who, name)
        talk = self.talk_as[who]
        command = command.replace(
            "{m}-renamed", path[:-1] + '-renamed"' if path[0] == '"'
            else path + "-renamed").replace(
            "{m}/below", path[:-1] + f'/{who}"' if path[0] == '"'
            else path + f"/{who}").replace("{m}", path)
        if command.endswith(" MESSAGE"):
            words = (command[:-len("MESSAGE")], b"Subject: y\r\n\r\ny\r\n")
        else:
            words = (command,)
        talk.do("SELECT INBOX")
        untagged, done = talk.do(*words)
        return [line.replace(name, "NAME") for line in untagged], \
            done.replace(name, "NAME")

    def check(self, who, command, name, have, needed):
        untagged, done = self.say(who, command, name)
        what = f"{who} with {''.join(sorted(have))!r}: {command}: {done}"
        if not have & VISIBLE and who != "owner":
            # The same in every byte as for what is not there at all.
            absent = self.say(who, command, name[:-1] + "?")
            self.assertEqual((untagged, done), absent, what)
            self.assertTrue(done.startswith("NO"), what)
        elif who == "owner" and command.startswith("GETQUOTAROOT"):
            self.assertTrue(done.startswith("OK"), what)  # it is their own
        elif needed is None:
            allowed = who == "owner" and "x" in have
            self.assertEqual(done.startswith("OK"), allowed, what)
        elif set(needed) <= have:
            self.assertTrue(done.startswith("OK"), what)
        else:
            self.assertTrue(done.startswith("NO [NOPERM]"), what)

    def each_by_name(self, rights, label):
        """All on one mailbox, but those who may take it away."""
        self.make(label, rights)
        for who in PRINCIPALS:
            have = self.rights_of(who, rights)
            for command, needed in BY_NAME.items():
                name = label
                if command.startswith(("RENAME", "DELETE ")) and "x" in have:
                    name = f"{label}-{who}-{command[:6]}".strip()
                    self.make(name, rights)
                with self.subTest(who=who, command=command, have=label):
                    self.check(who, command, name, have, needed)

    def each_selected(self, rights, label):
        for who in PRINCIPALS:
            have = self.rights_of(who, rights)
            name = f"{label}-s-{who}"
            self.make(name, rights)
            talk = self.talk_as[who]
            for command, one_of in SELECTED.items():
                _, done = talk.do(f"SELECT {self.path(who, name)}")
                self.assertEqual(done.startswith("OK"), "r" in have)
                if "r" not in have:
                    continue
                untagged, done = talk.do(command)
                with self.subTest(who=who, command=command, have=label):
                    self.assertEqual(done.startswith("OK"),
                                     bool(set(one_of) & have), done)
                    if not done.startswith("OK"):
                        self.assertTrue(done.startswith("NO [NOPERM]"), done)
                    self.flags_are_right(command, untagged, have)

    def flags_are_right(self, command, untagged, have):
        """What was stored is what the rights let through, no more."""
        if not command.startswith("STORE"):
            return
        said = " ".join(untagged)
        for flag, right in (("\\Seen", "s"), ("\\Flagged", "w"),
                            ("\\Deleted", "t"), ("\\Answered", "w"),
                            ("$Word", "w")):
            if flag in command and right not in have:
                self.assertNotIn(flag + " ", said + " ")

    def test_one_right_by_name(self):
        for right in RIGHTS:
            self.each_by_name({right}, f"only-{right}")

    def test_all_but_one_by_name(self):
        for right in RIGHTS:
            self.each_by_name(ALL - {right}, f"but-{right}")

    def test_none_and_all_by_name(self):
        self.each_by_name(set(), "none")
        self.each_by_name(ALL, "whole")

    def test_selected_with_one_right_more(self):
        for right in RIGHTS:
            self.each_selected({"r", right}, f"r-{right}")

    def test_selected_with_all_but_one(self):
        for right in RIGHTS:
            self.each_selected(ALL - {right}, f"but-{right}")

    def test_lists_show_l_and_nothing_else(self):
        for right in (*RIGHTS, ""):
            self.make(f"list-{right}", set(right))
        for who in PRINCIPALS:
            untagged, _ = self.talk_as[who].do('LIST "" *')
            seen = {line.split("/")[-1].strip('"').split()[-1]
                    for line in untagged if "list-" in line}
            self.assertEqual(
                seen, {f"list-{r}" for r in (*RIGHTS, "")
                       if "l" in self.rights_of(who, set(r))}, who)

    def test_store_is_whole_afterwards(self):
        self.assertEqual(
            self.chancery.json("mailbox", "verify")["problems"], 0)


if __name__ == "__main__":
    chancery.main()
