"""What can become of a party: screening and its fates, refusals, bypass, change of mode, balking, being barred."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.records import Outcome
from sim.scenario.model.quantities import BYPASS, CLASSES, STREAMS
from tests.engine.build import MINUTE, Play, minutes, outcomes, played, scenario, set_by_hand

FOOT, BIKE = CLASSES.index("foot"), CLASSES.index("bike")
FOUR = {"classes": {"car": {"people": 4, "men_share": 1}}}


def screened(parties: int, fate: str, together: float = 1.0, office: dict[str, Any] | None = None, **rest: Any) -> Any:
    check = {
        "intensity": 1,
        "hit_rate": 1,
        "on_hit": {fate: 1},
        "stays_together": together,
        "if_office_closed": "summoned",
    }
    stations: dict[str, Any] = {
        "draft": {"staffing": 9, "service_time": {"any": {"party": "1 min", "man": "2 min"}}, "screening": check},
        "exit": {"staffing": 9, "service_time": "5 min"},
    }
    if office is not None:
        check["office"] = "office"
        law = {"any": {"party": "10 min", "man": "20 min"}}
        stations = {
            "draft": stations["draft"],
            "office": {"only_sent_on": True, "staffing": 9, "service_time": law, **office},
            "exit": stations["exit"],
        }
    return scenario(stations, initial_queue={"car": parties}, **{**FOUR, **rest})


@pytest.mark.parametrize(("fate", "outcome"), [("summoned", Outcome.SUMMONED), ("refused", Outcome.REFUSED)])
def test_all_men_stopped_turns_the_party_back(engine: Play, fate: str, outcome: Outcome) -> None:
    records = engine(*set_by_hand(screened(1, fate), [0]))
    assert outcomes(records) == [outcome]
    assert records.men.tolist() == records.checked.tolist() == [4]
    assert minutes(records.left_at) == [9]  # one minute, and two for each of four men


def test_passed_although_on_the_list(engine: Play) -> None:
    records = engine(*set_by_hand(screened(1, "pass"), [0]))
    assert outcomes(records) == [Outcome.SERVED, Outcome.CROSSED]
    assert records.men.tolist() == [0, 0]
    assert records.checked.tolist() == [4, 0]


@pytest.mark.parametrize(("key", "took"), [("intensity", 1), ("hit_rate", 9)])
def test_nobody_checked_or_nobody_found(engine: Play, key: str, took: float) -> None:
    game = screened(1, "refused")
    crossing = game.crossings["x"]
    draft = crossing.stations["draft"]
    changed = draft.model_copy(update={"screening": draft.screening.model_copy(update={key: 0.0})})  # type: ignore[union-attr]
    stations = crossing.stations | {"draft": changed}
    game = game.model_copy(update={"crossings": {"x": crossing.model_copy(update={"stations": stations})}})
    records = engine(*set_by_hand(game, [0]))
    assert outcomes(records) == [Outcome.SERVED, Outcome.CROSSED]
    assert minutes(records.left_at)[0] == took
    assert records.checked.tolist() == ([0, 0] if key == "intensity" else [4, 0])


def test_sent_on_to_the_office_and_released(engine: Play) -> None:
    records = engine(*set_by_hand(screened(1, "sent_on", office={}), [0]))
    assert outcomes(records) == [Outcome.SENT_ON, Outcome.SERVED, Outcome.CROSSED]
    assert minutes(records.left_at) == [9, 99, 104]  # 10 minutes, and 20 for each of four men
    assert records.men.tolist() == [4, 4, 0]
    assert records.checked.tolist() == [4, 0, 0]


def test_refused_at_the_office_takes_staff_time(engine: Play) -> None:
    refusal = {"refusal": {"probability": 1, "service_time": "7 min"}}
    records = engine(*set_by_hand(screened(1, "sent_on", office=refusal), [0]))
    assert outcomes(records) == [Outcome.SENT_ON, Outcome.REFUSED]
    assert minutes(records.left_at) == [9, 106]


def test_an_office_not_yet_open_leaves_the_fate_of_the_file(engine: Play) -> None:
    game = screened(2, "sent_on", office={"active_from": "2022-09-21T12:00"})
    records = engine(*set_by_hand(game, [0, 720]))
    assert outcomes(records) == [Outcome.SUMMONED, Outcome.SENT_ON, Outcome.SERVED, Outcome.CROSSED]


def test_a_closed_office_leaves_the_fate_of_the_file(engine: Play) -> None:
    game = screened(1, "sent_on", office={}, changes=[{"stations": ["office"], "close": True}])
    assert outcomes(engine(*set_by_hand(game, [0]))) == [Outcome.SUMMONED]


def test_the_others_go_on_without_the_men_stopped(engine: Play) -> None:
    game = screened(1, "refused", together=0.0)
    records = engine(*set_by_hand(game, [0], men=3))
    assert records.party.tolist() == [0, 0, 1]
    assert outcomes(records) == [Outcome.SERVED, Outcome.CROSSED, Outcome.REFUSED]
    assert records.people.tolist() == [4, 1, 3]
    assert records.men.tolist() == [0, 0, 3]
    assert records.checked.tolist() == [3, 0, 0]  # the twin was checked as part of its party
    assert records.cls.tolist() == [0, 0, FOOT]


def test_the_twin_goes_through_the_office_on_foot(engine: Play) -> None:
    game = screened(1, "sent_on", together=0.0, office={})
    records = engine(*set_by_hand(game, [0], men=2))
    twin = records.party == 1
    assert [outcomes(records)[i] for i in np.flatnonzero(twin)] == [Outcome.SENT_ON, Outcome.SERVED, Outcome.CROSSED]
    assert minutes(records.left_at[twin]) == [5, 50, 52.5]  # two of four people: half of each party part
    assert records.people[twin].tolist() == [2, 2, 2]


def test_people_are_conserved_when_a_party_parts_at_the_last_station(engine: Play) -> None:
    check = {"intensity": 1, "hit_rate": 1, "on_hit": {"refused": 1}, "stays_together": 0}
    game = scenario(
        {"draft": {"staffing": 9, "service_time": "1 min", "screening": check}}, initial_queue={"car": 1}, **FOUR
    )
    records = engine(*set_by_hand(game, [0], men=1))
    assert outcomes(records) == [Outcome.CROSSED, Outcome.REFUSED]
    assert records.people.tolist() == [3, 1]


def test_a_party_parts_only_once(engine: Play) -> None:
    check = {"intensity": 1, "hit_rate": 1, "on_hit": {"refused": 1}, "stays_together": 0}
    station = {"staffing": 9, "service_time": "1 min", "screening": check}
    game = scenario(
        {"one": {**station, "screening": check | {"hit_rate": 0.5}}, "two": station}, initial_queue={"car": 1}, **FOUR
    )
    plan, tape = set_by_hand(game, [0], men=3, u_checked=0.999, u_hit=[[0.2], [0.5]])
    records = engine(plan, tape)
    assert records.party.tolist() == [0, 0, 1]
    assert outcomes(records) == [Outcome.SERVED, Outcome.REFUSED, Outcome.REFUSED]
    assert records.people.tolist() == [4, 3, 1]
    assert records.men.tolist() == [0, 2, 1]  # two men of call-up age are left for the second check


def test_intensity_changes_with_time(engine: Play) -> None:
    changes = [{"from": "2022-09-21T06:00", "stations": ["draft"], "intensity": 0}]
    records = engine(*set_by_hand(screened(2, "refused", changes=changes), [0, 400]))
    assert outcomes(records) == [Outcome.REFUSED, Outcome.SERVED, Outcome.CROSSED]


def test_a_refusal_takes_staff_time(engine: Play) -> None:
    station = {"staffing": 1, "service_time": "5 min", "refusal": {"probability": 0.5, "service_time": "20 min"}}
    records = engine(*set_by_hand(scenario({"s": station}, initial_queue={"car": 2}), [0, 0], u_refused=[[0.4, 0.6]]))
    assert outcomes(records) == [Outcome.REFUSED, Outcome.CROSSED]
    assert minutes(records.left_at) == [25, 30]


WAY = {"gate": {"staffing": 1, "service_time": "10 min"}, "exit": {"staffing": 1, "service_time": "1 min"}}


def test_locals_take_the_bypass(engine: Play) -> None:
    behaviour = {"car": {"bypass": {"joins": "exit", "local": 0.5, "by_quoted_wait": "0 %/h"}}}
    game = scenario(WAY, initial_queue={"car": 3}, behaviour=behaviour)
    records = engine(*set_by_hand(game, [0, 1, 2], local=[False, True, True], u_bypass=[0.1, 0.4, 0.6]))
    assert records.station.tolist() == [0, 1, 1, 0, 1]
    assert records.stream.tolist() == [0, 0, STREAMS.index(BYPASS), 0, 0]
    assert records.first.tolist() == [True, False, False, True, False]


def test_the_bypass_exists_only_within_its_dates(engine: Play) -> None:
    bypass = {
        "joins": "exit",
        "local": 1,
        "by_quoted_wait": "0 %/h",
        "from": "2022-09-21T01:00",
        "until": "2022-09-21T02:00",
    }
    game = scenario(WAY, initial_queue={"car": 3}, behaviour={"car": {"bypass": bypass}})
    records = engine(*set_by_hand(game, [59, 60, 120], local=True))
    first = records.visit == 0
    assert records.station[first].tolist() == [0, 1, 0]


def test_leaving_the_main_queue_follows_the_hazard(engine: Play) -> None:
    """One in an hour: the clock 0.5 runs down after 30 minutes, for all three ways."""
    for way, outcome in (
        ("renege", Outcome.RENEGED),
        ("change_mode", Outcome.CHANGED_MODE),
        ("bypass", Outcome.BYPASSED),
    ):
        more: dict[str, Any] = {"bypass": {"joins": "exit"}, "change_mode": {"takes": "15 min"}}.get(way, {})
        station = {"gate": {"staffing": 0, "service_time": "1 min", "serves": ["car"]}, "exit": WAY["exit"]}
        behaviour = {"car": {way: {"by_quoted_wait": "100 %/h", **more}}}
        game = scenario(station, initial_queue={"car": 1}, behaviour=behaviour)
        records = engine(*set_by_hand(game, [7], clocks=5 * 10**11))
        assert outcomes(records)[0] is outcome
        assert minutes(records.left_at)[0] == pytest.approx(37, abs=1e-3)
        if way == "change_mode":
            assert records.cls.tolist() == [0, FOOT]
            assert records.station.tolist() == [0, 1]
            assert minutes(records.arrived_at)[1] == pytest.approx(52, abs=1e-3)
        if way == "bypass":
            assert records.stream.tolist() == [0, STREAMS.index(BYPASS)]
            assert minutes(records.started_at)[1] == pytest.approx(37, abs=1e-3)


def test_who_walks_at_the_horizon_is_unfinished_beyond_it(engine: Play) -> None:
    behaviour = {"car": {"change_mode": {"by_quoted_wait": "100 %/h", "takes": "30 h", "to": {"bike": 1}}}}
    game = scenario({"s": {"staffing": 0, "service_time": "1 min"}}, initial_queue={"car": 1}, behaviour=behaviour)
    records = engine(*set_by_hand(game, [0], clocks=10**12))
    assert outcomes(records) == [Outcome.CHANGED_MODE, Outcome.UNFINISHED]
    assert records.cls.tolist() == [0, BIKE]
    assert minutes(records.arrived_at)[1] == pytest.approx(60 + 1800, abs=1e-3)


def test_walkers_count_in_the_quoted_wait_on_both_sides(engine: Play) -> None:
    """Cars become walkers at once; a steady flow of them on foot waits minutes, so a quote of hours would be wrong."""
    stations = {"s": {"staffing": 5, "service_time": "1 min"}}
    behaviour: dict[str, Any] = {
        "car": {"change_mode": {"by_quoted_wait": "10000 %/h"}},
        "foot": {"balk": {"by_quoted_wait": {"0 h": 0, "2 h": 0, "2.5 h": 1}}},
    }
    changes = [{"classes": ["car"], "close": True, "until": "2022-09-23"}]
    demand = {"car": "285/h", "foot": "1/h"}
    records = played(engine, scenario(stations, demand=demand, behaviour=behaviour, changes=changes))
    assert (records.outcome == Outcome.CHANGED_MODE).sum() > 5000
    assert not (records.outcome == Outcome.BALKED).any()


def test_balking_at_a_long_queue(engine: Play) -> None:
    game = scenario(
        {"s": {"staffing": 1, "service_time": "10 min"}},
        initial_queue={"car": 4},
        behaviour={"car": {"balk": {"queue_over": 2}}},
    )
    records = engine(*set_by_hand(game, [0, 1, 2, 3]))
    assert outcomes(records) == [Outcome.CROSSED] * 3 + [Outcome.BALKED]


@pytest.mark.parametrize(("queue_of", "balked"), [(None, True), (["truck"], True), (["car"], False)])
def test_a_newcomer_sees_everybody_in_the_queue(engine: Play, queue_of: list[str] | None, balked: bool) -> None:
    balk = {"queue_over": 2} if queue_of is None else {"queue_over": 2, "queue_of": queue_of}
    game = scenario(
        {"s": {"staffing": 1, "service_time": "10 min"}},
        initial_queue={"car": 1, "truck": 3},
        behaviour={"car": {"balk": balk}},
    )
    records = engine(*set_by_hand(game, [3, 0, 1, 2], cls=[0, 1, 1, 1]))
    assert (Outcome.BALKED in outcomes(records)) is balked


def test_classes_of_a_queue_need_its_length() -> None:
    with pytest.raises(ValueError, match="queue_of needs queue_over"):
        scenario({"s": {"staffing": 1, "service_time": "1 min"}}, behaviour={"car": {"balk": {"queue_of": ["car"]}}})


def test_a_limit_of_no_queue_lets_in_who_finds_a_server_free(engine: Play) -> None:
    game = scenario(
        {"s": {"staffing": 1, "service_time": "10 min"}},
        initial_queue={"car": 3},
        behaviour={"car": {"balk": {"queue_over": 0}}},
    )
    assert outcomes(engine(*set_by_hand(game, [0, 1, 10]))) == [Outcome.CROSSED, Outcome.BALKED, Outcome.CROSSED]


def test_non_locals_are_barred_from_a_date_on(engine: Play) -> None:
    changes = [{"from": "2022-09-21T12:00", "classes": ["car"], "bar_non_local": 1}]
    classes = {"car": {"local_share": 0.5}}
    game = scenario(
        {"s": {"staffing": 9, "service_time": "1 min"}},
        demand={"car": "20/h", "bus": "20/h"},
        changes=changes,
        classes=classes,
    )
    plan = lower(game)
    tape = draw(game, plan, 1, 0)
    barred = engine(plan, tape).outcome == Outcome.BARRED
    assert barred.sum() > 50
    assert np.array_equal(barred, (tape.cls == 0) & ~tape.local & (tape.arrived_at >= 720 * MINUTE))


def test_a_station_that_is_not_there_is_passed_by(engine: Play) -> None:
    stations = {"gate": WAY["gate"] | {"active_until": "2022-09-21T01:00"}, "exit": WAY["exit"]}
    records = engine(*set_by_hand(scenario(stations, initial_queue={"car": 2}), [59, 60]))
    assert records.station.tolist() == [0, 1, 1]
    assert records.first.tolist() == [True, False, True]


TWO_HOURS = {"from": "2022-09-21T08:00", "until": "2022-09-21T10:00", "open": True}


@pytest.mark.parametrize(("changes", "until"), [
    ([{"from": "2022-09-21T12:00", "close": True}], 12),
    ([{"from": "2022-09-21T12:00", "stations": ["t"], "classes": ["car"], "close": True}], 12),
    ([{"from": "2022-09-21T06:00", "close": True}, TWO_HOURS], 10),
    ([{"from": "2022-09-21T12:00", "until": "2022-09-22T12:00", "close": True}], 24),  # they wait for the reopening
    ([{"from": "2022-09-21T12:00", "close": True}, {"from": "2022-09-21T20:00", "open": True}], 24),
    ([{"from": "2022-09-21T12:00", "classes": ["bus"], "close": True}], 24),
])  # fmt: skip
def test_nobody_joins_the_queue_of_a_way_that_has_closed_for_good(
    engine: Play, changes: list[dict[str, Any]], until: float
) -> None:
    stations = {"s": {"staffing": 9, "service_time": "1 min"}, "t": {"staffing": 9, "service_time": "1 min"}}
    records = played(engine, scenario(stations, demand={"car": "60/h"}, changes=changes))
    first = records.visit == 0
    at = records.arrived_at[first] / (60 * MINUTE)
    barred = records.outcome[first] == int(Outcome.BARRED)
    assert np.array_equal(barred, at >= until)
    assert barred.any() == (until < 24)


@pytest.mark.parametrize(("lasts", "leaves"), [({}, False), ({"until": "2022-09-21T12:00"}, True)])
def test_nobody_leaves_a_vehicle_for_a_way_that_has_closed_for_good(
    engine: Play, lasts: dict[str, Any], leaves: bool
) -> None:
    stations = {
        "gate": {"serves": ["car"], "staffing": 1, "service_time": "20 h"},
        "walk": {"serves": ["foot"], "staffing": 1, "service_time": "1 min"},
    }
    behaviour = {"car": {"change_mode": {"by_quoted_wait": "100 %/h", "takes": "15 min", "to": {"foot": 1}}}}
    changes = [{"from": "2022-09-21T00:15", "classes": ["foot"], "close": True, **lasts}]
    made = scenario(stations, initial_queue={"car": 40}, behaviour=behaviour, changes=changes)
    plan = lower(made)
    records = engine(plan, draw(made, plan, 1, 0))
    late = records.left_at[records.outcome == Outcome.CHANGED_MODE] > 15 * MINUTE
    assert late.any() == leaves
    if not leaves:
        assert Outcome.BARRED not in records.outcome


def test_who_is_in_the_queue_at_a_closure_stays(engine: Play) -> None:
    changes = [{"from": "2022-09-21T00:15", "close": True}]
    station = {"s": {"staffing": 1, "service_time": "10 min"}}
    records = engine(*set_by_hand(scenario(station, initial_queue={"car": 3}, changes=changes), [0, 1, 2]))
    assert outcomes(records) == [Outcome.CROSSED, Outcome.CROSSED, Outcome.UNFINISHED]
