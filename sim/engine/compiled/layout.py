"""The kernel's tables: one record for the state of the border, and large tables that are reached by address.

Passing one record instead of every table keeps the compiled functions small and their calls cheap. No index is checked
here: `compiled/engine.py` makes every table large enough, or the kernel checks its end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import rule
from sim.engine.compiled.memory import border_reader, fetch, table_at, value_at
from sim.engine.event_order import KIND_SHIFT, Kind
from sim.engine.plan import CLOCKS
from sim.engine.plan import RENEGE_WITH_MEN as RENEGE_WITH_MEN
from sim.engine.records import Outcome
from sim.scenario.model.quantities import BYPASS as BYPASS_NAME
from sim.scenario.model.quantities import MOST_CONDITIONS, MOST_OWN_CLASSES, STREAMS

NOWHERE = -1
NOBODY = -1
N_WAYS, BYPASS_STREAM = 3, STREAMS.index(BYPASS_NAME)
MAX_STREAMS = len(STREAMS) + MOST_OWN_CLASSES
N_CLOCKS, N_FATES = len(CLOCKS), 4
HORIZON_KEY = int(Kind.HORIZON) << KIND_SHIFT
SWITCH_KEY = int(Kind.SWITCH) << KIND_SHIFT
QUOTE, SERVICE_END, RELEASE = int(Kind.QUOTE), int(Kind.SERVICE_END), int(Kind.RELEASE)
REACTION, CHECK, LIGHTENING = int(Kind.REACTION), int(Kind.CHECK), int(Kind.LIGHTENING)
RENEGE, CHANGE_MODE, BYPASS = int(Kind.RENEGE), int(Kind.CHANGE_MODE), int(Kind.BYPASS)
ARRIVAL, ON_FOOT = int(Kind.ARRIVAL), int(Kind.ON_FOOT)
RECONSIDER, TAIL = int(Kind.RECONSIDER), int(Kind.TAIL)
NUMBER_MASK = (1 << KIND_SHIFT) - 1
SERVED, CROSSED, BALKED, BARRED = (int(o) for o in (Outcome.SERVED, Outcome.CROSSED, Outcome.BALKED, Outcome.BARRED))
RENEGED, CHANGED_MODE, BYPASSED = (int(o) for o in (Outcome.RENEGED, Outcome.CHANGED_MODE, Outcome.BYPASSED))
REFUSED, SUMMONED, SENT_ON = (int(o) for o in (Outcome.REFUSED, Outcome.SUMMONED, Outcome.SENT_ON))
INTERRUPTED, SENT_ASIDE, JOCKEYED = int(Outcome.INTERRUPTED), int(Outcome.SENT_ASIDE), int(Outcome.JOCKEYED)
UNFINISHED = int(Outcome.UNFINISHED)
DIVERTED, STAYED, ON_THE_WAY = int(Outcome.DIVERTED), int(Outcome.STAYED), int(Outcome.ON_THE_WAY)

BUCKET_SHIFT = 18
"""A bucket of the calendar holds 2**18 ms, four minutes."""
CLOCK_SHIFT, CLOCK_BUCKETS = 34, 4096
"""A bucket of a main queue's clocks spans 2**34 / HAZARD_UNIT, 1/60 of their mean; the buckets are used cyclically."""

OUTSIDE, WALKING, WAITING, IN_SERVICE, BLOCKED, DRIVING, ONE_BY_ONE = range(7)  # states of a party
NO_CROSSING = NO_STATION = 255
ENDS, LATER, ROAD, HORIZON, CALENDAR = 0, 1, 2, 3, 4  # sources of the next moment; the first three are heaps


def _fields(kind: str, shape: tuple[int, ...], names: str) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(name, kind, shape) for name in names.split()]


PARTY = np.dtype(
    _fields("i8", (), "arrived_at started_at ended_at remaining joined")
    + _fields("u4", (), "number serial")
    + _fields("i4", (), "previous next")
    + _fields("u2", (), "station target visits people visit_people of_age men visit_men checked share")
    + _fields("u1", (), "where cls stream on_foot parted examined first quoted inside refused resumed")
    + _fields("u1", (), "roams home bound_for crossing diversions rounds back_to sent_aside"),
    align=True,
)
"""A party that has arrived and not left, with its current visit. Rows of parties that have left are used again.

`number` is the number of the party. `serial` is the number of its visit among all visits: a moment whose serial differs
is out of date.
"""

PARTY_BYTES = PARTY.itemsize
AHEAD = 128
"""Bytes of the tape to prefetch: 16 parties."""

MAX_STATIONS, MAX_ZONES, MAX_CROSSINGS = 64, 64, 16
QUEUE_LISTS, SERVICE_LISTS, BLOCKED_LISTS = 0, MAX_STATIONS * MAX_STREAMS, MAX_STATIONS * (MAX_STREAMS + 1)
"""First numbers of the lists: queues by station and stream, interruptible services by station, blocked by zone."""


BORDER = np.dtype(
    _fields(
        "i8", (), "full rows joined serial chunks free_chunk bucket slots free_slot parties start horizon wait_step"
    )
    + _fields("i8", (), "walk_row balk_row bypass_row most_people wait_columns all_streams jockeys")
    # addresses of the large tables, and sizes of those whose end is checked
    + _fields("i8", (), "party_table chunk_table buckets_table row_table visits_table stack_table")
    + _fields("i8", (), "run_table switch_table recent_table hit_table checked_table balk_table bypass_table")
    + _fields("i8", (), "hazard_table times_table chances_table came_table source_table cls_table initial_table")
    + _fields("i8", (), "people_table men_table local_table barred_table mode_table traits_table")
    + _fields("i8", (), "tastes_table utility_table admits_table accepts_table informed_table bars_table")
    + _fields("i8", (), "drive_table wait_utility_table carried_table carried_rows placed")
    + _fields("i8", (), "history_table history_rows stops_table stops_rows")
    + _fields("i8", (), "deterred_share_table deterred_hazard_table stopped_columns")
    + _fields("i8", (), "row_rows chunk_rows visits_rows run_rows switch_rows recent_rows")
    + _fields("i8", (HORIZON,), "heap_table heap_rows in_heap")
    + _fields("i8", (N_WAYS,), "clock_row")
    # the choice between crossings
    + _fields("i8", (), "crossings origins epoch drive_row tastes")
    + _fields("i8", (), "reconsider diversions")
    + _fields("f8", (), "stay switching drive_utility")
    + _fields("i8", (MAX_CROSSINGS,), "announced known_quotes next_known_at")
    + _fields("i8", (MAX_CROSSINGS, MAX_STREAMS), "travels_as")
    # people who are served one by one
    + _fields("i8", (), "one_by_one_table first_person_table people people_served_table people_served")
    + _fields("i8", (MAX_STATIONS,), "person_row person_foot_row person_again_row")
    + _fields("u1", (MAX_STATIONS, MAX_STREAMS), "one_by_one")
    # stations
    + _fields(
        "i8", (MAX_STATIONS,), "servers busy starts_left batch release_every clock zone intensity crossing office"
    )
    + _fields(
        "i8", (MAX_STATIONS,), "if_office_closed service_row foot_row patience_row refusal_row refused_row man_row"
    )
    + _fields("i8", (MAX_STATIONS,), "screening_row step beside choice_rule choice_row only streams")
    + _fields("i8", (MAX_STATIONS,), "aside_to aside_row aside_at_most again_row jockeying posted_wait")
    + _fields("u1", (MAX_STATIONS,), "aside_back aside_passes")
    + _fields("u1", (MAX_STATIONS,), "active by_shares preempt interrupts plain is_office tells staff_varies paced")
    + _fields("f8", (MAX_STATIONS,), "stays_together refusal")
    + _fields("f8", (MAX_STATIONS, MOST_CONDITIONS + 1), "choice_share")
    + _fields("i8", (MAX_STATIONS, MOST_CONDITIONS + 1), "choice_when")
    + _fields("f8", (MAX_STATIONS, N_FATES), "fate_cdf")
    + _fields("i8", (MAX_STATIONS, MAX_STREAMS), "next")
    + _fields("u1", (MAX_STATIONS, MAX_STREAMS), "open serves")
    + _fields("i8", (MAX_STATIONS, MAX_STREAMS), "passed stride rank waiting mean_service")
    + _fields("i8", (BLOCKED_LISTS + MAX_ZONES,), "head tail")
    # pools of servers; what stands at the first station of a pool is that of the whole pool
    + _fields("i8", (MAX_STATIONS,), "pool pool_next pool_limit pool_rank pool_stride pool_passed")
    + _fields("i8", (MAX_STATIONS,), "pool_servers pool_busy pool_clock")
    # controls of the staffing
    + _fields("i8", (), "staffed_table staffed lightened_table turns quotes_table quotes")
    + _fields("i8", (MAX_STATIONS,), "reacts_to open_above close_below opens_by at_least at_most reaction_delay")
    + _fields("i8", (MAX_STATIONS,), "checked_every planned out_of_order added decided afresh_at people_waiting")
    # checks that are lightened
    + _fields("i8", (MAX_STATIONS,), "light_to light_above light_below light_least light_every light_factor")
    + _fields("i8", (MAX_STATIONS,), "light_intensity lightened light_turned_at")
    # factors on service times and patience
    + _fields("i8", (), "pace_table pace_columns")
    + _fields("i8", (MAX_STATIONS,), "service_factor patience_factor")
    # zones
    + _fields("i8", (MAX_ZONES,), "capacity used")
    + _fields("i8", (MAX_ZONES, MAX_STREAMS), "space")
    + _fields("u1", (MAX_ZONES,), "counts_people")
    # main queues
    + _fields("i8", (MAX_CROSSINGS,), "quote_every quote_buckets")
    + _fields("u1", (MAX_CROSSINGS,), "quotes_way")
    + _fields("i8", (MAX_CROSSINGS, MAX_STREAMS), "announced_wait")
    + _fields(
        "i8",
        (MAX_CROSSINGS, MAX_STREAMS),
        "first joins closes quote column quoted_at started departures filled oldest balk_over balk_streams",
    )
    + _fields("f8", (MAX_CROSSINGS, MAX_STREAMS), "bypass_local")
    + _fields("u1", (MAX_CROSSINGS, MAX_STREAMS, N_WAYS), "way_open")
    + _fields("u1", (MAX_CROSSINGS, MAX_STREAMS, N_CLOCKS), "uses_clock")
    + _fields("i8", (MAX_CROSSINGS, MAX_STREAMS, N_CLOCKS), "summed rate")
    + _fields("i8", (MAX_CROSSINGS * MAX_STREAMS * N_CLOCKS,), "clock_begin clock_bucket")
    # deterrence
    + _fields("i8", (MAX_CROSSINGS,), "stops_window stops_delay stops_drive examined stopped")
    + _fields("u1", (MAX_CROSSINGS, MAX_STREAMS), "deters")
)
"""All state except that of the parties, and the small tables of the plan under the same names."""

border_at = border_reader(BORDER, "Border")

MOMENT = np.dtype([("at", "i8"), ("key", "i8"), ("slot", "u4"), ("serial", "u4")])
CHUNK_SIZE = 7
CHUNK = np.dtype(
    _fields("i8", (CHUNK_SIZE,), "at")
    + _fields("u4", (CHUNK_SIZE,), "slot serial")
    + _fields("u1", (CHUNK_SIZE,), "kind")
    + _fields("u1", (), "size")
    + _fields("i8", (), "next"),
    align=True,
)
"""Up to CHUNK_SIZE moments of the same bucket; `next` is another row of that bucket."""

ROW = np.dtype(
    _fields("i8", (), "arrived_at started_at ended_at left_at")
    + _fields("u4", (), "party")
    + _fields("u2", (), "visit station people men checked")
    + _fields("u1", (), "cls stream outcome first"),
    align=True,
)
"""A row of the records."""


@rule
def party_in(b: Any, slot: int) -> Any:
    """Return the party in a slot (PARTY)."""
    return value_at(b.party_table + slot * PARTY_BYTES, PARTY)


@rule
def heap_of(b: Any, which: int) -> Any:
    """Return one of the three heaps of moments (MOMENT)."""
    return table_at(b.heap_table[which], (1,), MOMENT)


@rule
def chunks_of(b: Any) -> Any:
    """Return the chunks of the calendar's buckets (CHUNK)."""
    return table_at(b.chunk_table, (1,), CHUNK)


@rule
def buckets_of(b: Any) -> Any:
    """Return the row of CHUNK begun last, by bucket of the calendar."""
    return table_at(b.buckets_table, (1,), np.int64)


@rule
def rows_of(b: Any) -> Any:
    """Return the rows of the records (ROW)."""
    return table_at(b.row_table, (b.row_rows,), ROW)


@rule
def switches_of(b: Any) -> Any:
    """Return the switches as (at, number of the table, up to four values) in order of time."""
    return table_at(b.switch_table, (b.switch_rows, 6), np.int64)


@rule
def staffed_of(b: Any) -> Any:
    """Return the staffing of stations with a control or with outages, after each change: (at, station, servers)."""
    return table_at(b.staffed_table, (1, 3), np.int64)


@rule
def lightened_of(b: Any) -> Any:
    """Return the turns of controls that lighten checks: (at, station, 1 lightened / 0 restored)."""
    return table_at(b.lightened_table, (1, 3), np.int64)


@rule
def people_served_of(b: Any) -> Any:
    """Return the services of people who are served one by one: (party, visit, station, started_at, ended_at)."""
    return table_at(b.people_served_table, (1, 5), np.int64)


@rule
def pace_of(b: Any) -> Any:
    """Return Plan.pace, [station, by servers or by queue, number]."""
    return table_at(b.pace_table, (1, 2, b.pace_columns), np.int64)


@rule
def stack_of(b: Any) -> Any:
    """Return the stack of stations still to settle."""
    return table_at(b.stack_table, (1,), np.int64)


@rule
def visits_of(b: Any) -> Any:
    """Return the number of visits of each party and twin that has left."""
    return table_at(b.visits_table, (b.visits_rows,), np.int32)


@rule
def runs_of(b: Any) -> Any:
    """Return the ends of the runs of parties in order of arrival: the number after the last party of each."""
    return table_at(b.run_table, (b.run_rows,), np.int64)


@rule
def column_of(b: Any, table: int, kind: Any) -> Any:
    """Return a column of the tape."""
    return table_at(table, (b.parties,), kind)


@rule
def tape_column(b: Any, p: Any) -> int:
    """Return the column of the tape that a party uses; a twin uses that of the party it was split from."""
    number = np.int64(p.number)
    return number if number < b.parties else number - b.parties


@rule
def time_of(b: Any, row: int, column: int) -> int:
    """Return Tape.times[row, column], and prefetch the cells of the next parties."""
    address = b.times_table + 8 * (row * b.parties + column)
    fetch(address + AHEAD)
    return value_at(address, np.int64)


@rule
def time_of_person(b: Any, row: int, column: int) -> int:
    """Return Tape.one_by_one[row, column]."""
    return value_at(b.one_by_one_table + 8 * (row * b.people + column), np.int64)


@rule
def chance_of(b: Any, row: int, column: int) -> float:
    """Return Tape.chances[row, column], and prefetch the cells of the next parties."""
    address = b.chances_table + 8 * (row * b.parties + column)
    fetch(address + AHEAD)
    return value_at(address, np.float64)


@rule
def recent_of(b: Any) -> Any:
    """Return the departures from main queues in recent intervals between announcements, [crossing, class, interval]."""
    return table_at(b.recent_table, (MAX_CROSSINGS, b.all_streams, b.recent_rows), np.int64)


@rule
def cdf_of(b: Any, table: int) -> Any:
    """Return Plan.hit_cdf or Plan.checked_cdf, [station or intensity, n, k]."""
    return table_at(table, (MAX_STATIONS, b.most_people, b.most_people), np.float64)


@rule
def share_of(b: Any, table: int) -> Any:
    """Return Plan.balk_share or Plan.bypass_share, [crossing, class, column]."""
    return table_at(table, (MAX_CROSSINGS, b.all_streams, b.wait_columns), np.float64)


@rule
def hazard_of(b: Any) -> Any:
    """Return Plan.hazard, [crossing, class, way, column]."""
    return table_at(b.hazard_table, (MAX_CROSSINGS, b.all_streams, N_WAYS, b.wait_columns), np.int64)


@rule
def tastes_of(b: Any) -> Any:
    """Return Tape.tastes, [party, column]."""
    return table_at(b.tastes_table, (b.parties, b.tastes), np.float64)


@rule
def known_of(table: int) -> Any:
    """Return Plan.utility as [2 * epoch + men, crossing], or Plan.informed as [epoch, crossing]."""
    return table_at(table, (1, MAX_CROSSINGS), np.float64)


@rule
def share_by_class(b: Any, table: int) -> Any:
    """Return Plan.admits, Plan.accepts or Plan.bars, [epoch, crossing, class]."""
    return table_at(table, (1, MAX_CROSSINGS, b.all_streams), np.float64)


@rule
def drives_of(b: Any) -> Any:
    """Return Plan.drive, [place, crossing]."""
    return table_at(b.drive_table, (1, MAX_CROSSINGS), np.int64)


@rule
def wait_utility_of(b: Any) -> Any:
    """Return Plan.wait_utility, [column]."""
    return table_at(b.wait_utility_table, (b.wait_columns,), np.float64)


@rule
def history_of(b: Any) -> Any:
    """Return the columns of the waits announced so far, [crossing, class, announcement]."""
    return table_at(b.history_table, (MAX_CROSSINGS, b.all_streams, b.history_rows), np.int16)


@rule
def stops_of(b: Any) -> Any:
    """Return the men examined and stopped so far, and the share stopped, [crossing, 0 to 2, announcement]."""
    return table_at(b.stops_table, (MAX_CROSSINGS, 3, b.stops_rows), np.int64)


@rule
def deterred_share_of(b: Any) -> Any:
    """Return Plan.deterred_share, [crossing, class, share of men stopped]."""
    return table_at(b.deterred_share_table, (MAX_CROSSINGS, b.all_streams, b.stopped_columns), np.float64)


@rule
def deterred_hazard_of(b: Any) -> Any:
    """Return Plan.deterred_hazard, [crossing, class, share of men stopped]."""
    return table_at(b.deterred_hazard_table, (MAX_CROSSINGS, b.all_streams, b.stopped_columns), np.int64)
