"""Calibrated values: where they stand, what they say of themselves, and what is said where they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sim.errors import ScenarioError
from sim.scenario.text import levers
from sim.scenario.text.fitted_values import load_fitted
from sim.scenario.text.load_scenario import Loaded, dump, from_tree, load, load_template

HERE = Path(__file__).parents[1]
BASE = load(HERE / "small.yaml")
FITTED = """
calibration: small_calibration.yaml
date: 2022-12-24
version: 0.0.0
posterior: none.parquet
values:
  surge: {value: 120, low: 100, high: 140, unit: /h, label: cars of the surge}
  slow: {value: 1.5, low: 1, high: 2}
  reach: {value: 6, low: 4, high: 8, unit: km}
  people: {value: 2.5, low: 2, high: 3}
"""
RATE, LAW = "rate: 90/h", "any: {party: 3 min}"
CASES = yaml.safe_load((HERE / "calibrated.yaml").read_text(encoding="utf-8"))
DISCIPLINE = "{priority: [[bypass], [foot], [car, truck]]}"


@pytest.fixture
def fitted(tmp_path: Path, small_text: str):
    """Write the small scenario with edits and a fitted file beside it; return the way to load it."""

    def write(*edits: tuple[str, str], values: str | None = FITTED, head: str = "calibrated: fit/x.yaml\n") -> Path:
        text = small_text
        for old, new in edits:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (tmp_path / "s.yaml").write_text(head + text, encoding="utf-8")
        (tmp_path / "fit").mkdir(exist_ok=True)
        if values is not None:
            (tmp_path / "fit" / "x.yaml").write_text(values, encoding="utf-8")
        return tmp_path / "s.yaml"

    return write


def step(loaded: Loaded):
    return loaded.scenario.crossings["pass"].demand["car"]["news"].step


def passport_law(loaded: Loaded):
    return loaded.scenario.crossings["pass"].stations["passport"].service_time["any"].party


def messages_of(path: Path, **options) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        load(path, **options)
    return str(error.value).replace(f"{path.parent}/", "").splitlines()


def test_a_value_stands_there_with_its_unit_and_its_passport(fitted):
    loaded = load(fitted((RATE, "rate: {calibrated: surge}"), ("mean: 2.9,", "mean: {calibrated: people},")))
    assert step(loaded).rate == 120
    assert loaded.scenario.classes["car"].people.mean == 2.5
    row = next(row for row in loaded.passports if row.path.endswith("step.rate"))
    assert (row.value, row.source, row.date, row.reason) == (
        "120/h", "calibrated, see fit/x.yaml", "2022-12-24", "cars of the surge",
    )  # fmt: skip
    assert row.uncertainty == {"low": "100/h", "high": "140/h"}
    assert loaded.tree["classes"]["car"]["people"]["mean"]["value"] == 2.5
    assert "calibrated" not in loaded.tree


def test_a_table_is_multiplied_as_an_intervention_would(fitted):
    table = "{calibrated: slow, times: {24 h: 2 %, 72 h: {value: 20 %, source: me}}}"
    edits = (LAW, "any: {calibrated: slow, times: {party: {mean: 3 min, family: gamma, cv: 50 %}}}"), (
        "{24 h: 0 %, 72 h: 20 %}", table,
    )  # fmt: skip
    loaded = load(fitted(*edits, ("staffing: 4\n", "staffing: {calibrated: slow, times: 3}\n")))
    crossing = loaded.scenario.crossings["pass"]
    assert (passport_law(loaded).mean, passport_law(loaded).cv) == (270, 0.5)
    assert crossing.behaviour["car"].balk.by_quoted_wait == ((86400, 0.03), (259200, 0.3))
    assert crossing.stations["gate"].staffing.servers == 5
    row = next(row for row in loaded.passports if row.path.endswith("gate.staffing"))
    assert (row.value, row.reason, row.uncertainty) == (5, "factor: times 1.5", {"low": 1.0, "high": 2.0})


def test_a_table_may_be_divided_and_be_a_reference_itself(fitted):
    divided = load(fitted((LAW, "any: {party: {calibrated: slow, divides: 3 min}}")))
    assert passport_law(divided).mean == 120
    product = load(fitted((RATE, "rate: {calibrated: people, times: {calibrated: slow, times: 20/h}}")))
    assert step(product).rate == pytest.approx(2.5 * 1.5 * 20)
    template = load_template(fitted((RATE, "rate: {calibrated: people, times: {calibrated: slow, times: 20/h}}")))
    assert set(template.names) == {"people", "slow"}
    with pytest.raises(ScenarioError, match="give 'times' or 'divides', not both"):
        load(fitted((RATE, "rate: {calibrated: slow, times: 3/h, divides: 3/h}")))


def test_a_table_over_the_men_stopped_is_multiplied_too(fitted):
    by_risk = "by_risk: {calibrated: slow, times: {1 %: 2 %, 5 %: 20 %}}"
    balk = load(fitted(("queue_over: 5000", by_risk))).scenario.crossings["pass"].behaviour["car"].balk
    assert balk.by_risk == ((0.01, 0.03), (0.05, 0.3))


@pytest.mark.parametrize("text", ["slow=2", "calibrated.slow = 2"])
def test_setting_a_fitted_number_names_the_paths_that_depend_on_it(fitted, text):
    path = fitted((RATE, "rate: {calibrated: people, times: {calibrated: slow, times: 20/h}}"))
    with pytest.raises(ScenarioError) as error:
        load(path, [text])
    (problem,) = error.value.problems
    depends = "crossings.pass.demand.car.news.step.rate"
    assert problem.what == f"'slow' is a fitted number; set what depends on it: {depends}"
    with pytest.raises(ScenarioError, match=r"'slow' is a fitted number; write calibrated\.slow"):
        levers.read(path).check("slow*")


def test_a_figure_may_be_read_by_a_calibrated_number(fitted):
    loaded = load(
        fitted(("    classes: [car]\n    from", "    classes: [car]\n    within: {calibrated: reach}\n    from"))
    )
    assert loaded.scenario.reported[0].within == 6000
    assert [row.value for row in loaded.passports if row.path == "reported[0].within"] == ["6 km"]


def test_the_resolved_tree_holds_the_values(fitted):
    path = fitted((RATE, "rate: {calibrated: surge}"), (LAW, "any: {calibrated: slow, times: {party: 3 min}}"))
    first = load(path)
    again = from_tree(first.tree)
    assert (again.scenario, again.scenario_hash) == (first.scenario, first.scenario_hash)
    path.with_name("r.yaml").write_text(dump(first.tree), encoding="utf-8")
    assert load(path.with_name("r.yaml")).scenario_hash == first.scenario_hash
    fitted((RATE, "rate: {calibrated: surge}"), values=FITTED.replace("value: 120", "value: 121"))
    assert load(path).scenario_hash != first.scenario_hash


def test_the_hash_does_not_depend_on_the_working_directory(fitted, monkeypatch):
    path = fitted((RATE, "rate: {calibrated: surge}"))
    far = load(path).scenario_hash
    monkeypatch.chdir(path.parent)
    assert load("s.yaml").scenario_hash == far


def test_set_replaces_and_scale_multiplies_the_value(fitted):
    path = fitted((RATE, "rate: {calibrated: surge}"), (LAW, "any: {calibrated: slow, times: {party: 3 min}}"))
    assert step(load(path, ["demand.car.news.step.rate=7/h"])).rate == 7
    assert passport_law(load(path, ["stations.passport.service_time.any.party=9 s"])).mean == 9
    more = "  more: {description: d, scale: {demand.car.news.step.rate: 2}}\n  twice_the_booths:"
    text = path.read_text(encoding="utf-8").replace("  twice_the_booths:", more)
    path.write_text(text, encoding="utf-8")
    assert step(load(path, intervene=["more"])).rate == 240
    assert load(path).scenario.interventions == {}
    path.write_text(text.replace("step.rate: 2}", "step.rate: {calibrated: slow}}"), encoding="utf-8")
    assert step(load(path, intervene=["more"])).rate == 180


def test_the_fitted_file_is_inherited_and_may_be_another(fitted):
    path = fitted((RATE, "rate: {calibrated: surge}"))
    folder = path.parent / "below"
    folder.mkdir()
    child = folder / "child.yaml"
    child.write_text("extends: ../s.yaml\n", encoding="utf-8")
    assert step(load(child)).rate == 120
    (folder / "other.yaml").write_text(FITTED.replace("value: 120", "value: 130"), encoding="utf-8")
    child.write_text("extends: ../s.yaml\ncalibrated: other.yaml\n", encoding="utf-8")
    assert step(load(child)).rate == 130
    passport = load(child).tree["crossings"]["pass"]["demand"]["car"]["news"]["step"]["rate"]
    assert passport["source"] == "calibrated, see other.yaml"


def test_a_reference_is_replaced_as_a_whole(fitted):
    path = fitted((LAW, "any: {calibrated: slow, times: {party: 3 min}}"))
    child = path.with_name("child.yaml")
    head = "extends: s.yaml\ncrossings: {pass: {stations: {passport: {service_time: {any: "
    for other, mean in (("{party: 7 s}", 7), ("{calibrated: slow, times: {party: 2 s}}", 3)):
        child.write_text(f"{head}{other}}}}}}}}}}}\n", encoding="utf-8")
        assert passport_law(load(child)).mean == mean


@pytest.mark.parametrize("case", CASES["references"], ids=lambda case: case["new"])
def test_one_mistake_one_sentence(case, fitted):
    path = "crossings.pass.demand.car.news.step.rate"
    assert messages_of(fitted((RATE, case["new"]))) == [f"s.yaml:{case['message'].format(path)}"]


@pytest.mark.parametrize("case", CASES["heads"], ids=lambda case: case["new"])
def test_a_wrong_name_of_the_fitted_file(case, fitted):
    assert messages_of(fitted((RATE, "rate: {calibrated: surge}"), head=case["new"] + "\n")) == [case["message"]]


def test_no_name_of_a_fitted_file(fitted):
    what = "'surge' is calibrated, but the scenario names no fitted file; add 'calibrated: FILE' at its top"
    what += " (`sim calibrate CALIBRATION --update` writes that file)"
    path = fitted((RATE, "rate: {calibrated: surge}"), head="")
    assert messages_of(path) == [f"s.yaml:66:64: crossings.pass.demand.car.news.step.rate: {what}"]


@pytest.mark.parametrize("case", CASES["fitted"], ids=lambda case: case["new"])
def test_a_broken_fitted_file(case, fitted):
    assert FITTED.count(case["old"]) == 1
    path = fitted((RATE, "rate: {calibrated: surge}"), values=FITTED.replace(case["old"], case["new"]))
    assert messages_of(path) == [f"fit/x.yaml:{case['message']}"]


def test_all_mistakes_at_once(fitted):
    path = fitted((RATE, "rate: {calibrated: x}"), (LAW, "any: {calibrated: slw, times: 3}"), ("seed: 7", "seed: -7"))
    assert [line.split(": ")[1] for line in messages_of(path)] == [
        "crossings.pass.stations.passport.service_time.any", "crossings.pass.demand.car.news.step.rate", "seed",
    ]  # fmt: skip


def test_load_fitted(fitted):
    path = fitted().parent / "fit" / "x.yaml"
    values = load_fitted(path).values
    assert (values["surge"].value, values["surge"].unit, values["slow"].unit) == (120, "/h", "")
    path.write_text("values: {}\nvalues: {}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="duplicate key 'values'"):
        load_fitted(path)


# shares


@pytest.mark.parametrize(
    ("shares", "car"),
    [
        ("{car: rest, bypass: 38 %, foot: 10 %, truck: 10 %}", 0.42),
        ("{bypass: 0.5, foot: 25 %, truck: 0.05, car: rest}", 0.2),
    ],
)
def test_one_share_may_be_the_rest(shares, car, small_text, tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(small_text.replace(DISCIPLINE, f"{{shares: {shares}}}"), encoding="utf-8")
    found = load(path).scenario.crossings["pass"].stations["passport"].discipline.shares
    assert found["car"] == car
    assert next(iter(found)) == shares[1:].split(":")[0]


# templates


UNITS = {"surge": "/h", "slow": ""}


def test_a_template_takes_any_values():
    open_ = load_template(HERE / "small_fitted.yaml")
    assert set(open_.names) == {"surge", "slow"}
    loaded = open_.loaded({"surge": 33.5, "slow": 2}, UNITS)
    assert (step(loaded).rate, passport_law(loaded).mean) == (33.5, 360)
    assert open_.scenario({"surge": 33.5, "slow": 2}, UNITS) == loaded.scenario
    same = open_.scenario({"surge": 90, "slow": 1}, UNITS)
    assert same.model_copy(update={"name": "small"}) == BASE.scenario


def test_sets_and_interventions_come_after_the_values():
    open_ = load_template(HERE / "small_fitted.yaml", ["demand.car.news.step.rate=7/h"], ["twice_the_booths"])
    assert open_.applied == ("twice_the_booths",)
    loaded = open_.loaded({"surge": 33.5, "slow": 2}, UNITS)
    assert (step(loaded).rate, loaded.applied) == (7, ("twice_the_booths",))
    assert loaded.scenario.crossings["pass"].stations["passport"].staffing.servers == 24
    assert open_.scenario({"surge": 33.5, "slow": 2}, UNITS) == loaded.scenario


def test_a_template_names_what_an_intervention_in_force_names(fitted):
    path = fitted(("stations.passport.staffing: 2", "stations.passport.staffing: {calibrated: slow}"))
    assert load_template(path).names == ()
    assert load_template(path, intervene=["twice_the_booths"]).names == ("slow",)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"surge": -1, "slow": 1}, "news.step.rate: must be at least 0; got '-1/h'; allowed 0 to 1e+06/h"),
        (
            {"surge": 1, "slow": 1e6},
            "passport.service_time.any.party: must be at most 366 d; got '3000000 min'; allowed 0 to 366 d",
        ),
        ({"surge": 1}, "passport.service_time: unknown parameter 'slow'; the fitted parameters are surge"),
    ],
)
def test_an_impossible_value(values, sentence):
    open_ = load_template(HERE / "small_fitted.yaml")
    for read in (open_.scenario, open_.loaded):
        with pytest.raises(ScenarioError) as error:
            read(values, UNITS)
        assert sentence in str(error.value)


def test_a_template_of_a_bad_file(fitted):
    with pytest.raises(ScenarioError, match="unknown intervention 'x'"):
        load_template(HERE / "small.yaml", intervene=["x"])
    path = fitted(("reported:\n", "nothing: []\nreported: no.yaml\nrows:\n"))
    with pytest.raises(ScenarioError, match="reported: there is no file"):
        load_template(path)
