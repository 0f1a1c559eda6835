"""Which system calls each daemon of an instance makes once it is jailed.

With CHANCERY_CALLS=FOLDER in the environment every "chancery start" of a test
runs under strace, with all that comes out of it:

    seen = calls.gather(folder)   # {"qmgr": {"pwritev", ...}, ...}

What a process does counts from its second seccomp filter on, which is the
last step into the jail. CHANCERY_CALLS_ONLY names the calls that are still of
interest; the others are not stopped at and cost next to nothing.
"""

import glob
import json
import os
import re
import subprocess
import tempfile
import time

LINE = re.compile(r"(\d+) +(.*)")
RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)")
CALL = re.compile(r"(\w+)\((.*)")
UNFINISHED = "<unfinished ...>"
FORKS = ("clone", "clone3", "fork", "vfork")
FILTERS = 2  # that sandbox_enter() loads
FOLLOWED = ("execve", "seccomp", *FORKS)  # without these nothing is known
EVERY = "every_call"  # what jail/calls_seen.py keeps
LATE = 120  # seconds that a tracer may take behind the last of its daemons


def is_wanted():
    """Not where daemons are told to do what they may not."""
    return ("CHANCERY_CALLS" in os.environ and
            "CHANCERY_JAIL_TEST" not in os.environ)


def start(command):
    """Run command to its end under a tracer that stays with what it leaves
    behind. -D: whoever started it does not wait for the daemons."""
    number, path = tempfile.mkstemp(suffix=".trace",
                                    dir=os.environ["CHANCERY_CALLS"])
    os.close(number)
    words = ["strace", "-D", "-f", "-qq", "-s", "0", "-e", "signal=none"]
    only = os.environ.get("CHANCERY_CALLS_ONLY")
    if only is not None:
        words += ["--seccomp-bpf", "-e",
                  "trace=" + ",".join(
                      [*FOLLOWED, *("?" + call for call in only.split())])]
    # Files, for a pipe would end with the tracer only.
    with tempfile.TemporaryFile("w+") as out, \
            tempfile.TemporaryFile("w+") as err:
        done = subprocess.run([*words, "-o", path, *command], timeout=120,
                              stdin=subprocess.DEVNULL, stdout=out,
                              stderr=err)
        out.seek(0)
        err.seek(0)
        done.stdout, done.stderr = out.read(), err.read()
    return done


class Processes:
    """What is known of each process while a trace is read."""

    def __init__(self):
        self.program = {}
        self.filters = {}
        self.unfinished = {}
        # of a child whose parent's fork has not returned yet
        self.early, self.early_filters = {}, {}
        self.seen = {}

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
            filters = (self.filters if pid in self.filters
                       else self.early_filters)
            filters[pid] = filters.get(pid, 0) + 1

    def born(self, child, parent):
        if child in self.filters:
            return  # it has become another program meanwhile
        self.program[child] = self.program.get(parent)
        self.filters[child] = (self.filters.get(parent, 0) +
                               self.early_filters.pop(child, 0))
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


def is_traced(path):
    """Does a tracer still write there?"""
    for name in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(name, "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words[0] == b"strace" and path.encode() in words:
            return True
    return False


def merge(into, seen):
    for program, names in seen.items():
        if program is not None:
            into.setdefault(program, set()).update(names)


def gather(folder):
    """Everything seen by the traces of a folder, which go away."""
    seen = {}
    for path in glob.glob(os.path.join(folder, "*.trace")):
        end = time.monotonic() + LATE
        while is_traced(path) and time.monotonic() < end:
            time.sleep(0.05)
        with open(path, errors="replace") as trace:
            merge(seen, read_trace(trace))
        os.unlink(path)
    return seen


def keep(folder, name, seen):
    """What a test file saw, for recall()."""
    with open(os.path.join(folder, name + ".json"), "w") as f:
        json.dump({program: sorted(names)
                   for program, names in seen.items()}, f)


def recall(folder):
    """What all the files saw, {program: set of calls}."""
    seen = {}
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path) as f:
            merge(seen, json.load(f))
    return seen


def listed(build, program):
    """[(word, call, why)] of what a daemon's jail allows."""
    return [tuple(row) for row in rows(build, program)
            if row[0] != "landlock"]


def landlock(build, program):
    """[(what, where or why)] of what Landlock leaves a daemon."""
    return [tuple(row[1:]) for row in rows(build, program)
            if row[0] == "landlock"]


def rows(build, program):
    done = subprocess.run([os.path.join(build, "libexec", program), "-L"],
                          check=True, text=True, stdout=subprocess.PIPE)
    return [line.split("\t") for line in done.stdout.splitlines()]


def programs(build):
    """Every program in a jail: master is none, echod in no instance."""
    return sorted(set(os.listdir(os.path.join(build, "libexec"))) -
                  {"master", "echod"})


def unseen(build, seen):
    """{program: [(word, call, why)]} that is allowed and was never made."""
    return {program: [row for row in listed(build, program)
                      if row[1] not in seen.get(program, ())]
            for program in programs(build)}


def unexplained(build, seen):
    """["program (word): call"] of these whose rows have no reason."""
    return [f"{program} ({word}): {call}"
            for program, rest in unseen(build, seen).items()
            for word, call, why in rest if not why]


def wanted(build, folder):
    """The calls that some daemon may make and was not seen to make yet, in
    the form of CHANCERY_CALLS_ONLY."""
    rest = unseen(build, recall(folder)).values()
    return " ".join(sorted({call for part in rest for _, call, _ in part}))
