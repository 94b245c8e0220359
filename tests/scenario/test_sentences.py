"""Every mistake in the small scenario, and the sentence it gets (sentences.yaml)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sim import units
from sim.errors import ScenarioError
from sim.scenario.checks.limits import _shown
from sim.scenario.text.load_scenario import load

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "sentences.yaml").read_text(encoding="utf-8"))
SETS = CASES.pop("sets")
ALL = [tuple(case.values()) for group in CASES.values() for case in group]
ALONE = [tuple(case.values()) for group in ("fields", "passports") for case in CASES[group]]
SIZES = [tuple(case.values()) for case in CASES["sizes"]]


@pytest.mark.parametrize(("old", "new", "message"), ALL)
def test_one_mistake_one_sentence(old, new, message, small_text, problems_of):
    assert small_text.count(old) >= 1
    assert f"s.yaml:{message}" in problems_of(small_text.replace(old, new, 1))


@pytest.mark.parametrize(("old", "new", "message"), [*ALONE, *SIZES])
def test_and_no_second_one(old, new, message, small_text, problems_of):
    assert problems_of(small_text.replace(old, new, 1)) == [f"s.yaml:{message}"]


def test_all_mistakes_at_once(small_text, problems_of):
    text = small_text
    for old, new, _ in (ALONE[0], ALONE[4], ALONE[-6], ALONE[-5]):
        text = text.replace(old, new, 1)
    assert len(problems_of(text)) == 4


def test_a_route_that_never_begins(small_text, problems_of):
    text = small_text.replace("staffing: 4\n", "staffing: 4\n        serves: [car, foot]\n", 1)
    text = text.replace("serves: [car, truck, foot]", "serves: [car]")
    text = text.replace("      passport:\n", "      passport:\n        serves: [car, foot, truck]\n", 1)
    assert problems_of(text) == []
    message = "s.yaml:70:7: crossings.pass.demand.truck: no station serves class 'truck', so it has no route"
    assert problems_of(text.replace("serves: [car, foot, truck]", "serves: [car, foot]")) == [message]


def test_nobody_is_deterred_where_nobody_is_screened(small_text, problems_of):
    begin, end = small_text.index("        screening:\n"), small_text.index("      entry:\n")
    text = small_text[:begin] + small_text[end:].replace("queue_over: 5000", "by_risk: 10 %")
    text = text.replace("  no_screening:\n    description: Nobody is checked.\n", "")
    text = text.replace("    set: {stations.passport.screening.intensity: 0 %}\n", "")
    what = "no station here has 'screening', so no men are stopped; add it to a station, or remove by_risk"
    assert problems_of(text) == [f"s.yaml:63:25: crossings.pass.behaviour.car.balk.by_risk: {what}"]


def test_at_most_64_stations(small_text, problems_of):
    more = "".join(f"      extra_{i}: {{staffing: 1, service_time: 1 s}}\n" for i in range(62))
    problems = problems_of(small_text.replace("    demand:\n", f"{more}    demand:\n", 1))
    assert problems == ["s.yaml:23:1: crossings: a scenario may have at most 64 stations; got 66"]


@pytest.mark.parametrize("case", SETS, ids=lambda case: case["set"])
def test_set_refuses(case):
    with pytest.raises(ScenarioError) as error:
        load(HERE / "small.yaml", [case["set"]])
    assert str(error.value) == case["message"]


@pytest.mark.parametrize(
    ("least_s", "shown"), [(276_140, "3.2 d"), (44, "44 s"), (0.346, "0.346 s"), (89.95, "1.5 min"), (3601, "1.01 h")]
)
def test_the_smallest_interval_is_advised_in_a_unit_to_read_and_is_enough(least_s: float, shown: str) -> None:
    assert _shown(least_s) == shown
    assert units.parse("time", shown) >= least_s
