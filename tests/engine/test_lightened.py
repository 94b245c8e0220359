"""Checks that are lightened while the queue is long: when, for whom, and what is counted of it."""

from __future__ import annotations

from typing import Any

from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.measures.names import Key, at_station
from sim.measures.replication import measure
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, Play, minutes, scenario, set_by_hand


def desk(lightened: dict[str, Any], **rest: Any) -> Scenario:
    """A desk at which a party takes ten minutes; twelve cars are expected."""
    light = {"checked_every": "5 min", "scale_service": 0.2, **lightened}
    station = {"staffing": 1, "service_time": "10 min", "lightened": light, **rest}
    return scenario({"s": station}, initial_queue={"car": 12})


def play(engine: Play, example: Scenario, **columns: Any) -> tuple[Plan, Records]:
    """Cars come one a minute, from minute 1 on."""
    plan, tape = set_by_hand(example, range(1, 13), **columns)
    return plan, engine(plan, tape)


def turns(records: Records) -> list[tuple[float, int]]:
    return [(at / MINUTE, light) for at, _, light in records.lightened.tolist()]


def test_checks_are_lightened_above_and_restored_below(engine: Play) -> None:
    _, records = play(engine, desk({"above": 7, "below": 5}))
    # at 10, nine have come and eight wait; one more is served in full from 1 to 11, then one in two minutes
    assert turns(records) == [(10, 1), (25, 0)]
    assert minutes(records.started_at)[:9] == [1, 11, 13, 15, 17, 19, 21, 23, 25]
    assert minutes(records.ended_at)[7:9] == [25, 35]  # who begins at 25 begins under the rule restored then


def test_the_least_time_between_two_turns_holds(engine: Play) -> None:
    _, records = play(engine, desk({"above": 7, "below": 4, "at_least_for": "18 min"}))
    assert turns(records) == [(10, 1), (30, 0)]


def test_what_was_not_checked_is_counted(engine: Play) -> None:
    example = desk({"above": 7, "below": 4})
    plan, records = play(engine, example, people=3)
    totals = measure(example, plan, records).totals
    counted = [totals[Key("x", f"lightened_{what}", at_station("s"))] for what in ("parties", "people", "share")]
    assert counted == [10, 30, 20 / 1440]
    plain = scenario({"s": {"staffing": 1, "service_time": "10 min"}}, initial_queue={"car": 12})
    plan, records = play(engine, plain)
    assert not [key for key in measure(plain, plan, records).totals if key.quantity.startswith("lightened")]


def test_an_interrupted_service_counts_once_by_its_first_beginning(engine: Play) -> None:
    steps = [{"from": "2022-09-21T00:12", "servers": 0}, {"from": "2022-09-21T00:40", "servers": 1}]
    example = desk({"above": 7, "below": 4}, staffing={"servers": 1, "steps": steps}, when_staff_leave="preempt")
    plan, records = play(engine, example)
    assert turns(records) == [(10, 1), (55, 0)]
    assert minutes(records.started_at[records.party == 1]) == [11, 40]
    totals = measure(example, plan, records).totals
    assert totals[Key("x", "lightened_parties", at_station("s"))] == 8  # those who began at 11, and from 41 to 53


def test_the_screening_intensity_is_replaced_meanwhile(engine: Play) -> None:
    screening = {"intensity": 1, "hit_rate": 0, "on_hit": {"refused": 1}}
    example = desk({"above": 7, "below": 4, "intensity": 0}, screening=screening)
    _, records = play(engine, example, men=1)
    assert records.checked.tolist() == [1] + [0] * 10 + [1]
