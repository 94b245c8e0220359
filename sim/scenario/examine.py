"""Tells which kind of file one is (scenario, calibration or fitted values) and reads it for its mistakes."""

from __future__ import annotations

from pathlib import Path

from sim.errors import ScenarioError
from sim.scenario.calibrated import load_fitted
from sim.scenario.read import load
from sim.scenario.read_calibration import load_calibration
from sim.scenario.yaml_source import read_file

_CALIBRATION, _FITTED = {"parameters", "observation"}, {"posterior", "values"}


def examine(path: str | Path) -> dict[str, object]:
    """Return what a file describes: its kind, name and size. Raises ScenarioError with every problem found."""
    path = Path(path)
    try:
        keys = set(read_file(path, []).value)
    except ScenarioError:
        keys = set()
    if keys & _CALIBRATION:
        calibration = load_calibration(path).calibration
        sizes = {"parameters": len(calibration.parameters), "reported": len(calibration.reported)}
        return {"kind": "calibration", "name": path.stem, **sizes}
    if keys & _FITTED:
        return {"kind": "fitted", "name": path.stem, "values": len(load_fitted(path).values)}
    loaded = load(path)
    return {"kind": "scenario", "name": loaded.scenario.name, "hash": loaded.scenario_hash}
