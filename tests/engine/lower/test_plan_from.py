"""The plan: units, routes, tables of switches, chances and curves."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest

from sim.engine.lower.plan_from import WAIT_STEP, binomial_cdf, lower
from sim.engine.plan import HAZARD_UNIT, NOWHERE
from sim.units import MS_PER_H
from tests.engine.build import MINUTE, crossing, scenario

HOUR = MS_PER_H


def steps(station: dict[str, Any], table: str = "staffing", **rest: Any) -> list[list[int]]:
    """Rows of a table of switches of one station, instants in hours since the start."""
    plan = lower(scenario({"s": {"staffing": 2, "service_time": "1 min", **station}}, **rest))
    return [[row[0] / HOUR, *row[1:]] for row in getattr(plan, table).tolist()]


def test_shifts_win_over_steps_and_changes_over_both() -> None:
    staffing = {
        "servers": 2,
        "steps": [{"from": "2022-09-21T06:00", "servers": 4}],
        "shifts": [{"days": ["wed"], "from": "08:00", "until": "12:00", "servers": 1},
                   {"days": ["wed"], "from": "10:00", "until": "11:00", "servers": 9}],
    }  # fmt: skip
    rows = steps({"staffing": staffing})
    assert rows == [[0, 0, 2], [6, 0, 4], [8, 0, 1], [10, 0, 9], [11, 0, 1], [12, 0, 4]]
    changes = [{"from": "2022-09-21T07:00", "until": "2022-09-21T09:00", "stations": ["s"], "scale_servers": 1.5},
               {"from": "2022-09-21T08:00", "stations": ["s"], "add_servers": -3},
               {"from": "2022-09-21T20:00", "stations": ["s"], "servers": 7}]  # fmt: skip
    rows = steps({"staffing": staffing}, changes=changes)
    assert rows == [[0, 0, 2], [6, 0, 4], [7, 0, 6], [8, 0, 0], [10, 0, 6], [11, 0, 0], [12, 0, 1], [20, 0, 7]]


def test_a_step_before_the_start_is_in_force_and_what_does_not_change_has_no_row() -> None:
    early = {"servers": 2, "steps": [{"from": "2022-09-20", "servers": 5}, {"from": "2022-09-21T05:00", "servers": 5}]}
    assert steps({"staffing": early}) == [[0, 0, 5]]


def test_shifts_keep_local_hours_on_the_day_the_clock_changes() -> None:
    shifts = {"servers": 0, "shifts": [{"days": ["sun"], "from": "08:00", "until": "24:00", "servers": 3}]}
    clock = {"timezone": "Europe/Helsinki", "start": "2022-10-30", "horizon": "2022-10-31T12:00"}
    assert steps({"staffing": shifts}, **clock) == [[0, 0, 0], [9, 0, 3], [25, 0, 0]]


def test_closures_and_their_end() -> None:
    changes = [{"from": "2022-09-21T06:00", "close": True, "classes": ["car"]},
               {"from": "2022-09-21T09:00", "until": "2022-09-21T10:00", "open": True}]  # fmt: skip
    rows = [row for row in steps({}, "opening", changes=changes) if row[2] == 0]
    assert rows == [[0, 0, 0, 1], [6, 0, 0, 0], [9, 0, 0, 1], [10, 0, 0, 0]]


def test_activity_and_windows() -> None:
    assert steps({"active_from": "2022-09-21T04:00"}, "activity") == [[0, 0, 0], [4, 0, 1]]
    assert steps({"active_until": "2022-09-21T04:00"}, "activity") == [[0, 0, 1], [4, 0, 0]]
    renege = {"by_quoted_wait": "1 %/h", "from": "2022-09-21T03:00", "until": "2022-09-21T05:00"}
    rows = steps({}, "way_open", behaviour={"car": {"renege": renege}})
    assert rows == [[0, 0, 0, 0, 0], [3, 0, 0, 0, 1], [5, 0, 0, 0, 0]]


def test_routes_go_past_stations_that_do_not_serve_a_class_and_past_offices() -> None:
    law = {"staffing": 1, "service_time": "1 min"}
    check = {"intensity": 1, "hit_rate": 1, "on_hit": {"sent_on": 1}, "office": "office"}
    stations = {
        "gate": law | {"serves": ["car", "truck"]}, "draft": law | {"screening": check},
        "office": law | {"only_sent_on": True}, "trucks": law | {"serves": ["truck"]}, "entry": law,
    }  # fmt: skip
    behaviour = {"car": {"bypass": {"joins": "draft", "by_quoted_wait": "1 %/h"}}}
    words = {"demand": {"car": "1/h"}, "behaviour": behaviour}
    plan = lower(
        scenario(
            crossings={"a": crossing(stations, **words), "b": crossing({"gate": law}, **words | {"behaviour": {}})}
        )
    )
    assert plan.first.tolist() == [[0, 0, 1, 1, 1, NOWHERE], [5, 5, 5, 5, 5, NOWHERE]]
    assert plan.next[:, 0].tolist() == [1, 4, 4, 4, NOWHERE, NOWHERE]
    assert plan.next[:, 1].tolist() == [1, 3, 3, 4, NOWHERE, NOWHERE]
    assert plan.joins[:, 0].tolist() == [1, NOWHERE]
    assert plan.office.tolist() == [NOWHERE, 2, NOWHERE, NOWHERE, NOWHERE, NOWHERE]


def test_zones_count_parties_or_millimetres() -> None:
    law = {"staffing": 1, "service_time": "1 min"}
    stations = {"a": law, "b": law | {"hall": 3}, "c": law | {"hall": "yard"}, "d": law | {"hall": "yard"}}
    plan = lower(scenario(stations, zones={"yard": {"length": "45 m"}}))
    assert plan.zone.tolist() == [NOWHERE, 0, 1, 1]
    assert plan.zone_capacity.tolist() == [3, 45_000]
    assert plan.zone_space.tolist() == [[1] * 6, [7000, 20_000, 14_000, 2000, 1000, 0]]


def test_rates_and_times_in_the_units_of_the_plan() -> None:
    station = {"release": {"size": 4, "every": "90 s"}}
    behaviour = {"car": {"renege": {"by_quoted_wait": {"1 h": "0 %/h", "3 h": "10 %/h"}},
                         "balk": {"by_quoted_wait": {"2 h": 0, "4 h": 1}, "queue_over": 9}}}  # fmt: skip
    plan = lower(scenario({"s": {"staffing": 2, "service_time": "1 min", **station}}, behaviour=behaviour))
    assert plan.release_every.tolist() == [90_000]
    assert plan.quote_every.tolist() == [30 * MINUTE]
    assert plan.quote_buckets.tolist() == [12]
    assert plan.balk_over[0].tolist()[0] == 9
    columns = [hour * HOUR // WAIT_STEP for hour in (0, 1, 2, 3, 400)]
    per_hour = plan.hazard[0, 0, 0, columns] * HOUR / HAZARD_UNIT
    assert per_hour == pytest.approx([0, 0, 0.05, 0.1, 0.1], rel=1e-3)
    assert plan.balk_share[0, 0, [4, 6, 8]] == pytest.approx([0, 0.5, 1])


def test_intensities_are_numbered_in_ascending_order() -> None:
    check = {"intensity": 0.5, "hit_rate": 1, "on_hit": {"refused": 1}}
    changes = [{"from": "2022-09-21T06:00", "until": "2022-09-21T09:00", "stations": ["s"], "intensity": 0.1}]
    plan = lower(scenario({"s": {"staffing": 2, "service_time": "1 min", "screening": check}}, changes=changes))
    assert plan.intensities.tolist() == [0.1, 0.5]
    assert [[row[0] / HOUR, *row[1:]] for row in plan.intensity.tolist()] == [[0, 0, 1], [6, 0, 0], [9, 0, 1]]


def test_binomial_table() -> None:
    table = binomial_cdf(0.3, 8)
    exact = sum(comb(7, k) * 0.3**k * 0.7 ** (7 - k) for k in range(3))
    assert table[7, 2] == pytest.approx(exact, rel=1e-12)
    for p in (0.0, 1.0):
        ends = binomial_cdf(p, 8)
        assert ends[5].tolist() == ([1.0] * 8 if p == 0 else [0.0] * 5 + [1.0] * 3)
    assert np.all(table[:, -1] == 1)


def test_lowering_twice_gives_the_same_plan() -> None:
    example = scenario({"s": {"staffing": 2, "service_time": "1 min"}}, demand={"car": "9/h"})
    assert lower(example) == lower(example)
    other = scenario({"s": {"staffing": 3, "service_time": "1 min"}}, demand={"car": "9/h"})
    assert lower(example) != lower(other)


@pytest.mark.parametrize(("servers", "scale", "scaled"), [
    (5, 0.3, 2), (45, 0.7, 32), (15, 0.1, 2), (3, 0.5, 2), (1, 0.5, 1), (1, 0.4, 0), (7, 0.2, 1), (10, 1.24, 12),
])  # fmt: skip
def test_scaled_staffing_is_rounded_to_whole_servers_halves_up(servers: int, scale: float, scaled: int) -> None:
    station = {"s": {"staffing": servers, "service_time": "1 min"}}
    plan = lower(scenario(station, changes=[{"stations": ["s"], "scale_servers": scale}]))
    assert plan.staffing[:, 2].tolist() == [scaled]
