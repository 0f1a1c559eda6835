"""A client's part of a dialogue up to RCPT, as words."""

import base64
import socket

import chancery


def dialogue(**words):
    """client, helo, hello (HELO or EHLO), sender, domain (the recipient's),
    login, tls, at_once: what the client does."""
    return dict({"client": "127.0.0.3", "helo": "mail.good.test",
                 "sender": "x@good.test", "domain": "example.test",
                 "local": "ada"}, **words)


class Talk(chancery.TestCase):
    """One client's part of a dialogue."""

    def reply(self, file):
        while line := file.readline().decode():
            if line[3:4] != "-":
                return line.rstrip("\r\n")
        return ""

    def login(self, file, sock, user):
        secret = f"\0{self.chancery.address(user)}\0" + \
            self.chancery.password(user)
        sock.sendall(b"AUTH PLAIN " + base64.b64encode(secret.encode()) +
                     b"\r\n")
        self.assertEqual(self.reply(file)[:3], "235")

    def run_dialogue(self, words, rcpt):
        """The answer to RCPT."""
        sock = socket.create_connection(
            ("127.0.0.1", self.chancery.port("smtp")),
            timeout=chancery.PATIENCE,
            source_address=(words["client"], 0))
        file = sock.makefile("rb")
        self.assertEqual(self.reply(file)[:3], "220")
        hello = f"{words.get('hello', 'EHLO')} {words['helo']}\r\n"
        if words.get("tls"):
            sock.sendall(hello.encode() + b"STARTTLS\r\n")
            self.reply(file), self.reply(file)
            sock = self.chancery.tls().wrap_socket(sock)
            file = sock.makefile("rb")
        lines = [hello, f"MAIL FROM:<{words['sender']}>\r\n",
                 f"RCPT TO:<{rcpt}>\r\n"]
        if words.get("at_once"):
            sock.sendall("".join(lines).encode())
            self.reply(file), self.reply(file)
            return self.end(file, sock)
        for i, line in enumerate(lines):
            sock.sendall(line.encode())
            if i < 2:
                self.assertEqual(self.reply(file)[:3], "250", line)
            if i == 0 and "login" in words:
                self.login(file, sock, words["login"])
        return self.end(file, sock)

    def end(self, file, sock):
        answer = self.reply(file)
        sock.close()
        return answer
