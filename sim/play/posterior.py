"""A run with parameters from a fitted posterior: a different vector in each replication.

The variation of a series or a total then includes both randomness and parameter uncertainty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sim import store
from sim.arrays import Floats
from sim.errors import Problem, ScenarioError, SimError
from sim.paths import is_file
from sim.scenario.model.calibration import Fitted
from sim.scenario.model.scenario import Scenario
from sim.scenario.resolve import SCENARIOS, file_named
from sim.scenario.text.fitted_values import fitted_file, load_fitted
from sim.scenario.text.load_scenario import Template, dump, read_tree, template_of, tree_of_dict
from sim.scenario.text.named_files import named_file
from sim.scenario.text.start_from import write_scenario
from sim.scenario.text.tree import CALIBRATED, Node, child, plain
from sim.scenario.text.yaml_text import FITTED as FITTED_VALUES
from sim.scenario.text.yaml_text import read_file

SCENARIO, FITTED, SAMPLE = "scenario.yaml", "fitted.yaml", "posterior.parquet"
OWN_ERROR = ", those of reported figures also the error of the model itself"
PROVIDED = "`sim calibrate --update` writes it, and --point does without it"


@dataclass(frozen=True)
class Posterior:
    """A scenario with a sample of its calibrated parameters: `values` (N, D) are those of `names`, in `units`."""

    template: Template = field(repr=False)
    fitted: Fitted
    names: tuple[str, ...]
    units: dict[str, str]
    values: Floats = field(repr=False)

    @property
    def discrepancy(self) -> float:
        """The model's own error that the fit assumed: standard deviation of the logarithm of a figure."""
        return self.fitted.discrepancy

    @property
    def note(self) -> str:
        """One sentence on the source of the parameters."""
        return (
            f"Each replication has its own parameters from the posterior of {self.fitted.calibration} "
            f"({self.fitted.date}); the bands include randomness and parameter uncertainty"
            f"{OWN_ERROR if self.discrepancy else ''}."
        )

    def scenario(self, replication: int) -> Scenario:
        """Return the scenario of a replication; after the last vector the first is used again. Raises ScenarioError."""
        row = self.values[replication % len(self.values)].tolist()
        values = dict(zip(self.names, row, strict=True))
        try:
            return self.template.scenario(values, self.units)
        except ScenarioError as error:
            at = ", ".join(f"{name} {value:.4g}{self.units[name]}" for name, value in values.items())
            problems = [Problem(p.where, p.path, f"{p.what} (with the posterior's {at})") for p in error.problems]
            raise ScenarioError(problems) from None

    def write(self, folder: Path) -> None:
        """Write the files that `read_posterior` needs into a folder. Raises SimError."""
        tree = {CALIBRATED: FITTED, **plain(self.template.root)}
        write_scenario(folder / SCENARIO, tree)
        store.write(folder / FITTED, dump({**json.loads(self.fitted.model_dump_json()), "posterior": SAMPLE}))
        columns = {name: self.values[:, i] for i, name in enumerate(self.names)}
        store.write_table(folder / SAMPLE, columns)


def untold(sentence: str) -> None:
    """Ignore a sentence."""


def posterior_of(
    scenario: str | Path | Mapping[str, Any],
    sets: Sequence[str] = (),
    intervene: Sequence[str] = (),
    wanted: bool | None = None,
    tell: Callable[[str], None] = untold,
) -> Posterior | None:
    """Return the posterior of a scenario (a file or a dict), None if it has none or it is not `wanted`.

    It has one if a value in force is a fitted one. If only the file of the sample is missing, `tell` is called with a
    sentence on it. Raises ScenarioError, or SimError if the sample is damaged, or if one is `wanted` (True) and there
    is none.
    """
    if wanted is False:
        return None
    problems: list[Problem] = []
    if isinstance(scenario, Mapping):
        root = tree_of_dict(dict(scenario), problems)
    else:
        root = read_tree(file_named(scenario, SCENARIOS), problems)
    if problems:
        raise ScenarioError(problems)
    template = template_of(root, sets, intervene)
    if (posterior := posterior_in(root, template, wanted=wanted, tell=tell)) is not None:
        return posterior
    if wanted:
        name = "the scenario" if isinstance(scenario, Mapping) else scenario
        what = "needs a scenario that takes values from a calibration (`calibrated: FILE`)"
        raise SimError(f"{name}: --posterior {what}")
    return None


def posterior_in(
    root: Node, template: Template, *, wanted: bool | None = None, tell: Callable[[str], None] = untold
) -> Posterior | None:
    """Return the posterior of a tree that was read, whose template is given; see `posterior_of`."""
    named = child(root, CALIBRATED)
    if named is None or not template.names:
        return None
    missing = "" if wanted else _missing(named)
    if not missing:
        return _sampled(template, named)
    tell(missing)
    return None


def read_posterior(
    scenario: str | Path | Mapping[str, Any], sets: Sequence[str] = (), intervene: Sequence[str] = ()
) -> Posterior:
    """Return the posterior of a scenario, which must have one. Raises ScenarioError or SimError."""
    posterior = posterior_of(scenario, sets, intervene, wanted=True)
    assert posterior is not None
    return posterior


def _missing(named: Node) -> str:
    """Return the sentence that the file of the sample does not exist; '' if it does."""
    file = fitted_file(named)
    sample = file.parent / load_fitted(file).posterior
    if is_file(sample):
        return ""
    what = "there is no such file, so the fitted values are played alone, and bands are chance only"
    return f"{sample}: {what}; `sim calibrate --update` writes the posterior"


def _sampled(template: Template, named: Node) -> Posterior:
    """Return the posterior in the Parquet file that the fitted file names. Raises ScenarioError or SimError."""
    file = fitted_file(named)
    fitted = load_fitted(file)
    at = child(read_file(file, kind=FITTED_VALUES), "posterior") or named
    sample = named_file(
        at,
        file.parent,
        ("posterior",),
        "a Parquet file",
        PROVIDED,
    )
    columns = store.read_table(sample)
    texts = [name for name in template.names if name in columns and columns[name].dtype.kind not in "fiu"]
    if texts:
        raise SimError(f"{sample}: the column {texts[0]} must hold numbers; run `sim calibrate --update` again")
    missing = [name for name in template.names if name not in columns]
    if missing or not all(name in fitted.values for name in template.names):
        raise SimError(f"{sample}: has no column {', '.join(missing)}; run `sim calibrate --update` again")
    values = np.column_stack([columns[name] for name in template.names]).astype(np.float64)
    if not len(values) or not np.isfinite(values).all():
        raise SimError(f"{sample}: must hold at least one row, and only finite numbers")
    units = {name: fitted.values[name].unit for name in template.names}
    return Posterior(template, fitted, template.names, units, values)
