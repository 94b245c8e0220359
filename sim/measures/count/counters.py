"""What the passes read and fill: the columns of the records and tables of integers, as numba can take them.

X are crossings, C classes, S stations, T points of the series; a last axis of two is parties and people. A column of
states holds how much they change at that point (see `Grid.states`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.arrays import Ints
from sim.engine.records import Outcome
from sim.scenario.model.quantities import BYPASS, CLASSES, STREAMS

ARRIVED = len(Outcome)
"""Row of `Events.by_outcome` for arrivals; the others are those of Outcome."""
N_EVENTS = len(Outcome) + 1
BYPASS_STREAM = STREAMS.index(BYPASS)
MAIN, BY_BYPASS, BY_CHANGED_MODE, BESIDE = range(4)
"""Numbers of names.WAYS_ACROSS; BESIDE is a main way on which there was no main queue to join."""
N_WAYS = 4
GROUP_BITS = 27
"""Low bits of a key, for its group; the others are for the wait (ms, two years)."""
GROUP = (1 << GROUP_BITS) - 1


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
    beyond: int  # for what has not happened


class Days(NamedTuple):
    """Local midnights and nights, each with one more that is never reached, and how many are before each point."""

    midnights: Any
    midnights_before: Any
    nights: Any
    nights_before: Any


class Queues(NamedTuple):
    """States: who waits, is in the system, stands in main queues, was called from them lately, and is blocked."""

    waiting: Any  # (S, C, T + 1, 2)
    inside: Any  # (X, C, T + 1, 2)
    main: Any  # (X, C, T + 1)
    called: Any  # (X, C, T + 1)
    blocked: Any  # (S, T + 1)
    busy: Any  # (S, T + 1, 2): services, and the ms since the start at which they begin and end
    overnight: Any  # (X, nights + 1) people


class Events(NamedTuple):
    """What happened when: by interval, and by local day (from 1: so many midnights are over)."""

    by_outcome: Any  # (N_EVENTS, X, C, T, 2)
    crossed: Any  # (days + 1, X, C, 2)
    begun: Any  # (days + 1, S, streams) services, an interrupted one once


class Stations(NamedTuple):
    """What there was by station in the whole run; of three last axes of two, how many visits and their ms."""

    visits: Any  # (S,) that joined the queue
    wait: Any  # (S, 2) of visits in or after their service
    service: Any  # (S, 2) of visits whose service ended
    blocked: Any  # (S, 2) of visits that left
    held: Any  # (S,) ms blocked, up to the horizon
    by_outcome: Any  # (S, outcomes, 3) parties, people and men
    waited: Any  # (X,) people times ms, by crossing


class Parties(NamedTuple):
    """What became of parties, by crossing and class as they came."""

    initial: Any  # (X, C, 2)
    unfinished: Any  # (X, C, 2)
    crossed: Any  # (X, C, N_WAYS, 2)
    across: Any  # (X, C, N_WAYS, T) parties that crossed
    waits: Any  # (X, C, N_WAYS, 3) who counts in waits: how many, ms in queues, ms from joining to being across
    joined: Any  # (2, X, C, T, 2) who joined a main queue and crossed by it, or is unfinished: how many, ms in queues


class Tables(NamedTuple):
    """All that is counted."""

    queues: Queues
    events: Events
    stations: Stations
    parties: Parties


def empty(x: int, s: int, points: int, days: int, nights: int) -> Tables:
    """Return tables without anything in them; `days` and `nights` have one place more than there are."""
    c, width = len(CLASSES), points + 1
    queues = (s, c, width, 2), (x, c, width, 2), (x, c, width), (x, c, width), (s, width), (s, width, 2), (x, nights)
    events = (N_EVENTS, x, c, points, 2), (days, x, c, 2), (days, s, len(STREAMS))
    stations = (s,), (s, 2), (s, 2), (s, 2), (s,), (s, len(Outcome), 3), (x,)
    parties = (x, c, 2), (x, c, 2), (x, c, N_WAYS, 2), (x, c, N_WAYS, points), (x, c, N_WAYS, 3), (2, x, c, points, 2)
    return Tables(
        Queues(*map(_zeros, queues)),
        Events(*map(_zeros, events)),
        Stations(*map(_zeros, stations)),
        Parties(*map(_zeros, parties)),
    )


def _zeros(shape: tuple[int, ...]) -> Ints:
    return np.zeros(shape, dtype=np.int64)


def by_way_across(table: Ints) -> Ints:
    """Return a table (X, C, N_WAYS, ...) as one of (X, C, WAYS_ACROSS, ...): beside is main."""
    by_way = table[:, :, :BESIDE].copy()
    by_way[:, :, MAIN] += table[:, :, BESIDE]
    return by_way
