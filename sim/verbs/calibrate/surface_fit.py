"""Fits two or three parameters with few plays: surfaces through plays on common tapes, and a grid of the posterior.

Every vector is played on the same tapes, so that what the model says for each figure is a smooth function of the
parameters, up to small steps. A polynomial is put through these logarithms, the posterior is computed on a grid
of it, more vectors are played where it is high, and so on until it stays the same. Two surfaces through every other
vector must agree, and the surface must tell the likelihood of vectors that were played; if not, the caller samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from sim.arrays import Floats, Ints
from sim.verbs.calibrate.emulator import features
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.sampling import Draws, log_prior, normalised

MOST_PARAMETERS = 3
START, ROUND = {2: 25, 3: 48}, {2: 12, 3: 24}
"""Vectors of the start and of each round, by the number of parameters."""
REACH = 2.3
"""How far the start reaches, in standard deviations of the prior."""
ROUNDS, REPLICATIONS = 6, 8
GRID = {2: 71, 3: 24}
"""Points of the grid along each parameter."""
WIDTH = 5.0
"""Half the width of the grid, in standard deviations of the posterior; never beyond the range of the scores."""
SETTLED = 0.15
"""Change of the mean, in standard deviations of the posterior, and of the logarithm of these, at which rounds end."""
AGREED = 0.55
"""Distance of the posteriors from two halves of the vectors, in standard deviations, at which no more are played."""
ROUGH = 5.0
"""Standard deviation of the surface's error in the log likelihood, near the best vectors, that is too much."""
TERMS = {2: 6, 3: 10}
"""Coefficients of a polynomial."""
FAR = 6.0
"""Log posterior below the best at which a vector bounds the search."""
NEAR = 4.0
"""Log likelihood below the best at which a vector counts as near."""
METHOD = "surfaces through plays on common tapes, and a grid of the posterior"


@dataclass(frozen=True)
class Polynomials:
    """Quadratic polynomials of the scores, one per figure or point."""

    coefficients: Floats

    def __call__(self, scores: Floats) -> Floats:
        """Return the logarithms of the figures at scores (N, D), (N, columns)."""
        return np.asarray(features(scores) @ self.coefficients)


@dataclass(frozen=True)
class Found:
    """The posterior on a grid; `logs` (N, columns) belong to `draws`.

    `halves` are the posteriors from two halves of the plays, and nothing where their distance is in the width.
    """

    method: str
    draws: Draws
    halves: tuple[Draws, ...]
    logs: Floats
    best: Floats
    rounds: int
    prior: Floats


def fit_by_surface(evaluator: Evaluator) -> Found | None:
    """Return the posterior of two or three parameters, None if the model is not smooth enough."""
    number = len(evaluator.priors.names)
    evaluator.replications = REPLICATIONS
    evaluator.stage("vectors of the priors", START[number] * REPLICATIONS)
    scores = spread_out(START[number], number)
    evaluator.observed(scores)
    take_noise(evaluator, scores)
    last: tuple[Floats, Floats] | None = None
    for rounds in range(1, ROUNDS + 1):
        draws, logs = _posterior(evaluator, scores, np.arange(len(scores)))
        mean, sd = moments(draws)
        if last is not None and is_settled(last, (mean, sd)):
            order = np.argsort(scores[:, 0], kind="stable")
            halves = tuple(_posterior(evaluator, scores, order[half::2])[0] for half in (0, 1))
            if _roughness(evaluator, scores) > ROUGH:
                return None
            if rounds < ROUNDS and _apart(*halves) > AGREED:
                last = mean, sd
                scores = played(evaluator, scores, _more(draws, ROUND[number], rounds), rounds)
                continue
            best = draws.scores[np.argmax(draws.log_likelihood + log_prior(draws.scores))]
            return Found(METHOD, draws, (halves[0], halves[1]), logs, best, rounds, spread_out(START[number], number))
        last = mean, sd
        scores = played(evaluator, scores, _more(draws, ROUND[number], rounds), rounds)
    return None


def played(evaluator: Evaluator, scores: Floats, fresh: Floats, rounds: int) -> Floats:
    """Play more vectors; return all so far."""
    evaluator.stage(f"round {rounds}", len(fresh) * REPLICATIONS)
    scores = np.concatenate((scores, fresh))
    evaluator.observed(scores)
    take_noise(evaluator, scores)
    return scores


def _apart(one: Draws, other: Draws) -> float:
    """Return the largest distance of the means, in standard deviations."""
    (mean, sd), (second, sd2) = moments(one), moments(other)
    return float((np.abs(mean - second) / np.sqrt((sd**2 + sd2**2) / 2)).max())


def spread_out(vectors: int, number: int) -> Floats:
    """Return vectors that fill the prior of some `number` of parameters, (`vectors`, `number`)."""
    cube = qmc.Halton(number, scramble=False).random(vectors + 1)[1:]
    low = 0.5 - 0.5 * np.tanh(REACH)  # about the chance beyond the reach
    return np.asarray(np.clip(ndtri(low + (1 - 2 * low) * cube) * 1.1, -REACH, REACH))


def _more(draws: Draws, number: int, rounds: int) -> Floats:
    """Return vectors where the posterior is, (`number`, D), a little wider than it."""
    mean, sd = moments(draws)
    rows = np.random.default_rng(rounds).choice(len(draws.weights), number, p=draws.weights)
    return np.asarray(mean + 1.5 * (draws.scores[rows] - mean) + 0.05 * sd)


def take_noise(evaluator: Evaluator, scores: Floats) -> None:
    """Measure chance at the best quarter of the vectors, where every replication is played anyway.

    The best are those by the likelihood before any chance was measured: a measured one would prefer where it came from.
    """
    order = np.argsort(-evaluator.first_likelihood(scores), kind="stable")
    best = scores[order[: max(3, len(scores) // 4)]]
    evaluator.take_noise(np.array([evaluator.replication(best, r) for r in range(REPLICATIONS)]), fixed=True)
    evaluator.drop_unlikely(best[:1])


def _posterior(evaluator: Evaluator, scores: Floats, rows: Ints) -> tuple[Draws, Floats]:
    """Return the posterior on a grid of the surface through some of the vectors, and the logarithms there."""
    low, high = _bracket(evaluator, scores)
    surface = _surface(evaluator, scores, rows, low, high)
    draws = _on_grid(evaluator, surface, low, high)
    for _ in range(3):
        mean, sd = moments(draws)
        low, high = np.fmax(low, mean - WIDTH * sd), np.fmin(high, mean + WIDTH * sd)
        draws = _on_grid(evaluator, surface, low, high)
    return draws, surface(draws.scores)


def _bracket(evaluator: Evaluator, scores: Floats) -> tuple[Floats, Floats]:
    """Return the box around the vectors that are not far below the best, and a little more."""
    posterior = evaluator.log_likelihood(scores) + log_prior(scores)
    near = scores[posterior > posterior.max() - FAR]
    low, high = near.min(axis=0), near.max(axis=0)
    ends = REACH + 0.5
    room = 0.3 * (high - low) + 0.1
    return np.fmax(low - room, -ends), np.fmin(high + room, ends)


def _surface(evaluator: Evaluator, scores: Floats, rows: Ints, low: Floats, high: Floats) -> Polynomials:
    """Return a surface through those of the vectors `rows` that lie in the box; all of them if these are few."""
    inside = rows[((scores[rows] >= low) & (scores[rows] <= high)).all(axis=1)]
    enough = TERMS[scores.shape[1]] + 2
    inside = inside if len(inside) >= enough else rows
    logs = evaluator.evidence.logs(evaluator.observed(scores[inside]))
    return Polynomials(np.asarray(np.linalg.lstsq(features(scores[inside]), logs, rcond=None)[0], dtype=np.float64))


def _on_grid(evaluator: Evaluator, surface: Polynomials, low: Floats, high: Floats) -> Draws:
    number = len(low)
    axes = [np.linspace(a, b, GRID[number]) for a, b in zip(low, high, strict=True)]
    scores = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, number)
    likelihood = evaluator.evidence.log_likelihood(surface(scores), evaluator.noise)
    density = -log_prior(scores)
    return Draws(scores, likelihood, density, normalised(likelihood - density), 0)


def moments(draws: Draws) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the scores, (D,) each."""
    mean = draws.weights @ draws.scores
    return mean, np.fmax(np.sqrt(draws.weights @ np.square(draws.scores - mean)), 1e-9)


def is_settled(last: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> bool:
    """Return whether mean and standard deviation, (D,) each, are about those of the last round."""
    moved = np.abs(now[0] - last[0]) / now[1]
    return bool((moved < SETTLED).all() and (np.abs(np.log(now[1] / last[1])) < SETTLED).all())


def _roughness(evaluator: Evaluator, scores: Floats) -> float:
    """Return how far the surface's log likelihood is from that of the plays, near the best: a standard deviation."""
    played = evaluator.log_likelihood(scores)
    near = scores[played + log_prior(scores) > (played + log_prior(scores)).max() - NEAR]
    surface = _surface(evaluator, scores, np.arange(len(scores)), *_bracket(evaluator, scores))
    told = evaluator.evidence.log_likelihood(surface(near), evaluator.noise)
    return float((evaluator.log_likelihood(near) - told).std())
