"""Pools, by hand: which station gets the next server, limits of stations, and staffing that all stations share."""

from __future__ import annotations

from typing import Any

import pytest

from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.measures.names import Key, at_station
from sim.measures.replication import measure
from sim.scenario.checks.warnings import warnings_of
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, Play, minutes, scenario, set_by_hand

CARS, BUSES = range(4), range(2)


def desks(pool: Any, cars: Any = "staff", **rest: Any) -> Scenario:
    """Desks of buses and then of cars, ten minutes a party; four cars and two buses come."""
    stations = {
        "buses": {"serves": ["bus"], "staffing": "staff", "service_time": "10 min"},
        "cars": {"serves": ["car"], "staffing": cars, "service_time": "10 min"},
    }
    for name in stations:
        stations[name] |= rest.pop(name, {})
    return scenario(stations, initial_queue={"car": 4, "bus": 2}, pools={"staff": pool}, **rest)


def starts(engine: Play, example: Scenario, cars: Any, buses: Any, **columns: Any) -> tuple[list[Any], list[Any]]:
    """Minutes at which the services of cars and of buses begin."""
    _, records = play(engine, example, cars, buses, **columns)
    return tuple(minutes(records.started_at[records.cls == cls]) for cls in (0, 2))  # type: ignore[return-value]


def play(engine: Play, example: Scenario, cars: Any, buses: Any, **columns: Any) -> tuple[Plan, Records]:
    plan, tape = set_by_hand(example, [*cars, *buses], **columns)
    return plan, engine(plan, tape)


def test_who_has_waited_longest_at_any_station_is_next(engine: Play) -> None:
    assert starts(engine, desks(1), [1, 2, 4, 5], [3, 6]) == ([1, 11, 31, 41], [21, 51])


def test_by_order_the_first_station_of_the_file_comes_first(engine: Play) -> None:
    assert starts(engine, desks({"servers": 1, "next": "order"}), [1, 2, 4, 5], [3, 6]) == ([1, 31, 41, 51], [11, 21])


def test_by_shares_a_station_gets_its_share_of_the_starts(engine: Play) -> None:
    pool = {"servers": 1, "next": {"shares": {"cars": 0.75, "buses": "rest"}}}
    cars, buses = starts(engine, desks(pool), [1, 2, 3, 4], [1, 1])
    assert len(cars) == 4
    assert sorted([*cars, *buses]) == [1, 11, 21, 31, 41, 51]
    first_four = [cls for _, cls in sorted([*((at, "car") for at in cars), *((at, "bus") for at in buses)])[1:5]]
    assert first_four.count("car") == 3


def test_a_station_takes_no_more_servers_than_its_limit(engine: Play) -> None:
    example = desks(3, cars={"pool": "staff", "at_most": 2})
    assert starts(engine, example, [1, 2, 3, 4], [5, 6]) == ([1, 2, 11, 12], [5, 15])


def test_a_server_who_is_free_at_one_station_serves_at_another_at_once(engine: Play) -> None:
    assert starts(engine, desks(2), [0, 0, 1, 2], [5, 6]) == ([0, 0, 10, 10], [20, 20])


def test_staffing_of_the_pool_is_that_of_all_stations(engine: Play) -> None:
    steps = [{"from": "2022-09-21T00:15", "servers": 2}]
    assert starts(engine, desks({"servers": 1, "steps": steps}), [1, 2, 3, 4], [1, 20]) == ([1, 15, 21, 25], [11, 31])


def test_who_leaves_interrupts_the_last_service_to_begin_at_any_station(engine: Play) -> None:
    pool = {"servers": 3, "steps": [{"from": "2022-09-21T00:05", "servers": 1}], "when_staff_leave": "preempt"}
    _, records = play(engine, desks(pool), [1, 60, 70, 80], [2, 3])
    buses = records.cls == 2
    # the second bus to begin and then the first go back; the first goes on after the car, with its seven minutes
    assert minutes(records.started_at[buses]) == [2, 11, 3, 18]
    assert minutes(records.ended_at[buses]) == [5, 18, 5, 26]


def test_a_change_names_the_pool(engine: Play) -> None:
    changes = [{"stations": ["staff"], "from": "2022-09-21T00:12", "add_servers": 1}]
    assert starts(engine, desks(1, changes=changes), [1, 2, 3, 4], [1, 2])[0] == [1, 12, 22, 31]


def test_the_staff_of_a_pool_reacts_to_all_its_queues(engine: Play) -> None:
    reacts = {"open_above": 2, "checked_every": "5 min", "at_most": 2}
    _, records = play(engine, desks({"servers": 1, "reacts": reacts}), [1, 2, 30, 40], [3, 4])
    assert records.staffing.tolist() == [[0, 0, 1], [5 * MINUTE, 0, 2]]  # three wait, no more than two at a station


def test_outages_of_a_pool_stop_all_its_stations(engine: Play) -> None:
    pool = {"servers": 2, "outages": {"every": "10 min", "lasts": "1 h"}}
    assert starts(engine, desks(pool), [1, 11, 71, 72], [2, 12]) == ([1, 70, 140, 140], [2, 70])


def test_a_closed_station_leaves_its_servers_to_the_others(engine: Play) -> None:
    changes = [{"stations": ["buses"], "until": "2022-09-21T01:00", "close": True}]
    example = desks({"servers": 1, "next": "order"}, changes=changes)
    assert starts(engine, example, [1, 2, 3, 58], [1, 2]) == ([1, 11, 21, 58], [68, 78])


def test_who_is_blocked_keeps_a_server_of_the_pool(engine: Play) -> None:
    stations: Any = {
        "a": {"staffing": {"pool": "staff", "at_most": 1}, "service_time": "1 min"},
        "b": {"staffing": "staff", "service_time": "10 min", "hall": 1},
    }
    example = scenario(stations, initial_queue={"car": 4}, pools={"staff": {"servers": 2, "next": "order"}})
    plan, tape = set_by_hand(example, [0, 0, 0, 0], service=[[MINUTE] * 4, [10 * MINUTE] * 4])
    records = engine(plan, tape)
    # the first is at `b` from 1; the second in its hall from 2; the third is blocked from 3 until the second is called,
    # and the fourth from 12 until the third is, with whose server it goes on
    assert minutes(records.started_at[records.station == 0]) == [0, 1, 2, 11]
    assert minutes(records.left_at[records.station == 0]) == [1, 2, 11, 21]
    assert minutes(records.started_at[records.station == 1]) == [1, 11, 21, 21]


def test_parties_may_block_all_servers_of_a_pool_for_ever(engine: Play) -> None:
    stations: Any = {
        "a": {"staffing": "staff", "service_time": "1 min"},
        "b": {"staffing": "staff", "service_time": "10 min", "hall": 1},
    }
    example = scenario(stations, initial_queue={"car": 3}, pools={"staff": {"servers": 2, "next": "order"}})
    plan, tape = set_by_hand(example, [0, 0, 0], service=[[MINUTE] * 3, [10 * MINUTE] * 3])
    records = engine(plan, tape)
    assert measure(example, plan, records).totals[Key("x", "deadlocked_parties")] == 3
    ((_, warned),) = [line for line in warnings_of(example) if "for ever" in line[1]]
    assert "wait for 'staff', all of whom may be kept at 'a' by parties that wait for the hall of 'b'" in warned
    stations["a"]["staffing"] = {"pool": "staff", "at_most": 1}
    limited = scenario(stations, initial_queue={"car": 3}, pools={"staff": {"servers": 2, "next": "order"}})
    assert not [line for line in warnings_of(limited) if "for ever" in line[1]]


def test_least_wait_counts_all_who_wait_for_the_same_servers(engine: Play) -> None:
    stations = {
        "own": {"serves": ["car"], "staffing": 1, "service_time": "10 min"},
        "cars": {"serves": ["car"], "staffing": "staff", "service_time": "10 min"},
        "buses": {"serves": ["bus"], "staffing": "staff", "service_time": "10 min"},
    }
    parallel = {"side": {"one_of": ["cars", "own"], "by": "least_wait"}}
    chosen = {}
    for rule in ("longest_wait", "order"):
        pool = {"servers": 1, "next": rule}
        example = scenario(stations, initial_queue={"car": 3, "bus": 3}, parallel=parallel, pools={"staff": pool})
        plan, records = play(engine, example, [4, 5, 6], [1, 2, 3])
        chosen[rule] = [plan.stations[s] for s in records.station[records.cls == 0]]
    # two buses wait when the second car comes: behind them, or before them
    assert chosen == {"longest_wait": ["own", "own", "own"], "order": ["own", "cars", "own"]}


@pytest.mark.parametrize("when", ["finish", "preempt"])
def test_measures_of_the_pool_are_those_of_its_stations_together(engine: Play, when: str) -> None:
    example = desks({"servers": 3, "when_staff_leave": when}, cars={"pool": "staff", "at_most": 1})
    plan, records = play(engine, example, [1, 2, 3, 4], [5, 6])
    totals = measure(example, plan, records).totals
    day = 24 * 60
    busy = {name: totals[Key("x", "utilisation", at_station(name))] for name in ("cars", "buses", "staff")}
    assert busy == pytest.approx({"cars": 40 / day, "buses": 20 / day / 3, "staff": 60 / day / 3})
