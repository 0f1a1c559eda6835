"""Text in any charset is found by SEARCH, in the jails the daemons run in."""

import base64

import chancery

# A word that only that charset's message has, in subject and body.
WORDS = {
    "us-ascii": "plainest",
    "utf-8": "naïveté",
    "iso-8859-1": "crème",
    "iso-8859-2": "žluťoučký",
    "iso-8859-15": "œuvre",
    "windows-1252": "“quoted”",
    "windows-1251": "привет",
    "koi8-r": "спасибо",
    "iso-8859-7": "ευχαριστώ",
    "windows-1255": "שלום",
    "windows-1256": "مرحبا",
    "shift_jis": "東京都",
    "euc-jp": "大阪府",
    "iso-2022-jp": "名古屋",
    "euc-kr": "안녕하세요",
    "gb18030": "你好吗",
    "big5": "謝謝",
    "utf-16": "sixteen",
    "utf-7": "sieben§",
}


def message(charset, word):
    encoded = base64.b64encode(word.encode(charset)).decode()
    return (f"From: a@elsewhere.test\r\nTo: ada@example.test\r\n"
            f"Subject: =?{charset}?b?{encoded}?=\r\n"
            f"X-Charset: {charset}\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/plain; charset={charset}\r\n"
            f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n")


class Charsets(chancery.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        for charset, word in WORDS.items():
            case.send("x@elsewhere.test", ["ada"], message(charset, word))
        case.wait_for_messages("ada", len(WORDS))

    def found(self, key, word):
        """The charsets of the messages found."""
        imap = self.chancery.imap("ada")
        imap.select("INBOX", readonly=True)
        imap.literal = word.encode()
        _, data = imap.search("UTF-8", key)
        found = set()
        for number in data[0].split():
            _, parts = imap.fetch(
                number, "(BODY.PEEK[HEADER.FIELDS (X-CHARSET)])")
            found.add(parts[0][1].decode().split(":")[1].strip())
        imap.logout()
        return found

    def test_subject(self):
        for charset, word in WORDS.items():
            self.assertEqual(self.found("SUBJECT", word), {charset}, word)

    def test_body(self):
        for charset, word in WORDS.items():
            self.assertEqual(self.found("BODY", word), {charset}, word)

    def test_case_and_form_do_not_matter(self):
        self.assertEqual(self.found("BODY", "CRÈME"), {"iso-8859-1"})
        self.assertEqual(self.found("SUBJECT", "CRE\u0300ME"),
                         {"iso-8859-1"})
        self.assertEqual(self.found("BODY", "ПРИВЕТ"), {"windows-1251"})
        self.assertEqual(self.found("BODY", "PLAINEST"), {"us-ascii"})


if __name__ == "__main__":
    chancery.main()
