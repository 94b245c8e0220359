"""The rows of the tape: who needs which, and what shares one."""

from __future__ import annotations

from typing import Any

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import NOWHERE
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, crossing, scenario

LANE: dict[str, Any] = {"staffing": 1, "service_time": "1 min"}
SCREENING = {
    **LANE,
    "serves": ["car"],
    "screening": {"intensity": 1, "hit_rate": "10 %", "on_hit": {"sent_on": 1}, "office": "office"},
}
PARTING = SCREENING | {"screening": SCREENING["screening"] | {"stays_together": "50 %"}}
OFFICE = {**LANE, "only_sent_on": True}


def lanes(**laws: Any) -> Scenario:
    """Three stations: one for cars, one for trucks, one for both."""
    stations = {
        "cars": LANE | {"serves": ["car"], "service_time": "2 min"},
        "trucks": LANE | {"serves": ["truck"], "service_time": "3 min"},
        "both": LANE | laws,
    }
    return scenario(stations, initial_queue={"car": 5, "truck": 4})


def test_what_no_party_needs_both_shares_a_row() -> None:
    example = lanes()
    plan = lower(example)
    cars, trucks, both = plan.service_row
    assert cars == trucks != both
    tape = draw(example, plan, 1, 0)
    is_car = tape.cls == CLASSES.index("car")
    assert (tape.times[cars] == [2 * MINUTE if car else 3 * MINUTE for car in is_car]).all()
    assert (tape.times[both] == MINUTE).all()


def test_crossings_share_rows() -> None:
    one = crossing({"gate": LANE | {"patience": {"mean": "1 h"}}}, demand={"car": "10/h"})
    plan = lower(scenario(crossings={"a": one, "b": one}))
    assert plan.service_row[0] == plan.service_row[1] != plan.patience_row[0] == plan.patience_row[1]


def test_nobody_needs_a_row_at_a_station_of_a_class_that_never_comes() -> None:
    stations = {"cars": LANE | {"serves": ["car"]}, "buses": LANE | {"serves": ["bus"], "patience": {"mean": "1 h"}}}
    plan = lower(scenario(stations, demand={"car": "10/h"}))
    assert plan.service_row.tolist() == [0, NOWHERE]
    assert plan.patience_row.tolist() == [NOWHERE, NOWHERE]


def test_on_foot_has_a_row_of_its_own_only_where_the_law_is_another() -> None:
    words = {"demand": {"car": "10/h"}, "behaviour": {"car": {"change_mode": {"by_quoted_wait": "2 %/h"}}}}
    other = LANE | {"service_time": {"car": {"party": "1 min"}, "any": {"party": "2 min"}}}
    plan = lower(scenario({"same": LANE, "other": other, "cars": LANE | {"serves": ["car"]}}, **words))
    assert plan.foot_row[0] == plan.service_row[0]
    assert plan.foot_row[1] not in (*plan.service_row, NOWHERE)
    assert plan.foot_row[2] == NOWHERE
    nobody_walks = lower(scenario({"other": other}, demand={"car": "10/h"}))
    assert nobody_walks.foot_row.tolist() == [NOWHERE]


def test_men_left_behind_need_the_office_and_the_stations_for_those_on_foot() -> None:
    walkers = LANE | {"serves": ["foot"], "service_time": "4 min"}
    stations = {"screening": PARTING, "office": OFFICE, "walkers": walkers}
    example = scenario(stations, initial_queue={"car": 3, "truck": 2})
    plan = lower(example)
    assert plan.foot_row[1] == plan.service_row[1] != NOWHERE
    tape = draw(example, plan, 1, 0)
    assert tape.times[plan.foot_row[2]].tolist() == [4 * MINUTE] * 3 + [0] * 2
    together = scenario(stations | {"screening": SCREENING}, initial_queue={"car": 3, "truck": 2})
    assert lower(together).foot_row.tolist() == [NOWHERE] * 3
