"""The comparisons of t/bench/run: each a name, what it measures of one kind
of system, and the rows it fills. The measuring itself is in the programs of
t/bench; here stands how much of it is done.

Messages and seconds are chosen so that the whole run stays below half an hour
on two cores: a peer gets fewer messages than Chancery, for about the same
time.
"""

import statistics
import tempfile
from dataclasses import dataclass, field
from typing import Callable

import append
import deliver
import fetch
import idle
import login
import mixed
import parked
import pop3
import procs
import relay
import search
import systems

from .rows import Row


@dataclass
class Part:
    name: str
    title: str
    how: str  # a sentence for the report
    measure: Callable[[str, bool], dict]  # kind, quick
    rows: list
    seconds: int  # after which a kind is given up
    kinds: dict = field(default_factory=lambda: systems.KINDS)


# ---- deliveries ----

USERS = 100
# key, octets, recipients, messages for Chancery and for a peer, rounds
LOADS = (("4k_1", 4096, 1, 25000, 2500, 3),
         ("64k_1", 65536, 1, 5000, 1200, 1),
         ("4k_50", 4096, 50, 1200, 80, 1),
         ("64k_50", 65536, 50, 500, 60, 1))


def medians(rounds):
    """Of each figure of some rounds."""
    return {key: statistics.median(found[key] for found in rounds)
            for key in rounds[0]}


def deliveries(kind, quick):
    values = {}
    with systems.start(kind, USERS) as system:
        deliver.measure(system, 50 if quick else 400, users=USERS)
        for key, size, rcpts, ours, theirs, rounds in LOADS:
            count = ours if kind == "chancery" else theirs
            found = medians([deliver.measure(
                system, max(count // 25, 20) if quick else count, size, rcpts,
                users=USERS, timeout=150)
                for _ in range(1 if quick else rounds)])
            values[key] = found["visible_per_s"]
            if key == "4k_1":
                for name in ("median_ms", "p99_ms"):
                    values[name] = found[name]
            if key.startswith("4k"):
                values[f"cpu_{key}"] = found["cpu_ms"]
                values[f"flushes_{key}"] = found.get("flushes")
    return values


def batch(size, times=1):
    return lambda limits, ours: limits[f"batch_{size}_per_s"] * times


def syncs(count):
    return lambda limits, ours: count * 1000 / limits["sync_1_per_s"]


DELIVERIES = Part(
    "deliveries", "Deliveries until visible",
    "20 SMTP sessions, pipelined, to 100 users, from the first connection "
    "until IMAP STATUS shows each message in each mailbox, everything "
    "synced; a delivery is a message for one recipient. CPU time is that of "
    "all the servers' processes; flushes are the disk's, by whomever.",
    deliveries, [
        Row("4k_1", "4 KiB, 1 recipient", "/s", 10, None, batch(4096)),
        Row("64k_1", "64 KiB, 1 recipient", "/s", 10, None, batch(65536)),
        Row("4k_50", "4 KiB, 50 recipients", "/s", 10, None,
            batch(4096, 50)),
        Row("64k_50", "64 KiB, 50 recipients", "/s", 10, None,
            batch(65536, 50)),
        Row("median_ms", "4 KiB, 1: until 250, median", "ms", 1, None,
            syncs(1)),
        Row("p99_ms", "4 KiB, 1: until 250, p99", "ms"),
        Row("cpu_4k_1", "4 KiB, 1: CPU time a delivery", "ms"),
        Row("cpu_4k_50", "4 KiB, 50: CPU time a delivery", "ms"),
        Row("flushes_4k_1", "4 KiB, 1: flushes a message", ""),
        Row("flushes_4k_50", "4 KiB, 50: flushes a message", ""),
    ], 240)


# ---- relay ----


def relaying(kind, quick):
    values = {}
    with relay.Relay(kind) as system:
        for key, reconnect, ours, theirs in (
                ("stay", False, 20000, 3000), ("leave", True, 10000, 3000)):
            count = ours if kind == "chancery" else theirs
            found = medians([relay.measure(
                system, count // 20 if quick else count, reconnect=reconnect,
                timeout=80) for _ in range(1 if quick else 3)])
            values[key] = found["relayed_per_s"]
            values[f"cpu_{key}"] = found["cpu_ms"]
    return values


RELAY = Part(
    "relay", "Relaying",
    "4 KiB, 20 sessions in by smtp-source, until smtp-sink has all of it.",
    relaying, [
        Row("stay", "sessions that stay", "/s", 3, None, batch(4096)),
        Row("leave", "a session a message", "/s", 3, None, batch(4096)),
        Row("cpu_stay", "sessions that stay: CPU time a message", "ms"),
        Row("cpu_leave", "a session a message: CPU time a message", "ms"),
    ], 180, relay.KINDS)


# ---- APPEND ----


def filling(kind, quick):
    values = {}
    count = 10000 if kind == "chancery" else 1500
    bodies = append.bodies_of(count // 20 if quick else count, 4096)
    disk = tempfile.gettempdir()
    with systems.start(kind, 1, smtp=False) as system:
        append.measure(system, append.pipelined, bodies[:100])
        for way in append.WAYS:
            cpu, flushes = system.cpu(), procs.flushes(disk)
            values[way.__name__] = append.measure(system, way, bodies)
            if way is append.pipelined:
                values["cpu"] = (system.cpu() - cpu) * 1000 / len(bodies)
                if flushes is not None:
                    values["flushes"] = (procs.flushes(disk) -
                                         flushes) / len(bodies)
    return values


APPEND = Part(
    "append", "Filling a mailbox",
    "4 KiB messages by one client, in the clear, everything synced.",
    filling, [
        Row("pipelined", "APPEND, pipelined", "/s", 1, None, batch(4096)),
        Row("several", "100 messages a command (MULTIAPPEND)", "/s", 1, None,
            batch(4096)),
        Row("waiting", "asking leave, waiting for each answer", "/s", 1,
            None, lambda limits, ours: limits["sync_1_per_s"]),
        Row("cpu", "pipelined: CPU time a message", "ms"),
        Row("flushes", "pipelined: flushes a message", ""),
    ], 120)


# ---- mixed ----


def mixing(kind, quick):
    seconds, clients = (3, 6) if quick else (12, 20)
    with systems.start(kind, clients // 2, smtp=False) as system:
        cpu = system.cpu()
        rate, wrong = mixed.measure(system, seconds, clients)
        spent = (system.cpu() - cpu) * 1000 / (rate * seconds)
    if kind == "chancery" and wrong:
        raise SystemExit(f"Chancery contradicted itself {wrong} times")
    return {"rate": rate, "cpu": spent}


MIXED = Part(
    "mixed", "Mixed IMAP load",
    "20 clients, two on each of ten mailboxes of 200 messages, who read, "
    "search, flag, append and expunge and compare all answers with what "
    "they were told before; with what filling the mailboxes took.",
    mixing, [Row("rate", "commands", "/s"),
             Row("cpu", "CPU time a command", "ms")], 180)


# ---- a large mailbox ----

LARGE = 20000
# What search.measure() tells of a command: in a session the first, one more,
# one after a message came.
WHEN = {"": "", " again": ", repeated", " fresh": ", after a new message"}


def copied(key):
    """An answer takes as long as copying its bytes once in memory; a change
    as long as a sync. What answers nothing much is not held against that."""
    if key == "STORE":
        return syncs(1)
    if key == "SELECT":
        return None
    return lambda limits, ours: (ours[f"bytes_{key}"] * 1000 /
                                 limits["memcpy_bytes_per_s"])


def reading(kind, quick):
    values = {}
    search.SESSIONS, search.AGAIN = (1, 1) if quick else (2, 2)
    with systems.start(kind, 1, smtp=False) as system:
        search.fill(system, 500 if quick else LARGE)
        imap = fetch.Raw(system)
        imap.do(b"SELECT INBOX")
        for name, (commands, _) in fetch.COMMANDS.items():
            took, size = fetch.measure(imap, commands, 1 if quick else 5)
            values[name], values[f"bytes_{name}"] = took, size
        imap.sock.close()
        found = pop3.measure(system, 1)
        values["pop3"] = found["messages_per_s"]
        values["pop3_open"] = found["opened_ms"]
        values["pop3_size"] = found["bytes"] / found["messages"]
        for name, command in search.COMMANDS:
            found, _ = search.measure(system, command)
            for when, (took, _) in zip(WHEN, found):
                values[name + when] = took
    return values


MAILBOX = Part(
    "mailbox", "A mailbox of 20,000 messages",
    "4 KiB each, in the clear, warm; FETCH of all of them, STORE of one flag "
    "on all of them, the whole of it by POP3, and SORT, THREAD and SEARCH: "
    "the first such command of a session, the same once more in it, and "
    "after a new message.",
    reading, [
        *(Row(name, name if name in ("SELECT", "STORE") else f"FETCH {name}",
              "ms", 1, bound, copied(name))
          for name, (_, bound) in fetch.COMMANDS.items()),
        Row("pop3", "POP3, messages downloaded", "/s", 1, None,
            lambda limits, ours: (limits["memcpy_bytes_per_s"] /
                                  ours["pop3_size"])),
        Row("pop3_open", "POP3, until LIST is answered", "ms"),
        *(Row(name + when, name + words, "ms")
          for name, _ in search.COMMANDS for when, words in WHEN.items()),
    ], 300)


# ---- logins ----


def logging_in(kind, quick):
    seconds = 0.5 if quick else 3
    with systems.start(kind, login.USERS, smtp=False) as system:
        login.Load(system).run(2)
        return {key: statistics.median(
            login.Load(system, tls).run(seconds) for _ in range(3))
                for key, tls in (("clear", False), ("tls", True))}


LOGINS = Part(
    "logins", "Logins",
    "Connect, LOGIN, LOGOUT, 20 at a time, 50 users who have logged in "
    "before; with TLS the client's half of the handshake runs on the same "
    "cores.",
    logging_in, [
        Row("clear", "in the clear", "/s", 1, 1500),
        Row("tls", "TLS, whole handshakes", "/s", 1, None,
            lambda limits, ours: limits["tls_per_s"]),
    ], 90)


# ---- start and memory ----


def resting(kind, quick):
    found = idle.measure(kind)
    return {"start": found["start_s"] * 1000,
            "memory": sum(found["memory"].values()) / 1024}


IDLE = Part(
    "idle", "Start and memory",
    "From the start of what ran before until SMTP and IMAP greet; the Pss "
    "of all processes (Chancery's slapd apart) after each service has "
    "served one session.",
    resting, [Row("start", "start", "ms", 1, 1000),
              Row("memory", "idle memory", "MiB", 1, 60)], 60)


# ---- parked sessions ----


def parking(kind, quick):
    parked.allow_sockets()
    # A process a session takes Dovecot too long for all of them.
    count = 50 if quick else 500 if kind == "dovecot" else 2500
    values = {}
    ways = ((True, False) if kind in ("chancery", "hibernating") else (True,))
    for tls in ways:
        with parked.start(kind) as system:
            found = parked.measure(kind, system, tls, count,
                                   2 if quick else 35)
        if kind == "hibernating" and found["left"] > count // 10:
            raise SystemExit(f"{found['left']} of {count} sessions do not "
                             "hibernate")
        word = "tls" if tls else "clear"
        for key in ("kib", "by_client_ms", "by_mail_ms"):
            values[f"{key}_{word}"] = found[key]
    return values


PARKED = Part(
    "parked", "Parked sessions",
    "2,500 sessions of 50 users in IDLE, each on a mailbox of its own (500 "
    "of Dovecot without hibernation); what the Pss of all processes grew "
    f"by, a session, and how fast {parked.WOKEN} of them woke, one after "
    "the other, held against what hibernates. Chancery with "
    f"{'; '.join(parked.OPTIONS)}.",
    parking, [
        Row("kib_tls", "TLS: memory a session", "KiB", 1, 20),
        Row("kib_clear", "in the clear: memory a session", "KiB", 1, 4),
        Row("by_client_ms_tls", "TLS: woken by DONE", "ms",
            against=("hibernating",)),
        Row("by_mail_ms_tls", "TLS: woken by new mail", "ms",
            against=("hibernating",)),
        Row("by_client_ms_clear", "in the clear: woken by DONE", "ms",
            against=("hibernating",)),
        Row("by_mail_ms_clear", "in the clear: woken by new mail", "ms",
            against=("hibernating",)),
    ], 480, parked.KINDS)

PARTS = {part.name: part for part in (DELIVERIES, RELAY, APPEND, MIXED,
                                      MAILBOX, LOGINS, IDLE, PARKED)}
