"""The catalogue: what it tells of every scenario, of files that are none or broken, and how long it takes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sim.cli import commands
from sim.errors import SimError
from sim.scenario.catalogue import list_scenarios, named
from sim.scenario.checks.warnings import warnings_of
from sim.scenario.model.scenario import Scenario
from sim.scenario.text import yaml_text
from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import load

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
BORDERS = ("kazakhstan", "finland", "mongolia", "eu")
TEMPLATES = ("airport_hall", "ferry_port", "truck_terminal", "us_land_port", "road_post")
SURGES = {"everyday", "surge", "near", "deadline"}


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["catalogue", *map(str, arguments)], prog_name="sim", env={"COLUMNS": "80"})


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with a copy of the scenarios of Verkhny Lars, their figures and fitted values."""
    (tmp_path / "scenarios").mkdir()
    for name in ("verkhny_lars", "no_screening", "twice_the_booths"):
        shutil.copy(SCENARIOS / f"{name}.yaml", tmp_path / "scenarios")
    shutil.copytree(ROOT / "calibration", tmp_path / "calibration")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# the scenarios of the repository


@pytest.mark.slow
def test_every_file_is_listed_with_what_it_rests_on() -> None:
    entries = {entry.name: entry for entry in list_scenarios(SCENARIOS)}
    assert set(entries) == {path.stem for path in SCENARIOS.glob("*.yaml")}
    assert not any(entry.problems for entry in entries.values())
    for name in (*BORDERS, "moscow_airports", "verkhny_lars"):
        entry, loaded = entries[name], load(entries[name].file)
        assert (entry.title, entry.crossings) == (loaded.scenario.title, tuple(loaded.scenario.crossings))
        assert entry.interventions == tuple(loaded.interventions)
        assert entry.figures == sum(row.status == "used" for row in loaded.scenario.reported) > 0
        assert set(entry.sources) == {row.source for row in loaded.passports if row.source} - {"assumption"}
        assert entry.assumptions == sum(row.source == "assumption" for row in loaded.passports)
    calibrated = {name for name, entry in entries.items() if entry.status == "calibrated" and entry.base is None}
    assert calibrated == {*BORDERS, "verkhny_lars", "moscow_airports", "russia_2022"}


def test_what_ifs_stand_below_their_base() -> None:
    entries = list_scenarios(SCENARIOS)
    bases = [entry.name for entry in entries if entry.base is None]
    assert bases == sorted(bases)
    below = entries[[entry.name for entry in entries].index("verkhny_lars") + 1 :]
    assert {entry.base for entry in below} == {(SCENARIOS / "verkhny_lars.yaml").resolve()}
    assert len(below) == 10


def test_it_reads_few_files_and_validates_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes long is left out: values are not validated, and a file is read again only for those that extend it."""
    read: list[str] = []
    parse = yaml_text.parse
    monkeypatch.setattr(yaml_text, "parse", lambda text, file, *rest: (read.append(file), parse(text, file, *rest))[1])
    monkeypatch.setattr(Scenario, "model_validate", None)
    assert not any(entry.problems for entry in list_scenarios(SCENARIOS))
    assert len(read) <= 6 * len(list(SCENARIOS.glob("*.yaml")))


@pytest.mark.parametrize("name", [*BORDERS, "moscow_airports"])
def test_a_border_can_be_taken_into_a_network(name: str) -> None:
    loaded = load(SCENARIOS / f"{name}.yaml")
    scenario, lars = loaded.scenario, load(SCENARIOS / "verkhny_lars.yaml").scenario
    (crossing,) = scenario.crossings.values()
    assert list(scenario.crossings) == [name]
    assert len(crossing.stations) <= 7
    assert set(scenario.classes) >= ({"car", "truck", "bus", "foot"} if name in BORDERS else {"foot"})
    for cls, mine in scenario.classes.items():
        theirs = lars.classes[cls]
        assert mine.spacing == pytest.approx(theirs.spacing, rel=0.05)  # that of trucks is fitted at Verkhny Lars
        shares = (theirs.men_share, theirs.local_share)  # those of cars are fitted at Verkhny Lars
        assert (mine.men_share, mine.local_share) == pytest.approx(shares, abs=0.05 if cls == "car" else 0)
    assert {part for parts in crossing.demand.values() for part in parts} <= SURGES
    assert all("everyday" in parts for parts in crossing.demand.values())
    assert not loaded.applied
    assert set(loaded.without_passport) <= {"clock.start", "clock.horizon", "clock.report_every"}


@pytest.mark.parametrize("name", [*BORDERS, "moscow_airports", *TEMPLATES])
def test_the_figures_of_a_border_are_those_of_its_calibration_file(name: str) -> None:
    found = read_calibration(ROOT / "calibration" / f"{name}.yaml", validation=True)
    assert found.calibration.reported == load(SCENARIOS / f"{name}.yaml").scenario.reported
    for row in found.calibration.reported:
        assert ("ejected" in row.reading) == (row.status == "rejected"), row.id


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_a_passport_for_every_number_and_nothing_to_warn_of(name: str) -> None:
    loaded = load(SCENARIOS / f"{name}.yaml")
    assert all(path.startswith("clock.") for path in loaded.without_passport)
    assert {row.source for row in loaded.passports} - {"assumption"}
    assert not list(warnings_of(loaded.scenario))
    page = (ROOT / "docs" / "your_border.md").read_text(encoding="utf-8")
    assert f"[{name}](../scenarios/{name}.yaml)" in page


# files that are none or broken


def test_other_files_are_passed_over_and_broken_ones_are_a_line(at: Path) -> None:
    folder = at / "scenarios"
    (folder / "sweep.yaml").write_text("scenario: verkhny_lars.yaml\n", encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    shutil.copy(at / "calibration" / "verkhny_lars.yaml", folder / "figures.yaml")
    (folder / "broken.yaml").write_text("name: broken\nclock: {start\n", encoding="utf-8")
    (folder / "orphan.yaml").write_text("extends: gone.yaml\n", encoding="utf-8")
    result = invoke("scenarios")
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert "scenarios/broken.yaml: cannot be read scenarios/broken.yaml:3:1: is not valid YAML" in text
    assert "scenarios/orphan.yaml:1:10: extends: there is no file 'scenarios/gone.yaml'" in text
    assert "3 scenarios and 2 what-ifs (+)" in text
    assert "sweep" not in text
    assert "figures.yaml" not in text


def test_a_lost_fit_is_told_for_all_that_need_it(at: Path) -> None:
    (at / "calibration" / "verkhny_lars_fitted.yaml").unlink()
    entries = list_scenarios("scenarios")
    assert [len(entry.problems) for entry in entries] == [1, 1, 1]
    assert "there is no file" in entries[0].problems[0].what


def test_a_what_if_of_another_folder_stands_alone(at: Path) -> None:
    (at / "mine").mkdir()
    (at / "mine" / "q.yaml").write_text("extends: ../scenarios/verkhny_lars.yaml\nname: q\ntitle: Mine\n")
    (entry,) = list_scenarios("mine")
    assert (entry.name, entry.title, entry.status, entry.crossings) == ("q", "Mine", "calibrated", ("verkhny_lars",))
    assert "q: Mine" in invoke("mine").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone"], "gone: there is no such folder"),
        (["scenarios/verkhny_lars.yaml"], "is a file; expected a folder"),
        (["calibration"], "calibration: contains no scenarios"),
        (["--sources", "verkny_lars"], "there is no scenario 'verkny_lars'; did you mean 'verkhny_lars'?"),
        (["--quiet", "--json"], "--quiet excludes --json and --sources"),
    ],
)
def test_a_mistake_is_one_sentence(at: Path, arguments: list[str], sentence: str) -> None:
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert at.exists()


# what is printed


def test_text_fits_the_terminal_and_names_all() -> None:
    lines = invoke(SCENARIOS).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    at = lines.index("kazakhstan: Kazakhstan, September 2022")
    assert lines[at + 1].startswith("  calibrated; 2 reported figures used; ")
    assert "  + no_screening: Verkhny Lars, September 2022: no draft screening" in lines


def test_json_and_quiet(at: Path) -> None:
    document = json.loads(invoke("scenarios", "--json").stdout)
    assert [row["name"] for row in document] == ["verkhny_lars", "no_screening", "twice_the_booths"]
    assert document[1]["extends"] == "verkhny_lars.yaml"
    assert document[0]["sources"]["BBC, Sky News and others"] == 1
    files = invoke("scenarios", "--quiet").stdout.split()
    assert files == [row["file"] for row in document]
    assert (at / files[0]).is_file()


@pytest.mark.slow
def test_sources_of_one_scenario() -> None:
    entry = named(list_scenarios(SCENARIOS), "mongolia")
    lines = invoke(SCENARIOS, "--sources", "mongolia").stdout.splitlines()
    assert len(lines) == len(entry.sources) + 1
    assert lines[-1] == f"{entry.assumptions:5}  assumptions without a published source"
    document = json.loads(invoke(SCENARIOS, "--sources", "mongolia", "--json").stdout)
    assert document == {"name": "mongolia", "sources": entry.sources, "assumptions": entry.assumptions}


@pytest.mark.slow
def test_without_a_folder_it_is_that_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {entry.name for entry in list_scenarios()} == {entry.name for entry in list_scenarios(SCENARIOS)}
    with pytest.raises(SimError, match="contains no scenarios"):
        list_scenarios(tmp_path)


def test_without_a_folder_ones_own_scenarios_join_those_that_came_with_the_program(at: Path) -> None:
    (at / "scenarios" / "finland.yaml").write_text("extends: finland_of_mine\n", encoding="utf-8")
    entries = {entry.name: entry for entry in list_scenarios()}
    assert {"mongolia", "verkhny_lars"} <= set(entries)
    assert entries["verkhny_lars"].file.parent == Path("scenarios")
    assert entries["finland"].file.parent == Path("scenarios")


def test_what_is_no_path_is_one_sentence() -> None:
    with pytest.raises(SimError, match="expected the path of a folder; got 3"):
        list_scenarios(3)  # type: ignore[arg-type]
