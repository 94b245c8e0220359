"""Rules that other rules leave no effect are not listed below a picture; those that keep a part of it are."""

from __future__ import annotations

from typing import Any

import pytest

from sim.plotting.rail import events
from sim.scenario.model.scenario import Scenario
from tests.plotting import synthetic

SCREENING, OFFICE = "draft screening begins", "enlistment office begins"
CHECKED, BARRED = "draft screening: 60 % of men checked", "non-local cars barred (90 %)"
CLOSED, REOPENED = "walkers closed", "walkers open again"
LEAVING, BYPASS, RUMOUR = "leaving the vehicle begins", "bypass ends", "rumour of closure (cars)"


def listed(*added: dict[str, Any], behaviour: dict[str, Any] | None = None) -> set[str]:
    tree = synthetic.tree()
    place = tree["crossings"][synthetic.CROSSING]
    place["changes"] += added
    place["behaviour"]["car"] |= behaviour or {}
    return {event.words for event in events(Scenario.model_validate(tree), synthetic.CROSSING)}


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({"stations": ["draft_screening"], "intensity": "0 %"}, {SCREENING, OFFICE, CHECKED}),
        ({"stations": ["draft_screening"], "intensity": "10 %"}, {CHECKED}),
        ({"stations": ["draft_screening"], "intensity": "0 %", "until": "2022-10-01"}, set()),
        ({"stations": ["draft_screening"], "intensity": "0 %", "until": "2022-09-30"}, set()),
        ({"classes": ["car"], "bar_non_local": "0 %"}, {BARRED}),
        ({"bar_non_local": "0 %", "from": "2022-09-28"}, {BARRED}),
        ({"classes": ["truck"], "bar_non_local": "0 %"}, set()),
        ({"classes": ["car"], "bar_non_local": "0 %", "from": "2022-09-29"}, set()),
        ({"classes": ["foot", "bike"], "open": True}, {CLOSED, REOPENED}),
        ({"classes": ["foot"], "stations": ["gate"], "open": True}, set()),
        ({"stations": ["enlistment_office"], "close": True}, {OFFICE}),
        ({"stations": ["enlistment_office"], "classes": ["car"], "close": True}, set()),
        ({"stations": ["draft_screening"], "close": True}, {SCREENING, OFFICE}),
        ({"classes": ["car"], "scale_demand": 0, "demand": ["rumour_of_closure"]}, {RUMOUR}),
        ({"classes": ["car"], "scale_demand": 0, "demand": ["rumour_of_closure"], "from": "2022-09-27"}, set()),
        ({"classes": ["car"], "scale_demand": 0.5, "demand": ["rumour_of_closure"]}, set()),
        ({"classes": ["truck"], "scale_demand": 0}, set()),
    ],
)
def test_a_change_for_the_whole_time_of_a_rule_removes_it(change: dict[str, Any], gone: set[str]) -> None:
    assert listed() - listed(change) == gone


@pytest.mark.parametrize("factor", ["scale_servers", "scale_service", "scale_patience"])
def test_a_factor_of_one_is_no_event(factor: str) -> None:
    change = {"from": "2022-09-30", "stations": ["gate"]}
    assert listed(change | {factor: 1}) == listed()
    assert listed(change | {factor: 2}) - listed()


def test_a_number_of_servers_overrides_factors_and_no_factor_overrides_it() -> None:
    twice, three = {"stations": ["gate"], "scale_servers": 2}, {"stations": ["gate"], "servers": 3}
    dated = {"from": "2022-09-30"}
    assert listed(twice | dated, three) == listed()
    assert listed(three | dated, twice) - listed() == {"gate: 3 servers"}


def test_an_office_opened_again_is_at_work() -> None:
    close = {"stations": ["enlistment_office"], "close": True}
    assert OFFICE in listed(close, {"stations": ["enlistment_office"], "open": True, "from": "2022-10-01"})


def test_the_same_change_twice_is_listed() -> None:
    change = {"from": "2022-09-30", "stations": ["gate"], "servers": 3}
    assert listed(change, change) - listed() == {"gate: 3 servers"}


def test_ways_that_nobody_takes_are_left_out() -> None:
    nobody = {"change_mode": {"by_quoted_wait": "0 %/h", "from": "2022-09-24"}}
    assert listed() - listed(behaviour=nobody) == {LEAVING}
    bypass = {"joins": "exit_cars", "until": "2022-09-29"}
    assert listed() - listed(behaviour={"bypass": bypass}) == {BYPASS}
    assert BYPASS in listed(behaviour={"bypass": bypass | {"local": "50 %"}})
