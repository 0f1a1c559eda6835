#!/usr/bin/python3
"""Durable relaying a second: from the first SMTP connection until the next
host, Postfix's smtp-sink, has every message. Chancery beside Debian's Postfix
on the same filesystem in the same run, the same senders (smtp-source).

t/bench/relay.py [-n MESSAGES] [-z BYTES] [-c SESSIONS] [--peer-messages N]
    [--rounds N] [--reconnect] [--only chancery|postfix]

Each session in sends one message after another, or, with --reconnect, one.
fsync is on everywhere. Prints a line a round, and the medians.
"""

import argparse
import os
import re
import statistics
import subprocess
import threading
import time

import systems
from systems import chancery, peers, procs

SINK = 998  # above a base of ports
KINDS = {"chancery": "Chancery", "postfix": "Postfix"}


class Sink:
    """smtp-sink, and how many messages it has."""

    def __init__(self):
        self.ports = chancery.PortBase()
        self.port = self.ports.base + SINK
        self.count = 0
        self.process = subprocess.Popen(
            ["/usr/sbin/smtp-sink", "-c", "-u", "nobody",
             f"127.0.0.1:{self.port}", "400"], stdout=subprocess.PIPE)
        threading.Thread(target=self.read, daemon=True).start()
        peers.wait_for_port(self.port)

    def read(self):
        text = b""
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            text = (text + chunk)[-200:]
            found = re.findall(rb"mesg=(\d+)[ \r\n]", text)
            if found:
                self.count = int(found[-1])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.ports.close()


class Relay:
    """A system that sends all mail to a sink; for a with."""

    def __init__(self, kind):
        self.kind, self.name = kind, KINDS[kind]
        self.sink = Sink()
        self.ports = chancery.PortBase()
        host = f"[127.0.0.1]:{self.sink.port}"
        try:
            if kind == "chancery":
                self.server = systems.Chancery(0, (
                    f"relayhost = {host}", "mynetworks = 127.0.0.0/8"))
                self.smtp = self.server.port("smtp")
                self.root = self.server.instance.master_pid()
            else:
                self.smtp = self.ports.base + 25
                self.server = peers.Postfix(self.smtp, systems.DOMAIN,
                                            relayhost=host)
                self.root = self.server.pid()
        except BaseException:
            self.sink.stop()
            self.ports.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.server.stop()
        self.sink.stop()
        self.ports.close()


def measure(relay, messages, size=4096, sessions=20, reconnect=False,
            timeout=600):
    """Messages accepted and relayed a second, and CPU time for each."""
    goal = relay.sink.count + messages
    cpu, began = procs.cpu([relay.root]), time.monotonic()
    keep = [] if reconnect else ["-d"]
    subprocess.run(["/usr/sbin/smtp-source", *keep, "-s", str(sessions),
                    "-l", str(size), "-m", str(messages), "-f",
                    f"a@{systems.DOMAIN}", "-t", "b@elsewhere.test",
                    f"127.0.0.1:{relay.smtp}"], check=True, timeout=timeout)
    accepted = time.monotonic() - began
    while relay.sink.count < goal:
        if time.monotonic() - began > timeout:
            raise SystemExit(f"{relay.name}: only {relay.sink.count} of "
                             f"{goal} after {timeout} s")
        time.sleep(0.005)
    return {"accepted_per_s": messages / accepted,
            "relayed_per_s": messages / (time.monotonic() - began),
            "cpu_ms": (procs.cpu([relay.root]) - cpu) * 1000 / messages}


def run(kind, args):
    messages = args.messages if kind == "chancery" else args.peer_messages
    rates = []
    with Relay(kind) as relay:
        for n in range(args.rounds):
            found = measure(relay, messages, args.size, args.sessions,
                            args.reconnect)
            rates.append(found["relayed_per_s"])
            print(f"{relay.name:10} round {n + 1}: {rates[-1]:8,.0f} "
                  f"relayed/s {found['accepted_per_s']:8,.0f} accepted/s   "
                  f"load {os.getloadavg()[0]:.1f}", flush=True)
    return statistics.median(rates)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", "--messages", type=int, default=20000)
    parser.add_argument("--peer-messages", type=int, default=4000)
    parser.add_argument("-z", "--size", type=int, default=4096)
    parser.add_argument("-c", "--sessions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reconnect", action="store_true")
    systems.add_only(parser, KINDS)
    args = parser.parse_args()
    print(f"{args.size} bytes, {args.sessions} sessions; changed: relayhost, "
          "mynetworks; Postfix otherwise as in peer/postfix.py")
    systems.print_rates({kind: run(kind, args) for kind in args.only},
                        "messages relayed a second (median)", KINDS)


if __name__ == "__main__":
    main()
