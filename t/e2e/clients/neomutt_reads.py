"""neomutt, in a terminal: the index, a message, a flag, a reply's delete."""

import chancery
import neomutt


class Neomutt(chancery.TestCase):
    users = ("ada",)

    def test_reads_and_deletes(self):
        self.send("eve@elsewhere.test", ["ada"],
                  "From: Eve <eve@elsewhere.test>\r\n"
                  "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
                  "Date: Sun, 1 Nov 2026 10:00:00 +0000\r\n"
                  "Content-Type: text/plain; charset=iso-8859-1\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                  "Sch=F6nes Wetter\r\n")
        self.send("eve@elsewhere.test", ["ada"],
                  "From: Eve <eve@elsewhere.test>\r\nSubject: second\r\n"
                  "Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nplain\r\n")
        self.wait_for_messages("ada", 2)
        with neomutt.Neomutt(self.chancery, "ada") as mutt:
            mutt.shows("second")
            mutt.shows("Grüße")
            mutt.keys("1", "Enter", "Enter")
            mutt.shows("Schönes Wetter")
            mutt.keys("i", "F", "2", "Enter", "d")
            mutt.keys("$")
            chancery.wait_until("one message left",
                                lambda: len(self.messages("ada")) == 1)
            mutt.keys("q")
        imap = self.chancery.imap("ada")
        imap.select("INBOX")
        _, data = imap.fetch("1", "(FLAGS)")
        self.assertIn(rb"\Seen", data[0])
        self.assertIn(rb"\Flagged", data[0])
        imap.logout()


if __name__ == "__main__":
    chancery.main()
