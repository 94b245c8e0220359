"""A run: several replications of one scenario, reduced to estimates as they finish.

What comes out depends on scenario, seed and number of replications alone, not on workers or the order they finish in.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.errors import SimError
from sim.measures.estimates import Estimates, Estimator
from sim.measures.origin_flows import Flows, flows, is_flow
from sim.measures.reports import Comparison, Observer, reported_value
from sim.play import engines
from sim.play.one import Play
from sim.play.posterior import Drawn
from sim.play.workers import Crew, cores
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import Loaded

BATCH = 10
"""With a precision asked for, it is looked at after every so many replications, whatever the number of workers."""
MOST = 1000
"""Replications after which a run for precision ends at the latest, unless the request says another number."""

FEW = 40
"""Replications of the compiled engine below which starting processes costs more than it saves."""

Progress = Callable[[int, int], None]
"""Called with the replications done and those planned so far: first with 0 done, then after each."""


def silent(done: int, planned: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Request:
    """How a scenario is to be run; what is left out is as the scenario says.

    With `precision` (0.05: 5 %) the run goes on until no headline interval is wider, to each side, than that share of
    its mean, or `replications` (else MOST) are done. `records_to` is an empty folder for the records of every visit.
    """

    replications: int | None = None
    precision: float | None = None
    seed: int | None = None
    engine: str = engines.DEFAULT
    workers: int | None = None
    records_to: Path | None = None

    def __post_init__(self) -> None:
        for name, least in (("replications", 1), ("workers", 1), ("seed", 0)):
            number = getattr(self, name)
            if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < least):
                raise SimError(f"{name} must be a whole number of at least {least}; got {number!r}")
        if self.precision is not None and not 0 < self.precision < 1:
            raise SimError(f"precision must be a share above 0 and below 100 %, such as 5 %; got {self.precision!r}")


@dataclass(frozen=True)
class Run:
    """What a run found. `request` is complete: its seed, engine, replications and workers are those of the play.

    `flows` are there where the scenario has a network.
    """

    loaded: Loaded
    plan: Plan = field(repr=False)
    request: Request
    estimates: Estimates = field(repr=False)
    comparisons: tuple[Comparison, ...] = field(repr=False)
    started_at: datetime
    wall_s: float
    drawn: Drawn | None = field(default=None, repr=False)
    flows: Flows | None = field(default=None, repr=False)

    @property
    def note(self) -> str:
        """One sentence on how sure the numbers are."""
        asked, reached = self.request.precision, self.estimates.precision()
        sure = f"{self.estimates.note} {self.drawn.note}" if self.drawn else self.estimates.note
        if asked is None or reached <= asked:
            return sure
        wide = f"{100 * reached:.3g} %" if math.isfinite(reached) else "undefined"
        return f"{sure} The precision of {100 * asked:g} % was not reached: {wide}."


def check(scenario: Scenario, request: Request) -> None:
    """Find out before anything is played what would stop the run at its end. Raises SimError."""
    engines.check(request.engine)
    for row in scenario.reported:
        reported_value(row)


def run(loaded: Loaded, request: Request, progress: Progress = silent, drawn: Drawn | None = None) -> Run:
    """Play the replications of a scenario and estimate. Raises SimError if the engine or the workers fail.

    With `drawn`, every replication has its own parameters; `loaded` is then the scenario with its fitted values.
    """
    started_at, began = datetime.now(UTC), time.perf_counter()
    scenario = loaded.scenario
    check(scenario, request)
    seed = scenario.seed if request.seed is None else request.seed
    plan = lower(scenario)
    engine = engines.ready(request.engine)
    play = Play(scenario, plan, engine, seed, request.records_to, drawn)
    most = request.replications or (MOST if request.precision else scenario.replications)
    workers = min(request.workers or (1 if engine == "compiled" and most < FEW else cores()), most)
    estimator, observer = Estimator(scenario.clock), Observer(scenario)
    planned = min(BATCH, most) if request.precision else most
    done, by_origin = 0, list[list[float]]()
    progress(0, planned)
    with Crew(play, workers) as crew:
        while done < planned:
            for played in crew.results(range(done, planned)):
                estimator.add(played.measures)
                observer.add(played.observed)
                by_origin.append([value for key, value in played.measures.totals.items() if is_flow(key)])
                done += 1
                progress(done, planned)
            if request.precision and estimator.precision() > request.precision:
                planned = min(planned + BATCH, most)
    asked = replace(request, seed=seed, engine=engine, replications=done, workers=workers)
    wall_s = time.perf_counter() - began
    found = estimator.result()
    people = flows(plan, list(filter(is_flow, found.totals)), np.array(by_origin))
    return Run(loaded, plan, asked, found, observer.result(), started_at, wall_s, drawn, people)
