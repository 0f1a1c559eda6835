"""The paths that t/bench/profile looks at, and their loads: those of
t/bench/run for Chancery alone, as long as one likes.

A stage is a running instance with what its paths need in it. A path is
prepared, which returns the work to look at; the work returns how much of it
was done.
"""

import contextlib
import time
from dataclasses import dataclass
from typing import Callable

import append
import deliver
import fetch
import login
import mixed
import parked
import pop3
import relay
import search
import systems

USERS = 100
CLIENTS = 20  # of the mixed load
LARGE = 20000  # messages in the large mailbox
SESSIONS = 2500  # parked


@dataclass
class Path:
    name: str
    title: str
    unit: str  # what is counted
    prepare: Callable  # (system, seconds) -> work() -> how many


@dataclass
class Stage:
    start: Callable  # (quick) -> a context in which the system runs
    paths: list


def until(seconds, step):
    """step() again and again; the sum of what it returns."""
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        done += step()
    return done


# ---- mail comes in ----


@contextlib.contextmanager
def delivering(quick):
    with systems.start("chancery", USERS) as system:
        deliver.measure(system, 400, users=USERS)
        yield system


def deliveries(size, rcpts, some):
    """As many messages as fill the time, by the rate of some before."""
    def prepare(system, seconds):
        rate = deliver.measure(system, some, size, rcpts,
                               users=USERS)["visible_per_s"] / rcpts
        count = max(int(rate * seconds), some)

        def work():
            deliver.measure(system, count, size, rcpts, users=USERS)
            return count * rcpts
        return work
    return prepare


@contextlib.contextmanager
def relaying(quick):
    with relay.Relay("chancery") as system:
        relay.measure(system, 400)
        yield system


def relayed(system, seconds):
    rate = relay.measure(system, 1500)["relayed_per_s"]
    count = max(int(rate * seconds), 1500)

    def work():
        relay.measure(system, count)
        return count
    return work


# ---- mailboxes ----


@contextlib.contextmanager
def filling(quick):
    with systems.start("chancery", 1, smtp=False) as system:
        append.measure(system, append.pipelined, append.bodies_of(100, 4096))
        yield system


def appended(way):
    def prepare(system, seconds):
        bodies = append.bodies_of(5000, 4096)

        def some():
            append.measure(system, way, bodies)
            return len(bodies)
        return lambda: until(seconds, some)
    return prepare


@contextlib.contextmanager
def mixing(quick):
    with systems.start("chancery", CLIENTS // 2, smtp=False) as system:
        yield system


def mix(system, seconds):
    mixed.fill_all(system, CLIENTS)

    def work():
        rate, wrong = mixed.compete(system, seconds, CLIENTS)
        if wrong:
            raise SystemExit(f"Chancery contradicted itself {wrong} times")
        return rate * seconds
    return work


@contextlib.contextmanager
def large(quick):
    with systems.start("chancery", 1, smtp=False) as system:
        search.fill(system, 500 if quick else LARGE)
        yield system


def commands(*those):
    """The same commands over and over in one session, which knows by then
    what it can know."""
    def prepare(system, seconds):
        imap = fetch.Raw(system)
        imap.do(b"SELECT INBOX")
        for command in those:
            imap.do(command)

        def once():
            for command in those:
                imap.do(command)
            return len(those)

        def work():
            count = until(seconds, once)
            imap.sock.close()
            return count
        return work
    return prepare


def downloads(system, seconds):
    pop3.download(system)
    return lambda: until(seconds, lambda: pop3.download(system)["messages"])


# ---- sessions ----


@contextlib.contextmanager
def logging_in(quick):
    with systems.start("chancery", login.USERS, smtp=False) as system:
        # Until everybody has logged in and is remembered; that they were
        # just added is seen within seconds, and forgets them once more.
        login.Load(system).run(5)
        while login.Load(system).run(1) < 2 * login.USERS:
            pass
        yield system


def logins(tls):
    return lambda system, seconds: lambda: login.Load(
        system, tls).run(seconds) * seconds


@contextlib.contextmanager
def parking(quick):
    """All of them park, over TLS, each on a mailbox of its own."""
    parked.allow_sockets()
    count = 100 if quick else SESSIONS
    with parked.start("chancery") as system:
        names = parked.boxes(system, True, count)
        system.sessions = [parked.session(system, n, True, names[n])
                           for n in range(count)]
        for session in system.sessions:
            session.idle()
        yield system
        for session in system.sessions:
            session.sock.close()


def wakes(system):
    return next(row["value"] for row in system.instance.json("status")[
        "counters"] if row["service"] == "front" and row["counter"] == "wakes")


def woken(how):
    """Each of them once, as far as the time goes; those that woke park anew
    meanwhile."""
    def prepare(system, seconds):
        parked.settle("chancery", system, len(system.sessions))
        before, wake, end = wakes(system), *how(system)

        def work():
            begun, count = time.monotonic(), 0
            for n, session in enumerate(system.sessions):
                if time.monotonic() - begun > seconds:
                    break
                wake(n, session)
                count += 1
            end()
            if wakes(system) - before < count:
                raise SystemExit("some had not been parked")
            return count
        return work
    return prepare


def by_client(system):
    def wake(n, session):
        session.sock.sendall(b"DONE\r\n")
        session.until(b"i OK")
        session.idle()
    return wake, lambda: None


def by_mail(system):
    writers = [parked.session(system, user, True, None)
               for user in range(parked.USERS)]

    def wake(n, session):
        writers[n % parked.USERS].append(session.box)
        session.until(b" EXISTS")

    def end():
        for writer in writers:
            writer.sock.close()
    return wake, end


FETCHED = {name: commands(*those) for name, (those, _) in
           fetch.COMMANDS.items()}
SEARCHED = {name: commands(command) for name, command in search.COMMANDS}

STAGES = (
    Stage(delivering, [
        Path("deliver-4k", "Delivery, 4 KiB, 1 recipient", "deliveries",
             deliveries(4096, 1, 1500)),
        Path("deliver-64k", "Delivery, 64 KiB, 1 recipient", "deliveries",
             deliveries(65536, 1, 600)),
        Path("deliver-50", "Delivery, 4 KiB, 50 recipients", "deliveries",
             deliveries(4096, 50, 100))]),
    Stage(relaying, [
        Path("relay", "Relaying, 4 KiB", "messages", relayed)]),
    Stage(filling, [
        Path("append", "APPEND, pipelined", "messages",
             appended(append.pipelined)),
        Path("multiappend", "MULTIAPPEND", "messages",
             appended(append.several))]),
    Stage(mixing, [
        Path("mixed", "Mixed IMAP load", "commands", mix)]),
    Stage(large, [
        Path("select", "SELECT", "commands", FETCHED["SELECT"]),
        Path("fetch-flags", "FETCH FLAGS", "commands", FETCHED["FLAGS"]),
        Path("fetch-envelope", "FETCH ENVELOPE", "commands",
             FETCHED["ENVELOPE"]),
        Path("fetch-body", "FETCH BODY[]", "commands", FETCHED["BODY[]"]),
        Path("store", "STORE", "commands", FETCHED["STORE"]),
        Path("search-unseen", "SEARCH UNSEEN", "commands",
             SEARCHED["SEARCH UNSEEN"]),
        Path("search-text", "SEARCH TEXT", "commands",
             SEARCHED["SEARCH TEXT"]),
        Path("pop3", "POP3 download", "messages", downloads)]),
    Stage(logging_in, [
        Path("login", "Login, in the clear", "logins", logins(False)),
        Path("login-tls", "Login, TLS", "logins", logins(True))]),
    Stage(parking, [
        Path("wake", "Parked session woken by its client, TLS", "wake-ups",
             woken(by_client)),
        Path("wake-mail", "Parked session woken by mail, TLS", "wake-ups",
             woken(by_mail))]),
)
PATHS = {path.name: path for stage in STAGES for path in stage.paths}
