"""Reads a sweep file."""

from __future__ import annotations

from pathlib import Path

from sim.errors import Problem
from sim.scenario.model.sweep import SweepFile
from sim.scenario.resolve import SCENARIOS, SWEEPS, file_named
from sim.scenario.text.fitted_values import validated
from sim.scenario.text.messages import sorted_error
from sim.scenario.text.named_files import SCENARIO_FILE, named_file
from sim.scenario.text.tree import child, stop
from sim.scenario.text.yaml_text import CALIBRATION, SCENARIO, SWEEP, kinds, read_file


def read_sweep(path: str | Path) -> SweepFile | None:
    """Read a sweep file or catalogue name; return None for a scenario. Raises ScenarioError with all problems."""
    path = file_named(path, SCENARIOS, SWEEPS)
    problems: list[Problem] = []
    root = read_file(path, problems)
    scenario, kinds_of_file = child(root, "scenario"), kinds(root)
    if scenario is None or SCENARIO in kinds_of_file:
        return None
    if CALIBRATION in kinds_of_file:
        raise stop(str(path), (), f"contains {CALIBRATION}; expected {SCENARIO} or {SWEEP}")
    spec, _ = validated(SweepFile, root, problems)
    if problems or spec is None:
        raise sorted_error(problems)
    file = named_file(scenario, path.parent, ("scenario",), SCENARIO_FILE)
    return spec.model_copy(update={"scenario": str(file)})
