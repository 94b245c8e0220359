"""`sim tour`: what it says is there, and what it suggests works."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sim.cli import commands
from sim.verbs.serve.server import Server
from sim.verbs.tour.words import next_steps


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands, list(arguments), prog_name="sim")


@pytest.mark.slow
def test_the_tour_leaves_a_page_and_suggests_commands_that_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = invoke("tour", "--out", "first")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line for line in lines if line[:1].isdigit()] == [
        "1. The installation",
        "2. A small case: Road crossing with two posts, 10 times",
        "3. Where things are",
        "4. Try next",
    ]
    places = [Path(line.split()[-1]) for line in lines[lines.index("3. Where things are") + 1 :][:4]]
    assert [place.name for place in places] == ["report.html", "poster.png", "first", "road_post.yaml"]
    assert all(place.exists() for place in places)
    serve, sweep, copy = (line.split() for line in lines if line.startswith("   sim "))
    assert serve[:2] == ["sim", "serve"]
    Server(serve[2]).socket.close()
    assert invoke(*copy[1:]).exit_code == 0
    assert invoke(*sweep[1:], "--replications", "1", "--no-pictures", "--workers", "1", "--quiet").exit_code == 0


def test_without_the_extra_the_tour_says_how_to_get_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert [step.split()[:2] for step, _ in next_steps("road_post")] == [
        ["pip", "install"],
        ["sim", "sweep"],
        ["sim", "copy"],
    ]


def test_a_folder_that_is_in_use_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    done = invoke("tour", "--out", str(tmp_path))
    assert done.exit_code == 2
    assert "already contains files; choose another folder" in done.output
