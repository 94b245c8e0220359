"""Recognises the kind of a file (scenario, calibration, fitted values, sweep) and reads its problems or sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim.errors import ScenarioError, SimError
from sim.scenario.checks.doubts import doubts_of_change
from sim.scenario.checks.warnings import warning_lines, ways
from sim.scenario.resolve import FOLDERS, file_named
from sim.scenario.text.fitted_values import fill_from_file, load_fitted
from sim.scenario.text.load_calibration import read_calibration, sources
from sim.scenario.text.load_scenario import Loaded, load, read_tree, template_of
from sim.scenario.text.load_sweep import read_sweep
from sim.scenario.text.passports import PassportRow
from sim.scenario.text.tree import CALIBRATED, Node, child
from sim.scenario.text.yaml_text import CALIBRATION, FITTED, SWEEP, kinds, read_file

Kind = Literal["scenario", "calibration", "fitted", "sweep"]


@dataclass(frozen=True)
class Sources:
    """Where the numbers of a file come from; `without_passport` are the paths of those that have no passport."""

    name: str
    passports: tuple[PassportRow, ...]
    without_passport: tuple[str, ...]


def describe(path: str | Path) -> dict[str, object]:
    """Return what a file describes: its kind, name and size. Raises ScenarioError with all problems."""
    path = file_named(path, *FOLDERS)
    kind = _kind(path)
    if kind == "calibration":
        calibration = read_calibration(path).calibration
        sizes = {"parameters": len(calibration.parameters), "reported": len(calibration.reported)}
        return {"kind": "calibration", "name": path.stem, **sizes}
    if kind == "fitted":
        return {"kind": "fitted", "name": path.stem, "values": len(load_fitted(path).values)}
    spec = read_sweep(path) if kind == "sweep" else None
    if spec is not None:
        load(spec.scenario, spec.sets, spec.intervene)
        return {"kind": "sweep", "name": path.stem, "levers": len(spec.over)}
    loaded = load(path)
    network = loaded.scenario.network
    root = read_tree(path, [])
    shared = {"origins": len(network.origins), "crossings": len(loaded.scenario.crossings)} if network else {}
    return {
        "kind": "scenario",
        "name": loaded.scenario.name,
        "hash": loaded.scenario_hash,
        **shared,
        "ways": ways(loaded.scenario),
        "class_words": {name: loaded.scenario.class_words[name] for name in loaded.scenario.classes},
        "calibrated": child(root, CALIBRATED) is not None,
        "warnings": _warnings(root, loaded),
    }


def _warnings(root: Node, loaded: Loaded) -> list[str]:
    """Return the warnings of a scenario, then those that each of its interventions adds to them."""
    lines = [*loaded.notes, *warning_lines(loaded.scenario, loaded.interventions, loaded.applied)]
    root, own = fill_from_file(root, []), frozenset(lines)
    for name in loaded.interventions:
        if name in loaded.applied:
            continue
        scenario = template_of(root, (), (name,)).scenario({}, {})
        changed = [f"{'.'.join(map(str, loc))}: {what}" for loc, what in doubts_of_change(loaded.scenario, scenario)]
        for line in (*changed, *warning_lines(scenario, loaded.interventions, (*loaded.applied, name))):
            if line not in own:
                here = f"interventions.{name}"
                lines.append(line if line.startswith(f"{here}.") else f"{here}: {line}")
    return lines


def sources_of(path: str | Path, sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Sources:
    """Return the sources of the numbers in a scenario or a calibration. Raises ScenarioError or SimError."""
    path = file_named(path, *FOLDERS)
    kind = _kind(path)
    if kind == "scenario":
        loaded = load(path, sets, intervene)
        return Sources(loaded.scenario.name, loaded.passports, loaded.without_passport)
    if sets or intervene:
        raise SimError(f"{path}: is not a scenario, so values and interventions cannot be set")
    if kind == "sweep":
        raise SimError(f"{path}: contains a sweep; see the sources of its scenario file")
    if kind == "fitted":
        raise SimError(f"{path}: contains fitted values; see the sources of the calibration file")
    return Sources(path.stem, tuple(sources(read_calibration(path, validation=True))), ())


def _kind(path: Path) -> Kind:
    try:
        kinds_of_file = kinds(read_file(path, []))
    except ScenarioError:
        return "scenario"
    if SWEEP in kinds_of_file:
        return "sweep"
    return "calibration" if CALIBRATION in kinds_of_file else "fitted" if FITTED in kinds_of_file else "scenario"
