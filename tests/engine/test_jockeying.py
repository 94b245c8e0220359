"""Jockeying: the last of a queue moves to the end of a shorter one beside it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from sim.engine.plan import Plan
from sim.engine.records import Outcome, Records
from sim.engine.tape import Tape
from sim.scenario.model.scenario import Scenario
from tests.engine.build import Play, minutes, outcomes, scenario, set_by_hand
from tests.engine.invariants import broken
from tests.engine.strategies import busy_booths, games
from tests.engine.test_equality import assert_equal

TRAITS: dict[str, Any] = {"car": {"traits": {"registered": 0.5}}}
HAS, LACKS = 1, 2


def booths(first: dict[str, Any], second: dict[str, Any] | None = None, least: int = 2, **rest: Any) -> Any:
    """Booth `a` (services of 10 min) and booth `b` (of 1 min), joined by shares: all to `a` unless the chance is 1."""
    booth = {"staffing": 1, "service_time": "10 min"}
    stations = {"a": booth | first, "b": booth | {"service_time": "1 min"} | (second or {})}
    choice = {"shares": {"a": "100 %", "b": "0 %"}, "jockeying": least}
    return scenario(stations, parallel={"booths": choice}, classes=TRAITS, **rest)


def visits(records: Records, party: int) -> list[tuple[int, float | None, Outcome]]:
    """Station, arrival (min) and outcome of the visits of a party."""
    rows = records.party == party
    at = minutes(records.arrived_at[rows])
    return list(zip(records.station[rows].tolist(), at, [outcomes(records)[r] for r in rows.nonzero()[0]], strict=True))


def test_the_last_moves_when_the_other_queue_is_shorter_by_two(engine: Play) -> None:
    """A free server counts as one place fewer than an empty queue."""
    game = booths({}, initial_queue={"car": 5})
    records = engine(*set_by_hand(game, [0, 0, 0, 0, 0]))
    assert visits(records, 0) == [(0, 0, Outcome.CROSSED)]
    assert visits(records, 1) == [(0, 0, Outcome.JOCKEYED), (1, 0, Outcome.CROSSED)]
    assert visits(records, 3) == [(0, 0, Outcome.JOCKEYED), (1, 0, Outcome.CROSSED)]  # two waited at a, none at b
    assert visits(records, 4) == [(0, 0, Outcome.JOCKEYED), (1, 1, Outcome.CROSSED)]  # the same when 3 is called
    assert visits(records, 2) == [(0, 0, Outcome.JOCKEYED), (1, 3, Outcome.CROSSED)]  # when b is free again


def test_nobody_moves_for_less(engine: Play) -> None:
    records = engine(*set_by_hand(booths({}, least=4, initial_queue={"car": 3}), [0, 0, 0]))
    assert not (records.outcome == Outcome.JOCKEYED).any()
    records = engine(*set_by_hand(booths({}, least=3, initial_queue={"car": 3}), [0, 0, 0]))
    assert (records.outcome == Outcome.JOCKEYED).sum() == 1


def test_only_the_last_may_move_and_only_where_it_is_served(engine: Play) -> None:
    """The last is not registered and the gate is for the registered, so nobody moves until it is served."""
    game = booths({}, {"only": "when registered"}, initial_queue={"car": 4})
    stay = engine(*set_by_hand(game, [0, 0, 0, 0], traits=[LACKS, HAS, HAS, LACKS]))
    moved = stay.party[stay.outcome == Outcome.JOCKEYED]
    assert moved.tolist() == [1]  # the last while it waits alone; then 2 and 3 wait, and 3 may not move
    everybody = engine(*set_by_hand(game, [0, 0, 0, 0], traits=[HAS, HAS, HAS, HAS]))
    assert (everybody.outcome == Outcome.JOCKEYED).sum() == 3


def test_nobody_moves_to_a_booth_that_is_closed_or_unstaffed_or_full(engine: Play) -> None:
    closed = {"changes": [{"stations": ["b"], "close": True, "until": "2022-09-21T05:00"}]}
    for second, rest in (({"staffing": 0}, {}), ({}, closed)):
        records = engine(*set_by_hand(booths({}, second, initial_queue={"car": 6}, **rest), [0] * 6))
        assert not (records.outcome == Outcome.JOCKEYED).any()


def test_they_move_when_a_booth_opens(engine: Play) -> None:
    second = {"staffing": {"servers": 0, "steps": [{"from": "2022-09-21T00:05", "servers": 1}]}}
    records = engine(*set_by_hand(booths({}, second, initial_queue={"car": 4}), [0] * 4))
    first = records.arrived_at[(records.station == 1)].min()
    assert minutes(records.arrived_at[records.arrived_at == first])[0] == 5


def test_patience_goes_on(engine: Play) -> None:
    """Who moves after four of the five minutes it would wait, and finds a queue, leaves one minute later."""
    second = {"staffing": {"servers": 0, "steps": [{"from": "2022-09-21T00:04", "servers": 1}]}}
    game = booths({"patience": "5 min"}, second | {"service_time": "9 min"}, initial_queue={"car": 6})
    records = engine(*set_by_hand(game, [0] * 6))
    gone = records.outcome == Outcome.RENEGED
    assert set(minutes(records.left_at[gone])) == {5}
    assert 1 in records.station[gone].tolist()


def test_jockeying_frees_room_in_a_hall(engine: Play) -> None:
    """A gate feeds two booths with halls; who is blocked before the one comes in when its last has moved."""
    booth = {"staffing": 1, "service_time": "20 min", "hall": 2}
    stations = {
        "gate": {"staffing": 1, "service_time": "1 min"},
        "a": booth,
        "b": booth | {"staffing": {"servers": 0, "steps": [{"from": "2022-09-21T00:10", "servers": 1}]}},
    }
    choice = {"one_of": ["a", "b"], "jockeying": 2}
    game = scenario(stations, parallel={"booths": choice}, initial_queue={"car": 4})
    records = engine(*set_by_hand(game, [0] * 4))
    blocked = records.left_at - records.ended_at
    assert minutes(blocked[(records.party == 3) & (records.station == 0)]) == [6]
    assert records.party[records.outcome == Outcome.JOCKEYED].tolist() == [2, 3]  # the first has room for the second


@pytest.mark.slow
@settings(max_examples=120)
@given(game=games(of=busy_booths()))
def test_many_random_booths(game: tuple[Scenario, Plan, Tape]) -> None:
    _, plan, tape = game
    assert broken(plan, tape, assert_equal(plan, tape)) == []
