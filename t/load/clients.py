"""IMAP and SMTP for thousands of clients in one process: asyncio, and no more
of the protocols than the load says. Trouble is an exception; whoever runs a
client notes it."""

import asyncio
import re
import time


class Trouble(Exception):
    """What a server must not have said."""


class Client:
    def __init__(self, times):
        self.times = times  # {what: [seconds]}
        self.reader = self.writer = None

    def note(self, what, began):
        self.times.setdefault(what, []).append(time.monotonic() - began)

    async def open(self, port, tls, local):
        self.reader, self.writer = await asyncio.wait_for(
            asyncio.open_connection(
                "127.0.0.1", port, ssl=tls, local_addr=(local, 0),
                server_hostname="localhost" if tls else None,
                limit=1 << 20), 120)

    async def line(self):
        line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise Trouble(f"closed, after {line!r}")
        return line

    def close(self):
        if self.writer is not None:
            self.writer.transport.abort()


class Imap(Client):
    async def login(self, port, tls, local, user, password):
        began = time.monotonic()
        await self.open(port, tls, local)
        await self.line()
        self.note("connection, TLS", began)
        began = time.monotonic()
        await self.command(f"LOGIN {user} {password}")
        self.note("LOGIN", began)

    async def command(self, text, what=None):
        """The lines before its OK, with literals cut out."""
        began = time.monotonic()
        self.writer.write(b"a " + (text if isinstance(text, bytes)
                                   else text.encode()) + b"\r\n")
        lines = []
        while True:
            line = await asyncio.wait_for(self.line(), 120)
            while literal := re.search(rb"\{(\d+)\}\r\n$", line):
                await self.reader.readexactly(int(literal[1]))
                line = await self.line()
            if line.startswith(b"a "):
                break
            lines.append(line)
        if not line.startswith(b"a OK"):
            raise Trouble(f"{text[:60]!r}: {line!r}")
        if what:
            self.note(what, began)
        return lines

    async def idle(self):
        self.writer.write(b"i IDLE\r\n")
        while not (await asyncio.wait_for(self.line(), 120)).startswith(b"+"):
            pass

    async def done(self, what):
        began = time.monotonic()
        self.writer.write(b"DONE\r\n")
        while not (line := await asyncio.wait_for(
                self.line(), 120)).startswith(b"i "):
            pass
        if not line.startswith(b"i OK"):
            raise Trouble(f"DONE: {line!r}")
        self.note(what, began)


class Smtp(Client):
    async def reply(self, want):
        while (line := await asyncio.wait_for(self.line(), 120))[3:4] == b"-":
            pass
        if not line.startswith(want):
            raise Trouble(f"{want!r} wanted: {line!r}")

    async def say(self, text, want=b"250"):
        self.writer.write(text)
        await self.reply(want)

    async def greet(self, port, local):
        began = time.monotonic()
        await self.open(port, None, local)
        await self.reply(b"220")
        await self.say(b"EHLO load.elsewhere.test\r\n")
        self.note("SMTP greeting and EHLO", began)

    async def send(self, recipient, message):
        """Returns when it was taken."""
        began = time.monotonic()
        await self.say(b"MAIL FROM:<load@elsewhere.test>\r\n")
        await self.say(f"RCPT TO:<{recipient}>\r\n".encode())
        await self.say(b"DATA\r\n", b"354")
        await self.say(message + b".\r\n")
        self.note("message, MAIL to 250", began)
        return time.monotonic()
