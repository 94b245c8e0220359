from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.text.load_scenario import load

SMALL = Path(__file__).parent / "small.yaml"


@pytest.fixture(scope="session")
def small_text() -> str:
    return SMALL.read_text(encoding="utf-8")


@pytest.fixture
def problems_of(tmp_path: Path) -> Callable[..., list[str]]:
    """Load a text as s.yaml and return its problems with the folder cut off; [] where it is accepted."""

    def read(text: str | bytes, sets: tuple[str, ...] = (), intervene: tuple[str, ...] = ()) -> list[str]:
        path = tmp_path / "s.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        try:
            load(path, sets, intervene)
        except ScenarioError as error:
            return str(error).replace(f"{tmp_path}/", "").splitlines()
        return []

    return read
