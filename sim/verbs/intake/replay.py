"""What was counted, to be played as it was: counts, those that came in groups such as flights, and open booths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.table.columns import Role
from sim.table.counts import Bins
from sim.table.reader import Reader
from sim.table.times import text_of
from sim.verbs.intake.finding import Finding, date_of, figures, passport, time_text
from sim.verbs.intake.request import Target

GROUPS = Role(
    ("flights", "flight", "planes", "aircraft", "ferries", "sailings", "vessels", "ships", "trains"),
    ("id", "no", "nr", "number", "wait", "delay", "min"),
)
"""What brings many parties at once, as headings of how many came."""
MOST_TOGETHER = 200
"""Largest mean number of a group that a scenario file takes."""
SPREAD = 600.0
"""Assumed time in which the parties of a group come to the queue, s."""


def groups_in(reader: Reader, begin: Floats, bins: Bins) -> NDArray[np.int64] | None:
    """Return how many groups (such as flights) brought the parties of each bin, at least 1; None if it is not told.

    `begin` are the instants of the rows, and the bins begin at some of them.
    """
    groups = reader.numbers("groups", GROUPS, needed=False)
    if groups is None:
        return None
    good = np.isfinite(begin) & np.isfinite(groups)
    at, place = np.unique(begin[good], return_inverse=True)
    totals = dict(zip(at.tolist(), np.bincount(place, groups[good], len(at)).tolist(), strict=True))
    return np.array([max(round(totals.get(float(moment), 1)), 1) for moment in bins.begin], np.int64)


def size_of_groups(bins: Bins, groups: NDArray[np.int64]) -> int:
    """Return the mean number of parties in a group."""
    some = bins.count > 0
    return min(max(round(float(bins.count[some].sum() / groups[some].sum())), 1), MOST_TOGETHER)


def replayed_counts(
    finding: Finding, reader: Reader, target: Target, part: tuple[str, Bins, NDArray[np.int64] | None]
) -> dict[str, Any]:
    """Return a part of the demand that plays the counts as they were, from a file beside the scenario."""
    cls, bins, groups = part
    name = f"{target.path.stem}_{cls}_counts.csv"
    period = f"{date_of(int(bins.day[0]))} to {date_of(int(bins.day[-1]))}"
    method = "the counts themselves"
    if groups is not None:
        bins = in_groups(bins, groups)
        method += f"; those of a group within {time_text(SPREAD)} (assumed), groups evenly over the count"
        finding.sentences.append(f"{cls}: {method}.")
    # local times are written as they were read
    begin, end = (_local_text(at) for at in (bins.begin, bins.begin + bins.length))
    finding.files[name] = {"from": begin, "until": end, "count": np.round(bins.count).astype(np.int64)}
    return {"counted": {"table": passport(name, reader, period, method), "exact": True}}


def in_groups(bins: Bins, groups: NDArray[np.int64]) -> Bins:
    """Return bins in which parties come in so many groups, evenly spaced, and nobody between them."""
    parts: list[tuple[float, float, int]] = []
    for begin, length, count, number in zip(bins.begin, bins.length, bins.count, groups, strict=True):
        edges = np.round(begin + np.linspace(0, length, number + 1))
        sizes = np.diff(np.round(np.linspace(0, round(count), number + 1))).astype(int)
        for at, end, size in zip(edges[:-1], edges[1:], sizes, strict=True):
            spread = min(SPREAD, end - at)
            parts += [(at, spread, int(size)), *([(at + spread, end - at - spread, 0)] if end > at + spread else [])]
    at, length, count = (np.array(column, float) for column in zip(*parts, strict=True))
    return Bins(at, length, count)


def replayed_booths(
    finding: Finding, reader: Reader, target: Target, part: tuple[str, Floats, Floats, str]
) -> dict[str, Any]:
    """Return a plan that plays the open booths as they were, from a file of steps beside the scenario."""
    station, at, open_then, period = part
    name = f"{target.path.stem}_{station}_open.csv"
    number = np.round(open_then).astype(np.int64)
    changed = np.append(True, number[1:] != number[:-1])
    finding.files[name] = {"from": _local_text(at[changed]), "servers": number[changed]}
    finding.sentences.append(f"{station}: played as they were ({figures(int(changed.sum())):,.0f} steps).")
    plan = {"servers": round(float(open_then.mean())), "steps": name}
    return passport(plan, reader, period, "the open booths themselves")


def _local_text(local: Floats) -> NDArray[Any]:
    return np.array([text_of(float(at), "UTC") for at in local])
