"""What processes cost: memory, CPU time, and the disk's flushes; from /proc,
as root."""

import os

TICK = os.sysconf("SC_CLK_TCK")


def pss(pid):
    """KiB: its own, and its share of what it shares."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def name(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()


def tree(pid):
    """A process and all that came of it and live."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            children = [int(word) for word in f.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid] + [p for child in children for p in tree(child)]


def memory(pids):
    """KiB by name of program."""
    by_name = {}
    for pid in pids:
        try:
            program = name(pid)
            by_name[program] = by_name.get(program, 0) + pss(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return by_name


def cpu(roots):
    """Seconds of all trees so far, with what has ended and was waited for."""
    ticks = 0
    for pid in (p for root in roots for p in tree(root)):
        try:
            with open(f"/proc/{pid}/stat") as f:
                words = f.read().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(int(word) for word in words[11:15])
    return ticks / TICK


def flushes(path):
    """How often the disk below path was told to flush, by anybody; or None
    where the kernel does not count it."""
    device = os.stat(path).st_dev
    with open("/proc/diskstats") as f:
        for line in f:
            words = line.split()
            if (int(words[0]), int(words[1])) == (os.major(device),
                                                  os.minor(device)):
                return int(words[18]) if len(words) > 18 else None
    return None
