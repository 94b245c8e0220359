"""Draws from a posterior by adaptive importance sampling, in batches that workers can share.

All points are used, each weighted against the mixture of all proposals (adaptive multiple importance sampling: Cornuet,
Marin, Mira and Robert 2012). The proposals are made from the points so far: by default Student-t mixtures fitted to
them, or to a tempered posterior while the effective sample size is too small. A part of every batch comes from the
prior, which bounds the weights. Everything is on the scale of scores, where the prior is standard normal, and depends
on the seed and the likelihoods alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi
from typing import Protocol

import numpy as np
from scipy.special import gammaln, logsumexp
from threadpoolctl import threadpool_limits

from sim.arrays import Floats
from sim.measures.quantiles import rows_at

Likelihood = Callable[[Floats], Floats]
"""Scores (N, D) to the logarithm of the likelihood (N,)."""

FREEDOM = 8.0
"""Degrees of freedom of the proposals. Their tails are heavier than those of any posterior under a normal prior."""
FROM_PRIOR = 0.1
"""Share of every batch that comes from the prior."""
ESS_PER_DIMENSION = 6
"""Least effective sample size, per dimension, of the points that a proposal is fitted to."""
POINTS_A_COMPONENT, MOST_COMPONENTS = 10, 4
"""Effective sample size, per dimension, for each component of a proposal; and most components."""
EM_STEPS, SHRINKAGE = 20, 0.2
"""Steps of the fit of a mixture; share of the overall covariance in that of each component."""


class Proposal(Protocol):
    """A law of scores that can be drawn from and has a density."""

    def draw(self, number: int, rng: np.random.Generator) -> Floats:
        """Return scores (`number`, D)."""

    def log_density(self, scores: Floats) -> Floats:
        """Return the logarithm of the density at scores (N, D), (N,)."""


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
        steps = np.einsum("nij,nj->ni", self.roots[which], normals)
        return np.asarray(self.centres[which] + scale[:, None] * steps)

    def by_component(self, scores: Floats) -> Floats:
        """Return the logarithm of share times density of each component, (N, K)."""
        dimension = self.centres.shape[1]
        logs = np.empty((len(scores), len(self.shares)))
        for k, (centre, root) in enumerate(zip(self.centres, self.roots, strict=True)):
            distance = np.square(np.linalg.solve(root, (scores - centre).T)).sum(axis=0)
            kernel = 0.5 * (FREEDOM + dimension) * np.log1p(distance / FREEDOM)
            logs[:, k] = np.log(self.shares[k]) - np.log(np.diag(root)).sum() - kernel
        constant = gammaln((FREEDOM + dimension) / 2) - gammaln(FREEDOM / 2) - 0.5 * dimension * log(FREEDOM * pi)
        return np.asarray(logs + constant)

    def log_density(self, scores: Floats) -> Floats:
        """Return the logarithm of the density at scores (N, D), (N,)."""
        return np.asarray(logsumexp(self.by_component(scores), axis=1))


def log_prior(scores: Floats) -> Floats:
    """Return the logarithm of the standard normal density at scores (N, D), (N,)."""
    return np.asarray(-0.5 * np.square(scores).sum(axis=1) - 0.5 * scores.shape[1] * log(2 * pi))


@dataclass(frozen=True)
class Draws:
    """N scores (N, D) with their likelihoods, the density they come from, and normalised weights, all (N,).

    `log_density` is relative to that of the prior. `rounds` is the number of batches after the start.
    """

    scores: Floats
    log_likelihood: Floats
    log_density: Floats
    weights: Floats
    rounds: int

    @property
    def ess(self) -> float:
        """Effective sample size: the number of equally weighted draws that are as informative (Kish 1965)."""
        return effective_sample_size(self.weights)


def effective_sample_size(weights: Floats) -> float:
    """Return the effective sample size of weights: the square of their sum over the sum of their squares."""
    return float(weights.sum() ** 2 / np.square(weights).sum())


def normalised(log_weights: Floats) -> Floats:
    """Return weights that add up to 1."""
    return np.asarray(np.exp(log_weights - logsumexp(log_weights)))


Propose = Callable[[Draws], Proposal]
"""Makes a proposal from all points so far."""


class Sampler:
    """One start: points of the prior, and the batches of `batch` points that follow.

    `propose` makes the proposal of a batch from all points before it.
    """

    def __init__(
        self, likelihood: Likelihood, start: Floats, seed: int, batch: int, propose: Propose | None = None
    ) -> None:
        self.likelihood, self.batch, self.propose = likelihood, batch, propose or fit_proposal
        self.rng = np.random.default_rng(seed)
        self.scores = start
        self.log_likelihood = likelihood(start)
        self.proposals: list[tuple[Proposal, int]] = []

    def draws(self) -> Draws:
        """Return all points so far with their weights."""
        density = self._log_density()
        weights = normalised(self.log_likelihood - density)
        return Draws(self.scores, self.log_likelihood, density, weights, len(self.proposals))

    def extend(self, ess: float, most: int) -> Draws:
        """Add batches until the effective sample size is `ess`, but at most `most` points; return all points."""
        draws = self.draws()
        while draws.ess < ess and len(self.scores) + self.batch <= most:
            with threadpool_limits(1, "blas"):  # the matrices are small: threads wait for each other
                proposal = self.propose(draws)
            batch = self._batch(proposal)
            self.scores = np.concatenate((self.scores, batch))
            self.log_likelihood = np.append(self.log_likelihood, self.likelihood(batch))
            self.proposals.append((proposal, self.batch - self._from_prior))
            draws = self.draws()
        return draws

    @property
    def _from_prior(self) -> int:
        return round(FROM_PRIOR * self.batch)

    def _batch(self, proposal: Proposal) -> Floats:
        prior = self.rng.standard_normal((self._from_prior, self.scores.shape[1]))
        return np.concatenate((prior, proposal.draw(self.batch - self._from_prior, self.rng)))

    def _log_density(self) -> Floats:
        """Return the logarithm of the mixture that all points come from, relative to the prior, at all points."""
        total, base = len(self.scores), log_prior(self.scores)
        from_proposals = sum(number for _, number in self.proposals)
        parts = [np.full(total, log((total - from_proposals) / total))]
        parts += [proposal.log_density(self.scores) - base + log(number / total) for proposal, number in self.proposals]
        return np.asarray(logsumexp(parts, axis=0))


def fit_proposal(draws: Draws) -> Mixture:
    """Return a mixture near the posterior, or near a tempered one while the effective sample size is too small."""
    dimension = draws.scores.shape[1]
    weights = tempered(draws.log_likelihood, ESS_PER_DIMENSION * dimension, draws.log_density)
    components = int(np.clip(effective_sample_size(weights) / (POINTS_A_COMPONENT * dimension), 1, MOST_COMPONENTS))
    return _em(draws.scores, weights, components)


def tempered(log_likelihood: Floats, ess: float, log_density: Floats | float = 0.0) -> Floats:
    """Return weights of this effective sample size: the likelihood is raised to the largest power up to 1 that does."""

    def raised(power: float) -> Floats:
        return normalised(power * log_likelihood - log_density)

    if effective_sample_size(raised(1.0)) >= ess:
        return raised(1.0)
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if effective_sample_size(raised(middle)) >= ess else (low, middle)
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
    for _ in range(EM_STEPS if components > 1 else 0):
        mixture = _step(mixture, scores, weights, spread)
    return mixture


def _step(mixture: Mixture, scores: Floats, weights: Floats, spread: Floats) -> Mixture:
    """Return a mixture nearer to the weighted points; covariances are shrunk a little towards that of all points."""
    by_component = mixture.by_component(scores)
    responsibility = weights[:, None] * np.exp(by_component - logsumexp(by_component, axis=1, keepdims=True))
    shares = np.maximum(responsibility.sum(axis=0), 1e-3)
    dimension = scores.shape[1]
    centres, roots = np.empty_like(mixture.centres), np.empty_like(mixture.roots)
    for k, (centre, root) in enumerate(zip(mixture.centres, mixture.roots, strict=True)):
        distance = np.square(np.linalg.solve(root, (scores - centre).T)).sum(axis=0)
        pull = responsibility[:, k] * (FREEDOM + dimension) / (FREEDOM + distance)
        centres[k] = pull @ scores / pull.sum()
        off = scores - centres[k]
        own = (pull[:, None] * off).T @ off / shares[k]
        roots[k] = np.linalg.cholesky((1 - SHRINKAGE) * own + SHRINKAGE * spread)
    return Mixture(shares / shares.sum(), centres, roots)
