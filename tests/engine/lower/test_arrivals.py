"""Expected arrivals of each part of demand against closed forms: total and shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import expon, gamma, lognorm

from sim.engine.draw.tape_from import draw
from sim.engine.lower import arrivals
from sim.engine.lower.plan_from import lower
from sim.errors import ScenarioError
from sim.units import MS_PER_H
from tests.engine.build import scenario

STATION = {"s": {"staffing": 1, "service_time": "1 min"}}


def expected(part: dict[str, Any], **rest: Any) -> tuple[Any, Any]:
    """Hours since the start, and parties expected until then."""
    example = scenario(STATION, demand={"car": {"it": part}}, **{"horizon": "2022-09-26", **rest})
    edges = arrivals.grid(example.clock)
    return (edges - edges[0]) / MS_PER_H, arrivals.expected(example, edges)[0, 0]


def test_constant_and_its_profiles() -> None:
    hours, total = expected({"constant": {"rate": "12/h"}})
    assert total == pytest.approx(12 * hours)
    profile = [0.0] * 8 + [3.0] * 8 + [1.0] * 8
    days = {"mon": 1, "tue": 1, "wed": 1, "thu": 2, "fri": 1, "sat": 0, "sun": 1}
    hours, total = expected({"constant": {"rate": "12/h", "hours": profile, "weekdays": days}})
    daily = np.diff(np.interp(24 * np.arange(6), hours, total))
    assert daily == pytest.approx(12 * 24 * np.array([1, 2, 1, 0, 1]))  # the 21st was a Wednesday
    assert np.diff(np.interp([0, 8, 16, 24], hours, total)) == pytest.approx([0, 216, 72])


@pytest.mark.parametrize(
    ("lag", "law"),
    [
        ({"mean": "20 h", "family": "lognormal", "cv": 0.6}, lognorm(np.log(1.36) ** 0.5, scale=20 / 1.36**0.5)),
        ({"mean": "20 h", "family": "exponential"}, expon(scale=20)),
        ({"mean": "20 h", "family": "erlang", "k": 3}, gamma(3, scale=20 / 3)),
    ],
    ids=["lognormal", "exponential", "erlang"],
)
def test_step_with_lag_and_decay(lag: Any, law: Any) -> None:
    """Convolution integral; to within a tenth of a percent, where a shift of one cell would be several times that."""
    hours, total = expected({"step": {"at": "2022-09-21T10:00", "rate": "90/h", "lag": lag, "decay": "36 h"}})

    def until(at: float) -> float:
        return float(quad(lambda t: 90 * np.exp(-t / 36) * law.cdf(at - 10 - t), 0, max(at - 10, 0))[0])

    for at in (9, 20, 30, 60, 120):
        assert np.interp(at, hours, total) == pytest.approx(until(at), rel=1e-3)
        assert at not in (20, 30, 60) or until(at) < 0.998 * until(at + 1 / 6)


def test_step_with_an_exact_lag() -> None:
    hours, total = expected({"step": {"at": "2022-09-21T10:00", "rate": "6/h", "lag": "5 h"}})
    assert np.interp([15, 16, 40], hours, total) == pytest.approx([0, 6, 150], abs=0.1)


def test_a_step_before_the_start_is_under_way() -> None:
    part = {"step": {"at": "2022-09-20", "rate": "10/h", "decay": "24 h"}}
    hours, total = expected(part)
    assert total == pytest.approx(240 * np.exp(-1) * (1 - np.exp(-hours / 24)), rel=1e-9)


@pytest.mark.parametrize(("at", "lag", "comes"), [
    ("2022-09-21", "0 s", 0.0), ("2022-09-20T19:00", "5 h", 0.0), ("2022-09-21T10:00", "2 h", 12.0),
    ("2022-09-21T10:05", "2 h", 12.0),
])  # fmt: skip
def test_a_pulse_of_one_instant_comes_whole_and_not_before(at: str, lag: str, comes: float) -> None:
    hours, total = expected({"pulse": {"at": at, "parties": 200, "lag": lag}})
    assert total[-1] == pytest.approx(200)
    assert np.interp(comes, hours, total) == pytest.approx(0)
    assert np.interp(comes + 1 / 6, hours, total) == pytest.approx(200)


def test_pulse_follows_its_law() -> None:
    hours, total = expected({"pulse": {"at": "2022-09-21T10:00", "parties": 200, "lag": {"mean": "4 h"}}})
    assert total == pytest.approx(200 * expon(scale=4).cdf(hours - 10), abs=1e-3)
    part = {
        "pulse": {
            "at": "2022-09-21T10:00",
            "parties": 90,
            "lag": {"family": "empirical", "values": ["1 h", "1 h", "3 h"]},
        }
    }
    hours, total = expected(part)
    assert np.interp([11, 11.5, 13, 13.5], hours, total) == pytest.approx([0, 60, 60, 90])


def test_rush_grows_to_its_deadline() -> None:
    part = {"announced": "2022-09-21T12:00", "deadline": "2022-09-23T12:00", "parties": 300, "growth": "8 h"}
    hours, total = expected({"rush": part})
    grown = 300 * np.expm1((np.clip(hours, 12, 60) - 12) / 8) / np.expm1(48 / 8)
    assert total == pytest.approx(grown, abs=1e-9)


def test_table_spreads_its_counts_evenly() -> None:
    rows = [{"from": "2022-09-20T12:00", "until": "2022-09-21T12:00", "count": 240},
            {"from": "2022-09-22", "until": "2022-09-23", "count": 48}]  # fmt: skip
    hours, total = expected({"table": rows})
    assert np.interp([6, 12, 24, 36, 60], hours, total) == pytest.approx([60, 120, 120, 144, 168])


def test_changes_scale_demand_in_their_window() -> None:
    changes = [{"from": "2022-09-22", "until": "2022-09-23", "scale_demand": 3, "classes": ["car"]},
               {"from": "2022-09-22", "scale_demand": 7, "classes": ["bus"]}]  # fmt: skip
    hours, total = expected({"constant": {"rate": "1/h"}}, changes=changes)
    assert np.diff(np.interp([0, 24, 48, 72], hours, total)) == pytest.approx([24, 72, 24])


def test_hours_are_local_hours_on_the_day_the_clock_changes() -> None:
    profile = [0.0] * 23 + [1.0]
    example = scenario(STATION, demand={"car": {"it": {"constant": {"rate": "1/h", "hours": profile}}}},
                     timezone="Europe/Helsinki", start="2022-10-30", horizon="2022-10-31")  # fmt: skip
    edges = arrivals.grid(example.clock)
    total = arrivals.expected(example, edges)[0, 0]
    assert edges[-1] == 25 * MS_PER_H
    assert np.interp([24, 25], edges / MS_PER_H, total) == pytest.approx([0, 24])


def test_too_much_demand_is_refused_in_one_sentence() -> None:
    example = scenario(STATION, demand={"car": "1000000/h"})
    with pytest.raises(ScenarioError, match="parties are expected"):
        lower(example)


def test_no_demand_is_an_empty_tape() -> None:
    example = scenario(STATION)
    assert len(draw(example, lower(example), 1, 0)) == 0
