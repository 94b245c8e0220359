"""Paired differences, families of them, and rankings: against SciPy, and how often they are right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.measures.names import Key
from sim.verbs.compare.statistics import Difference, difference, intervals, paired, rank

KEY = Key("post", "wait_mean")


def one(base: list[float], here: list[float], family: int = 1) -> Difference:
    return paired((KEY,), np.array(base)[:, None], np.array(here)[:, None], family)[0]


def test_a_difference_is_scipys_paired_t() -> None:
    base, here = [3.0, 5.0, 4.0, 7.5], [2.0, 4.5, 3.8, 6.0]
    change, test = one(base, here, 3), stats.ttest_rel(here, base)
    assert (change.base, change.here, change.n) == (4.875, 4.075, 4)
    assert change.difference == pytest.approx(-0.8)
    assert (change.low, change.high) == pytest.approx(tuple(test.confidence_interval(0.95)))
    assert (change.family_low, change.family_high) == pytest.approx(tuple(test.confidence_interval(1 - 0.05 / 3)))
    assert change.percent == pytest.approx(-16.41, abs=0.01)
    together = np.var(base, ddof=1) + np.var(here, ddof=1)
    assert change.saved == pytest.approx(1 - np.var(np.subtract(here, base), ddof=1) / together)


@pytest.mark.parametrize(
    ("base", "here", "verdict"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], "same"),
        ([1.0, 2.0, 3.0], [0.5, 1.4, 2.5], "less"),
        ([1.0, 2.0, 3.0], [1.5, 2.6, 3.5], "more"),
        ([1.0, 2.0, 3.0], [1.5, 1.4, 3.1], "unclear"),
        ([1.0], [2.0], "unknown"),
        ([1.0], [1.0], "unknown"),
        ([math.nan, 1.0, 1.0], [1.0, math.nan, math.nan], "unknown"),
    ],
)
def test_the_verdict(base: list[float], here: list[float], verdict: str) -> None:
    assert one(base, here).verdict == verdict


def test_an_interval_stays_in_what_can_be() -> None:
    gone = one([40.0, 3.0, 13.0], [0.0, 0.0, 0.0], 2)
    assert (gone.family_low, gone.low) == (-gone.base, -gone.base)
    assert (gone.percent, gone.cut, gone.verdict) == (-100, True, "unclear")
    assert gone.family_high > gone.high > 0
    shorter = one([40.0, 41.0, 42.0], [20.0, 20.5, 21.2])
    assert (shorter.cut, shorter.verdict) == (False, "less")
    all_gone = one([3.0, 3.0, 3.0], [0.0, 0.0, 0.0])
    assert (all_gone.family_low, all_gone.family_high, all_gone.cut) == (-3.0, -3.0, False)


def test_a_share_rises_to_one_at_most() -> None:
    key = Key("post", "utilisation", "station:gate")
    (share,) = paired((key,), np.array([[0.5], [0.9], [0.7]]), np.array([[0.99], [0.95], [0.99]]))
    assert share.family_high == pytest.approx(1 - share.base)
    assert share.cut


def test_replications_without_a_value_are_left_out_and_rounding_is_no_difference() -> None:
    change = one([1.0, math.nan, 3.0, 4.0], [2.0, 5.0, 3.5, math.nan])
    assert (change.n, change.base, change.here) == (2, 2.0, 2.75)
    assert difference(np.array([0.1 + 0.2]), np.array([0.3])).tolist() == [0.0]


def test_intervals_of_columns_with_and_without_gaps() -> None:
    values = np.array([[1.0, 1.0, math.nan, 2.0], [2.0, 1.0, math.nan, math.nan], [4.0, 1.0, 3.0, 5.0]])
    mean, (bounds,) = intervals(values, (0.1,))
    assert mean == pytest.approx([7 / 3, 1.0, 3.0, 3.5])
    assert bounds[:, 0] == pytest.approx(stats.ttest_1samp([1, 2, 4], 0).confidence_interval(0.9))
    assert bounds[:, 1].tolist() == [1.0, 1.0]
    assert np.isnan(bounds[:, 2]).all()
    assert bounds[:, 3] == pytest.approx(stats.ttest_1samp([2, 5], 0).confidence_interval(0.9))


def coupled(rng: np.random.Generator, trials: int, means: list[float]) -> np.ndarray:
    """Return normal samples (trials, 8 replications, scenarios) that share nine tenths of their variance."""
    shared = rng.normal(size=(trials, 8, 1)) * 3
    return shared + rng.normal(size=(trials, 8, len(means))) + means


@pytest.mark.slow
def test_intervals_of_a_family_cover_together() -> None:
    trials, means = 1500, [0.0, 0.5, 1.0, 1.5, 2.0]
    samples = coupled(np.random.default_rng(1), trials, means)
    alone = together = 0
    for sample in samples:
        differences = [paired((KEY,), sample[:, :1], sample[:, [s]], 4)[0] for s in range(1, 5)]
        alone += all(d.low <= m <= d.high for d, m in zip(differences, means[1:], strict=True))
        together += all(d.family_low <= m <= d.family_high for d, m in zip(differences, means[1:], strict=True))
    assert together / trials > 0.95 - 4.8 * math.sqrt(0.05 * 0.95 / trials)  # fails by bad luck once in a million
    assert alone / trials < 0.93  # the control: without the family's level they do not


@pytest.mark.slow
def test_the_best_is_rarely_thrown_out_and_found_where_it_is_clear() -> None:
    trials = 1000
    near = [rank(KEY, s, highest=False) for s in coupled(np.random.default_rng(2), trials, [0.0, 0.0, 0.0, 0.0])]
    lost = sum(not each.may_be_best[0] for each in near) / trials
    assert lost < 0.05 + 4.8 * math.sqrt(0.05 * 0.95 / trials)
    far = [rank(KEY, s, highest=True) for s in coupled(np.random.default_rng(3), 100, [0.0, 9.0, 1.0])]
    assert sum(each.best == 1 for each in far) > 95
    assert all(each.order[0] == 1 for each in far)


def test_equal_scenarios_both_contend_and_a_missing_value_says_nothing() -> None:
    values = np.array([[1.0, 1.0, 5.0], [2.0, 2.0, 6.5], [3.0, 3.0, 7.2]])
    assert rank(KEY, values, highest=False).may_be_best == (True, True, False)
    assert rank(KEY, values * math.nan, highest=False).may_be_best == (True, True, True)
    assert rank(KEY, values[:1], highest=False).best is None


def test_totals_cut_by_the_horizon_are_lower_bounds_in_either_scenario() -> None:
    """In the base 1 % of the cars are still inside, in the other scenario 30 %, on whatever way."""
    names = ("unfinished_parties", "arrived_parties", "initial_parties")
    keys = (
        *(Key("post", name, "car") for name in names),
        *(Key("post", "wait_mean", scope) for scope in ("car", "car/main", "car/bypass")),
    )
    base, here = np.array([[10, 900, 100, 2, 2, 1]] * 2, float), np.array([[300, 900, 100, 5, 5, 1]] * 2, float)
    found = {row.key[1:]: (row.base_at_least, row.here_at_least) for row in paired(keys, base, here)}
    assert {found["wait_mean", scope] for scope in ("car", "car/main", "car/bypass")} == {(False, True)}
    assert found["unfinished_parties", "car"] == (False, False)
