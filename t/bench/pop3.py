#!/usr/bin/python3
"""How fast a whole maildrop is downloaded by POP3, beside Dovecot and Cyrus:
log in, LIST, and RETR of every message, all sent at once (PIPELINING, which
all of them offer).

t/bench/pop3.py [MESSAGES] [--rounds N] [--only KINDS]
"""

import argparse
import os
import statistics
import threading
import time

import systems
from fetch import Raw, message


def download(system, n=0):
    """How long until LIST was answered and until the last byte was there,
    both from USER, and how much it was."""
    user, password = system.login(n)
    sock = system.connect("pop3")
    answers = sock.makefile("rb", buffering=1 << 20)

    def line():
        said = answers.readline()
        if not said.startswith(b"+OK"):
            raise SystemExit(f"{system.name}: {said}")
        return said
    line()
    began = time.perf_counter()
    sock.sendall(f"USER {user}\r\n".encode())
    line()
    sock.sendall(f"PASS {password}\r\n".encode())
    line()
    sock.sendall(b"LIST\r\n")
    line()
    numbers = []
    while (said := answers.readline()) != b".\r\n":
        numbers.append(said.split()[0])
    opened = time.perf_counter() - began
    sender = threading.Thread(target=sock.sendall, args=(b"".join(
        b"RETR %s\r\n" % number for number in numbers),))
    sender.start()
    size = 0
    for _ in numbers:
        line()
        while (said := answers.readline()) != b".\r\n":
            if not said:
                raise SystemExit(f"{system.name}: connection lost")
            size += len(said)
    took = time.perf_counter() - began
    sender.join()
    sock.sendall(b"QUIT\r\n")
    line()
    sock.close()
    return {"opened_s": opened, "took_s": took, "messages": len(numbers),
            "bytes": size}


def measure(system, rounds):
    """Messages a second, the median, once it was downloaded before."""
    download(system)
    found = [download(system) for _ in range(rounds)]
    return {"messages_per_s": statistics.median(
        f["messages"] / f["took_s"] for f in found),
        "opened_ms": statistics.median(f["opened_s"] for f in found) * 1000,
        "bytes": found[0]["bytes"], "messages": found[0]["messages"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("messages", type=int, nargs="?", default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    systems.add_only(parser)
    args = parser.parse_args()
    texts = [message(n) for n in range(args.messages)]
    rates = {}
    for kind in args.only:
        with systems.start(kind, 1, smtp=False) as system:
            Raw(system).fill(texts)
            found = measure(system, args.rounds)
            rates[kind] = found["messages_per_s"]
            print(f"{system.name:26} open in {found['opened_ms']:.0f} ms, "
                  f"{rates[kind]:,.0f} messages/s, load average "
                  f"{os.getloadavg()[0]:.1f}", flush=True)
    systems.print_rates(rates, "messages downloaded a second")


if __name__ == "__main__":
    main()
