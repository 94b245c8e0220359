"""The levers of a scenario file that a sweep varies, and the scenario at any setting of them.

A lever is a path of the scenario (`stations.exit.staffing`: its value is set), a path with a star (`demand.car*`: every
number below it is multiplied), `calibrated.NAME` (a fitted parameter, in its unit) or `intervene` (names of
interventions joined by `+`, or `none`). A setting is text as it would be written in the file; an empty one leaves the
lever unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sim.arrays import Floats
from sim.errors import Problem, ScenarioError
from sim.scenario.model.scenario import Scenario
from sim.scenario.resolve import SCENARIOS, file_named
from sim.scenario.text.fitted_values import fitted_file, load_fitted
from sim.scenario.text.load_scenario import Loaded, Template, read_tree, template_of
from sim.scenario.text.overrides import locate
from sim.scenario.text.tree import CALIBRATED, Node, Place, child, find, from_plain, plain, show
from sim.suggest import did_you_mean

Setting = tuple[str, str]
"""A lever and the text it is set to."""
INTERVENE, NONE, FITTED, TIMES = "intervene", "none", "calibrated.", "*"


@dataclass(frozen=True)
class Levers:
    """A scenario file with its fitted `values` (in `units`), from which scenarios with other settings are made.

    `sample` has equally probable values of the fitted parameters in force (none: every replication has `values`).
    """

    root: Node = field(repr=False)
    sets: tuple[str, ...]
    intervene: tuple[str, ...]
    values: Mapping[str, float]
    units: Mapping[str, str]
    sample: Mapping[str, Floats] = field(default_factory=dict, repr=False)

    def scenario(self, settings: Iterable[Setting], replication: int | None = None) -> Scenario:
        """Return the scenario with these settings, fully checked. Raises ScenarioError.

        With a `replication`, the parameters that no setting gives are those of its vector of the sample.
        """
        template, values = self._template(settings, replication)
        try:
            return template.checked(values, self.units)
        except ScenarioError as error:
            problems = [replace(problem, where=_place(problem.where)) for problem in error.problems]
            raise ScenarioError(problems) from None

    def check(self, lever: str) -> None:
        """Check that the lever exists. Raises ScenarioError with a suggestion."""
        if lever.startswith(FITTED):
            self._fitted(lever)
        elif (name := lever.removesuffix(TIMES)) in self.values:
            raise ScenarioError([Problem("--over", lever, f"{name!r} is a fitted number; write {FITTED}{name}")])
        elif lever != INTERVENE:
            locate(self.root, lever.removesuffix(TIMES), Place("--over"))

    def drawn(self, settings: Iterable[Setting]) -> bool:
        """Whether a parameter still differs between replications with these settings."""
        given = {lever for lever, text in settings if text}
        return any(f"{FITTED}{name}" not in given for name in self.sample)

    def _template(self, settings: Iterable[Setting], replication: int | None) -> tuple[Template, dict[str, float]]:
        values, sets = dict(self.values), list(self.sets)
        if replication is not None:
            values |= {name: float(draws[replication % len(draws)]) for name, draws in self.sample.items()}
        scales, intervene = [], list(self.intervene)
        for lever, text in settings:
            if not text:
                continue
            if lever == INTERVENE:
                intervene += [] if text == NONE else text.split("+")
            elif lever.startswith(FITTED):
                values[self._fitted(lever)] = number(lever, text.removesuffix(self.units[self._fitted(lever)]))
            elif lever.endswith(TIMES):
                scales.append((lever.removesuffix(TIMES), number(lever, text)))
            else:
                sets.append(f"{lever}={text}")
        return replace(template_of(self.root, sets, intervene), scales=tuple(scales)), values

    def _fitted(self, lever: str) -> str:
        name = lever.removeprefix(FITTED)
        if name not in self.values:
            listed = f"; the scenario has {', '.join(self.values)}" if self.values else "; the scenario has none"
            what = f"there is no calibrated parameter {name!r}{did_you_mean(name, self.values) or listed}"
            raise ScenarioError([Problem("--over", lever, what)])
        return name


def _place(where: str) -> str:
    """Return the place of a problem as the user wrote it: levers are applied as `--set`."""
    return "--over" if where == "--set" else where


def read(path: str | Path, sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Levers:
    """Read a scenario file with its fitted values. Raises ScenarioError."""
    problems: list[Problem] = []
    root = read_tree(file_named(path, SCENARIOS), problems)
    if problems:
        raise ScenarioError(problems)
    named = child(root, CALIBRATED)
    values, units = {}, {}
    if named is not None:
        fitted = load_fitted(fitted_file(named))
        values = {name: row.value for name, row in fitted.values.items()}
        units = {name: row.unit for name, row in fitted.values.items()}
    return Levers(root, tuple(sets), tuple(intervene), values, units)


def number(lever: str, text: str) -> float:
    """Return a setting that must be a plain number. Raises ScenarioError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ScenarioError([Problem("--over", lever, f"expected a number; got {show(text)}")])
    return value


def present_setting(loaded: Loaded, lever: str) -> str:
    """Return the text of a lever's single value in a resolved scenario; '' if it has none there.

    Raises ScenarioError if the path does not exist.
    """
    if lever == INTERVENE or lever.startswith(FITTED) or lever.endswith(TIMES):
        return ""
    root = from_plain(loaded.tree, Place("--find"))
    path = locate(root, lever, Place("--find"))
    node, reached = find(root, path)
    value = plain(node)
    if isinstance(value, dict) and "servers" in value:
        value = value["servers"]
    return str(value) if len(reached) == len(path) and isinstance(value, int | float | str) else ""
