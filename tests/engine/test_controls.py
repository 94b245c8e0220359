"""Controls of the staffing, by hand: what is decided when, what takes effect when, and what is written of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import Outcome, Records
from sim.measures.names import Key, at_station
from sim.measures.replication import measure
from tests.engine.build import MINUTE, Play, minutes, outcomes, played, scenario, set_by_hand
from tests.engine.test_equality import assert_equal


def desk(reacts: dict[str, Any], **rest: Any) -> Any:
    """A desk of one server and an hour a party; ten cars come in the minutes 1 to 10."""
    station = {"staffing": {"servers": 1, "reacts": {"at_most": 3, **reacts}}, "service_time": "1 h", **rest}
    return scenario({"s": station}, initial_queue={"car": 10})


def play(engine: Play, example: Any, arrivals: Any = range(1, 11), **columns: Any) -> tuple[Plan, Records]:
    plan, tape = set_by_hand(example, arrivals, **columns)
    return plan, engine(plan, tape)


def staffed(records: Records) -> list[tuple[float, int]]:
    """The staffing that was played: minutes, and servers."""
    return [(at / MINUTE, servers) for at, _, servers in records.staffing.tolist()]


def test_a_server_opens_at_the_check_and_calls_at_once(engine: Play) -> None:
    _, records = play(engine, desk({"open_above": 4, "checked_every": "5 min"}))
    # at minute 5 the fourth waits (an arrival comes after the check of its millisecond); at 10 and 15 more than four
    assert staffed(records) == [(0, 1), (10, 2), (15, 3)]
    assert minutes(records.started_at)[:4] == [1, 10, 15, 61]


def test_what_is_decided_takes_effect_after_the_delay_and_counts_until_then(engine: Play) -> None:
    _, records = play(engine, desk({"open_above": 4, "checked_every": "5 min", "delay": "12 min"}))
    assert staffed(records) == [(0, 1), (22, 2), (27, 3)]  # decided at 10 and 15, and not again at 20


def test_servers_leave_below_the_other_threshold_and_not_between(engine: Play) -> None:
    reacts = {"open_above": 6, "close_below": 3, "checked_every": "10 min", "by": 2}
    _, records = play(engine, desk(reacts))
    # eight wait at 10; four from 70 on, three from 121 on, and one after the check of 130
    assert staffed(records) == [(0, 1), (10, 3), (140, 1)]
    assert minutes(records.started_at)[:4] == [1, 10, 10, 61]


def test_close_below_is_never_by_default(engine: Play) -> None:
    _, records = play(engine, desk({"open_above": 4, "checked_every": "5 min"}))
    assert staffed(records)[-1] == (15, 3)


def test_steps_give_the_base_and_limits_hold(engine: Play) -> None:
    steps = [{"from": "2022-09-21T00:12", "servers": 2}, {"from": "2022-09-21T00:30", "servers": 0},
             {"from": "2022-09-21T00:42", "servers": 1}]  # fmt: skip
    reacts = {"open_above": 4, "checked_every": "5 min", "at_least": 2, "at_most": 4}
    station = {"staffing": {"servers": 1, "steps": steps, "reacts": reacts}, "service_time": "1 h"}
    _, records = play(engine, scenario({"s": station}, initial_queue={"car": 10}))
    # two more than the plan from 10 on, at most four in all; nobody from 30 on; from 42 on afresh from the plan
    assert staffed(records) == [(0, 2), (10, 3), (12, 4), (30, 0), (42, 2), (45, 3), (50, 4)]


def test_a_decision_from_before_the_break_does_not_take_effect(engine: Play) -> None:
    shifts = [{"days": ["wed"], "from": "00:00", "until": "00:12", "servers": 1},
              {"days": ["wed"], "from": "00:14", "until": "24:00", "servers": 1}]  # fmt: skip
    reacts = {"open_above": 4, "checked_every": "10 min", "delay": "8 min", "at_most": 3}
    staffing = {"servers": 0, "shifts": shifts, "reacts": reacts}
    example = scenario({"s": {"staffing": staffing, "service_time": "1 h"}}, initial_queue={"car": 10})
    _, records = play(engine, example)
    assert staffed(records) == [(0, 1), (12, 0), (14, 1), (28, 2), (38, 3)]


def test_people_count_instead_of_parties(engine: Play) -> None:
    reacts = {"to": "people", "open_above": 7, "close_below": 7, "checked_every": "5 min"}
    _, records = play(engine, desk(reacts), arrivals=range(1, 11), people=[1, 4, 4, *[1] * 7])
    assert staffed(records)[:2] == [(0, 1), (5, 2)]  # two parties of four wait
    _, by_parties = play(engine, desk(reacts | {"to": "queue"}), people=[1, 4, 4, *[1] * 7])
    assert staffed(by_parties)[:2] == [(0, 1), (10, 2)]


def test_the_quoted_wait_is_that_just_announced(engine: Play) -> None:
    reacts = {"to": "quoted_wait", "open_above": "3 h", "checked_every": "30 min"}
    _, records = play(engine, desk(reacts))
    # minute 30: 9 wait, 1 departed in 30 minutes: 4.5 h; minute 60: 8 wait, 2 in an hour: 4 h
    assert staffed(records) == [(0, 1), (30, 2), (60, 3)]


def test_staff_who_leave_interrupt_where_they_do(engine: Play) -> None:
    reacts = {"open_above": 2, "close_below": 2, "checked_every": "22 min", "at_most": 2}
    station = {"staffing": {"servers": 1, "reacts": reacts}, "service_time": "1 h", "when_staff_leave": "preempt"}
    _, records = play(engine, scenario({"s": station}, initial_queue={"car": 4}), arrivals=range(1, 5))
    # from 22 on two are served and two wait; from 61 on one waits, and at 66 the last to begin goes back to the queue
    assert staffed(records) == [(0, 1), (22, 2), (66, 1)]
    last = records.party == 2
    assert outcomes(records)[list(last).index(True)] is Outcome.INTERRUPTED
    assert minutes(records.started_at[last]) == [61, 82]


def test_measures_follow_what_was_played(engine: Play) -> None:
    example = desk({"open_above": 4, "checked_every": "5 min"})
    plan, records = play(engine, example)
    series = measure(example, plan, records).series[Key("x", "servers", at_station("s"))]
    assert set(series[12:-1]) == {3.0}
    hours = records.staffing[:, 0] / (60 * MINUTE)
    available = float((np.diff(np.append(hours, 24)) * records.staffing[:, 2]).sum())
    assert float(np.nansum(series)) / 4 == pytest.approx(available)
    totals = measure(example, plan, records).totals
    assert totals[Key("x", "utilisation", at_station("s"))] * available == pytest.approx(10)


def test_without_a_control_no_staffing_is_written(engine: Play) -> None:
    steps = [{"from": "2022-09-21T01:00", "servers": 3}]
    plain = scenario({"s": {"staffing": {"servers": 1, "steps": steps}, "service_time": "1 h"}})
    assert played(engine, plain).staffing.tolist() == []


def test_two_records_that_differ_in_staffing_only_are_not_equal() -> None:
    example = desk({"open_above": 4})
    plan, tape = set_by_hand(example, range(1, 11))
    records = assert_equal(plan, tape)
    other = assert_equal(lower(example), tape)
    assert other == records
    other.staffing[-1, 2] += 1
    assert other != records


def broken_down(takes: Any, **rest: Any) -> Any:
    """Three servers, out of order from minute 10 to 15, 25 to 30, and so on."""
    outages = {"every": "10 min", "lasts": "5 min", "takes": takes}
    station = {"staffing": 3, "service_time": "30 min", "outages": outages, **rest}
    return scenario({"s": station}, initial_queue={"car": 10}, horizon="2022-09-21T00:50")


def test_outages_take_servers_in_turn_from_the_start(engine: Play) -> None:
    _, records = play(engine, broken_down(2))
    assert staffed(records) == [(0, 3), (10, 1), (15, 3), (25, 1), (30, 3), (40, 1), (45, 3)]
    assert minutes(records.started_at)[:5] == [1, 2, 3, 31, 32]


def test_an_outage_of_all_interrupts_where_staff_who_leave_do(engine: Play) -> None:
    _, records = play(engine, broken_down("all", when_staff_leave="preempt"))
    assert staffed(records)[1] == (10, 0)
    assert minutes(records.started_at[records.party == 0]) == [1, 15, 30, 45]
    assert minutes(records.ended_at[records.party == 0])[:3] == [10, 25, 40]


def test_a_control_does_not_replace_what_is_out_of_order(engine: Play) -> None:
    reacts = {"open_above": 4, "checked_every": "12 min", "at_most": 4}
    _, records = play(engine, broken_down(2, staffing={"servers": 3, "reacts": reacts}))
    assert staffed(records)[:4] == [(0, 3), (10, 1), (12, 2), (15, 4)]


def test_outages_are_on_the_tape_and_leave_its_other_columns_alone() -> None:
    law = {"mean": "1 h", "family": "exponential"}
    station = {"staffing": 3, "service_time": law}
    tapes = []
    for outages in (None, {"every": law, "lasts": "20 min"}):
        example = scenario({"s": station | ({"outages": outages} if outages else {})}, demand={"car": "20/h"})
        tapes.append(draw(example, lower(example), 1, 0))
    assert len(tapes[0].outages) == 0
    assert np.array_equal(tapes[0].arrived_at, tapes[1].arrived_at)
    assert np.array_equal(tapes[0].times, tapes[1].times)
    at, _, out = tapes[1].outages.T
    assert np.all(np.diff(at)[::2] == 20 * MINUTE)
    assert np.all((out > 0) == (np.arange(len(at)) % 2 == 0))
