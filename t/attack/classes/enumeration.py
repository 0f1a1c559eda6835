"""User enumeration by answers and by time (CVE-2018-15473 of OpenSSH; VRFY and
EXPN, CVE-1999-0531; APOP's MD5, CVE-2007-1558).

AUTH on submission, LOGIN and AUTHENTICATE of IMAP, USER/PASS and AUTH of
POP3, SCRAM: somebody known with a wrong password, somebody unknown, a domain
that is not ours. The answers are the same byte for byte and the times of the
same distribution. VRFY and EXPN tell nothing, APOP is not there; on submission
RCPT answers only who has logged in."""

import base64
import statistics
import threading
import time

import attack

ROUNDS, MORE = 7, 8  # a busy machine takes more of them
WHO = {"known": "ada@example.test", "unknown": "nobody@example.test",
       "other domain": "ada@elsewhere.test", "odd": "*@example.test"}
CLOSE = 0.15  # seconds between medians, on a machine that does other things


def plain(user):
    return base64.b64encode(f"\0{user}\0wrong".encode())


def scram_proof(challenge):
    """A proof of the right form for this challenge, and a wrong one."""
    nonce = base64.b64decode(challenge[2:]).split(b",")[0]
    return base64.b64encode(b"c=biws," + nonce + b",p="
                            + base64.b64encode(b"x" * 32)) + b"\r\n"


WAYS = {
    "imaps LOGIN": ("imaps", lambda user: [b"a LOGIN " + user.replace(
        "*", "x*").encode().join([b'"', b'"']) + b" wrong\r\n"]),
    "imaps AUTHENTICATE": ("imaps", lambda user: [
        b"a AUTHENTICATE PLAIN " + plain(user) + b"\r\n"]),
    "pop3s PASS": ("pop3s", lambda user: [
        b"USER " + user.encode() + b"\r\n", b"PASS wrong\r\n"]),
    "pop3s AUTH": ("pop3s", lambda user: [
        b"AUTH PLAIN " + plain(user) + b"\r\n"]),
    "submissions AUTH": ("submissions", lambda user: [
        b"EHLO c\r\n", b"AUTH PLAIN " + plain(user) + b"\r\n"]),
    "imaps SCRAM": ("imaps", lambda user: [
        b"a AUTHENTICATE SCRAM-SHA-256\r\n", base64.b64encode(
            f"n,,n={user},r=rOprNGfwEbeRWgbNEkqO".encode()) + b"\r\n",
        scram_proof]),
}


class Enumeration(attack.TestCase):
    options = ("client_connection_limit_exceptions = 127.0.0.0/8",)

    def ask(self, way, user, source):
        """(everything said but what is random, seconds of the last answer)"""
        service, lines = WAYS[way]
        sock = self.connect(service, source)
        sock.recv(1000)
        said = []
        for line in lines(user):
            if callable(line):
                line = line(said[-1])
            began = time.monotonic()
            sock.sendall(line)
            answer = b""
            while not answer.endswith(b"\r\n"):
                chunk = sock.recv(4096)
                if not chunk:
                    break
                answer += chunk
            said.append(answer)
        took = time.monotonic() - began
        sock.close()
        # salt and nonce differ for each name, and always for that name
        return [a for a in said if not a.startswith(b"+ ")], took

    def one_round(self, way, number, times, answers):
        """Everybody once, in turn, each from an address of its own: who
        guesses is slowed down."""
        for i, (who, user) in enumerate(WHO.items()):
            source = f"127.{10 + list(WAYS).index(way)}.{number}.{1 + i}"
            said, took = self.ask(way, user, source)
            times[way, who].append(took)
            answers[way].add(tuple(said))

    def test_answers_and_times(self):
        self.times = {(way, who): [] for way in WAYS for who in WHO}
        answers = {way: set() for way in WAYS}
        for more in range(MORE):
            self.rounds(more * ROUNDS, answers)
            spreads = {way: self.spread(way) for way in WAYS}
            if max(spreads.values()) < CLOSE:
                break
        for way in WAYS:
            self.count((more + 1) * ROUNDS * len(WHO))
            self.assertEqual(len(answers[way]), 1, answers[way])
            self.assertLess(spreads[way], CLOSE, way)
            self.assertGreater(min(min(self.times[way, who]) for who in WHO),
                               0.4, (way, "not even delayed"))
        widest = max(spreads.values())
        self.saw(f"medians of {(more + 1) * ROUNDS} tries differ by "
                 f"{widest * 1000:.0f} ms at most between {', '.join(WHO)}")

    def spread(self, way):
        """How far apart the medians of all of them are, of the quicker half
        of each: what else the machine does only makes some slower."""
        medians = []
        for who in WHO:
            times = sorted(self.times[way, who])
            medians.append(statistics.median(times[:len(times) // 2 + 1]))
        return max(medians) - min(medians)

    def rounds(self, first, answers):
        for number in range(first + 1, first + ROUNDS + 1):
            threads = [threading.Thread(target=self.one_round, args=(
                way, number, self.times, answers)) for way in WAYS]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def test_nothing_else_tells(self):
        said = self.talk("smtp", "EHLO c", "VRFY ada", "VRFY nobody",
                         "VRFY ada@example.test", "EXPN ada", "EXPN nobody",
                         "QUIT").split("\r\n")
        told = [line[4:] for line in said if line[:3] in ("252", "502")]
        self.assertEqual(len(told), 5)
        self.assertEqual(len({line[:3] for line in said
                              if line[:3] in ("250", "251", "550", "551")}
                             - {"250"}), 0)
        self.assertEqual(len(set(told[:2])), 1)
        said = self.talk("pop3", "APOP ada@example.test " + "0" * 32, "QUIT")
        self.assertNotIn("<", said.split("\r\n")[0])
        self.assertIn("-ERR", said)
        with self.chancery.smtp("submission") as smtp:
            smtp.ehlo()
            first = [smtp.docmd("MAIL FROM:<ada@example.test>"),
                     smtp.docmd("RCPT TO:<ada@example.test>"),
                     smtp.docmd("RCPT TO:<nobody@example.test>")]
        self.assertEqual(first[1], first[2])
        self.count(9)

    def test_user_of_pop3_takes_anybody(self):
        answers = set()
        for user in WHO.values():
            with self.connect("pop3s") as sock:
                sock.recv(1000)
                sock.sendall(b"USER " + user.encode() + b"\r\n")
                answers.add(sock.recv(1000))
            self.count()
        self.assertEqual(len(answers), 1, answers)


if __name__ == "__main__":
    attack.main()
