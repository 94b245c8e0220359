"""What `sim check` says of valid scenarios: the way of each class."""

from __future__ import annotations

from typing import Any

import pytest

from sim.scenario.checks.crossings import check
from sim.scenario.checks.warnings import warnings_of, ways
from sim.scenario.text.load_scenario import load
from tests.engine.build import scenario


def test_stations_of_one_class_are_passed_one_after_the_other() -> None:
    lane = {"serves": ["car"], "staffing": 1, "service_time": "1 min"}
    both = {**lane, "serves": ["car", "bus"]}
    example = scenario({"lane_a": lane, "lane_b": lane, "merged": both}, demand={"car": "1/h", "bus": "1/h"})
    assert ways(example) == {"x": {"car": ["lane_a", "lane_b", "merged"], "bus": ["merged"]}}


def test_a_station_for_those_sent_on_is_named_where_they_are_sent() -> None:
    way = ways(load("truck_terminal").scenario)["terminal"]
    assert way == {"truck": ["gate", "weighing (if sent aside)", "yard", "inspection (if sent aside)"]}


def test_a_queue_of_classes_that_do_not_come_is_refused() -> None:
    station = {"s": {"staffing": 1, "service_time": "1 min"}}
    behaviour = {"car": {"balk": {"queue_over": 2, "queue_of": ["truck"]}}}
    tree = scenario(station, demand={"car": "1/h"}, behaviour=behaviour)
    only_cars = tree.model_copy(update={"classes": {"car": tree.classes["car"]}})
    assert any("class 'truck' is not described" in what for _, what in check(only_cars))


def test_those_who_come_from_the_road_take_no_room_in_their_first_zone() -> None:
    booth = {"staffing": 1, "service_time": "1 min"}
    stations = {
        "a": {**booth, "serves": ["car"], "hall": "one"},
        "b": {**booth, "serves": ["truck"], "hall": "two"},
        "c": {**booth, "serves": ["car"], "hall": "two"},
        "d": {**booth, "serves": ["truck"], "hall": "one"},
    }
    zones = {"one": {"capacity": 2}, "two": {"capacity": 2}}
    assert list(warnings_of(scenario(stations, zones=zones, demand={"car": "20/h", "truck": "20/h"}))) == []


def test_a_shared_server_held_by_those_from_the_road_can_block_the_zone_behind_it() -> None:
    booth = {"staffing": 1, "service_time": "1 min"}
    stations = {
        "scales": {**booth, "serves": ["truck"]},
        "customs": {**booth, "serves": ["truck"], "hall": "yard"},
        "gate": {**booth, "serves": ["car", "truck"], "hall": 1},
        "papers": {**booth, "serves": ["car"], "hall": "yard"},
    }
    tree = scenario(stations, zones={"yard": {"capacity": 3}}, demand={"car": "20/h", "truck": "20/h"})
    ((_, what),) = warnings_of(tree)
    assert "class 'truck' waits in zone 'yard' for the hall of 'gate'" in what
    assert "class 'truck' waits in the hall of 'gate' behind class 'car', which waits for zone 'yard'" in what


BOOTH = {"staffing": 1, "service_time": "1 min"}


@pytest.mark.parametrize(
    ("stations", "share"),
    [
        ({"x": {"only": "when a"}}, "50 %"),
        ({"x": {"only": ["when a", "unless a"]}, "y": {"only": "when a"}}, "50 %"),
        ({"x": {"only": ["when a", "when b"]}, "y": {"only": "unless a"}}, "40 %"),
        ({"x": {"only": ["when a", "unless a"]}}, "100 %"),
        ({"x": {"only": "when c"}}, "100 %"),  # a trait of another class
        ({"x": {"only": "when a"}, "y": {"active_from": "2022-09-21T06:00"}}, "50 %"),
        ({"x": {"active_until": "2022-09-21T06:00"}}, "100 % of class 'car' stop at no station from 2022-09-21T06:00"),
        ({"x": {"only": "when a"}, "y": {"only": "unless a"}}, None),
        ({"x": {"only": ["when a", "when b"]}, "y": {"only": "unless a"}, "z": {"only": "unless b"}}, None),
    ],
)
def test_parties_that_stop_at_no_station_are_told(stations: dict[str, Any], share: str | None) -> None:
    classes = {"car": {"traits": {"a": "50 %", "b": "20 %"}}, "bus": {"traits": {"c": "50 %"}}}
    described = {name: BOOTH | more for name, more in stations.items()}
    tree = scenario(described, classes=classes, demand={"car": "20/h"})
    said = [what for _, what in warnings_of(tree) if "stop at no station" in what]
    assert len(said) == (share is not None)
    assert share is None or f"about {share}" in said[0]
