"""The servers of the stations over time."""

from __future__ import annotations

import numpy as np

from sim.arrays import Floats, Ints
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import Records
from sim.measures.grid import Grid


def staffing_played(plan: Plan, records: Records) -> Ints:
    """Return the staffing of a replication, (at, station, servers): the plan, or what controls made of it."""
    by_control = np.isin(plan.staffing[:, 1], records.staffing[:, 1])
    return np.concatenate((plan.staffing[~by_control], records.staffing))


def staffing(plan: Plan, played: Ints, station: int) -> tuple[Ints, Ints, Ints]:
    """Return the instants at which the staffing or presence of a station changes, the servers and presence (1 or 0).

    `played` is the staffing of the replication, or that of the plan; where a station has servers of a pool, all who may
    work there. Servers count only while the station is present (1); a closed station is present. The pools have the
    numbers after the stations, and are present while any of their stations is.
    """
    is_pool = station >= len(plan.stations)
    first = int(plan.pool_first[station - len(plan.stations)]) if is_pool else station
    members = np.flatnonzero(plan.pool == first) if is_pool else [station]
    staffed = played[played[:, 1] == plan.team(first)]
    activity = [plan.activity[plan.activity[:, 1] == member] for member in members]
    at = np.unique(np.concatenate([table[:, 0] for table in (staffed, *activity)]))
    servers, *each = (table[np.searchsorted(table[:, 0], at, side="right") - 1, 2] for table in (staffed, *activity))
    return at, servers if is_pool else np.minimum(servers, plan.pool_limit[station]), np.max(each, axis=0)


def staffing_rows(plan: Plan, played: Ints) -> Ints:
    """Return rows (station or pool, at, servers present), sorted, the first of each at the start."""
    rows = []
    for s in range(len(plan.stations) + len(plan.pools)):
        at, servers, there = staffing(plan, played, s)
        rows.append(np.column_stack((np.full_like(at, s), at, servers * there)))
    return np.concatenate(rows)


def mean_servers(plan: Plan, played: Ints, grid: Grid) -> list[Floats]:
    """Return the mean number of servers present in each interval (T,), by station and pool."""
    changes = (staffing(plan, played, s) for s in range(len(plan.stations) + len(plan.pools)))
    return [grid.means(at, servers * there) for at, servers, there in changes]


def named(plan: Plan) -> list[tuple[str, str]]:
    """Return (crossing, name) of all stations, and then of all pools."""
    names, firsts = (*plan.stations, *plan.pools), (*range(len(plan.stations)), *plan.pool_first.tolist())
    return [(plan.crossings[plan.crossing[s]], name) for name, s in zip(names, firsts, strict=True)]


def pools_of(plan: Plan, crossing: str) -> list[str]:
    """Return the pools of a crossing, in the order of their first stations."""
    return [name for where, name in named(plan)[len(plan.stations) :] if where == crossing]


def number_in_work(plan: Plan) -> Ints:
    """Return for each station (S,) the number of its pool after the stations; NOWHERE where it has none."""
    number = np.full(len(plan.stations), NOWHERE)
    for p, first in enumerate(plan.pool_first):
        number[plan.pool == first] = len(plan.stations) + p
    return number
