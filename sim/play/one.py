"""One replication: lower the scenario, draw the tape, play it, and measure the records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.engine.tape import Tape
from sim.measures.replication import Measures, measure
from sim.play.engines import player
from sim.play.memory import enough_memory
from sim.play.posterior import Posterior
from sim.scenario.model.scenario import Scenario


class Played(NamedTuple):
    """One replication with its inputs and results."""

    scenario: Scenario
    plan: Plan
    tape: Tape
    records: Records
    measures: Measures


Measuring = Callable[[Scenario, Plan, Records, Tape], Measures]


def play_once(
    scenario: Scenario,
    seed: int,
    replication: int,
    engine: str,
    plan: Plan | None = None,
    measuring: Measuring = measure,
) -> Played:
    """Play one replication of a scenario.

    Parameters
    ----------
    scenario
        The scenario to play.
    seed, replication
        Together they determine all random numbers.
    engine
        Name of the engine; all engines return the same records.
    plan
        The plan of `scenario`, if it was made before.
    measuring
        Makes the measures: all of them, or only some.

    Raises
    ------
    SimError
        If there is no such engine, or the scenario has too many parties for the memory.
    """
    with enough_memory(scenario):
        plan = plan or lower(scenario)
        tape = draw(scenario, plan, seed, replication)
        records = player(engine)(plan, tape)
        return Played(scenario, plan, tape, records, measuring(scenario, plan, records, tape))


@dataclass(frozen=True)
class Subject:
    """A scenario to be replicated; with a `posterior`, each replication has its own parameters."""

    scenario: Scenario
    plan: Plan = field(repr=False)
    posterior: Posterior | None = field(default=None, repr=False)

    def play(self, seed: int, replication: int, engine: str) -> Played:
        """Play one replication. Raises SimError."""
        if self.posterior is None:
            return play_once(self.scenario, seed, replication, engine, self.plan)
        return play_once(self.posterior.scenario(replication), seed, replication, engine)
