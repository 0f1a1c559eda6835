"""Which system calls each daemon of an instance makes once it is jailed.

    traced = calls.TracedInstance(users=("ada",))
    traced.start()
    ...
    traced.stop()
    seen = traced.calls()   # {"qmgr": {"pwritev", ...}, ...}

The whole suite runs under strace; what a process does counts from its second
seccomp filter on, which is the last step into the jail.
"""

import os
import re
import subprocess

import chancery

LINE = re.compile(r"(\d+) +(.*)")
RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)")
CALL = re.compile(r"(\w+)\((.*)")
UNFINISHED = "<unfinished ...>"
FORKS = ("clone", "clone3", "fork", "vfork")
FILTERS = 2  # that sandbox_enter() loads


class TracedInstance(chancery.Instance):
    """An instance that is slow, and watched."""

    def run(self, *words, **options):
        if words != ("start",):
            return super().run(*words, **options)
        # -D: start's parent must not wait for the daemons that stay
        subprocess.run(
            ["strace", "-D", "-f", "-qq", "-s", "0", "-e", "signal=none",
             "-o", self.path("calls.trace"),
             chancery.COMMAND, "-C", self.dir, "start"],
            check=True, timeout=120, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return None

    def stop(self):
        """Stops, and takes the trace with it: calls() has it."""
        if not self.running:
            return
        super().stop()
        with open(self.path("calls.trace"), errors="replace") as trace:
            self.seen = read_trace(trace)
        os.unlink(self.path("calls.trace"))

    def calls(self):
        return self.seen


class Processes:
    """What is known of each process while a trace is read."""

    def __init__(self):
        self.program = {}
        self.filters = {}
        self.unfinished = {}
        self.early = {}  # calls of a child whose parent's fork has not
        self.seen = {}   # returned yet

    def whole(self, pid, text):
        """(call, arguments and result), or None while it is in two parts."""
        resumed = RESUMED.match(text)
        if resumed:
            return resumed[1], self.unfinished.pop(pid, "") + resumed[2]
        call = CALL.match(text)
        if call is None:
            return None
        if call[2].endswith(UNFINISHED):
            self.unfinished[pid] = call[2][:-len(UNFINISHED)]
            self.count(pid, call[1])  # it may never come back
            return None
        self.count(pid, call[1])
        return call[1], call[2]

    def count(self, pid, call):
        if pid not in self.filters:
            self.early.setdefault(pid, []).append(call)
        elif self.filters[pid] >= FILTERS:
            self.seen.setdefault(self.program.get(pid), set()).add(call)

    def follow(self, pid, call, text):
        text = text.rstrip()
        if call == "execve" and text.endswith("= 0"):
            path = re.match(r'"([^"]*)"', text)
            self.program[pid] = os.path.basename(path[1])
            self.filters[pid] = 0
        elif call in FORKS and (child := re.search(r"= (\d+)$", text)):
            self.born(int(child[1]), pid)
        elif (call == "seccomp" and "SET_MODE_FILTER" in text and
              text.endswith("= 0")):
            self.filters[pid] = self.filters.get(pid, 0) + 1

    def born(self, child, parent):
        if child in self.filters:
            return  # it has become another program meanwhile
        self.program[child] = self.program.get(parent)
        self.filters[child] = self.filters.get(parent, 0)
        for call in self.early.pop(child, ()):
            self.count(child, call)


def read_trace(lines):
    """{program: set of calls made in the jail} of strace -f's output."""
    processes = Processes()
    for line in lines:
        parts = LINE.match(line)
        if parts is None:
            continue
        pid = int(parts[1])
        whole = processes.whole(pid, parts[2])
        if whole:
            processes.follow(pid, *whole)
    return processes.seen
