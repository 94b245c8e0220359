"""The scenario that the page shows, read once, and the variants that its settings make of it."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.errors import Problem, SimError
from sim.play.posterior import Posterior, posterior_in
from sim.scenario.model.scenario import Scenario
from sim.scenario.resolve import FOLDERS, SCENARIOS, file_named, names, shipped
from sim.scenario.text.fitted_values import Known, fitted_file, in_place_of, load_fitted, read_only
from sim.scenario.text.load_scenario import Loaded, dump, from_text, template_of, tree_of_text
from sim.scenario.text.tree import CALIBRATED, Node, Place, child, from_plain, merge
from sim.scenario.text.yaml_text import MAX_BYTES, read_text, recorded_reads
from sim.verbs.serve.lever import Lever, Parts, Value, parts_of
from sim.verbs.serve.levers import fitted_levers, levers_of

PAGE = "page"
"""The name of the intervention that holds the settings of the page."""
MOST_KEPT = 8
"""Scenarios that stay in memory, among them every text that is being edited."""


@dataclass(frozen=True)
class Base:
    """A scenario as the page has it: its file, text and tree, and the levers that it has.

    `values` and `units` are those of its fitted numbers; `edited` texts are not the content of the file. `files` are
    those that were read, each with the time at which it was last changed (ns since 1970).
    """

    source: str
    file: Path
    text: str
    edited: bool
    root: Node = field(repr=False)
    loaded: Loaded = field(repr=False)
    posterior: Posterior | None = field(repr=False)
    values: Mapping[str, float] = field(repr=False)
    units: Mapping[str, str] = field(repr=False)
    levers: tuple[Lever, ...] = field(repr=False)
    files: Mapping[Path, int] = field(repr=False)

    def variant(self, settings: Mapping[str, Value]) -> Variant:
        """Return the scenario with settings. Raises ScenarioError, or SimError if it is too large for the page."""
        template = template_of(self._with(settings))
        scenario = template.checked(self.values, self.units)
        plan = lower(scenario)
        posterior = self.posterior and replace(self.posterior, template=template)
        return Variant(scenario, plan, posterior)

    def _with(self, settings: Mapping[str, Value]) -> Node:
        return merge(self.root, from_plain(self.overlay(settings), Place(PAGE))) if settings else self.root

    def overlay(self, settings: Mapping[str, Value]) -> dict[str, Any]:
        """Return what a scenario file that extends this one must have for these settings to be in force."""
        parts = parts_of(self.levers, settings)
        what_if = intervention("Set on the page.", parts)
        own = {"interventions": {PAGE: what_if}} if len(what_if) > 1 else {}
        applied = [*self.loaded.applied, *parts.named, *([PAGE] if own else [])]
        return {**own, "apply": applied} if applied else own

    def what_if(
        self, settings: Mapping[str, Value], folder: Path | None = None, more: Mapping[str, Any] | None = None
    ) -> str:
        """Return a scenario file with the settings; it extends this scenario, whose file it names from `folder`.

        `more` are interventions by name that the file has besides, not in force. An edited text is written out whole,
        with its fitted values, and without what it extends.
        """
        if self.edited:
            tree = template_of(self._with(settings)).loaded(self.values, self.units).tree
            return dump({**tree, "interventions": more} if more else tree)
        overlay = self.overlay(settings)
        if more:
            overlay["interventions"] = {**overlay.get("interventions", {}), **more}
        base = self.source if self.source in names(SCENARIOS) else _from(self.file, folder)
        return dump({"extends": base, "name": f"{self.loaded.scenario.name}_{PAGE}"[:60], **overlay})


def intervention(description: str, parts: Parts) -> dict[str, Any]:
    """Return an intervention as a scenario file has it."""
    what_if: dict[str, Any] = {"description": description}
    if parts.sets:
        what_if["set"] = dict(parts.sets)
    if parts.scales:
        what_if["scale"] = dict(parts.scales)
    if parts.changes:
        what_if["changes"] = [dict(change) for change in parts.changes]
    return what_if


def _from(file: Path, folder: Path | None) -> str:
    return file.name if folder is None else Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()


@dataclass(frozen=True)
class Variant:
    """A scenario that is ready to be played."""

    scenario: Scenario
    plan: Plan = field(repr=False)
    posterior: Posterior | None = field(repr=False)


class Bases:
    """Reads scenarios, and keeps the latest ones as long as their files do not change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str | None], Base] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, source: str, text: str | None = None) -> Base:
        """Return a scenario by catalogue name or path; `text` is what stands in its place. Raises ScenarioError."""
        key = (source, text)
        with self._lock:
            base = self._kept.get(key)
        if base is None or any(_changed(path) != then for path, then in base.files.items()):
            base = read_base(source, text)
        with self._lock:
            self._kept[key] = base
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return base


def _changed(path: Path) -> int:
    """Return when a file was last changed, ns since 1970; 0 if it is gone."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def read_base(source: str, text: str | None = None) -> Base:
    """Read a scenario and find its levers. Raises ScenarioError with every problem.

    A `text` may name only files of the folder of the scenario and of the catalogue.
    """
    file = file_named(source, SCENARIOS)
    with recorded_reads() as reads:
        written = read_text(file) if text is None else text
        if len(written.encode(errors="replace")) > MAX_BYTES:
            raise SimError(f"the text is larger than {MAX_BYTES / 1e6:g} MB; a scenario is a small text file")
        try:
            loaded = from_text(written, file)
            problems: list[Problem] = []
            root = tree_of_text(written, file, problems)
        finally:
            if text is not None:
                _only_inside(reads, file)
        named = child(root, CALIBRATED)
        rows = {} if named is None else load_fitted(fitted_file(named)).values
        template = template_of(root)
        posterior = posterior_in(root, template)
    values = {name: row.value for name, row in rows.items()}
    units = {name: row.unit for name, row in rows.items()}

    def sets(name: str, value: float) -> Mapping[str, Any]:
        return in_place_of(root, name, Known(value, units[name]))

    used = {name: row for name, row in rows.items() if name in template.names and not read_only(root, name)}
    levers = (*levers_of(loaded), *fitted_levers(used, _ranges(posterior), sets))
    files = {path: _changed(path) for path in reads}
    return Base(source, file, written, text is not None, root, loaded, posterior, values, units, levers, files)


def _ranges(posterior: Posterior | None) -> dict[str, tuple[float, float]]:
    """Return the smallest and the largest value of each parameter in a posterior; all of them can be played."""
    if posterior is None:
        return {}
    ends = zip(posterior.values.min(axis=0).tolist(), posterior.values.max(axis=0).tolist(), strict=True)
    return dict(zip(posterior.names, ends, strict=True))


def _only_inside(reads: list[Path], file: Path) -> None:
    """Raise SimError if a text made the program read a file elsewhere than beside the scenario or in the catalogue."""
    allowed = {file.resolve().parent, *(shipped().resolve() / folder for folder in FOLDERS)}
    if file.resolve().parent.name == SCENARIOS:
        allowed |= {file.resolve().parent.parent / folder for folder in FOLDERS}
    for path in reads:
        if not any(path.resolve().is_relative_to(folder) for folder in allowed):
            raise SimError(f"{path.name}: a text on the page may only name files of the scenario's own folders")
