"""What happens when several things fall on the same millisecond, and the other written rules of order."""

from __future__ import annotations

from typing import Any

import pytest

from sim.engine.records import Outcome
from tests.engine.build import Play, minutes, outcomes, played, scenario, set_by_hand

TEN = "10 min"


def one_station(parties: int, station: dict[str, Any] | None = None, **rest: Any) -> Any:
    stations = {"s": {"staffing": 1, "service_time": TEN} | (station or {})}
    return scenario(stations, initial_queue={"car": parties}, **rest)


def test_shift_change_at_the_instant_of_an_arrival_comes_first(engine: Play) -> None:
    steps = {
        "servers": 0,
        "steps": [{"from": "2022-09-21T01:00", "servers": 1}, {"from": "2022-09-21T02:00", "servers": 0}],
    }
    records = engine(*set_by_hand(one_station(2, {"staffing": steps}), [60, 120]))
    assert minutes(records.started_at) == [60, None]


def test_patience_that_ends_when_a_server_frees_is_served(engine: Play) -> None:
    game = one_station(3, {"patience": TEN})
    records = engine(*set_by_hand(game, [0, 0, 0.5]))
    assert outcomes(records) == [Outcome.CROSSED, Outcome.CROSSED, Outcome.RENEGED]
    assert minutes(records.left_at) == [10, 20, 10.5]


def test_patience_of_zero_waits_for_nobody_but_is_served_at_once(engine: Play) -> None:
    records = engine(*set_by_hand(one_station(2, {"patience": "0 s"}), [5, 5]))
    assert outcomes(records) == [Outcome.CROSSED, Outcome.RENEGED]
    assert minutes(records.left_at) == [15, 5]


def test_arrivals_at_one_millisecond_are_called_in_order_of_the_tape(engine: Play) -> None:
    records = engine(*set_by_hand(one_station(4), [3, 3, 3, 3]))
    assert minutes(records.started_at) == [3, 13, 23, 33]


def test_services_of_no_time_follow_each_other_within_one_millisecond(engine: Play) -> None:
    records = engine(*set_by_hand(one_station(3, {"service_time": "0 s"}), [7, 7, 7]))
    assert minutes(records.left_at) == [7, 7, 7]


def test_closure_in_the_middle_of_a_service_lets_it_finish(engine: Play) -> None:
    closed = [{"from": "2022-09-21T00:05", "until": "2022-09-21T01:00", "close": True}]
    records = engine(*set_by_hand(one_station(2, changes=closed), [0, 0]))
    assert minutes(records.started_at) == [0, 60]
    assert minutes(records.ended_at) == [10, 70]


@pytest.mark.parametrize(
    ("rule", "started", "ended"), [("finish", [0, 60], [10, 70]), ("preempt", [0, 60, 66], [4, 66, 76])]
)
def test_staff_who_leave_in_the_middle_of_a_service(
    engine: Play, rule: str, started: list[float], ended: list[float]
) -> None:
    steps = {
        "servers": 1,
        "steps": [{"from": "2022-09-21T00:04", "servers": 0}, {"from": "2022-09-21T01:00", "servers": 1}],
    }
    records = engine(*set_by_hand(one_station(2, {"staffing": steps, "when_staff_leave": rule}), [0, 1]))
    assert minutes(records.started_at) == started
    assert minutes(records.ended_at) == ended


def test_a_service_due_when_staff_leave_ends(engine: Play) -> None:
    steps = {"servers": 1, "steps": [{"from": "2022-09-21T00:10", "servers": 0}]}
    records = engine(*set_by_hand(one_station(2, {"staffing": steps, "when_staff_leave": "preempt"}), [0, 1]))
    assert outcomes(records) == [Outcome.CROSSED, Outcome.UNFINISHED]
    assert minutes(records.ended_at) == [10, None]


def test_a_server_that_is_free_in_this_millisecond_spares_the_other_service(engine: Play) -> None:
    steps = {"servers": 2, "steps": [{"from": "2022-09-21T00:10", "servers": 1}]}
    records = engine(*set_by_hand(one_station(3, {"staffing": steps, "when_staff_leave": "preempt"}), [0, 1, 2]))
    assert outcomes(records) == [Outcome.CROSSED] * 3
    assert minutes(records.ended_at) == [10, 11, 21]


def test_an_interrupted_party_takes_no_room_in_the_hall(engine: Play) -> None:
    """It waits at its desk: one more fits in a hall of one, and the next is blocked."""
    steps = {"servers": 1, "steps": [{"from": "2022-09-21T00:05", "servers": 0}]}
    stations = {
        "a": {"staffing": 1, "service_time": "1 min"},
        "b": {"staffing": steps, "service_time": TEN, "hall": 1, "when_staff_leave": "preempt"},
    }
    records = engine(*set_by_hand(scenario(stations, initial_queue={"car": 3}), [0, 6, 7]))
    first = records.station == 0
    assert minutes(records.left_at[first]) == [1, 7, None]
    assert minutes(records.ended_at[first]) == [1, 7, 8]


def test_the_last_to_start_is_interrupted_first_and_keeps_its_place(engine: Play) -> None:
    steps = {"servers": 2, "steps": [{"from": "2022-09-21T00:05", "servers": 1}]}
    records = engine(*set_by_hand(one_station(3, {"staffing": steps, "when_staff_leave": "preempt"}), [0, 1, 2]))
    assert minutes(records.started_at) == [0, 1, 10, 16]
    assert minutes(records.ended_at) == [10, 5, 16, 26]  # the second worked 4 minutes, and 6 more from minute 10


def test_who_is_interrupted_goes_before_those_who_came_later(engine: Play) -> None:
    fall = [{"from": "2022-09-21T00:01:30", "servers": 2}, {"from": "2022-09-21T00:05", "servers": 1}]
    station = {"staffing": {"servers": 3, "steps": fall}, "when_staff_leave": "preempt"}
    records = engine(*set_by_hand(one_station(3, station), [0, 1, 2]))
    assert minutes(records.started_at) == [0, 1, 10, 16]
    assert minutes(records.ended_at) == [10, 5, 16, 26]


def test_who_reneges_in_a_full_hall_makes_room_for_the_blocked(engine: Play) -> None:
    game = scenario(
        {
            "a": {"staffing": 1, "service_time": "1 min"},
            "b": {"staffing": 0, "service_time": TEN, "hall": 1, "patience": TEN},
        },
        initial_queue={"car": 3},
    )
    records = engine(*set_by_hand(game, [0, 0, 0]))
    first = records.station == 0
    assert minutes(records.left_at[first]) == [1, 11, 21]
    assert minutes(records.started_at[first]) == [0, 1, 11]
    assert minutes(records.left_at[~first]) == [11, 21, 31]


def test_an_interrupted_party_does_not_renege(engine: Play) -> None:
    steps = {"servers": 1, "steps": [{"from": "2022-09-21T00:04", "servers": 0}]}
    station = {"staffing": steps, "when_staff_leave": "preempt", "patience": "6 min"}
    records = engine(*set_by_hand(one_station(2, station), [0, 1]))
    assert outcomes(records) == [Outcome.INTERRUPTED, Outcome.UNFINISHED, Outcome.RENEGED]


def test_switches_of_one_millisecond_are_turned_before_anybody_is_called(engine: Play) -> None:
    changes = [{"until": "2022-09-21T01:00", "close": True}]
    game = scenario({"s": {"staffing": 1, "service_time": TEN}}, initial_queue={"car": 1, "truck": 1}, changes=changes)
    records = engine(*set_by_hand(game, [1, 2], cls=[1, 0]))  # the truck came first
    assert minutes(records.started_at) == [60, 70]


def test_more_staff_at_the_instant_of_a_closure_call_nobody(engine: Play) -> None:
    steps = {"servers": 0, "steps": [{"from": "2022-09-21T01:00", "servers": 3}]}
    changes = [{"from": "2022-09-21T01:00", "close": True}]
    records = engine(*set_by_hand(one_station(2, {"staffing": steps}, changes=changes), [0, 0]))
    assert outcomes(records) == [Outcome.UNFINISHED] * 2
    assert minutes(records.started_at) == [None, None]


def test_release_lets_a_batch_through_at_every_tick(engine: Play) -> None:
    station = {"staffing": 9, "release": {"size": 2, "every": "30 min"}}
    records = engine(*set_by_hand(one_station(6, station), [0, 5, 10, 10, 10, 60]))
    assert minutes(records.started_at) == [0, 5, 30, 30, 60, 60]


def test_a_full_hall_blocks_the_station_before(engine: Play) -> None:
    game = scenario(
        {"a": {"staffing": 1, "service_time": "1 min"}, "b": {"staffing": 1, "service_time": TEN, "hall": 1}},
        initial_queue={"car": 4},
    )
    records = engine(*set_by_hand(game, [0, 0, 0, 0]))
    first = records.station == 0
    assert minutes(records.ended_at[first]) == [1, 2, 3, 12]
    assert minutes(records.left_at[first]) == [1, 2, 11, 21]  # the third is blocked until the second is called
    assert minutes(records.started_at[~first]) == [1, 11, 21, 31]


def test_nobody_overtakes_the_blocked(engine: Play) -> None:
    zones = {"yard": {"length": "21 m"}}
    law = {"any": {"party": "1 min"}}
    game = scenario(
        {"a": {"staffing": 3, "service_time": law}, "b": {"staffing": 0, "service_time": "1 min", "hall": "yard"}},
        zones=zones,
        initial_queue={"car": 3, "truck": 1},
    )
    records = engine(*set_by_hand(game, [0, 1, 2, 2], cls=[0, 0, 1, 0]))
    assert minutes(records.left_at[records.station == 0]) == [1, 2, None, None]  # 7 m are free, the truck needs 20


def test_an_empty_day_has_no_rows(engine: Play) -> None:
    assert len(played(engine, scenario({"s": {"staffing": 1, "service_time": TEN}}, demand={"car": "0/h"}))) == 0


def test_who_would_end_at_the_horizon_is_unfinished(engine: Play) -> None:
    records = engine(*set_by_hand(one_station(2), [1429.999, 1430], number=[0, 1]))
    assert outcomes(records) == [Outcome.CROSSED, Outcome.UNFINISHED]


def test_priority_and_fifo_call_in_their_order(engine: Play) -> None:
    discipline = {"priority": [["bus"], ["car", "truck", "bike", "foot", "bypass"]]}
    expected = {"fifo": [0, 10, 20, 30], "priority": [0, 20, 10, 30]}
    for name, started in expected.items():
        station = {"staffing": 1, "service_time": TEN, "discipline": discipline if name == "priority" else "fifo"}
        game = scenario({"s": station}, initial_queue={"car": 3, "bus": 1})
        assert minutes(engine(*set_by_hand(game, [0, 1, 2, 3], cls=[0, 0, 2, 0])).started_at) == started


def test_shares_are_kept_while_everybody_waits(engine: Play) -> None:
    station = {"staffing": 1, "service_time": "1 min", "discipline": {"shares": {"car": 0.7, "truck": 0.2, "bus": 0.1}}}
    game = scenario({"s": station}, initial_queue={"car": 300, "truck": 300, "bus": 300})
    records = played(engine, game)
    served = [
        int(((records.started_at < 300 * 60_000) & (records.started_at >= 0) & (records.cls == c)).sum())
        for c in range(3)
    ]
    assert served == pytest.approx([210, 60, 30], abs=1)


def test_an_idle_stream_saves_up_no_share(engine: Play) -> None:
    station = {"staffing": 1, "service_time": TEN, "discipline": {"shares": {"car": 0.5, "truck": 0.5}}}
    game = scenario({"s": station}, initial_queue={"car": 6, "truck": 3})
    records = engine(*set_by_hand(game, [0, 0, 0, 0, 0, 0, 35, 35, 35], cls=[0] * 6 + [1] * 3))
    trucks = [minute for minute, cls in zip(minutes(records.started_at), records.cls, strict=True) if cls == 1]
    assert trucks == [40, 60, 80]


def test_a_closed_stream_saves_up_no_share(engine: Play) -> None:
    station = {"staffing": 1, "service_time": TEN, "discipline": {"shares": {"car": 0.5, "truck": 0.5}}}
    closed = [{"until": "2022-09-21T00:35", "classes": ["truck"], "stations": ["s"], "close": True}]
    game = scenario({"s": station}, initial_queue={"car": 6, "truck": 3}, changes=closed)
    records = engine(*set_by_hand(game, [0] * 9, cls=[0] * 6 + [1] * 3))
    trucks = [minute for minute, cls in zip(minutes(records.started_at), records.cls, strict=True) if cls == 1]
    assert trucks == [40, 60, 80]
