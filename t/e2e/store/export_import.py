"""Mail goes out into mbox files and Maildirs and comes back byte for byte,
with flags, keywords and dates (chancery mailbox export and import); archives
of others, and hostile ones."""

import mailbox
import os
import random
import re
import shutil
import tempfile
import time

import chancery
import imap_talk

MESSAGES = (
    b"Subject: plain\r\n\r\nbody\r\n",
    b"Subject: no end of line\r\n\r\nbody",
    b"Subject: from\r\n\r\nFrom me\r\n>From you\r\n>>From all\r\n\r\n"
    b"From x Thu Jan  1 00:00:00 1970\r\nFromage\r\n",
    b"Subject: bare LF\r\n\r\none\ntwo\r\n\nFrom y 10:00:00\r\n",
    b"Subject: bare CR\r\n\r\none\rtwo\r\n",
    b"Subject: only LF\n\nFrom z 10:00:00\n\n\n",
    b"Subject: ends in CR\r\n\r\nx\r",
    b"Subject: empty lines\r\n\r\n\r\n\r\n\r\n",
    b"X-Chancery: 1; size=3; eol=crlf; date=7; flags=S; keywords=\r\n"
    b"Status: RO\r\nX-Status: F\r\n\r\nnot ours\r\n",
    b"Status: RO\r\nSubject: status\r\n\r\nx\r\n",
    b"\r\n\r\n",
    b"x",
    b"Subject: long\r\n\r\n" + b"y" * 200000 + b"\r\n",
    b"Subject: bytes\r\n\r\n" + bytes(range(1, 256)) * 3,
    b"Subject: twice\r\n\r\nsame\r\n",
    b"Subject: twice\r\n\r\nsame\r\n",
    b"Subject: large\r\n\r\n" + b"z" * 1500000,
)
NAMES = ("INBOX", "Archive", "Work/2026", "Work/a.b", "Gr\u00fc\u00dfe/\u65e5",
         "percent % & ~", "x" * 400, "y/" * 20 + "z")


class RoundTrip(imap_talk.TestCase):

    users = ("ada", "bob", "cyd", "dan")

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="archive-")

    def tearDown(self):
        super().tearDown()
        shutil.rmtree(self.folder)

    def verb(self, *words, user="ada", check=True):
        return self.chancery.run(
            "mailbox", words[0], self.chancery.address(user), *words[1:],
            check=check)

    def snapshot(self, user):
        """name: list of (bytes, flags, date), sorted."""
        client = self.client(user)
        found = {}
        for said in client.ok('LIST "" *'):
            name = re.search(r' "/" (.*)$', said, re.S).group(1)
            name = re.sub(r"^\{\d+\}\r\n", "", name)
            client.ok(f"EXAMINE {name}")
            rows = []
            for row in client.ok("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])"
                                 ) if self.count(client, name) else ():
                if " FETCH " not in row:
                    continue
                flags = re.search(r"FLAGS \(([^)]*)\)", row).group(1)
                flags = sorted(f for f in flags.split() if f != "\\Recent")
                date = re.search(r'INTERNALDATE "([^"]*)"', row).group(1)
                size, rest = re.search(r"BODY\[\] (?:\{(\d+)\}\r\n|\")(.*)",
                                       row, re.S).groups()
                body = rest[:int(size)] if size else rest[:-2]
                rows.append((body, flags, date))
            found[name] = sorted(rows)
        client.ok("LOGOUT")
        return found

    def count(self, client, name):
        said = client.ok(f"STATUS {name} (MESSAGES)")[0]
        return int(re.search(r"MESSAGES (\d+)", said).group(1))

    def fill_ada(self):
        draw = random.Random(5)
        for name in NAMES:
            wire = self.utf7(name)
            if name not in ("INBOX", "Archive"):
                self.ada.ok("CREATE ", wire)
            for n, message in enumerate(MESSAGES):
                flags = [f for f in ("\\Seen", "\\Flagged", "\\Answered",
                                     "\\Draft", "\\Deleted", "$Forwarded",
                                     "a;b", "Work")
                         if draw.random() < 0.4]
                day = time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(
                    draw.randrange(2_000_000_000)))
                self.ada.ok("APPEND ", wire, f' ({" ".join(flags)}) "{day}" ',
                            message, plus=True)

    def utf7(self, name):
        import base64
        out = b""
        for part in re.split("([^ -~]+)", name):
            if part and not " " <= part[0] <= "~":
                word = base64.b64encode(part.encode("utf-16-be"))
                part = "&" + word.decode().rstrip("=").replace(
                    "/", ",") + "-"
            else:
                part = part.replace("&", "&-")
            out += part.encode()
        return out

    def test_whole_accounts(self):
        self.fill_ada()
        before = self.snapshot("ada")
        count = sum(map(len, before.values()))
        self.assertGreaterEqual(count, len(NAMES) * len(MESSAGES))
        for user, form in (("bob", "mbox"), ("cyd", "maildir")):
            folder = os.path.join(self.folder, form)
            said = self.verb("export", folder, "--format", form)
            self.assertIn(f"messages: {count}", said.stdout)
            if form == "maildir":  # again: nothing is written twice
                self.verb("export", folder, "--format", form)
            self.verb("import", folder, user=user)
            after = self.snapshot(user)
            for name, rows in before.items():
                if rows:
                    self.assertEqual(after.get(name), rows, name)
        self.chancery.run("mailbox", "verify")

    def test_one_mailbox_elsewhere(self):
        for message in MESSAGES[:3]:
            self.ada.append(message, self.box)
        self.verb("export", self.folder, "--mailbox", self.box)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["chancery-mailboxes", f"{self.box}.mbox"])
        self.verb("import", os.path.join(self.folder, f"{self.box}.mbox"),
                  "--mailbox", "There/it is", user="dan")
        dan = self.client("dan", select='"There/it is"')
        self.assertEqual(dan.search("ALL"), [1, 2, 3])
        for words in (("export", self.folder, "--mailbox", "nowhere"),
                      ("import", os.path.join(self.folder, "nowhere"))):
            self.assertEqual(self.verb(*words, check=False).returncode, 1)
        for words in (("export", self.folder, "--format", "zip"),
                      ("import", self.folder, "--format", "zip")):
            self.assertEqual(self.verb(*words, check=False).returncode, 2)

    def test_an_import_that_is_cut_off_goes_on(self):
        """A message in the middle is refused; put right, the others do not
        come again."""
        path = os.path.join(self.folder, "x.mbox")
        whole = b"".join(b"From a@b Thu Jan  1 00:00:0%d 1970\n"
                         b"Subject: %d\n\nsame\n\n" % (n, n)
                         for n in range(5))
        with open(path, "wb") as out:
            out.write(whole.replace(b"Subject: 2\n\nsame", b"a\0b\n\nsame"))
        done = self.verb("import", path, "--mailbox", self.box, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("imported: 4", done.stdout)
        self.assertIn("left_out: 1", done.stdout)
        with open(path, "wb") as out:
            out.write(whole)
        done = self.verb("import", path, "--mailbox", self.box)
        self.assertIn("imported: 1", done.stdout)
        self.assertIn("there_already: 4", done.stdout)
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(len(self.ada.search("ALL")), 5)
        done = self.verb("import", path, "--mailbox", self.box)
        self.assertIn("imported: 5", done.stdout)

    def test_over_quota_ends_it(self):
        eve = "eve@example.test"
        self.chancery.run("user", "add", eve, "--quota", "100K",
                          "--password-file", "-", stdin="secret-eve\n")
        self.send("ada", ["eve"], "Subject: x\r\n\r\nx\r\n")
        chancery.wait_until("the message", lambda: self.messages("eve"))
        path = os.path.join(self.folder, "x.mbox")
        with open(path, "w") as out:
            for n in range(50):
                out.write(f"From a@b Thu Jan  1 00:00:00 1970\nSubject: {n}"
                          f"\n\n{'x' * 5000}\n\n")
        done = self.chancery.run("mailbox", "import", eve, path, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("quota", done.stderr)

    def test_archives_of_others(self):
        box = mailbox.mbox(os.path.join(self.folder, "theirs.mbox"))
        for n in range(3):
            message = mailbox.mboxMessage(f"Subject: {n}\n\nFrom me\nx\n")
            message.set_flags("RF" if n else "A")
            message.set_from("eve@b", time.gmtime(1_000_000_000 + n))
            box.add(message)
        box.close()
        folder = os.path.join(self.folder, "dir")
        box = mailbox.Maildir(folder)
        sub = box.add_folder("Lists.&ZeU-")
        message = mailbox.MaildirMessage("Subject: m\n\nx\n")
        message.set_subdir("cur")
        message.set_flags("FS")
        message.set_date(1_000_000_000)
        sub.add(message)
        box.add("Subject: new\n\nx\n")
        self.verb("import", self.folder, user="dan")
        self.verb("import", folder, user="dan")
        found = self.snapshot("dan")
        self.assertEqual(
            [(b, f, d) for b, f, d in found["theirs"]][1][1:],
            (["\\Flagged", "\\Seen"], " 9-Sep-2001 01:46:41 +0000"))
        self.assertIn("\r\n\r\nFrom me\r\nx\r\n", found["theirs"][0][0])
        self.assertEqual(found["Lists/&ZeU-"],
                         [("Subject: m\r\n\r\nx\r\n",
                           ["\\Flagged", "\\Seen"],
                           " 9-Sep-2001 01:46:40 +0000")])
        self.assertIn("Subject: new\r\n\r\nx\r\n",
                      [row[0] for row in found["INBOX"]])

    def test_hostile_archives(self):
        secret = os.path.join(self.folder, "secret")
        with open(secret, "w") as out:
            out.write("From a@b Thu Jan  1 00:00:00 1970\nSubject: secret\n"
                      "\nsecret\n\n")
        evil = os.path.join(self.folder, "evil")
        os.makedirs(os.path.join(evil, "cur"))
        os.symlink(secret, os.path.join(evil, "cur", "1:2,S"))
        os.mkfifo(os.path.join(evil, "cur", "2:2,"))
        os.mkdir(os.path.join(evil, "cur", "3:2,"))
        os.symlink(secret, os.path.join(evil, "link.mbox"))
        os.symlink(self.folder, os.path.join(evil, ".link"))
        os.symlink("/etc", os.path.join(evil, "new"))
        for name in (".a..b", "..c", ".%00", ".%2F", ".&broken",
                     "." + "n" * 200):
            os.makedirs(os.path.join(evil, name, "cur"))
            with open(os.path.join(evil, name, "cur", "1"), "w") as out:
                out.write("Subject: x\n\nx\n")
        with open(os.path.join(evil, "chancery-mailboxes"), "w") as out:
            out.write("n\t../../etc\nlong\t" + "l" * 5000 + "\n\t\n\nx\n" +
                      "&broken\ta//b\n")
        for name, text in (("long", "x" * 3_000_000), ("empty", ""),
                           ("from", "From \nFrom \n\nFrom x\n"),
                           ("line", "From a 10:00:00\n" + "y" * 2_000_000),
                           ("size", "From a 10:00:00\nX-Chancery: 1; "
                            "size=99999999999999999999; eol=as-is; date=-; "
                            "flags=SSSZ; keywords=( * \\Seen\n\nx\n"),
                           ("nul", "From a 10:00:00\n\0\n\n")):
            with open(os.path.join(evil, name + ".mbox"), "w") as out:
                out.write(text)
        done = self.verb("import", evil, user="dan", check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        said = str(self.snapshot("dan"))
        self.assertNotIn("secret", said)
        self.assertNotIn("root:", said)
        self.assertIn("symbolic link", done.stdout)
        self.assertEqual(os.listdir(os.path.join(evil, "cur")).sort(),
                         ["1:2,S", "2:2,", "3:2,"].sort())
        self.chancery.run("mailbox", "verify")


if __name__ == "__main__":
    chancery.main()
