"""Calibration files: what is read of them, and the sentence every mistake gets (calibrations.yaml)."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from sim.errors import ScenarioError, SimError
from sim.measures.likelihood import targets
from sim.scenario.model.calibration import Prior
from sim.scenario.text.fitted_values import load_fitted
from sim.scenario.text.load_calibration import known_until, read_calibration, sources
from sim.scenario.text.load_scenario import load

HERE = Path(__file__).parents[1]
ROOT = HERE.parents[1]
SMALL = (HERE / "small_calibration.yaml").read_text(encoding="utf-8")
RATE = "crossings.pass.demand.car.news.step.rate"
CASES = yaml.safe_load((HERE / "calibrations.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the small scenario and its calibration."""
    for name in ("small.yaml", "small_fitted.yaml", "small_calibration.yaml"):
        shutil.copy(HERE / name, tmp_path / name)
    return tmp_path


def messages_of(folder: Path, text: str) -> list[str]:
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        read_calibration(folder / "c.yaml")
    return str(error.value).replace(f"{folder}/", "").splitlines()


def test_the_small_calibration_is_read():
    loaded = read_calibration(HERE / "small_calibration.yaml")
    calibration = loaded.calibration
    assert loaded.units == {"surge": "/h", "slow": "", "outward": "%"}
    assert set(loaded.template.names) == set(loaded.units)
    assert calibration.reported[1].outbound_share == 0.6
    assert (calibration.reported[0].within, calibration.reported[0].rounding) == (6000, 1000)
    assert calibration.observation.outlier.chance == 0.05
    assert [row.path for row in loaded.passports] == [
        "observation.spread.press", "reported[0].within", "reported[1].outbound_share",
    ]  # fmt: skip
    assert loaded.central.scenario.reported == calibration.reported
    assert loaded.central.scenario.crossings["pass"].demand["car"]["news"].step.rate == 90


def test_the_figures_follow_the_parameters():
    loaded = read_calibration(HERE / "small_calibration.yaml")
    scenario = loaded.template.scenario({"surge": 90, "slow": 1, "outward": 66}, loaded.units)
    assert scenario.reported[1].outbound_share == 0.66
    assert scenario.reported[0] == loaded.calibration.reported[0]


def test_a_calibration_without_parameters_can_be_read(folder):
    text = SMALL.replace("scenario: small_fitted", "scenario: small").replace("{calibrated: outward}", "60 %")
    head, rest = text.split("parameters:")
    path = folder / "c.yaml"
    path.write_text(head + "reported:" + rest.split("\nreported:")[1], encoding="utf-8")
    assert read_calibration(path).units == {}


def test_the_real_calibration_and_the_fitted_values_of_the_scenario_agree():
    loaded = read_calibration(ROOT / "calibration" / "verkhny_lars.yaml")
    fitted = load_fitted(ROOT / "calibration" / "verkhny_lars_fitted.yaml")
    assert {name: value.unit for name, value in fitted.values.items()} == loaded.units
    assert all(row.low <= row.value <= row.high for row in fitted.values.values())
    used = [row for row in loaded.calibration.reported if row.status == "used"]
    assert len(used) == 10
    assert len({row.group or row.id for row in used}) == 9
    scenario = load(ROOT / "scenarios" / "verkhny_lars.yaml")
    calibrated = [row for row in scenario.passports if (row.source or "").startswith("calibrated, see calibration/")]
    assert len(calibrated) >= len(loaded.units)
    assert all(row.uncertainty and row.reason for row in calibrated)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["new"])
def test_one_mistake_one_sentence(case, folder):
    assert SMALL.count(case["old"]) >= 1
    assert messages_of(folder, SMALL.replace(case["old"], case["new"], 1)) == [f"c.yaml:{case['message']}"]


def test_mistakes_of_the_scenario_are_said_of_the_scenario(folder):
    path = folder / "small_fitted.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("calibrated: surge", "calibrated: surg"), encoding="utf-8")
    assert messages_of(folder, SMALL) == [
        f"small_fitted.yaml:10:42: {RATE}: parameter 'surg' is not described and 'surge' (c.yaml:6:3) is not used; "
        "one of them is probably misspelt",
    ]
    path.write_text(text + "seed: -1\napply: [x]\n", encoding="utf-8")
    assert len(messages_of(folder, SMALL)) == 1
    path.write_text(text + "seed: -1\n", encoding="utf-8")
    assert messages_of(folder, SMALL)[0].startswith("small_fitted.yaml:11:7: seed: must be at least 0")
    path.write_text(text.replace("{calibrated: slow,", "{calibrated: slow, value: 3,"), encoding="utf-8")
    assert "unknown key 'value' beside 'calibrated'" in messages_of(folder, SMALL)[0]


def test_an_empty_file_is_no_calibration(folder):
    assert messages_of(folder, "") == ["c.yaml: is empty; expected a calibration"]


def test_sources_are_those_of_assumptions_priors_and_figures():
    rows = {row.path: row for row in sources(read_calibration(HERE / "small_calibration.yaml"))}
    assert list(rows) == [
        "observation.spread.press", "parameters.surge.prior", "parameters.slow.prior", "parameters.outward.prior",
        "reported[0].within", "reported.queue_25", "reported[1].outbound_share", "reported.crossed",
    ]  # fmt: skip
    assert rows["parameters.outward.prior"].value == {
        "unit": "%", "family": "normal", "low": 50, "high": 70, "mean": 60, "sd": 5,
    }  # fmt: skip
    figure = rows["reported.queue_25"]
    assert (figure.value, figure.source) == ("at least 3000, used", "an official (an agency)")
    assert (figure.date, figure.line) == ("2022-09-26", 29)


def test_some_figure_must_be_used(folder):
    text = SMALL.replace("qualifier: ", "status: rejected\n    qualifier: ")
    assert messages_of(folder, text) == ["c.yaml:20:1: reported: all figures are rejected; at least one must be used"]


def test_all_mistakes_at_once(folder):
    text = SMALL.replace("trust: official_count", "trust: officail").replace("spread: 0.3}", "spred: 0.3}")
    assert len(messages_of(folder, text.replace("rounding: 1000", "rounding: [1]"))) == 3


@pytest.mark.parametrize(
    ("prior", "centre", "ends"),
    [
        ({"family": "uniform", "low": 4, "high": 20}, 12, (4, 20)),
        ({"family": "loguniform", "low": 1, "high": 100}, 10, (1, 100)),
        ({"family": "normal", "mean": 38, "sd": 8, "low": 15}, 38, (15, 62)),
        ({"family": "lognormal", "median": 1, "spread": 0.5, "high": 5}, 1, (0.22313016, 5)),
    ],
)
def test_centre_and_ends_of_a_prior(prior, centre, ends):
    law = Prior.model_validate(prior)
    assert law.centre == centre
    assert law.ends == pytest.approx(ends)


def with_validation(folder: Path, more: str = "") -> Path:
    """The small calibration with its first figure for validation."""
    text = SMALL.replace("    qualifier: ", f"    status: validation\n{more}    qualifier: ", 1)
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    return folder / "c.yaml"


def test_a_figure_for_validation_is_left_out_unless_asked_for(folder):
    path = with_validation(folder, "    seen_before: true\n")
    fitted, everything = read_calibration(path), read_calibration(path, validation=True)
    first, *others = (row.id for row in everything.calibration.reported)
    assert everything.calibration.reported[0].seen_before
    assert [row.id for row in fitted.calibration.reported] == others
    assert [row.id for row in fitted.central.scenario.reported] == others
    assert first not in {row.id for row in fitted.rows_at({"surge": 90, "slow": 1, "outward": 66})}
    described = {row.path: row.value for row in sources(everything)}
    assert described[f"reported.{first}"].endswith("validation, seen before")


def test_figures_for_validation_alone_leave_nothing_to_fit(folder):
    text = SMALL.replace("qualifier: ", "status: validation\n    qualifier: ")
    message = "c.yaml:20:1: reported: no figure has the status 'used'; at least one must be used"
    assert messages_of(folder, text) == [message]


def test_only_a_figure_for_validation_can_have_been_seen_before(folder):
    text = SMALL.replace("    qualifier: ", "    seen_before: true\n    qualifier: ", 1)
    (message,) = messages_of(folder, text)
    assert message.endswith("seen_before is only for figures with status 'validation'")


def test_what_ends_after_a_date_is_not_fitted():
    loaded = read_calibration(ROOT / "calibration" / "verkhny_lars.yaml")
    early = targets(known_until(loaded, "2022-09-25").calibration)  # a day without a time is included
    assert known_until(loaded, "2022-09-25").calibration.known_until == datetime(2022, 9, 26)
    assert known_until(loaded, "2022-09-26T08:00").calibration.known_until == datetime(2022, 9, 26, 8)
    assert {target.row.id for target in early if target.fitted} == {
        row.id for row in loaded.calibration.reported if row.status == "used" and row.until <= datetime(2022, 9, 26)
    }
    assert any(target.fitted for target in early)
    assert not any(target.fitted for target in early if target.row.id == "length_12mi")
    assert known_until(loaded, None) is loaded


@pytest.mark.parametrize(("until", "what"), [("tomorrow", "expected a date"), ("2022-09-20", "no figure ends by then")])
def test_a_date_that_cannot_be_used_is_one_sentence(until, what):
    loaded = read_calibration(ROOT / "calibration" / "verkhny_lars.yaml")
    with pytest.raises(SimError, match=f"^--until.*{what}"):
        known_until(loaded, until)


@pytest.mark.parametrize(
    "name", ["verkhny_lars", "finland", "kazakhstan", "mongolia", "eu", "moscow_airports", "russia_2022"]
)
def test_nothing_later_than_27_september_is_fitted(name):
    loaded = read_calibration(ROOT / "calibration" / f"{name}.yaml")
    assert all(target.row.until <= datetime(2022, 9, 28) for target in targets(loaded.calibration) if target.fitted)


def test_the_first_scores_are_of_figures_for_validation():
    lines = (ROOT / "calibration" / "first_scores.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [
        row
        for name in ("verkhny_lars", "finland", "mongolia")
        for row in read_calibration(ROOT / "calibration" / f"{name}.yaml", validation=True).calibration.reported
    ]
    known = {row.id for row in rows if row.status == "validation" and not row.seen_before}
    scored = {line.split(",")[0] for line in lines}
    assert scored <= known
    assert known - scored == {
        "v14_russians_23_september", "v15_entered_20_september", "v15_entered_21_september",
    }  # fmt: skip
