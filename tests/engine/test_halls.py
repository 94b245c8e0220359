"""Halls: no places at all, and room for people or metres."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.build import Play, minutes, scenario, set_by_hand


def line(hall: Any, cars: int, people: int = 1, **desk: Any) -> Any:
    """A gate of 1 min with a server, and a desk of 5 min behind a hall."""
    stations = {
        "gate": {"staffing": 1, "service_time": "1 min"},
        "desk": {"staffing": 1, "service_time": "5 min", "hall": hall} | desk,
    }
    return scenario(stations, classes={"car": {"people": people}}, initial_queue={"car": cars})


def leave_gate(engine: Play, game: Any) -> list[float | None]:
    records = engine(*set_by_hand(game, [0] * game.crossings["x"].initial_queue["car"].parties))
    return minutes(records.left_at[records.station == 0])


def test_without_places_parties_move_up_only_to_a_free_server(engine: Play) -> None:
    assert leave_gate(engine, line(0, 4)) == [1, 6, 11, 16]
    assert leave_gate(engine, line(0, 4, staffing=2)) == [1, 2, 6, 7]
    assert leave_gate(engine, line(1, 4)) == [1, 2, 6, 11]


def test_without_places_staff_who_come_fetch_those_who_are_blocked(engine: Play) -> None:
    steps = [{"from": "2022-09-21T00:03", "servers": 2}, {"from": "2022-09-21T01:00", "servers": 0}]
    assert leave_gate(engine, line(0, 3, staffing={"servers": 0, "steps": steps})) == [3, 4, 8]


@pytest.mark.parametrize(("hall", "expected"), [({"people": 7}, [1, 2, 6, 11]), ({"people": 8}, [1, 2, 3, 6])])
def test_room_for_people(engine: Play, hall: dict[str, int], expected: list[float]) -> None:
    """Cars of four: one of them in a hall for seven, two in a hall for eight."""
    assert leave_gate(engine, line(hall, 4, people=4)) == expected


@pytest.mark.parametrize(("length", "expected"), [("13.9 m", [1, 2, 6, 11]), ("14 m", [1, 2, 3, 6])])
def test_room_for_metres(engine: Play, length: str, expected: list[float]) -> None:
    """Cars of 7 m."""
    assert leave_gate(engine, line({"length": length}, 4)) == expected
