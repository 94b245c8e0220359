"""A file of another kind is told in one sentence, not by all the keys that it lacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.file_kinds import describe
from sim.scenario.text.fitted_values import load_fitted
from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import load
from sim.scenario.text.load_sweep import read_sweep

ROOT = Path(__file__).parents[2]
FILES = {
    "a scenario": ROOT / "scenarios" / "verkhny_lars.yaml",
    "a calibration": ROOT / "calibration" / "verkhny_lars.yaml",
    "fitted values": ROOT / "calibration" / "verkhny_lars_fitted.yaml",
}
READERS: dict[str, Callable[[Path], object]] = {
    "a scenario": load, "a calibration": read_calibration, "fitted values": load_fitted,
}  # fmt: skip


def test_a_sweep_is_told_from_a_scenario_and_a_calibration() -> None:
    file = ROOT / "sweeps" / "verkhny_lars_levers.yaml"
    for expected, read in READERS.items():
        with pytest.raises(ScenarioError) as caught:
            read(file)
        assert str(caught.value) == f"{file}: contains a sweep; expected {expected}"
    assert describe(file) == {"kind": "sweep", "name": file.stem, "levers": 6}
    assert read_sweep(FILES["a scenario"]) is None
    with pytest.raises(ScenarioError, match=r"contains a calibration; expected a scenario or a sweep$"):
        read_sweep(FILES["a calibration"])


@pytest.mark.parametrize("expected", FILES)
@pytest.mark.parametrize("found", FILES)
def test_another_kind_of_file_is_one_sentence(expected: str, found: str) -> None:
    if expected == found:
        READERS[expected](FILES[found])
        return
    with pytest.raises(ScenarioError) as caught:
        READERS[expected](FILES[found])
    assert str(caught.value) == f"{FILES[found]}: contains {found}; expected {expected}"
