"""The counts of one replication: tables of integers by crossing, class, station and time, made by the passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from sim.arrays import Floats, Ints
from sim.engine.plan import Plan
from sim.engine.records import DTYPES, Records
from sim.measures.count.counters import Days, Events, Parties, Queues, Rows, Stations, Steps, Tables, empty
from sim.measures.grid import Grid
from sim.measures.quantiles import grouped_quantiles
from sim.scenario.model.instants import local, since_t0
from sim.scenario.model.scenario import Clock, Scenario
from sim.units import MS_PER_DAY, milliseconds

LATER = np.iinfo(np.int64).max
PASSES = 5


@dataclass(frozen=True)
class Tally:
    """The tables of the passes, and the waits as sorted `keys` (see `passes.parties`).

    `days` are the local midnights of the run, without offset, `midnights` (days,) the same in ms since t0.
    """

    queues: Queues
    events: Events
    stations: Stations
    parties: Parties
    keys: Ints
    days: list[datetime]
    midnights: Ints

    def quantiles(self, group_of: Ints, number: Ints, shares: tuple[float, ...]) -> Floats:
        """Return quantiles of the waits (ms) by group, linear between waits: (shares, groups), NaN in an empty group.

        `group_of` maps each group of `keys` to a group here; the index after the last one means none. `number`
        (groups,) is the number of waits in each.
        """
        first = np.cumsum(np.append(0, number))
        waits = np.empty_like(self.keys)
        prepare().regroup(self.keys, group_of, first.copy(), waits)
        return grouped_quantiles(waits, first, shares)


def count_records(scenario: Scenario, plan: Plan, records: Records, grid: Grid) -> Tally:
    """Return the counts of a replication of `scenario`, whose plan is `plan`."""
    rows = Rows(**records.columns())
    steps = Steps(grid.start, grid.horizon, grid.every, len(grid.at), grid.intervals, grid.beyond)
    local_midnights = local_days(scenario.clock, plan.start, plan.horizon)
    midnights = _instants(scenario.clock, local_midnights)
    days = _days(grid, midnights, _nights(scenario, plan))
    windows = [milliseconds(scenario.crossings[name].quote.window) for name in plan.crossings]
    tables = empty(len(plan.crossings), len(plan.stations), len(grid.at), len(days.midnights), len(days.nights))
    keys = _count(prepare(), rows, steps, days, np.array(windows, dtype=np.int64), tables)
    return Tally(*tables, keys, local_midnights, midnights)


def _count(passes: Any, rows: Rows, steps: Steps, days: Days, windows: Ints, tables: Tables) -> Ints:
    """Run all passes and return the sorted keys."""
    keys = np.empty(len(rows.party), dtype=np.int64)  # memory is used only as far as it is written
    passes.queues(rows, steps, days, windows, tables.queues)
    passes.events(rows, steps, days, tables.events)
    passes.stations(rows, steps, tables.stations)
    keys = keys[: passes.parties(rows, steps, keys, tables.parties)]
    keys.sort()
    return keys


@cache
def prepare() -> Any:
    """Return the passes, compiled by a call without rows; as plain Python where numba fails."""
    from sim.measures.count import passes  # late: start-up must stay light

    rows = Rows(*(np.zeros(0, dtype) for dtype in DTYPES.values()))
    none = np.full(1, LATER)
    days = Days(none, np.zeros_like(none), none, np.zeros_like(none))
    for attempt in range(PASSES + 1):
        try:
            keys = _count(passes, rows, Steps(0, 1, 1, 1, 1, 2), days, none, empty(1, 1, 1, 1, 1))
            passes.regroup(keys, none, none, keys)
            break
        except OSError:  # a pass was compiled but could not be cached, as on a full disk
            continue
        except Exception:  # the cache is damaged, or numba does not support this platform
            if attempt == 0:
                passes.clear_cache()
                continue
            for name, function in vars(passes).items():
                setattr(passes, name, getattr(function, "py_func", function))
            break
    return passes


def local_days(clock: Clock, start: int, end: int) -> list[datetime]:
    """Return the local midnights, without offset, of the days that begin before `end`, from the day of `start`."""
    first, last = (local(clock, at).replace(tzinfo=None) for at in (start, end - 1))
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return [midnight + timedelta(days=n) for n in range((last - midnight).days + 1)]


def _nights(scenario: Scenario, plan: Plan) -> Ints:
    """Return the night hours within the run; none where the scenario has no `relief`."""
    if scenario.relief is None:
        return np.zeros(0, dtype=np.int64)
    days = local_days(scenario.clock, plan.start - MS_PER_DAY, plan.horizon + 1)
    nights = _instants(scenario.clock, [day + scenario.relief.night_hour for day in days])
    return nights[(nights >= plan.start) & (nights <= plan.horizon)]


def _instants(clock: Clock, times: list[datetime]) -> Ints:
    return np.array([since_t0(clock, time) for time in times], dtype=np.int64)


def _days(grid: Grid, midnights: Ints, nights: Ints) -> Days:
    before = np.searchsorted(midnights, grid.at), np.searchsorted(nights, grid.at)
    return Days(np.append(midnights, LATER), before[0], np.append(nights, LATER), before[1])
