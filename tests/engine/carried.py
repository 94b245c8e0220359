"""End states of runs in memory, and scenarios that start from them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.engine.tape import Tape
from sim.measures.end_state import EndStates, inside
from sim.scenario.model.end_state import EndState
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.start_from import end_state


def end_of(scenario: Scenario, *played: tuple[Plan, Tape, Records]) -> EndState:
    """The end state of a run of these replications."""
    states = EndStates()
    for plan, tape, records in played:
        states.add(inside(scenario, plan, tape, records))
    return end_state(states.content(scenario, played[0][0]), Path("end_state.parquet"))


def carried_on(scenario: Scenario, state: EndState, hours: float = 0) -> Scenario:
    """A scenario that goes on for some hours where another one ended, or starts from there again at its own start."""
    begin = scenario.clock.horizon
    times = {"start": begin, "horizon": begin + timedelta(hours=hours)} if hours else {}
    crossings = {name: x.model_copy(update={"initial_queue": {}}) for name, x in scenario.crossings.items()}
    update = {"clock": scenario.clock.model_copy(update=times), "crossings": crossings, "start_from": state}
    return scenario.model_copy(update=update)


def drawn(scenario: Scenario, seed: int = 1, replication: int = 0) -> tuple[Plan, Tape]:
    """The plan and the tape of a replication."""
    plan = lower(scenario)
    return plan, draw(scenario, plan, seed, replication)
