"""The report: figures.json keeps what was measured, part by part, whenever
that was; from it the tables between two marks of a page, and the plots."""

import json
import os

from . import page, plot
from .parts import PARTS
from .rows import aim, is_met, number, ratio, share, with_unit

BEGIN = "<!-- t/bench/run writes from here -->"
END = "<!-- to here -->"
LIMITS = (("sync_1_per_s", "fdatasync of 4 KiB, one writer", "/s"),
          ("sync_20_per_s", "the same, 20 writers", "/s"),
          ("batch_4096_per_s", "20 messages of 4 KiB written and synced "
           "together, twice: messages", "/s"),
          ("batch_65536_per_s", "the same with 64 KiB", "/s"),
          ("memcpy_bytes_per_s", "memcpy", " bytes/s"),
          ("loopback_bytes_per_s", "TCP over loopback", " bytes/s"),
          ("tls_per_s", "TLS handshakes, P-256, both ends, all cores", "/s"))
VERDICTS = {True: "", False: " **short**", None: ""}


def missing(part, record):
    """A line for each row of ours that misses its aim, or has no figure."""
    for row in part.rows:
        values = record["values"].get(row.key, {})
        if is_met(row, values) is False:
            times = ratio(row, values)
            yield (f"- {part.title}: {row.what}: "
                   f"{with_unit(row, values['chancery'])}"
                   + ("" if times is None else
                      f", {number(times)} times the better") +
                   f"; aimed at: {aim(row)}.")
        elif values.get("chancery") is None:
            yield f"- {part.title}: {row.what}: not measured."


class Report:
    def __init__(self, folder, page):
        """Plots and figures.json in folder; page is the text they are told
        in, beside it."""
        self.folder, self.page = folder, page
        self.file = os.path.join(folder, "figures.json")
        self.parts = {}
        if os.path.exists(self.file):
            with open(self.file) as f:
                self.parts = json.load(f)

    def keep(self, name, record):
        """Of a part: date, load, seconds, limits, values, troubles."""
        self.parts[name] = record
        os.makedirs(self.folder, exist_ok=True)
        with open(self.file, "w") as f:
            json.dump(self.parts, f, indent=1, sort_keys=True)
            f.write("\n")
        with open(os.path.join(self.folder, f"{name}.svg"), "w") as f:
            f.write(plot.draw(PARTS[name], record["values"]))
        self.write()

    def write(self):
        page.put(self.page, BEGIN, END, self.sections())

    def sections(self):
        names = [name for name in PARTS if name in self.parts]
        if names:
            yield from self.short(names)
            yield from self.limits(self.parts[names[-1]])
        for name in names:
            yield from self.section(PARTS[name], self.parts[name])

    def short(self, names):
        """What misses its aim, and what is not known, before all else."""
        missed = [line for name in names for line in
                  missing(PARTS[name], self.parts[name])]
        yield "\n### Short of the aims\n"
        yield from missed or ["Nothing."]

    @staticmethod
    def limits(record):
        yield f"\n### What the machine can do ({record['date']})\n"
        yield ("`t/bench/limits.c`; \"of the limit\" below is how much of "
               "this a row reaches, where one of them bounds it.\n")
        yield "| what | figure |\n| --- | --- |"
        for key, what, unit in LIMITS:
            if key in record["limits"]:
                yield f"| {what} | {number(record['limits'][key])}{unit} |"

    def section(self, part, record):
        quick = ", **too short to mean anything**" if record["quick"] else ""
        yield f"\n### {part.title} ({record['date']})\n"
        yield (f"{part.how} Load average before {record['load_before']:.1f}, "
               f"{record['seconds']:.0f} s{quick}.\n")
        kinds = list(part.kinds)
        yield ("| | " + " | ".join(part.kinds.values()) +
               " | to the better | aim | limit | of the limit |")
        yield "| --- " * (len(kinds) + 5) + "|"
        for row in part.rows:
            yield self.line(part, row, record)
        for kind, why in sorted(record["troubles"].items()):
            yield f"\n**Not measured**: {part.kinds[kind]}: {why}"
        name = os.path.join(os.path.basename(self.folder),
                            f"{part.name}.svg")
        yield f"\n![{part.title}]({name})\n"

    @staticmethod
    def line(part, row, record):
        values = record["values"].get(row.key, {})
        times = ratio(row, values)
        ours = {key: found.get("chancery") for key, found in
                record["values"].items()}
        of_it = share(row, ours, record["limits"])
        words = [row.what]
        words += [with_unit(row, values.get(kind)) for kind in part.kinds]
        words.append("-" if times is None else f"{number(times)} times")
        words.append(aim(row) + VERDICTS[is_met(row, values)])
        words += (["-", "-"] if of_it is None else
                  [with_unit(row, of_it[0]), f"{of_it[1]:.1%}"])
        return "| " + " | ".join(words) + " |"
