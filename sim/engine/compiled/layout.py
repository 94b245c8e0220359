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

from sim.engine.compiled.cache import rule
from sim.engine.event_order import KIND_SHIFT, Kind
from sim.engine.records import Outcome

NOWHERE = -1
NOBODY = -1
N_CLASSES, N_STREAMS, N_WAYS, BYPASS_STREAM = 5, 6, 3, 5
HORIZON_KEY = int(Kind.HORIZON) << KIND_SHIFT
SWITCH_KEY = int(Kind.SWITCH) << KIND_SHIFT
QUOTE, SERVICE_END, RELEASE = int(Kind.QUOTE), int(Kind.SERVICE_END), int(Kind.RELEASE)
RENEGE, CHANGE_MODE, BYPASS = int(Kind.RENEGE), int(Kind.CHANGE_MODE), int(Kind.BYPASS)
ARRIVAL, ON_FOOT = int(Kind.ARRIVAL), int(Kind.ON_FOOT)
RECONSIDER, TAIL = int(Kind.RECONSIDER), int(Kind.TAIL)
NUMBER_MASK = (1 << KIND_SHIFT) - 1
SERVED, CROSSED, BALKED, BARRED = (int(o) for o in (Outcome.SERVED, Outcome.CROSSED, Outcome.BALKED, Outcome.BARRED))
RENEGED, CHANGED_MODE, BYPASSED = (int(o) for o in (Outcome.RENEGED, Outcome.CHANGED_MODE, Outcome.BYPASSED))
REFUSED, SUMMONED, SENT_ON = (int(o) for o in (Outcome.REFUSED, Outcome.SUMMONED, Outcome.SENT_ON))
INTERRUPTED = int(Outcome.INTERRUPTED)
UNFINISHED = int(Outcome.UNFINISHED)
DIVERTED, STAYED, ON_THE_WAY = int(Outcome.DIVERTED), int(Outcome.STAYED), int(Outcome.ON_THE_WAY)

BUCKET_SHIFT = 18
"""A bucket of the calendar holds 2**18 ms, four minutes."""
CLOCK_SHIFT, CLOCK_BUCKETS = 34, 4096
"""A bucket of a main queue's clocks holds 2**34 / HAZARD_UNIT, a sixtieth of their mean; after the last the first."""

OUTSIDE, WALKING, WAITING, IN_SERVICE, BLOCKED, DRIVING = 0, 1, 2, 3, 4, 5  # where a party is
NO_CROSSING = 255
FIRST, INSIDE, OTHERWISE = 1, 2, 3  # how a party joins a queue: the main queue, from the station before, from outside
ENDS, LATER, ROAD, HORIZON, CALENDAR = 0, 1, 2, 3, 4  # where the next moment comes from; the first three are heaps

PARTY = np.dtype([
    ("arrived_at", "i8"), ("started_at", "i8"), ("ended_at", "i8"), ("remaining", "i8"), ("joined", "i8"),
    ("number", "u4"), ("serial", "u4"), ("previous", "i4"), ("next", "i4"), ("station", "u2"), ("target", "u2"),
    ("visits", "u2"), ("people", "u2"), ("visit_people", "u2"), ("of_age", "u2"), ("men", "u2"), ("visit_men", "u2"),
    ("checked", "u2"), ("share", "u2"), ("where", "u1"), ("cls", "u1"), ("stream", "u1"), ("on_foot", "u1"),
    ("parted", "u1"), ("first", "u1"), ("quoted", "u1"), ("inside", "u1"), ("refused", "u1"), ("resumed", "u1"),
    ("roams", "u1"), ("home", "u1"), ("bound_for", "u1"), ("crossing", "u1"), ("diversions", "u1"),
], align=True)  # fmt: skip
"""A party that has come and not left, and its visit under way; who comes later takes the row of who has left.

`number` is the party's, `serial` that of its visit among all visits: by it a moment knows whether it was overtaken.
"""

PARTY_BYTES = PARTY.itemsize
AHEAD = 128
"""Bytes by which the tape is fetched ahead: 16 parties."""

MAX_STATIONS, MAX_ZONES, MAX_CROSSINGS = 64, 64, 16
QUEUE_LISTS, SERVICE_LISTS, BLOCKED_LISTS = 0, MAX_STATIONS * N_STREAMS, MAX_STATIONS * (N_STREAMS + 1)
"""Lists by number: a stream's queue at a station, who is in service where staff interrupt, who is blocked."""


def _fields(kind: str, shape: tuple[int, ...], names: str) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(name, kind, shape) for name in names.split()]


BORDER = np.dtype(
    _fields("i8", (), "full rows joined serial kept free_kept bucket slots free_slot parties start horizon wait_step")
    + _fields("i8", (), "walk_row balk_row bypass_row most_people wait_columns")
    # addresses of the large tables, and sizes of those whose end is watched
    + _fields("i8", (), "party_table kept_table buckets_table row_table visits_table stack_table")
    + _fields("i8", (), "run_table switch_table recent_table hit_table checked_table balk_table bypass_table")
    + _fields("i8", (), "hazard_table times_table chances_table came_table source_table cls_table initial_table")
    + _fields("i8", (), "people_table men_table local_table barred_table mode_table")
    + _fields(
        "i8", (), "tastes_table utility_table admits_table informed_table bars_table drive_table wait_utility_table"
    )
    + _fields("i8", (), "history_table history_rows")
    + _fields("i8", (), "row_rows kept_rows visits_rows run_rows switch_rows recent_rows")
    + _fields("i8", (HORIZON,), "heap_table heap_rows in_heap")
    + _fields("i8", (N_WAYS,), "clock_row")
    # who chooses between crossings
    + _fields("i8", (), "crossings origins epoch drive_row tastes")
    + _fields("i8", (), "reconsider diversions")
    + _fields("f8", (), "stay switching drive_utility")
    + _fields("i8", (MAX_CROSSINGS,), "announced told told_until")
    + _fields("i8", (MAX_CROSSINGS, N_CLASSES), "travels_as")
    # stations
    + _fields(
        "i8", (MAX_STATIONS,), "servers busy starts_left batch release_every clock zone intensity crossing office"
    )
    + _fields(
        "i8", (MAX_STATIONS,), "if_office_closed service_row foot_row patience_row refusal_row refused_row man_row"
    )
    + _fields("i8", (MAX_STATIONS,), "screening_row")
    + _fields("u1", (MAX_STATIONS,), "active by_shares preempt is_office streams")
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
    + _fields("i8", (MAX_CROSSINGS * N_CLASSES * N_WAYS,), "clock_begin clock_bucket")
)
"""All state but that of the parties, and the plan's small tables; named as in plan.py."""

MOMENT = np.dtype([("at", "i8"), ("key", "i8"), ("slot", "u4"), ("serial", "u4")])
KEPT_TOGETHER = 7
KEPT = np.dtype([
    ("at", "i8", (KEPT_TOGETHER,)), ("slot", "u4", (KEPT_TOGETHER,)), ("serial", "u4", (KEPT_TOGETHER,)),
    ("kind", "u1", (KEPT_TOGETHER,)), ("size", "u1"), ("next", "i8"),
], align=True)  # fmt: skip
"""Up to seven moments of the same bucket; `next` is the row with others of it."""

ROW = np.dtype([
    ("arrived_at", "i8"), ("started_at", "i8"), ("ended_at", "i8"), ("left_at", "i8"), ("party", "u4"),
    ("visit", "u2"), ("station", "u2"), ("people", "u2"), ("men", "u2"), ("cls", "u1"), ("stream", "u1"),
    ("outcome", "u1"), ("first", "u1"),
], align=True)  # fmt: skip


@intrinsic  # type: ignore[untyped-decorator]
def _pointer(_: Any, address: Any) -> Any:
    """Turn an address into a pointer."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(address), codegen


@intrinsic  # type: ignore[untyped-decorator]
def _fetch(_: Any, address: Any) -> Any:
    """Bring what is at an address into the cache, without waiting for it; any address will do."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        ir, pointer, flag = cgutils.ir, cgutils.voidptr_t, cgutils.int32_t
        kind = ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])  # address; 0 to read, 3 to keep, 1 data
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
        builder.call(prefetch, [builder.inttoptr(args[0], pointer), flag(0), flag(3), flag(1)])

    return types.void(address), codegen


@rule
def party_in(b: Any, slot: int) -> Any:
    """PARTY: the party in a slot."""
    return carray(_pointer(b.party_table + slot * PARTY_BYTES), (1,), PARTY)[0]


@rule
def heap_of(b: Any, which: int) -> Any:
    """MOMENT: one of the three heaps of moments."""
    return carray(_pointer(b.heap_table[which]), (1,), MOMENT)


@rule
def kept_of(b: Any) -> Any:
    """KEPT: moments of the calendar."""
    return carray(_pointer(b.kept_table), (1,), KEPT)


@rule
def buckets_of(b: Any) -> Any:
    """The row of KEPT last begun for each bucket of the calendar."""
    return carray(_pointer(b.buckets_table), (1,), np.int64)


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
    return carray(_pointer(b.stack_table), (1,), np.int64)


@rule
def visits_of(b: Any) -> Any:
    """How many visits each party made that has left, and each twin."""
    return carray(_pointer(b.visits_table), (b.visits_rows,), np.int32)


@rule
def runs_of(b: Any) -> Any:
    """The numbers with which each run of parties that come one after the other ends, the last excluded."""
    return carray(_pointer(b.run_table), (b.run_rows,), np.int64)


@rule
def column_of(b: Any, table: int, kind: Any) -> Any:
    """A column of the tape."""
    return carray(_pointer(table), (b.parties,), kind)


@rule
def time_of(b: Any, row: int, column: int) -> int:
    """Return Tape.times[row, column], and fetch what those who came soon after will need."""
    address = b.times_table + 8 * (row * b.parties + column)
    _fetch(address + AHEAD)
    return carray(_pointer(address), (1,), np.int64)[0]


@rule
def chance_of(b: Any, row: int, column: int) -> float:
    """Return Tape.chances[row, column], and fetch what those who came soon after will need."""
    address = b.chances_table + 8 * (row * b.parties + column)
    _fetch(address + AHEAD)
    return carray(_pointer(address), (1,), np.float64)[0]


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


@rule
def tastes_of(b: Any) -> Any:
    """Tape.tastes, [party, column]."""
    return carray(_pointer(b.tastes_table), (b.parties, b.tastes), np.float64)


@rule
def known_of(table: int) -> Any:
    """Plan.utility as [2 * epoch + men, crossing], or Plan.informed as [epoch, crossing]."""
    return carray(_pointer(table), (1, MAX_CROSSINGS), np.float64)


@rule
def share_by_class(table: int) -> Any:
    """Plan.admits or Plan.bars, [epoch, crossing, class]."""
    return carray(_pointer(table), (1, MAX_CROSSINGS, N_CLASSES), np.float64)


@rule
def drives_of(b: Any) -> Any:
    """Plan.drive, [place, crossing]."""
    return carray(_pointer(b.drive_table), (1, MAX_CROSSINGS), np.int64)


@rule
def wait_utility_of(b: Any) -> Any:
    """Plan.wait_utility, [column]."""
    return carray(_pointer(b.wait_utility_table), (b.wait_columns,), np.float64)


@rule
def history_of(b: Any) -> Any:
    """Columns of the waits announced so far, [crossing, class, announcement]."""
    return carray(_pointer(b.history_table), (MAX_CROSSINGS, N_CLASSES, b.history_rows), np.int16)
