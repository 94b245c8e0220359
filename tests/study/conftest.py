"""What the tests of runs share: a small scenario that plays in a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario.read import Loaded, load

TINY = Path(__file__).parent / "tiny.yaml"


@pytest.fixture(scope="session")
def tiny() -> Loaded:
    return load(TINY)
