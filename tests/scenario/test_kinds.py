"""A file of another kind is told in one sentence, not by all the keys that it lacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.calibrated import load_fitted
from sim.scenario.read import load
from sim.scenario.read_calibration import load_calibration

ROOT = Path(__file__).parents[2]
FILES = {
    "a scenario": ROOT / "scenarios" / "verkhny_lars.yaml",
    "a calibration": ROOT / "calibration" / "verkhny_lars.yaml",
    "fitted values": ROOT / "calibration" / "verkhny_lars_fitted.yaml",
}
READERS: dict[str, Callable[[Path], object]] = {
    "a scenario": load, "a calibration": load_calibration, "fitted values": load_fitted,
}  # fmt: skip


@pytest.mark.parametrize("expected", FILES)
@pytest.mark.parametrize("found", FILES)
def test_another_kind_of_file_is_one_sentence(expected: str, found: str) -> None:
    if expected == found:
        READERS[expected](FILES[found])
        return
    with pytest.raises(ScenarioError) as caught:
        READERS[expected](FILES[found])
    assert str(caught.value) == f"{FILES[found]}: holds {found}; expected {expected}"
