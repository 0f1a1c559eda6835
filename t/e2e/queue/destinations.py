"""Sites that are dead, silent or slow cost the others nothing; and what waits
for them is found, held, let go, sent elsewhere and deleted by pattern.
"""

import re

import chancery
from site_peer import HANG, Site

MESSAGE = "From: ada@example.test\r\nSubject: {}\r\n\r\nhello\r\n"


class Case(chancery.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.live = Site()
        cls.silent = Site({"GREETING": HANG})
        cls.port = {name: chancery.free_port()
                    for name in ("dead.test", "first.test", "second.test")}
        hops = {name: f"[127.0.0.1]:{port}"
                for name, port in cls.port.items()}
        hops.update({"live.test": cls.live.nexthop,
                     "silent.test": cls.silent.nexthop})
        routes = ", ".join(f"{k}=smtp:{v}" for k, v in hops.items())
        cls.options = cls.options + (
            f"transport_maps = inline:{{ {routes} }}",)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.live.close()
        cls.silent.close()

    def put(self, rcpts, subject, sender="ada@example.test"):
        with self.chancery.smtp() as smtp:
            smtp.ehlo()
            smtp.mail(sender)
            for rcpt in rcpts if isinstance(rcpts, list) else [rcpts]:
                smtp.rcpt(rcpt)
            _, text = smtp.data(MESSAGE.format(subject).encode())
        return text.decode().split()[-1]

    def queue(self, *words):
        return self.chancery.json("queue", "list", *words)["queue"]

    def ids(self, *words):
        return {m["id"] for m in self.queue(*words)}

    def deferred(self, names):
        chancery.wait_until(
            "deferred", lambda: names <= {
                m["id"] for m in self.queue() if m["state"] == "deferred"})

    def at_live(self, subject):
        return any(f"Subject: {subject}\r\n".encode() in m.data
                   for m in self.live.messages)


class Fair(Case):
    # What is silent, and what was put off, is so until the test is over.
    options = ("minimal_backoff_time = 1h", "queue_agent_limit = 8",
               "smtp_helo_timeout = 1h", "smtp_connect_timeout = 1h",
               "smtp_site_time_limit = 1h", "queue_agent_timeout = 1h")

    def test_dead_and_silent_sites_cost_the_others_nothing(self):
        for n in range(40):
            self.put(f"x{n}@silent.test", f"silent {n}")
            self.put(f"x{n}@dead.test", f"dead {n}")
        for n in range(20):
            self.put(f"x{n}@live.test", f"live {n}")
        chancery.wait_until(
            "all that can be delivered",
            lambda: all(self.at_live(f"live {n}") for n in range(20)))
        # the dead one was tried by a few, the rest left alone
        def logged(regex):
            return len(re.findall(r"to=<x\d+@dead.test>" + regex,
                                  self.chancery.log()))

        def tried():
            return logged(r".*status=deferred \(451")

        chancery.wait_until("a word about each", lambda: tried() + logged(
            r", relay=none, .*status=deferred \(delivery temporarily "
            r"suspended: .*Connection refused") == 40)
        self.assertLess(tried(), 15)


class Groups(Case):
    def test_recipients_of_one_site_share_a_transaction(self):
        rcpts = [f"r{n}@live.test" for n in range(60)]
        self.put(rcpts, "for sixty")
        chancery.wait_until(
            "all of them", lambda: sum(
                len(m.rcpts) for m in self.live.messages
                if b"for sixty" in m.data) == 60)
        self.assertEqual(sorted(len(m.rcpts) for m in self.live.messages
                                if b"for sixty" in m.data), [10, 50])


class ByPattern(Case):
    options = ("minimal_backoff_time = 600s",)
    may_panic = True

    def setUp(self):
        self.chancery.run("queue", "delete", "ALL")

    def test_list_and_mailq(self):
        one = self.put(["x@dead.test", "y@dead.test"], "one")
        two = self.put("z@dead.test", "two", sender="")
        self.deferred({one, two})
        self.assertEqual(self.ids(), {one, two})
        self.assertEqual(self.ids("--sender", "ADA@example.*"), {one})
        self.assertEqual(self.ids("--sender", ""), {two})
        self.assertEqual(self.ids("--recipient", "?@dead.test"), {one, two})
        self.assertEqual(self.ids("--recipient", "z@*"), {two})
        self.assertEqual(self.ids("--site", "*.0.0.1*"), {one, two})
        self.assertEqual(self.ids("--site", "elsewhere"), set())
        self.assertEqual(self.ids("--older-than", "1h"), set())
        self.assertEqual(self.chancery.run(
            "queue", "list", "--older-than", "x", check=False).returncode, 2)
        text = self.chancery.run("queue", "list", "--mailq").stdout
        lines = text.split("\n")
        self.assertEqual(lines[0], "-Queue ID-   --Size-- ----Arrival Time"
                         "---- -Sender/Recipient-------"
                         .replace("-   --S", "- --S"))
        self.assertRegex(text, rf"(?m)^{one} +\d+ +\w\w\w \w\w\w [ \d]\d "
                         r"\d\d:\d\d:\d\d +ada@example.test$")
        self.assertRegex(text, r"(?m)^ +\(.*Connection refused.*\)$")
        self.assertRegex(text, r"(?m)^ {41}y@dead.test$")
        self.assertIn("MAILER-DAEMON", text)
        self.assertRegex(lines[-2], r"^-- 1 Kbytes in 2 Requests\.$")
        self.chancery.run("queue", "delete", "--sender", "")
        self.assertEqual(self.ids(), {one})
        self.chancery.run("queue", "delete", one)
        self.assertEqual(self.chancery.run("queue", "list", "--mailq").stdout,
                         "Mail queue is empty\n")

    def test_hold_and_flush(self):
        one = self.put("x@first.test", "held")
        two = self.put("y@first.test", "flushed")
        self.deferred({one, two})
        self.chancery.run("queue", "hold", "--recipient", "x@first.test")
        site = Site(port=self.port["first.test"])
        self.addCleanup(site.close)
        self.chancery.run("queue", "flush", "--site",
                          f"*:{self.port['first.test']}")
        chancery.wait_until("the flushed one", lambda: site.messages)
        self.assertEqual(site.messages[0].rcpts[0].split(">")[0],
                         "TO:<y@first.test")
        chancery.wait_until("the other alone, held", lambda: {
            m["id"]: m["state"] for m in self.queue()} == {one: "hold"})
        self.chancery.run("queue", "release", "--sender", "ada@*")
        chancery.wait_until("the held one", lambda: len(site.messages) == 2)

    def test_what_waits_for_a_site_goes_when_it_works(self):
        names = {self.put(f"w{n}@second.test", f"waits {n}") for n in range(8)}
        self.deferred(names)
        site = Site(port=self.port["second.test"])
        self.addCleanup(site.close)
        # one that is tried by hand brings the others
        self.chancery.run("queue", "flush", sorted(names)[0])
        chancery.wait_until("all", lambda: len(site.messages) == 8)


class Requeue(Case):
    options = ("minimal_backoff_time = 600s",)
    may_panic = True

    def test_requeue_asks_anew(self):
        name = self.put(["x@dead.test", "gone@dead.test"], "moved")
        self.deferred({name})
        self.chancery.run("domain", "add", "dead.test")
        self.chancery.add_user("x@dead.test")
        # what maps say would come first
        main_cf = self.chancery.path("etc/main.cf")
        with open(main_cf, "a") as file:
            file.write("transport_maps =\n")
        self.chancery.run("restart")
        before = len(self.messages("ada"))
        self.chancery.run("queue", "requeue", name)
        chancery.wait_until(
            "in the new mailbox",
            lambda: any(b"moved" in m for m in self.messages("x@dead.test")))
        report = chancery.wait_until(
            "a report of the other",
            lambda: self.messages("ada")[before:])[0]
        self.assertIn(b"Final-Recipient: rfc822; gone@dead.test", report)
        chancery.wait_until("an empty queue", lambda: not self.queue())


if __name__ == "__main__":
    chancery.main()
