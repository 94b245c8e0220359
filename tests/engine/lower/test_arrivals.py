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
    edges = arrivals.grid(example)
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


@pytest.mark.parametrize(
    ("part", "at", "law"),
    [
        ({"step": {"rate": "36000/h", "decay": "5 s", "lag": "1 h"}}, 1.0, expon(scale=5 / 3600)),
        ({"pulse": {"parties": 50, "lag": {"mean": "9 ms"}}}, 1e-3 / 3600, expon(scale=9e-3 / 3600)),
        ({"pulse": {"parties": 50, "lag": {"mean": "2 h", "family": "gamma", "cv": "1 %"}}}, 0, gamma(1e4, scale=2e-4)),
        ({"step": {"rate": "36000/h", "decay": "5 s", "lag": {"mean": "5 s"}}}, 0, gamma(2, scale=5 / 3600)),
    ],
    ids=["decay after a drive", "milliseconds", "narrow", "decay and drive"],
)
def test_what_is_short_is_not_spread_over_minutes(part: dict[str, Any], at: float, law: Any) -> None:
    ((kind, described),) = part.items()
    hours, total = expected({kind: {"at": "2022-09-21T10:07", **described}})
    begin = 10 + 7 / 60 + at
    for share in (0.1, 0.5, 0.9, 0.99):
        assert np.interp(begin + law.ppf(share), hours, total) == pytest.approx(50 * share, abs=1.5)
    assert total[-1] == pytest.approx(50, rel=1e-3)


def test_a_rush_of_milliseconds_comes_at_its_deadline() -> None:
    part = {"announced": "2022-09-21", "deadline": "2022-09-21T12:05:31", "parties": 300, "growth": "1 ms"}
    hours, total = expected({"rush": part})
    assert np.interp(12 + 5 / 60 + 30 / 3600, hours, total) < 1e-6


def test_a_short_drive_of_a_step_arrives_on_time() -> None:
    hours, total = expected({"step": {"at": "2022-09-21T10:07", "rate": "3600/h", "lag": {"mean": "30 s"}}})
    for seconds in (15, 60, 300):
        exact = seconds - 30 * -np.expm1(-seconds / 30)
        assert np.interp(10 + 7 / 60 + seconds / 3600, hours, total) == pytest.approx(exact, abs=0.5)


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


def test_changes_scale_one_part_of_the_demand() -> None:
    parts = {"everyday": {"constant": {"rate": "60/h"}}, "surge": {"constant": {"rate": "30/h"}}}
    half, twice = {"demand": ["everyday"], "scale_demand": 0.5}, {"scale_demand": 2}
    for changes, expected in (([], 90), ([half], 60), ([twice, half], 120), ([{**half, "classes": ["bus"]}], 90)):
        game = scenario({"s": {"staffing": 1, "service_time": "1 min"}}, demand={"car": parts}, changes=changes)
        assert lower(game).expected[0, 0, -1] == pytest.approx(24 * expected)


def test_changes_scale_demand_in_their_window() -> None:
    changes = [{"from": "2022-09-22", "until": "2022-09-23", "scale_demand": 3, "classes": ["car"]},
               {"from": "2022-09-22", "scale_demand": 7, "classes": ["bus"]}]  # fmt: skip
    hours, total = expected({"constant": {"rate": "1/h"}}, changes=changes)
    assert np.diff(np.interp([0, 24, 48, 72], hours, total)) == pytest.approx([24, 72, 24])


def test_hours_are_local_hours_on_the_day_the_clock_changes() -> None:
    profile = [0.0] * 23 + [1.0]
    example = scenario(STATION, demand={"car": {"it": {"constant": {"rate": "1/h", "hours": profile}}}},
                     timezone="Europe/Helsinki", start="2022-10-30", horizon="2022-10-31")  # fmt: skip
    edges = arrivals.grid(example)
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


TWO_DRIVES = {"family": "empirical", "values": ["7 min", "22 min"]}
MINUTES = {"horizon": "2022-09-21T06:00"}


@pytest.mark.parametrize(("part", "begin", "end", "parties"), [
    ({"pulse": {"at": "2022-09-21T01:09", "parties": 300, "lag": "0 s"}}, 69, 70, 300),
    ({"pulse": {"at": "2022-09-21T00:01", "parties": 90, "lag": TWO_DRIVES}}, 8, 24, 90),
    ({"step": {"at": "2022-09-21T01:08", "rate": "60/h"}}, 68, 360, 292),
    ({"step": {"at": "2022-09-21T01:08", "rate": "60/h", "lag": "13 min"}}, 81, 360, 279),
    ({"rush": {"announced": "2022-09-21T00:07", "deadline": "2022-09-21T04:05", "parties": 80, "growth": "3 min"}},
     7, 245, 80),
    ({"table": [{"from": "2022-09-21T00:55", "until": "2022-09-21T00:58", "count": 30}]}, 55, 58, 30),
], ids=["pulse", "pulse with two drives", "step", "step with a drive", "rush", "table"])  # fmt: skip
def test_nobody_comes_before_or_after_the_instants_that_a_part_names(
    part: dict[str, Any], begin: float, end: float, parties: float
) -> None:
    hours, total = expected(part, **MINUTES)
    assert total[-1] == pytest.approx(parties, rel=1e-3)
    assert np.interp(begin / 60, hours, total) == 0
    assert np.interp((begin + 1) / 60, hours, total) > 0
    assert np.interp(end / 60, hours, total) == total[-1]
    assert np.interp((end - 1) / 60, hours, total) < total[-1]
    example = scenario(STATION, demand={"car": {"it": part}}, **MINUTES)
    came = draw(example, lower(example), 1, 0).arrived_at
    assert came.min() >= begin * 60_000
    assert came.max() < end * 60_000


def test_a_short_drive_keeps_its_shape() -> None:
    part = {"pulse": {"at": "2022-09-21T01:03", "parties": 300, "lag": {"mean": "4 min", "family": "erlang", "k": 2}}}
    hours, total = expected(part, **MINUTES)
    assert total == pytest.approx(300 * gamma(2, scale=2 / 60).cdf(hours - 1.05), abs=0.1)


def test_counts_of_minutes_stay_in_their_minutes() -> None:
    rows = [{"from": f"2022-09-21T00:{5 * n:02}", "until": f"2022-09-21T00:{5 * n + 5:02}", "count": count}
            for n, count in enumerate((600, 0, 0, 600))]  # fmt: skip
    hours, total = expected({"table": rows}, **MINUTES)
    assert np.interp([1 / 12, 1 / 6, 1 / 4, 1 / 3], hours, total) == pytest.approx([600, 600, 600, 1200], rel=1e-12)


def test_demand_is_off_between_the_instants_of_a_change() -> None:
    changes = [{"from": "2022-09-21T01:01", "until": "2022-09-21T01:09", "scale_demand": 0}]
    hours, total = expected({"constant": {"rate": "60/h"}}, changes=changes, **MINUTES)
    assert np.interp([61 / 60, 69 / 60, 70 / 60], hours, total) == pytest.approx([61, 61, 62], rel=1e-12)


@pytest.mark.parametrize("t0", ["2022-09-21T07:31", "2022-09-20"])
def test_hours_of_the_day_do_not_depend_on_the_start(t0: str) -> None:
    profile = [0.0] * 8 + [2.0] * 12 + [0.0] * 4
    example = scenario(STATION, demand={"car": {"it": {"constant": {"rate": "60/h", "hours": profile}}}},
                       timezone="Asia/Kathmandu", start="2022-09-21T00:07", horizon="2022-09-22T12:00")  # fmt: skip
    clock = example.clock.model_copy(update={"t0": example.clock.t0.fromisoformat(t0)})
    example = example.model_copy(update={"clock": clock})
    edges = arrivals.grid(example)
    begin = edges[0] - 7 * 60_000  # midnight
    total = arrivals.expected(example, edges)[0, 0]
    at = np.array([8, 9, 20, 32, 36]) * MS_PER_H + begin
    assert np.interp(at, edges, total) == pytest.approx([0, 120, 1440, 1440, 1920])


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    profile = [0.0] * 3 + [24.0] + [0.0] * 20
    example = scenario(STATION, demand={"car": {"it": {"constant": {"rate": "1/h", "hours": profile}}}},
                       timezone="Europe/Helsinki", start="2022-10-30", horizon="2022-10-31")  # fmt: skip
    edges = arrivals.grid(example)
    total = arrivals.expected(example, edges)[0, 0]
    assert np.interp([3, 4, 5, 25], edges / MS_PER_H, total) == pytest.approx([0, 24, 48, 48])


def test_nobody_arrives_at_the_start_itself() -> None:
    """Those who are there at the start are the initial queue."""
    part = {"pulse": {"at": "2022-09-21", "parties": 100, "lag": "0 s"}}
    example = scenario(STATION, demand={"car": {"it": part}}, **MINUTES)
    tape = draw(example, lower(example), 1, 0)
    assert set((tape.arrived_at - lower(example).start).tolist()) == {1}
    assert not tape.initial.any()


def test_many_rows_of_a_table_are_lowered_one_by_one() -> None:
    rows = [{"from": f"2022-09-{21 + n // 1440}T{n // 60 % 24:02}:{n % 60:02}",
             "until": f"2022-09-{21 + (n + 1) // 1440}T{(n + 1) // 60 % 24:02}:{(n + 1) % 60:02}", "count": n % 7}
            for n in range(4320)]  # fmt: skip
    hours, total = expected({"table": rows}, horizon="2022-09-24")
    assert np.interp(np.arange(1, 4321) / 60, hours, total) == pytest.approx(np.cumsum(np.arange(4320) % 7))


def test_a_step_of_long_ago_is_folded_as_one_of_yesterday(monkeypatch: pytest.MonkeyPatch) -> None:
    departures, shares = np.exp(-np.arange(300) / 50), 1 - np.exp(-np.arange(300) / 20)
    direct = arrivals._convolved(departures, shares)
    monkeypatch.setattr(arrivals, "SHORT", 10)
    np.testing.assert_allclose(arrivals._convolved(departures, shares), direct, rtol=1e-12, atol=1e-12)
