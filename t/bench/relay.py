#!/usr/bin/python3
"""Durable relaying a second: from the first SMTP connection until the next
host, Postfix's smtp-sink, has every message. Chancery beside Debian's Postfix
on the same filesystem in the same run, the same senders (smtp-source).

t/bench/relay.py [-n MESSAGES] [-z BYTES] [-c SESSIONS] [--peer-messages N]
    [--rounds N] [--reconnect] [--only ours|peers]

Each session in sends one message after another, or, with --reconnect, one.
fsync is on everywhere. Prints a line a round, and the medians.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e", "lib")]
import chancery  # noqa: E402
import peers  # noqa: E402

DOMAIN = "example.test"
SINK = 998  # above a base of ports


class Sink:
    """smtp-sink, and how many messages it has."""

    def __init__(self, port):
        self.count = 0
        self.process = subprocess.Popen(
            ["/usr/sbin/smtp-sink", "-c", "-u", "nobody",
             f"127.0.0.1:{port}", "400"], stdout=subprocess.PIPE)
        threading.Thread(target=self.read, daemon=True).start()
        peers.wait_for_port(port)

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


class Ours:
    name = "Chancery"

    def __init__(self):
        ports = chancery.PortBase()
        base = ports.base
        ports.close()
        self.sink = Sink(base + SINK)
        self.instance = chancery.Instance(DOMAIN, options=(
            f"relayhost = [127.0.0.1]:{base + SINK}",
            "mynetworks = 127.0.0.0/8"))
        self.instance.start()
        self.smtp = self.instance.port("smtp")

    def stop(self):
        self.instance.remove()
        self.sink.stop()


class Theirs:
    name = "Postfix"

    def __init__(self):
        self.ports = chancery.PortBase()
        self.smtp = self.ports.base + 25
        self.sink = Sink(self.ports.base + SINK)
        self.dir = tempfile.mkdtemp(prefix="peers-")
        os.chmod(self.dir, 0o755)
        for folder in ("etc", "queue", "data"):
            os.mkdir(f"{self.dir}/{folder}", 0o755)
        shutil.chown(f"{self.dir}/data", "postfix")
        words = {"dir": self.dir, "domain": DOMAIN, "smtp": self.smtp}
        with open(f"{self.dir}/etc/main.cf", "w") as f:
            f.write(peers.MAIN_CF.format(**words) +
                    f"relayhost = [127.0.0.1]:{self.ports.base + SINK}\n")
        with open(f"{self.dir}/etc/master.cf", "w") as f:
            f.write(peers.MASTER_CF.format(**words))
        open(f"{self.dir}/users", "w").close()
        with open(f"{self.dir}/start.log", "w") as log:
            subprocess.run(["postfix", "-c", f"{self.dir}/etc", "start"],
                           stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                           check=True)
        peers.wait_for_port(self.smtp)

    def stop(self):
        subprocess.run(["postfix", "-c", f"{self.dir}/etc", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.sink.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.ports.close()


def measure(system, args, messages):
    """(accepted, relayed) messages a second."""
    goal = system.sink.count + messages
    began = time.monotonic()
    keep = [] if args.reconnect else ["-d"]
    subprocess.run(["/usr/sbin/smtp-source", *keep, "-s", str(args.sessions),
                    "-l", str(args.size), "-m", str(messages), "-f",
                    f"a@{DOMAIN}", "-t", "b@elsewhere.test",
                    f"127.0.0.1:{system.smtp}"], check=True, timeout=600)
    accepted = time.monotonic() - began
    while system.sink.count < goal:
        if time.monotonic() - began > 600:
            raise SystemExit(f"{system.name}: only {system.sink.count} of "
                             f"{goal} after ten minutes")
        time.sleep(0.005)
    return messages / accepted, messages / (time.monotonic() - began)


def run(kind, args, messages):
    system, figures = kind(), []
    try:
        for n in range(args.rounds):
            accepted, relayed = measure(system, args, messages)
            figures.append(relayed)
            print(f"{system.name:10} round {n + 1}: {relayed:8,.0f} relayed/s "
                  f"{accepted:8,.0f} accepted/s   load "
                  f"{os.getloadavg()[0]:.1f}", flush=True)
    finally:
        system.stop()
    return statistics.median(figures)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", "--messages", type=int, default=20000)
    parser.add_argument("--peer-messages", type=int, default=4000)
    parser.add_argument("-z", "--size", type=int, default=4096)
    parser.add_argument("-c", "--sessions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reconnect", action="store_true")
    parser.add_argument("--only", choices=("ours", "peers"))
    args = parser.parse_args()
    if not chancery.IS_ROOT:
        sys.exit("relay.py: Postfix and smtp-sink need root")
    print(f"{args.size} bytes, {args.sessions} sessions; changed: relayhost, "
          "mynetworks; Postfix otherwise as in peers.py")
    medians = {}
    if args.only != "peers":
        medians[Ours.name] = run(Ours, args, args.messages)
    if args.only != "ours":
        medians[Theirs.name] = run(Theirs, args, args.peer_messages)
    print()
    for name, value in medians.items():
        print(f"{name:10} {value:8,.0f} messages relayed a second (median)")
    if len(medians) == 2:
        print(f"{'':10} {medians[Ours.name] / medians[Theirs.name]:8.1f} "
              "times as many")


if __name__ == "__main__":
    main()
