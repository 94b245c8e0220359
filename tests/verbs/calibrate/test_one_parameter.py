"""Fits of one parameter with few plays: the service time of the sample port is found again, and steps do no harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.play.request import Request, silent
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.calibrate import study
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.one_parameter import METHOD, ROUND, ROUNDS, START, TAPES, Regression, _widened
from sim.verbs.calibrate.sampling import Draws
from sim.verbs.calibrate.surface_fit import REPLICATIONS, moments

ROOT = Path(__file__).parents[3]


def test_a_local_regression_returns_a_quadratic_as_it_is():
    scores = np.sort(np.random.default_rng(1).uniform(-2, 2, 15))
    places = np.linspace(-1.5, 1.5, 7)
    found = Regression(scores, np.stack((1 + scores - scores**2, 3 * scores), axis=1))(places)
    assert found == pytest.approx(np.stack((1 + places - places**2, 3 * places), axis=1), abs=1e-9)


def test_an_error_adds_its_variance_and_leaves_the_mean():
    scores = np.linspace(-4, 4, 2001)[:, None]
    weights = np.exp(-0.5 * np.square((scores[:, 0] - 0.3) / 0.4))
    draws = Draws(scores, np.zeros(2001), np.zeros(2001), weights / weights.sum(), 0)
    mean, sd = moments(_widened(draws, 0.3))
    assert (mean[0], sd[0]) == pytest.approx((0.3, 0.5), abs=1e-3)
    assert _widened(draws, 0.0) is draws


@pytest.mark.slow
def test_the_sample_port_is_found_again_with_few_plays():
    """The true service time is in the 99.9 % interval, and the sampler is not used (false alarm: 0.1 %)."""
    loaded = read_calibration(ROOT / "calibration" / "sample_port.yaml")
    fit = study.calibrate(loaded, Request(workers=1))
    below = fit.posterior.weights[fit.posterior.values[:, 0] < 4].sum()
    assert 0.0005 < below < 0.9995
    assert fit.method == METHOD
    assert fit.plays_made <= (START + (ROUNDS - 1) * ROUND) * REPLICATIONS + (ROUNDS - 1) * TAPES


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
