"""The waits of the parties of a class that have a trait, and of those that lack it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import Tape
from sim.measures.count.counters import SINCE_JOINING, WAITED
from sim.measures.grid import Grid
from sim.measures.names import Key, by_trait
from sim.measures.waited import waited_by_start
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.traits import WHEN, bit, conditions_of, trait_of, traits_of
from sim.units import MS_PER_H


def waits_by_trait(
    scenario: Scenario, plan: Plan, records: Records, tape: Tape, grid: Grid
) -> Iterator[tuple[Key, float]]:
    """Yield the waits (h) of parties that crossed, by class on arrival and trait; as many count as by class."""
    names = traits_of(scenario)
    if not names:
        return
    parties, crossing, cls, waited, stay = _crossed(records, tape, grid)
    has = tape.traits[parties]
    for x, place in enumerate(plan.crossings):
        for name in scenario.classes:
            for condition in conditions_of(scenario, name):
                needed = bit(names, trait_of(condition), condition.startswith(WHEN))
                rows = (crossing == x) & (cls == scenario.class_numbers[name]) & (has & needed == needed)
                yield from _summary(place, by_trait(name, condition), waited[rows], stay[rows])


def _summary(place: str, scope: str, waited: Any, stay: Any) -> Iterator[tuple[Key, float]]:
    some = waited if len(waited) else np.full(1, np.nan)
    yield Key(place, "wait_mean", scope), float(some.mean())
    quantiles = zip(
        ("wait_p50", "wait_p90", "wait_p95", "wait_max"), np.quantile(some, (0.5, 0.9, 0.95, 1)), strict=True
    )
    for quantity, value in quantiles:
        yield Key(place, quantity, scope), float(value)
    yield Key(place, "sojourn_mean", scope), float(stay.mean()) if len(stay) else float("nan")


def _crossed(records: Records, tape: Tape, grid: Grid) -> tuple[Any, ...]:
    """Return party, crossing, class on arrival, wait and time until across (h) of those that count in waits."""
    if not len(records):
        return tuple(np.zeros(0, np.int64) for _ in range(5))
    comes = np.append(True, records.party[1:] != records.party[:-1])
    comes[1:] |= records.outcome[:-1] == int(Outcome.DIVERTED)
    head = np.flatnonzero(comes)
    last = np.append(head[1:], len(records)) - 1
    left = np.where(records.left_at == NEVER, grid.beyond, records.left_at)
    called = np.minimum(np.where(records.started_at == NEVER, grid.beyond, records.started_at), left)
    waited = np.add.reduceat(np.maximum(np.minimum(called, grid.horizon) - records.arrived_at, 0), head)
    party, joined = records.party[head], records.arrived_at[head]
    rows = (records.outcome[last] == int(Outcome.CROSSED)) & (left[last] >= grid.start) & (party < len(tape))
    was_there = (joined < grid.start) | ((records.first[head] | (records.visit[head] == 0)) & (joined == grid.opened))
    known = waited_by_start(tape)[np.minimum(party, len(tape))] * (grid.opened == grid.start)
    waited += known[:, WAITED] * was_there
    stay = left[last] - joined + known[:, SINCE_JOINING] * was_there
    rows &= ~was_there | (known[:, WAITED] > 0)
    columns = party, records.crossing[head], records.cls[head], waited / MS_PER_H, stay / MS_PER_H
    return tuple(column[rows] for column in columns)
