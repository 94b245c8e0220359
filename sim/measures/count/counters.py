"""The input and output of the passes: columns of the records, and tables of integers, in types numba accepts.

Shapes: X crossings, C classes (by the numbers of their streams), S stations, T points of the series; a last axis of two
is parties and people. A table of states holds the change at each point (see `Grid.states`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.arrays import Ints
from sim.engine.records import NEVER, Outcome
from sim.scenario.model.quantities import BYPASS, STREAMS

ARRIVED = len(Outcome)
"""Row of `Events.by_outcome` for arrivals; the others are those of Outcome."""
N_EVENTS = len(Outcome) + 1
BYPASS_STREAM = STREAMS.index(BYPASS)
MAIN, BY_BYPASS, BY_CHANGED_MODE, BESIDE = range(4)
"""Indices of names.WAYS_ACROSS; BESIDE is the main way at a crossing without a main queue for the class."""
N_WAYS = 4
PEAK_VEHICLES, PEAK_ALL, PEAK_PEOPLE, PEAK_CLASSES = range(4)
"""Columns of `Peaks.most`: these three, and from the fourth on the classes."""
WAITED, SINCE_JOINING, HERE = range(3)
"""Columns of the times before the start: wait in all queues, time since joining the first, wait at this station."""
INSTANT_BITS, WORK_BITS = 36, 2
STATION_SHIFT = INSTANT_BITS + WORK_BITS
"""Low bits of a moment of work (see `instants.moment`); the others hold the station."""
GROUP_BITS = 27
"""Number of low bits of a key that hold its group; the others hold the wait (ms, up to two years)."""
GROUP = (1 << GROUP_BITS) - 1
NOT_CROSSED = 1 << GROUP_BITS - 1
"""In a key of `passes.joiners`, which needs one bit less for its group: the party did not cross by the main queue."""


class Rows(NamedTuple):
    """The columns of Records, in their order."""

    party: Any
    visit: Any
    crossing: Any
    station: Any
    cls: Any
    stream: Any
    people: Any
    men: Any
    checked: Any
    arrived_at: Any
    started_at: Any
    ended_at: Any
    left_at: Any
    outcome: Any
    first: Any


class Steps(NamedTuple):
    """A Grid as plain numbers."""

    start: int
    horizon: int
    every: int
    points: int
    intervals: int
    beyond: int  # instant for what has not happened
    opened: int  # start of the run, before `start` if there is a warm-up


class Days(NamedTuple):
    """Local midnights and nights, each with a last one that is never reached, and their number before each point."""

    midnights: Any
    midnights_before: Any
    nights: Any
    nights_before: Any


class Lots(NamedTuple):
    """Holding lots in the order in which they fill, and the room a party takes on the road (m; 0: none)."""

    crossing: Any  # (L,)
    open_from: Any  # (L,) ms since t0
    capacity: Any  # (L,)
    classes: Any  # (L, C) in order; NOWHERE: no further class
    spacing: Any  # (C,)


class Queues(NamedTuple):
    """States: parties waiting and in the system, blocked servers, and parties in the system at the nights."""

    waiting: Any  # (S, C, T + 1, 2)
    inside: Any  # (X, C, T + 1, 2)
    blocked: Any  # (S, T + 1)
    overnight: Any  # (X, C, nights + 1, 2)


class MainQueues(NamedTuple):
    """States: parties in main queues, and parties called from them in the preceding window."""

    waiting: Any  # (X, C, T + 1)
    called: Any  # (X, C, T + 1)


class Events(NamedTuple):
    """Events by interval, and by local day (index: the number of midnights passed)."""

    by_outcome: Any  # (N_EVENTS, X, C, T, 2)
    crossed: Any  # (days + 1, X, C, 2)
    begun: Any  # (days + 1, S, streams) services; an interrupted one counts once


class Peaks(NamedTuple):
    """The largest queues at any instant, by crossing."""

    most: Any  # (X, 3 + C) vehicles waiting, all parties, people, and parties by class
    metres: Any  # (X,) of vehicles on the road, if they stood in one file
    top_at: Any  # (X,) first instant (ms since t0) at which most vehicles waited; NEVER: none ever waited


class Work(NamedTuple):
    """Server-time (ms) in service, and available: staffed, or in service beyond the shift."""

    by_interval: Any  # (S + P, T, 2), P pools after the stations
    by_day: (
        Any  # (days + 1, S + P, 4): also blocked, and occupied or staffed (services and blocked beyond the shift too)
    )


class Stations(NamedTuple):
    """Counts by station over the whole run; a last axis of two is the number of visits and their total ms."""

    visits: Any  # (S,) that joined the queue
    wait: Any  # (S, 2) of visits that began their service, or still wait at the horizon
    service: Any  # (S, 2) of visits whose service ended
    blocked: Any  # (S, 2) of visits whose service ended, up to the horizon
    by_outcome: Any  # (S, outcomes, 3) parties, people and men
    going_on: Any  # (S, 2) parties in service, and parties blocked, at the horizon
    checked: Any  # (S,) men
    waited: Any  # (X,) people times ms, by crossing


class Parties(NamedTuple):
    """Outcomes of parties, by crossing and class on arrival."""

    initial: Any  # (X, C, 2)
    unfinished: Any  # (X, C, 2)
    crossed: Any  # (X, C, N_WAYS, 2)
    across: Any  # (X, C, N_WAYS, T) parties that crossed
    across_by_day: Any  # (days + 1, X, C, N_WAYS) the same
    waits: Any  # (X, C, N_WAYS, 3) parties that count in waits: number, ms in queues, ms from joining to crossing
    sojourns: Any  # (X, C, N_WAYS, T, 2) of those, by the interval of crossing: number, ms from joining to crossing
    joined: Any  # (2, X, C, T, 2) parties of a main queue that crossed, or are unfinished: number, ms in queues


class Tables(NamedTuple):
    """The tables of all passes."""

    queues: Queues
    main_queues: MainQueues
    events: Events
    peaks: Peaks
    work: Work
    stations: Stations
    parties: Parties


def empty(shape: tuple[int, int, int, int], points: int, days: int, nights: int) -> Tables:
    """Return tables of zeros for (X, C, S, P); `days` and `nights` are one more than their number."""
    x, c, s, pools = shape
    queues = (s, c, points + 1, 2), (x, c, points + 1, 2), (s, points + 1), (x, c, nights, 2)
    events = (N_EVENTS, x, c, points, 2), (days, x, c, 2), (days, s, c)
    stations = (s,), (s, 2), (s, 2), (s, 2), (s, len(Outcome), 3), (s, 2), (s,), (x,)
    parties = (
        *((x, c, 2), (x, c, 2), (x, c, N_WAYS, 2), (x, c, N_WAYS, points), (days, x, c, N_WAYS)),
        *((x, c, N_WAYS, 3), (x, c, N_WAYS, points, 2), (2, x, c, points, 2)),
    )
    return Tables(
        Queues(*map(_zeros, queues)),
        main_queues(x, c, points),
        Events(*map(_zeros, events)),
        Peaks(_zeros((x, PEAK_CLASSES + c)), np.zeros(x), np.full(x, NEVER)),
        Work(_zeros((s + pools, points, 2)), _zeros((days, s + pools, 4))),
        Stations(*map(_zeros, stations)),
        Parties(*map(_zeros, parties)),
    )


def main_queues(x: int, c: int, points: int) -> MainQueues:
    """Return tables of zeros for the main queues at this number of points."""
    return MainQueues(*(_zeros((x, c, points + 1)) for _ in MainQueues._fields))


def _zeros(shape: tuple[int, ...]) -> Ints:
    return np.zeros(shape, dtype=np.int64)


def by_way_across(table: Ints) -> Ints:
    """Return a table (X, C, N_WAYS, ...) as (X, C, WAYS_ACROSS, ...), BESIDE added to MAIN."""
    by_way = table[:, :, :BESIDE].copy()
    by_way[:, :, MAIN] += table[:, :, BESIDE]
    return by_way
