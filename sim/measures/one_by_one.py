"""The people who are served one by one: how many, and how long each waited to be called."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.arrays import Ints
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Records
from sim.measures.names import Key, at_station
from sim.units import MS_PER_H


def totals_of_people(plan: Plan, records: Records, since: int) -> Iterator[tuple[Key, float]]:
    """Yield the people served at each station that serves some one by one, and their mean wait, from `since` on.

    Waits leave out the people of parties that were there before.
    """
    row, (station, started, ended) = _rows_of(records), records.one_by_one[:, 2:].T
    arrived = records.arrived_at[row]
    counts = (arrived >= since) & ~(records.first[row] & (arrived == plan.start))
    for s in np.flatnonzero(plan.one_by_one.any(axis=1)):
        waits = (started - arrived)[(station == s) & counts]
        crossing, scope = plan.crossings[plan.crossing[s]], at_station(plan.stations[s])
        served = (station == s) & (ended != NEVER) & (ended >= since)
        yield Key(crossing, "served_people", scope), float(served.sum())
        yield Key(crossing, "wait_per_person", scope), float(waits.mean() / MS_PER_H) if len(waits) else float("nan")


def _rows_of(records: Records) -> Ints:
    """Return the row of the visit to which each service of a person belongs."""
    party, visit = records.one_by_one[:, 0], records.one_by_one[:, 1]
    keys = records.party.astype(np.int64) << 16 | records.visit
    return np.asarray(np.searchsorted(keys, party << 16 | visit))
