"""How long the stations that break down were out of order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.engine.plan import Plan
from sim.engine.tape import Tape
from sim.measures.names import Key, at_station
from sim.scenario.model.scenario import Scenario


def outage_totals(scenario: Scenario, plan: Plan, tape: Tape, since: int) -> Iterator[tuple[Key, float]]:
    """Yield the share of the time from `since` (ms) on in which servers of a station were out of order."""
    for s, station in enumerate(plan.stations):
        crossing = plan.crossings[plan.crossing[s]]
        if scenario.crossings[crossing].stations[station].outages is None:
            continue
        turns = tape.outages[(tape.outages[:, 1] == s) & (tape.outages[:, 0] < plan.horizon)]
        edges = np.maximum(np.append(turns[:, 0], plan.horizon), since)
        out = (np.diff(edges) * (turns[:, 2] > 0)).sum() / (plan.horizon - since)
        yield Key(crossing, "out_of_order_share", at_station(station)), float(out)
