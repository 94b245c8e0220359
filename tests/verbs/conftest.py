"""What the tests of runs share: a small scenario that plays in a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario.text.load_scenario import Loaded, load
from sim.verbs.calibrate import study

TINY = Path(__file__).parents[1] / "tiny.yaml"


@pytest.fixture(scope="session")
def tiny() -> Loaded:
    return load(TINY)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every stage short; the gate opens for less."""
    for name, value in (("START", 64), ("CHANCE_AT", 4), ("CHANCE_PLAYS", 3), ("GENERATIONS", 3), ("ESS", 60.0),
                        ("ESS_OF_START", 30.0), ("LARGEST_WEIGHT", 0.2), ("APART", 1.0),
                        ("EFFORTS", ((40.0, 256),)), ("MOST_PLAYS", 2)):  # fmt: skip
        monkeypatch.setattr(study, name, value)
