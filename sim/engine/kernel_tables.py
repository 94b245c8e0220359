"""The kernel's tables: one record that holds the whole border, and large tables beside it, reached by their addresses.

One record of one type, and not an argument for each table, keeps the compiled functions small and their calls cheap.
Nothing checks an index here: compiled.py sees to it that every table is large enough, or that its end is watched.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from sim.engine.kernel_cache import rule
from sim.engine.moments import KIND_SHIFT, Kind
from sim.engine.records import Outcome

NOWHERE = -1
NOBODY = -1
N_CLASSES, N_STREAMS, N_WAYS, BYPASS_STREAM = 5, 6, 3, 5
HORIZON_KEY = int(Kind.HORIZON) << KIND_SHIFT
SWITCH_KEY = int(Kind.SWITCH) << KIND_SHIFT
QUOTE, SERVICE_END, RELEASE = int(Kind.QUOTE), int(Kind.SERVICE_END), int(Kind.RELEASE)
RENEGE, CHANGE_MODE, BYPASS = int(Kind.RENEGE), int(Kind.CHANGE_MODE), int(Kind.BYPASS)
ARRIVAL, ON_FOOT = int(Kind.ARRIVAL), int(Kind.ON_FOOT)
NUMBER_MASK = (1 << KIND_SHIFT) - 1
SERVED, CROSSED, BALKED, BARRED = (int(o) for o in (Outcome.SERVED, Outcome.CROSSED, Outcome.BALKED, Outcome.BARRED))
RENEGED, CHANGED_MODE, BYPASSED = (int(o) for o in (Outcome.RENEGED, Outcome.CHANGED_MODE, Outcome.BYPASSED))
REFUSED, SUMMONED, SENT_ON = (int(o) for o in (Outcome.REFUSED, Outcome.SUMMONED, Outcome.SENT_ON))
INTERRUPTED = int(Outcome.INTERRUPTED)
UNFINISHED = int(Outcome.UNFINISHED)

BUCKET_SHIFT = 22
"""A bucket of the calendar holds 2**22 ms, 70 minutes."""

OUTSIDE, WALKING, WAITING, IN_SERVICE, BLOCKED = 0, 1, 2, 3, 4  # where a party is
FIRST, INSIDE, OTHERWISE = 1, 2, 3  # how a party joins a queue: the main queue, from the station before, from outside
ENDS, LATER, HORIZON, ROAD, CALENDAR = 0, 1, 2, 3, 4  # where the next moment comes from

PARTY = np.dtype([
    ("came_at", "i8"), ("arrived_at", "i8"), ("started_at", "i8"), ("ended_at", "i8"), ("remaining", "i8"),
    ("joined", "i8"), ("previous", "i4"), ("next", "i4"), ("station", "i2"), ("target", "i2"), ("visits", "i2"),
    ("index", "i2"), ("came_with", "i2"), ("people", "i2"), ("visit_people", "i2"), ("of_age", "i2"), ("men", "i2"),
    ("visit_men", "i2"), ("checked", "i2"), ("share", "i2"), ("where", "i1"), ("cls", "i1"), ("stream", "i1"),
    ("crossing", "i1"), ("mode_to", "i1"), ("on_foot", "u1"), ("parted", "u1"), ("first", "u1"), ("quoted", "u1"),
    ("inside", "u1"), ("refused", "u1"), ("resumed", "u1"), ("local", "u1"), ("barred", "u1"), ("initial", "u1"),
], align=True)  # fmt: skip
"""A party and its visit under way; the first and the last fields come from the tape."""

MAX_STATIONS, MAX_ZONES, MAX_CROSSINGS = 64, 64, 16
QUEUE_LISTS, SERVICE_LISTS, BLOCKED_LISTS = 0, MAX_STATIONS * N_STREAMS, MAX_STATIONS * (N_STREAMS + 1)
"""Lists by number: a stream's queue at a station, who is in service where staff interrupt, who is blocked."""


def _fields(kind: str, shape: tuple[int, ...], names: str) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(name, kind, shape) for name in names.split()]


BORDER = np.dtype(
    _fields("i8", (), "full rows joined kept bucket parties start horizon wait_step walk_row balk_row bypass_row")
    # addresses and sizes of the large tables
    + _fields(
        "i8",
        (),
        "party_table ends_table later_table kept_table buckets_table order_table clock_table row_table switch_table "
        "stack_table times_table chances_table",
    )
    + _fields("i8", (), "recent_table hit_table checked_table balk_table bypass_table hazard_table party_rows")
    + _fields(
        "i8", (), "clock_rows row_rows switch_rows stack_rows times_rows chances_rows recent_rows kept_rows most_people"
    )
    + _fields("i8", (), "wait_columns")
    + _fields("i8", (2,), "in_heap heap_rows")
    + _fields("i8", (N_WAYS,), "clock_row")
    # stations
    + _fields(
        "i8", (MAX_STATIONS,), "servers busy starts_left batch release_every clock zone intensity crossing office"
    )
    + _fields(
        "i8", (MAX_STATIONS,), "if_office_closed service_row foot_row patience_row refusal_row refused_row man_row"
    )
    + _fields("i8", (MAX_STATIONS,), "screening_row")
    + _fields("u1", (MAX_STATIONS,), "active by_shares preempt is_office")
    + _fields("f8", (MAX_STATIONS,), "stays_together refusal")
    + _fields("f8", (MAX_STATIONS, 4), "fate_cdf")
    + _fields("i8", (MAX_STATIONS, N_CLASSES), "next")
    + _fields("u1", (MAX_STATIONS, N_CLASSES), "open")
    + _fields("i8", (MAX_STATIONS, N_STREAMS), "passed stride rank waiting")
    + _fields("i8", (BLOCKED_LISTS + MAX_ZONES,), "head tail")
    # zones
    + _fields("i8", (MAX_ZONES,), "capacity used")
    + _fields("i8", (MAX_ZONES, N_CLASSES), "space")
    # main queues
    + _fields("i8", (MAX_CROSSINGS,), "quote_every quote_buckets")
    + _fields("i8", (MAX_CROSSINGS, N_CLASSES), "first joins quote column quoted_at started filled oldest balk_over")
    + _fields("f8", (MAX_CROSSINGS, N_CLASSES), "bypass_local")
    + _fields("u1", (MAX_CROSSINGS, N_CLASSES, N_WAYS), "way_open uses_way")
    + _fields("i8", (MAX_CROSSINGS, N_CLASSES, N_WAYS), "summed rate")
    + _fields("i8", (MAX_CROSSINGS * N_CLASSES * N_WAYS,), "clock_begin clock_size")
)
"""All state but that of the parties, and the plan's small tables; named as in plan.py."""

MOMENT = np.dtype([("at", "i8"), ("key", "i8"), ("visit", "i8")])
KEPT = np.dtype([("at", "i8"), ("key", "i8"), ("visit", "i8"), ("next", "i8")])
CLOCK = np.dtype([("at", "i8"), ("party", "i4"), ("visit", "i4")])
ROW = np.dtype([
    ("arrived_at", "i8"), ("started_at", "i8"), ("ended_at", "i8"), ("left_at", "i8"), ("party", "i4"),
    ("visit", "i2"), ("station", "i2"), ("people", "i2"), ("men", "i2"), ("crossing", "i1"), ("cls", "i1"),
    ("stream", "i1"), ("outcome", "i1"), ("first", "u1"),
], align=True)  # fmt: skip


@intrinsic  # type: ignore[untyped-decorator]
def _pointer(_: Any, address: Any) -> Any:
    """Turn an address into a pointer."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(address), codegen


@rule
def parties(b: Any) -> Any:
    """PARTY: the parties and their possible twins."""
    return carray(_pointer(b.party_table), (b.party_rows,), PARTY)


@rule
def heap_of(b: Any, which: int) -> Any:
    """MOMENT: one of the two heaps of moments."""
    return carray(_pointer(b.ends_table if which == ENDS else b.later_table), (1,), MOMENT)


@rule
def kept_of(b: Any) -> Any:
    """KEPT: moments of the calendar."""
    return carray(_pointer(b.kept_table), (1,), KEPT)


@rule
def buckets_of(b: Any) -> Any:
    """The last moment put into each bucket of the calendar."""
    return carray(_pointer(b.buckets_table), (1,), np.int64)


@rule
def order_of(b: Any) -> Any:
    """The parties in the order in which they come."""
    return carray(_pointer(b.order_table), (b.parties,), np.int64)


@rule
def clocks_of(b: Any) -> Any:
    """CLOCK: the heaps of all main queues, one after the other."""
    return carray(_pointer(b.clock_table), (b.clock_rows,), CLOCK)


@rule
def rows_of(b: Any) -> Any:
    """ROW: what happened."""
    return carray(_pointer(b.row_table), (b.row_rows,), ROW)


@rule
def switches_of(b: Any) -> Any:
    """Return (at, which table, up to four values) in order of time."""
    return carray(_pointer(b.switch_table), (b.switch_rows, 6), np.int64)


@rule
def stack_of(b: Any) -> Any:
    """Stations still to settle."""
    return carray(_pointer(b.stack_table), (b.stack_rows,), np.int64)


@rule
def times_of(b: Any) -> Any:
    """Tape.times."""
    return carray(_pointer(b.times_table), (b.times_rows, b.parties), np.int64)


@rule
def chances_of(b: Any) -> Any:
    """Tape.chances."""
    return carray(_pointer(b.chances_table), (b.chances_rows, b.parties), np.float64)


@rule
def recent_of(b: Any) -> Any:
    """Departures from each main queue in the intervals of its last announcements, [crossing, class, interval]."""
    return carray(_pointer(b.recent_table), (MAX_CROSSINGS, N_CLASSES, b.recent_rows), np.int64)


@rule
def cdf_of(b: Any, table: int) -> Any:
    """Plan.hit_cdf or Plan.checked_cdf, [station or intensity, n, k]."""
    return carray(_pointer(table), (MAX_STATIONS, b.most_people, b.most_people), np.float64)


@rule
def share_of(b: Any, table: int) -> Any:
    """Plan.balk_share or Plan.bypass_share, [crossing, class, column]."""
    return carray(_pointer(table), (MAX_CROSSINGS, N_CLASSES, b.wait_columns), np.float64)


@rule
def hazard_of(b: Any) -> Any:
    """Plan.hazard, [crossing, class, way, column]."""
    return carray(_pointer(b.hazard_table), (MAX_CROSSINGS, N_CLASSES, N_WAYS, b.wait_columns), np.int64)
