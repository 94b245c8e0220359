"""Lower demand to the expected number of arrivals, cumulative, by source and class.

The rate is constant within cells. A cell lasts ten minutes at most, and one ends at every instant that demand names, so
that every part begins and ends exactly when the file says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import lru_cache

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.engine.laws import atoms, distribution
from sim.errors import Problem, ScenarioError
from sim.scenario.checks.limits import MOST_PARTIES
from sim.scenario.model.changes import Change
from sim.scenario.model.demand import Constant, CountRow, DemandPart, Pulse, Rush, Step
from sim.scenario.model.instants import local_clock, since_t0
from sim.scenario.model.laws import Law
from sim.scenario.model.network import Origin
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.units import MS_PER_DAY, MS_PER_H, MS_PER_S, milliseconds

CELL = 600 * MS_PER_S
FINE_CELLS, FINE_FOR = 10, 5
"""Cells per characteristic time (a mean drive, a decay, a growth) that is short, and for how many such times."""
SHORT = 8192
"""Cells up to which sums over all pairs are fast enough; above, the Fourier transform is used."""
MOST_DEPARTURES = 2**20
"""Cells of departures at most where a short drive or decay asks for short ones."""


def grid(scenario: Scenario) -> Ints:
    """Return the edges of the cells from start to horizon, milliseconds since t0, shape (B+1,)."""
    clock = scenario.clock
    start, horizon = since_t0(clock, clock.start), since_t0(clock, clock.horizon)
    named = [at for source in sources_of(scenario) for at in _instants(clock, source) if start < at < horizon]
    regular = np.arange(start, horizon, CELL, dtype=np.int64)
    return np.unique(np.concatenate([regular, np.array([*named, horizon], dtype=np.int64)]))


def sources_of(scenario: Scenario) -> list[Crossing | Origin]:
    """Return the crossings, then the origins."""
    return [*scenario.crossings.values(), *(scenario.network.origins.values() if scenario.network else ())]


def _instants(clock: Clock, source: Crossing | Origin) -> Iterator[int]:
    """Yield the instants at which the rate of a source may change abruptly, milliseconds since t0."""
    described = [part for parts in source.demand.values() for part in parts.values() if part.has_rate]
    kinds = [part.kind for part in described]
    profiles = any(isinstance(kind, Constant) and (kind.hours or kind.weekdays) for kind in kinds)
    if profiles or any(part.day_factor or part.calendar for part in described):
        yield from _hours_begin(clock)
    for kind in kinds:
        if isinstance(kind, tuple):
            yield from (since_t0(clock, at) for row in rows_in_run(clock, kind) for at in (row.from_, row.until))
        elif isinstance(kind, Rush):
            deadline = since_t0(clock, kind.deadline)
            yield from (since_t0(clock, kind.announced), deadline)
            yield from (deadline - after for after in _fine(kind.growth))
        elif isinstance(kind, Step | Pulse):
            at = since_t0(clock, kind.at)
            yield at
            yield from (at + after for after in _after(kind))
    for change in source.changes if isinstance(source, Crossing) else ():
        if change.scale_demand is not None:
            yield from (since_t0(clock, at) for at in (change.from_, change.until) if at is not None)


def _after(kind: Step | Pulse) -> Iterator[int]:
    """Yield the milliseconds after an instant at which the arrivals that it causes change abruptly."""
    decays = list(_fine(kind.decay)) if isinstance(kind, Step) and kind.decay is not None else []
    drives = [milliseconds(seconds) for seconds in atoms(kind.lag)]
    yield from (drive + after for drive in drives for after in (0, 1, *(decays if len(drives) <= FINE_CELLS else ())))
    if not drives:
        yield from (*_fine(kind.lag.mean_s), *_around(kind.lag), *decays)
    if kind.lag.family == "uniform":
        yield milliseconds(2 * kind.lag.mean_s)


def _fine(seconds: float) -> Iterator[int]:
    """Yield the edges (ms) of cells that resolve a characteristic time; none if ordinary cells do."""
    fine = max(milliseconds(seconds) / FINE_CELLS, 1)
    if fine < CELL:
        yield from (round(n * fine) for n in range(1, FINE_CELLS * FINE_FOR + 1))


def _around(lag: Law) -> Iterator[int]:
    """Yield the edges (ms after departure) of cells that resolve a drive that varies by less than a cell."""
    spread = milliseconds(_spread(lag))
    if spread < CELL:
        fine, mean = max(spread / FINE_CELLS, 1), milliseconds(lag.mean_s)
        steps = range(-FINE_CELLS * FINE_FOR, FINE_CELLS * FINE_FOR + 1)
        yield from (after for n in steps if (after := mean + round(n * fine)) > 0)


def _spread(lag: Law) -> float:
    """Return the standard deviation of a continuous law, seconds."""
    return lag.mean_s * (lag.cv or (lag.k or 1) ** -0.5)


def _hours_begin(clock: Clock) -> Ints:
    """Return the instants at which a local hour begins, and those at which the clocks are set, in ms since t0."""
    instants, added = local_clock(clock)
    ends = [*instants[1:], since_t0(clock, clock.horizon)]
    hours = [
        np.arange(-(-(begin + more) // MS_PER_H) * MS_PER_H - more, end, MS_PER_H)
        for begin, end, more in zip(instants, ends, added, strict=True)
    ]
    return np.concatenate([*hours, np.array(instants)])


def expected(scenario: Scenario, edges: Ints) -> Floats:
    """Return the expected number of parties since start at the edges of `grid`, shape (sources, classes, B+1).

    Sources are the crossings, then the origins. Only parts whose arrivals are an ordinary Poisson process count; for
    the others see `lower.apart`. Raises ScenarioError if more than MOST_PARTIES are expected.
    """
    clock, sources = scenario.clock, sources_of(scenario)
    total = np.zeros((len(sources), len(scenario.streams), len(edges)))
    for x, source in enumerate(sources):
        for name, parts in source.demand.items():
            changes = changes_of(source, name)
            cells = np.zeros(len(edges) - 1)
            for part, described in parts.items():
                if described.is_poisson:
                    cells = cells + by_cell(clock, described, edges) * factors(clock, changes, part, middles(edges))
            cells = cells * factors(clock, changes, None, middles(edges))
            total[x, scenario.streams.index(name), 1:] = np.cumsum(cells)
    refuse_too_many(scenario, float(total[:, :, -1].sum()))
    return total


def refuse_too_many(scenario: Scenario, parties: float) -> None:
    """Raise ScenarioError if more than MOST_PARTIES are expected."""
    if not parties <= MOST_PARTIES:
        what = f"{parties:.3g} parties are expected; the limit is {MOST_PARTIES:,}"
        raise ScenarioError([Problem(scenario.name, "demand", what)])


def by_cell(clock: Clock, part: DemandPart, edges: Ints) -> Floats:
    """Return the expected arrivals of one part of demand by cell, with its calendar but without changes, shape (B,)."""
    cells = _part(clock, part, edges)
    return cells * calendar_factors(clock, part, middles(edges)) if part.calendar else cells


def middles(edges: Ints) -> Ints:
    """Return the middles of cells, milliseconds since t0."""
    return np.asarray((edges[:-1] + edges[1:]) // 2)


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
    if isinstance(kind, tuple):
        return _counts(clock, kind, edges)
    raise AssertionError("timetables, bookings and logs have no rate")


def _constant(clock: Clock, kind: Constant, edges: Ints) -> Floats:
    per_cell = kind.rate * np.diff(edges) / MS_PER_H
    if kind.hours is None and kind.weekdays is None:
        return per_cell
    hours = np.array(kind.hours or [1.0] * 24)
    days = np.array([kind.weekdays[day] for day in WEEKDAYS] if kind.weekdays else [1.0] * 7)
    hour, day = _local_hours(clock, edges)
    return np.asarray(per_cell * (hours / hours.mean())[hour] * (days / days.mean())[day])


def _local_hours(clock: Clock, edges: Ints) -> tuple[Ints, Ints]:
    """Return the local hour and the day of the week (Monday 0) of each cell, shape (B,)."""
    local = _local(clock, middles(edges))
    return local // MS_PER_H % 24, (local // MS_PER_DAY - 1) % 7


def _local(clock: Clock, at: Ints) -> Ints:
    """Return the local times (ms, of which a day is the ordinal of the date) of instants in ms since t0."""
    instants, added = local_clock(clock)
    return np.asarray(at + np.array(added)[np.maximum(np.searchsorted(instants, at, side="right") - 1, 0)])


def local_dates(clock: Clock, at: Ints) -> Ints:
    """Return the ordinals of the local dates of instants (milliseconds since t0), same shape."""
    return _local(clock, at) // MS_PER_DAY


def calendar_factors(clock: Clock, part: DemandPart, at: Ints) -> Floats:
    """Return the factor of a part's calendar at instants (milliseconds since t0), same shape."""
    dates = local_dates(clock, at)
    factor = np.ones(len(at))
    for day, times in part.calendar.items():
        factor[dates == day.toordinal()] = times
    return factor


def _step(at: int, kind: Step, edges: Ints) -> Floats:
    """Return the arrivals by cell of departures from `at` on, decaying, after the drive.

    Exact if the law of the drive is discrete; otherwise accurate to a minute at the edges of cells of ten minutes, and
    to a tenth of the drive or decay if that is shorter than such a cell.
    """
    drives = atoms(kind.lag)
    if drives:
        departed = [_departed(kind, edges - at - milliseconds(seconds)) for seconds in drives]
        return np.asarray(np.diff(np.mean(departed, axis=0)))
    lasting = int(edges[-1]) - at
    if lasting <= 0:
        return np.zeros(len(edges) - 1)
    cell = _departure_cell(kind, lasting)
    cells = -(-lasting // cell)
    departures = np.diff(_departed(kind, np.arange(cells + 1) * cell))
    arrived = _convolved(departures, _arrived_share(kind.lag, cell, -(-cells // 1024) * 1024)[:cells])
    instants = at + np.arange(cells + 1) * cell
    return np.diff(np.interp(edges, instants, np.concatenate(([0.0], arrived))))


def _departure_cell(kind: Step, lasting: int) -> int:
    """Return the length (ms) of the cells of departures that last so long: shorter for a short drive or decay."""
    times = (kind.lag.mean_s, _spread(kind.lag), kind.decay)
    shortest = min(milliseconds(seconds) for seconds in times if seconds is not None)
    if shortest >= CELL:
        return CELL
    return max(shortest // FINE_CELLS, -(-lasting // MOST_DEPARTURES), 1)


def _convolved(departures: Floats, shares: Floats) -> Floats:
    """Return the arrivals by cell of departures by cell, given the share that has arrived by age."""
    cells = len(departures)
    if cells <= SHORT:
        return np.convolve(departures, shares)[:cells]
    size = 2 * cells
    transformed = np.fft.rfft(departures, size) * np.fft.rfft(shares, size)
    return np.maximum(np.fft.irfft(transformed, size)[:cells], 0.0)


def _departed(kind: Step, since: Ints) -> Floats:
    """Return the expected number of departures by a time `since` (ms) after the first; 0 for negative times."""
    seconds = np.maximum(since, 0) / MS_PER_S
    lasting = seconds if kind.decay is None else kind.decay * -np.expm1(-seconds / kind.decay)
    return np.asarray(kind.rate / 3600 * lasting)


@lru_cache(maxsize=32)
def _arrived_share(lag: Law, cell: int, cells: int) -> Floats:
    """Return the share that has arrived by cell (ms) after departure, averaged over departures within a cell."""
    since = (np.arange(cells * 10) + 0.5) * (cell / 10)
    return np.asarray(distribution(lag, since.astype(np.int64)).reshape(cells, 10).mean(axis=1))


def _rush(announced: int, deadline: int, kind: Rush, edges: Ints) -> Floats:
    growth = milliseconds(kind.growth)
    begun = np.exp((announced - deadline) / growth)
    reached = np.exp((np.clip(edges, announced, deadline) - deadline) / growth)
    return np.asarray(kind.parties * (reached - begun) / (1 - begun))


def _counts(clock: Clock, rows: Iterable[CountRow], edges: Ints) -> Floats:
    cells = np.zeros(len(edges) - 1)
    known = [(since_t0(clock, row.from_), since_t0(clock, row.until), row.count) for row in rows_in_run(clock, rows)]
    begin, end, count = np.array(known, dtype=np.float64).reshape(-1, 3).T
    first, last = np.searchsorted(edges, begin), np.searchsorted(edges, end)
    number = np.minimum(last, len(cells)) - first  # of cells of each row
    inside = np.repeat(first - np.cumsum(number) + number, number) + np.arange(number.sum())
    np.add.at(cells, inside, np.repeat(count / (end - begin), number) * np.diff(edges)[inside])
    return cells


def rows_in_run(clock: Clock, rows: Iterable[CountRow]) -> Iterator[CountRow]:
    """Yield the rows that overlap the run, of a file that may be much longer."""
    return (row for row in rows if row.until > clock.start and row.from_ < clock.horizon)


def changes_of(source: Crossing | Origin, cls: str) -> list[Change]:
    """Return the changes that multiply the demand of a class, or a part of it."""
    changes = source.changes if isinstance(source, Crossing) else ()
    return [c for c in changes if c.scale_demand is not None and (c.classes is None or cls in c.classes)]


def factors(clock: Clock, changes: list[Change], part: str | None, at: Ints) -> Floats:
    """Return by how much changes multiply the arrivals at instants (milliseconds since t0), same shape.

    These are the changes that name a part, or those that name none.
    """
    factor = np.ones(len(at))
    for change in changes:
        if change.demand is None if part is None else part in (change.demand or ()):
            factor[within(clock, change)(at)] *= change.scale_demand or 0.0
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
