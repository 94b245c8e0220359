"""Scores of a forecast: against their definitions, and with a worse forecast that must score worse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr

from sim.measures.likelihood import Target
from sim.measures.scores import crps
from sim.scenario.model.reported import Reported
from sim.verbs.validate.scores import Score, overall, score, share
from tests.verbs.calibrate.small_calibration import row

REPORTS = np.exp(np.random.default_rng(1).normal(math.log(100), 0.3, 50_000))


def target(value: float, bound: int = 0, quantity: str = "queue") -> Target:
    given = f"{value} h" if quantity == "quoted_wait" else value
    low, high = {0: (value, value), 1: (value, math.inf), -1: (0.0, value)}[bound]
    read = Reported.model_validate(row("figure", quantity, given))
    return Target(read, value, low, high, bound, 0.2, 1.0, False, math.inf, 0.0)


def scored(value: float, reports: np.ndarray = REPORTS, **changes: object) -> Score:
    return score(target(value, **changes), reports, -1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-1.0, 0.0, 2.5])
def test_the_crps_of_a_normal_sample_is_that_of_the_law(value: float) -> None:
    sample = np.random.default_rng(2).standard_normal(200_000)
    density = math.exp(-(value**2) / 2) / math.sqrt(2 * math.pi)
    law = value * (2 * ndtr(value) - 1) + 2 * density - 1 / math.sqrt(math.pi)  # Gneiting and Raftery 2007
    assert crps(sample, value) == pytest.approx(law, abs=0.005)


def test_the_crps_of_one_value_is_its_distance() -> None:
    assert crps(np.array([3.0, 3.0]), 5.0) == 2.0


def test_a_report_in_the_middle_is_inside_and_one_far_out_is_not() -> None:
    middle, aside, out = scored(100), scored(140), scored(250)
    assert (middle.inside_50, middle.inside_90) == (True, True)
    assert (aside.inside_50, aside.inside_90) == (False, True)
    assert (out.inside_50, out.inside_90) == (False, False)
    assert middle.tail == pytest.approx(0.5, abs=0.01)
    assert out.tail < 0.01
    assert middle.crps < aside.crps < out.crps
    assert out.error_factor == pytest.approx(2.5, rel=0.01)
    assert middle.width_factor == pytest.approx(math.exp(2 * 1.645 * 0.3), rel=0.02)


def test_a_bound_that_the_forecast_keeps_costs_nothing() -> None:
    kept, broken = scored(30, bound=1), scored(250, bound=1)
    assert kept.inside_50
    assert kept.error_factor == 1.0
    assert kept.crps < 1e-3 < broken.crps
    assert not broken.inside_90
    assert broken.tail == pytest.approx(float((REPORTS >= 250).mean()))
    assert scored(250, bound=-1).crps < 1e-3
    assert not scored(30, bound=-1).inside_90


def test_near_zero_the_distance_counts_and_not_the_ratio() -> None:
    near = scored(0.5, np.full(10, 0.1), quantity="quoted_wait")
    assert near.absolute
    assert near.crps == pytest.approx(0.4)
    assert math.isnan(near.error_factor)
    assert not scored(5, np.full(10, 0.1), quantity="quoted_wait").absolute


def test_the_interval_of_a_share_is_exact() -> None:
    # Clopper and Pearson, from tables: 8 of 10
    assert share(8, 10)[2:] == pytest.approx((0.4439, 0.9748), abs=1e-4)
    assert share(0, 0) == (0, 0, 0.0, 1.0)
    assert share(5, 5).high == 1.0


def test_over_several_figures_what_is_near_zero_has_no_factor() -> None:
    both = overall([scored(100), scored(250), scored(0.5, np.full(10, 0.1), quantity="quoted_wait")])
    assert both.rows == 3
    assert both.inside_90.hits == 1
    assert both.error_factor == pytest.approx((1 + 2.5) / 2, rel=0.01)
    assert both.log_score == -1.0
