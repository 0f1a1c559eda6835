"""Thunderbird in mailboxes that somebody else shares: subscribed, opened,
read, flagged, copied and appended into; and refused where there is no right."""

import chancery
import imap_talk
import thunderbird

OTHERS = "Other Users/ada@example.test"


class ThunderbirdShared(chancery.TestCase):
    users = ("ada", "bob")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ada = imap_talk.Client(cls.chancery, "ada")
        for mailbox, rights in (("Plans", "lrsw"), ("Fixed", "lrs"),
                                ("Drop", "lrsi"), ("Closed", "lrsw")):
            ada.ok(f"CREATE {mailbox}")
            for n in (1, 2):
                ada.append(f"From: Ada <ada@example.test>\r\n"
                           f"Subject: {mailbox} {n}\r\n"
                           f"Message-ID: <{mailbox}.{n}@example.test>\r\n\r\n"
                           f"body of {mailbox} {n}\r\n".encode(),
                           mailbox=mailbox)
            ada.ok(f"SETACL {mailbox} bob {rights}")
        ada.close()
        bob = imap_talk.Client(cls.chancery, "bob")
        bob.append(b"From: X <x@elsewhere.test>\r\nSubject: to copy\r\n"
                   b"Message-ID: <c@elsewhere.test>\r\n\r\nx\r\n")
        bob.close()
        cls.bird = thunderbird.Thunderbird()
        cls.bird.make_account(cls.chancery, "bob", "Bob")
        cls.see()

    @classmethod
    def tearDownClass(cls):
        cls.bird.close()
        super().tearDownClass()

    @classmethod
    def see(cls):
        """As its window for subscriptions does: all of them, found by LIST."""
        cls.bird.work("""
            const [others] = args;
            const server = account.incomingServer.QueryInterface(
                Ci.nsIImapIncomingServer);
            server.performExpand(null);
            await until("the inbox", () => folder("INBOX"));
            const window = server.QueryInterface(Ci.nsISubscribableServer);
            await new Promise(done => {
                window.subscribeListener = { OnDonePopulating: done,
                    QueryInterface: ChromeUtils.generateQI(
                        ["nsISubscribeListener"]) };
                window.startPopulating(null, true, false);
            });
            for (const uri of window.getChildURIs(others))
                window.subscribe(uri);
            window.commitSubscribeChanges();
            server.performExpand(null);
            await until("the shared mailboxes", () =>
                ["Plans", "Fixed", "Drop", "Closed"].every(
                    name => folder(others + "/" + name)));
        """, OTHERS)

    def open(self, name, count):
        """Select it; what Thunderbird knows of its messages."""
        return self.bird.work("""
            const [path, count] = args;
            const shared = folder(path);
            shared.updateFolder(null);
            await until(path, () => [...shared.messages].length == count);
            return [...shared.messages].map(m => [m.mime2DecodedSubject,
                m.isRead, m.isFlagged]).sort();
        """, f"{OTHERS}/{name}", count)

    def ask(self, command, mailbox, whom="ada"):
        talk = imap_talk.Client(self.chancery, whom)
        talk.ok(f'EXAMINE "{mailbox}"')
        found = talk.search(command)
        talk.close()
        return found

    def test_opens_reads_and_flags(self):
        self.assertEqual(self.open("Plans", 2), [
            ["Plans 1", False, False], ["Plans 2", False, False]])
        text = self.bird.work("""
            const shared = folder(args[0]);
            const hdr = subject(shared, "Plans 2");
            const text = await read(shared, hdr);
            shared.markMessagesRead([hdr], true);
            shared.markMessagesFlagged([subject(shared, "Plans 1")], true);
            return text;
        """, f"{OTHERS}/Plans")
        self.assertIn("body of Plans 2", text)
        chancery.wait_until("the star", lambda: self.ask("FLAGGED", "Plans"))
        chancery.wait_until("seen", lambda: self.ask(
            "SEEN", f"{OTHERS}/Plans", "bob"))
        self.assertEqual(self.ask("SEEN", "Plans"), [])  # that is bob's own

    def test_without_w_nothing_is_flagged(self):
        self.open("Fixed", 2)
        self.bird.work("""
            const shared = folder(args[0]);
            shared.markMessagesFlagged([subject(shared, "Fixed 1")], true);
            shared.markMessagesRead([subject(shared, "Fixed 1")], true);
        """, f"{OTHERS}/Fixed")
        chancery.wait_until("what came behind it", lambda: self.ask(
            "SEEN", f"{OTHERS}/Fixed", "bob"))
        self.assertEqual(self.ask("FLAGGED", "Fixed"), [])

    def copy(self, name):
        self.bird.work("""
            const inbox = folder("INBOX");
            inbox.updateFolder(null);
            const hdr = await until("the message",
                () => subject(inbox, "to copy"));
            await listen(l => MailServices.copy.copyMessages(inbox, [hdr],
                folder(args[0]), false, l, null, false));
        """, f"{OTHERS}/{name}")

    def append(self, name):
        """From a file, so that its text travels."""
        path = f"{self.bird.home}/message"
        with open(path, "w") as file:
            file.write("From: Bob <bob@example.test>\r\n"
                       "Subject: from here\r\n\r\nx\r\n")
        self.bird.work("""
            const [path, from] = args;
            const file = Cc["@mozilla.org/file/local;1"].createInstance(
                Ci.nsIFile);
            file.initWithPath(from);
            await listen(l => MailServices.copy.copyFileMessage(file,
                folder(path), null, false, 0, "", l, null));
        """, f"{OTHERS}/{name}", path)

    def test_copies_and_appends_into_one_with_i(self):
        self.open("Drop", 2)
        self.copy("Drop")
        self.append("Drop")
        chancery.wait_until("both", lambda: len(self.ask("ALL", "Drop")) == 4)
        subjects = [m.split(b"Subject: ")[1].split(b"\r\n")[0]
                    for m in self.messages("ada", "Drop")[2:]]
        self.assertEqual(subjects, [b"to copy", b"from here"])

    def test_is_refused_without_i(self):
        self.open("Closed", 2)
        for attempt in (self.copy, self.append):
            with self.assertRaises(AssertionError):
                attempt("Closed")
        self.assertEqual(len(self.messages("ada", "Closed")), 2)


if __name__ == "__main__":
    chancery.main()
