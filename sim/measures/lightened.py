"""What was not checked, or not in full: the parties served while a control had lightened the checks of a station."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.engine.plan import Plan
from sim.engine.records import Outcome, Records
from sim.measures.count.counters import BYPASS_STREAM
from sim.measures.grid import Grid
from sim.measures.names import Key, at_station


def lightened_totals(plan: Plan, records: Records, since: int) -> Iterator[tuple[Key, float]]:
    """Yield the parties and people served while checks were lightened, and the share of the time, from `since` on.

    A control turns before anything else at its millisecond, so a service that begins then is under the new rule. A
    service that was interrupted began once, when it first began.
    """
    again = np.append(False, (records.outcome == int(Outcome.INTERRUPTED))[:-1])
    for s in np.flatnonzero(plan.light_every):
        turns = records.lightened[records.lightened[:, 1] == s]
        edges = np.maximum(np.append(turns[:, 0], plan.horizon), since)
        began = (records.station == s) & (records.started_at >= since) & ~again
        began &= ~_begins_a_twin(records)
        light = _is_light(turns, records.started_at[began])
        as_one = light & ~plan.one_by_one[s, records.cls[began]]
        singly = records.one_by_one[records.one_by_one[:, 2] == s, 3]
        people = records.people[began][as_one].sum() + _is_light(turns, singly[singly >= since]).sum()
        crossing, scope = plan.crossings[plan.crossing[s]], at_station(plan.stations[s])
        yield Key(crossing, "lightened_parties", scope), float(light.sum())
        yield Key(crossing, "lightened_people", scope), float(people)
        share = (np.diff(edges) * turns[:, 2]).sum() / (plan.horizon - since)
        yield Key(crossing, "lightened_share", scope), float(share)


def lightened_series(plan: Plan, records: Records, grid: Grid) -> Iterator[tuple[Key, Floats]]:
    """Yield the share of each interval with the checks of a station lightened."""
    for s in np.flatnonzero(plan.light_every):
        turns = records.lightened[records.lightened[:, 1] == s]
        share = grid.means(np.append(plan.start, turns[:, 0]), np.append(0, turns[:, 2]))
        yield Key(plan.crossings[plan.crossing[s]], "lightened", at_station(plan.stations[s])), share


def _is_light(turns: Ints, at: Ints) -> Bools:
    """Return whether the checks are lightened at instants, by the turns of their control."""
    return np.asarray(np.append(0, turns[:, 2])[np.searchsorted(turns[:, 0], at, side="right")] == 1)


def _begins_a_twin(records: Records) -> Bools:
    """Return which rows begin a twin (see `rules.split`), who was served with the party it comes from."""
    return np.asarray((records.visit == 0) & ~records.first & (records.stream != BYPASS_STREAM))
