"""Samples of both CPUs, taken by perf while a load runs, and whose they are.

    with Recording(folder) as recording:
        load()
    for sample in recording.samples({"chancery": [pid], "load": [pid]}):
        sample.owner, sample.comm, sample.frames

The clock is cpu-clock, which virtual machines have, too. It is driven by an
interrupt, so that what the kernel does with interrupts off is seen where it
lets them in again; a function's callers are right all the same.
"""

import os
import re
import subprocess
from dataclasses import dataclass

import procs

HERTZ = 1999  # a prime, lest anything else keep step with it
FORK = re.compile(r"PERF_RECORD_FORK\((\d+):\d+\):\((\d+):\d+\)")
HEAD = re.compile(r"\s*(.+?)\s+(\d+)/\d+\s*$")
FRAME = re.compile(r"\s+([0-9a-f]+) (.+?) \((.*)\)\s*$")
VERSION = re.compile(r"(?<=.)@+[A-Z].*")  # free@GLIBC_2.2.5
KTHREADD = 2  # the parent of all the kernel's own threads


@dataclass(frozen=True)
class Frame:
    symbol: str  # "[unknown]" where no file names it
    file: str  # the program or library; "[kernel.kallsyms]"
    is_kernel: bool


@dataclass
class Sample:
    owner: str  # one of those given, "kernel", "idle", "perf" or "others"
    comm: str
    frames: list  # where it was, then who called that; the kernel's only


class Recording:
    """perf, started at the "with" and ended when it is left."""

    def __init__(self, folder):
        self.file = os.path.join(folder, "perf.data")
        self.said = os.path.join(folder, "perf.said")

    def __enter__(self):
        control, self.control = os.pipe()
        self.answer, answer = os.pipe()
        with open(self.said, "w") as said:
            self.process = subprocess.Popen(
                ["perf", "record", "-q", "-o", self.file, "-e", "cpu-clock",
                 "-F", str(HERTZ), "-a", "-g", "-N", "-m", "1024", "-D", "-1",
                 "--control", f"fd:{control},{answer}"],
                pass_fds=(control, answer), stdout=said, stderr=said,
                stdin=subprocess.DEVNULL)
        os.close(control)
        os.close(answer)
        self.tell(b"enable")
        return self

    def __exit__(self, *what):
        try:
            self.tell(b"disable")
            self.tell(b"stop")
            self.process.wait(60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            os.close(self.control)
            os.close(self.answer)

    def tell(self, word):
        try:
            os.write(self.control, word + b"\n")
            answer = os.read(self.answer, 100)
        except BrokenPipeError:
            answer = b""
        if not answer.startswith(b"ack"):
            raise SystemExit(f"perf does not {word.decode()}: {self.words()}")

    def words(self):
        with open(self.said) as said:
            return said.read()[-500:].strip() or "and says nothing"

    def lines(self):
        """What was recorded, as perf tells it, in the order of time."""
        # By that variable perf would ask a server for what has no symbols.
        script = subprocess.Popen(
            ["perf", "script", "-i", self.file, "--no-inline",
             "--show-task-events", "-F", "comm,pid,tid,ip,sym,dso"],
            text=True, errors="replace", stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "DEBUGINFOD_URLS": ""})
        with script:
            yield from script.stdout
        if script.returncode != 0:
            raise SystemExit(f"perf script: exit {script.returncode}")

    def samples(self, owners):
        """Each sample; owners: {name: [pid]} of processes to which belongs
        what they are the ancestors of."""
        known = {pid: name for name, pids in owners.items() for pid in pids}
        known |= {self.process.pid: "perf", 0: "idle"}
        owner = dict(known)
        head, frames = None, []
        for line in self.lines():
            if found := FORK.search(line):
                child, parent = map(int, found.groups())
                # perf begins with one for each process there is, and 0 is
                # the parent of the first.
                if child not in known:
                    owner[child] = (owner.get(parent, "others") if parent
                                    else "others")
            elif found := FRAME.match(line):
                frames.append(Frame(VERSION.sub("", found[2]), found[3],
                                    found[1].startswith("ffff") and
                                    len(found[1]) == 16))
            elif found := HEAD.match(line):
                head = found
            elif not line.strip() and head:
                yield Sample(owner.get(int(head[2]), "others"), head[1],
                             ours(frames))
                head, frames = None, []


def ours(frames):
    """The kernel's frames; for a process's own code that where it was, for
    callers cannot be told without frame pointers."""
    kernel = [frame for frame in frames if frame.is_kernel]
    return kernel or frames[:1]


def owners(**roots):
    """{name: [pid]} of all processes that live, by the roots of each."""
    found = {name: [pid for root in those for pid in procs.tree(root)]
             for name, those in roots.items()}
    found["kernel"] = procs.tree(KTHREADD)
    return found
