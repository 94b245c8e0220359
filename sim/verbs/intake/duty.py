"""How much of the time of servers at work is not service while parties wait: a walk, notes, a short pause.

A model's servers begin the next service at once. So its service times must be those from one start to the next, or it
has more capacity than the servers whom it counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.table.columns import Role
from sim.table.reader import Reader

ARRIVAL = Role(("arrival", "arrived", "joined", "entry", "queued"), ("service", "end", "start", "left", "hung"))
SERVER = Role(
    ("server", "agent", "booth", "officer", "desk", "counter", "clerk", "operator"),
    ("time", "min", "class", "kind", "type", "outcome"),
)
LONGEST_PAUSE = 900.0
"""A server without a service for longer than this is taken to be off duty, s."""
LEAST_PAUSES, LEAST_SHARE = 50, 0.03
"""Fewest pauses while parties waited, and least share of the time of servers, that change the service times."""


class Pauses(NamedTuple):
    """Time (s) in which servers at work served, and did not serve, while parties waited; and the number of pauses."""

    busy: float
    free: float
    pauses: int

    @property
    def share(self) -> float:
        """The share of the time of servers that is not service while parties wait."""
        return self.free / (self.busy + self.free)


def read_pauses(reader: Reader, start: Floats, end: Floats) -> Pauses | None:
    """Return the pauses of a log of services; None if it does not say who served, and when parties arrived."""
    if reader.time_column("arrival", ARRIVAL)[0] is None:
        return None
    server = reader.names("server", SERVER, numbers=True)
    arrived = reader.instants("arrival", ARRIVAL) if server is not None else None
    if server is None or arrived is None:
        return None
    whole = np.isfinite(arrived) & np.isfinite(start) & np.isfinite(end) & (end >= start) & (start >= arrived)
    good = whole & np.array([name is not None for name in server])
    waits = _Union(arrived[whole], start[whole])
    return pauses_of(waits, start[good], end[good], np.array(server, object)[good].astype(str))


def pauses_of(waits: _Union, start: Floats, end: Floats, server: NDArray[np.str_]) -> Pauses:
    """Return how long servers served, and did not, while anybody waited."""
    order = np.lexsort((start, server))
    start, end, server = start[order], end[order], server[order]
    busy = float(np.sum(waits.within(start, end)))
    same = server[1:] == server[:-1]
    pause = start[1:] - end[:-1]
    used = same & (pause > 0) & (pause <= LONGEST_PAUSE)
    free = waits.within(end[:-1][used], start[1:][used])
    return Pauses(busy, float(free.sum()), int(np.sum(free > 0)))


class _Union:
    """The time in which at least one of many intervals lasts."""

    def __init__(self, begin: Floats, end: Floats) -> None:
        order = np.argsort(begin)
        begin, latest = begin[order], np.maximum.accumulate(end[order])
        first = np.append(True, begin[1:] > latest[:-1])
        last = np.append(first[1:], True)
        at = np.column_stack([begin[first], latest[last]]).ravel()
        self.at = at
        self.before = np.concatenate([[0.0], np.cumsum(np.diff(at) * (np.arange(len(at) - 1) % 2 == 0))])

    def within(self, begin: Floats, end: Floats) -> Floats:
        """Return how much of it lies in each of other intervals, s."""
        return np.asarray(np.interp(end, self.at, self.before) - np.interp(begin, self.at, self.before))
