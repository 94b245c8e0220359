"""Means, intervals and quantiles over replications, by hand and against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from sim.measures import estimates as module
from sim.measures.estimates import Estimator, estimate, series_table, summary_table
from sim.measures.names import Key
from sim.measures.replication import Measures, measure

QUEUE, WAIT = Key("pass", "queue"), Key("pass", "wait", "car")
CROSSED, LONGEST = Key("pass", "crossed_people"), Key("pass", "max_queue")
T2 = 4.302653  # Student's t with two degrees of freedom, 97.5 %
HOUR = 3_600_000


def replication(queue: list[float], wait: list[float], crossed: float) -> Measures:
    at = np.arange(len(queue), dtype=np.int64) * HOUR
    return Measures(
        at, {QUEUE: np.array(queue), WAIT: np.array(wait)}, {CROSSED: crossed, LONGEST: float(np.max(queue))}
    )


THREE = [
    replication([1.0, 10.0], [np.nan, 4.0], 100.0),
    replication([2.0, 10.0], [np.nan, np.nan], 110.0),
    replication([3.0, 10.0], [np.nan, 6.0], 120.0),
]


def test_three_replications_by_hand(scenario):
    found = estimate(scenario.clock, THREE)
    assert found.replications == 3
    queue = found.series[QUEUE]
    np.testing.assert_allclose(queue.mean, [2, 10])
    np.testing.assert_allclose(queue.high - queue.mean, [T2 / np.sqrt(3), 0], rtol=1e-6)
    np.testing.assert_allclose(queue.low, [0, 10], err_msg="2 - T2 / sqrt(3) is below 0, and a queue never is")
    np.testing.assert_allclose(queue.p50, [2, 10])
    np.testing.assert_allclose(queue.p05, [1.1, 10])
    np.testing.assert_allclose(queue.p95, [2.9, 10])
    assert found.totals[CROSSED].mean == 110
    assert found.totals[CROSSED].relative_half_width == pytest.approx(10 * T2 / np.sqrt(3) / 110, rel=1e-6)


def test_where_a_replication_has_no_value_it_is_left_out(scenario):
    wait = estimate(scenario.clock, THREE).series[WAIT]
    np.testing.assert_array_equal(wait.n, [0, 2])
    np.testing.assert_allclose(wait.mean, [np.nan, 5])
    np.testing.assert_allclose(wait.p05, [np.nan, 4.1])
    np.testing.assert_allclose(wait.high[1] - 5, 12.7062 * np.sqrt(2) / np.sqrt(2), rtol=1e-5)  # t with one degree
    assert np.isnan(wait.low[0])


def test_one_replication_has_no_interval_and_says_so(scenario):
    found = estimate(scenario.clock, THREE[:1])
    assert np.isnan(found.series[QUEUE].low).all()
    assert found.totals[CROSSED].p05 == found.totals[CROSSED].mean == 100
    assert "undefined" in found.note
    assert found.precision() == np.inf


def test_no_replication_is_refused(scenario):
    with pytest.raises(ValueError, match="no replication"):
        estimate(scenario.clock, [])


def test_precision_is_that_of_the_widest_headline(scenario):
    found = estimate(scenario.clock, THREE)
    assert found.precision() == found.totals[CROSSED].relative_half_width > 0
    assert found.totals[LONGEST].relative_half_width == 0
    estimator = Estimator(scenario.clock)
    assert estimator.precision() == np.inf
    estimator.add(THREE[0])
    assert estimator.precision() == np.inf
    for one in THREE[1:]:
        estimator.add(one)
    assert estimator.precision() == pytest.approx(found.precision(), rel=1e-12)


def test_many_replications_agree_with_numpy(scenario):
    rng = np.random.default_rng(5)
    values = rng.normal(1000, 10, size=(40, 6))
    values[rng.random(values.shape) < 0.2] = np.nan
    found = estimate(scenario.clock, [
        Measures(np.arange(6), {QUEUE: row}, {CROSSED: row[0]}) for row in values
    ]).series[QUEUE]  # fmt: skip
    np.testing.assert_allclose(found.mean, np.nanmean(values, axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        [found.p05, found.p50, found.p95], np.nanquantile(values, (0.05, 0.5, 0.95), axis=0), rtol=1e-6
    )
    spread = np.nanstd(values, axis=0, ddof=1) / np.sqrt(found.n)
    assert ((found.high - found.mean) / spread > 1.96).all()
    assert ((found.high - found.mean) / spread < 2.1).all()


def test_the_interval_holds_the_true_mean_as_often_as_it_says(scenario):
    """2,000 intervals from 5 normal values each: 95 % should hold 0; outside 93-97 % by chance once in 20,000."""
    draws = np.random.default_rng(11).normal(size=(5, 2000))
    at = np.arange(2000)
    found = estimate(scenario.clock, [Measures(at, {QUEUE: row}, {CROSSED: 0.0}) for row in draws]).series[QUEUE]
    half = (found.high - found.low) / 2
    assert 0.93 < (np.abs(found.mean) <= half).mean() < 0.97
    normal = 1.96 / 2.776  # negative control: the normal instead of Student's t is too narrow
    assert (np.abs(found.mean) <= normal * half).mean() < 0.93


def test_memory_is_bounded(scenario, monkeypatch):
    monkeypatch.setattr(module, "SERIES_SAMPLE", 2)
    estimator = Estimator(scenario.clock)
    for one in THREE:
        estimator.add(one)
    queue = estimator.result().series[QUEUE]
    assert queue.mean[0] == 2
    assert queue.p50[0] == 1.5  # of the first two


def test_tables_are_tidy_and_name_every_series(scenario, plan, morning):
    found = estimate(scenario.clock, [measure(scenario, plan, morning)] * 2)
    series, summary = series_table(found), summary_table(found)
    assert list(series) == ["crossing", "quantity", "scope", "unit", "at", "mean", "p05", "p50", "p95", "low", "high"]
    assert {len(column) for column in series.values()} == {len(found.series) * 5}
    assert {len(column) for column in summary.values()} == {len(found.totals)}
    here = (
        (series["quantity"] == "queue") & (series["scope"] == "truck") & (series["at"] == "2022-09-21T03:00:00+03:00")
    )
    assert series["mean"][here].tolist() == [2.0]
    assert series["unit"][here].tolist() == ["parties"]
    crossed = (summary["quantity"] == "crossed_people") & (summary["scope"] == "all")
    assert summary["mean"][crossed].tolist() == [12.0]


def test_the_summary_says_which_totals_are_lower_bounds_and_what_intervals_include(scenario):
    """30 of 1,000 are still inside; the quote of 480 h stands for any longer one."""
    totals = {Key("pass", "wait_mean"): 3.0, Key("pass", "max_quoted_wait", "car"): 480.0, CROSSED: 900.0}
    totals |= {Key("pass", f"{what}_parties"): n for what, n in (("unfinished", 30), ("arrived", 1000))}
    found = estimate(scenario.clock, [Measures(np.zeros(1, np.int64), {QUEUE: np.ones(1)}, totals)] * 2)
    table = summary_table(found, "chance and parameters")
    cut = dict(zip(table["quantity"].tolist(), table["at_least"].tolist(), strict=True))
    assert {name for name, is_bound in cut.items() if is_bound} == {"wait_mean", "max_quoted_wait"}
    assert set(table["interval_includes"].tolist()) == {"chance and parameters"}


def test_an_interval_of_what_is_never_negative_does_not_go_below_0(scenario):
    rows = [replication([0.0, -1.0], [np.nan, 4.0], value) for value in (0.0, 0.0, 9.0)]
    rows[1].series[QUEUE][1] = 1.0
    found = estimate(scenario.clock, rows)
    total = found.totals[CROSSED]
    assert (total.mean, total.low) == (3, 0)
    assert total.half_width == pytest.approx(T2 * 3, rel=1e-6)
    assert total.relative_half_width == pytest.approx(T2, rel=1e-6)
    assert found.series[QUEUE].low[1] < -1, "a negative value was seen"
