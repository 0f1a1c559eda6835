"""Every restriction, in a dialogue in which it refuses (or permits) and one
in which it does not. The names are those of the table in the manual; one
that has no case here fails.

Each is a class of its own, chosen by the recipient: ada+c7@example.test is
judged by class c7."""

import os
import re
import signal

import chancery
import dns
from smtp_dialogue import Talk, dialogue

DNS = dns.Server({
    "good.test": """
        @ MX 10 mx
        @ A 192.0.2.20
        mx A 192.0.2.25
        www A 192.0.2.80
        client A 127.0.0.3
        liar A 192.0.2.4
        bad A 127.0.0.5
        bad MX 10 mx
        """,
    "nohost.test": "txt TXT nothing",
    "null.test": "@ MX 0 .",
    "bl.test": """
        5.0.0.127 A 127.0.0.2
        5.0.0.127 TXT "seen sending spam"
        7.0.0.127 A 127.0.0.9
        bad.good.test A 127.0.0.2
        liar.good.test A 127.0.0.2
        """,
    "0.0.127.in-addr.arpa": """
        3 PTR client.good.test.
        4 PTR liar.good.test.
        5 PTR bad.good.test.
        """,
})
# Clients by address: 3, the usual one, has a name, 4's does not lead back, 5 is in a list, 6
# has none, 7 is in the list in another way, 9 is in mynetworks.
LIAR, LISTED, NAMELESS, LISTED_9, OURS = (
    f"127.0.0.{i}" for i in (4, 5, 6, 7, 9))


class Case:
    """stops: a dialogue that gets answer; goes: one that is taken. The class
    is the restriction's name with words behind it."""

    def __init__(self, stops, answer, goes=None, words=""):
        self.words, self.answer = words, answer
        self.stops, self.goes = stops, goes or dialogue()


def table(key, value="REJECT found"):
    return f" inline:{{{{ {key} = {value} }}}}"


def permit(goes, stops=None, words=""):
    return Case(stops or dialogue(), "554 5.7.1", goes, f"{words}, reject")


AWAY = dialogue(domain="elsewhere.test", local="x")
REJECTED = r"554 5\.7\.1 <.*>: {} rejected: found"
CLIENT, HELO, SENDER, RCPT = (
    REJECTED.format(words) for words in (
        "Client host", "Helo command", "Sender address",
        "Recipient address"))

CASES = {
    "permit": Case(None, None, words=", reject"),
    "reject": Case(
        dialogue(),
        r"554 5\.7\.1 <ada\+c\d+@example\.test>: Recipient "
        "address rejected: Access denied", "none"),
    "defer": Case(dialogue(), r"450 4\.3\.2 .*Try again later", "none"),
    "defer_if_permit": Case(
        dialogue(), r"450 4\.7\.0 .*defer_if_permit requested", "none"),
    "warn_if_reject": Case(
        dialogue(sender="x@y"), r"554 5\.7\.1", "none",
        words=" reject_non_fqdn_sender, reject"),
    "permit_mynetworks": permit(dialogue(client=OURS)),
    "permit_sasl_authenticated": permit(dialogue(login="ada")),
    "permit_auth_destination": permit(dialogue(), AWAY),
    "reject_unauth_destination": Case(
        AWAY, r"554 5\.7\.1 <x\+c\d+@elsewhere\.test>: Relay access denied"),
    "defer_unauth_destination": Case(
        AWAY, r"450 4\.7\.1 <.*>: Relay access denied"),
    "reject_unauth_pipelining": Case(
        dialogue(hello="HELO", at_once=True),
        r"503 5\.5\.0 .*Improper use of SMTP command pipelining",
        dialogue(hello="HELO")),
    "reject_plaintext_session": Case(
        dialogue(), r"450 4\.7\.1 .*Session encryption is required",
        dialogue(tls=True)),
    "reject_unknown_client_hostname": Case(
        dialogue(client=LIAR),
        r"450 4\.7\.1 <unknown\[127\.0\.0\.4\]>: Client host rejected: "
        r"cannot find your hostname, \[127\.0\.0\.4\]"),
    "reject_unknown_reverse_client_hostname": Case(
        dialogue(client=NAMELESS),
        r"450 4\.7\.1 .*cannot find your reverse hostname",
        dialogue(client=LIAR)),
    "reject_rbl_client": Case(
        dialogue(client=LISTED),
        r"554 5\.7\.1 Service unavailable; Client host \[127\.0\.0\.5\] "
        "blocked using bl.test; seen sending spam", dialogue(client=LISTED_9),
        words=" bl.test=127.0.0.[2;4..8]"),
    "reject_rhsbl_client": Case(
        dialogue(client=LISTED),
        r"554 5\.7\.1 Service unavailable; Client host "
        r"\[bad\.good\.test\] blocked using bl\.test", dialogue(client=LIAR),
        words=" bl.test"),
    "reject_rhsbl_reverse_client": Case(
        dialogue(client=LIAR),
        r"554 5\.7\.1 .*\[liar\.good\.test\] blocked using", words=" bl.test"),
    "reject_rhsbl_helo": Case(
        dialogue(helo="bad.good.test"),
        r"554 5\.7\.1 .*Helo command \[bad\.good\.test\] blocked using",
        words=" bl.test"),
    "reject_rhsbl_sender": Case(
        dialogue(sender="x@bad.good.test"),
        r"554 5\.7\.1 .*Sender address \[x@bad\.good\.test\] blocked",
        words=" bl.test"),
    "reject_rhsbl_recipient": Case(
        dialogue(domain="bad.good.test"),
        r"554 5\.7\.1 .*Recipient address \[ada\+c\d+@bad\.good\.test\]",
        words=" bl.test"),
    "permit_dnswl_client": permit(dialogue(client=LISTED), words=" bl.test"),
    "reject_invalid_helo_hostname": Case(
        dialogue(helo="a..b"),
        r"501 5\.5\.2 <a\.\.b>: Helo command rejected: Invalid name",
        dialogue(helo="localhost")),
    "reject_non_fqdn_helo_hostname": Case(
        dialogue(helo="localhost"),
        r"504 5\.5\.2 <localhost>: Helo command rejected: need "
        "fully-qualified hostname", dialogue(helo="[127.0.0.3]")),
    "reject_unknown_helo_hostname": Case(
        dialogue(helo="no.good.test"),
        r"450 4\.7\.1 <no\.good\.test>: Helo command rejected: Host not "
        "found", dialogue(helo="mx.good.test")),
    "reject_non_fqdn_sender": Case(
        dialogue(sender="x@y"),
        r"504 5\.5\.2 <x@y>: Sender address rejected: need fully-qualified "
        "address", dialogue(sender="")),
    "reject_unknown_sender_domain": Case(
        dialogue(sender="x@no.good.test"),
        r"450 4\.1\.8 <x@no\.good\.test>: Sender address rejected: Domain "
        "not found", dialogue(sender="x@www.good.test")),
    "reject_unlisted_sender": Case(
        dialogue(sender="nobody@example.test"),
        r"550 5\.1\.0 .*Sender address rejected: User unknown",
        dialogue(sender="bob@example.test")),
    "reject_sender_login_mismatch": Case(
        dialogue(login="ada", sender="bob@example.test"),
        r"553 5\.7\.1 <bob@example\.test>: Sender address rejected: not "
        "owned by user ada@example.test",
        dialogue(login="ada", sender="ada@example.test")),
    "reject_authenticated_sender_login_mismatch": Case(
        dialogue(login="ada", sender="x@good.test"),
        r"553 5\.7\.1 .*not owned by user",
        dialogue(sender="bob@example.test")),
    "reject_unauthenticated_sender_login_mismatch": Case(
        dialogue(sender="bob@example.test"), r"553 5\.7\.1 .*not logged in",
        dialogue(login="ada", sender="bob@example.test")),
    "reject_known_sender_login_mismatch": Case(
        dialogue(login="ada", sender="bob@example.test"),
        r"553 5\.7\.1 .*not owned by user",
        dialogue(login="ada", sender="x@good.test")),
    "reject_non_fqdn_recipient": Case(
        dialogue(domain="y"),
        r"504 5\.5\.2 <ada\+c\d+@y>: Recipient address rejected: need "
        "fully-qualified address"),
    "reject_unknown_recipient_domain": Case(
        dialogue(domain="null.test"),
        r"556 5\.1\.10 .*Domain null\.test does not accept mail"),
    "reject_unlisted_recipient": Case(
        dialogue(local="nobody"),
        r"550 5\.1\.1 .*Recipient address rejected: User unknown"),
    "check_client_access": Case(
        dialogue(), CLIENT, dialogue(client=LIAR), words=table("good.test")),
    "check_reverse_client_hostname_access": Case(
        dialogue(client=LIAR), CLIENT, words=table("liar.good.test")),
    "check_helo_access": Case(
        dialogue(helo="a.spam.good.test"), HELO,
        words=table("spam.good.test")),
    "check_sender_access": Case(
        dialogue(sender="spam@www.good.test"), SENDER, words=table("spam@")),
    "check_recipient_access": Case(
        dialogue(local="bob"), RCPT, words=table("bob@example.test")),
    "check_sasl_access": Case(
        dialogue(login="ada"), CLIENT, dialogue(login="bob"),
        words=table("ada@example.test")),
    "check_client_a_access": Case(
        dialogue(), CLIENT, dialogue(client=LISTED), words=table("127.0.0.3")),
    "check_client_mx_access": Case(
        dialogue(client=LISTED), CLIENT, words=table("mx.good.test")),
    "check_client_ns_access": Case(
        dialogue(), CLIENT, dialogue(client=NAMELESS),
        words=table("ns.good.test")),
    "check_helo_a_access": Case(
        dialogue(helo="www.good.test"), HELO, words=table("192.0.2.80")),
    "check_helo_mx_access": Case(
        dialogue(helo="good.test"), HELO, words=table("192.0.2.25")),
    "check_helo_ns_access": Case(
        dialogue(helo="a.b.good.test"), HELO, dialogue(helo="null.test"),
        words=table("ns.good.test")),
    "check_sender_a_access": Case(
        dialogue(sender="x@www.good.test"), SENDER, words=table("192.0.2.80")),
    "check_sender_mx_access": Case(
        dialogue(), SENDER, dialogue(sender="x@www.good.test"),
        words=table("mx.good.test")),
    "check_sender_ns_access": Case(
        dialogue(), SENDER, dialogue(sender="x@null.test"),
        words=table("ns.good.test")),
    "check_recipient_a_access": Case(
        dialogue(domain="www.good.test"), RCPT, words=table("192.0.2.80")),
    "check_recipient_mx_access": Case(
        dialogue(domain="good.test"), RCPT, words=table("192.0.2")),
    "check_recipient_ns_access": Case(
        dialogue(domain="good.test"), RCPT, words=table("ns.good.test")),
}
CLASS = {name: f"c{i}" for i, name in enumerate(CASES)}


def restrictions_of_the_manual():
    with open(os.path.join(chancery.TOP, "smtpd/smtpd.8")) as page:
        block = re.search(r"Begin of the table\n(.*)\.\\\" End of the table",
                          page.read(), re.S)[1]
    return re.findall(r"^\.It Ic (\S+)", block, re.M)


class Restrictions(Talk):
    options = DNS.options(
        f"mynetworks = {OURS}/32",
        "smtpd_greet_wait = 0", "dns_timeout = 10s",
        "smtpd_sasl_auth_enable = yes",
        "default_transport = smtp",
        "smtpd_client_connection_count_limit = 0",
        "smtpd_relay_restrictions =",
        "smtpd_restriction_classes = " + ", ".join(CLASS.values()),
        *(f"{CLASS[name]} = {name}{case.words}"
          for name, case in CASES.items()),
        "smtpd_recipient_restrictions = check_recipient_access pcre:{ " +
        ", ".join(f"{{ /[+]{c}@/ {c} }}" for c in CLASS.values()) +
        " }, reject_unauth_destination")

    def rcpt(self, name, words):
        return f"{words['local']}+{CLASS[name]}@{words['domain']}"

    def test_every_name_has_its_case(self):
        self.assertEqual(sorted(restrictions_of_the_manual()), sorted(CASES))

    def test_each_stops(self):
        for name, case in CASES.items():
            if case.stops is None:
                continue
            with self.subTest(name):
                said = self.run_dialogue(case.stops,
                                         self.rcpt(name, case.stops))
                self.assertRegex(said, "^" + case.answer)

    def test_each_lets_go(self):
        for name, case in CASES.items():
            if case.goes == "none":
                continue
            with self.subTest(name):
                said = self.run_dialogue(case.goes,
                                         self.rcpt(name, case.goes))
                self.assertEqual(said[:9], "250 2.1.5", said)

    def test_what_is_only_warned_of(self):
        self.run_dialogue(dialogue(sender="x@y"), self.rcpt(
            "warn_if_reject", dialogue()))
        chancery.wait_until("the warning", lambda: re.search(
            r"NOQUEUE: reject_warning: RCPT from "
            r"client\.good\.test\[127\.0\.0\.3\]: 504 5\.5\.2 <x@y>: Sender "
            r"address rejected: need fully-qualified address; from=<x@y> "
            r"to=<ada\+c\d+@example\.test> proto=ESMTP "
            r"helo=<mail\.good\.test>", self.chancery.log()))

    def test_a_null_mx_and_no_answer(self):
        for sender, want in (("x@null.test", "550 5.7.27 "),
                             ("x@elsewhere.org", "450 4.1.8 "),
                             ("x@nohost.test", "450 4.1.8 "),
                             ("x@[127.0.0.1]", "250 "),
                             ("x@example.test", "250 ")):
            words = dialogue(sender=sender)
            said = self.run_dialogue(words, self.rcpt(
                "reject_unknown_sender_domain", words))
            self.assertTrue(said.startswith(want), (sender, said))

    def test_z_without_dnsd(self):
        """What needs no name goes on; what does is put off, not refused."""
        pid = self.chancery.pid("dnsd")
        os.kill(pid, signal.SIGSTOP)
        try:
            words = dialogue(client="127.0.0.1")
            said = self.run_dialogue(words, self.rcpt("permit", words))
            self.assertEqual(said[:3], "250")
        finally:
            os.kill(pid, signal.SIGCONT)
        DNS.stop()
        self.chancery.run("reload")
        words = dialogue(client="127.0.0.1")
        for name, want in (("reject_unknown_sender_domain", "450 4.1.8 "),
                           ("reject_unknown_helo_hostname", "450 4.7.1 "),
                           ("reject_rbl_client", "250 ")):
            said = self.run_dialogue(words, self.rcpt(name, words))
            self.assertTrue(said.startswith(want), (name, said))
        DNS.start()


class Killed(Talk):
    """dnsd dies while clients are judged by it."""

    may_panic = True
    options = DNS.options(
        "smtpd_greet_wait = 0", "service_throttle_time = 1s",
        "smtpd_sender_restrictions = reject_unknown_sender_domain",
        "smtpd_client_restrictions = reject_unknown_client_hostname")

    def ask(self, sender="x@good.test"):
        words = dialogue(sender=sender)
        return self.run_dialogue(words, "ada@example.test")

    def test_nobody_is_refused_for_it(self):
        self.assertEqual(self.ask()[:3], "250")
        for _ in range(5):
            os.kill(self.chancery.pid("dnsd"), signal.SIGKILL)
            said = self.ask()  # put off at worst
            self.assertIn(said[:4], ("250 ", "450 "), said)
            chancery.wait_until("it goes on",
                                lambda: self.ask()[:3] == "250")
            self.assertEqual(self.ask("x@no.good.test")[:9], "450 4.1.8")


if __name__ == "__main__":
    chancery.main()
