"""Draw the outages of servers: times at work and times out of order in turn, from the start of the run."""

from __future__ import annotations

import numpy as np

from sim.arrays import Ints
from sim.engine.draw.carried import controls_of
from sim.engine.draw.streams import stream
from sim.engine.laws import draw_durations
from sim.engine.plan import Plan
from sim.scenario.model.controls import Outages
from sim.scenario.model.end_state import OUT_OF_ORDER
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
            here = (crossing, team.name, OUT_OF_ORDER)
            goes_on = [control.number for control in controls_of(scenario, replication) if control[:3] == here]
            timeline = _timeline(outages, plan, f"{seed}/{replication}/{crossing}/{team.name}/outages", goes_on)
            out = outages.takes * (np.arange(len(timeline)) % 2 == 0)
            rows.append(np.column_stack([timeline, np.full_like(timeline, s), out]))
    table = np.concatenate(rows)
    return table[np.lexsort((table[:, 1], table[:, 0]))]


def _timeline(outages: Outages, plan: Plan, name: str, goes_on: list[int]) -> Ints:
    """Return the instants at which an outage begins, ends, and so on, up to the end of the last one.

    `goes_on` is the rest (ms) of an outage from an earlier run.
    """
    at_work, out = stream(f"{name}/every"), stream(f"{name}/lasts")
    spans = np.array([0, goes_on[0]] if goes_on else [], np.int64)
    while spans.sum() < plan.horizon - plan.start:
        both = [draw_durations(outages.every, at_work, AT_ONCE), draw_durations(outages.lasts, out, AT_ONCE)]
        more = np.maximum(np.rint(np.column_stack(both).ravel() * MS_PER_S), 1).astype(np.int64)
        spans = np.append(spans, more)
    instants = plan.start + np.cumsum(spans)
    begun = int((instants < plan.horizon).sum())
    return np.asarray(instants[: begun + begun % 2])
