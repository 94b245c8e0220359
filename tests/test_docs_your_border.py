"""The page "Your border in 20 minutes" is followed to the letter: its edits are made and its commands run, in order."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import commands
from sim.scenario.text.load_scenario import load

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "your_border.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:<!-- (?P<how>in|at the end of|as) (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL
)


def edited(file: Path, text: str) -> None:
    """Replace every line of `file` that has the key of a line of `text`; list items in their order."""
    lines, after = file.read_text(encoding="utf-8").splitlines(), 0
    for new in text.splitlines():
        key = new.split("{", 1)[0] if new.lstrip().startswith("-") else f"{new.split(':', 1)[0]}:"
        after = next(i for i, line in enumerate(lines) if line.startswith(key) and i >= (after if "- " in key else 0))
        lines[after] = new
        after += 1
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(command: str) -> None:
    program, *words = shlex.split(command)
    if program == "mkdir":
        Path(words[-1]).mkdir()
    elif program == "cp":
        shutil.copy(*words)
    else:
        assert program == "sim"
        result = CliRunner().invoke(commands, words, prog_name="sim")
        assert result.exit_code == 0, f"{command}\n{result.output}"


@pytest.mark.slow
def test_the_page_is_followed_to_the_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("scenarios", "calibration"):
        (tmp_path / folder).mkdir()
        shutil.copy(ROOT / folder / "road_post.yaml", tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    commands = 0
    for block in BLOCK.finditer(PAGE):
        if block["how"] == "in":
            edited(Path(block["file"]), block["text"])
        elif block["how"] == "as":
            Path(block["file"]).write_text(block["text"], encoding="utf-8")
        elif block["how"]:
            file = Path(block["file"])
            file.write_text(file.read_text(encoding="utf-8") + block["text"], encoding="utf-8")
        else:
            assert block["kind"] == "sh"
            for command in block["text"].splitlines():
                run(command)
                commands += 1
    assert commands == 16
    found = load("mine/my_post.yaml").scenario
    staffing = found.crossings["post"].stations["exit_cars"].staffing
    assert (found.name, staffing.servers, [shift.servers for shift in staffing.shifts]) == ("my_post", 5, [3])
    assert [row.value for row in found.reported] == [30, "32 min", "467 min", "40 min"]
    assert Path("mine/first/pictures/poster.png").is_file()
    assert Path("mine/booths/summary.csv").is_file()
    assert Path("mine/bridge_closed/pictures/diverted.png").is_file()
