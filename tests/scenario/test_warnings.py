"""What `sim check` says of valid scenarios: the way of each class."""

from __future__ import annotations

from sim.scenario.checks.warnings import ways
from sim.scenario.text.load_scenario import load
from tests.engine.build import scenario


def test_stations_of_one_class_are_passed_one_after_the_other() -> None:
    lane = {"serves": ["car"], "staffing": 1, "service_time": "1 min"}
    both = {**lane, "serves": ["car", "bus"]}
    example = scenario({"lane_a": lane, "lane_b": lane, "merged": both}, demand={"car": "1/h", "bus": "1/h"})
    assert ways(example) == {"x": {"car": ["lane_a", "lane_b", "merged"], "bus": ["merged"]}}


def test_a_station_for_those_sent_on_is_named_where_they_are_sent() -> None:
    way = ways(load("us_land_port").scenario)["port"]
    assert way == {"car": ["primary", "secondary (if sent on)"]}
