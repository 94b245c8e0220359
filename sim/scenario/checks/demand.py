"""Checks the parts of demand one by one: counts that stand twice, times that do not exist, and steps of long ago."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sim.scenario.model.demand import CountRow, DemandPart, Rush, Step
from sim.scenario.model.instants import since_t0
from sim.scenario.model.network import Origin
from sim.scenario.model.scenario import Clock, Crossing, Scenario

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
LONGEST_AGO = timedelta(days=400)
"""How long before the start a step of demand may begin: its departures are followed from there on."""


def check_demand(scenario: Scenario) -> Faults:
    """Yield (path, message) for every part of demand that cannot be meant."""
    clock = scenario.clock
    for loc, part in demand_parts(scenario):
        kind = part.kind
        if isinstance(kind, Step) and kind.at < clock.start - LONGEST_AGO:
            what = f"must be at most {LONGEST_AGO.days} days before the start; got {kind.at:%Y-%m-%d}"
            yield (*loc, "step", "at"), f"{what}; for demand that began long ago write 'constant'"
        elif isinstance(kind, Rush) and _is_empty(clock, kind.announced, kind.deadline):
            yield (*loc, "rush", "deadline"), "must be later than announced; the clock is put forward between them"
        elif isinstance(kind, tuple):
            yield from _counts(clock, kind, (*loc, "table"))
            yield from _overlaps(kind, (*loc, "table"))


def demand_parts(scenario: Scenario) -> Iterator[tuple[Loc, DemandPart]]:
    """Yield every part of demand with its path."""
    sources: list[tuple[Loc, Crossing | Origin]] = [(("crossings", x), here) for x, here in scenario.crossings.items()]
    if scenario.network:
        sources += [(("network", "origins", name), origin) for name, origin in scenario.network.origins.items()]
    for loc, source in sources:
        for cls, parts in source.demand.items():
            for name, part in parts.items():
                yield (*loc, "demand", cls, name), part


def _counts(clock: Clock, rows: Sequence[CountRow], loc: Loc) -> Faults:
    first: dict[tuple[datetime, datetime], int] = {}
    for i, row in enumerate(rows):
        earlier = first.setdefault((row.from_, row.until), i)
        if earlier != i:
            zone = ZoneInfo(clock.timezone)
            twice = zone.utcoffset(row.from_) != zone.utcoffset(row.from_.replace(fold=1))
            advice = "the clock is put back here: give both hours in one row, with their sum" if twice else ""
            what = f"is row {i + 1} and has the times of row {earlier + 1}"
            yield (*loc, i), f"{what}; {advice or 'give every count once'}"
        if _is_empty(clock, row.from_, row.until):
            yield (*loc, i, "until"), "must be later than from; the clock is put forward between them"


def _overlaps(rows: Sequence[CountRow], loc: Loc) -> Faults:
    """Yield the rows that begin before an earlier one ends; those with the same times are told apart."""
    order = sorted(range(len(rows)), key=lambda i: (rows[i].from_, rows[i].until))
    for one, other in pairwise(order):
        times = [(rows[i].from_, rows[i].until) for i in (one, other)]
        if times[0] != times[1] and times[1][0] < times[0][1]:
            first, second = sorted((one, other))
            what = f"is row {second + 1} and overlaps row {first + 1}"
            yield (*loc, second), f"{what}; count every hour once, or give the counts to two parts of the demand"


def _is_empty(clock: Clock, begin: datetime, end: datetime) -> bool:
    """Say whether a span takes no time: its local times do not exist, since the clock is put forward."""
    return since_t0(clock, end) <= since_t0(clock, begin)
