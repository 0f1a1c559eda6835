"""The smtp agent alone: a transaction of qmgr's becomes one of SMTP, with the
site's own words in the answers."""

import unittest

from site_peer import EXTENSIONS, Agent, AgentCase

BODY = b"Subject: x\r\n\r\nhello\r\n.dot\r\n..two\r\nend\r\n"


class Transactions(AgentCase):
    def test_what_it_offers(self):
        self.assertEqual(self.lmtp.offers, [
            "PIPELINING", "SIZE 10305536", "ENHANCEDSTATUSCODES", "8BITMIME",
            "SMTPUTF8", "CHUNKING", "BINARYMIME", "DSN", "XCHANCERY"])

    def test_message_goes_through(self):
        site = self.site()
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test", "c@b.test"],
                                        BODY)
        words = f"[relay={site.relay}] "
        self.assertEqual(replies, [
            (250, f"2.1.0 {words}[said=250:MAIL] sender ok"),
            (250, f"2.1.5 {words}[said=250:RCPT] recipient ok"),
            (250, f"2.1.5 {words}[said=250:RCPT] recipient ok"),
            (354, "End data with <CR><LF>.<CR><LF>"),
            (250, f"2.0.0 [dsn] {words}[said=250:end] Ok: queued as 1"),
            (250, f"2.0.0 [dsn] {words}[said=250:end] Ok: queued as 1")])
        self.assertEqual(site.messages[0].mail, "FROM:<s@elsewhere.test>")
        self.assertEqual(site.messages[0].rcpts, ["TO:<a@b.test>",
                                                  "TO:<c@b.test>"])
        self.assertEqual(site.messages[0].data, BODY)
        self.assertEqual(site.lines()[0], "EHLO mail.example.test")

    def test_commands_go_in_one_go_where_they_may(self):
        for words, least, most in ((EXTENSIONS, 5, 99), (("SIZE",), 1, 1)):
            site = self.site(extensions=words)
            self.lmtp.transaction(site.nexthop, [f"r{i}@b.test"
                                                 for i in range(3)])
            self.assertEqual(len(site.messages[0].rcpts), 3)
            batch = site.connections[0].batch
            self.assertTrue(least <= batch <= most or least == 1, batch)

    def test_client_that_waits_for_each_answer(self):
        site = self.site()
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test"], BODY,
                                        pipelined=False)
        self.assertEqual([code for code, _ in replies], [250, 250, 354, 250])
        self.assertEqual(site.messages[0].data, BODY)

    def test_parameters(self):
        site = self.site()
        self.lmtp.transaction(
            site.nexthop,
            ["a@b.test NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@b.test",
             "c@b.test NOTIFY=NEVER"],
            words="SIZE=1234 BODY=8BITMIME RET=HDRS ENVID=a+2Bb")
        self.assertEqual(site.messages[0].mail,
                         "FROM:<s@elsewhere.test> SIZE=1234 BODY=8BITMIME "
                         "RET=HDRS ENVID=a+2Bb")
        self.assertEqual(site.messages[0].rcpts, [
            "TO:<a@b.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@b.test",
            "TO:<c@b.test> NOTIFY=NEVER"])

    def test_parameters_that_the_site_does_not_know(self):
        site = self.site(extensions=("PIPELINING", "8BITMIME"))
        replies = self.lmtp.transaction(
            site.nexthop, ["a@b.test NOTIFY=SUCCESS"],
            words="SIZE=12 RET=FULL ENVID=x SMTPUTF8")
        self.assertEqual(replies[-1][0], 250)
        self.assertNotIn("[dsn]", replies[-1][1])
        self.assertEqual(site.messages[0].mail, "FROM:<s@elsewhere.test>")
        self.assertEqual(site.messages[0].rcpts, ["TO:<a@b.test>"])

    def test_some_are_refused(self):
        def rcpt(connection, args):
            return ("550 5.1.1 nobody of that name" if "no@" in args else
                    "452 4.2.2 full\x01" if "full@" in args else None)

        site = self.site({"RCPT": rcpt})
        replies = self.lmtp.transaction(site.nexthop, [
            "no@b.test", "a@b.test", "full@b.test"], BODY)
        words = f"[relay={site.relay}] "
        self.assertEqual(replies[1:4], [
            (550, f"5.1.1 {words}[said=550:RCPT] nobody of that name"),
            (250, f"2.1.5 {words}[said=250:RCPT] recipient ok"),
            (452, f"4.2.2 {words}[said=452:RCPT] full?")])
        self.assertEqual(len(replies), 6)
        self.assertEqual(site.messages[0].rcpts, ["TO:<a@b.test>"])

    def test_all_are_refused(self):
        for extensions in (EXTENSIONS, ()):
            site = self.site({"RCPT": "550 no"}, extensions)
            replies = self.lmtp.transaction(site.nexthop, ["a@b.test"])
            self.assertEqual(replies[1:], [
                (550, f"5.0.0 [relay={site.relay}] [said=550:RCPT] no"),
                (503, "5.5.1 Error: no valid recipients")])
            self.assertNotIn("hello", str(site.lines()))

    def test_354_for_nobody_gets_an_empty_message(self):
        site = self.site({"RCPT": "550 no", "DATA": "354 go on",
                          ".": "554 5.5.1 no valid recipients"})
        for _ in range(2):
            replies = self.lmtp.transaction(site.nexthop, ["a@b.test"])
            self.assertEqual([code for code, _ in replies], [250, 550, 503])
        self.assertEqual(len(site.connections), 1)

    def test_sender_is_refused(self):
        site = self.site({"MAIL": "550-5.7.1 not\r\n550 5.7.1 you"})
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test"])
        self.assertEqual(replies[0], (
            550, f"5.7.1 [relay={site.relay}] [said=550:MAIL] not\n"
                 "5.7.1 you"))
        self.assertEqual(replies[1], replies[0])
        self.assertEqual(replies[2][0], 503)

    def test_message_is_refused(self):
        site = self.site({"END": "554 5.7.1 spam"})
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test", "c@b.test"])
        self.assertEqual(replies[-2:], [
            (554, f"5.7.1 [relay={site.relay}] [said=554:end] spam")] * 2)

    def test_data_is_refused(self):
        for extensions in (EXTENSIONS, ()):
            site = self.site({"DATA": "451 4.3.0 not now"}, extensions)
            replies = self.lmtp.transaction(site.nexthop, ["a@b.test"])
            self.assertEqual(replies[-1], (
                451, f"4.3.0 [relay={site.relay}] [said=451:DATA] not now"))

    def test_strange_success_is_none(self):
        site = self.site({"DATA": "250 2.0.0 done already"})
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test"])
        self.assertEqual(replies[-1][0], 451)
        site = self.site({"MAIL": "354 what"})
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test"])
        self.assertEqual(replies[0][0], 451)

    def test_too_many_recipients_in_old_words(self):
        site = self.site({"RCPT": lambda c, args: None if "a@" in args
                          else "552 5.5.3 too many"})
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test", "c@b.test"])
        self.assertEqual(replies[2], (
            452, f"4.5.3 [relay={site.relay}] [said=552:RCPT] too many"))

    def test_many_recipients(self):
        site = self.site()
        replies = self.lmtp.transaction(
            site.nexthop, [f"r{i}@b.test" for i in range(400)])
        self.assertEqual([code for code, _ in replies],
                         [250] * 401 + [354] + [250] * 400)
        self.assertEqual(len(site.messages[0].rcpts), 400)

    def test_large_message(self):
        body = b"Subject: x\r\n\r\n" + b"0123456789abcdef" * 60 + b"\r\n"
        body *= 3000
        for extensions in (EXTENSIONS, EXTENSIONS + ("CHUNKING",)):
            site = self.site(extensions=extensions)
            replies = self.lmtp.transaction(site.nexthop, ["a@b.test"], body)
            self.assertEqual(replies[-1][0], 250)
            self.assertTrue(site.messages[0].data == body)

    def test_size_of_the_site(self):
        site = self.site(extensions=("SIZE 1000",))
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test"],
                                        words="SIZE=1001")
        self.assertEqual(replies[0], (
            552, f"5.3.4 [relay={site.relay}] message size 1001 exceeds size "
                 f"limit 1000 of server {site.label}"))
        self.assertNotIn("MAIL", str(site.lines()))
        self.assertEqual(self.lmtp.transaction(
            site.nexthop, ["a@b.test"], words="SIZE=1000")[-1][0], 250)

    def test_next_hop_is_needed(self):
        for line in ("MAIL FROM:<a@b.test>",
                     "MAIL FROM:<a@b.test> XCHANCERY=1,[127.0.0.1]",
                     "MAIL FROM:<a@b.test> XCHANCERY=8f3a91c2d07b5e64.5.1,",
                     "MAIL FROM:<a@b.test> XCHANCERY=8f3a91c2d07b5e64.5.1,"
                     "[127.0.0.1"):
            self.assertEqual(self.lmtp.command(line)[0], 501, line)
        self.assertEqual(self.lmtp.command("RCPT TO:<a@b.test>")[0], 503)
        self.assertEqual(self.lmtp.command("DATA")[0], 503)

    def test_no_transaction_without_mail(self):
        self.assertEqual(self.lmtp.command("EHLO x")[0], 500)
        self.assertEqual(self.lmtp.command("NOOP")[0], 250)
        self.assertEqual(self.lmtp.command("QUIT")[0], 221)


class Chunks(AgentCase):
    def test_bdat(self):
        site = self.site(extensions=EXTENSIONS + ("CHUNKING",))
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test"], BODY)
        self.assertEqual(replies[-1], (
            250, f"2.0.0 [dsn] [relay={site.relay}] [said=250:BDAT] "
                 "Ok: queued as 1"))
        self.assertEqual(site.messages[0].data, BODY)
        self.assertIn(f"BDAT {len(BODY)} LAST", site.lines())
        self.assertNotIn("DATA", site.lines())

    def test_chunk_is_refused(self):
        body = b"x" * 70 + b"\r\n"
        body *= 20000
        site = self.site({"CHUNK": "552 5.3.4 too large"},
                         EXTENSIONS + ("CHUNKING",))
        replies = self.lmtp.transaction(site.nexthop, ["a@b.test"], body)
        self.assertEqual(replies[-1], (
            552, f"5.3.4 [relay={site.relay}] [said=552:BDAT] too large"))
        self.assertEqual(site.messages, [])

    def test_keyword_is_not_to_be_used(self):
        agent = Agent(["smtp_discard_ehlo_keywords=chunking, dsn"])
        self.addCleanup(agent.close)
        site = self.site(extensions=EXTENSIONS + ("CHUNKING",))
        replies = agent.connect().transaction(site.nexthop, ["a@b.test"], BODY)
        self.assertNotIn("[dsn]", replies[-1][1])
        self.assertIn("DATA", site.lines())


class Binary(AgentCase):
    """What qmgr sends by BDAT."""

    binary = bytes(range(256)) * 3 + b"\n.\n\r.\r no line end"
    words = EXTENSIONS + ("CHUNKING", "BINARYMIME")

    def send(self, site, chunks, words="BODY=BINARYMIME", rcpt="a@b.test"):
        self.lmtp.send(self.lmtp.mail(site.nexthop, words=words),
                       f"RCPT TO:<{rcpt}> XCHANCERY=0")
        replies = [self.lmtp.reply() for _ in range(2)]
        for i, chunk in enumerate(chunks):
            last = " LAST" if i + 1 == len(chunks) else ""
            self.lmtp.send(f"BDAT {len(chunk)}{last}")
            self.lmtp.sock.sendall(chunk)
            replies.append(self.lmtp.reply())
        return replies

    def test_as_it_is(self):
        site = self.site(extensions=self.words)
        for chunks in ([self.binary], [self.binary[:7], self.binary[7:], b""],
                       [self.binary * 2000], [b""]):
            replies = self.send(site, chunks)
            self.assertEqual({code for code, _ in replies}, {250}, replies)
            self.assertTrue(site.messages[-1].data == b"".join(chunks))
            self.assertIn(" BODY=BINARYMIME", site.messages[-1].mail)

    def test_lines_in_chunks(self):
        for words in ((), ("PIPELINING",), ("CHUNKING",)):
            site = self.site(extensions=words)
            replies = self.send(site, [BODY[:20], BODY[20:-2]], "")
            self.assertEqual(replies[-1][0], 250, replies)
            self.assertEqual(site.messages[-1].data, BODY)

    def test_lines_that_are_none(self):
        site = self.site()
        replies = self.send(site, [b"a\nb\r\n"], "")
        self.assertEqual(replies[-1], (
            554, f"5.6.0 [relay={site.relay}] bare CR or LF in the message"))
        self.assertEqual(site.messages, [])

    def test_nobody_to_send_to(self):
        site = self.site({"RCPT": "550 no"}, self.words)
        replies = self.send(site, [self.binary])
        self.assertEqual([code for code, _ in replies], [250, 550, 503])
        self.assertEqual(self.lmtp.command("RSET")[0], 250)

    def test_site_breaks_before(self):
        site = self.site({"RCPT": lambda c, args: "421 bye"
                          if "c@" in args else None}, self.words)
        self.lmtp.send(self.lmtp.mail(site.nexthop, words="BODY=BINARYMIME"),
                       "RCPT TO:<a@b.test>", "RCPT TO:<c@b.test>")
        self.assertEqual([self.lmtp.reply()[0] for _ in range(3)],
                         [250, 250, 451])
        self.lmtp.send("BDAT 3 LAST")
        self.lmtp.sock.sendall(b"abc")
        self.assertEqual(self.lmtp.reply()[0], 451)

    def test_qmgr_thinks_better_of_it(self):
        site = self.site(extensions=self.words)
        self.send(site, [self.binary * 2000])
        self.lmtp.send(self.lmtp.mail(site.nexthop, words="BODY=BINARYMIME"),
                       "RCPT TO:<a@b.test>", "BDAT 3")
        self.lmtp.sock.sendall(b"abc")
        self.assertEqual([self.lmtp.reply()[0] for _ in range(3)], [250] * 3)
        self.assertEqual(self.lmtp.command("RSET")[0], 250)
        self.send(site, [self.binary])
        self.assertEqual(len(site.messages), 2)

    def test_no_data_for_it(self):
        site = self.site(extensions=self.words)
        self.lmtp.send(self.lmtp.mail(site.nexthop, words="BODY=BINARYMIME"),
                       "RCPT TO:<a@b.test>", "DATA")
        self.assertEqual([self.lmtp.reply()[0] for _ in range(3)],
                         [250, 250, 503])


class Character(AgentCase):
    """8-bit and international mail for hosts that may not know it."""

    eight = "Subject: x\r\n\r\ngr\u00fc\u00dfe\r\n".encode()
    header = "Subject: gr\u00fc\u00dfe\r\n\r\nx\r\n".encode()

    def send(self, extensions, body, words, rcpt="a@b.test", sender="s@e.test"):
        site = self.site(extensions=extensions)
        replies = self.lmtp.transaction(site.nexthop, [rcpt], body, sender,
                                        words)
        return site, replies

    def test_only_called_so(self):
        for words in ("BODY=8BITMIME", "SMTPUTF8", "BODY=8BITMIME SMTPUTF8"):
            for extensions in ((), ("CHUNKING",), ("PIPELINING",)):
                site, replies = self.send(extensions, BODY, words)
                self.assertEqual(replies[-1][0], 250, replies)
                self.assertEqual(site.messages[0].data, BODY)
                self.assertEqual(site.messages[0].mail, "FROM:<s@e.test>")

    def test_eight_bits_for_eight(self):
        site, replies = self.send(("8BITMIME",), self.eight, "BODY=8BITMIME")
        self.assertEqual(site.messages[0].data, self.eight)

    def test_international_header(self):
        site, replies = self.send(("8BITMIME",), self.header,
                                  "BODY=8BITMIME SMTPUTF8")
        self.assertTrue(replies[-1][1].startswith("5.6.7 "), replies)
        site, replies = self.send(("8BITMIME", "SMTPUTF8"), self.header,
                                  "BODY=8BITMIME SMTPUTF8")
        self.assertEqual(site.messages[0].data, self.header)
        self.assertEqual(site.messages[0].mail,
                         "FROM:<s@e.test> BODY=8BITMIME SMTPUTF8")

    def test_international_addresses(self):
        site, replies = self.send(("8BITMIME",), BODY, "SMTPUTF8",
                                  "gr\u00fc\u00dfe@b.test")
        self.assertEqual(replies[1], (
            553, f"5.6.7 [relay={site.relay}] SMTPUTF8 is required, but was "
                 f"not offered by host {site.label}"))
        site, replies = self.send(("8BITMIME",), BODY, "SMTPUTF8",
                                  sender="gr\u00fc\u00dfe@b.test")
        self.assertTrue(replies[0][1].startswith("5.6.7 "), replies)
        site, replies = self.send(("8BITMIME", "SMTPUTF8"), BODY, "SMTPUTF8",
                                  "gr\u00fc\u00dfe@b.test")
        self.assertEqual(site.messages[0].rcpts,
                         ["TO:<gr\u00fc\u00dfe@b.test>"])


if __name__ == "__main__":
    unittest.main()
