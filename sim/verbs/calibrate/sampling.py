"""Draws from a posterior by adaptive importance sampling, in batches that workers can share.

All points ever drawn count, each with its weight against the mixture of all proposals it could have come from
(adaptive multiple importance sampling: Cornuet, Marin, Mira and Robert 2012). The proposals are Student-t mixtures
fitted to the points so far; while those are too few, they are fitted to a flatter posterior. One part of every batch
is drawn from the prior, so that no weight can pass that of the prior by much. Everything is on the scale of scores,
where the prior is standard normal, and depends on the seed and the likelihoods alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi

import numpy as np
from scipy.special import gammaln, logsumexp

from sim.arrays import Floats
from sim.measures.quantiles import rows_at

Likelihood = Callable[[Floats], Floats]
"""Scores (N, D) to the logarithm of the likelihood (N,)."""

FREEDOM = 8.0
"""Degrees of freedom of the proposals: tails heavier than those of any posterior under a normal prior."""
FROM_PRIOR = 0.1
"""Share of every batch that is drawn from the prior."""
WORTH = 6
"""A proposal is fitted to points worth so many times their dimension, flattened if need be."""
POINTS_A_COMPONENT, MOST_COMPONENTS = 10, 4
"""A proposal has a component for so many effective points per dimension."""
STEPS, DRAWN_TO_ALL = 20, 0.2


@dataclass(frozen=True)
class Mixture:
    """Student-t components with their shares: centres (K, D), Cholesky factors (K, D, D)."""

    shares: Floats
    centres: Floats
    roots: Floats

    def draw(self, number: int, rng: np.random.Generator) -> Floats:
        """Return scores (`number`, D)."""
        which = rng.choice(len(self.shares), number, p=self.shares)
        normals = rng.standard_normal((number, self.centres.shape[1]))
        scale = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, number))
        drawn: Floats = self.centres[which] + scale[:, None] * np.einsum("nij,nj->ni", self.roots[which], normals)
        return drawn

    def by_component(self, scores: Floats) -> Floats:
        """Return the logarithm of share times density of each component, (N, K)."""
        dimension = self.centres.shape[1]
        found = np.empty((len(scores), len(self.shares)))
        for k, (centre, root) in enumerate(zip(self.centres, self.roots, strict=True)):
            distance = np.square(np.linalg.solve(root, (scores - centre).T)).sum(axis=0)
            found[:, k] = (
                np.log(self.shares[k]) - np.log(np.diag(root)).sum()
                - 0.5 * (FREEDOM + dimension) * np.log1p(distance / FREEDOM)
            )  # fmt: skip
        constant = gammaln((FREEDOM + dimension) / 2) - gammaln(FREEDOM / 2) - 0.5 * dimension * log(FREEDOM * pi)
        return np.asarray(found + constant)

    def log_density(self, scores: Floats) -> Floats:
        """Return the logarithm of the density at scores (N, D), (N,)."""
        found: Floats = logsumexp(self.by_component(scores), axis=1)
        return found


def log_prior(scores: Floats) -> Floats:
    """Return the logarithm of the standard normal density at scores (N, D), (N,)."""
    found: Floats = -0.5 * np.square(scores).sum(axis=1) - 0.5 * scores.shape[1] * log(2 * pi)
    return found


@dataclass(frozen=True)
class Drawn:
    """N scores (N, D) with their likelihoods, the density they were drawn from, and normalised weights, all (N,).

    `log_density` is relative to that of the prior. `rounds` batches were drawn after the start.
    """

    scores: Floats
    log_likelihood: Floats
    log_density: Floats
    weights: Floats
    rounds: int

    @property
    def ess(self) -> float:
        """How many equally weighted draws they are worth (Kish 1965)."""
        return effective(self.weights)


def effective(weights: Floats) -> float:
    """Return the effective sample size of weights: the square of their sum over the sum of their squares."""
    return float(weights.sum() ** 2 / np.square(weights).sum())


def normalised(log_weights: Floats) -> Floats:
    """Return weights that add up to 1."""
    found: Floats = np.exp(log_weights - logsumexp(log_weights))
    return found


class Sampler:
    """One start: points of the prior, and the batches that follow. `batch` points are drawn at a time."""

    def __init__(self, likelihood: Likelihood, start: Floats, seed: int, batch: int) -> None:
        self.likelihood, self.batch = likelihood, batch
        self.rng = np.random.default_rng(seed)
        self.scores = start
        self.found = likelihood(start)
        self.proposals: list[tuple[Mixture, int]] = []

    def drawn(self) -> Drawn:
        """Return all points so far with their weights."""
        density = self._log_density()
        weights = normalised(self.found - density)
        return Drawn(self.scores, self.found, density, weights, len(self.proposals))

    def go_on(self, worth: float, most: int) -> Drawn:
        """Draw batches until the points are worth so many, or more than `most` would be needed; return them."""
        drawn = self.drawn()
        while drawn.ess < worth and len(self.scores) + self.batch <= most:
            proposal = fitted(drawn)
            new = self._batch(proposal)
            self.scores, self.found = np.concatenate((self.scores, new)), np.append(self.found, self.likelihood(new))
            self.proposals.append((proposal, self.batch - self._from_prior))
            drawn = self.drawn()
        return drawn

    @property
    def _from_prior(self) -> int:
        return round(FROM_PRIOR * self.batch)

    def _batch(self, proposal: Mixture) -> Floats:
        prior = self.rng.standard_normal((self._from_prior, self.scores.shape[1]))
        return np.concatenate((prior, proposal.draw(self.batch - self._from_prior, self.rng)))

    def _log_density(self) -> Floats:
        """Return the logarithm of the mixture that all points come from, relative to the prior, at all points."""
        total, base = len(self.scores), log_prior(self.scores)
        drawn = sum(number for _, number in self.proposals)
        parts = [np.full(total, log((total - drawn) / total))]
        parts += [proposal.log_density(self.scores) - base + log(number / total) for proposal, number in self.proposals]
        found: Floats = logsumexp(parts, axis=0)
        return found


def fitted(drawn: Drawn) -> Mixture:
    """Return a mixture near the posterior; near a flatter one as long as the points are worth too little."""
    dimension = drawn.scores.shape[1]
    weights = _flattened(drawn, WORTH * dimension)
    components = int(np.clip(effective(weights) / (POINTS_A_COMPONENT * dimension), 1, MOST_COMPONENTS))
    return _em(drawn.scores, weights, components)


def _flattened(drawn: Drawn, worth: float) -> Floats:
    """Return the weights with the likelihood raised to the largest power up to 1 that leaves them worth so much."""

    def raised(power: float) -> Floats:
        return normalised(power * drawn.log_likelihood - drawn.log_density)

    if effective(raised(1.0)) >= worth:
        return raised(1.0)
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(raised(middle)) >= worth else (low, middle)
    return raised(low)


def _em(scores: Floats, weights: Floats, components: int) -> Mixture:
    """Fit Student-t components to weighted points by expectation and maximisation (Cappe et al. 2008)."""
    centre = weights @ scores
    spread = (weights[:, None] * (scores - centre)).T @ (scores - centre)
    spread += 1e-6 * np.eye(len(centre))
    order = np.argsort(scores @ np.linalg.eigh(spread)[1][:, -1])
    level = rows_at(weights[order], (np.arange(components) + 0.5) / components)
    level = np.minimum(level, len(scores) - 1)
    centres = scores[order][level] if components > 1 else centre[None]
    roots = np.repeat(np.linalg.cholesky(spread)[None], components, axis=0)
    mixture = Mixture(np.full(components, 1 / components), centres, roots)
    for _ in range(STEPS if components > 1 else 0):
        mixture = _step(mixture, scores, weights, spread)
    return mixture


def _step(mixture: Mixture, scores: Floats, weights: Floats, spread: Floats) -> Mixture:
    """Return a mixture nearer to the weighted points; every spread is drawn a little towards that of all points."""
    by_component = mixture.by_component(scores)
    held = weights[:, None] * np.exp(by_component - logsumexp(by_component, axis=1, keepdims=True))
    shares = np.maximum(held.sum(axis=0), 1e-3)
    dimension = scores.shape[1]
    centres, roots = np.empty_like(mixture.centres), np.empty_like(mixture.roots)
    for k, (centre, root) in enumerate(zip(mixture.centres, mixture.roots, strict=True)):
        distance = np.square(np.linalg.solve(root, (scores - centre).T)).sum(axis=0)
        pull = held[:, k] * (FREEDOM + dimension) / (FREEDOM + distance)
        centres[k] = pull @ scores / pull.sum()
        off = scores - centres[k]
        own = (pull[:, None] * off).T @ off / shares[k]
        roots[k] = np.linalg.cholesky((1 - DRAWN_TO_ALL) * own + DRAWN_TO_ALL * spread)
    return Mixture(shares / shares.sum(), centres, roots)
