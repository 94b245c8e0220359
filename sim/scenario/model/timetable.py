"""The instants of a timetable: repeated rows written out, near the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from sim.scenario.model.arrivals import Log, TimetableRow
from sim.scenario.model.demand import DemandPart
from sim.scenario.model.instants import since_t0
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.model.scenario import Clock

NEAR = timedelta(days=1)
"""Rows further before the start or after the horizon are left out: hardly anybody is late or early by more."""


MOST_OCCURRENCES = 100_000
"""Times that a timetable may name; each has streams of random numbers of its own."""


class Occurrence(NamedTuple):
    """One time that a row of a timetable names."""

    row: int
    at: int  # milliseconds since t0
    name: str
    """Names its random numbers: the local time, and how many rows of the timetable had it before."""


@lru_cache(maxsize=64)
def occurrences(clock: Clock, rows: tuple[TimetableRow, ...]) -> tuple[Occurrence, ...]:
    """Return the times of a timetable from a day before the start to a day after the horizon, in order of rows.

    There are at most MOST_OCCURRENCES and one more, which `sim check` refuses.
    """
    times: dict[datetime, int] = {}
    found = []
    named = ((n, local) for n, row in enumerate(rows) for local in local_times(clock, row))
    for n, local in islice(named, MOST_OCCURRENCES + 1):
        number = times[local] = times.get(local, 0) + 1
        name = f"{local:%Y-%m-%dT%H:%M:%S.%f}" + (f"/{number}" if number > 1 else "")
        found.append(Occurrence(n, since_t0(clock, local), name))
    return tuple(found)


def log_instants(clock: Clock, log: Log) -> tuple[int, ...]:
    """Return when the parties of a log came, milliseconds since t0."""
    return _instants(clock, tuple(row.at for row in log.rows))


@lru_cache(maxsize=16)
def _instants(clock: Clock, local: tuple[datetime, ...]) -> tuple[int, ...]:
    return tuple(since_t0(clock, at) for at in local)


def due_parties(clock: Clock, part: DemandPart, mean_people: float) -> Iterator[tuple[int, float]]:
    """Yield the instants (ms since t0) from start to horizon at which parties of a part are due, and how many.

    These are means; parts with a rate have none.
    """
    start, horizon = since_t0(clock, clock.start), since_t0(clock, clock.horizon)
    due: Iterable[tuple[int, float]] = ()
    if part.schedule is not None:
        timetable = part.schedule
        numbers = [
            row.number
            / (mean_people if row.parties is None else 1)
            * (timetable.share if row.share is None else row.share)
            for row in timetable.rows
        ]
        due = ((one.at, numbers[one.row]) for one in occurrences(clock, timetable.rows))
    elif part.bookings is not None:
        slots, come = part.bookings.rows, 1 - part.bookings.no_show
        due = ((one.at, slots[one.row].parties * come) for one in occurrences(clock, slots))
    elif part.log is not None:
        due = ((at, 1.0) for at in log_instants(clock, part.log))
    return ((at, parties) for at, parties in due if start <= at < horizon)


def local_times(clock: Clock, row: TimetableRow) -> Iterator[datetime]:
    """Yield the local times of a row near the run, ascending."""
    begin, end = clock.start - NEAR, clock.horizon + NEAR
    if isinstance(row.at, datetime):
        until = row.until if isinstance(row.until, datetime) else None
        yield from _repeated(row.at, row.every, until, (begin, end))
        return
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        if row.days is None or WEEKDAYS[day.weekday()] in row.days:
            until = day + row.until if isinstance(row.until, timedelta) else None
            yield from _repeated(day + row.at, row.every, until, (begin, end))
        day += timedelta(days=1)


def _repeated(
    at: datetime, every: float | None, until: datetime | None, near: tuple[datetime, datetime]
) -> Iterator[datetime]:
    """Yield `at`, and what comes `every` so many seconds after it before `until`, between the ends `near`."""
    if every is None or until is None:
        if near[0] <= at < near[1]:
            yield at
        return
    step = timedelta(seconds=every)
    at += max(0, -((at - near[0]) // step)) * step
    while at < min(until, near[1]):
        yield at
        at += step
