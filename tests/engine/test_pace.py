"""Service times that follow the servers at work and the queue, and service, refusal and patience that change."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.records import Outcome, Records
from tests.engine.build import MINUTE, Play, minutes, outcomes, scenario, set_by_hand


def play(engine: Play, station: dict[str, Any], parties: int = 4, changes: Any = (), **columns: Any) -> Records:
    """Cars come one a minute, from minute 1 on."""
    example = scenario({"s": station}, initial_queue={"car": parties}, changes=list(changes))
    return engine(*set_by_hand(example, range(1, parties + 1), **columns))


def spans(records: Records) -> list[float]:
    return ((records.ended_at - records.started_at) / MINUTE).tolist()


def test_pace_by_servers_at_work_between_the_rows_and_beyond(engine: Play) -> None:
    steps = [{"from": f"2022-09-21T0{h}:00", "servers": n} for h, n in ((1, 2), (2, 3), (3, 9))]
    station = {"staffing": {"servers": 1, "steps": steps}, "service_time": "10 min"}
    example = scenario({"s": station | {"pace": {"servers": {1: 1.0, 3: 1.4}}}}, initial_queue={"car": 4})
    records = engine(*set_by_hand(example, (5, 65, 125, 185)))
    assert spans(records) == [10, 12, 14, 14]


def test_pace_by_those_who_go_on_waiting_as_the_service_begins(engine: Play) -> None:
    station = {"staffing": 1, "service_time": "10 min", "pace": {"queue": {0: 1.0, 2: 0.5}}}
    records = play(engine, station)
    assert minutes(records.started_at) == [1, 11, 16, 23.5]  # 0, 2, 1 and 0 go on waiting
    assert spans(records) == [10, 5, 7.5, 10]


def test_each_of_those_called_together_sees_the_queue_it_leaves(engine: Play) -> None:
    step = [{"from": "2022-09-21T01:00", "servers": 3}]
    station = {"staffing": {"servers": 0, "steps": step}, "service_time": "10 min", "pace": {"queue": {0: 1.0, 3: 1.6}}}
    assert spans(play(engine, station)) == [16, 14, 12, 10]


def test_both_tables_and_a_change_are_multiplied_and_rounded_down(engine: Play) -> None:
    station = {"staffing": 1, "service_time": "1 s", "pace": {"servers": {1: 0.333}, "queue": {0: 0.5}}}
    records = play(engine, station, changes=[{"scale_service": 0.5, "stations": ["s"], "from": "2022-09-21T00:03"}])
    assert (records.ended_at - records.started_at).tolist() == [166, 166, 83, 83]


def test_an_interrupted_service_goes_on_at_the_pace_at_which_it_began(engine: Play) -> None:
    steps = [{"from": "2022-09-21T00:06", "servers": 0}, {"from": "2022-09-21T00:10", "servers": 1}]
    station = {"staffing": {"servers": 1, "steps": steps}, "service_time": "10 min", "when_staff_leave": "preempt"}
    changes = [{"scale_service": 3, "stations": ["s"], "from": "2022-09-21T00:05"}]
    assert spans(play(engine, station, 1, changes)) == [5, 5]


def test_changes_of_service_times_hold_for_services_that_begin_and_multiply(engine: Play) -> None:
    here = {"stations": ["s"]}
    changes = [
        {"scale_service": 2, "from": "2022-09-21T00:20", **here},
        {"scale_service": 1.5, "from": "2022-09-21T00:20", "until": "2022-09-21T01:00", **here},
    ]
    records = play(engine, {"staffing": 1, "service_time": "15 min"}, changes=changes)
    assert minutes(records.started_at) == [1, 16, 31, 76]
    assert spans(records) == [15, 15, 45, 30]


def test_a_change_of_refusal_replaces_the_probability(engine: Play) -> None:
    station = {"staffing": 1, "service_time": "10 min", "refusal": {"probability": 0, "service_time": "5 min"}}
    changes = [{"refusal": 0.6, "stations": ["s"], "from": "2022-09-21T00:15", "until": "2022-09-21T00:30"}]
    records = play(engine, station, changes=changes, u_refused=0.5)
    assert outcomes(records) == [Outcome.CROSSED, Outcome.CROSSED, Outcome.REFUSED, Outcome.CROSSED]
    assert spans(records) == [10, 10, 15, 10]  # the third begins at 21, the fourth at 36


def test_a_change_of_patience_holds_for_parties_that_join(engine: Play) -> None:
    station = {"staffing": 0, "service_time": "10 min", "patience": "1 h"}
    changes = [{"scale_patience": 0.25, "stations": ["s"], "from": "2022-09-21T00:03"}]
    records = play(engine, station, changes=changes)
    assert np.all(records.outcome == Outcome.RENEGED)
    assert minutes(records.left_at) == [61, 62, 18, 19]
