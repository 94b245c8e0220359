"""A station where parties of an earlier rank interrupt the service of later ones."""

from __future__ import annotations

from typing import Any

from sim.engine.records import NEVER, Outcome, Records
from tests.engine.build import MINUTE, Play, minutes, scenario, set_by_hand

CAR, TRUCK, BUS = 0, 1, 2
DISCIPLINE = {"priority": [["bus"], ["truck"], ["car"]], "interrupts": True}


def play(engine: Play, arrivals: dict[str, list[float]], **station: Any) -> Records:
    """A desk of 5 min; `arrivals` in minutes by class."""
    desk = {"staffing": 1, "service_time": "5 min", "discipline": DISCIPLINE} | station
    game = scenario({"desk": desk}, initial_queue={cls: len(at) for cls, at in arrivals.items()})
    return engine(*set_by_hand(game, [at for cls in ("car", "truck", "bus") for at in arrivals.get(cls, [])]))


def crossed(records: Records) -> list[float | None]:
    return minutes(records.left_at[records.outcome == Outcome.CROSSED])


def test_the_interrupted_goes_on_where_it_was(engine: Play) -> None:
    records = play(engine, {"car": [0, 1], "bus": [2]})
    assert crossed(records) == [10, 15, 7]
    first = records.party == 0
    assert records.outcome[first].tolist() == [Outcome.INTERRUPTED, Outcome.CROSSED]
    assert minutes(records.started_at[first]) == [0, 7]  # before the car that has waited all the time
    assert minutes(records.left_at[first]) == [2, 10]


def test_interruptions_within_each_other(engine: Play) -> None:
    records = play(engine, {"car": [0], "truck": [1], "bus": [2]})
    assert crossed(records) == [15, 11, 7]


def test_the_last_rank_gives_way_and_of_that_the_last_to_begin(engine: Play) -> None:
    records = play(engine, {"car": [0, 1], "truck": [0], "bus": [2]}, staffing=3)
    assert [Outcome(o) for o in records.outcome.tolist()].count(Outcome.INTERRUPTED) == 1
    assert records.party[records.outcome == Outcome.INTERRUPTED].tolist() == [1]
    assert crossed(records) == [5, 9, 5, 7]


def test_equals_do_not_interrupt_each_other(engine: Play) -> None:
    assert crossed(play(engine, {"bus": [0, 1]})) == [5, 10]


def test_a_service_due_to_end_is_not_interrupted(engine: Play) -> None:
    assert crossed(play(engine, {"car": [0], "bus": [5]})) == [5, 10]


def test_those_who_come_into_the_hall_interrupt_at_once(engine: Play) -> None:
    """A car waits in the hall, a bus is blocked behind it: at minute 6 the car is called, the bus gets its place."""
    stations = {
        "gate": {"staffing": 3, "service_time": "1 min"},
        "desk": {"staffing": 1, "service_time": "5 min", "hall": 1, "discipline": DISCIPLINE},
    }
    game = scenario(stations, initial_queue={"car": 2, "bus": 1})
    records = engine(*set_by_hand(game, [0, 0, 0.5]))
    second = (records.party == 1) & (records.station == 1)
    assert minutes(records.started_at[second]) == [6, 11]
    assert minutes(records.left_at[second]) == [6, 16]
    assert crossed(records) == [6, 16, 11]


def test_staff_who_leave_do_not_interrupt_unless_the_file_says_so(engine: Play) -> None:
    steps = [{"from": "2022-09-21T00:01", "servers": 0}]
    records = play(engine, {"car": [0]}, staffing={"servers": 1, "steps": steps})
    assert crossed(records) == [5]
    records = play(engine, {"car": [0]}, staffing={"servers": 1, "steps": steps}, when_staff_leave="preempt")
    assert minutes(records.left_at) == [1, None]
    assert records.left_at[-1] == NEVER
    assert records.started_at[0] == 0 * MINUTE
