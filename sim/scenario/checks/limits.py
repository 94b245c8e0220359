"""Checks the size of a run: values that are valid one by one and would take hours or all memory together.

Each message names the smallest or largest value that this run allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim import units
from sim.scenario.model.instants import since_t0
from sim.scenario.model.scenario import Clock, Scenario

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
MOST_POINTS = 20_000
"""Points of a time series. More are slow to draw and tell no more."""
MOST_TICKS = 5_000_000
"""Releases of batches and announcements of waits in one run, all stations and crossings together: a few seconds."""
MOST_IN_WINDOW = 100_000
"""Announcements in the window of the quoted wait; the departures of each are counted in a table."""


def check_limits(scenario: Scenario) -> Faults:
    """Yield (path, message) for every value that makes the run too large."""
    yield from _points(scenario.clock)
    yield from _ticks(scenario)
    for name, crossing in scenario.crossings.items():
        count = crossing.quote.window / crossing.quote.every
        if count > MOST_IN_WINDOW:
            what = f"holds {count:,.0f} announcements; at most {MOST_IN_WINDOW:,} are allowed"
            yield ("crossings", name, "quote", "window"), f"{what}; make it shorter, or 'every' longer"


def _points(clock: Clock) -> Faults:
    run_s = (since_t0(clock, clock.horizon) - since_t0(clock, clock.start)) / units.MS_PER_S
    if run_s <= 0:
        yield ("clock", "horizon"), "must be later than start; the clock is put forward between them"
    points = int(run_s / clock.report_every) + 1
    if points > MOST_POINTS:
        what = f"gives {points:,} points in every series; at most {MOST_POINTS:,} are allowed"
        least = math.ceil(run_s / (MOST_POINTS - 1))
        yield ("clock", "report_every"), f"{what}; use at least {least} s"


def _ticks(scenario: Scenario) -> Faults:
    """Yield the intervals that give too many events; each that takes more than an equal share of the limit."""
    run_s = (scenario.clock.horizon - scenario.clock.start).total_seconds()
    intervals: list[tuple[Loc, str, float]] = []
    for name, crossing in scenario.crossings.items():
        here: Loc = ("crossings", name)
        intervals.append(((*here, "quote", "every"), "announcements", crossing.quote.every))
        for station, described in crossing.stations.items():
            if described.release:
                intervals.append(
                    ((*here, "stations", station, "release", "every"), "releases", described.release.every)
                )
    if sum(run_s / every for *_, every in intervals) <= MOST_TICKS:
        return
    most = MOST_TICKS // len(intervals)
    least = math.ceil(units.MS_PER_S * run_s / most)
    for loc, events, every in intervals:
        if run_s / every > most:
            what = f"gives {run_s / every:,.0f} {events} in this run; at most {most:,} are allowed"
            yield loc, f"{what}; use at least {least:,} ms"
