"""The report of t/bench/profile: profile.json keeps what was found of each
path, whenever that was; from it two tables between marks of a page."""

import json
import os

from suite import page
from suite.rows import number

from .costs import OTHER
from .paths import PATHS

BEGIN = "<!-- t/bench/profile writes from here -->"
END = "<!-- to here, by t/bench/profile -->"
LARGEST = 3
# Those of a path's processes that are not Chancery's.
ELSE = ("load", "idle", "others", "perf")


def percent(share):
    return f"{share:.0%}" if share >= 0.095 else f"{share:.1%}"


def listed(pairs, quote=""):
    return ", ".join(f"{quote}{name}{quote} {percent(share)}"
                     for name, share in pairs)


def named(record):
    return [cost for cost in record["costs"] if cost["cost"] != OTHER]


def other(record):
    return next((cost for cost in record["costs"] if cost["cost"] == OTHER),
                {"cost": OTHER, "share": 0, "processes": [], "functions": []})


def line(record):
    """For whoever waits."""
    top = "; ".join(f"{cost['cost']} {percent(cost['share'])}"
                    for cost in named(record)[:LARGEST])
    return (f"{number(record['rate'])} {record['unit']}/s, "
            f"{record['samples']} samples, "
            f"{percent(record['ours'])} ours: {top}; other "
            f"{percent(other(record)['share'])}"
            f" ({listed(other(record)['functions'])})")


class Report:
    def __init__(self, folder, text):
        self.file, self.page = os.path.join(folder, "profile.json"), text
        os.makedirs(folder, exist_ok=True)
        self.paths = {}
        if os.path.exists(self.file):
            with open(self.file) as f:
                self.paths = json.load(f)

    def keep(self, name, record):
        """What costs.Tally found of a path, with date, rate, unit, seconds
        and load_before."""
        self.paths[name] = record
        with open(self.file, "w") as f:
            json.dump(self.paths, f, indent=1, sort_keys=True)
            f.write("\n")
        page.put(self.page, BEGIN, END, self.tables())

    def tables(self):
        known = [(PATHS[name], self.paths[name]) for name in PATHS
                 if name in self.paths]
        yield "\n### Whose time it is\n"
        yield ("| path | done | Chancery's processes | load | perf, others "
               "| idle | seconds, load average before, date |")
        yield "| --- " * 7 + "|"
        for path, record in known:
            yield self.whose(path, record)
        yield "\n### The largest costs of each path\n"
        yield ("| path | cost | of Chancery's time | in the process | known "
               "by |")
        yield "| --- " * 5 + "|"
        for path, record in known:
            yield from self.costs(path, record)
        yield ""

    @staticmethod
    def whose(path, record):
        shares = record["processes"]
        ours = [(name, share) for name, share in
                sorted(shares.items(), key=lambda item: -item[1])
                if name not in ELSE and share >= 0.005]
        strangers = shares.get("perf", 0) + shares.get("others", 0)
        return (f"| {path.title} | {number(record['rate'])} "
                f"{record['unit']}/s | {listed(ours)} | "
                f"{percent(shares.get('load', 0))} | {percent(strangers)} | "
                f"{percent(shares.get('idle', 0))} | "
                f"{record['seconds']:.1f} s, {record['load_before']:.1f}, "
                f"{record['date']} |")

    @staticmethod
    def costs(path, record):
        title = path.title
        for cost in [*named(record)[:LARGEST], other(record)]:
            yield (f"| {title} | {cost['cost']} | {percent(cost['share'])} | "
                   f"{listed(cost['processes'])} | "
                   f"{listed(cost['functions'], '`')} |")
            title = ""
