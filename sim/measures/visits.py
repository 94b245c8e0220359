"""The records made ready to be measured: spans of every visit, and one row per party."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.measures.grid import Grid
from sim.scenario.quantities import BYPASS, CLASSES, STREAMS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAIN, BY_BYPASS, BY_CHANGED_MODE = range(3)
"""Numbers of names.WAYS_ACROSS."""


@dataclass(frozen=True)
class Visits:
    """Columns per row of the records; `place` is crossing x 5 + class. What has not happened is at `grid.beyond`.

    A row waits from `arrived` to `called` (to its service, or away), is in service from `started` to `ended`, blocked
    from `ended` to `left` and in the system to `gone`, which is the arrival at the next station where there is one. A
    visit whose service was interrupted is several rows, all but the first `resumed`.
    """

    station: Ints
    place: Ints
    people: Floats
    arrived: Ints
    called: Ints
    started: Ints
    ended: Ints
    left: Ints
    gone: Ints
    waited: Ints  # ms, up to the horizon
    initial: Bools  # was already waiting at the start
    split: Bools  # begins a twin, at draft screening
    resumed: Bools  # goes on with a visit whose service was interrupted


@dataclass(frozen=True)
class Parties:
    """Columns per party. A twin (the men stopped at draft screening) is not `whole`: its wait began before its rows."""

    place: Ints  # as it came
    joined: Ints
    gone: Ints
    waited: Ints  # ms in all queues up to the horizon
    people: Floats  # as it came
    people_at_last: Floats
    outcome: NDArray[np.int8]  # at last
    way: Ints
    main: Bools  # joined the main queue and did not leave it for bypass or another mode
    whole: Bools
    initial: Bools


@dataclass(frozen=True)
class Stays:
    """Columns per stay: time in the system of a party as one class with the same people."""

    place: Ints
    people: Floats
    arrived: Ints
    gone: Ints


def visits(plan: Plan, records: Records, grid: Grid) -> Visits:
    """Return the spans of every visit."""
    arrived = records.arrived_at
    away = (records.outcome == int(Outcome.BALKED)) | (records.outcome == int(Outcome.BARRED))
    left = np.where(records.left_at == NEVER, grid.beyond, records.left_at)
    np.copyto(left, arrived, where=away)
    ended = np.where(records.ended_at == NEVER, grid.beyond, records.ended_at)
    interrupted = records.outcome == int(Outcome.INTERRUPTED)
    np.copyto(ended, left, where=interrupted)
    started = np.where(records.started_at == NEVER, grid.beyond, records.started_at)
    called = np.minimum(started, left)
    gone = left.copy()
    came = records.first | (records.stream == STREAMS.index(BYPASS)) | (records.started_at == NEVER)
    same = records.party[1:] == records.party[:-1]
    np.copyto(gone[:-1], arrived[1:], where=same)
    resumed = np.zeros(len(records), dtype=np.bool_)
    resumed[1:] = interrupted[:-1]
    return Visits(
        station=records.station.astype(np.int64),
        place=records.crossing.astype(np.int64) * len(CLASSES) + records.cls,
        people=records.people.astype(np.float64),
        arrived=arrived,
        called=called,
        started=started,
        ended=ended,
        left=left,
        gone=gone,
        waited=np.maximum(np.minimum(called, grid.horizon) - arrived, 0),
        initial=records.first & (arrived == plan.start),
        split=(records.visit == 0) & ~came,
        resumed=resumed,
    )


def whole_visits(seen: Visits) -> tuple[Ints, Ints]:
    """Return the first and last row of every visit."""
    return _runs(seen.resumed[1:], len(seen.resumed))


def in_main_queue(records: Records, seen: Visits) -> Bools:
    """Return which rows stand in a main queue: `first` ones, and those that go on with them after an interruption."""
    if not seen.resumed.any():
        return records.first
    head, tail = whole_visits(seen)
    return np.repeat(records.first[head], tail - head + 1)


def stays(records: Records, seen: Visits) -> Stays:
    """Return the stays in the system: visits in a row of one party with the same class and people are one stay."""
    same = (records.party[1:] == records.party[:-1]) & (seen.place[1:] == seen.place[:-1])
    same &= records.people[1:] == records.people[:-1]
    head, tail = _runs(same, len(records))
    return Stays(seen.place[head], seen.people[head], seen.arrived[head], seen.gone[tail])


def parties(records: Records, seen: Visits) -> Parties:
    """Return one row per party, in their order."""
    head, tail = _runs(records.party[1:] == records.party[:-1], len(records))
    changed = records.cls[head] != records.cls[tail]
    bypass = records.stream[tail] == STREAMS.index(BYPASS)
    way = np.where(changed, BY_CHANGED_MODE, np.where(bypass, BY_BYPASS, MAIN))
    return Parties(
        place=seen.place[head],
        joined=seen.arrived[head],
        gone=seen.gone[tail],
        waited=np.add.reduceat(seen.waited, head) if len(records) else seen.waited,
        people=seen.people[head],
        people_at_last=seen.people[tail],
        outcome=records.outcome[tail],
        way=way,
        main=records.first[head] & (way == MAIN),
        whole=~seen.split[head],
        initial=seen.initial[head],
    )


def _runs(same: Bools, rows: int) -> tuple[Ints, Ints]:
    """Return the first and last row of every run of rows; `same` says of each row but the first that it goes on."""
    begins = np.ones(rows, dtype=np.bool_)
    begins[1:] = ~same
    head = np.flatnonzero(begins)
    return head, np.append(head, rows)[1:] - 1
