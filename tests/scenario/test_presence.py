"""A station need only fit those who may come to it: by their way, or sent there by another station."""

from __future__ import annotations

from typing import Any

import pytest

from sim.scenario.checks.crossings import check
from sim.scenario.checks.presence import comers
from sim.scenario.model.scenario import Scenario

CLASSES = {
    "resident": {"kind": "foot", "people": 2, "traits": {"chip": "60 %"}},
    "coach": {"kind": "bus", "people": 50},
}
ROOM = "the hall has room for 5 people, and a coach may have 50; it could never enter"


def hall(gates: dict[str, Any], bay: dict[str, Any], desks: dict[str, Any] | None = None) -> Any:
    """Gates for residents with a chip, desks for all, and a bay beside the way to which the gates send some."""
    service = {"staffing": 2, "service_time": "30 s"}
    to_bay = {"sent_aside": {"to": "bay", "share": "10 %"}}
    stations = {
        "gates": service | {"only": "when chip"} | to_bay | gates,
        "desks": service | (desks or {}),
        "bay": service | {"only_sent_on": True} | bay,
    }
    demand = {cls: {"everyday": {"constant": {"rate": "20/h"}}} for cls in CLASSES}
    clock = {"timezone": "UTC", "t0": "2025-06-02", "start": "2025-06-02", "horizon": "2025-06-03"}
    return Scenario.model_validate(
        {"name": "hall", "title": "Hall", "clock": clock, "classes": CLASSES,
         "crossings": {"x": {"stations": stations, "demand": demand}}}
    )  # fmt: skip


@pytest.mark.parametrize(
    "bay", [{"hall": {"people": 5}}, {"serves": ["resident"]}, {"service_time": {"resident": {"party": "1 min"}}}]
)
def test_those_who_are_never_sent_there_do_not_matter(bay: dict[str, Any]) -> None:
    game = hall({}, bay)
    assert list(check(game)) == []
    assert comers(game, game.crossings["x"]) == {
        "gates": ["resident"], "desks": ["resident", "coach"], "bay": ["resident"]
    }  # fmt: skip


@pytest.mark.parametrize(
    "desks",
    [
        {"sent_aside": {"to": "bay", "share": "5 %"}},
        {"sent_aside": {"to": "bay", "share": {"when chip": 0, "coach": 0.1}}},
    ],
)
def test_those_whom_another_station_sends_do(desks: dict[str, Any]) -> None:
    assert [what for _, what in check(hall({}, {"hall": {"people": 5}}, desks))] == [ROOM]
    (fault,) = check(hall({}, {"serves": ["resident"]}, desks))
    assert fault[1] == "station 'bay' does not serve coach, who may be sent there"
