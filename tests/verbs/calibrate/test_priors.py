"""Priors against integrals and their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, lognorm, norm

from sim.errors import SimError
from sim.scenario.model.calibration import Calibration, Prior
from sim.verbs.calibrate.priors import Priors, priors_of

PRIORS = {
    "uniform": Prior(family="uniform", low=4, high=20),
    "loguniform": Prior(family="loguniform", low=1, high=100),
    "normal": Prior(family="normal", mean=38, sd=8),
    "cut_normal": Prior(family="normal", mean=38, sd=8, low=30, high=60),
    "lognormal": Prior(family="lognormal", median=155, spread=0.35),
    "cut_lognormal": Prior(family="lognormal", median=1, spread=0.5, low=0, high=1.5),
}


def values(name: str, scores: np.ndarray) -> np.ndarray:
    return Priors({name: PRIORS[name]}).values(scores[:, None])[:, 0]


def test_scores_become_quantiles():
    scores = np.array([-1.5, 0.0, 1.5])
    assert values("uniform", scores) == pytest.approx(4 + 16 * norm.cdf(scores))
    assert values("loguniform", scores) == pytest.approx(100 ** norm.cdf(scores))
    assert values("normal", scores) == pytest.approx(38 + 8 * scores)
    assert values("lognormal", scores) == pytest.approx(155 * np.exp(0.35 * scores))


@pytest.mark.parametrize("name", PRIORS)
def test_the_farthest_scores_stay_in_the_range(name):
    prior = PRIORS[name]
    low, high = values(name, np.array([-50.0, 50.0]))
    assert np.isfinite([low, high]).all()
    assert low < high
    assert prior.low is None or low >= prior.low
    assert prior.high is None or high <= prior.high


@pytest.mark.slow
@pytest.mark.parametrize("name", PRIORS)
def test_the_density_integrates_to_one_and_belongs_to_the_values(name):
    """Kolmogorov and Smirnov's test of the values against the integrated density fails once in a million seeds."""
    law = Priors({name: PRIORS[name]})
    low, high = values(name, np.array([-7.5, 7.5]))

    def density(at: float) -> float:
        return float(np.exp(law.log_density(np.array([[at]]))[0]))

    sample = values(name, np.random.default_rng(3).standard_normal(300))
    cumulated = [quad(density, low, at, limit=200)[0] for at in (*np.sort(sample), high)]
    assert cumulated[-1] == pytest.approx(1, abs=1e-5)
    assert kstest(cumulated[:-1], "uniform").pvalue > 1e-6


def test_densities_of_several_parameters_multiply():
    law = Priors({name: PRIORS[name] for name in ("normal", "lognormal")})
    expected = norm.logpdf(40, 38, 8) + lognorm.logpdf(200, 0.35, scale=155)
    assert law.log_density(np.array([[40.0, 200.0]]))[0] == pytest.approx(expected)


def test_points_are_spread_out_and_the_same_for_one_seed():
    law = Priors(PRIORS)
    first, again, other = (law.spread_out(256, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert np.abs(first.mean(axis=0)).max() < 0.02  # independent draws would be off by 0.06 each
    assert first.std(axis=0) == pytest.approx(np.ones(6), abs=0.05)


def test_without_parameters_there_is_nothing_to_fit():
    nothing = Calibration.model_construct(parameters={})
    with pytest.raises(SimError, match="no parameters, so there is nothing to fit"):
        priors_of(nothing)


@pytest.mark.parametrize(
    ("law", "says"),
    [
        (
            {"family": "uniform", "low": -1e308, "high": 1e308},
            "must be 0 or of a size from 1e-12 to 1e.12; got -1e.308",
        ),
        ({"family": "loguniform", "low": 1e-300, "high": 1.0}, "must be 0 or of a size from 1e-12"),
        ({"family": "normal", "mean": 0.0, "sd": 1e-300}, "must be 0 or of a size from 1e-12"),
        ({"family": "normal", "mean": 1e9, "sd": 1e-9}, "the prior is too narrow"),
        ({"family": "lognormal", "median": 90.0, "spread": 1e-9}, "greater than or equal to 0.001"),
        ({"family": "uniform", "low": 1.0, "high": 1 + 1e-12}, "the prior is too narrow; got 1 to 1"),
    ],
)
def test_numbers_that_leave_no_room_are_refused(law: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Prior.model_validate(law)
