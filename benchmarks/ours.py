"""Our own engines on the work: draw, play and measure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import work
from benchmarks.sample import Sample, batched, grouped
from sim.engine.compiled import engine as compiled
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.reference import story as reference
from sim.measures.replication import measure
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import Loaded, load

SCENARIOS = Path(__file__).parents[1] / "scenarios"
BASE, NETWORK = SCENARIOS / "verkhny_lars.yaml", SCENARIOS / "russia_2022.yaml"
MS_PER_MIN = 60_000
Player = Callable[..., Records]
ENGINES: dict[str, Player] = {"compiled": compiled.play, "reference": reference.play}


@cache
def base_case() -> Loaded:
    """Return the base case, read once."""
    return load(BASE)


@cache
def mm3(customers: int) -> tuple[Scenario, Plan]:
    """Return scenario and plan of M/M/3."""
    return _planned(work.mm3(customers))


@cache
def tandem(days: int) -> tuple[Scenario, Plan]:
    """Return scenario and plan of the tandem."""
    return _planned(work.tandem(days))


def _planned(described: dict[str, Any]) -> tuple[Scenario, Plan]:
    scenario = Scenario.model_validate(described)
    return scenario, lower(scenario)


def played(planned: tuple[Scenario, Plan], seed: int, *, measured: bool = False) -> int:
    """Draw and play a replication on the compiled engine, measure it if wanted, return its number of parties."""
    scenario, plan = planned
    tape = draw(scenario, plan, seed, 0)
    parties = len(tape)
    records = compiled.play(plan, tape)
    del tape
    if measured:
        measure(scenario, plan, records)
    return parties


def mm3_wait(customers: int, seed: int) -> Sample:
    """Return the mean wait in minutes."""
    _, plan = planned = mm3(customers)
    records = compiled.play(plan, draw(planned[0], plan, seed, 0))
    return batched((records.started_at - records.arrived_at) / MS_PER_MIN)


def tandem_answers(days: int, seed: int) -> dict[str, Sample]:
    """Return the share that crosses and the mean time inside, minutes."""
    scenario, plan = tandem(days)
    tape = draw(scenario, plan, seed, 0)
    records = compiled.play(plan, tape)
    last = np.append(records.party[1:] != records.party[:-1], [True])
    if (records.left_at[last] == NEVER).any():
        raise AssertionError("somebody is still inside a day after the last arrival")
    day = tape.arrived_at // (work.DAY * MS_PER_MIN)
    inside = (records.left_at[last] - tape.arrived_at) / MS_PER_MIN
    return {"share": grouped((records.outcome[last] == Outcome.CROSSED) * 1.0, day), "inside": grouped(inside, day)}


@cache
def base_plan() -> Plan:
    """Return the plan of the base case."""
    return lower(base_case().scenario)
