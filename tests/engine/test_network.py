"""Crossings that share one demand: one small case for each rule, on every engine.

Unless told otherwise an hour of driving or waiting costs 1, and tastes are 0: parties take the quickest way they know.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.records import Outcome
from sim.scenario.model.quantities import CLASSES
from tests.engine.build import MINUTE, Play, crossing, played, scenario
from tests.engine.networks import FREE, ONE, SOLD_OUT, STUCK, chosen, network, setting_out, way

CROSSED, DIVERTED, BALKED = Outcome.CROSSED, Outcome.DIVERTED, Outcome.BALKED
MS = 1 / MINUTE
CAR, FOOT = CLASSES.index("car"), CLASSES.index("foot")
NEAR = {"a": "1 h", "b": "2 h"}
"""Drives of which the first is the shorter one."""


def went(engine: Play, found: Any, at: Any, tastes: Any = None, **by_hand: Any) -> list[str]:
    plan, tape = setting_out(found, at, tastes, **by_hand)
    return chosen(plan, engine(plan, tape))


def ways(engine: Play, found: Any, at: Any, tastes: Any = None, **by_hand: Any) -> Any:
    plan, tape = setting_out(found, at, tastes, **by_hand)
    records = engine(plan, tape)
    return [way(plan, records, party) for party in np.flatnonzero(~tape.initial).tolist()]


# What a crossing is worth


def test_the_shorter_drive_is_taken_unless_taste_outweighs_it(engine: Play) -> None:
    found = network({"a": FREE, "b": FREE}, NEAR)
    assert went(engine, found, [0, 0], {"b": [0.99, 1.01]}) == ["a", "b"]


def test_a_drive_takes_its_mean_times_the_slowness_of_the_party(engine: Play) -> None:
    found = network({"a": FREE}, {"a": "83 min"})
    first, second = ways(engine, found, [5, 5], drive=[1.0, 1.5])
    assert first == [("a", CROSSED, 88, 89)]
    assert second == [("a", CROSSED, 129.5, 130.5)]


def test_price_is_counted_per_hundred_euros(engine: Play) -> None:
    found = network({"a": (FREE, {"destination": {"price": 250}}), "b": FREE}, NEAR, choice={"price": -0.5})
    assert went(engine, found, [0, 0], {"b": [-0.24, -0.26]}) == ["b", "a"]


def test_the_price_of_a_date_replaces_that_of_the_file(engine: Play) -> None:
    changes = [{"from": "2022-09-21T06:00", "price": 400}]
    found = network({"a": (FREE, {"changes": changes}), "b": FREE}, NEAR, choice={"price": -0.5})
    assert went(engine, found, [360 - MS, 360]) == ["a", "b"]


def test_attraction_is_added(engine: Play) -> None:
    changes = [{"from": "2022-09-21T06:00", "until": "2022-09-21T07:00", "attraction": 0.5}]
    found = network({"a": FREE, "b": (FREE, {"destination": {"attraction": 1.5}, "changes": changes})}, NEAR)
    assert went(engine, found, [360 - MS, 360, 420 - MS, 420]) == ["b", "a", "a", "b"]


def test_only_parties_with_men_of_call_up_age_fear_being_turned_back(engine: Play) -> None:
    found = network({"a": (FREE, {"destination": {"risk": "60 %"}}), "b": FREE}, NEAR, choice={"risk": -2})
    assert went(engine, found, [0, 0], men=[0, 1]) == ["a", "b"]


# What is known of the waits


QUEUE = {"initial_queue": {"car": 1}}
"""One party is there and never served: the wait quoted half-hourly is as long as the day is old."""


def test_a_choice_uses_the_wait_announced_as_long_ago_as_news_takes(engine: Play) -> None:
    for delay in (0, 120, 135):
        crossings = {"a": (STUCK, {**QUEUE, "quote": {"delay": f"{delay} min"}}), "b": FREE}
        found = network(crossings, {"a": "1 h", "b": "195 min"})  # b is better once 2.5 h are quoted at a
        known_at = 150 + delay
        assert went(engine, found, [known_at - MS, known_at])[-2:] == ["a", "b"]


def test_before_any_news_no_wait_is_expected(engine: Play) -> None:
    found = network({"a": (STUCK, {**QUEUE, "quote": {"delay": "20 h"}}), "b": FREE}, NEAR)
    assert went(engine, found, [19 * 60])[-1] == "a"


def test_who_is_not_informed_expects_no_wait(engine: Play) -> None:
    found = network({"a": (STUCK, {**QUEUE, "destination": {"informed": 0.5}}), "b": FREE}, NEAR)
    assert went(engine, found, [600, 600], news=[0.49, 0.5])[-2:] == ["b", "a"]


def test_who_hears_of_one_crossing_only_compares_its_wait_with_none(engine: Play) -> None:
    crossings = {"a": (STUCK, QUEUE), "b": (STUCK, {**QUEUE, "destination": {"informed": 0}})}
    assert went(engine, network(crossings, NEAR), [600])[-1] == "b"


def test_information_may_come_by_date(engine: Play) -> None:
    changes = [{"from": "2022-09-21T10:00", "informed": 0}]
    found = network({"a": (STUCK, {**QUEUE, "changes": changes}), "b": FREE}, NEAR)
    assert went(engine, found, [600 - MS, 600], news=0.3)[-2:] == ["b", "a"]


def test_the_wait_is_that_of_the_class_a_party_is_of_there(engine: Play) -> None:
    there = {"initial_queue": {"foot": 1}, "destination": {"travels_as": {"car": "foot"}}}
    queued = network({"a": (STUCK, there), "b": FREE}, NEAR)
    of_cars = network({"a": (STUCK, {**there, **QUEUE}), "b": FREE}, NEAR)
    assert went(engine, queued, [600])[-1] == "b"
    assert went(engine, of_cars, [600])[-1] == "a"


# Who is admitted, and what is open


def admitted_at_b(engine: Play, share: float) -> set[int]:
    b = {"destination": {"admits": share, "attraction": 100}}
    found = network({"a": FREE, "b": (FREE, b)}, NEAR, demand={"car": "200/h"})
    plan, tape = setting_out(found, [n / 10 for n in range(1000)], papers=np.random.default_rng(1).random(1000))
    return {party for party, place in enumerate(chosen(plan, engine(plan, tape))) if place == "b"}


@pytest.mark.slow
def test_papers_good_for_a_tenth_are_good_for_a_fifth(engine: Play) -> None:
    tenth, fifth = admitted_at_b(engine, 0.1), admitted_at_b(engine, 0.2)
    assert tenth < fifth
    assert (len(tenth), len(fifth)) == pytest.approx((100, 200), rel=0.25)
    assert not admitted_at_b(engine, 0.0)
    assert len(admitted_at_b(engine, 1.0)) == 1000


def test_papers_are_accepted_by_date_and_class(engine: Play) -> None:
    changes = [{"from": "2022-09-21T06:00", "admits": 0, "classes": ["car"]}]
    found = network({"a": (FREE, {"changes": changes}), "b": FREE}, NEAR)
    assert went(engine, found, [360 - MS, 360]) == ["a", "b"]
    other = [{**changes[0], "classes": ["truck"]}]
    assert went(engine, network({"a": (FREE, {"changes": other}), "b": FREE}, NEAR), [360]) == ["a"]


def test_who_is_no_longer_admitted_on_coming_goes_on_or_home(engine: Play) -> None:
    changes = [{"from": "2022-09-21T06:00", "admits": 0}]
    crossings = {"a": (FREE, {"changes": changes}), "b": FREE}
    assert ways(engine, network(crossings, NEAR), [330]) == [[("a", Outcome.BARRED, 390, 390)]]
    found = network(crossings, NEAR, {"a": {"b": "30 min"}})
    assert ways(engine, found, [330]) == [[("a", DIVERTED, 390, 390), ("b", CROSSED, 420, 421)]]


TWO = {"gate": {"staffing": 9, "service_time": "1 min"}, "hall": {"staffing": 9, "service_time": "1 min"}}
OFFICE = {"office": {"only_sent_on": True, "staffing": 1, "service_time": "1 min"}}


@pytest.mark.parametrize(
    ("close", "goes_to"),
    [
        ({}, "b"),
        ({"stations": ["hall"]}, "b"),  # any station of its way
        ({"classes": ["car"]}, "b"),
        ({"classes": ["truck"]}, "a"),
        ({"stations": ["office"]}, "a"),
        ({"until": "2022-09-21T05:00"}, "a"),
    ],
)
def test_a_closed_way_is_known_to_all(engine: Play, close: dict[str, Any], goes_to: str) -> None:
    check = {"intensity": 1, "hit_rate": 0, "on_hit": {"sent_on": 1}, "office": "office", "if_office_closed": "pass"}
    stations = {"gate": {**TWO["gate"], "screening": check}, **OFFICE, "hall": TWO["hall"]}
    found = network({"a": (stations, {"changes": [{"close": True, **close}]}), "b": FREE}, NEAR)
    assert went(engine, found, [360], news=1.0) == [goes_to]


@pytest.mark.parametrize(
    ("lasts", "end"),
    [
        ({}, ("a", Outcome.BARRED, 390, 390)),
        ({"until": "2022-09-21T08:00"}, ("a", CROSSED, 390, 481)),
    ],
)
def test_who_finds_the_way_closed_waits_for_a_reopening_or_goes_home(
    engine: Play, lasts: dict[str, Any], end: tuple[Any, ...]
) -> None:
    closed = {"changes": [{"from": "2022-09-21T06:00", "close": True, **lasts}]}
    assert ways(engine, network({"a": (FREE, closed), "b": FREE}, NEAR), [330]) == [[end]]


@pytest.mark.parametrize("lasts", [{}, {"until": "2022-09-21T08:00"}])
def test_who_finds_the_way_closed_goes_on_to_another_crossing_if_there_is_a_road(
    engine: Play, lasts: dict[str, Any]
) -> None:
    closed = {"changes": [{"from": "2022-09-21T06:00", "close": True, **lasts}]}
    found = network({"a": (FREE, closed), "b": FREE}, NEAR, {"a": {"b": "30 min"}})
    assert ways(engine, found, [330]) == [[("a", DIVERTED, 390, 390), ("b", CROSSED, 420, 421)]]


def test_what_opens_again_is_known_at_once(engine: Play) -> None:
    changes = [{"close": True}, {"from": "2022-09-21T06:00", "open": True}]
    assert went(engine, network({"a": (FREE, {"changes": changes}), "b": FREE}, NEAR), [360 - MS, 360]) == ["b", "a"]


def test_no_staff_is_not_a_closure(engine: Play) -> None:
    assert went(engine, network({"a": STUCK, "b": FREE}, NEAR), [0]) == ["a"]


def test_a_crossing_without_stations_for_a_class_is_not_chosen_by_it(engine: Play) -> None:
    only_trucks = {"gate": {**FREE["gate"], "serves": ["truck"]}}
    found = network({"a": only_trucks, "b": FREE}, NEAR)
    assert went(engine, found, [0]) == ["b"]
    closed = network({"a": only_trucks, "b": (FREE, {"changes": [{"close": True}]})}, NEAR)
    assert ways(engine, closed, [0]) == [[("b", Outcome.STAYED, 0, 0)]]


def test_travellers_have_no_local_plates_and_learn_of_the_bar_on_coming(engine: Play) -> None:
    crossings = {"a": (FREE, {"changes": [{"bar_non_local": 0.5}]}), "b": FREE}
    classes = {"car": {"local_share": 1}}
    found = network(crossings, NEAR, classes=classes)
    barred, let = ways(engine, found, [0, 0], bar=[0.49, 0.5])
    assert barred == [("a", Outcome.BARRED, 60, 60)]
    assert let == [("a", CROSSED, 60, 61)]
    found = network(crossings, NEAR, {"b": {"a": "10 min"}}, classes=classes)
    assert ways(engine, found, [0], bar=0.1) == [[("a", DIVERTED, 60, 60), ("b", CROSSED, 70, 71)]]


# Another choice on the way


ROADS = {"a": "241 min", "b": "6 h"}
NEWS = {"changes": [{"from": "2022-09-21T01:00", "attraction": 10}]}
ACROSS = {"a": {"b": "181 min"}}


@pytest.mark.parametrize(("after", "slowness"), [(0.5, 1.0), (0.5, 1.75), (0.375, 1.0), (1.0, 1.0)])
def test_half_way_to_one_it_is_half_the_way_to_the_other_and_half_across(
    engine: Play, after: float, slowness: float
) -> None:
    found = network({"a": FREE, "b": (FREE, NEWS)}, ROADS, ACROSS, {"reconsider": after})
    ((place, outcome, came_at, _),) = ways(engine, found, [0], drive=slowness)[0]
    assert (place, outcome) == ("b", CROSSED)
    left = 360 * (1 - after) + 181 * after
    assert came_at == pytest.approx((241 * after + left) * slowness, abs=2.1 * MS)  # rounded down thrice
    if slowness == 1.0:
        assert came_at == 241 * after + left


def test_who_has_no_news_or_no_way_across_or_never_thinks_again_drives_on(engine: Play) -> None:
    crossings = {"a": (FREE, {"destination": {"informed": 0.5}}), "b": (FREE, NEWS)}
    for across, after, news in ((ACROSS, 0.5, 0.5), ({}, 0.5, 0.49), (ACROSS, 0, 0.49)):
        found = network(crossings, ROADS, across, {"reconsider": after, "diversions": 0})
        assert ways(engine, found, [0], news=news) == [[("a", CROSSED, 241, 242)]]
    found = network(crossings, ROADS, ACROSS, {"reconsider": 0.5, "diversions": 0})
    assert went(engine, found, [0], news=0.49) == ["b"]


def test_news_of_the_instant_of_the_choice_counts_and_later_news_does_not(engine: Play) -> None:
    late = {"changes": [{"from": "2022-09-21T02:01", "attraction": 10}]}  # 120.5 min have gone at the choice
    found = network({"a": FREE, "b": (FREE, late)}, ROADS, ACROSS, {"reconsider": 0.5, "diversions": 0})
    assert went(engine, found, [0, 0.5 - MS, 0.5]) == ["a", "a", "b"]


@pytest.mark.parametrize(("at_first", "later", "place"), [(1, 1, "b"), (0, 1, "a"), (1, 0, "a")])
def test_only_who_hears_at_home_and_on_the_way_chooses_again(
    engine: Play, at_first: int, later: int, place: str
) -> None:
    changes = [{"from": "2022-09-21T01:00", "informed": later}]
    crossings = {"a": (FREE, {"destination": {"informed": at_first}, "changes": changes}), "b": (FREE, NEWS)}
    found = network(crossings, ROADS, ACROSS, {"reconsider": 0.5, "diversions": 0})
    assert went(engine, found, [0]) == [place]


def test_another_course_must_be_better_by_switching_on_the_way(engine: Play) -> None:
    """Half-way 120 minutes are left to `a`, 270 to `b`: 2.5 hours more for an attraction of 10."""
    roads, across = {"a": "4 h", "b": "6 h"}, {"a": {"b": "3 h"}}
    for switching, place in ((7.4, "b"), (7.6, "a")):
        choice = {"reconsider": 0.5, "switching": switching}
        assert went(engine, network({"a": FREE, "b": (FREE, NEWS)}, roads, across, choice), [0]) == [place]


def test_a_course_on_which_it_is_no_longer_admitted_is_left(engine: Play) -> None:
    changes = [{"from": "2022-09-21T01:00", "close": True}]
    choice = {"reconsider": 0.5, "switching": 1000}
    found = network({"a": (FREE, {"changes": changes}), "b": FREE}, ROADS, ACROSS, choice)
    assert went(engine, found, [0]) == ["b"]


# At the tail of the queue


@pytest.mark.parametrize(("switching", "diverts"), [(1.9, True), (2.1, False)])
def test_at_the_tail_the_wait_quoted_there_is_known_and_another_must_be_better_by_switching(
    engine: Play, switching: float, diverts: bool
) -> None:
    """At 3:00 a wait of 3 hours is quoted at the tail; news of it takes a day; the other crossing is an hour away."""
    crossings = {"a": (STUCK, {**QUEUE, "quote": {"delay": "24 h"}}), "b": FREE}
    found = network(crossings, {"a": "1 h"}, {"a": {"b": "1 h"}}, {"switching": switching})
    (visits,) = ways(engine, found, [120])
    there = [("a", DIVERTED, 180, 180), ("b", CROSSED, 240, 241)]
    assert visits == (there if diverts else [("a", Outcome.UNFINISHED, 180, None)])


def test_who_is_not_informed_joins_whatever_is_quoted(engine: Play) -> None:
    crossings = {"a": (STUCK, {**QUEUE, "destination": {"informed": 0.5}}), "b": FREE}
    found = network(crossings, {"a": "1 h"}, {"a": {"b": "1 h"}})
    assert [visits[-1][0] for visits in ways(engine, found, [600, 600], news=[0.49, 0.5])] == ["b", "a"]


def test_a_full_crossing_leads_elsewhere(engine: Play) -> None:
    found = network({"a": (ONE, SOLD_OUT), "b": FREE}, {"a": "1 h"}, {"b": {"a": "15 min"}})
    first, second = ways(engine, found, [0, 0])
    assert first == [("a", CROSSED, 60, 1260)]
    assert second == [("a", DIVERTED, 60, 60), ("b", CROSSED, 75, 76)]


def test_a_party_diverts_so_often_and_then_goes_home(engine: Play) -> None:
    crossings = {name: (STUCK, {**SOLD_OUT, **QUEUE}) for name in "ab"}
    for most in (0, 1, 3):
        found = network(crossings, {"a": "1 h"}, {"a": {"b": "90 min"}}, {"diversions": most, "wait": 0})
        (visits,) = ways(engine, found, [0])
        assert [outcome for _, outcome, _, _ in visits] == [DIVERTED] * most + [BALKED]
        assert [came_at for _, _, came_at, _ in visits] == [60 + 90 * n for n in range(most + 1)]
        assert [place for place, *_ in visits] == ["a", "b", "a", "b"][: most + 1]


def test_a_crossing_two_drives_away_serves_as_its_own_laws_say(engine: Play) -> None:
    full = (STUCK, {**SOLD_OUT, **QUEUE})
    refusal = {"probability": 1, "service_time": "5 min"}
    far = {"gate": {"staffing": 9, "service_time": "7 min", "refusal": refusal}}, {"destination": {"attraction": 5}}
    found = network({"a": full, "b": full, "c": far}, {"a": "1 h"}, {"a": {"b": "1 h"}, "b": {"c": "1 h"}}, {"wait": 0})
    (visits,) = ways(engine, found, [0])
    assert visits[-1] == ("c", Outcome.REFUSED, 180, 192)


# From the queue


RENEGE = {"behaviour": {"car": {"renege": {"by_quoted_wait": "100 %/h"}}}}


def test_who_reneges_from_the_main_queue_goes_on_elsewhere(engine: Play) -> None:
    found = network({"a": (STUCK, RENEGE), "b": FREE}, {"a": "1 h"}, {"a": {"b": "40 min"}}, {"switching": 1000})
    plan, tape = setting_out(found, [0, 0], clocks=[5 * 10**11, 10**15])
    records = engine(plan, tape)
    assert way(plan, records, 0)[0] == ("a", DIVERTED, 60, pytest.approx(90, abs=2 * MS))
    assert way(plan, records, 0)[1] == ("b", CROSSED, pytest.approx(130, abs=2 * MS), pytest.approx(131, abs=2 * MS))
    assert records.first[records.party == 0].tolist() == [True, True]
    assert way(plan, records, 1) == [("a", Outcome.UNFINISHED, 60, None)]


def test_who_reneges_has_nowhere_to_go_once_it_has_diverted_enough(engine: Play) -> None:
    crossings = {"a": (STUCK, RENEGE), "b": (STUCK, RENEGE)}
    found = network(crossings, {"a": "1 h"}, {"a": {"b": "1 h"}}, {"diversions": 1, "switching": 1000})
    (visits,) = ways(engine, found, [0], clocks=5 * 10**11)
    assert [(place, outcome) for place, outcome, *_ in visits] == [("a", DIVERTED), ("b", Outcome.RENEGED)]


def test_who_loses_patience_at_a_later_station_goes_home(engine: Play) -> None:
    later = {**STUCK["gate"], "patience": "20 min"}
    for stations, outcome in (({"gate": later}, DIVERTED), ({"first": FREE["gate"], "gate": later}, Outcome.RENEGED)):
        found = network({"a": stations, "b": FREE}, {"a": "1 h"}, {"a": {"b": "1 h"}}, {"switching": 1000})
        (visits,) = ways(engine, found, [0])
        assert visits[len(stations) - 1][1] is outcome


def test_who_is_refused_does_not_try_elsewhere(engine: Play) -> None:
    refusing = {"gate": {**FREE["gate"], "refusal": {"probability": 1}}}
    found = network({"a": refusing, "b": FREE}, {"a": "1 h"}, {"a": {"b": "1 h"}})
    assert ways(engine, found, [0]) == [[("a", Outcome.REFUSED, 60, 61)]]


def test_who_has_left_the_car_behind_does_not_divert(engine: Play) -> None:
    walk = {"change_mode": {"by_quoted_wait": "100 %/h", "takes": "5 min"}}
    stuck = {"gate": {**STUCK["gate"], "patience": "50 min"}}
    found = network(
        {"a": (stuck, {"behaviour": {"car": walk}}), "b": FREE}, {"a": "1 h"}, {"a": {"b": "1 h"}}, {"switching": 1000}
    )
    (visits,) = ways(engine, found, [0], clocks=5 * 10**11)
    assert [outcome for _, outcome, *_ in visits] == [Outcome.CHANGED_MODE, Outcome.RENEGED]


# Staying


def test_staying_is_chosen_where_it_is_worth_more(engine: Play) -> None:
    found = network({"a": FREE, "b": FREE}, {"a": "1 h", "b": "3 h"}, choice={"stay": -1.5})
    stays, goes = ways(engine, found, [7, 7], {"stay": [0.6, 0.4]})
    assert stays == [("a", Outcome.STAYED, 7, 7)]  # a is that it would have chosen
    assert goes == [("a", CROSSED, 67, 68)]


def test_who_stays_is_counted_where_it_would_have_gone_were_all_open_and_empty(engine: Play) -> None:
    closed = [{"close": True}]
    crossings = {"a": (STUCK, {**QUEUE, "changes": closed}), "b": (FREE, {"changes": closed})}
    found = network(crossings, NEAR)
    visits = ways(engine, found, [600, 600], {"b": [0, 2]})
    assert visits == [[("a", Outcome.STAYED, 600, 600)], [("b", Outcome.STAYED, 600, 600)]]


def test_staying_is_no_option_unless_described_and_a_way_is_open(engine: Play) -> None:
    found = network({"a": FREE}, {"a": "100 h"})
    assert ways(engine, found, [0], {"stay": 500}) == [[("a", Outcome.ON_THE_WAY, 6000, None)]]


def test_who_is_turned_away_goes_home_where_that_is_worth_more_than_another_way(engine: Play) -> None:
    crossings = {"a": (FREE, {"changes": [{"bar_non_local": 1}]}), "b": FREE}
    for stay, outcome in ((-2.1, DIVERTED), (-1.9, Outcome.BARRED)):
        found = network(crossings, {"a": "1 h"}, {"a": {"b": "2 h"}}, {"stay": stay})
        assert ways(engine, found, [0])[0][0][1] is outcome


# Classes, and the horizon


def test_a_party_is_of_the_class_it_has_at_each_crossing(engine: Play) -> None:
    on_foot = {"gate": {"staffing": 9, "service_time": {"foot": {"party": "3 min"}}, "serves": ["foot"]}}
    there = {"destination": {"travels_as": {"car": "foot"}}, "changes": [{"bar_non_local": 0.5}]}
    found = network({"air": (on_foot, there), "b": FREE}, {"air": "1 h"}, {"air": {"b": "1 h"}})
    plan, tape = setting_out(found, [0, 0], bar=[0.9, 0.1])
    records = engine(plan, tape)
    assert way(plan, records, 0) == [("air", CROSSED, 60, 63)]
    assert way(plan, records, 1) == [("air", DIVERTED, 60, 60), ("b", CROSSED, 120, 121)]
    assert records.cls.tolist() == records.stream.tolist() == [FOOT, FOOT, CAR]


def test_who_is_still_driving_at_the_horizon_is_on_the_way(engine: Play) -> None:
    roads, across = {"a": "20 h", "b": "31 h"}, {"a": {"b": "30 h"}}
    found = network({"a": FREE, "b": (FREE, NEWS)}, roads, across, {"reconsider": 0.5})
    assert ways(engine, found, [0, 840]) == [
        [("a", CROSSED, 1200, 1201)],  # half-way the other is 20.5 hours more, too much for an attraction of 10
        [("a", Outcome.ON_THE_WAY, 2040, None)],  # would choose again at the horizon
    ]
    more = {"changes": [{"from": "2022-09-21T01:00", "attraction": 30}]}
    found = network({"a": FREE, "b": (FREE, more)}, roads, across, {"reconsider": 0.5})
    assert ways(engine, found, [0]) == [[("b", Outcome.ON_THE_WAY, 600 + 1830, None)]]


def test_what_falls_on_the_horizon_does_not_happen_any_more(engine: Play) -> None:
    found = network({"a": FREE}, {"a": "20 h"})
    before, on_it = ways(engine, found, [240 - MS, 240])
    assert before == [("a", Outcome.UNFINISHED, 1440 - MS, None)]
    assert on_it == [("a", Outcome.ON_THE_WAY, 1440, None)]


def test_travellers_tell_waits_of_minutes_apart(engine: Play) -> None:
    """Two halls, one three times as fast; everybody prefers the shorter wait, so that the slow one is not swamped."""
    hall = {"quote": {"every": "1 min", "window": "5 min"}, "destination": {"informed": 1}}
    law = {"mean": "1 min", "family": "erlang", "k": 3}
    crossings = {
        "gates": crossing({"s": {"staffing": 15, "service_time": law}}, **hall),
        "desks": crossing({"s": {"staffing": 5, "service_time": law}}, **hall),
    }
    drives = {"gates": "1 min", "desks": "1 min"}
    demand = {"car": {"it": {"constant": {"rate": "1050/h"}}}}
    network = {"origins": {"plane": {"demand": demand, "travel": drives}}, "choice": {"travel": 0, "wait": -1000}}
    example = scenario(crossings=crossings, network=network, horizon="2022-09-21T12:00")
    records = played(engine, example)
    waits = (records.started_at - records.arrived_at)[records.started_at >= 0] / MINUTE
    assert waits.mean() < 5
    shares = np.bincount(records.crossing[records.started_at >= 0], minlength=2) / len(waits)
    assert shares[0] == pytest.approx(0.75, abs=0.05)
