"""The counts of one replication: tables of integers by crossing, class, station and time, made by the passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import DTYPES, Records
from sim.engine.tape import Tape
from sim.measures.count.counters import (
    NOT_CROSSED,
    STATION_SHIFT,
    Days,
    Events,
    Lots,
    MainQueues,
    Parties,
    Peaks,
    Queues,
    Rows,
    Stations,
    Steps,
    Tables,
    Work,
    empty,
    main_queues,
)
from sim.measures.grid import Grid, announcements
from sim.measures.quantiles import grouped_quantiles
from sim.measures.road import lots_of, on_road
from sim.measures.servers import number_in_work, staffing_played, staffing_rows
from sim.measures.waited import waited_by_start
from sim.scenario.model.instants import local, since_t0
from sim.scenario.model.scenario import Clock, Scenario
from sim.units import MS_PER_DAY, milliseconds

LATER = np.iinfo(np.int64).max
PASSES = 12


@dataclass(frozen=True)
class Tally:
    """The tables of the passes, and the waits as sorted `keys` and `joiners` (see `passes.parties`, `passes.joiners`).

    `announced` holds the main queues at the announcements of the quoted wait, by the interval between these (ms).
    `days` are the local midnights of the run and `nights` its night hours, both without offset; `midnights` (days,) are
    the first in ms since t0. `quotes` are those of Records.
    """

    queues: Queues
    main_queues: MainQueues
    events: Events
    peaks: Peaks
    work: Work
    stations: Stations
    parties: Parties
    keys: Ints
    joiners: Ints
    announced: dict[int, MainQueues]
    days: list[datetime]
    midnights: Ints
    nights: list[datetime]
    quotes: Ints

    def quantiles(self, group_of: Ints, number: Ints, shares: tuple[float, ...]) -> Floats:
        """Return quantiles of the waits (ms) by group, linear between waits: (shares, groups), NaN in an empty group.

        `group_of` maps each group of `keys` to a group here; the index after the last one means none. `number`
        (groups,) is the number of waits in each.
        """
        first = np.cumsum(np.append(0, number))
        waits = np.empty_like(self.keys)
        prepare().regroup(self.keys, group_of, first.copy(), waits)
        return grouped_quantiles(waits, first, shares)

    def medians(self, group_of: Ints, size: int) -> tuple[Floats, Floats]:
        """Return the median wait (ms) by group, NaN where it is not reached, and the longest wait so far, both (size,).

        `group_of` maps each group of `joiners` to a group here.
        """
        at_risk = np.bincount(group_of[self.joiners & (NOT_CROSSED - 1)], minlength=size)
        median, longest = np.full((2, size), np.nan)
        prepare().medians(self.joiners, group_of, at_risk, median, longest)
        return median, longest


class Places(NamedTuple):
    """What the passes must know of the plan: see `passes.main_queues` and `instants`."""

    windows: Ints
    on_road: Bools
    lots: Lots
    staffing: Ints
    pools: Ints
    waited_by_start: Ints
    one_by_one: Bools
    services: Ints  # of people one by one


def count_records(
    scenario: Scenario,
    plan: Plan,
    records: Records,
    grid: Grid,
    tape: Tape | None = None,
    *,
    only_queues: bool = False,
) -> Tally:
    """Return the counts of a replication of `scenario`, whose plan is `plan`.

    Without the tape, nobody knows how long the initial queue has waited. With `only_queues`, peaks, work, stations,
    joiners and announcements stay empty.
    """
    passes, rows = prepare(), Rows(**records.columns())
    local_midnights, local_nights = local_days(scenario.clock, grid.start, grid.horizon), _nights(scenario, grid)
    midnights, nights = (_instants(scenario.clock, times) for times in (local_midnights, local_nights))
    days = _days(grid, midnights, nights)
    windows = np.array([milliseconds(scenario.crossings[name].quote.window) for name in plan.crossings])
    staffing = staffing_rows(plan, staffing_played(plan, records))
    waited = waited_by_start(tape) if tape is not None and grid.opened == grid.start else np.zeros((1, 3), np.int64)
    places = Places(
        windows,
        on_road(plan),
        lots_of(scenario, plan),
        staffing,
        number_in_work(plan),
        waited,
        plan.one_by_one,
        records.one_by_one,
    )
    classes = plan.first.shape[1]
    tables = empty(
        (len(plan.crossings), classes, len(plan.stations), len(plan.pools)),
        len(grid.at),
        len(days.midnights),
        len(days.nights),
    )
    keys = _count_queues(passes, rows, _steps(grid), days, places, tables)
    joiners = keys[:0] if only_queues else _count_others(passes, rows, _steps(grid), days, places, tables)
    announced = {}
    for every in (
        set() if only_queues else {milliseconds(scenario.crossings[name].quote.every) for name in plan.crossings}
    ):
        quotes = announcements(every, plan.start, plan.horizon)
        announced[every] = main_queues(len(plan.crossings), classes, len(quotes.at))
        passes.main_queues(rows, _steps(quotes), windows, announced[every])
    return Tally(*tables, keys, joiners, announced, local_midnights, midnights, local_nights, records.quotes)


def _steps(grid: Grid) -> Steps:
    return Steps(grid.start, grid.horizon, grid.every, len(grid.at), grid.intervals, grid.beyond, grid.opened)


def _count_queues(passes: Any, rows: Rows, steps: Steps, days: Days, places: Places, tables: Tables) -> Ints:
    """Run the passes over queues, events and waits; return the sorted keys of the waits."""
    keys = np.empty(len(rows.party), dtype=np.int64)  # memory is used only as far as it is written
    passes.queues(rows, steps, days, tables.queues)
    passes.main_queues(rows, steps, places.windows, tables.main_queues)
    passes.events(rows, steps, days, tables.events)
    keys = keys[: passes.parties(rows, steps, days, places.waited_by_start, keys, tables.parties)]
    keys.sort()
    return keys


def _count_others(passes: Any, rows: Rows, steps: Steps, days: Days, places: Places, tables: Tables) -> Ints:
    """Run the other passes and return the sorted keys of the parties of main queues."""
    number = len(rows.party)
    sizes = 2 * number, 4 * number + 2 * len(places.services), number
    of_queues, of_work, joiners = (np.empty(size, dtype=np.int64) for size in sizes)
    in_queues, in_work = passes.moments(rows, steps, places.on_road, places.one_by_one, of_queues, of_work)
    in_work = passes.moments_of_people(places.services, steps, of_work, in_work)
    of_queues, of_work = of_queues[:in_queues], with_pools(of_work[:in_work], places.pools)
    for moments in (of_queues, of_work):
        moments.sort()  # with vectors, where numpy can: four times as fast as a sort that uses sorted runs
    passes.peaks(of_queues, steps.start, places.lots, tables.peaks)
    passes.work(of_work, steps, days, places.staffing, tables.work)
    passes.stations(rows, steps, places.waited_by_start, tables.stations)
    joiners = joiners[: passes.joiners(rows, steps, tables.parties.initial.shape[1], joiners)]
    joiners.sort()
    return joiners


def with_pools(moments: Ints, pools: Ints) -> Ints:
    """Return the moments of work at stations with those of each pool: of all its stations, under its own number."""
    if not (pools != NOWHERE).any():
        return moments
    station = moments >> STATION_SHIFT
    shared = pools[station] != NOWHERE
    return np.append(moments, moments[shared] + ((pools[station] - station)[shared] << STATION_SHIFT))


def is_compiled() -> bool:
    """Return whether the cache holds the compiled passes: the one that is compiled last."""
    from sim.engine.compiled.cache import holds  # late: start-up must stay light
    from sim.measures.count import passes

    return holds(passes.regroup)


@cache
def prepare() -> Any:
    """Return the passes, compiled by a call without rows; as plain Python where numba fails."""
    from sim.measures.count import instants, passes  # late: start-up must stay light

    rows = Rows(*(np.zeros(0, dtype) for dtype in DTYPES.values()))
    none = np.full(1, LATER)
    days = Days(none, np.zeros_like(none), none, np.zeros_like(none))
    lots = Lots(none, none, none, none[None], np.zeros(1))
    nobody = np.zeros((1, 1), np.bool_), np.zeros((0, 5), np.int64)
    waited = np.zeros((1, 3), np.int64)
    places = Places(none, np.zeros(1, np.bool_), lots, none[None], none[:0], waited, *nobody)
    for attempt in range(PASSES + 1):
        try:
            steps, tables = Steps(0, 1, 1, 1, 1, 2, 0), empty((1, 1, 1, 0), 1, 1, 1)
            keys = _count_queues(passes, rows, steps, days, places, tables)
            _count_others(passes, rows, steps, days, places, tables)
            passes.medians(keys, none, none, np.zeros(1), np.zeros(1))
            passes.regroup(keys, none, none, keys)
            break
        except OSError:  # a pass was compiled but could not be cached, as on a full disk
            continue
        except Exception:  # the cache is damaged, or numba does not support this platform
            if attempt == 0:
                passes.clear_cache()
                continue
            for module in (passes, instants):
                for name, function in vars(module).items():
                    setattr(module, name, getattr(function, "py_func", function))
            break
    return passes


def local_days(clock: Clock, start: int, end: int) -> list[datetime]:
    """Return the local midnights, without offset, of the days that begin before `end`, from the day of `start`."""
    first, last = (local(clock, at).replace(tzinfo=None) for at in (start, end - 1))
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return [midnight + timedelta(days=n) for n in range((last - midnight).days + 1)]


def _nights(scenario: Scenario, grid: Grid) -> list[datetime]:
    """Return the night hours of the grid, without offset; none where the scenario has no `relief`."""
    if scenario.relief is None:
        return []
    days = local_days(scenario.clock, grid.start - MS_PER_DAY, grid.horizon + 1)
    nights = [day + scenario.relief.night_hour for day in days]
    at = _instants(scenario.clock, nights)
    return [night for night, within in zip(nights, (at >= grid.start) & (at <= grid.horizon), strict=True) if within]


def _instants(clock: Clock, times: list[datetime]) -> Ints:
    return np.array([since_t0(clock, time) for time in times], dtype=np.int64)


def _days(grid: Grid, midnights: Ints, nights: Ints) -> Days:
    before = np.searchsorted(midnights, grid.at), np.searchsorted(nights, grid.at)
    return Days(np.append(midnights, LATER), before[0], np.append(nights, LATER), before[1])
