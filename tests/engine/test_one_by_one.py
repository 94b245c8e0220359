"""People of a party who are served one by one; the party goes on when the last of them is through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.records import NEVER, Outcome, Records
from sim.measures.replication import measure
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, Play, minutes, outcomes, scenario, set_by_hand
from tests.engine.invariants import broken

ONE_BY_ONE = {"any": {"one_by_one": "1 min"}}
COACH = {"classes": {"bus": {"people": 5}, "car": {"people": 2}}}


def game(desk: dict[str, Any], after: dict[str, Any] | None = None, **rest: Any) -> Scenario:
    """Coaches with five people and cars with two come to a desk that takes a minute for each person."""
    stations = {"desk": {"staffing": 2, "service_time": ONE_BY_ONE} | desk}
    return scenario(stations | ({"exit": after} if after else {}), **{**COACH, **rest})


def called(records: Records, party: int) -> list[tuple[float, float]]:
    """The minutes from which and until which the people of a party were served."""
    rows = records.one_by_one[records.one_by_one[:, 0] == party]
    return [(began / MINUTE, over / MINUTE) for began, over in rows[:, 3:].tolist()]


def test_several_servers_take_people_of_one_party_which_goes_on_after_the_last(engine: Play) -> None:
    records = engine(*set_by_hand(game({}, initial_queue={"bus": 1}), [1]))
    assert called(records, 0) == [(1, 2), (1, 2), (2, 3), (2, 3), (3, 4)]
    assert minutes(records.started_at) == [3]
    assert minutes(records.ended_at) == minutes(records.left_at) == [4]


def test_the_next_party_begins_while_the_last_of_the_first_is_served(engine: Play) -> None:
    records = engine(*set_by_hand(game({}, initial_queue={"bus": 2}), [0, 0]))
    assert called(records, 0)[-1] == (2, 3)
    assert called(records, 1) == [(2, 3), (3, 4), (3, 4), (4, 5), (4, 5)]
    assert minutes(records.left_at) == [3, 5]


def test_each_person_has_a_service_of_its_own_from_the_tape(engine: Play) -> None:
    plan, tape = set_by_hand(game({"staffing": 1}, initial_queue={"bus": 2}), [0, 0])
    times = np.array([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]) * MINUTE
    records = engine(plan, replace(tape, one_by_one=times))
    assert called(records, 0) == [(0, 1), (1, 3), (3, 6), (6, 10), (10, 15)]
    assert called(records, 1) == [(15, 21), (21, 28), (28, 36), (36, 45), (45, 55)]


def test_people_of_an_earlier_rank_come_between_those_of_a_party(engine: Play) -> None:
    desk = {"staffing": 1, "discipline": {"priority": [["car"], ["bus"]]}}
    records = engine(*set_by_hand(game(desk, initial_queue={"car": 1, "bus": 1}), [1.5, 0]))
    assert called(records, 0) == [(2, 3), (3, 4)]
    assert called(records, 1) == [(0, 1), (1, 2), (4, 5), (5, 6), (6, 7)]


def test_shares_are_of_people(engine: Play) -> None:
    """Coaches have one start in three while both wait."""
    desk = {"staffing": 1, "discipline": {"shares": {"bus": 1 / 3, "car": 2 / 3}}}
    records = engine(*set_by_hand(game(desk, initial_queue={"car": 5, "bus": 1}), [0] * 6))
    by_bus = (records.one_by_one[:12, 0] == 5).tolist()
    assert sum(by_bus) == 4
    assert all(sum(by_bus[n : n + 3]) == 1 for n in range(0, 12, 3))


def test_a_batch_is_of_people(engine: Play) -> None:
    desk = {"staffing": 9, "release": {"size": 2, "every": "10 min"}}
    records = engine(*set_by_hand(game(desk, initial_queue={"bus": 1}), [0]))
    assert [began for began, _ in called(records, 0)] == [0, 0, 10, 10, 20]


def test_a_class_of_its_own_beside_one_served_as_a_party(engine: Play) -> None:
    times = {"bus": {"one_by_one": "1 min"}, "car": {"party": "4 min", "person": "1 min"}}
    records = engine(*set_by_hand(game({"service_time": times}, initial_queue={"car": 1, "bus": 1}), [0, 0]))
    assert minutes(records.left_at) == [6, 5]
    assert set(records.one_by_one[:, 0].tolist()) == {1}


def test_the_last_keeps_its_server_while_the_party_is_blocked(engine: Play) -> None:
    after = {"staffing": 1, "service_time": "30 min", "hall": 1}
    records = engine(*set_by_hand(game({}, after, initial_queue={"bus": 4}), [0] * 4))
    desk = records.station == 0
    assert minutes(records.left_at[desk]) == [3, 5, 33, 63]  # one is served, one stands in the hall
    assert minutes(records.ended_at[desk]) == [3, 5, 8, 12]
    assert called(records, 3)[0] == (7, 8)  # one server goes on with the people of the next coach
    assert len({began for began, _ in called(records, 3)}) == 5


@pytest.mark.parametrize(("hall", "left"), [({"people": 5}, 6), ({"people": 7}, 4), (1, 6)])
def test_who_is_called_leaves_room_for_people(engine: Play, hall: Any, left: float) -> None:
    """With room for five people the second coach waits for the last of the first, with room for seven for the third."""
    way = {"gate": {"staffing": 9, "service_time": "1 min"}, "desk": {"staffing": 1, "service_time": ONE_BY_ONE}}
    way["desk"]["hall"] = hall
    records = engine(*set_by_hand(scenario(way, initial_queue={"bus": 2}, **COACH), [0, 0]))
    gate = records.station == 0
    assert minutes(records.left_at[gate]) == [1, left - 1]


def test_a_party_reneges_as_one_but_not_once_somebody_is_called(engine: Play) -> None:
    desk = {"staffing": 1, "patience": "3 min"}
    records = engine(*set_by_hand(game(desk, initial_queue={"bus": 2}), [0, 0]))
    assert outcomes(records) == [Outcome.CROSSED, Outcome.RENEGED]
    assert minutes(records.left_at) == [5, 3]
    assert called(records, 1) == []


def test_a_shift_that_ends_finishes_the_people_in_service(engine: Play) -> None:
    steps = [{"from": "2022-09-21T00:02:30", "servers": 0}, {"from": "2022-09-21T00:10", "servers": 2}]
    desk = {"staffing": {"servers": 1, "steps": steps}}
    records = engine(*set_by_hand(game(desk, initial_queue={"bus": 1}), [0]))
    assert called(records, 0) == [(0, 1), (1, 2), (2, 3), (10, 11), (10, 11)]


def test_a_closed_class_waits_with_the_rest_of_its_people(engine: Play) -> None:
    changes = [{"stations": ["desk"], "close": True, "from": "2022-09-21T00:01:30", "until": "2022-09-21T01:00"}]
    records = engine(*set_by_hand(game({"staffing": 1}, initial_queue={"bus": 1}, changes=changes), [0]))
    assert called(records, 0) == [(0, 1), (1, 2), (60, 61), (61, 62), (62, 63)]


def test_a_refusal_is_of_the_party_and_takes_its_time_with_the_last(engine: Play) -> None:
    desk = {"staffing": 1, "refusal": {"probability": 1, "service_time": "7 min"}}
    records = engine(*set_by_hand(game(desk, initial_queue={"bus": 1}), [0]))
    assert outcomes(records) == [Outcome.REFUSED]
    assert called(records, 0)[-1] == (4, 12)


def test_pace_is_read_as_each_is_called(engine: Play) -> None:
    """The party itself goes on waiting until its last is called."""
    desk = {"staffing": 1, "pace": {"queue": {0: 1.0, 1: 2.0}}}
    records = engine(*set_by_hand(game(desk, initial_queue={"bus": 1}), [0]))
    assert called(records, 0) == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 9)]


def test_a_control_sees_the_people_not_yet_called(engine: Play) -> None:
    reacts = {"to": "people", "open_above": 3, "close_below": 0, "at_most": 2, "checked_every": "30 s"}
    desk = {"staffing": {"servers": 1, "reacts": reacts}}
    records = engine(*set_by_hand(game(desk, initial_queue={"bus": 1}), [0]))
    assert called(records, 0) == [(0, 1), (0.5, 1.5), (1, 2), (1.5, 2.5), (2, 3)]


def test_back_to_the_desk_with_other_services(engine: Play) -> None:
    aside = {"sent_aside": {"to": "bay", "share": 1, "then": "back"}}
    stations = {
        "desk": {"staffing": 1, "service_time": {"any": {"one_by_one": {"mean": "1 min"}}}, **aside},
        "bay": {"only_sent_on": True, "staffing": 1, "service_time": {"any": {"one_by_one": "2 min"}}},
    }
    plan, tape = set_by_hand(scenario(stations, initial_queue={"bus": 1}, **COACH), [0])
    tape.one_by_one[plan.person_row[0]], tape.one_by_one[plan.person_again_row[0]] = MINUTE, 3 * MINUTE
    records = engine(plan, tape)
    assert outcomes(records) == [Outcome.SENT_ASIDE, Outcome.SERVED, Outcome.CROSSED]
    assert minutes(records.left_at) == [5, 15, 30]


def test_who_leaves_the_car_is_served_by_the_law_of_those_on_foot(engine: Play) -> None:
    change = {"car": {"change_mode": {"by_quoted_wait": "50 %/h", "takes": "10 min"}}}
    times = {"car": {"party": "1 h"}, "any": {"one_by_one": "3 min"}}
    stations = {"desk": {"staffing": 1, "service_time": times}}
    records = engine(*set_by_hand(scenario(stations, initial_queue={"car": 2}, behaviour=change, **COACH), [0, 0],
                                  clocks=[[10**15, 0]]))  # fmt: skip
    assert outcomes(records)[1:] == [Outcome.CHANGED_MODE, Outcome.CROSSED]
    assert called(records, 1) == [(60, 63), (63, 66)]


def test_men_who_stay_behind_are_served_as_the_last_people_of_their_party(engine: Play) -> None:
    check = {"intensity": 1, "hit_rate": 1, "on_hit": {"sent_on": 1}, "stays_together": 0, "office": "office"}
    stations = {
        "draft": {"staffing": 1, "service_time": "1 min", "screening": check},
        "office": {"only_sent_on": True, "staffing": 1, "service_time": "1 min"},
        "exit": {"staffing": 9, "service_time": {"any": {"one_by_one": "1 min"}}},
    }
    example = scenario(stations, initial_queue={"bus": 1}, classes={"bus": {"people": 5, "men_share": 0.4}})
    plan, tape = set_by_hand(example, [0], men=2, u_checked=0.5)
    for row in {int(plan.person_row[2]), int(plan.person_foot_row[2])}:
        tape.one_by_one[row] = np.arange(1, 6) * MINUTE
    records = engine(plan, tape)
    spans = {party: [over - began for began, over in called(records, party)] for party in (0, 1)}
    assert spans == {0: [1, 2, 3], 1: [4, 5]}


def test_the_unfinished(engine: Play) -> None:
    desk = {"staffing": 1, "service_time": {"any": {"one_by_one": "10 h"}}}
    records = engine(*set_by_hand(game(desk, initial_queue={"bus": 1}), [0]))
    assert outcomes(records) == [Outcome.UNFINISHED]
    assert records.one_by_one[:, 4].tolist() == [600 * MINUTE, 1200 * MINUTE, NEVER]
    assert minutes(records.started_at) == [None]


def test_who_knows_no_such_station_has_the_same_tape() -> None:
    def tape(law: dict[str, Any]) -> Any:
        stations = {"a": {"staffing": 1, "service_time": "1 min"}, "b": {"staffing": 1, "service_time": law}}
        example = scenario(stations, demand={"bus": "9/h", "car": "9/h"}, classes={"bus": {"people": 5}})
        plan = lower(example)
        return draw(example, plan, 1, 0)

    without, with_people = (
        tape({"any": {"party": "0 s"}}),
        tape({"bus": {"one_by_one": "1 min"}, "any": {"party": "0 s"}}),
    )
    assert not len(without.one_by_one)
    assert replace(with_people, one_by_one=without.one_by_one, first_person=without.first_person) == without


def test_more_people_of_other_parties_leave_the_services_of_a_party_as_they_are() -> None:
    def services(rate: str) -> Any:
        law = {"mean": "1 min", "family": "gamma", "cv": 0.5}
        example = game({"service_time": {"any": {"one_by_one": law}}}, demand={"bus": rate})
        return draw(example, lower(example), 1, 0).one_by_one[0]

    few, many = services("2/h"), services("9/h")
    assert len(few) < len(many)
    assert (few == many[: len(few)]).all()


def test_factors_of_traits_multiply_the_service_of_each() -> None:
    classes = {"bus": {"people": 3, "traits": {"known": 0.5}}}
    desk = {"service_time": ONE_BY_ONE, "scale_service": {"unless known": 2}, "staffing": 1}
    example = scenario({"desk": desk}, initial_queue={"bus": 200}, classes=classes)
    tape = draw(example, lower(example), 1, 0)
    assert (tape.one_by_one[0].reshape(-1, 3) == np.where(tape.traits == 1, 1, 2)[:, None] * MINUTE).all()


def test_measures(engine: Play) -> None:
    """Ten person-minutes of one server in a day of one; the five people wait 0 to 4 and 5 to 9 minutes."""
    example = game(
        {"staffing": 1}, demand={"bus": {"all": {"log": [{"at": f"2022-09-21T0{h}:00", "people": 5} for h in (1, 2)]}}}
    )
    plan = lower(example)
    records = engine(plan, draw(example, plan, 1, 0))
    totals = measure(example, plan, records).totals
    assert totals["x", "utilisation", "station:desk"] == pytest.approx(10 / 1440)
    assert totals["x", "served_people", "station:desk"] == 10
    assert totals["x", "wait_per_person", "station:desk"] == pytest.approx(2 / 60)
    assert totals["x", "wait_per_visit", "station:desk"] == pytest.approx(4 / 60)
    assert totals["x", "sojourn_mean", "bus"] == pytest.approx(5 / 60)


def test_utilisation_counts_each_person_and_a_blocked_server_once(engine: Play) -> None:
    after = {"staffing": 1, "service_time": "10 h", "hall": 1}
    example = game({}, after, initial_queue={"bus": 3})
    plan, tape = set_by_hand(example, [0, 0, 0])
    totals = measure(example, plan, engine(plan, tape)).totals
    assert totals["x", "utilisation", "station:desk"] == pytest.approx(15 / (2 * 1440))
    assert totals["x", "blocked_hours", "station:desk"] == pytest.approx(10 - 8 / 60 + 3 / 60)


def lose_a_person(table: Any) -> Any:
    return table[1:]


def call_a_person_late(table: Any) -> Any:
    table[3, 3:] += 1
    return table


def serve_three_at_once(table: Any) -> Any:
    table[2, 3] = table[1, 3]
    return table


@pytest.mark.parametrize("lie", [lose_a_person, call_a_person_late, serve_three_at_once])
def test_a_false_service_is_noticed(engine: Play, lie: Any) -> None:
    plan, tape = set_by_hand(game({}, initial_queue={"bus": 3}), [0, 0, 1])
    records = engine(plan, tape)
    assert broken(plan, tape, records) == []
    assert broken(plan, tape, replace(records, one_by_one=lie(records.one_by_one.copy()))) != []
