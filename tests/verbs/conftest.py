"""What the tests of runs share: a small scenario that plays in a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario.text.load_scenario import Loaded, load
from sim.verbs.calibrate import evaluator, study

TINY = Path(__file__).parents[1] / "tiny.yaml"


@pytest.fixture(scope="session")
def tiny() -> Loaded:
    return load(TINY)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every stage short and the gate easy to pass."""
    shortcuts = {
        "START": 64,
        "NOISE_POINTS": 4,
        "NOISE_REPLICATIONS": 3,
        "MIN_ESS": 60.0,
        "MIN_ESS_OF_START": 30.0,
        "MAX_WEIGHT": 0.2,
        "MAX_DISAGREEMENT": 1.0,
        "EFFORTS": ((40.0, 256),),
    }
    for name, value in shortcuts.items():
        monkeypatch.setattr(study, name, value)
    monkeypatch.setattr(evaluator, "MAX_REPLICATIONS", 2)
    monkeypatch.setattr(study, "MOST_PARAMETERS", 0)
