#!/usr/bin/python3
"""A COPY of a large mailbox must not keep others waiting.

t/bench/copy_large.py [-n MESSAGES]

Makes a mailbox of MESSAGES by copying it into itself, then lets one session
copy (and another time move) all of it while another one appends small
messages one by one. Prints how long that took, and how long each APPEND was
answered after it was sent.
"""

import argparse
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e", "lib")]
import chancery  # noqa: E402
import imap_talk  # noqa: E402

MESSAGE = b"Subject: x\r\n\r\nx\r\n"
START = 1000


def fill(ada, messages):
    ada.ok("CREATE big")
    for _ in range(START):
        ada.append(MESSAGE, "big")
    ada.ok("SELECT big")
    count = START
    while count < messages:
        more = min(count, messages - count)
        ada.ok(f"COPY 1:{more} big")
        ada.ok("NOOP")
        count += more


def append_until(bob, done, out):
    while not done.is_set():
        began = time.monotonic()
        bob.append(MESSAGE, "INBOX")
        out.append((time.monotonic() - began) * 1000)


def during(bob, what, command):
    times, done = [], threading.Event()
    worker = threading.Thread(target=append_until, args=(bob, done, times))
    worker.start()
    began = time.monotonic()
    command()
    took = time.monotonic() - began
    done.set()
    worker.join()
    times.sort()
    print(f"{what}: {took:.2f} s; {len(times)} APPENDs meanwhile, "
          f"p50 {times[len(times) // 2]:.1f} ms, "
          f"p99 {times[len(times) * 99 // 100]:.1f} ms, "
          f"longest {times[-1]:.1f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", "--messages", type=int, default=300000)
    args = parser.parse_args()
    instance = chancery.Instance(users=("ada", "bob"))
    try:
        instance.start()
        ada = imap_talk.Client(instance, "ada")
        bob = imap_talk.Client(instance, "bob")
        for client in (ada, bob):
            client.sock.settimeout(300)
        fill(ada, args.messages)
        print(f"{args.messages} messages, load average "
              f"{os.getloadavg()[0]:.1f}")
        during(bob, "nothing", lambda: time.sleep(3))
        ada.ok("CREATE copies")
        ada.ok("CREATE moved")
        during(bob, "COPY 1:*", lambda: ada.ok("COPY 1:* copies"))
        during(bob, "MOVE 1:*", lambda: ada.ok("MOVE 1:* moved"))
        ada.ok("SELECT copies")
        during(bob, "COPY 1:* to the same", lambda: ada.ok("COPY 1:* copies"))
        found = ada.ok("STATUS copies (MESSAGES)")
        if not any(str(2 * args.messages) in line for line in found):
            raise SystemExit(found)
    finally:
        instance.remove()


if __name__ == "__main__":
    main()
