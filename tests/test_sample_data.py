"""The records of the sample port are those that its script makes of the scenario."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_records_are_those_of_the_scenario():
    spec = importlib.util.spec_from_file_location("sample_data", ROOT / "docs" / "sample_data.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    play = script.played()
    for table in (script.arrivals, script.services, script.waits, script.staffing, script.patience):
        stored = (script.FOLDER / f"{table.__name__}.csv").read_text(encoding="utf-8")
        assert stored.splitlines() == list(table(play))
    assert script.FITTED.read_text(encoding="utf-8").splitlines() == list(script.waits(play, script.WEEK))
