"""The compiled engine: the same plan, tape and records as reference.py, hundreds of times faster."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Ints
from sim.engine.compiled import kernel
from sim.engine.compiled.cache import forget as forget
from sim.engine.compiled.cache import kept as kept
from sim.engine.compiled.layout import (
    BORDER,
    BUCKET_SHIFT,
    CLOCK_BUCKETS,
    KEPT,
    MAX_CROSSINGS,
    MAX_STATIONS,
    MAX_ZONES,
    MOMENT,
    N_CLASSES,
    NOBODY,
    PARTY,
    ROW,
)  # fmt: skip
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import DTYPES, Records
from sim.engine.tape import Tape
from sim.errors import SimError

Scratch = dict[str, NDArray[Any]]
_spare: list[Scratch] = []
"""Scratch tables that no replication under way uses; the next takes them, for fresh memory is slow at first touch."""

KEPT_ROWS = 1_000_000
"""Scratch tables of a replication with more rows are not kept."""


def play(plan: Plan, tape: Tape) -> Records:
    """Return what happens when the tape is played: one row per party and visit. Raises SimError if it is too large."""
    _refuse_too_large(plan, tape)
    scratch = _spare.pop() if _spare else {}
    rooms = _rooms(plan, tape)
    while True:
        border = _border(plan, tape)
        tables = _tables(plan, tape, border, scratch)
        _give_addresses(border, tables)
        _give_watched(border, scratch, rooms)
        kernel.play(border)
        if not border["full"]:
            break
        rooms *= 2
    records = _records(border)
    if border["rows"] <= KEPT_ROWS:
        _spare.append(scratch)
    return records


def prepare() -> None:
    """Compile the kernel, or load what was compiled before, by playing a border without anything."""
    border = np.zeros(1, BORDER)[0]
    collects = gc.isenabled()
    gc.disable()  # the compiler makes a great many objects that live on; looking through them takes a sixth of its time
    try:
        for _ in range(2):
            try:
                kernel.play(border)
                _records(border)
                break
            except OSError:  # what was compiled could not be kept, as on a full disk, but it is there
                continue
    finally:
        if collects:
            gc.enable()


def _rooms(plan: Plan, tape: Tape) -> int:
    """Rows that the tables of moments and of visits have at first; where one is full, all is played again with twice.

    Memory is taken up only by rows that are used.
    """
    return (len(plan.stations) + 2) * len(tape) + 1000


def _refuse_too_large(plan: Plan, tape: Tape) -> None:
    """Refuse what has no room in the kernel's tables or in its 64-bit sums. Raises SimError."""
    numbers = {"crossings": len(plan.crossings), "stations": len(plan.stations), "zones": len(plan.zone_capacity)}
    for (name, number), most in zip(numbers.items(), (MAX_CROSSINGS, MAX_STATIONS, MAX_ZONES), strict=True):
        if number > most:
            raise SimError(f"the compiled engine has room for {most} {name}, not for {number}; use --engine reference")
    longest = max((int(tape.times[row].max(initial=0)) for row in plan.clock_row if row != NOWHERE), default=0)
    lasts = plan.horizon - plan.start + int(plan.quote_every.max())
    if int(plan.hazard.max()) * lasts + longest >= 2**63:
        raise SimError("a hazard of leaving is too high to be summed up over the whole run; lower it or the horizon")


def _records(border: Any) -> Records:
    """Copy the rows out, sorted; every visit begun must have come to an end."""
    columns = _blank(int(border["rows"]))
    begun = kernel.in_order(border, columns)
    if begun != border["rows"]:
        raise AssertionError(f"{begun} visits were begun, but {border['rows']} came to an end")
    return Records(*columns)


def _blank(rows: int) -> tuple[NDArray[Any], ...]:
    """Return columns for so many rows, in the order of Records; in one block, for the kernel gives that out faster."""
    kinds = {name: np.dtype(kind) for name, kind in DTYPES.items()}
    block, begin, columns = np.empty(rows * sum(kind.itemsize for kind in kinds.values()), np.uint8), 0, {}
    for name in sorted(kinds, key=lambda name: -kinds[name].itemsize):  # the widest first: all are aligned
        end = begin + rows * kinds[name].itemsize
        columns[name], begin = block[begin:end].view(kinds[name]), end
    return tuple(columns[name] for name in kinds)


def _give_addresses(border: Any, tables: dict[str, NDArray[Any]]) -> None:
    for name, table in tables.items():
        border[f"{name}_table"] = table.ctypes.data
        if f"{name}_rows" in (BORDER.names or ()):
            border[f"{name}_rows"] = table.shape[-1] if name in ("recent", "history") else len(table)


def _room(scratch: Scratch, name: str, rows: int, kind: Any) -> NDArray[Any]:
    """Return a table with at least so many rows, whatever is in them. Memory is taken up only by rows that are used."""
    if name not in scratch or len(scratch[name]) < rows:
        scratch[name] = np.empty(rows, kind)
    return scratch[name]


def _give_watched(border: Any, scratch: Scratch, rooms: int) -> None:
    """Give the kernel those tables whose end it watches, with room for so many rows."""
    watched = {"kept": _room(scratch, "kept", rooms, KEPT), "row": _room(scratch, "row", rooms, ROW)}
    _give_addresses(border, watched)
    for which in range(len(border["heap_table"])):
        heap = _room(scratch, f"heap {which}", rooms, MOMENT)
        border["heap_table"][which], border["heap_rows"][which] = heap.ctypes.data, len(heap)


def _tables(plan: Plan, tape: Tape, border: Any, scratch: Scratch) -> dict[str, NDArray[Any]]:
    """Return the large tables by name; the kernel has their addresses, so they must live as long as it plays.

    Of those without a watched end, `stack` holds a station once for each party blocked.
    """
    uses_way = np.asarray(plan.hazard.any(axis=3))
    buckets, clocks = ((plan.horizon - plan.start) >> BUCKET_SHIFT) + 2, np.flatnonzero(uses_way)
    border["uses_way"][: len(plan.crossings)] = uses_way
    border["clock_begin"][clocks] = buckets + CLOCK_BUCKETS * np.arange(len(clocks))
    border["most_people"], border["wait_columns"] = plan.hit_cdf.shape[1], plan.hazard.shape[3]
    numbers = len(tape) * (2 if bool((plan.stays_together < 1).any()) else 1)  # of parties and their possible twins
    tables = {
        "party": _room(scratch, "party", numbers, PARTY),
        "stack": _room(scratch, "stack", numbers + 1, np.int64),
        "visits": _room(scratch, "visits", numbers, np.int32)[:numbers],
        "buckets": np.full(buckets + CLOCK_BUCKETS * len(clocks), NOBODY),
        "run": np.append(np.flatnonzero(tape.arrived_at[1:] < tape.arrived_at[:-1]) + 1, len(tape))[: len(tape)],
        "recent": np.zeros((len(plan.crossings), N_CLASSES, int(plan.quote_buckets.max())), np.int64),
        "switch": _switches(plan),
        "hit": plan.hit_cdf,
        "checked": plan.checked_cdf,
        "hazard": plan.hazard,
        "balk": plan.balk_share,
        "bypass": plan.bypass_share,
        "times": tape.times,
        "chances": tape.chances,
        "came": tape.arrived_at,
        "source": tape.source,
        "cls": tape.cls,
        "initial": tape.initial,
        "people": tape.people,
        "men": tape.men,
        "local": tape.local,
        "barred": tape.barred,
        "mode": tape.mode_to,
        "tastes": tape.tastes,
        **_known(plan),
    }
    return {name: np.ascontiguousarray(table) for name, table in tables.items()}


def _known(plan: Plan) -> dict[str, NDArray[Any]]:
    """The tables of those who choose, with a place for as many crossings as there may be."""
    spare = MAX_CROSSINGS - len(plan.crossings)
    announcements = (plan.horizon - plan.start) // max(1, int(plan.quote_every.min())) + 2 if plan.origins else 0
    return {
        "utility": np.pad(plan.utility, ((0, 0), (0, 0), (0, spare))),
        "admits": np.pad(plan.admits, ((0, 0), (0, spare), (0, 0))),
        "informed": np.pad(plan.informed, ((0, 0), (0, spare))),
        "bars": np.pad(plan.bars, ((0, 0), (0, spare), (0, 0))),
        "drive": np.pad(plan.drive, ((0, 0), (0, spare)), constant_values=NOWHERE),
        "wait_utility": plan.wait_utility,
        "history": np.zeros((len(plan.crossings), N_CLASSES, announcements), np.int16),
    }


_STATION_FIELDS = (
    "zone", "crossing", "office", "if_office_closed", "service_row", "foot_row", "patience_row", "refusal_row",
    "refused_row", "man_row", "screening_row", "preempt", "stays_together", "refusal", "fate_cdf", "next", "stride",
    "rank",
)  # fmt: skip
_CROSSING_FIELDS = (
    "quote_every", "quote_buckets", "first", "joins", "balk_over", "bypass_local", "travels_as",
)  # fmt: skip
_NUMBERS = (
    "start", "horizon", "wait_step", "walk_row", "balk_row", "bypass_row", "drive_row", "reconsider", "diversions",
    "stay", "switching", "drive_utility",
)  # fmt: skip


def _border(plan: Plan, tape: Tape) -> Any:
    """The record of the border, as it is before anything happens."""
    table = np.zeros(1, BORDER)
    border = table[0]
    border["parties"] = len(tape)
    border["crossings"], border["origins"], border["tastes"] = (
        len(plan.crossings),
        len(plan.origins),
        tape.tastes.shape[1],
    )
    for name in _NUMBERS:
        border[name] = getattr(plan, name)
    border["clock_row"] = plan.clock_row
    for name in _STATION_FIELDS:
        border[name][: len(plan.stations)] = getattr(plan, name)
    for name in _CROSSING_FIELDS:
        border[name][: len(plan.crossings)] = getattr(plan, name)
    stations = slice(len(plan.stations))
    border["batch"][stations], border["release_every"][stations] = plan.release_size, plan.release_every
    border["by_shares"][stations] = plan.discipline
    border["active"], border["open"], border["way_open"] = 1, 1, 1
    border["is_office"][plan.office[plan.office != NOWHERE]] = 1
    border["head"], border["tail"] = NOBODY, NOBODY
    border["free_slot"], border["free_kept"] = NOBODY, NOBODY
    border["capacity"][: len(plan.zone_capacity)] = plan.zone_capacity
    border["space"][: len(plan.zone_capacity)] = plan.zone_space
    border["quoted_at"] = plan.start
    border["told_until"][: len(plan.crossings)] = plan.start + plan.quote_delay
    return border


def _switches(plan: Plan) -> Ints:
    """All switches by instant, in the order of the plan's tables: (at, which table, up to four values)."""
    tables = (plan.staffing, plan.opening, plan.activity, plan.intensity, plan.way_open, plan.epoch)
    rows = np.zeros((sum(map(len, tables)), 6), np.int64)
    begin = 0
    for what, table in enumerate(tables):
        end = begin + len(table)
        rows[begin:end, 0], rows[begin:end, 1] = table[:, 0], what
        rows[begin:end, 2 : 1 + table.shape[1]] = table[:, 1:]
        begin = end
    return rows[np.argsort(rows[:, 0], kind="stable")]
