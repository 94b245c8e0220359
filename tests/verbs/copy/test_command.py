"""The verb `copy`: what it copies, that the copy stands alone, and that nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sim.cli import commands
from sim.play import posterior
from sim.scenario.resolve import shipped
from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import load

LARS = {
    "scenarios/verkhny_lars.yaml",
    "calibration/verkhny_lars.yaml",
    "calibration/verkhny_lars_fitted.yaml",
    "calibration/verkhny_lars_posterior.parquet",
}
MONGOLIA = {file.replace("verkhny_lars", "mongolia") for file in LARS}

POST = {
    "scenarios/road_post.yaml",
    "scenarios/road_post_next_days.yaml",
    "scenarios/road_post_end_state.parquet",
    "calibration/road_post.yaml",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def copy(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["copy", *arguments], prog_name="sim")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("verkhny_lars", LARS),
        ("no_screening", LARS | {"scenarios/no_screening.yaml"}),
        ("mongolia", MONGOLIA),
        ("road_post_next_days", POST),
    ],
)
def test_all_that_a_scenario_needs_is_copied(name: str, expected: set[str], here: Path) -> None:
    result = copy(name, "mine")
    assert result.exit_code == 0, result.output
    assert files(here / "mine") == expected
    assert result.stdout.splitlines()[-1] == f"Run the copy: cd mine && sim run scenarios/{name}.yaml"
    for file in expected:
        assert (here / "mine" / file).read_bytes() == (shipped() / file).read_bytes()


@pytest.mark.slow
def test_the_copy_of_a_network_stands_alone(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert copy("russia_2022").exit_code == 0
    original = load(shipped() / "scenarios" / "russia_2022.yaml")
    monkeypatch.setattr("sim.scenario.resolve.shipped", lambda: here / "nowhere")
    assert load("russia_2022").scenario_hash == original.scenario_hash
    assert read_calibration("russia_2022").path == Path("calibration/russia_2022.yaml")
    assert len(posterior.read_posterior(Path("scenarios/russia_2022.yaml")).values) > 0


@pytest.mark.slow
def test_what_is_there_already_is_left_alone_and_nothing_is_overwritten(here: Path) -> None:
    assert copy("verkhny_lars", "mine").exit_code == 0
    again = copy("verkhny_lars", "mine")
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, "All files already exist.")
    edited = here / "mine" / "calibration" / "verkhny_lars_fitted.yaml"
    edited.write_text("mine\n", encoding="utf-8")
    (here / "mine" / "scenarios" / "verkhny_lars.yaml").unlink()
    refused = copy("verkhny_lars", "mine")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "mine/calibration/verkhny_lars_fitted.yaml: already exists with different content; "
        "choose another folder (nothing was copied)\n"
    )
    assert edited.read_text(encoding="utf-8") == "mine\n"
    assert not (here / "mine" / "scenarios" / "verkhny_lars.yaml").exists()


def test_quiet_prints_the_scenario_alone(here: Path) -> None:
    assert copy("finland", "--quiet").stdout == "scenarios/finland.yaml\n"
    assert (here / "scenarios" / "finland.yaml").is_file()


@pytest.mark.usefixtures("here")
def test_a_misspelt_name_is_one_sentence() -> None:
    result = copy("mongoli")
    assert result.exit_code == 2
    assert result.stderr == "mongoli: there is no such file; did you mean 'mongolia', which is in the catalogue?\n"


def test_a_what_if_of_a_shipped_scenario_is_copied_beside_it(here: Path) -> None:
    (here / "q.yaml").write_text("extends: mongolia\nname: q\ntitle: A question\n", encoding="utf-8")
    done = CliRunner().invoke(commands, ["copy", "q.yaml", "mine"])
    assert done.exit_code == 0, done.output
    base = here / "mine" / "scenarios" / "mongolia.yaml"
    base.write_text(base.read_text(encoding="utf-8").replace("replications: ", "replications: 1"), encoding="utf-8")
    edited = load(here / "mine" / "scenarios" / "q.yaml").scenario
    assert edited.title == "A question"
    assert edited.replications != load("mongolia").scenario.replications
