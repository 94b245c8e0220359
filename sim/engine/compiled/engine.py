"""The compiled engine: the same records as the reference engine, hundreds of times faster."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Ints
from sim.engine.compiled import kernel, output
from sim.engine.compiled.at_start import set_controls
from sim.engine.compiled.cache import clear_cache as clear_cache
from sim.engine.compiled.layout import (
    BORDER,
    BUCKET_SHIFT,
    CHUNK,
    CLOCK_BUCKETS,
    MAX_CROSSINGS,
    MAX_STATIONS,
    MAX_STREAMS,
    MAX_ZONES,
    MOMENT,
    NOBODY,
    PARTY,
    ROW,
)
from sim.engine.compiled.output import is_compiled as is_compiled
from sim.engine.plan import CLOCKS, NOWHERE, PER_MILLE, RENEGE_WITH_MEN, SWITCHES, WAYS, Plan
from sim.engine.records import DTYPES, Records
from sim.engine.tape import Tape
from sim.errors import SimError

Scratch = dict[str, NDArray[Any]]
_spare: list[Scratch] = []
"""Scratch tables that no current replication uses. The next one takes them: fresh memory is slow at first access."""

BESIDE = (
    ("staffing", "staffed", "staffed"),
    ("lightened", "lightened", "turns"),
    ("one_by_one", "people_served", "people_served"),
    ("quotes", "quotes", "quotes"),
)
"""What stands beside the records: its name there, the table, and the field of BORDER with the number of its rows."""
MOST_MOMENTS = 4_000_000
"""Initial rows of a table of moments where there are very many parties, few of whom wait at the same time."""
MAX_SPARE_ROWS = 1_000_000
"""Scratch tables of a replication with more rows than this are released."""


def play(plan: Plan, tape: Tape) -> Records:
    """Return the records of a replication: one row per party and visit. Raises SimError if it is too large."""
    _check_size(plan, tape)
    scratch = _spare.pop() if _spare else {}
    rows, enlarged = _initial_rows(plan, tape), 1
    while True:
        border = _border(plan, tape)
        tables = _tables(plan, tape, border, scratch)
        set_controls(border, tables["lightened"], plan, tape)
        _set_addresses(border, tables)
        _set_checked_tables(border, scratch, rows * enlarged, min(rows, MOST_MOMENTS) * enlarged)
        kernel.play(_address(border))
        if not border["full"]:
            break
        enlarged *= 2
    records = _records(border, tables)
    if border["rows"] <= MAX_SPARE_ROWS:
        _spare.append(scratch)
    return records


def prepare() -> None:
    """Compile the kernel, or load it from the cache, by playing an empty border."""
    border = np.zeros(1, BORDER)[0]
    for _ in range(2):
        try:
            kernel.play(_address(border))
            _records(border, {})
            break
        except OSError:  # the compiled code could not be saved, as on a full disk, but is in memory
            continue


def _address(border: Any) -> int:
    """Return the address of the record of a border, which is a row of a table."""
    return int(border.base.ctypes.data)


def _initial_rows(plan: Plan, tape: Tape) -> int:
    """Return the initial number of rows of the tables of moments and visits.

    If a table is full, the replication is played again with twice as many. Only rows that are used take memory.
    """
    return (len(plan.stations) + 2) * len(tape) + 1000


def _check_size(plan: Plan, tape: Tape) -> None:
    """Raise SimError if the scenario exceeds the kernel's tables or its 64-bit sums."""
    numbers = {"crossings": len(plan.crossings), "stations": len(plan.stations), "zones": len(plan.zone_capacity)}
    for (name, number), most in zip(numbers.items(), (MAX_CROSSINGS, MAX_STATIONS, MAX_ZONES), strict=True):
        if number > most:
            raise SimError(f"the compiled engine allows at most {most} {name}, got {number}; use --engine reference")
    longest = max((int(tape.times[row].max(initial=0)) for row in plan.clock_row if row != NOWHERE), default=0)
    lasts = plan.horizon - plan.start + int(plan.quote_every.max())
    if (int(plan.hazard.max()) + int(plan.deterred_hazard.max())) * lasts + longest >= 2**63:
        raise SimError(
            "a hazard of leaving is too high for the length of the run; lower the hazard or shorten the horizon"
        )


def _records(border: Any, tables: Scratch) -> Records:
    """Return the rows as records, sorted; every visit that began must have ended. The tables stand beside them."""
    columns = _blank(int(border["rows"]))
    begun = output.copy_in_order(_address(border), columns)
    if begun != border["rows"]:
        raise AssertionError(f"{begun} visits began, but {border['rows']} ended")
    beside = {name: tables[table][: border[number]].copy() for name, table, number in BESIDE if table in tables}
    return Records(**dict(zip(DTYPES, columns, strict=True)), **beside)


def _blank(rows: int) -> tuple[NDArray[Any], ...]:
    """Return empty columns in the order of Records; one block of memory is faster to allocate than many."""
    kinds = {name: np.dtype(kind) for name, kind in DTYPES.items()}
    block, begin, columns = np.empty(rows * sum(kind.itemsize for kind in kinds.values()), np.uint8), 0, {}
    for name in sorted(kinds, key=lambda name: -kinds[name].itemsize):  # widest first, so that all are aligned
        end = begin + rows * kinds[name].itemsize
        columns[name], begin = block[begin:end].view(kinds[name]), end
    return tuple(columns[name] for name in kinds)


def _set_addresses(border: Any, tables: dict[str, NDArray[Any]]) -> None:
    for name, table in tables.items():
        border[f"{name}_table"] = table.ctypes.data
        if f"{name}_rows" in (BORDER.names or ()):
            border[f"{name}_rows"] = table.shape[-1] if name in ("recent", "history", "stops") else len(table)


def _scratch_table(scratch: Scratch, name: str, rows: int, kind: Any) -> NDArray[Any]:
    """Return a table of at least `rows` rows with arbitrary contents. Only rows that are used take memory."""
    if name not in scratch or len(scratch[name]) < rows:
        scratch[name] = np.empty(rows, kind)
    return scratch[name]


def _set_checked_tables(border: Any, scratch: Scratch, rows: int, moments: int) -> None:
    """Set the addresses of the tables whose end the kernel checks: those of visits, and those of moments."""
    tables = {
        "chunk": _scratch_table(scratch, "chunk", moments, CHUNK),
        "row": _scratch_table(scratch, "row", rows, ROW),
    }
    _set_addresses(border, tables)
    for which in range(len(border["heap_table"])):
        heap = _scratch_table(scratch, f"heap {which}", moments, MOMENT)
        border["heap_table"][which], border["heap_rows"][which] = heap.ctypes.data, len(heap)


def _tables(plan: Plan, tape: Tape, border: Any, scratch: Scratch) -> dict[str, NDArray[Any]]:
    """Return the large tables by name. The kernel holds their addresses, so they must live until it returns.

    The end of `stack` is not checked: it holds a station once for each blocked party.
    """
    uses_clock, streams = np.zeros((len(plan.crossings), MAX_STREAMS, len(CLOCKS)), np.bool_), plan.first.shape[1]
    uses_clock[:, :streams, : len(WAYS)] = plan.hazard.any(axis=3)
    uses_clock[:, :streams, RENEGE_WITH_MEN] = plan.deterred_hazard.any(axis=2)
    buckets, clocks = ((plan.horizon - plan.start) >> BUCKET_SHIFT) + 2, np.flatnonzero(uses_clock)
    border["uses_clock"][: len(plan.crossings)] = uses_clock
    border["clock_begin"][clocks] = buckets + CLOCK_BUCKETS * np.arange(len(clocks))
    border["most_people"], border["wait_columns"] = plan.hit_cdf.shape[1], plan.hazard.shape[3]
    numbers = len(tape) * (2 if bool((plan.stays_together < 1).any()) else 1)  # parties and possible twins
    tables = {
        "party": _scratch_table(scratch, "party", numbers, PARTY),
        "stack": _scratch_table(scratch, "stack", numbers + 1, np.int64),
        "visits": _scratch_table(scratch, "visits", numbers, np.int32)[:numbers],
        "buckets": np.full(buckets + CLOCK_BUCKETS * len(clocks), NOBODY),
        "run": np.append(np.flatnonzero(tape.arrived_at[1:] < tape.arrived_at[:-1]) + 1, len(tape))[: len(tape)],
        "recent": np.zeros((len(plan.crossings), streams, int(plan.quote_buckets.max())), np.int64),
        "switch": _switches(plan, tape),
        "staffed": _staffed(plan, tape),
        "lightened": np.empty((_checks(plan, plan.light_every) + len(tape.controls), 3), np.int64),
        "quotes": np.empty((_checks(plan, plan.quote_every[plan.quotes_way]) * streams, 4), np.int64),
        "people_served": np.empty((_services_of_people(plan, tape), 5), np.int64),
        **{name: getattr(tape, name) for name in ("one_by_one", "first_person", "carried", "times", "chances")},
        "pace": plan.pace,
        "hit": plan.hit_cdf,
        "checked": plan.checked_cdf,
        "hazard": plan.hazard,
        "balk": plan.balk_share,
        "bypass": plan.bypass_share,
        "came": tape.arrived_at,
        "source": tape.source,
        "cls": tape.cls,
        "initial": tape.initial,
        "people": tape.people,
        "men": tape.men,
        "local": tape.local,
        "barred": tape.barred,
        "mode": tape.mode_to,
        "traits": tape.traits,
        "tastes": tape.tastes,
        **_choice_tables(plan),
        **_deterrence_tables(plan, border),
    }
    return {name: np.ascontiguousarray(table) for name, table in tables.items()}


def _staffed(plan: Plan, tape: Tape) -> Ints:
    """Return an empty table for the staffing of stations with a control or with outages, after each change."""
    checks = _checks(plan, plan.checked_every)
    planned = len(plan.staffing) if plan.staff_varies.any() else 0
    return np.empty((checks + planned + len(tape.outages), 3), np.int64)


def _services_of_people(plan: Plan, tape: Tape) -> int:
    """Return at most how many services of people there are, where they are served one by one."""
    stations = plan.one_by_one.any(axis=1)
    again = stations & (plan.person_again_row != NOWHERE)
    return int(tape.one_by_one.shape[1] * (stations.sum() + plan.rounds * again.sum()))


def _checks(plan: Plan, every: Ints) -> int:
    """Return at most how often controls decide that do so `every` so many milliseconds (0: never)."""
    return int(((plan.horizon - plan.start) // every[every > 0] + 1).sum())


def _choice_tables(plan: Plan) -> dict[str, NDArray[Any]]:
    """Return the tables for the choice between crossings, padded to MAX_CROSSINGS crossings."""
    spare = MAX_CROSSINGS - len(plan.crossings)
    announcements = (plan.horizon - plan.start) // max(1, int(plan.quote_every.min())) + 2 if plan.origins else 0
    return {
        "utility": np.pad(plan.utility, ((0, 0), (0, 0), (0, spare))),
        "admits": np.pad(plan.admits, ((0, 0), (0, spare), (0, 0))),
        "accepts": np.pad(plan.accepts, ((0, 0), (0, spare), (0, 0))),
        "informed": np.pad(plan.informed, ((0, 0), (0, spare))),
        "bars": np.pad(plan.bars, ((0, 0), (0, spare), (0, 0))),
        "drive": np.pad(plan.drive, ((0, 0), (0, spare)), constant_values=NOWHERE),
        "wait_utility": plan.wait_utility,
        "history": np.zeros((len(plan.crossings), plan.first.shape[1], announcements), np.int16),
    }


def _deterrence_tables(plan: Plan, border: Any) -> dict[str, NDArray[Any]]:
    """Return the tables of the men stopped; where nobody is deterred, the kernel reads none of them."""
    deters, x = plan.stops_window > 0, slice(len(plan.crossings))
    every = int(plan.quote_every[deters].min(initial=plan.horizon - plan.start))
    announcements = (plan.horizon - plan.start) // every + 2 if deters.any() else 0
    border["tells"][: len(plan.stations)] = (plan.screening_row != NOWHERE) & deters[plan.crossing]
    border["deters"][x, : plan.first.shape[1]] = plan.deterred_share.any(axis=2)
    border["stopped_columns"] = plan.deterred_share.shape[2]
    return {
        "deterred_share": plan.deterred_share,
        "deterred_hazard": plan.deterred_hazard,
        "stops": np.zeros((len(plan.crossings), 3, announcements), np.int64),
    }


_STATION_FIELDS = (
    "zone",
    "crossing",
    "office",
    "if_office_closed",
    "service_row",
    "foot_row",
    "patience_row",
    "refusal_row",
    "refused_row",
    "man_row",
    "screening_row",
    "preempt",
    "interrupts",
    "stays_together",
    "refusal",
    "fate_cdf",
    "next",
    "step",
    "beside",
    "choice_rule",
    "choice_share",
    "choice_when",
    "choice_row",
    "jockeying",
    "serves",
    "only",
    "mean_service",
    "aside_to",
    "aside_row",
    "aside_back",
    "aside_passes",
    "aside_at_most",
    "again_row",
    "one_by_one",
    "person_row",
    "person_foot_row",
    "person_again_row",
    "stride",
    "rank",
    "reacts_to",
    "open_above",
    "close_below",
    "opens_by",
    "at_least",
    "at_most",
    "reaction_delay",
    "checked_every",
    "pool",
    "pool_limit",
    "pool_rank",
    "pool_stride",
    "staff_varies",
    "paced",
    "light_to",
    "light_above",
    "light_below",
    "light_least",
    "light_every",
    "light_factor",
    "light_intensity",
)
_CROSSING_FIELDS = (
    "quote_every",
    "quote_buckets",
    "quotes_way",
    "stops_window",
    "stops_delay",
    "stops_drive",
    "first",
    "joins",
    "balk_over",
    "balk_streams",
    "bypass_local",
    "travels_as",
    "closes",
)
_NUMBERS = (
    "start",
    "horizon",
    "wait_step",
    "walk_row",
    "balk_row",
    "bypass_row",
    "drive_row",
    "reconsider",
    "diversions",
    "stay",
    "switching",
    "drive_utility",
)


def _border(plan: Plan, tape: Tape) -> Any:
    """Return the record of the border in its initial state."""
    table = np.zeros(1, BORDER)
    border = table[0]
    border["parties"] = len(tape)
    border["crossings"], border["origins"] = len(plan.crossings), len(plan.origins)
    border["tastes"], border["people"] = tape.tastes.shape[1], tape.one_by_one.shape[1]
    for name in _NUMBERS:
        border[name] = getattr(plan, name)
    border["clock_row"] = plan.clock_row
    border["all_streams"] = plan.first.shape[1]
    for name in (*_STATION_FIELDS, *_CROSSING_FIELDS):
        values = getattr(plan, name)
        border[name][tuple(map(slice, values.shape))] = values
    stations = slice(len(plan.stations))
    border["jockeys"] = np.flatnonzero(plan.jockeying).max(initial=-1) + 1
    border["batch"][stations], border["release_every"][stations] = plan.release_size, plan.release_every
    border["by_shares"][stations] = plan.discipline
    border["plain"][stations] = ~(plan.preempt | plan.interrupts | plan.one_by_one.any(axis=1))
    border["pool_next"] = NOWHERE
    for first in set(plan.pool.tolist()) - {NOWHERE}:
        members = np.flatnonzero(plan.pool == first)
        border["pool_next"][members[:-1]] = members[1:]
    border["light_turned_at"][stations] = plan.start - plan.light_least
    border["service_factor"] = border["patience_factor"] = PER_MILLE
    border["pace_columns"] = plan.pace.shape[2]
    border["active"], border["open"], border["way_open"] = 1, 1, 1
    border["is_office"][plan.office[plan.office != NOWHERE]] = 1
    border["head"], border["tail"] = NOBODY, NOBODY
    border["free_slot"], border["free_chunk"] = NOBODY, NOBODY
    border["capacity"][: len(plan.zone_capacity)] = plan.zone_capacity
    border["space"][tuple(map(slice, plan.zone_space.shape))] = plan.zone_space
    border["counts_people"][: len(plan.zone_capacity)] = plan.zone_counts_people
    border["quoted_at"] = border["afresh_at"] = plan.start
    border["next_known_at"][: len(plan.crossings)] = plan.start + plan.quote_delay
    return border


def _switches(plan: Plan, tape: Tape) -> Ints:
    """Return all switches by instant, then in the order of the plan's tables: (at, number of the table, values)."""
    tables = [getattr(tape if name == "outages" else plan, name) for name in SWITCHES]
    switches = np.zeros((sum(map(len, tables)), 6), np.int64)
    begin = 0
    for number, table in enumerate(tables):
        end = begin + len(table)
        switches[begin:end, 0], switches[begin:end, 1] = table[:, 0], number
        switches[begin:end, 2 : 1 + table.shape[1]] = table[:, 1:]
        begin = end
    return switches[np.argsort(switches[:, 0], kind="stable")]
