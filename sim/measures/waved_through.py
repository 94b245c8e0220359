"""Parties waved through: they would have been sent aside, but the hall there was full and the file lets them pass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.arrays import Bools, Ints
from sim.engine.plan import CARRIED, NOWHERE, SENT_BELOW, Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import Tape
from sim.measures.names import Key, at_station

_BACK_TO, _RETURNS = CARRIED.index("back_to"), CARRIED.index("returns")
_WENT_ON = [int(Outcome.SERVED), int(Outcome.CROSSED), int(Outcome.UNFINISHED)]
_MOVED = [int(Outcome.SERVED), int(Outcome.SENT_ASIDE)]
_SAME_STOP = [int(Outcome.INTERRUPTED), int(Outcome.JOCKEYED)]


def waved_through_totals(plan: Plan, tape: Tape, records: Records, since: int) -> Iterator[tuple[Key, float]]:
    """Yield, by station, the parties of the share sent aside whose service ended from `since` (ms) on and who went on.

    Only a full hall can have let them pass if the station there was active and open to them.
    """
    if not plan.aside_passes.any():
        return
    went_on = np.isin(records.outcome, _WENT_ON)
    went_on &= (records.ended_at != NEVER) & (records.ended_at >= since)
    returns, comes_back = _returns(plan, tape, records)
    for s in np.flatnonzero(plan.aside_passes):
        here = went_on & (records.station == s) & ~comes_back & (returns < plan.aside_at_most[s])
        rows = np.flatnonzero(here)
        chance = tape.chances[plan.aside_row[s] + returns[rows], records.party[rows] % len(tape)]
        rows = rows[chance < SENT_BELOW]
        there = _takes(plan, int(plan.aside_to[s]), records.cls[rows], records.ended_at[rows])
        scope = at_station(plan.stations[s])
        yield Key(plan.crossings[plan.crossing[s]], "waved_through_parties", scope), float(there.sum())


def _returns(plan: Plan, tape: Tape, records: Records) -> tuple[Ints, Bools]:
    """Return, for each row, how often the party had returned before, and whether it goes back to who sent it there."""
    same = np.append(False, records.party[1:] == records.party[:-1])
    station, before, ended = records.station, np.roll(records.station, 1), np.roll(records.outcome, 1)
    moved = same & np.isin(ended, _MOVED)
    carried = np.zeros((len(tape), 2), np.int64)
    carried[:, 1] = NOWHERE
    carried[tape.carried[:, 0]] = tape.carried[:, [_RETURNS, _BACK_TO]]
    at_first, back_to = carried[records.party % len(tape)].T
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(records))))
    steps = np.cumsum(moved & (station <= before))
    # a service that was interrupted, or a queue that was left for another, is the same stop
    anew = np.where(same & np.isin(ended, _SAME_STOP), 0, np.arange(len(records)))
    sent = np.where(same, (ended == int(Outcome.SENT_ASIDE)) & plan.aside_back[before], back_to != NOWHERE)
    return at_first + steps - steps[first], sent[np.maximum.accumulate(anew)]


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
