"""The outcome of every party, one row each, so that two scenarios on the same tape can be compared party by party.

A party and its twin (the men it left behind at draft screening) are two rows of one origin; together they hold all the
people who arrived.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.arrays import Bools, Ints
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records


@dataclass(frozen=True)
class Parties:
    """Columns over parties and twins; `waited` is in ms in all queues up to the horizon, `left_at` in ms since t0.

    `origin` is the index on the tape, `crossing` the last one; the wait of a twin begins where it was left behind.
    """

    origin: Ints
    crossing: Ints
    twin: Bools
    outcome: Ints
    people: Ints
    waited: Ints
    left_at: Ints

    @property
    def crossed(self) -> Bools:
        """Whether each party crossed."""
        crossed: Bools = self.outcome == int(Outcome.CROSSED)
        return crossed


def parties_of(plan: Plan, records: Records, size: int) -> Parties:
    """Return the outcomes of the parties of a replication whose tape has `size` parties."""
    if not len(records):
        none = np.zeros(0, np.int64)
        return Parties(none, none, none.astype(np.bool_), none, none, none, none)
    party = records.party.astype(np.int64)
    begin = np.flatnonzero(np.diff(party, prepend=-1))
    last = np.append(begin[1:], len(party)) - 1
    never_joined = (records.outcome == int(Outcome.BALKED)) | (records.outcome == int(Outcome.BARRED))
    left = np.where(records.left_at == NEVER, plan.horizon, records.left_at)
    started = np.where(records.started_at == NEVER, plan.horizon, records.started_at)
    called = np.minimum(np.minimum(started, left), plan.horizon)
    waited = np.where(never_joined, 0, np.maximum(called - records.arrived_at, 0))
    return Parties(
        origin=party[begin] % size,
        crossing=records.crossing[last].astype(np.int64),
        twin=party[begin] >= size,
        outcome=records.outcome[last].astype(np.int64),
        people=records.people[last].astype(np.int64),
        waited=np.add.reduceat(waited, begin),
        left_at=left[last],
    )
