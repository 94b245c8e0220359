"""Parties that block each other for ever: each waits for room that only another of them could free."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.arrays import Bools, Ints
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.measures.names import Key

UNFINISHED = int(Outcome.UNFINISHED)


def deadlocked(plan: Plan, records: Records) -> Iterator[tuple[Key, float]]:
    """Yield, by crossing, the parties at the horizon that wait or are blocked at stations of a deadlock.

    A station is in a deadlock if somebody is blocked there, nobody is in service, and the zone for which the blocked
    wait holds only parties that wait for such stations.
    """
    inside = (records.outcome == UNFINISHED) & (records.arrived_at < plan.horizon)
    station = records.station[inside].astype(np.int64)
    served, ended = records.started_at[inside] != NEVER, records.ended_at[inside] != NEVER
    people = set(records.one_by_one[records.one_by_one[:, 4] == NEVER, 2].tolist())
    dead = _dead(plan, station, records.cls[inside].astype(np.int64), served, ended, people) if ended.any() else set()
    for x, crossing in enumerate(plan.crossings):
        here = [s for s in dead if plan.crossing[s] == x]
        yield Key(crossing, "deadlocked_parties"), float(np.isin(station, here).sum())


def _dead(plan: Plan, station: Ints, cls: Ints, served: Bools, ended: Bools, people: set[int]) -> set[int]:
    """Return the stations of deadlocks; `people` are those at which somebody is served whose party still waits."""
    blocked, waiting = served & ended, ~served
    going_on = set(station[served & ~ended].tolist()) | people
    wants = {
        s: set().union(*(_zones_after(plan, s, c) for c in set(cls[blocked & (station == s)].tolist())))
        for s in set(station[blocked].tolist()) - going_on
    }
    while True:
        full = {
            z: set(station[waiting & (plan.zone[station] == z)].tolist()) for zones in wants.values() for z in zones
        }
        free = [s for s, wanted in wants.items() if not any(full[z] and full[z] <= set(wants) for z in wanted)]
        if not free:
            return set(wants)
        wants = {s: wanted for s, wanted in wants.items() if s not in free}


def _zones_after(plan: Plan, s: int, cls: int) -> set[int]:
    """Return the zones of which a party of a class enters one next after station s."""
    aside = [*plan.aside_to[[s]], *np.flatnonzero((plan.aside_to == s) & plan.aside_back)]
    zones: set[int] = set()
    others = {int(plan.zone[other]) for other in aside if other != NOWHERE} - {NOWHERE}
    s = int(plan.next[s, cls])
    while s != NOWHERE and not zones:
        zones = {int(plan.zone[other]) for other in plan.beside_of(s, cls)} - {NOWHERE}
        s = int(plan.next[s, cls])
    return zones | others
