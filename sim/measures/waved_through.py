"""Parties waved through: they would have been sent aside, but the hall there was full and the file lets them pass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.arrays import Bools, Ints
from sim.engine.plan import CARRIED, NOWHERE, SENT_BELOW, Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import Tape
from sim.measures.names import Key, at_station
from sim.measures.returns import returns_of

_PARTY, _BACK_TO = CARRIED.index("party"), CARRIED.index("back_to")
_WENT_ON = [int(Outcome.SERVED), int(Outcome.CROSSED), int(Outcome.UNFINISHED)]
_SAME_STOP = [int(Outcome.INTERRUPTED), int(Outcome.JOCKEYED)]


def waved_through_totals(plan: Plan, tape: Tape, records: Records, since: int) -> Iterator[tuple[Key, float]]:
    """Yield, by station, the parties of the share sent aside whose service ended from `since` (ms) on and who went on.

    Only a full hall can have let them pass if the station there was active and open to them.
    """
    if not plan.aside_passes.any():
        return
    went_on = np.isin(records.outcome, _WENT_ON)
    went_on &= (records.ended_at != NEVER) & (records.ended_at >= since)
    returns, goes_back = returns_of(tape, records), _goes_back(plan, tape, records)
    for s in np.flatnonzero(plan.aside_passes):
        here = went_on & (records.station == s) & ~goes_back & (returns < plan.aside_at_most[s])
        rows = np.flatnonzero(here)
        chance = tape.chances[plan.aside_row[s] + returns[rows], records.party[rows] % len(tape)]
        rows = rows[chance < SENT_BELOW]
        there = _takes(plan, int(plan.aside_to[s]), records.cls[rows], records.ended_at[rows])
        scope = at_station(plan.stations[s])
        yield Key(plan.crossings[plan.crossing[s]], "waved_through_parties", scope), float(there.sum())


def _goes_back(plan: Plan, tape: Tape, records: Records) -> Bools:
    """Return, for each row, whether the party goes back from there to the station that sent it."""
    place, same = np.arange(len(records)), np.append(False, records.party[1:] == records.party[:-1])
    before, ended = np.roll(records.station, 1), np.roll(records.outcome, 1)
    back_to = np.full(len(tape), NOWHERE)
    back_to[tape.carried[:, _PARTY]] = tape.carried[:, _BACK_TO]
    # a service that was interrupted, or a queue that was left for another, is the same stop
    begin = np.maximum.accumulate(np.where(same & np.isin(ended, _SAME_STOP), 0, place))
    was_sent = (ended == int(Outcome.SENT_ASIDE)) & plan.aside_back[before]
    return np.asarray(np.where(same, was_sent, back_to[records.party % len(tape)] != NOWHERE)[begin])


def _takes(plan: Plan, target: int, classes: Ints, at: Ints) -> Bools:
    """Return whether a station is active, and open to the classes, at the instants `at`."""
    turns = plan.activity[plan.activity[:, 1] == target]
    takes = _state(turns[:, 0], turns[:, 2], at)
    for cls in np.unique(classes):
        turns = plan.opening[(plan.opening[:, 1] == target) & (plan.opening[:, 2] == cls)]
        takes &= (classes != cls) | _state(turns[:, 0], turns[:, 3], at)
    return takes


def _state(turned_at: Ints, value: Ints, at: Ints) -> Bools:
    """Return the state at instants; what never turns is on."""
    return np.asarray(np.append(1, value)[np.searchsorted(turned_at, at, side="right")] == 1)
