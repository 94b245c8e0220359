"""Lower demand to the expected number of arrivals, cumulative, by source and class.

The rate is constant within cells of ten minutes, which are aligned to the start of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.engine.laws import distribution
from sim.errors import Problem, ScenarioError
from sim.scenario.model.changes import Change
from sim.scenario.model.demand import Constant, CountRow, DemandPart, Pulse, Rush, Step
from sim.scenario.model.instants import local, since_t0
from sim.scenario.model.laws import Law
from sim.scenario.model.network import Origin
from sim.scenario.model.quantities import CLASSES, WEEKDAYS
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.units import MS_PER_H, MS_PER_S, milliseconds

CELL = 600 * MS_PER_S
MAX_PARTIES = 20_000_000


def grid(clock: Clock) -> Ints:
    """Return the edges of the cells from start to horizon, milliseconds since t0, shape (B+1,)."""
    start, horizon = since_t0(clock, clock.start), since_t0(clock, clock.horizon)
    edges = np.arange(start, horizon, CELL, dtype=np.int64)
    return np.append(edges, horizon)


def expected(scenario: Scenario, edges: Ints) -> Floats:
    """Return the expected number of parties since start at the edges of `grid`, shape (sources, classes, B+1).

    Sources are the crossings, then the origins. Raises ScenarioError if more than MAX_PARTIES are expected.
    """
    clock = scenario.clock
    origins = scenario.network.origins.values() if scenario.network else ()
    sources: list[Crossing | Origin] = [*scenario.crossings.values(), *origins]
    total = np.zeros((len(sources), len(CLASSES), len(edges)))
    for x, source in enumerate(sources):
        for name, parts in source.demand.items():
            cells = sum((_part(clock, part, edges) for part in parts.values()), np.zeros(len(edges) - 1))
            if isinstance(source, Crossing):
                cells = cells * _factors(clock, source, name, edges)
            total[x, CLASSES.index(name), 1:] = np.cumsum(cells)
    if not total[:, :, -1].sum() <= MAX_PARTIES:
        what = f"{total[:, :, -1].sum():.3g} parties are expected; the limit is {MAX_PARTIES:,}"
        raise ScenarioError([Problem(scenario.name, "demand", what)])
    return total


def _part(clock: Clock, part: DemandPart, edges: Ints) -> Floats:
    """Return the expected arrivals of one part of demand by cell, shape (B,)."""
    kind = part.kind
    if isinstance(kind, Constant):
        return _constant(clock, kind, edges)
    if isinstance(kind, Step):
        return _step(since_t0(clock, kind.at), kind, edges)
    if isinstance(kind, Pulse):
        return kind.parties * np.diff(distribution(kind.lag, edges - 1 - since_t0(clock, kind.at)))  # before the edge
    if isinstance(kind, Rush):
        return np.diff(_rush(since_t0(clock, kind.announced), since_t0(clock, kind.deadline), kind, edges))
    return _counts(clock, kind, edges)


def _constant(clock: Clock, kind: Constant, edges: Ints) -> Floats:
    per_cell = kind.rate * np.diff(edges) / MS_PER_H
    if kind.hours is None and kind.weekdays is None:
        return per_cell
    hours = np.array(kind.hours or [1.0] * 24)
    days = np.array([kind.weekdays[day] for day in WEEKDAYS] if kind.weekdays else [1.0] * 7)
    hour, day = _local_hours(clock)
    return np.asarray(per_cell * (hours / hours.mean())[hour] * (days / days.mean())[day])


@lru_cache(maxsize=8)
def _local_hours(clock: Clock) -> tuple[Ints, Ints]:
    """Return the local hour and the day of the week (Monday 0) in the middle of each cell of the grid, shape (B,)."""
    edges = grid(clock)
    moments = [local(clock, at) for at in (edges[:-1] + edges[1:]) // 2]
    return np.array([moment.hour for moment in moments]), np.array([moment.weekday() for moment in moments])


def _step(at: int, kind: Step, edges: Ints) -> Floats:
    """Return departures from `at` on, decaying, convolved with the drive; accurate to a minute at cell edges."""
    cells = max(0, -(-(int(edges[-1]) - at) // CELL))
    if cells == 0:
        return np.zeros(len(edges) - 1)
    ages = np.arange(cells + 1) * (CELL / MS_PER_S)
    decayed = ages if kind.decay is None else kind.decay * -np.expm1(-ages / kind.decay)
    departures = kind.rate / 3600 * np.diff(decayed)
    arrived = np.convolve(departures, _arrived_share(kind.lag, -(-cells // 1024) * 1024)[:cells])[:cells]
    instants = at + np.arange(cells + 1) * CELL
    return np.diff(np.interp(edges, instants, np.concatenate(([0.0], arrived))))


@lru_cache(maxsize=32)
def _arrived_share(lag: Law, cells: int) -> Floats:
    """Return the share that has arrived by cell after departure, averaged over departures within a cell."""
    since = (np.arange(cells * 10) + 0.5) * (CELL / 10)
    return np.asarray(distribution(lag, since.astype(np.int64)).reshape(cells, 10).mean(axis=1))


def _rush(announced: int, deadline: int, kind: Rush, edges: Ints) -> Floats:
    growth = milliseconds(kind.growth)
    begun = np.exp((announced - deadline) / growth)
    reached = np.exp((np.clip(edges, announced, deadline) - deadline) / growth)
    return np.asarray(kind.parties * (reached - begun) / (1 - begun))


def _counts(clock: Clock, rows: Iterable[CountRow], edges: Ints) -> Floats:
    total = np.zeros(len(edges))
    for row in rows:
        begin, end = since_t0(clock, row.from_), since_t0(clock, row.until)
        total += row.count * np.clip((edges - begin) / (end - begin), 0, 1)
    return np.diff(total)


def _factors(clock: Clock, crossing: Crossing, name: str, edges: Ints) -> Floats:
    """Return the factor by which changes of demand multiply the arrivals of each cell, shape (B,)."""

    def scales(change: Change) -> bool:
        return change.scale_demand is not None and (change.classes is None or name in change.classes)

    factor = np.ones(len(edges) - 1)
    middles = (edges[:-1] + edges[1:]) // 2
    for change in filter(scales, crossing.changes):
        inside = within(clock, change)
        factor[inside(middles)] *= change.scale_demand or 0.0
    return factor


def within(clock: Clock, change: Change) -> Callable[[Ints], Bools]:
    """Return a test whether instants (milliseconds since t0) lie between a change's `from` and `until`."""
    begin = np.iinfo(np.int64).min if change.from_ is None else since_t0(clock, change.from_)
    end = np.iinfo(np.int64).max if change.until is None else since_t0(clock, change.until)
    return lambda at: (at >= begin) & (at < end)


def day_times(clock: Clock, time: timedelta = timedelta(0)) -> list[int]:
    """Return a local time of day on every day from that of start to that of the horizon, milliseconds since t0."""
    first = clock.start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (clock.horizon - first) // timedelta(days=1) + 1
    return [since_t0(clock, first + timedelta(days=day) + time) for day in range(days)]
