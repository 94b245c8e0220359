"""Draw the outages of servers: times at work and times out of order in turn, from the start of the run."""

from __future__ import annotations

import numpy as np

from sim.arrays import Ints
from sim.engine.draw.streams import stream
from sim.engine.laws import draw_durations
from sim.engine.plan import Plan
from sim.scenario.model.controls import Outages
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.teams import numbered_teams
from sim.units import MS_PER_S

AT_ONCE = 64
"""Outages that are drawn at a time."""


def draw_outages(scenario: Scenario, plan: Plan, seed: int, replication: int) -> Ints:
    """Return rows (at, station, servers out of order) of a replication, sorted; each team has streams of its own."""
    rows = [np.zeros((0, 3), np.int64)]
    for s, crossing, team in numbered_teams(scenario):
        outages = team.described.outages
        if outages is not None:
            timeline = _timeline(outages, plan, f"{seed}/{replication}/{crossing}/{team.name}/outages")
            out = outages.takes * (np.arange(len(timeline)) % 2 == 0)
            rows.append(np.column_stack([timeline, np.full_like(timeline, s), out]))
    table = np.concatenate(rows)
    return table[np.lexsort((table[:, 1], table[:, 0]))]


def _timeline(outages: Outages, plan: Plan, name: str) -> Ints:
    """Return the instants within the run at which an outage begins, ends, and so on."""
    at_work, out = stream(f"{name}/every"), stream(f"{name}/lasts")
    spans = np.zeros(0, np.int64)
    while spans.sum() < plan.horizon - plan.start:
        both = [draw_durations(outages.every, at_work, AT_ONCE), draw_durations(outages.lasts, out, AT_ONCE)]
        more = np.maximum(np.rint(np.column_stack(both).ravel() * MS_PER_S), 1).astype(np.int64)
        spans = np.append(spans, more)
    instants = plan.start + np.cumsum(spans)
    return np.asarray(instants[instants < plan.horizon])
