"""CREATE, DELETE, RENAME, SUBSCRIBE, LIST, LSUB and their extensions (RFC 3501
sections 6.3.3 to 6.3.9, RFC 3348, 5258, 5530, 6154)."""

import re

import chancery
import imap_talk


class Mailboxes(imap_talk.TestCase):

    def listed(self, command):
        """{name: set of attributes}"""
        found = {}
        for said in self.ada.ok(command):
            word, attributes, name = re.match(
                r'(LIST|LSUB) \(([^)]*)\) "/" (.*)$', said).groups()
            self.assertEqual(word, command.split()[0])
            self.assertNotIn(name, found)
            found[name] = set(attributes.split())
        return found

    def test_a_new_user_has_mailboxes(self):
        found = self.listed('LIST "" "*"')
        for name, use in (("INBOX", None), ("Drafts", "\\Drafts"),
                          ("Sent", "\\Sent"), ("Trash", "\\Trash"),
                          ("Junk", "\\Junk")):
            self.assertIn(name, found)
            if use:
                self.assertIn(use, found[name])

    def test_list_patterns(self):
        b = self.box
        for name in ("x", "x/y", "x/y/z", "x-w"):
            self.ada.ok(f"CREATE {b}/{name}")
        for pattern, want in (
                (f'"" {b}/*', ["x", "x-w", "x/y", "x/y/z"]),
                (f'"" {b}/%', ["x", "x-w"]),
                (f'{b}/ %', ["x", "x-w"]),
                (f'{b}/x %', ["x", "x-w"]),
                (f'"" {b}/x/%', ["x/y"]),
                (f'"" {b}/%/%', ["x/y"]),
                (f'"" {b}/*z', ["x/y/z"]),
                (f'"" {b}/x', ["x"]),
                (f'"" "{b}/none"', [])):
            self.assertEqual(sorted(self.listed("LIST " + pattern)),
                             sorted(f"{b}/{w}" for w in want), pattern)
        found = self.listed(f'LIST "" {b}/*')
        self.assertIn("\\HasChildren", found[f"{b}/x"])
        self.assertIn("\\HasNoChildren", found[f"{b}/x-w"])
        self.assertIn("\\HasNoChildren", found[f"{b}/x/y/z"])
        for reference in ('""', b, f"{b}/x"):
            self.assertEqual(self.ada.ok(f'LIST {reference} ""'),
                             ['LIST (\\Noselect) "/" ""'])
            self.assertEqual(self.ada.ok(f'LSUB {reference} ""'),
                             ['LSUB (\\Noselect) "/" ""'])
        self.assertEqual(list(self.listed('LIST "" inBox')), ["INBOX"])

    def test_create(self):
        b = self.box
        self.ada.ok(f"CREATE {b}/one/two/")
        self.assertIn(f"{b}/one", self.listed(f'LIST "" {b}/*'))
        self.assertTrue(self.ada.no(f"CREATE {b}")
                        .startswith("[ALREADYEXISTS]"))
        self.assertTrue(self.ada.no("CREATE inbox")
                        .startswith("[ALREADYEXISTS]"))
        for name in ('"a//b"', '"/a"', '""', "&AGE-", "&", '"a\x01b"',
                     "x" * 481):
            self.ada.no(f"CREATE {name}")

    def test_names_beyond_ascii(self):
        name = f"{self.box}/Entw&APw-rfe &ZeVnLIqe-"
        self.ada.ok(f'CREATE "{name}"')
        self.assertIn(f'"{name}"', self.listed(f'LIST "" {self.box}/%'))
        self.ada.ok(f'SELECT "{name}"')
        self.assertEqual(list(self.listed(f'LIST "" "{self.box}/*&ZeVnLIqe-"')
                              ), [f'"{name}"'])

    def test_delete(self):
        b = self.box
        self.assertTrue(self.ada.no("DELETE INBOX").startswith("[CANNOT]"))
        self.ada.ok(f"DELETE {b}")
        self.assertTrue(self.ada.no(f"DELETE {b}")
                        .startswith("[NONEXISTENT]"))
        self.assertEqual(self.listed(f'LIST "" {b}'), {})
        # a mailbox of the same name is another one
        self.ada.ok(f"CREATE {b}")

    def test_delete_of_a_parent_leaves_its_name(self):
        b = self.box
        self.ada.ok(f"CREATE {b}/mid/below")
        self.ada.ok(f"DELETE {b}/mid")
        # RFC 3501 section 6.3.4
        for pattern in (f"{b}/*", f"{b}/%"):
            found = self.listed(f'LIST "" {pattern}')
            self.assertEqual(found[f"{b}/mid"],
                             {"\\Noselect", "\\HasChildren"})
        self.assertIn(f"{b}/mid/below", self.listed(f'LIST "" {b}/*'))
        self.ada.no(f"SELECT {b}/mid")
        self.ada.ok(f"CREATE {b}/mid")
        self.assertEqual(self.listed(f'LIST "" {b}/mid'),
                         {f"{b}/mid": {"\\HasChildren"}})

    def test_uidvalidity_of_a_new_one_differs(self):
        def validity():
            return re.search(r"UIDVALIDITY (\d+)", self.ada.ok(
                f"STATUS {self.box} (UIDVALIDITY)")[0]).group(1)
        before = validity()
        self.ada.ok(f"DELETE {self.box}")
        self.ada.ok(f"CREATE {self.box}")
        self.assertNotEqual(validity(), before)

    def test_rename(self):
        b = self.box
        self.ada.ok(f"CREATE {b}/a/deep")
        uid = self.ada.append(mailbox=f"{b}/a/deep")
        self.ada.ok(f"RENAME {b}/a {b}/c")
        self.assertEqual(sorted(self.listed(f'LIST "" {b}/*')),
                         [f"{b}/c", f"{b}/c/deep"])
        self.ada.ok(f"SELECT {b}/c/deep")
        self.assertEqual(self.ada.search("ALL", uid=True), [uid])
        self.assertTrue(self.ada.no(f"RENAME {b}/nowhere x")
                        .startswith("[NONEXISTENT]"))
        self.ada.ok(f"CREATE {b}/d")
        self.assertTrue(self.ada.no(f"RENAME {b}/c {b}/d")
                        .startswith("[ALREADYEXISTS]"))
        self.ada.no(f"RENAME {b}/c {b}/c/inside")

    def test_rename_inbox_moves_its_messages(self):
        self.ada.append(b"Subject: in\r\n\r\nx\r\n")
        before = self.ada.ok("STATUS INBOX (MESSAGES)")[0]
        self.assertNotIn("MESSAGES 0)", before)
        self.ada.ok(f"RENAME INBOX {self.box}/old")
        self.assertIn("MESSAGES 0)", self.ada.ok("STATUS INBOX (MESSAGES)")[0])
        self.assertNotIn("MESSAGES 0)", self.ada.ok(
            f"STATUS {self.box}/old (MESSAGES)")[0])

    def test_subscriptions(self):
        b = self.box
        for name in ("s", "s/t/u", "v"):
            self.ada.ok(f"CREATE {b}/{name}")
        self.ada.ok(f"SUBSCRIBE {b}/s/t/u")
        self.ada.ok(f"SUBSCRIBE {b}/v")
        self.assertEqual(self.listed(f'LSUB "" {b}/*'),
                         {f"{b}/s/t/u": set(), f"{b}/v": set()})
        # RFC 3501 section 6.3.9: "%" shows what is above with \Noselect
        self.assertEqual(self.listed(f'LSUB "" {b}/%'),
                         {f"{b}/s": {"\\Noselect"}, f"{b}/v": set()})
        self.ada.ok(f"UNSUBSCRIBE {b}/v")
        self.assertEqual(list(self.listed(f'LSUB "" {b}/*')),
                         [f"{b}/s/t/u"])
        # it stays when the mailbox goes
        self.ada.ok(f"DELETE {b}/s/t/u")
        self.assertEqual(list(self.listed(f'LSUB "" {b}/*')),
                         [f"{b}/s/t/u"])

    def test_extended_list(self):
        b = self.box
        for name in ("e", "e/f", "g"):
            self.ada.ok(f"CREATE {b}/{name}")
        self.ada.ok(f"SUBSCRIBE {b}/e/f")
        self.ada.ok(f"SUBSCRIBE {b}/gone")
        found = self.listed(f'LIST (SUBSCRIBED) "" {b}/*')
        self.assertEqual(sorted(found), [f"{b}/e/f", f"{b}/gone"])
        self.assertIn("\\Subscribed", found[f"{b}/e/f"])
        self.assertIn("\\NonExistent", found[f"{b}/gone"])
        found = self.listed(f'LIST "" ({b}/e {b}/g) RETURN (SUBSCRIBED)')
        self.assertEqual(sorted(found), [f"{b}/e", f"{b}/g"])
        self.assertEqual(
            [u for u in self.ada.ok(
                f'LIST (SUBSCRIBED RECURSIVEMATCH) "" {b}/e')],
            [f'LIST (\\HasChildren) "/" {b}/e ("CHILDINFO" ("SUBSCRIBED"))'])
        self.assertEqual(self.listed(f'LIST () "" {b}/g RETURN (CHILDREN)'),
                         {f"{b}/g": {"\\HasNoChildren"}})
        self.assertEqual(self.listed(f'LIST {b}/e ("")'), {})
        self.assertEqual(list(self.listed(f'LIST "" ("" {b}/&! {b}/e)')),
                         [f"{b}/e"])
        self.ada.bad(f'LIST (RECURSIVEMATCH) "" *')
        self.ada.bad(f'LIST (NONSENSE) "" *')
        self.ada.bad(f'LIST "" * RETURN (NONSENSE)')

    def test_special_use(self):
        found = self.listed('LIST (SPECIAL-USE) "" *')
        self.assertNotIn("INBOX", found)
        self.assertIn("\\Sent", found["Sent"])
        found = self.listed('LIST "" Sent RETURN (SPECIAL-USE)')
        self.assertIn("\\Sent", found["Sent"])
        said = self.ada.no(f"CREATE {self.box}/s (USE (\\Sent))")
        self.assertTrue(said.startswith("[USEATTR]"), said)
        said = self.ada.no(f"CREATE {self.box}/s (USE (\\Nonsense))")
        self.assertTrue(said.startswith("[USEATTR]"), said)
        self.ada.bad(f"CREATE {self.box}/s (USE \\Sent)")
        self.ada.bad(f"CREATE {self.box}/s (FOO (\\Sent))")
        archive = [n for n, a in self.listed('LIST (SPECIAL-USE) "" *')
                   .items() if "\\Archive" in a]
        if archive:
            self.ada.ok(f"DELETE {archive[0]}")
        self.ada.ok(f"CREATE {self.box}/arc (USE (\\Archive))")
        self.assertIn("\\Archive",
                      self.listed(f'LIST "" {self.box}/arc')
                      [f"{self.box}/arc"])

    def test_namespace(self):
        self.assertEqual(self.ada.ok("NAMESPACE"),
                         ['NAMESPACE (("" "/")) (("Other Users/" "/")) '
                          '(("Shared/" "/"))'])


class Many(imap_talk.TestCase):
    """So many that sorting them takes memory of its own."""

    def test_list(self):
        for n in range(60):
            self.ada.ok(f"CREATE many-{n:02}")
            self.ada.ok(f"SUBSCRIBE gone-{n:02}")
        said = self.ada.ok('LIST "" many-*')
        self.assertEqual([u.split()[-1] for u in said],
                         [f"many-{n:02}" for n in range(60)])
        self.assertEqual(len(self.ada.ok('LSUB "" gone-*')), 60)


if __name__ == "__main__":
    chancery.main()
