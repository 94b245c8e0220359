"""Proposals from an emulator: what the model says for the figures, approximated from the plays made so far.

The logarithm of every figure is approximated by a quadratic function of the scores (a response surface: Box and Wilson
1951), fitted by ridge regression with the penalty that minimises generalised cross-validation (Golub, Heath and Wahba
1979). The posterior of the emulator costs no plays and is sampled with many points; some of them are then played. The
emulator only decides where the model is played: the weights use what the model itself said there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from sim.arrays import Floats
from sim.verbs.calibrate.sampling import (
    Draws,
    Likelihood,
    Sampler,
    log_prior,
    tempered,
)

FigureLikelihood = Callable[[Floats, Floats], Floats]
"""Logarithms of the figures (N, J) and the standard deviation of their error (J,) to the log likelihood (N,)."""

POINTS, ESS, MOST = 8192, 2000.0, 8
"""Points of a batch that samples the emulator's posterior, the effective sample size it aims at, and most batches."""
NEAR = 0.5
"""Effective share of the plays that an emulator is fitted to: those with the higher likelihoods."""
PENALTIES = np.logspace(-4, 4, 33)
"""Ridge penalties that are tried, in units of the mean square of a feature."""


@dataclass(frozen=True)
class Surface:
    """Quadratic functions of D scores, one per figure: `coefficients` (F, J); `error` (J,) is their standard error."""

    coefficients: Floats
    error: Floats

    def __call__(self, scores: Floats) -> Floats:
        """Return the logarithms of the figures at scores (N, D), (N, J)."""
        return np.asarray(features(scores) @ self.coefficients)


def features(scores: Floats) -> Floats:
    """Return 1, the scores, their squares and their products, orthonormal under the prior, (N, F)."""
    first, second = np.triu_indices(scores.shape[1], 1)
    squares = (np.square(scores) - 1) / np.sqrt(2)
    products = scores[:, first] * scores[:, second]
    return np.concatenate((np.ones((len(scores), 1)), scores, squares, products), axis=1)


def surface_of(scores: Floats, logs: Floats, weights: Floats) -> Surface:
    """Fit a surface to the logarithms of the figures (N, J) at scores (N, D), with weights (N,)."""
    weights = weights / weights.mean()
    centre = weights @ logs / weights.sum()
    roots = np.sqrt(weights)[:, None]
    with threadpool_limits(1, "blas"):  # beside other work, threads wait for each other longer than they work
        left, sizes, right = np.linalg.svd(features(scores) * roots, full_matrices=False)
    projected = left.T @ ((logs - centre) * roots)
    outside = np.square((logs - centre) * roots).sum(axis=0) - np.square(projected).sum(axis=0)
    kept = np.square(sizes)[:, None] / (np.square(sizes)[:, None] + PENALTIES * len(scores) / len(sizes))
    rest = np.square(projected).T @ np.square(1 - kept) + np.fmax(outside, 0)[:, None]
    free = len(scores) - kept.sum(axis=0)
    validation = len(scores) * rest / np.square(np.fmax(free, 1e-9))
    best = validation.argmin(axis=1)
    shrunk = kept[:, best] / np.where(sizes > 0, sizes, 1.0)[:, None] * projected
    coefficients = right.T @ shrunk
    coefficients[0] += centre
    return Surface(coefficients, np.sqrt(validation.min(axis=1)))


def emulator_of(scores: Floats, logs: Floats, log_likelihood: Floats) -> Surface:
    """Return a surface fitted to plays, with more weight on the likelier ones."""
    return surface_of(scores, logs, tempered(log_likelihood, NEAR * len(logs)))


@dataclass(frozen=True)
class EmulatorProposal:
    """The posterior of an emulator: `draws` sample it, `log_likelihood` is its own, `log_evidence` its integral."""

    surface: Surface
    draws: Draws
    log_likelihood: Likelihood
    log_evidence: float

    def draw(self, number: int, rng: np.random.Generator) -> Floats:
        """Return scores (`number`, D)."""
        return np.asarray(self.draws.scores[rng.choice(len(self.draws.weights), number, p=self.draws.weights)])

    def log_density(self, scores: Floats) -> Floats:
        """Return the logarithm of the density at scores (N, D), (N,)."""
        return np.asarray(log_prior(scores) + self.log_likelihood(scores) - self.log_evidence)


def proposal_by_emulator(
    draws: Draws, logs: Floats, likelihood: FigureLikelihood, seed: int, points: int = POINTS, ess: float = ESS
) -> EmulatorProposal:
    """Return the posterior of an emulator that is fitted to plays.

    `draws` are the plays made so far, `logs` (N, J) the logarithms of the figures there. The error of the emulator
    counts as an error of the figures, so that the proposal is as wide as it has to be. It is sampled in batches of
    `points` until the effective sample size is `ess`.
    """
    surface = emulator_of(draws.scores, logs, draws.log_likelihood)

    def emulated(scores: Floats) -> Floats:
        return likelihood(surface(scores), surface.error)

    rng = np.random.default_rng(seed)
    start = rng.standard_normal((points, draws.scores.shape[1]))
    found = Sampler(emulated, start, seed, points).extend(ess, MOST * points)
    log_weights = found.log_likelihood - found.log_density
    return EmulatorProposal(surface, found, emulated, float(logsumexp(log_weights) - np.log(len(log_weights))))
