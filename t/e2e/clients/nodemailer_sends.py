"""nodemailer (npm) sends, many messages over one pooled connection, with
attachments, to addresses in UTF-8, and hears why something is refused."""

import email
import email.policy
import json
import os
import subprocess

import chancery
import npm

PACKAGE = "nodemailer@6.9.16"
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "nodemailer.js")


class Nodemailer(chancery.TestCase):
    users = ("ada", "bob", "dave")

    def send_all(self, messages, **transport):
        with open(self.chancery.path("tls/cert.pem")) as pem:
            ca = pem.read()
        job = {
            "transport": {
                "host": "127.0.0.1",
                "port": self.chancery.port("submissions"),
                "secure": True,
                "tls": {"ca": ca, "servername": "mail.example.test"},
                "auth": {"user": "ada@example.test", "pass": "secret-ada"},
                **transport,
            },
            "messages": messages,
        }
        done = subprocess.run(
            ["node", SCRIPT], input=json.dumps(job), text=True, check=True,
            stdout=subprocess.PIPE, env=npm.environment(PACKAGE),
            timeout=chancery.PATIENCE)
        return json.loads(done.stdout)

    def message(self, **changes):
        return {"from": "Ada <ada@example.test>", "to": "bob@example.test",
                "subject": "hello", "text": "hello\n", **changes}

    def test_many_over_one_connection(self):
        results = self.send_all(
            [self.message(to="dave@example.test", subject=f"number {n}")
             for n in range(50)], pool=True, maxConnections=1)
        self.assertEqual([r.get("rejected") for r in results], [[]] * 50)
        self.wait_for_messages("dave", 50)

    def test_an_attachment_over_starttls(self):
        data = os.urandom(300000).hex()
        results = self.send_all(
            [self.message(subject="Gr\u00fc\u00dfe", html="<p>\u00fc</p>",
                          attachments=[{"filename": "\u00fcber.txt",
                                        "content": data}])],
            port=self.chancery.port("submission"), secure=False,
            requireTLS=True)
        self.assertEqual(results[0]["accepted"], ["bob@example.test"])
        raw = chancery.wait_until("the message", lambda: [
            m for m in self.messages("bob") if b"attachment" in m])[0]
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual(parsed["subject"], "Gr\u00fc\u00dfe")
        part = next(parsed.iter_attachments())
        self.assertEqual(part.get_filename(), "\u00fcber.txt")
        self.assertEqual(part.get_content().strip(), data)

    def test_what_is_refused(self):
        results = self.send_all([
            self.message(to="nobody@example.test"),
            self.message(**{"from": "bob@example.test"}),
            self.message(to=["bob@example.test", "nobody@example.test"]),
        ])
        self.assertEqual(results[0]["code"], 550)
        self.assertIn("5.1.1", results[0]["error"])
        self.assertEqual(results[1]["code"], 553)
        self.assertEqual(results[2]["accepted"], ["bob@example.test"])
        self.assertEqual(results[2]["rejected"], ["nobody@example.test"])

    def test_a_wrong_password(self):
        results = self.send_all([self.message()], auth={
            "user": "ada@example.test", "pass": "guess"})
        self.assertEqual(results[0]["code"], 535)


if __name__ == "__main__":
    chancery.main()
