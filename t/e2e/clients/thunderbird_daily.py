"""Thunderbird's day: an account, the folders, a message read, flagged, moved
and thrown away, one written and sent."""

import re

import chancery
import thunderbird


class Daily(chancery.TestCase):
    users = ("ada", "bob")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bird = thunderbird.Thunderbird()
        cls.bird.make_account(cls.chancery, "ada", "Ada L.")

    @classmethod
    def tearDownClass(cls):
        cls.bird.close()
        super().tearDownClass()

    def run_script(self, body, *arguments):
        return self.bird.work(body, *arguments)

    def flags(self, mailbox):
        """{subject: flags} as the server has them."""
        imap = self.chancery.imap("ada")
        found = {}
        if imap.select(f'"{mailbox}"', readonly=True)[0] == "OK":
            _, data = imap.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS "
                                 "(SUBJECT)])")
            for part in data:
                if isinstance(part, tuple):
                    subject = part[1].decode().strip()[9:]
                    found[subject] = re.search(r"FLAGS \((.*?)\)",
                                               part[0].decode())[1].split()
        imap.logout()
        return found

    def test_a_day(self):
        for n in range(4):
            self.send("x@elsewhere.test", ["ada"],
                      f"From: X <x@elsewhere.test>\r\nSubject: number {n}\r\n"
                      f"Message-ID: <{n}@elsewhere.test>\r\n\r\nbody {n}\r\n")
        self.wait_for_messages("ada", 4)
        self.see_folders()
        self.read()
        self.flag()
        self.move()
        self.throw_away()
        self.notice()
        self.write()

    def see_folders(self):
        self.run_script("""
            account.incomingServer.performExpand(null);
            await until("the folders", () => ["INBOX", "Drafts", "Sent",
                "Trash", "Junk"].every(folder));
        """)

    def read(self):
        seen = self.run_script("""
            const inbox = folder("INBOX");
            inbox.updateFolder(null);
            await until("four messages", () => subject(inbox, "number 3"));
            const hdr = subject(inbox, "number 1");
            const text = await read(inbox, hdr);
            inbox.markMessagesRead([hdr], true);
            return [[...inbox.messages].length, hdr.author, text];
        """)
        self.assertEqual(seen[:2], [4, "X <x@elsewhere.test>"])
        self.assertIn("body 1\r\n", seen[2])
        chancery.wait_until(r"\Seen", lambda: r"\Seen" in
                            self.flags("INBOX")["number 1"])

    def flag(self):
        self.run_script("""
            const inbox = folder("INBOX");
            inbox.markMessagesFlagged([subject(inbox, "number 2")], true);
            inbox.addKeywordsToMessages([subject(inbox, "number 2")],
                "$label1");
        """)
        chancery.wait_until("the star and the tag", lambda: {
            r"\Flagged", "$label1"} <= set(self.flags("INBOX")["number 2"]))

    def move(self):
        self.run_script("""
            root.createSubfolder("Reisen & Pl\u00e4ne", null);
            const to = await until("the new folder",
                () => folder("Reisen & Pl\u00e4ne"));
            const inbox = folder("INBOX");
            await listen(l => MailServices.copy.copyMessages(inbox,
                [subject(inbox, "number 1")], to, true, l, null, false));
        """)
        chancery.wait_until("the move", lambda: "number 1" in
                            self.flags("Reisen &- Pl&AOQ-ne"))
        self.assertNotIn("number 1", self.flags("INBOX"))
        self.assertIn(r"\Seen", self.flags("Reisen &- Pl&AOQ-ne")["number 1"])

    def throw_away(self):
        self.run_script("""
            const inbox = folder("INBOX");
            await listen(l => inbox.deleteMessages(
                [subject(inbox, "number 0")], null, false, false, l, false));
        """)
        chancery.wait_until("the trash", lambda: "number 0" in
                            self.flags("Trash"))
        self.assertNotIn("number 0", self.flags("INBOX"))

    def notice(self):
        """What comes in shows up while it idles."""
        self.send("x@elsewhere.test", ["ada"], "Subject: news\r\n\r\nx\r\n")
        self.run_script("""
            await until("the new message",
                () => subject(folder("INBOX"), "news"));
        """)

    def write(self):
        self.run_script("""
            const identity = account.defaultIdentity;
            const fields = Cc["@mozilla.org/messengercompose/composefields;1"]
                .createInstance(Ci.nsIMsgCompFields);
            fields.from = "Ada L. <ada@example.test>";
            fields.to = "bob@example.test";
            fields.subject = "Gr\u00fc\u00dfe";
            fields.fcc = folder("Sent").URI;
            await new Promise((resolve, reject) =>
                Cc["@mozilla.org/messengercompose/send;1"].createInstance(
                    Ci.nsIMsgSend).createAndSendMessage(null, identity,
                    account.key, fields, false, false,
                    Ci.nsIMsgSend.nsMsgDeliverNow, null, "text/plain",
                    "Sch\u00f6ne Gr\u00fc\u00dfe\\r\\n", null, null, {
                        onStartSending() {}, onProgress() {}, onStatus() {},
                        onGetDraftFolderURI() {},
                        onSendNotPerformed() { reject("not performed"); },
                        onTransportSecurityError() { reject("security"); },
                        onStopSending(id, status, text) {
                            status ? reject("status " + status + text) :
                                resolve();
                        },
                        QueryInterface: ChromeUtils.generateQI(
                            ["nsIMsgSendListener"]),
                    }, "", "", Ci.nsIMsgCompType.New));
        """)
        message = self.wait_for_messages("bob", 1)[0]
        self.assertIn(b"From: \"Ada L.\" <ada@example.test>", message)
        self.assertIn(b"User-Agent: Mozilla Thunderbird", message)
        chancery.wait_until("the copy in Sent", lambda: len(
            self.messages("ada", "Sent")) == 1)


if __name__ == "__main__":
    chancery.main()
