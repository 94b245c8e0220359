"""Parties that are sent aside after their service, and on or back from there."""

from __future__ import annotations

from typing import Any

import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import SENT_BELOW
from sim.engine.records import Outcome, Records
from sim.measures.replication import measure
from tests.engine.build import Play, minutes, outcomes, scenario, set_by_hand

SENT, PASSES = 0.4, 0.6
"""Margins on the tape: below 0 a party is sent aside."""


def bay(aside: dict[str, Any], at_bay: dict[str, Any] | None = None, **rest: Any) -> Any:
    """A desk of 1 min, from which some go to a bay of 5 min, and an exit of 2 min."""
    stations = {
        "desk": {"staffing": 1, "service_time": "1 min", "sent_aside": {"to": "bay", "share": 0.5} | aside},
        "bay": {"only_sent_on": True, "staffing": 1, "service_time": "5 min"} | (at_bay or {}),
        "exit": {"staffing": 9, "service_time": "2 min"},
    }
    return scenario(stations, **rest)


def play(engine: Play, game: Any, sent: list[float]) -> tuple[Any, Records]:
    plan, tape = set_by_hand(game, [0] * len(sent))
    tape.chances[plan.aside_row[0]] = sent
    return plan, engine(plan, tape)


def way(plan: Any, records: Records, party: int) -> str:
    return " ".join(plan.stations[s] for s in records.station[records.party == party].tolist())


def test_on_from_the_bay_and_past_it(engine: Play) -> None:
    plan, records = play(engine, bay({}, initial_queue={"car": 2}), [SENT, PASSES])
    assert [way(plan, records, party) for party in (0, 1)] == ["desk bay exit", "desk exit"]
    assert outcomes(records)[:3] == [Outcome.SENT_ASIDE, Outcome.SERVED, Outcome.CROSSED]
    assert minutes(records.left_at) == [1, 6, 8, 2, 4]


def test_back_to_the_desk_where_a_new_service_begins(engine: Play) -> None:
    plan, records = play(engine, bay({"then": "back"}, initial_queue={"car": 2}), [SENT, PASSES])
    assert [way(plan, records, party) for party in (0, 1)] == ["desk bay desk exit", "desk exit"]
    assert minutes(records.left_at[records.party == 0]) == [1, 6, 7, 9]


def test_refused_at_the_bay(engine: Play) -> None:
    plan, records = play(engine, bay({}, {"refusal": {"probability": 1}}, initial_queue={"car": 1}), [SENT])
    assert outcomes(records) == [Outcome.SENT_ASIDE, Outcome.REFUSED]
    assert way(plan, records, 0) == "desk bay"


def test_a_full_bay_blocks(engine: Play) -> None:
    """One in service, one in the hall: the third holds the desk until minute 6, and is then noted as sent aside."""
    _, records = play(engine, bay({}, {"hall": 1}, initial_queue={"car": 4}), [SENT] * 3 + [PASSES])
    desk = records.station == 0
    assert minutes(records.ended_at[desk]) == [1, 2, 3, 7]
    assert minutes(records.left_at[desk]) == [1, 2, 6, 7]
    assert [Outcome(o) for o in records.outcome[desk].tolist()] == [Outcome.SENT_ASIDE] * 3 + [Outcome.SERVED]


def test_a_full_bay_waves_through(engine: Play) -> None:
    plan, records = play(engine, bay({"if_full": "pass"}, {"hall": 1}, initial_queue={"car": 4}), [SENT] * 4)
    assert [way(plan, records, party) for party in range(4)] == ["desk bay exit"] * 2 + ["desk exit"] * 2


AT_NOON, CLOSED = {"active_from": "2022-09-21T12:00"}, [{"stations": ["bay"], "close": True}]


@pytest.mark.parametrize(("at_bay", "changes"), [(AT_NOON, []), ({}, CLOSED)])
def test_nobody_is_sent_to_a_bay_that_is_not_there_or_closed(
    engine: Play, at_bay: dict[str, Any], changes: list[dict[str, Any]]
) -> None:
    plan, records = play(engine, bay({}, at_bay, initial_queue={"car": 1}, changes=changes), [SENT])
    assert way(plan, records, 0) == "desk exit"


def test_at_most_so_many_returns(engine: Play) -> None:
    game = bay({"then": "back", "share": 1, "at_most": 3}, initial_queue={"car": 1})
    plan, tape = set_by_hand(game, [0])
    assert way(plan, engine(plan, tape), 0) == "desk bay desk bay desk bay desk exit"


def test_to_an_earlier_station_and_through_all_that_follow(engine: Play) -> None:
    stations = {name: {"staffing": 1, "service_time": "1 min"} for name in "abc"}
    stations["b"]["sent_aside"] = {"to": "a", "share": 1, "at_most": 2}
    plan, tape = set_by_hand(scenario(stations, initial_queue={"car": 1}), [0])
    assert way(plan, engine(plan, tape), 0) == "a b a b a b c"


def test_services_of_later_visits_are_draws_of_their_own() -> None:
    law = {"mean": "1 min", "family": "exponential"}
    stations = {"a": {"staffing": 1, "service_time": law, "sent_aside": {"to": "a", "share": 0.5, "at_most": 2}}}
    game = scenario(stations, demand={"car": "30/h"})
    plan = lower(game)
    tape = draw(game, plan, 1, 0)
    first, again = tape.times[plan.service_row[0]], tape.times[plan.again_row[0]]
    assert plan.rounds == 2
    assert (first != again).mean() > 0.99
    assert (again != tape.times[plan.again_row[0] + 1]).mean() > 0.99


def test_who_is_sent_aside_balks_no_more_than_others(engine: Play) -> None:
    """Trucks never balk; that they are sent aside stands in the row of the tape in which cars have their balking."""
    balk = {"car": {"balk": {"by_quoted_wait": "50 %"}}}
    stations = {
        "booth": {"serves": ["car"], "staffing": 1, "service_time": "1 min"},
        "desk": {"serves": ["truck"], "staffing": 1, "service_time": "1 min", "sent_aside": {"to": "bay", "share": 1}},
        "bay": {"only_sent_on": True, "staffing": 1, "service_time": "1 min"},
    }
    game = scenario(stations, demand={"car": "10/h", "truck": "10/h"}, behaviour=balk)
    plan = lower(game)
    assert plan.balk_row == plan.aside_row[1], "the rows are not shared, so this proves nothing"
    records = engine(plan, draw(game, plan, 1, 0))
    assert set(records.cls[records.outcome == Outcome.BALKED].tolist()) == {0}


def test_shares_by_class_and_condition() -> None:
    """Conditions go before classes; the rest has `any`."""
    share = {"any": 0.25, "truck": 1, "unless registered": 0, "when registered": 1}
    classes = {"car": {"traits": {"registered": 0.7}}}
    game = bay({"share": share}, classes=classes, initial_queue={"car": 900, "truck": 10, "bus": 900})
    plan = lower(game)
    tape = draw(game, plan, 1, 0)
    sent = tape.chances[plan.aside_row[0]] < SENT_BELOW
    assert (sent[tape.cls == 0] == (tape.traits[tape.cls == 0] == 1)).all()
    assert sent[tape.cls == 1].all()
    assert abs(sent[tape.cls == 2].mean() - 0.25) < 5 * (0.25 * 0.75 / 900) ** 0.5  # P(false failure) < 1e-6


def test_those_sent_aside_are_counted_at_the_station_that_sends_them(engine: Play) -> None:
    game = bay({}, initial_queue={"car": 3})
    plan, records = play(engine, game, [SENT, PASSES, SENT])
    totals = measure(game, plan, records).totals
    assert totals["x", "sent_aside_parties", "station:desk"] == 2
    assert ("x", "sent_aside_parties", "station:exit") not in totals
