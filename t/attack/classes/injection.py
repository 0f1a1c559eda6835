"""LDAP injection (CWE-90), log injection (CWE-117; CVE-2021-44228 looked names up
that it logged), escapes for the terminal of who reads (CVE-2003-0063).

User names and addresses that are filters, DNs, line ends, escapes and format
strings, in every place where one can be said: no one is let in, found or
disabled by them, the directory answers as for a name that is not there, and no
line of the log is forged."""

import base64
import concurrent.futures
import re

import attack

NAMES = (
    "*", "*)(uid=*", "*)(mail=*))(|(mail=*", "ada@example.test)(&", "a*@example.test",
    "ada@example.test)(objectClass=*", "*)(userPassword=*", "\\2a",
    "ada@example.test\\00", "ada@example.test\0", "admin)(&)", "(cn=*)",
    "ada@example.test,ou=domains", "mail=ada@example.test", "ada@example.test+x=y",
    "ada@example.test#", "ada@*.test", "*@*", "@example.test", "@",
    "%s%s%s%n", "%n%n%n", "${jndi:ldap://127.0.0.1/a}", "$(reboot)", "`reboot`",
    "ada@example.test\nmaster[1]: error: forged", "x\r\nsmtpd[1]: forged",
    "\x1b[2J\x1b]0;owned\x07", "\x1b[31mred", "\u202egnitset", "\x9b31m",
    "a" * 1000, "\u0430da@example.test", "ada@ex\u00e4mple.test", "../../etc",
    "ada@example.test/../bob", "'; DROP TABLE users; --", "<script>",
)
FORGED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\x9b")


class Injection(attack.TestCase):
    options = ("client_connection_limit_exceptions = 127.0.0.0/8",
               "mynetworks = 192.0.2.0/24", "login_failure_limit = 1")

    # a name, whole and escaped, that holds what a line of ours would
    expected_errors = ("user=<ada@example.test\\nmaster[1]: error: forged>",)

    def say(self, service, data, source):
        with self.connect(service, source) as sock:
            sock.settimeout(attack.PATIENCE)
            try:
                sock.sendall(data)
                said = b""
                while chunk := sock.recv(65536):
                    said += chunk
            except OSError:
                pass
        return said

    def test_nobody_is_let_in(self):
        """With ada's own password, were the name to find her."""
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for done in [pool.submit(self.try_name, i, name)
                         for i, name in enumerate(NAMES)]:
                done.result()

    def try_name(self, i, name):
        raw = name.encode()
        token = base64.b64encode(b"\0" + raw + b"\0secret-ada")
        other = base64.b64encode(raw + b"\0ada@example.test\0secret-ada")
        source = f"127.3.{i}."
        for j, (service, data) in enumerate((
                ("imaps", b"a AUTHENTICATE PLAIN %s\r\nz LOGOUT\r\n"
                 % token),
                ("imaps", b"a LOGIN {%d+}\r\n%s {10+}\r\nsecret-ada\r\n"
                 b"z LOGOUT\r\n" % (len(raw), raw)),
                ("submissions", b"EHLO c\r\nAUTH PLAIN %s\r\nQUIT\r\n"
                 % token),
                ("imaps", b"a AUTHENTICATE PLAIN %s\r\nz LOGOUT\r\n"
                 % other))):
            self.count()
            said = self.say(service, data, f"{source}{j + 1}")
            self.assertNotRegex(said, rb"(?m)^(a OK|235 )", name)

    def test_no_address_is_found(self):
        for name in NAMES:
            if any(c in name for c in "\r\n"):
                continue
            for form in (f"{name}", f'"{name}"@example.test',
                         f"{name}@example.test"):
                self.count()
                said = self.talk("smtp", b"EHLO c\r\nMAIL FROM:<> SMTPUTF8\r\n"
                                 b"RCPT TO:<" + form.encode()
                                 + b">\r\nQUIT\r\n")
                self.assertNotIn("250 2.1.5", said, form)

    def test_the_log_is_ours_alone(self):
        for name in NAMES:
            raw = name.encode()
            for line in (b"EHLO " + raw, b"MAIL FROM:<" + raw + b"@y.test>",
                         raw, b"XCLIENT NAME=" + raw, b"VRFY " + raw):
                self.count()
                self.talk("smtp", b"EHLO c\r\n" + line + b"\r\nQUIT\r\n")
            self.talk("imap", b"a ID (\"name\" \"" + raw
                      + b"\")\r\n" + raw + b"\r\nz LOGOUT\r\n")
            self.talk("pop3", b"USER " + raw + b"\r\n" + raw + b"\r\nQUIT\r\n")
        self.send("x@y.test", ["ada"], b"Message-ID: <" + NAMES[26].replace(
            "\r\n", "\x1b[2J").encode() + b">\r\nSubject: x\r\n\r\nx\r\n")
        self.wait_for_messages("ada", 1)
        for line in self.chancery.log().split("\n"):
            self.assertIsNone(FORGED.search(line), line)
            self.assertNotRegex(line, r"^\S+ \S+ (smtpd|master)\[1\]")
            self.assertFalse(line.startswith(("master[1]", "smtpd[1]")), line)
            self.assertLess(len(line), 3000)
        self.is_served()


if __name__ == "__main__":
    attack.main()
