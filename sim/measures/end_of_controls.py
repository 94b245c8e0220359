"""The state in which controls and outages stand at the horizon of a replication, as another run takes it up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.arrays import Ints
from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.engine.tape import Tape
from sim.scenario.model.end_state import ADDED, LIGHTENED, OUT_OF_ORDER, Control
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.teams import numbered_teams


def controls_at_end(scenario: Scenario, plan: Plan, tape: Tape, records: Records) -> Iterator[Control]:
    """Yield the servers that controls have added, the age of what is lightened, and the rest of outages."""
    for s, crossing, team in numbered_teams(scenario):
        outages = tape.outages[tape.outages[:, 1] == s]
        out = _last(outages, plan.horizon)
        servers, planned = (_last(table[table[:, 1] == s], plan.horizon) for table in (records.staffing, plan.staffing))
        added = servers + out - planned
        if team.staffing.reacts is not None and planned and servers and added:
            yield Control(crossing, team.name, ADDED, added)
        if out and (ends_at := int(outages[-1, 0])) > plan.horizon:
            yield Control(crossing, team.name, OUT_OF_ORDER, ends_at - plan.horizon)
    for s in np.flatnonzero(plan.light_every).tolist():
        turns = records.lightened[records.lightened[:, 1] == s]
        if _last(turns, plan.horizon):
            since = plan.horizon - int(turns[-1, 0])
            yield Control(plan.crossings[plan.crossing[s]], plan.stations[s], LIGHTENED, since)


def _last(rows: Ints, horizon: int) -> int:
    """Return the last value of rows (at, station, value) before the horizon; 0 if there is none."""
    before = rows[rows[:, 0] < horizon, 2]
    return int(before[-1]) if len(before) else 0
