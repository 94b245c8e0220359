"""A run: several replications of one scenario, reduced to estimates as they finish.

The results depend only on scenario, seed and number of replications, not on workers or their order of completion.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.arrays import Floats
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.measures.end_state import EndStates, Inside, inside
from sim.measures.estimates import Estimates, Estimator, included
from sim.measures.flows import Flows, flows_of_run, is_flow
from sim.measures.replication import Measures
from sim.measures.reports import Observation, Observer, observed_values, reported_value
from sim.play import engines
from sim.play.memory import check_series
from sim.play.one import Subject
from sim.play.posterior import Posterior
from sim.play.request import Progress, Request, silent
from sim.play.workers import Crew
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import Loaded
from sim.verbs.run.records import write_records
from sim.verbs.run.replicates import Replicates

BATCH = 10
"""Number of replications between checks of a requested precision, for any number of workers."""
CHANCE_ONLY = "Bands and intervals are chance only: every replication has the same parameters."
MOST = 1000
"""Default maximum number of replications of a run with a requested precision."""


@dataclass(frozen=True)
class Run:
    """The estimates of a run. `request` is complete: it holds the seed, engine, replications and workers used.

    `flows` is None unless the scenario has a network, `replicates` unless every replication was asked for.
    """

    loaded: Loaded
    plan: Plan = field(repr=False)
    request: Request
    estimates: Estimates = field(repr=False)
    observations: tuple[Observation, ...] = field(repr=False)
    started_at: datetime
    wall_s: float
    posterior: Posterior | None = field(default=None, repr=False)
    flows: Flows | None = field(default=None, repr=False)
    replicates: Replicates | None = field(default=None, repr=False)
    end_states: EndStates | None = field(default=None, repr=False)

    @property
    def posterior_note(self) -> str:
        """What differs between replications besides chance; '' if nothing does."""
        return "each with parameters from the posterior" if self.posterior else ""

    @property
    def interval_includes(self) -> str:
        """What intervals and bands include: 'chance only', or 'chance and parameters'."""
        return included(self.posterior is not None)

    @property
    def note(self) -> str:
        """One or more sentences on the uncertainty of the numbers."""
        asked, reached = self.request.precision, self.estimates.precision()
        bands = self.posterior.note if self.posterior else CHANCE_ONLY
        notes = [self.estimates.note, bands if self.estimates.replications > 1 else "", self._note_on_start]
        sure = " ".join(filter(None, notes))
        if asked is None or reached <= asked:
            return sure
        wide = f"{100 * reached:.3g} %" if math.isfinite(reached) else "undefined"
        return f"{sure} The precision of {100 * asked:g} % was not reached: {wide}."

    @property
    def _note_on_start(self) -> str:
        """A sentence if more replications were played than the end state from which they start has."""
        state, number = self.loaded.scenario.start_from, self.estimates.replications
        if state is None or state.replications >= number:
            return ""
        return f"The {number} replications start from {state.replications} end states of the earlier run, in turn."


def check(scenario: Scenario) -> None:
    """Check, before any simulation starts, that all reported figures can be evaluated. Raises SimError."""
    for row in scenario.figures:
        reported_value(row)


class Reduced(NamedTuple):
    """The results of a replication that a run stores.

    They are its measures, modelled values of the reported figures by row, and who is inside at the horizon.
    """

    measures: Measures
    observed: Floats
    inside: Inside


@dataclass(frozen=True)
class RunTask:
    """The task of one replication; with `records_to`, its records are written to files below that folder."""

    subject: Subject
    seed: int
    engine: str
    records_to: Path | None = None

    def __call__(self, replication: int) -> Reduced:
        """Play a replication and reduce it. Raises SimError."""
        played = self.subject.play(self.seed, replication, self.engine)
        if self.records_to is not None:
            write_records(self.records_to, played, replication)
        left = inside(played.scenario, played.plan, played.tape, played.records)
        return Reduced(played.measures, observed_values(played.scenario, played.measures), left)


def run(
    loaded: Loaded,
    request: Request,
    progress: Progress = silent,
    posterior: Posterior | None = None,
    records_to: Path | None = None,
    replicates: bool = False,
) -> Run:
    """Play the replications of a scenario and estimate its measures.

    With a `posterior`, each replication has its own parameters, and `loaded` is the scenario with its fitted values.
    `records_to` is a folder for the records of every visit and what stands beside them; with `replicates`, the measures
    of every replication are kept. Raises SimError if the engine or the workers fail.
    """
    started_at, began = datetime.now(UTC), time.perf_counter()
    scenario = loaded.scenario
    check(scenario)
    plan = lower(scenario)
    most = request.replications or (MOST if request.precision else scenario.replications)
    request = replace(
        request,
        seed=scenario.seed if request.seed is None else request.seed,
        engine=engines.ready(request.engine),
    ).staffed(most, most)
    task = RunTask(Subject(scenario, plan, posterior), request.seed or 0, request.engine, records_to)
    estimator, observer = Estimator(scenario.clock), Observer(scenario, posterior.discrepancy if posterior else 0.0)
    planned = min(BATCH, most) if request.precision else most
    done, by_origin, each = 0, list[list[float]](), Replicates() if replicates else None
    end_states = EndStates()
    progress(0, planned)
    with Crew(task, request.workers or 1, threads=request.threads) as crew:
        while done < planned:
            for reduced in crew.results(range(done, planned)):
                estimator.add(reduced.measures)
                if not done:
                    check_series(scenario.name, estimator.memory(most))
                observer.add(reduced.observed)
                end_states.add(reduced.inside)
                if each is not None:
                    each.add(reduced.measures, reduced.observed)
                by_origin.append([value for key, value in reduced.measures.totals.items() if is_flow(key)])
                done += 1
                progress(done, planned)
            if request.precision and estimator.precision() > request.precision:
                planned = min(planned + BATCH, most)
    wall_s = time.perf_counter() - began
    estimates = estimator.result()
    people = flows_of_run(plan, list(filter(is_flow, estimates.totals)), np.array(by_origin))
    request = replace(request, replications=done)
    observed, lasted = observer.result(estimates), (started_at, wall_s)
    return Run(loaded, plan, request, estimates, observed, *lasted, posterior, people, each, end_states)
