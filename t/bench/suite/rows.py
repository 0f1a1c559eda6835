"""A row of the report: one figure of each system, held against an aim and
against what the machine itself can do.

Values of a part are {key: {kind: number}}; those of one kind are what its
measure() returned. "chancery" is always one of the kinds.
"""

from dataclasses import dataclass
from typing import Callable, Optional


@dataclass
class Row:
    key: str
    what: str
    unit: str  # "/s", "ms", "KiB", "MiB", "s", ""
    # How many times the better peer is aimed at; nothing may be slower.
    factor: Optional[float] = 1
    bound: Optional[float] = None  # and this for Chancery itself
    # What the machine allows, in the same unit, of its limits and of what
    # was measured of Chancery; or None.
    limit: Optional[Callable[[dict, dict], float]] = None
    # Whom it is held against, where not against all others.
    against: tuple = ()

    @property
    def more(self):
        """Is more better?"""
        return self.unit == "/s"


def ratio(row, values):
    """How many times better ours is than the best other; or None."""
    found = {kind: value for kind, value in values.items() if value and
             kind in (*(row.against or values), "chancery")}
    ours = found.pop("chancery", None)
    if not ours or not found:
        return None
    return ours / max(found.values()) if row.more else min(
        found.values()) / ours


def is_met(row, values):
    """Does ours reach its aims? None where they cannot be judged."""
    ours = values.get("chancery")
    times = ratio(row, values)
    if ours is None or (row.factor is not None and times is None):
        return None
    if row.factor is not None and times < row.factor:
        return False
    if row.bound is None:
        return True
    return ours >= row.bound if row.more else ours <= row.bound


def share(row, ours, limits):
    """(what the machine allows, the part of it that ours reaches)."""
    if row.limit is None or not ours.get(row.key):
        return None
    limit = row.limit(limits, ours)
    return limit, (ours[row.key] / limit if row.more else
                   limit / ours[row.key])


def number(value):
    """As people read it: three digits, or all before the point."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 or value == 0 else f"{value:.2g}"


def with_unit(row, value):
    if value is None:
        return "-"
    text = number(value)
    return text + (row.unit if row.unit == "/s" else
                   f" {row.unit}" if row.unit else "")


def aim(row):
    words = []
    if row.factor is not None:
        words.append("no slower" if row.factor == 1 else
                     f"{row.factor:g} times")
    if row.bound is not None:
        words.append(with_unit(row, row.bound))
    return ", ".join(words) or "-"
