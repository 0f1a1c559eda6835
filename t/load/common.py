"""What the load programs share: many users at once, what a system holds,
percentiles, and their parts of doc/load.md."""

import datetime
import os
import random
import re
import resource
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "t/e2e/lib"), os.path.join(TOP, "t/bench")]
import chancery  # noqa: E402
import procs  # noqa: E402

REPORT = os.path.join(TOP, "doc/load.md")
TITLE = """\
# Load

What `t/load/sessions` and `t/load/large` found, each on the day it says.
Settings are the defaults; a test's instance has besides them only
`smtpd_greet_wait = 0`, which is what its clients on loopback get in any case,
and looks up no names.
"""
TEMPLATE = "ada"  # the user of whom the others are copies


def address(rng):
    """Anywhere in 127.0.0.0/8."""
    return f"127.{rng.randrange(256)}.{rng.randrange(256)}." \
           f"{rng.randrange(1, 255)}"


def allow_sockets():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def as_directory(*words, **options):
    """One of slapd's tools, as its user."""
    user = (["setpriv", "--reuid=chancery-dir", "--regid=chancery-dir",
             "--clear-groups"] if chancery.IS_ROOT else [])
    return subprocess.run([*user, *words, "-F", "slapd.d", "-b",
                           "o=chancery"], check=True, **options)


def add_users(instance, names):
    """Into the directory of an instance that does not run: all of them with
    the password of TEMPLATE, who is there."""
    folder = instance.path("directory")
    text = as_directory("slapcat", "-o", "ldif-wrap=no", cwd=folder,
                        text=True, stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL).stdout
    entry = next(e for e in text.split("\n\n")
                 if e.startswith(f"dn: mail={TEMPLATE}@"))
    entry = "\n".join(line for line in entry.split("\n") if not re.match(
        "entryUUID|entryCSN|creator|create|modif|structural", line))
    mine = f"{TEMPLATE}@{instance.domain}"
    ldif = "\n\n".join(
        entry.replace(mine, f"{name}@{instance.domain}").replace(
            f"n: {TEMPLATE}\n", f"n: {name}\n") for name in names)
    as_directory("slapadd", "-q", cwd=folder, text=True, input=ldif + "\n",
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def password():
    return f"secret-{TEMPLATE}"


def percentiles(seconds):
    """A row of a table: count, then ms."""
    values = sorted(seconds)
    if not values:
        return "0 | - | - | - | - | -"
    picked = [values[min(len(values) - 1, int(len(values) * q))] * 1000
              for q in (0.5, 0.9, 0.99, 0.999)] + [values[-1] * 1000]
    return " | ".join([str(len(values)), *(f"{v:.1f}" for v in picked)])


PERCENTILES = ("| what | times | median ms | 90 % | 99 % | 99.9 % | longest |"
               "\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")


def anonymous(pid):
    """KiB of memory that is no file's."""
    total = 0
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                total += int(line.split()[1])
    return total


def holdings(instance):
    """{program: [processes, descriptors, KiB]} of all that runs."""
    held = {}
    for pid in procs.tree(instance.master_pid()):
        try:
            row = held.setdefault(procs.name(pid), [0, 0, 0])
            row[1] += len(os.listdir(f"/proc/{pid}/fd"))
            row[2] += anonymous(pid)
            row[0] += 1
        except (FileNotFoundError, ProcessLookupError):
            pass
    return held


def trouble_in_log(instance):
    return [line for line in instance.log().split("\n")
            if re.search(chancery.TROUBLE, line)]


def write_part(name, text):
    """A part of REPORT, in the place of the one of that name."""
    old = TITLE
    if os.path.exists(REPORT):
        with open(REPORT) as page:
            old = page.read()
    parts = re.split(r"(?m)^(?=## )", old)
    head = f"## {name}\n"
    kept = [part.rstrip("\n") + "\n" for part in parts[1:]
            if not part.startswith(head)]
    kept.append(head + "\n" + text.rstrip("\n") + "\n")
    with open(REPORT, "w") as page:
        page.write("\n".join([TITLE, *sorted(kept, reverse=True)]))


def when():
    return (f"{datetime.date.today()}, {os.cpu_count()} processors, load "
            f"average {os.getloadavg()[0]:.1f}")


def message(size, rng=random):
    line = b"".join(rng.choice(b"abcdefghij klmnop").to_bytes(1, "big")
                    for _ in range(70)) + b"\r\n"
    return (b"From: load@elsewhere.test\r\nSubject: load\r\n\r\n" +
            line * (size // len(line)))
