"""The dated events of a scenario, in words."""

from __future__ import annotations

import pytest

from sim.plotting.rail import change_words, events
from sim.scenario.model.changes import Change
from sim.scenario.model.scenario import Scenario
from tests.plotting import synthetic


def test_events_come_from_the_scenario_in_order() -> None:
    found = [(f"{event.at:%d %b %H:%M}", event.words) for event in events(synthetic.scenario(), synthetic.CROSSING)]
    assert found == [
        ("21 Sep 10:00", "mobilisation announced (cars)"),
        ("24 Sep 00:00", "leaving the vehicle begins"),
        ("26 Sep 09:00", "rumour of closure (cars)"),
        ("26 Sep 18:00", "draft screening begins"),
        ("27 Sep 18:00", "enlistment office begins"),
        ("28 Sep 00:00", "non-local cars barred (90 %)"),
        ("28 Sep 00:00", "draft screening: 8 servers"),
        ("29 Sep 00:00", "walkers closed"),
        ("29 Sep 00:00", "bypass ends"),
        ("01 Oct 00:00", "draft screening: 60 % of men checked"),
        ("03 Oct 00:00", "walkers open again"),
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"close": True}, "crossing closed"),
        ({"close": True, "classes": ["car", "bus"]}, "cars and buses closed"),
        ({"close": True, "stations": ["exit_cars"]}, "exit cars closed"),
        ({"open": True, "classes": ["foot"]}, "walkers open"),
        ({"servers": 1, "stations": ["gate"]}, "gate: 1 server"),
        ({"add_servers": 3, "stations": ["gate"]}, "gate: +3 servers"),
        ({"scale_servers": 2, "stations": ["gate"]}, "gate: servers × 2"),
        ({"intensity": "40 %", "stations": ["gate"]}, "gate: 40 % of men checked"),
        ({"scale_demand": 0.5, "classes": ["car"]}, "demand of cars × 0.5"),
        ({"scale_demand": 1.5}, "demand × 1.5"),
        ({"scale_demand": 2, "demand": ["surge"], "classes": ["car"]}, "demand of cars (surge) × 2"),
        ({"bar_non_local": "100 %"}, "non-local vehicles barred"),
    ],
)
def test_every_change_has_its_words(change: dict[str, object], expected: str) -> None:
    assert change_words(Change.model_validate(change)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"bar_non_local": "90 %", "classes": ["car"]}, "non-local cars barred"),
        ({"scale_demand": 1.5}, "demand changes"),
        ({"intensity": "40 %", "stations": ["gate"]}, "gate: another share of men checked"),
    ],
)
def test_what_is_drawn_anew_stands_without_its_number(change: dict[str, object], expected: str) -> None:
    assert change_words(Change.model_validate(change), sampled=True) == expected


def test_events_of_drawn_parameters() -> None:
    found = [event.words for event in events(synthetic.scenario(), synthetic.CROSSING, sampled=True)]
    assert "non-local cars barred" in found
    assert not any("%" in words for words in found)


def test_events_outside_the_run_are_left_out() -> None:
    clock = {"timezone": "Europe/Moscow", "t0": "2022-09-21", "start": "2022-09-27", "horizon": "2022-09-29"}
    found = events(Scenario.model_validate(synthetic.tree(clock=clock)), synthetic.CROSSING)
    assert {event.at.day for event in found} == {27, 28}


def test_many_events_keep_the_telling_ones() -> None:
    tree = synthetic.tree()
    steps = [{"from": f"2022-09-{day}", "servers": day} for day in range(15, 30)]
    tree["crossings"][synthetic.CROSSING]["stations"]["gate"]["staffing"] = {"servers": 2, "steps": steps}
    found = [event.words for event in events(Scenario.model_validate(tree), synthetic.CROSSING)]
    assert len(found) == 14
    assert "draft screening begins" in found
