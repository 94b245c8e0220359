"""Tables of switches: what they hold, and that they are not worse than linear in the steps of a plan."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from sim.engine.lower.switches import staffing
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import from_tree

TINY = yaml.safe_load((Path(__file__).parents[2] / "tiny.yaml").read_text(encoding="utf-8"))
BEGIN = datetime(2022, 9, 21, 6)


def with_steps(number: int) -> Scenario:
    steps = [{"from": (BEGIN + timedelta(minutes=n)).isoformat(), "servers": 2 + n % 2} for n in range(1, number)]
    stations = TINY["crossings"]["post"]["stations"]
    control = {**stations["exit_control"], "staffing": {"servers": 2, "steps": steps}}
    post = {**TINY["crossings"]["post"], "stations": {**stations, "exit_control": control}}
    return from_tree({**TINY, "crossings": {"post": post}}).scenario


def lines_of(scenario: Scenario) -> int:
    """Return the number of lines that lowering the staffing executes."""
    count = 0

    def trace(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        staffing(scenario)
    finally:
        sys.settrace(before)
    return count


def test_twice_the_steps_take_twice_the_lines() -> None:
    lines_of(with_steps(300))  # so that nothing is done for the first time
    few, many = lines_of(with_steps(300)), lines_of(with_steps(600))
    assert many < 3 * few  # a scan for each step takes four times as many


def test_the_last_step_that_has_begun_counts() -> None:
    rows = staffing(with_steps(4))
    minutes = [((at - rows[0][0]) // 60_000, servers) for at, station, servers in rows.tolist() if station == 0]
    assert minutes == [(0, 2), (1, 3), (2, 2), (3, 3)]
