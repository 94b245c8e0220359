"""A scenario that has been read and checked, as the Python functions take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import SimError
from sim.play import engines
from sim.play.posterior import Posterior, posterior_of
from sim.play.provenance import Source
from sim.play.request import Request
from sim.scenario.model.scenario import Scenario
from sim.scenario.text import load_scenario
from sim.verbs.run.result import RunResult
from sim.verbs.run.study import run as run_scenario

FROM_DICT = "<dict>"
"""The source of a scenario that was given as a dict."""


@dataclass(frozen=True, repr=False)
class Experiment:
    """A scenario that has been read and checked, ready for `sim.run`, `sim.compare` and `sim.sweep`."""

    loaded: load_scenario.Loaded = field(repr=False)
    source: Source
    posterior: Posterior | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Return the title, the period and the crossings, and what was changed."""
        clock, names = self.scenario.clock, ", ".join(self.scenario.crossings)
        lines = [
            self.scenario.title,
            f"{clock.start:%Y-%m-%d %H:%M} to {clock.horizon:%Y-%m-%d %H:%M}; crossings: {names}",
        ]
        changes = [*self.source.sets, *(f"+{name}" for name in self.source.interventions)]
        lines += [f"changed: {', '.join(changes)}"] if changes else []
        lines += ["parameters from the posterior"] if self.posterior is not None else []
        return "\n".join(lines)

    @property
    def scenario(self) -> Scenario:
        """The scenario as a tree of frozen models."""
        return self.loaded.scenario

    def run(
        self,
        replications: int | None = None,
        *,
        precision: float | None = None,
        seed: int | None = None,
        engine: str = engines.DEFAULT,
        workers: int | None = None,
        replicates: bool = False,
    ) -> RunResult:
        """Run the scenario as `sim.run` does."""
        request = Request(replications, precision, seed, engine, workers)
        played = run_scenario(self.loaded, request, posterior=self.posterior, replicates=replicates)
        return RunResult(played, self.source)


def load(
    scenario: str | Path | Mapping[str, Any],
    sets: str | Sequence[str] = (),
    intervene: str | Sequence[str] = (),
    *,
    posterior: bool | None = None,
) -> Experiment:
    """Read and check a scenario.

    Parameters
    ----------
    scenario
        A path, a catalogue name such as 'verkhny_lars', or a dict with the keys of a scenario file. Paths in a dict are
        relative to the working directory.
    sets
        Values to change, as 'path=value'.
    intervene
        Names of interventions to apply.
    posterior
        Draw the calibrated parameters of each replication from the fitted posterior, so that bands include parameter
        uncertainty: True demands a posterior, False plays the fitted values alone, None draws if there is one.

    Returns
    -------
    Experiment
        The scenario, ready to run.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    SimError
        If there is no posterior.
    """
    sets, intervene = as_texts(sets), as_texts(intervene)
    if not isinstance(scenario, str | Path | Mapping):
        raise SimError(f"a scenario is a path, a catalogue name or a dict; got {type(scenario).__name__}")
    if isinstance(scenario, Mapping):
        loaded, source = load_scenario.from_tree(dict(scenario), sets, intervene), FROM_DICT
    else:
        loaded, source = load_scenario.load(scenario, sets, intervene), str(scenario)
    sample = posterior_of(scenario, sets, intervene, posterior)
    return Experiment(loaded, Source(source, sets, intervene), sample)


def experiment_of(
    scenario: str | Path | Mapping[str, Any] | Experiment,
    sets: str | Sequence[str] = (),
    intervene: str | Sequence[str] = (),
    posterior: bool | None = None,
) -> Experiment:
    """Return a scenario as an experiment, loading it if need be.

    Raises SimError if it is loaded already and changes to it are given.
    """
    if not isinstance(scenario, Experiment):
        return load(scenario, sets, intervene, posterior=posterior)
    if sets or intervene or posterior is not None:
        raise SimError("the scenario is loaded already; give sets, intervene and posterior to sim.load")
    return scenario


def check_from_file(source: str) -> None:
    """Raise SimError if a scenario was given as a dict where a file is needed."""
    if source == FROM_DICT:
        raise SimError("this needs a scenario that was read from a file, not from a dict")


def as_texts(value: str | Sequence[str]) -> tuple[str, ...]:
    """Return one text or several as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value)
