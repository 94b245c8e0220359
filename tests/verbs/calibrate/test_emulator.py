"""The emulator: surfaces fitted to plays, and its posterior as a proposal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from sim.arrays import Floats
from sim.verbs.calibrate.emulator import features, proposal_by_emulator, surface_of
from sim.verbs.calibrate.sampling import Draws, Sampler

D = 20
LOUD = np.array([[1.0, 0.5, *[0.1] * 4], [0.3, -1.0, *[0.1] * 4]])
"""What two figures take from the first six scores; the others do not matter."""
REPORTED, SD = np.array([1.2, -0.8]), 0.15


def figures(scores: Floats) -> Floats:
    """Return the logarithms of two figures, which bend a little."""
    lines = scores[:, :6] @ LOUD.T
    return np.asarray(lines + 0.1 * np.square(lines) + 0.02 * np.sin(3 * scores[:, :2]))


def likelihood_of(logs: Floats, error: Floats | float = 0.0) -> Floats:
    return np.asarray(norm.logpdf(logs, REPORTED, np.hypot(SD, error)).sum(axis=1))


def likelihood(scores: Floats) -> Floats:
    return likelihood_of(figures(scores))


def sampler(seed: int) -> Sampler:
    def propose(draws: Draws):
        return proposal_by_emulator(draws, figures(draws.scores), likelihood_of, seed)

    start = np.random.default_rng(seed).standard_normal((256, D))
    return Sampler(likelihood, start, seed, 256, propose)


def test_features_are_orthonormal_under_the_prior() -> None:
    """200,000 draws: entries have standard errors below 0.01, five of them are allowed."""
    columns = features(np.random.default_rng(1).standard_normal((200_000, 3)))
    assert columns.T @ columns / len(columns) == pytest.approx(np.eye(10), abs=0.05)


def test_a_quadratic_is_found_again_and_noise_is_its_error() -> None:
    rng = np.random.default_rng(2)
    scores, noise = rng.standard_normal((2000, 4)), np.array([0.01, 0.2])
    truth = rng.standard_normal((15, 2))
    logs = features(scores) @ truth + noise * rng.standard_normal((2000, 2))
    surface = surface_of(scores, logs, np.ones(2000))
    assert surface.coefficients == pytest.approx(truth, abs=0.05)
    assert surface.error == pytest.approx(noise, rel=0.1)


@pytest.mark.slow
def test_the_posterior_of_many_parameters_takes_few_plays() -> None:
    """Twenty parameters: with mixtures fitted to the points it takes many times the plays."""
    draws = sampler(3).extend(450, 4096)
    assert draws.ess >= 450
    assert len(draws.scores) <= 2048
    mixtures = Sampler(likelihood, sampler(3).scores, 3, 256).extend(450, 2048)
    assert mixtures.ess < 450


@pytest.mark.slow
def test_the_weights_use_the_model_and_not_the_emulator() -> None:
    """The posterior mean of a figure, against a million draws of the prior; five standard errors are allowed."""
    draws = sampler(4).extend(1500, 8192)
    mean = draws.weights @ figures(draws.scores)
    prior = np.random.default_rng(5).standard_normal((1_000_000, D))
    weights = np.exp(likelihood(prior))
    expected = weights @ figures(prior) / weights.sum()
    assert mean == pytest.approx(expected, abs=5 * SD / 1500**0.5)
