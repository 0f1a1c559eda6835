#!/usr/bin/python3
"""How long a start takes until the first greeting, and what the idle suite
holds in memory after each service has served one session.

The memory is the sum of Pss over all processes of the instance, slapd apart,
read from /proc as root. Prints a line a program.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e", "lib"))
import chancery  # noqa: E402


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def tree(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        children = [int(word) for word in f.read().split()]
    return [pid] + [p for child in children for p in tree(child)]


def greeting(instance):
    """Seconds from "start" to the first bytes of an SMTP greeting."""
    began = time.perf_counter()
    instance.run("start")
    instance.running = True
    while True:
        try:
            with instance.connect("smtp") as sock:
                if sock.recv(100).startswith(b"220"):
                    return time.perf_counter() - began
        except OSError:
            pass


def serve_once(instance):
    with instance.smtp() as smtp:
        smtp.sendmail("x@elsewhere.test", ["ada@example.test"],
                      "Subject: x\r\n\r\nx\r\n")
    with instance.smtp("submission", "ada") as smtp:
        smtp.noop()
    with instance.smtp("submissions", "ada") as smtp:
        smtp.noop()
    for service in ("imap", "imaps"):
        instance.imap("ada", service).logout()
    for service in ("pop3", "pop3s"):
        instance.pop3("ada", service).quit()


def main():
    if not chancery.IS_ROOT:
        sys.exit("idle.py: reading Pss needs root")
    instance = chancery.Instance(users=("ada",))
    try:
        print(f"start to greeting: {greeting(instance) * 1000:.0f} ms "
              "(aim 1,000)")
        for user in instance.users:
            instance.add_user(user)
        serve_once(instance)
        time.sleep(2)  # what was forked for them has settled
        pids = tree(instance.master_pid())
        total = 0
        for pid in pids:
            with open(f"/proc/{pid}/comm") as f:
                name = f.read().strip()
            size = pss(pid)
            if name != "slapd":
                total += size
            print(f"  {pid:8} {name:16} {size:7} KiB")
        print(f"all but slapd: {total / 1024:.1f} MiB (aim 60)")
    finally:
        instance.remove()


if __name__ == "__main__":
    main()
