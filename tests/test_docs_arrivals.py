"""The examples of docs/arrivals.md are one scenario with its files, and it plays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import commands
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.scenario.text.load_scenario import load
from tests.engine.build import Play

PAGE = (Path(__file__).parents[1] / "docs" / "arrivals.md").read_text(encoding="utf-8")
FILE = re.compile(r"<!-- as (?P<file>\S+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files of the page."""
    files = {block["file"]: block["text"] for block in FILE.finditer(PAGE)}
    assert len(files) == 8
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_example_is_valid_and_notes_the_row_outside(folder: Path) -> None:
    result = CliRunner().invoke(commands, ["check", str(folder / "port.yaml")], prog_name="sim")
    assert result.exit_code == 0, result.output
    assert "port.yaml: OK" in result.output
    assert "steps: 1 of 4 rows is after the end of the run" in result.output
    assert result.output.count("warning") == 1


def test_it_plays_and_fuller_ferries_bring_more(folder: Path, engine: Play) -> None:
    numbers = {}
    for name in ("port", "more_ferries"):
        scenario = load(folder / f"{name}.yaml").scenario
        plan = lower(scenario)
        tape = draw(scenario, plan, scenario.seed, 0)
        assert len(engine(plan, tape)) >= len(tape)
        numbers[name] = [(tape.cls == cls).sum() for cls in (0, 1)]
    cars, trucks = numbers["port"]
    assert numbers["more_ferries"][0] - cars == 102  # a fifth of 120 + 90 + 3 * 100 cars
    assert numbers["more_ferries"][1] == trucks
