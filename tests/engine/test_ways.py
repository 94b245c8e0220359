"""Ways through a crossing: traits, stations side by side, and stations for some only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.records import Outcome
from sim.scenario.model.mean_service import mean_service_s
from tests.engine.build import MINUTE, Play, minutes, scenario, set_by_hand

HAS, LACKS = 1, 2
"""`Tape.traits` of a party with the only trait, and without it; 0 where its class has none."""
TRAITS: dict[str, Any] = {"car": {"traits": {"registered": 0.7}}}


def desk(scale: dict[str, float], **rest: Any) -> Any:
    stations = {"desk": {"staffing": 9, "service_time": "3 min", "scale_service": scale}}
    return scenario(stations, classes=TRAITS, **rest)


def test_first_visits_take_twice_as_long(engine: Play) -> None:
    game = desk({"unless registered": 2, "when registered": 0.5}, initial_queue={"car": 9})
    plan, tape = set_by_hand(game, [0] * 9)
    assert set(tape.traits.tolist()) == {HAS, LACKS}
    records = engine(plan, tape)
    expected = {HAS: 1.5, LACKS: 6.0}
    assert minutes(records.left_at) == [expected[traits] for traits in tape.traits.tolist()]


@pytest.mark.parametrize("condition", ["when registered", "unless registered"])
def test_a_class_without_the_trait_is_not_concerned(engine: Play, condition: str) -> None:
    plan, tape = set_by_hand(desk({condition: 2}, initial_queue={"truck": 1}), [0])
    assert tape.traits.tolist() == [0]
    assert minutes(engine(plan, tape).left_at) == [3]


def test_traits_have_their_share_and_disturb_no_other_column() -> None:
    """P(false failure) < 1e-6: five standard deviations."""
    stations = {"desk": {"staffing": 9, "service_time": "3 min"}}
    with_traits, without = desk({}, demand={"car": "60/h"}), scenario(stations, demand={"car": "60/h"})
    plan = lower(with_traits)
    tapes = [draw(with_traits, plan, seed, 0) for seed in range(5)]
    traits = np.concatenate([tape.traits for tape in tapes])
    assert abs((traits == HAS).mean() - 0.7) < 5 * (0.7 * 0.3 / len(traits)) ** 0.5
    other = draw(without, lower(without), 0, 0)
    for column in ("arrived_at", "people", "men", "times", "chances"):
        assert np.array_equal(getattr(tapes[0], column), getattr(other, column))


def test_the_mean_service_is_that_of_the_tape() -> None:
    """P(false failure) < 1e-6: five standard deviations of a mean of two values."""
    game = desk({"unless registered": 3}, demand={"car": "600/h"})
    plan = lower(game)
    services = draw(game, plan, 1, 0).times[plan.service_row[0]] / MINUTE
    station = game.crossings["x"].stations["desk"]
    mean = mean_service_s(station, station.law_of("car"), game.classes["car"]) / 60
    assert mean == pytest.approx(0.7 * 3 + 0.3 * 9)
    assert abs(services.mean() - mean) < 5 * services.std() / len(services) ** 0.5


def booths(choice: dict[str, Any], first: dict[str, Any] | None = None, **rest: Any) -> Any:
    """Two booths side by side, `a` and `b`, with a server each and services of 3 min."""
    booth = {"staffing": 1, "service_time": "3 min"}
    stations = {"a": booth | (first or {}), "b": booth}
    return scenario(stations, parallel={"booths": choice}, classes=TRAITS, **rest)


def stations_of(engine: Play, game: Any, arrivals: list[float], **columns: Any) -> str:
    """The stations where parties that arrive at these minutes are, in the order of their numbers."""
    plan, tape = set_by_hand(game, arrivals, **columns)
    records = engine(plan, tape)
    return "".join(plan.stations[s] for s in records.station.tolist())


def test_the_shortest_queue(engine: Play) -> None:
    """Free servers first, then the shorter queue, then the first in the list."""
    game = booths({"one_of": ["b", "a"]}, initial_queue={"car": 6})
    assert stations_of(engine, game, [0, 0, 0, 0, 0, 3.5]) == "bababa"  # the last: a third at b, who waits; two at a


def test_the_least_wait_counts_servers_and_services(engine: Play) -> None:
    """With all busy the next is called after 1.5 min at a (two servers) and after 3 min at b."""
    game = booths({"one_of": ["b", "a"], "by": "least_wait"}, {"staffing": 2}, initial_queue={"car": 9})
    assert stations_of(engine, game, [0] * 9) == "baa" + "abaaba"
    slow = booths({"one_of": ["b", "a"], "by": "least_wait"}, {"service_time": "9 min"}, initial_queue={"car": 6})
    assert stations_of(engine, slow, [0] * 6) == "babbba"  # 3, 6, 9 min at b; then 9 min at either: b is first listed


def test_the_least_wait_sees_the_mean_and_not_the_draw(engine: Play) -> None:
    game = booths({"one_of": ["b", "a"], "by": "least_wait"}, {"service_time": "4 min"}, initial_queue={"car": 4})
    assert stations_of(engine, game, [0] * 4, service=[[1], [99]] * np.ones(4, int) * MINUTE) == "baba"


def test_the_first_with_room(engine: Play) -> None:
    """Two places behind a: the third who waits there goes to b, and comes back to a when a place is free."""
    game = booths({"one_of": ["a", "b"], "by": "first"}, {"hall": 2}, initial_queue={"car": 7})
    assert stations_of(engine, game, [0, 0, 0, 0, 0, 3.5, 3.6]) == "aaabbab"


def test_fixed_shares_follow_the_chance_of_the_party(engine: Play) -> None:
    game = booths({"shares": {"a": 0.25, "b": "rest"}}, initial_queue={"car": 4})
    plan, tape = set_by_hand(game, [0] * 4)
    tape.chances[plan.choice_row[0]] = [0.0, 0.2499, 0.25, 0.99]
    assert "".join(plan.stations[s] for s in engine(plan, tape).station.tolist()) == "aabb"


def test_shares_differ_by_trait(engine: Play) -> None:
    """80 % of the registered to a and 10 % of the others, by the first condition that holds; of trucks, a quarter."""
    by_trait = {"when registered": {"a": 0.8, "b": "rest"}, "unless registered": {"a": 0.1, "b": 0.9}}
    shares = {"a": 0.25, "b": "rest"}
    game = booths({"shares": shares, "shares_by_trait": by_trait}, initial_queue={"car": 4, "truck": 2})
    plan, tape = set_by_hand(game, [0] * 6, traits=[HAS, HAS, LACKS, LACKS, 0, 0])
    tape.chances[plan.choice_row[0]] = [0.79, 0.81, 0.09, 0.11, 0.24, 0.26]
    assert "".join(plan.stations[s] for s in engine(plan, tape).station.tolist()) == "ababab"


def test_a_closed_booth_is_chosen_only_if_all_are_closed(engine: Play) -> None:
    for choice in ({"one_of": ["a", "b"]}, {"shares": {"a": 0.99, "b": 0.01}}):
        closed = {"stations": ["a"], "close": True}
        game = booths(choice, initial_queue={"car": 2}, changes=[closed])
        assert stations_of(engine, game, [0, 1]) == "bb"
    game = booths({"one_of": ["a", "b"]}, initial_queue={"car": 2},
                  changes=[{"close": True, "until": "2022-09-21T00:30"}])  # fmt: skip
    assert stations_of(engine, game, [0, 1]) == "ab"


def test_a_booth_without_staff_is_chosen_only_if_none_has_any(engine: Play) -> None:
    game = booths({"one_of": ["a", "b"]}, {"staffing": 0}, initial_queue={"car": 3})
    assert stations_of(engine, game, [0, 0, 0]) == "bbb"


def test_the_way_is_closed_if_all_booths_are() -> None:
    close = {"close": True, "from": "2022-09-21T00:01"}
    game = booths({"one_of": ["a", "b"]}, initial_queue={"car": 2}, changes=[{"stations": ["a"]} | close])
    assert lower(game).closes[0, 0] > lower(game).horizon
    game = booths({"one_of": ["a", "b"]}, initial_queue={"car": 2}, changes=[close])
    assert lower(game).closes[0, 0] == MINUTE


def test_lanes_for_some_only(engine: Play) -> None:
    """The registered may take the gates, and do so as long as these are not fuller; others may not."""
    game = booths({"one_of": ["a", "b"]}, {"only": "when registered"}, initial_queue={"car": 4, "truck": 1})
    assert stations_of(engine, game, [0] * 5, traits=[HAS, LACKS, HAS, LACKS, 0]) == "ababb"


def test_a_kiosk_for_the_unregistered_is_passed_by_the_others(engine: Play) -> None:
    stations = {
        "kiosk": {"staffing": 1, "service_time": "2 min", "only": "unless registered"},
        "desk": {"staffing": 1, "service_time": "1 min"},
    }
    game = scenario(stations, classes=TRAITS, initial_queue={"car": 2, "truck": 1})
    plan, tape = set_by_hand(game, [0] * 3, traits=[HAS, LACKS, 0])
    records = engine(plan, tape)
    assert [plan.stations[s] for s in records.station.tolist()] == ["desk", "kiosk", "desk", "desk"]
    assert minutes(records.left_at) == [1, 2, 3, 2]


def test_lanes_that_merge(engine: Play) -> None:
    """Two lanes feed one station with two places, where both are held up."""
    stations = {name: {"staffing": 1, "service_time": "1 min"} for name in ("a", "b")}
    stations["c"] = {"staffing": 1, "service_time": "5 min", "hall": 1}
    game = scenario(stations, parallel={"lanes": {"one_of": ["a", "b"]}}, initial_queue={"car": 6})
    plan, tape = set_by_hand(game, [0] * 6)
    records = engine(plan, tape)
    assert minutes(records.left_at[records.station == 2]) == [6, 11, 16, 21, 26, 31]
    assert minutes((records.left_at - records.ended_at)[records.station < 2]) == [0, 0, 4, 9, 9, 9]


def test_a_blocked_party_waits_for_the_station_that_it_chose(engine: Play) -> None:
    """With both halls full the last chooses a, and stays with it though b has room first."""
    booth = {"staffing": 1, "service_time": "20 min", "hall": 1}
    stations = {"gate": {"staffing": 1, "service_time": "1 min"}, "a": booth, "b": booth | {"service_time": "6 min"}}
    game = scenario(stations, parallel={"booths": {"one_of": ["a", "b"]}}, initial_queue={"car": 5})
    plan, tape = set_by_hand(game, [0] * 5)
    records = engine(plan, tape)
    later = records.station > 0
    assert [plan.stations[s] for s in records.station[later].tolist()] == ["a", "b", "a", "b", "a"]
    assert minutes(records.arrived_at[later]) == [1, 2, 3, 4, 21]


def test_the_quoted_wait_is_that_of_all_queues_of_the_first_step(engine: Play) -> None:
    """Both booths have 5 who wait, and start 20 an hour each: the quote at 00:30 is 10 / 40 h, so all others balk."""
    behaviour = {"car": {"balk": {"by_quoted_wait": {"14 min": 0, "15 min": 1}}}}
    game = booths({"one_of": ["a", "b"]}, initial_queue={"car": 40}, behaviour=behaviour)
    arrivals = [0.0] * 32 + [30 + n / 10 for n in range(8)]
    plan, tape = set_by_hand(game, arrivals)
    records = engine(plan, tape)
    assert plan.wait_step == 30 * MINUTE  # the table is read at 0: nobody balks, though the quote is above 0
    assert not (records.outcome == Outcome.BALKED).any()
    finer = booths({"one_of": ["a", "b"]}, initial_queue={"car": 40}, behaviour=behaviour,
                   quote={"every": "1 min", "window": "30 min"})  # fmt: skip
    plan, tape = set_by_hand(finer, arrivals)
    records = engine(plan, tape)
    assert (records.outcome[-8:] == Outcome.BALKED).all()
