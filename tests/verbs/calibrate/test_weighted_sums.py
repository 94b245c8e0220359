"""Fits by weighted sums of series: sums, regression and errors, and the service time of the sample port found again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from sim.arrays import Bools, Floats
from sim.measures.series_likelihood import SeriesTarget
from sim.play.request import Request, silent
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.calibrate import study
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.sampling import Draws
from sim.verbs.calibrate.surface_fit import REPLICATIONS
from sim.verbs.calibrate.weighted_sums import (
    METHOD,
    ROUND,
    ROUNDS,
    START,
    TAPES,
    Regression,
    Summary,
    best_weights,
    block_means,
    widened,
)

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Points:
    """What `block_means` needs of a series."""

    hours: Floats
    used: Bools

    def __len__(self) -> int:
        return len(self.hours)


def test_a_local_regression_returns_a_quadratic_and_its_slope():
    def quadratic(x, y):
        return np.stack((1 + x - x**2 + 2 * x * y, 3 * x - y), axis=1)

    steps, places = (np.random.default_rng(seed).uniform(-2, 2, (30, 2)) for seed in (1, 2))
    regression = Regression(steps, quadratic(*steps.T))
    assert regression(places) == pytest.approx(quadratic(*places.T), abs=1e-9)
    assert regression.slope(np.array([0.5, 1.0])) == pytest.approx(np.array([[2, 3], [1, -1]]), abs=1e-9)


def test_an_error_adds_its_covariance_and_leaves_the_mean():
    scores = np.random.default_rng(1).standard_normal((500, 2)) @ np.array([[0.4, 0.3], [0, 0.1]])
    draws = Draws(scores, np.zeros(500), np.zeros(500), np.full(500, 1 / 500), 0)
    error = np.array([[0.09, -0.02], [-0.02, 0.04]])
    wider = widened(draws, error).scores
    assert wider.mean(axis=0) == pytest.approx(scores.mean(axis=0), abs=1e-9)
    assert np.cov(wider.T, bias=True) == pytest.approx(np.cov(scores.T, bias=True) + error, abs=1e-6)


def test_points_in_use_are_averaged_by_blocks_of_the_day():
    """Hours 1, 2 and 25 share a block; hour 9 has another; hour 10 is not used, nor is the second series."""
    hours = np.array([1.0, 2.0, 9.0, 10.0, 25.0])
    one = cast("SeriesTarget", Points(hours, np.array([True, True, True, False, True])))
    other = cast("SeriesTarget", Points(hours[:2], np.array([False, False])))
    first, second = block_means([one, other], 8)
    assert first == pytest.approx(np.array([[1 / 3, 1 / 3, 0, 0, 1 / 3], [0, 0, 1, 0, 0]]))
    assert second.shape == (2, 2)
    assert not second.any()


def test_the_best_weights_take_the_difference_of_means_that_scatter_together():
    """Two means with one common error: the first axis changes the first alone, the second axis neither."""
    covariance = np.array([[1.0, 0.99], [0.99, 1.0]])
    (weights,) = best_weights(np.array([[1.0, 0.0], [0.0, 0.0]]), covariance, 0.2)
    assert weights[0] == pytest.approx(1)
    assert weights[1] == pytest.approx(-0.99 / 1.2, abs=1e-4)


def test_the_likelihood_of_sums_is_that_of_the_normal_law():
    """Constant mean and covariance; that of a play counts 1 + 1/8 times, and errors are added."""
    steps = np.random.default_rng(1).standard_normal((30, 2))
    mean, covariance = np.array([0.2, -0.1]), np.array([[0.5, 0.2], [0.2, 0.3]])
    errors = np.array([[0.1, 0.0], [0.0, 0.2]])
    summary = Summary(
        reported=np.array([1.0, 0.5]),
        mean=Regression(steps, np.tile(mean, (30, 1))),
        covariance=np.tile(covariance, (30, 1, 1)),
        factor=2.0,
        errors=errors[None],
        chances=np.ones(1),
    )
    law = multivariate_normal(mean, 2 * (1 + 1 / REPLICATIONS) * covariance + errors)
    assert summary.log_likelihood(np.zeros((1, 2))) == pytest.approx(law.logpdf(summary.reported), abs=1e-9)


def test_more_parameters_on_a_series_go_to_the_sampler_with_a_warning():
    said: list[str] = []
    priors = SimpleNamespace(names=("a", "b", "c", "d"))
    evaluator = SimpleNamespace(priors=priors, evidence=SimpleNamespace(series=("waits",)), warn=said.append)
    assert study._with_few_plays(evaluator) is None
    assert said == [study.UNMEASURED]
    evaluator.evidence.series = ()
    assert study._with_few_plays(evaluator) is None
    assert len(said) == 1


@pytest.mark.slow
def test_the_sample_port_is_found_again_with_few_plays():
    """The true service time is in the 99.9 % interval, and the sampler is not used (false alarm: 0.1 %)."""
    loaded = read_calibration(ROOT / "calibration" / "sample_port.yaml")
    fit = study.calibrate(loaded, Request(workers=1))
    below = fit.posterior.weights[fit.posterior.values[:, 0] < 4].sum()
    assert 0.0005 < below < 0.9995
    assert fit.method == METHOD
    assert fit.plays_made <= (START[1] + (ROUNDS - 1) * ROUND[1]) * REPLICATIONS + (ROUNDS - 1) * TAPES


@pytest.mark.slow
def test_a_much_longer_service_time_is_not_taken_for_the_true_one():
    """The negative control: waits of another port, whose services take 7 min, exclude 4 min."""
    loaded = read_calibration(ROOT / "calibration" / "sample_port.yaml")
    with Evaluator(loaded, Request(workers=1), silent) as evaluator:
        slower = evaluator.replication(np.log([[7 / 5]]) / 0.3, 100)[0, len(evaluator.targets) :]
    (series,) = loaded.calibration.reported_series
    points = tuple(point._replace(value=value) for point, value in zip(series.series, slower, strict=True))
    other = loaded.calibration.model_copy(update={"reported_series": (series.model_copy(update={"series": points}),)})
    fit = study.calibrate(replace(loaded, calibration=other), Request(workers=1))
    assert fit.posterior.weights[fit.posterior.values[:, 0] < 4].sum() < 0.0005
