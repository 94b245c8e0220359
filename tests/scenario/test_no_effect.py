"""What is allowed and cannot do what it says gets a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.checks.warnings import warning_lines, ways
from sim.scenario.text.load_scenario import load

PLAIN = """
name: post
title: A post
clock: {timezone: UTC, t0: 2025-06-02, start: 2025-06-02T08:00, horizon: 2025-06-02T11:00}
classes: {car: {traits: {a: 50 %, b: 20 %}}, foot: {}}
crossings:
  p:
    stations:
      x: {staffing: 2, service_time: 1 min}
      y: {staffing: 2, service_time: 1 min}
    demand: {car: {d: {constant: {rate: 60/h}}}, foot: {d: {constant: {rate: 20/h}}}}
"""
X = "x: {staffing: 2,"


def warnings(folder: Path, *pairs: tuple[str, str]) -> list[str]:
    text = PLAIN
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    loaded = load(folder / "s.yaml")
    return [*loaded.notes, *warning_lines(loaded.scenario, loaded.interventions, loaded.applied)]


def test_a_plain_file_is_not_doubted(tmp_path: Path) -> None:
    assert warnings(tmp_path) == []


def test_conditions_that_cover_everybody_are_not_doubted(tmp_path: Path) -> None:
    pairs = [("x: {", "x: {serves: [car], only: when a, "), ("y: {", "y: {serves: [car], only: unless a, ")]
    booth = ("    demand:", "      z: {serves: [foot], staffing: 2, service_time: 1 min}\n    demand:")
    assert warnings(tmp_path, *pairs, booth) == []


def test_conditions_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="'when a' and 'unless a' exclude each other, so nobody can stop here"):
        warnings(tmp_path, ("x: {", "x: {only: [when a, unless a], "))


def test_a_condition_on_a_trait_of_other_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"no class that the station serves \(foot\) has 'a' among its traits"):
        warnings(tmp_path, ("x: {", "x: {serves: [foot], only: when a, "))


@pytest.mark.parametrize(
    ("new", "line"),
    [
        (
            "x: {staffing: {servers: 2, reacts: {open_above: 9, at_most: 1}},",
            "staffing.reacts.at_most: is below the 2 servers of the plan, so that planned servers are sent home; got 1",
        ),
        (
            "x: {staffing: {servers: 2, reacts: {open_above: 9, at_most: 3, checked_every: 5 h}},",
            "staffing.reacts.checked_every: is as long as the run (3 h), so the control never acts; got 5 h",
        ),
        (
            "x: {staffing: {servers: 2, reacts: {open_above: 9, at_most: 3, delay: 10 h}},",
            "staffing.reacts.delay: is as long as the run (3 h), so the control never takes effect; got 10 h",
        ),
        (
            f"{X} lightened: {{above: 9, below: 5, scale_service: 0.5, at_least_for: 30 h}},",
            "lightened.at_least_for: is as long as the run (3 h), so the control turns once; got 30 h",
        ),
        (
            f"{X} outages: {{every: 1 h, lasts: 5 min, takes: 5}},",
            "outages.takes: is more than the 2 servers here; got 5; write 'all' if that is meant",
        ),
        (f"{X} patience: 0 s,", "patience: is 0, so that everybody who has to wait reneges"),
        (
            f"{X} sent_aside: {{to: x, share: 5 %}},",
            "sent_aside.to: names the station itself, so that parties queue at 'x' again",
        ),
        (
            f"{X} serves: [foot], scale_service: {{when a: 2}},",
            "scale_service.when a: no class that the station serves (foot) has the trait 'a', so this has no effect",
        ),
        (
            f"{X} sent_aside: {{to: y, share: {{bus: 5 %}}}},",
            "sent_aside.share.bus: class 'bus' is not described under 'classes' (car, foot), so this has no effect",
        ),
    ],
)
def test_what_has_no_effect_is_said(tmp_path: Path, new: str, line: str) -> None:
    assert warnings(tmp_path, (X, new)) == [f"crossings.p.stations.x.{line}"]


def test_all_servers_may_be_out_of_order(tmp_path: Path) -> None:
    assert warnings(tmp_path, (X, f"{X} outages: {{every: 1 h, lasts: 5 min, takes: all}},")) == []


def test_a_run_without_demand_is_doubted(tmp_path: Path) -> None:
    demand = PLAIN[PLAIN.index("    demand:") :]
    assert warnings(tmp_path, (demand, "")) == [
        "crossings: nobody comes: no crossing has 'demand' or an 'initial_queue'"
    ]


def test_only_classes_that_may_be_sent_aside_pass_the_station(tmp_path: Path) -> None:
    warnings(tmp_path, (X, f"{X} sent_aside: {{to: y, share: {{foot: 5 %}}}},"))
    found = ways(load(tmp_path / "s.yaml").scenario)["p"]
    assert found == {"car": ["x", "y"], "foot": ["x", "y (if sent aside)", "y"]}


def test_a_misspelt_class_in_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("at,class,parties\n08:10,car,5\n08:20,foto,5\n09:10,foot,4\n", encoding="utf-8")
    rates = ("car: {d: {constant: {rate: 60/h}}}, foot: {d: {constant: {rate: 20/h}}}",
             "car: {d: {schedule: c.csv}}, foot: {d: {schedule: c.csv}}")  # fmt: skip
    what = "no part of the demand takes the rows of class 'foto'; did you mean 'foot'?"
    assert warnings(tmp_path, rates) == [f"{tmp_path}/c.csv:3:1: {what}"]
