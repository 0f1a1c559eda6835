"""SORT and THREAD (RFC 5256), SORT=DISPLAY (RFC 5957)."""

import re

import chancery
import imap_talk


def mail(subject="x", date="Sun, 1 Nov 2026 10:00:00 +0000", body="b\r\n",
         **fields):
    head = ""
    if date:
        head += f"Date: {date}\r\n"
    if subject is not None:
        head += f"Subject: {subject}\r\n"
    for name, value in fields.items():
        head += f"{name.replace('_', '-')}: {value}\r\n"
    return (head + "\r\n" + body).encode()


class Sort(imap_talk.TestCase):

    def put(self, *mails):
        uids = []
        for one in mails:
            text, options = one if isinstance(one, tuple) else (one, "")
            uids.append(self.ada.append(text, self.box, options))
        self.ada.ok(f"SELECT {self.box}")
        return uids

    def sort(self, keys, search="ALL", charset="UTF-8", uid=""):
        said = [u for u in self.ada.ok(f"{uid}SORT ({keys}) {charset} "
                                       f"{search}") if u.startswith("SORT")]
        self.assertEqual(len(said), 1)
        return [int(n) for n in said[0].split()[1:]]

    def test_by_subject(self):
        self.put(mail("Re: banana"), mail("apple"),
                 mail("=?utf-8?q?=C3=84pfel?="), mail("[list] Apple (fwd)"),
                 mail(None), mail("BANANA"), mail("=?utf-8?b?YmFuYW5B?="))
        # without case: decomposed, so the umlaut comes after A and before B
        self.assertEqual(self.sort("SUBJECT"), [5, 2, 4, 3, 1, 6, 7])
        self.assertEqual(self.sort("REVERSE SUBJECT"),
                         [1, 6, 7, 3, 2, 4, 5])

    def test_by_dates(self):
        self.put(
            (mail(date="Mon, 2 Nov 2026 10:00:00 +0000"),
             '"05-Nov-2026 10:00:00 +0000"'),
            # by UTC this is before the first
            (mail(date="Mon, 2 Nov 2026 14:00:00 +0500"),
             '"04-Nov-2026 10:00:00 +0000"'),
            # no date: when it arrived
            (mail(date=None), '"01-Nov-2026 10:00:00 +0000"'),
            (mail(date="soon"), '"09-Nov-2026 10:00:00 +0000"'))
        self.assertEqual(self.sort("DATE"), [3, 2, 1, 4])
        self.assertEqual(self.sort("ARRIVAL"), [3, 2, 1, 4])
        self.assertEqual(self.sort("REVERSE ARRIVAL"), [4, 1, 2, 3])

    def test_by_addresses(self):
        self.put(mail(From="Zoe <ada@x>", To="b@x", Cc="c@x"),
                 mail(From="bob@a", To="Alf <z@x>"),
                 mail(From='"=?utf-8?q?Anna?=" <zz@x>',
                      To="group: ;, mia@x", Cc="Bea@x"),
                 mail())
        self.assertEqual(self.sort("FROM"), [4, 1, 2, 3])
        self.assertEqual(self.sort("TO"), [4, 1, 3, 2])
        self.assertEqual(self.sort("CC"), [2, 4, 3, 1])
        self.assertEqual(self.sort("DISPLAYFROM"), [4, 3, 2, 1])
        self.assertEqual(self.sort("DISPLAYTO"), [4, 2, 1, 3])

    def test_by_size_and_several(self):
        uids = self.put(mail("b"), mail("a"), mail("a", body="long\r\n" * 9),
                        mail("b", body="long\r\n" * 9))
        self.assertEqual(self.sort("SIZE"), [1, 2, 3, 4])
        self.assertEqual(self.sort("REVERSE SIZE"), [3, 4, 1, 2])
        self.assertEqual(self.sort("SUBJECT REVERSE SIZE"), [3, 2, 4, 1])
        self.assertEqual(self.sort("REVERSE SIZE SUBJECT"), [3, 4, 2, 1])
        self.assertEqual(self.sort("SUBJECT", "SUBJECT b", uid="UID "),
                         [uids[0], uids[3]])
        self.assertEqual(self.sort("SUBJECT", "SUBJECT z"), [])

    def test_modseq(self):
        self.put(mail("b"), mail("a"))
        said = self.ada.ok("SORT (SUBJECT) US-ASCII MODSEQ 1")
        self.assertRegex(said[-1], r"^SORT 2 1 \(MODSEQ \d+\)$")

    def test_syntax(self):
        self.put(mail())
        for wrong in ("", "SUBJECT UTF-8 ALL", "() UTF-8 ALL",
                      "(FOO) UTF-8 ALL", "(REVERSE) UTF-8 ALL",
                      "(DATE) UTF-8", "(DATE) ALL", "(DATE UTF-8 ALL",
                      "(DATE  SIZE) UTF-8 ALL"):
            self.ada.bad("SORT " + wrong)
        self.assertIn("BADCHARSET", self.ada.no("SORT (DATE) KLINGON ALL"))
        for wrong in ("", "FOO UTF-8 ALL", "REFERENCES", "REFERENCES UTF-8"):
            self.ada.bad("THREAD " + wrong)
        self.assertIn("BADCHARSET", self.ada.no("THREAD REFERENCES X-X ALL"))

    def thread(self, how="REFERENCES", search="ALL", uid=""):
        said = [u for u in self.ada.ok(f"{uid}THREAD {how} UTF-8 {search}")
                if u.startswith("THREAD")]
        self.assertEqual(len(said), 1)
        return said[0]

    def test_thread_references(self):
        uids = self.put(
            mail("news", Message_ID="<1@x>"),
            mail("Re: news", Message_ID="<2@x>", References="<1@x>"),
            mail("Re: news", Message_ID="<3@x>", References="<1@x> <2@x>"),
            mail("Re: news", Message_ID="<4@x>", In_Reply_To="<1@x> (me)"),
            mail("other", Message_ID='<"5"@x>'),
            mail("Re: changed", Message_ID="<6@x>", References='<5@x>'),
            mail("Re: [list] NEWS", Message_ID="<7@x>"),
            mail("lost", Message_ID="<8@x>", References="<gone@x>"),
            mail("lost too", Message_ID="<9@x>", References="<gone@x>"))
        self.assertEqual(self.thread(),
                         "THREAD (1 (2 3)(4)(7))(5 6)((8)(9))")
        self.assertEqual(self.thread(search="2:3", uid="UID "),
                         f"THREAD ({uids[1]} {uids[2]})")
        self.assertEqual(self.thread(search="SEEN"), "THREAD")

    def test_thread_orderedsubject(self):
        self.put(mail("b", "Sun, 1 Nov 2026 12:00:00 +0000"),
                 mail("a", "Sun, 1 Nov 2026 11:00:00 +0000"),
                 mail("re: B", "Sun, 1 Nov 2026 10:00:00 +0000"),
                 mail("Fwd: b", "Sun, 1 Nov 2026 13:00:00 +0000"),
                 mail("c", "Sun, 1 Nov 2026 14:00:00 +0000"))
        self.assertEqual(self.thread("ORDEREDSUBJECT"),
                         "THREAD (3 (1)(4))(2)(5)")

    def test_copies_in_any_order(self):
        """What lies apart in the store, and what is there twice."""
        self.put(*[mail(f"s{n:02}") for n in range(40)])
        self.ada.ok(f"CREATE {self.box}-2")
        order = [n * 17 % 40 + 1 for n in range(40)]
        for n in order + [5, 5, 40, 1]:
            self.ada.ok(f"COPY {n} {self.box}-2")
        self.ada.ok(f"SELECT {self.box}-2")
        want = sorted(range(44), key=lambda i: (order + [5, 5, 40, 1])[i])
        self.assertEqual(self.sort("SUBJECT"), [i + 1 for i in want])
        self.assertEqual(self.ada.search("SUBJECT s39"),
                         [i + 1 for i in range(44)
                          if (order + [5, 5, 40, 1])[i] == 40])

    def test_long_header(self):
        """Digests that do not fit into the index are read from the packs."""
        ids = " ".join(f"<{n}-{'x' * 60}@y>" for n in range(60))
        self.put(mail("b", References=ids, Message_ID="<a@y>"),
                 mail("a", References=ids, Message_ID="<b@y>"),
                 mail("long " * 700 + " end"))
        self.assertEqual(self.sort("SUBJECT"), [2, 1, 3])
        self.assertEqual(self.thread(), "THREAD ((1)(2))(3)")
        self.assertEqual(self.ada.search("SUBJECT end"), [3])


class Results(imap_talk.TestCase):
    """ESEARCH (RFC 4731), SEARCHRES (RFC 5182), WITHIN (RFC 5032)."""

    def setUp(self):
        super().setUp()
        self.uids = self.fill(5)
        self.ada.ok(f"SELECT {self.box}")
        self.ada.ok("STORE 2:4 +FLAGS (\\Flagged)")

    def esearch(self, keys, uid=""):
        """What stands behind the tag, and the tag is ours."""
        tag = self.ada.begin(f"{uid}SEARCH {keys}")
        untagged, done = self.ada.end(tag)
        self.assertTrue(done.startswith("OK"), done)
        said = [u for u in untagged if u.startswith("ESEARCH")]
        self.assertLessEqual(len(said), 1)
        if not said:
            return None
        head = f'ESEARCH (TAG "{tag}")'
        self.assertTrue(said[0].startswith(head), said)
        return said[0][len(head):]

    def test_esearch(self):
        u = self.uids
        for keys, want in (
                ("RETURN (MIN MAX COUNT ALL) FLAGGED",
                 " MIN 2 MAX 4 COUNT 3 ALL 2:4"),
                ("RETURN () OR 1 FLAGGED", " ALL 1:4"),
                ("RETURN (all) 1,3,5", " ALL 1,3,5"),
                ("RETURN (COUNT) SEEN", " COUNT 0"),
                ("RETURN (MIN ALL) SEEN", ""),
                ("RETURN (MAX) CHARSET UTF-8 ALL", " MAX 5")):
            self.assertEqual(self.esearch(keys), want, keys)
        self.assertEqual(self.esearch("RETURN (MIN COUNT) FLAGGED", "UID "),
                         f" UID MIN {u[1]} COUNT 3")
        for wrong in ("RETURN ALL", "RETURN (FOO) ALL", "RETURN (ALL)",
                      "RETURN (ALL ALL", "RETURN (MIN  MAX) ALL"):
            self.ada.bad("SEARCH " + wrong)

    def test_esearch_modseq(self):
        self.ada.ok("ENABLE CONDSTORE")
        self.ada.ok("STORE 5 +FLAGS (\\Flagged)")
        values = {}
        for said in self.ada.ok("FETCH 1:* (MODSEQ)"):
            number, value = re.match(r"(\d+) FETCH \(MODSEQ \((\d+)\)",
                                     said).groups()
            values[int(number)] = value
        for results, of in (("MIN", 1), ("MAX", 5), ("MIN MAX", 5),
                            ("COUNT MIN", 5), ("ALL", 5)):
            said = self.esearch(f"RETURN ({results}) MODSEQ 1")
            self.assertTrue(said.endswith(f" MODSEQ {values[of]}"),
                            (results, said, values))

    def test_saved(self):
        self.assertIsNone(self.esearch("RETURN (SAVE) FLAGGED"))
        self.assertEqual(self.ada.search("$"), [2, 3, 4])
        self.assertEqual(self.ada.search("NOT $"), [1, 5])
        self.assertEqual(len(self.ada.ok("FETCH $ (UID)")), 3)
        self.assertEqual(len(self.ada.ok("UID FETCH $ (UID)")), 3)
        self.assertEqual(self.esearch("RETURN (COUNT SAVE) $ 1:3"),
                         " COUNT 2")
        self.assertEqual(self.ada.search("$"), [2, 3])
        # what is gone is gone, and numbers are today's
        self.ada.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        self.ada.ok("EXPUNGE")
        self.assertEqual(self.ada.search("$"), [2 - 1])
        self.assertEqual(self.ada.ok("FETCH $ (UID)"),
                         [f"1 FETCH (UID {self.uids[2]})"])
        self.ada.ok(f"COPY $ {self.box}")
        self.assertEqual(self.esearch("RETURN (SAVE) SEEN"), None)
        self.assertEqual(self.ada.ok("FETCH $ (UID)"), [])

    def test_what_is_saved(self):
        for results, want in (("MIN SAVE", [2]), ("SAVE MAX", [4]),
                              ("MIN MAX SAVE", [2, 4]),
                              ("MIN COUNT SAVE", [2, 3, 4]),
                              ("ALL MIN SAVE", [2, 3, 4])):
            self.esearch(f"RETURN ({results}) FLAGGED")
            self.assertEqual(self.ada.search("$"), want, results)
        # BAD keeps it, NO does not, and neither does SELECT
        self.ada.bad("SEARCH RETURN (SAVE) FOO")
        self.assertEqual(self.ada.search("$"), [2, 3, 4])
        self.ada.no("SEARCH RETURN (SAVE) CHARSET X-X ALL")
        self.assertEqual(self.ada.search("$"), [])
        self.esearch("RETURN (SAVE) FLAGGED")
        self.ada.ok(f"SELECT {self.box}")
        self.assertEqual(self.ada.search("$"), [])

    def test_within(self):
        self.ada.append(b"Subject: old\r\n\r\nx\r\n", self.box,
                        '"01-Nov-2020 10:00:00 +0000"')
        self.ada.ok("NOOP")
        self.assertEqual(self.ada.search("OLDER 86400"), [6])
        self.assertEqual(self.ada.search("YOUNGER 86400"), [1, 2, 3, 4, 5])
        self.assertEqual(self.ada.search("OLDER 4294967295"), [])
        for wrong in ("OLDER", "OLDER 0", "YOUNGER x", "YOUNGER 4294967296"):
            self.ada.bad("SEARCH " + wrong)


if __name__ == "__main__":
    chancery.main()
