"""Paths and catalogue names: which file they stand for, and what is suggested where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from sim.cli import commands
from sim.errors import ScenarioError
from sim.scenario.catalogue import list_scenarios
from sim.scenario.resolve import (
    CALIBRATIONS,
    FOLDERS,
    SCENARIOS,
    SWEEPS,
    file_named,
    is_shipped,
    names,
    no_file,
    shipped,
)
from sim.scenario.text.load_scenario import load


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("here")
def test_a_name_stands_for_the_file_that_came_with_the_program() -> None:
    assert file_named("verkhny_lars", SCENARIOS) == shipped() / "scenarios" / "verkhny_lars.yaml"
    assert file_named("verkhny_lars", CALIBRATIONS) == shipped() / "calibration" / "verkhny_lars.yaml"
    assert file_named("verkhny_lars_levers", SCENARIOS, SWEEPS) == shipped() / "sweeps" / "verkhny_lars_levers.yaml"
    assert {entry.name for entry in list_scenarios()} == set(names(SCENARIOS))
    assert "finland_fitted" not in names(*FOLDERS)


def test_a_file_comes_first_then_the_folders_here(here: Path) -> None:
    local = here / "scenarios" / "verkhny_lars.yaml"
    local.parent.mkdir()
    local.write_text("", encoding="utf-8")
    assert file_named("verkhny_lars", SCENARIOS) == Path("scenarios/verkhny_lars.yaml")
    assert file_named("kazakhstan", SCENARIOS) == shipped() / "scenarios" / "kazakhstan.yaml"
    (here / "kazakhstan").mkdir()
    assert file_named("kazakhstan", SCENARIOS).is_file(), "a folder is no scenario"
    (here / "verkhny_lars").write_text("", encoding="utf-8")
    assert file_named("verkhny_lars", SCENARIOS) == Path("verkhny_lars")


@pytest.mark.parametrize(
    ("given", "suggestion"),
    [
        ("verkny_lars", "; did you mean 'verkhny_lars', which is in the catalogue?"),
        ("scenarios/verkhny_lars.yaml", "; did you mean 'verkhny_lars', which is in the catalogue?"),
        ("my_bordr.yaml", "; did you mean 'my_border.yaml'?"),
        ("nothing_like_it", "; `sim catalogue` lists the available names"),
        ("nothing_like_it.yaml", ""),
    ],
)
def test_what_is_missing_gets_a_suggestion(given: str, suggestion: str, here: Path) -> None:
    (here / "my_border.yaml").write_text("", encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        file_named(given, SCENARIOS)
    assert str(error.value) == f"{given}: there is no such file{suggestion}"


def test_a_file_named_in_a_file_gets_a_suggestion(here: Path) -> None:
    (here / "base.yaml").write_text("", encoding="utf-8")
    assert no_file(here / "bse.yaml") == f"there is no file '{here}/bse.yaml'; did you mean '{here}/base.yaml'?"
    assert no_file(here / "gone" / "x.yaml", "write it") == f"there is no file '{here}/gone/x.yaml'; write it"


def test_what_came_with_the_program_is_known(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = shipped() / "calibration" / "finland_fitted.yaml"
    assert is_shipped(fitted)
    assert not is_shipped(here / "finland_fitted.yaml")
    monkeypatch.chdir(shipped())
    assert not is_shipped(fitted), "whoever works in the checkout updates its files"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("verb", ["run", "check", "sources", "audit", "calibrate", "compare", "copy", "sweep"])
def test_names_are_completed(verb: str) -> None:
    items = ShellComplete(commands, {}, "sim", "_SIM_COMPLETE").get_completions([verb], "kaz")
    assert [item.value for item in items if item.type == "plain"] == ["kazakhstan"]
    assert [item.type for item in items].count("file") == 1


def test_a_file_names_a_scenario_of_the_catalogue_or_a_file_beside_it(tmp_path: Path) -> None:
    question = tmp_path / "question.yaml"
    question.write_text("extends: verkhny_lars\nname: question\ntitle: A question\nseed: 3\n", encoding="utf-8")
    assert load(question).scenario.seed == 3
    assert load(question).scenario.crossings == load("verkhny_lars").scenario.crossings
    (tmp_path / "near.yaml").write_text("extends: question.yaml\nname: near\nreplications: 2\n", encoding="utf-8")
    assert load(tmp_path / "near.yaml").scenario.seed == 3
    question.write_text("extends: verkhny_larz\nname: question\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"1:10: extends: there is no file .*; did you mean 'verkhny_lars', which"):
        load(question)


def test_a_file_means_the_same_wherever_it_is_run(here: Path) -> None:
    """A scenario named in a file is looked for beside the file, whatever stands in the working directory."""
    for folder, seed in ((here / "scenarios", 1), (here / "mine", 2)):
        folder.mkdir()
        (folder / "finland.yaml").write_text(f"extends: {shipped()}/scenarios/finland.yaml\nseed: {seed}\n")
    (here / "mine" / "question.yaml").write_text("extends: finland\nname: question\n")
    (here / "question.yaml").write_text("extends: finland\nname: question\n")
    assert load("mine/question.yaml").scenario.seed == 2
    assert load("question.yaml").scenario.seed == load(shipped() / "scenarios" / "finland.yaml").scenario.seed


@pytest.mark.usefixtures("here")
def test_a_path_is_not_a_name() -> None:
    with pytest.raises(ScenarioError, match="there is no such file"):
        file_named("./finland", SCENARIOS)


@pytest.mark.usefixtures("here")
def test_names_of_other_kinds_are_told() -> None:
    with pytest.raises(ScenarioError, match="it is a sweep: `sim sweep verkhny_lars_levers`"):
        file_named("verkhny_lars_levers", SCENARIOS)
    with pytest.raises(ScenarioError, match="has no calibration file of its own"):
        file_named("twice_the_booths", CALIBRATIONS)
