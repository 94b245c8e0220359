"""The servers of the stations over time."""

from __future__ import annotations

import numpy as np

from sim.arrays import Floats, Ints
from sim.engine.plan import Plan
from sim.engine.records import Records


def staffing_played(plan: Plan, records: Records) -> Ints:
    """Return the staffing of a replication, (at, station, servers): the plan, or what controls made of it."""
    by_control = np.isin(plan.staffing[:, 1], records.staffing[:, 1])
    return np.concatenate((plan.staffing[~by_control], records.staffing))


def staffing(plan: Plan, played: Ints, station: int) -> tuple[Ints, Ints, Ints]:
    """Return the instants at which the staffing or presence of a station changes, the servers and presence (1 or 0).

    `played` is the staffing of the replication, or that of the plan. Servers count only while the station is present
    (1); a closed station is present.
    """
    tables = [table[table[:, 1] == station] for table in (played, plan.activity)]
    at = np.union1d(tables[0][:, 0], tables[1][:, 0])
    servers, there = (table[np.searchsorted(table[:, 0], at, side="right") - 1, 2] for table in tables)
    return at, servers, there


def staffing_rows(plan: Plan, played: Ints) -> Ints:
    """Return rows (station, at, servers present), sorted, the first of each station at the start."""
    rows = []
    for s in range(len(plan.stations)):
        at, servers, there = staffing(plan, played, s)
        rows.append(np.column_stack((np.full_like(at, s), at, servers * there)))
    return np.concatenate(rows)


def servers_at(plan: Plan, played: Ints, at: Ints) -> Floats:
    """Return the servers present at instants `at` (T,) from the start on, (S, T)."""
    number = np.zeros((len(plan.stations), len(at)))
    for s in range(len(plan.stations)):
        changes, servers, there = staffing(plan, played, s)
        number[s] = (servers * there)[np.searchsorted(changes, at, side="right") - 1]
    return number
