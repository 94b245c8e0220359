"""Parties that block each other for ever, told from those that are only blocked."""

from __future__ import annotations

from typing import Any

import pytest

from sim.engine.compiled import engine as compiled
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.deadlock import deadlocked
from sim.measures.names import Key
from sim.scenario.checks.warnings import warnings_of
from tests.engine.build import scenario

FIVE = {"staffing": 1, "service_time": "5 min"}
OPPOSITE = {
    "gate": {"serves": ["car", "truck"], "staffing": 2, "service_time": "1 min"},
    "car_customs": {**FIVE, "serves": ["car"], "hall": "north"},
    "truck_scales": {**FIVE, "serves": ["truck"], "hall": "south"},
    "car_passports": {**FIVE, "serves": ["car"], "hall": "south"},
    "truck_passports": {**FIVE, "serves": ["truck"], "hall": "north"},
}
ZONES = {"north": {"capacity": 3}, "south": {"capacity": 3}}


def parties(stations: dict[str, Any], **rest: Any) -> float:
    example = scenario(stations, initial_queue={"car": 30, "truck": 30}, **rest)
    plan = lower(example)
    return dict(deadlocked(plan, compiled.play(plan, draw(example, plan, 1, 0))))[Key("x", "deadlocked_parties")]


def test_two_zones_in_opposite_order_are_warned_of_and_counted() -> None:
    (warning,) = warnings_of(scenario(OPPOSITE, zones=ZONES, initial_queue={"car": 30, "truck": 30}))
    assert "class 'car' waits in zone 'north' for zone 'south'" in warning[1]
    assert "class 'truck' waits in zone 'south' for zone 'north'" in warning[1]
    assert parties(OPPOSITE, zones=ZONES) >= 8  # two zones of three, and the servers before them


@pytest.mark.parametrize("station", ["car_passports", "truck_passports"])
def test_with_a_hall_of_its_own_one_class_gets_through(station: str) -> None:
    stations = {**OPPOSITE, station: {**OPPOSITE[station], "hall": 3}}
    assert list(warnings_of(scenario(stations, zones=ZONES, initial_queue={"car": 30, "truck": 30}))) == []
    assert parties(stations, zones=ZONES) == 0


def test_who_is_blocked_by_a_station_without_staff_is_not_in_a_deadlock() -> None:
    stations = {"a": FIVE, "b": {**FIVE, "staffing": 0, "hall": 2}}
    assert parties(stations) == 0
