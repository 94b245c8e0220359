"""The records of a replication: one row per party and visit, the only output of the engines.

Rows are sorted by (party, visit). A party that splits at draft screening (the others go on without the men stopped)
gets a twin whose number is its own plus the number of parties on the tape. An instant that did not happen is NEVER.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Bools, Ints

NEVER = np.iinfo(np.int64).min


class Outcome(IntEnum):
    """How a visit ended."""

    SERVED = 0  # went on to the next station
    CROSSED = 1  # served at the last station, and across the border
    BALKED = 2  # did not join the queue
    BARRED = 3  # kept away on the approach
    RENEGED = 4  # left the queue and went home
    CHANGED_MODE = 5  # left the vehicle and went on by bike or on foot
    BYPASSED = 6  # left the main queue for the bypass
    REFUSED = 7  # turned back by the authority of this station
    SUMMONED = 8  # given draft papers and turned back
    SENT_ON = 9  # sent on to the enlistment office
    UNFINISHED = 10  # still there at the horizon
    INTERRUPTED = 11  # staff left, or an earlier rank came: back to the head of this queue, on another visit
    DIVERTED = 12  # did not join, or left the main queue, and went on to another crossing
    STAYED = 13  # did not set out; recorded at the crossing it would have chosen if all were open to it
    ON_THE_WAY = 14  # still driving to this crossing at the horizon
    SENT_ASIDE = 15  # sent to another station after the service (to come on from there, or back)
    JOCKEYED = 16  # moved to the end of a shorter queue beside this one, on another visit


FINAL = frozenset(
    {
        Outcome.CROSSED,
        Outcome.BALKED,
        Outcome.BARRED,
        Outcome.RENEGED,
        Outcome.REFUSED,
        Outcome.SUMMONED,
        Outcome.UNFINISHED,
        Outcome.STAYED,
        Outcome.ON_THE_WAY,
    }
)
"""Outcomes after which a party makes no further visit."""


@dataclass(frozen=True)
class Records:
    """Columns of equal length, one row per party and visit; instants in integer milliseconds since t0.

    `station` is an index into `Plan.stations`, `cls` and `stream` into `Scenario.streams`. `arrived_at` is when
    the party joined the queue, `started_at` when service began, `ended_at` when service ended, `left_at` when it left
    the station: `left_at - ended_at` is time blocked. A party still walking or driving towards a station at the horizon
    has `arrived_at` at or beyond the horizon. `men` counts the men stopped (found on the list) at draft screening, and
    the men concerned at an enlistment office. `checked` counts the men checked at draft screening, in the row of the
    visit in which the service ended. `first` marks a visit to the main queue: the first visit at a crossing of a party
    that came by road and did not take the bypass, and those that follow by jockeying.

    `staffing` stands beside the rows: (at, station, servers) at the start and after each change, of the stations with a
    control of their staffing or with outages. The staffing of all others is that of the plan.
    `quotes` are the waits announced where quotes cover the way, as (at, crossing, class, ms) when they change.
    `one_by_one` holds the services of people who are served one by one, in order of their beginning: (party, visit,
    station, started_at, ended_at). In the row of such a visit `started_at` is when the last of the party is called,
    `ended_at` when the last is through.
    `lightened` holds the turns of controls that lighten checks (at, station, 1) or restore them (at, station, 0).
    """

    party: NDArray[np.int32]
    visit: NDArray[np.int16]
    crossing: NDArray[np.int8]
    station: NDArray[np.int16]
    cls: NDArray[np.int8]
    stream: NDArray[np.int8]
    people: NDArray[np.int16]
    men: NDArray[np.int16]
    checked: NDArray[np.int16]
    arrived_at: Ints
    started_at: Ints
    ended_at: Ints
    left_at: Ints
    outcome: NDArray[np.int8]
    first: Bools
    staffing: Ints = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    lightened: Ints = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    quotes: Ints = field(default_factory=lambda: np.zeros((0, 4), np.int64))
    one_by_one: Ints = field(default_factory=lambda: np.zeros((0, 5), np.int64))

    def __len__(self) -> int:
        return len(self.party)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Records) and all(
            np.array_equal(getattr(self, column.name), getattr(other, column.name)) for column in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the rows by name, in their written order."""
        return {name: getattr(self, name) for name in DTYPES}


DTYPES: dict[str, Any] = {
    "party": np.int32,
    "visit": np.int16,
    "crossing": np.int8,
    "station": np.int16,
    "cls": np.int8,
    "stream": np.int8,
    "people": np.int16,
    "men": np.int16,
    "checked": np.int16,
    "arrived_at": np.int64,
    "started_at": np.int64,
    "ended_at": np.int64,
    "left_at": np.int64,
    "outcome": np.int8,
    "first": np.bool_,
}
"""Type of each column."""


Beside = dict[str, list[tuple[int, ...]]]


def in_order(columns: dict[str, NDArray[Any]], beside: Beside | None = None) -> Records:
    """Return records made of `columns` (any row order), sorted by party and visit, and rows of what stands beside."""
    order = np.lexsort((columns["visit"], columns["party"]))
    rows = {name: columns[name][order].astype(dtype) for name, dtype in DTYPES.items()}
    tables: dict[str, Any] = {name: np.array(table, np.int64) for name, table in (beside or {}).items() if table}
    return Records(**rows, **tables)
