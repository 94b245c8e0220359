"""Fits one parameter with few plays: a weighted mean of the points of all series, and a grid of the posterior.

One parameter needs one number. The points of all series are summed with weights in proportion to how fast the model's
value changes with the parameter, over the variance of a play (semi-automatic summary: Fearnhead and Prangle 2012). Its
mean is a local regression through plays on common tapes; its variance is that of plays, those on other tapes included,
so that it does not matter how points depend on each other. The model need not be smooth: the error of the regression is
measured, and the posterior is widened by it. The fit always ends: what rounds of plays do not settle is in the width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import logsumexp, ndtr

from sim.arrays import Bools, Floats
from sim.measures.quantiles import weighted_quantiles
from sim.measures.series_likelihood import projected_errors
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.sampling import Draws, effective_sample_size, log_prior, normalised
from sim.verbs.calibrate.surface_fit import (
    REACH,
    REPLICATIONS,
    WIDTH,
    Found,
    is_settled,
    moments,
    played,
    take_noise,
)

START, ROUND, ROUNDS = 9, 6, 6
"""Vectors of the start, vectors of each round, and most rounds."""
SPAN, LEAST_SPAN = 0.5, 7
"""Share of the vectors that a regression uses at each place, the nearest ones, and the least number."""
FOLDS = 6
"""Parts of the vectors that are left out in turn to measure the error of the regression."""
SMALL = 0.5
"""Error of the regression, in standard deviations of the posterior without it, at which rounds may end."""
GRID, PLACES = 2001, 101
"""Points of the grid, and those at which the likelihood is computed."""
LEAST_SIZE = 500.0
"""Effective sample size of the grid below which it gets more points."""
TAPES = 16
"""Plays of each round on tapes of their own, which show how far a play is from the mean."""
METHOD = "the weighted mean of the series in plays on common tapes, and a grid of the posterior"


@dataclass(frozen=True)
class Regression:
    """A local quadratic regression (Cleveland 1979): `logs` (N, columns) at `scores` (N,)."""

    scores: Floats
    logs: Floats

    def __call__(self, places: Floats) -> Floats:
        """Return the logarithms of the figures at places (P,), (P, columns)."""
        return np.asarray(np.array([self._shares(place) for place in places]) @ self.logs)

    def of(self, rows: Bools) -> Regression:
        """Return the regression through some of the vectors."""
        return Regression(self.scores[rows], self.logs[rows])

    def kernel(self, place: float) -> Floats:
        """Return the weight of each vector at one place, (N,): that of the nearest is 1."""
        off = np.abs(self.scores - place)
        return np.asarray(np.clip(1 - (off / self._reach(off)) ** 3, 0, None) ** 3)

    def _shares(self, place: float) -> Floats:
        """Return the share of each vector in the estimate at one place, (N,)."""
        off, root = self.scores - place, np.sqrt(self.kernel(place))
        terms = np.vander(off / self._reach(np.abs(off)), 3)
        return np.asarray(np.linalg.pinv(root[:, None] * terms)[2] * root)

    @staticmethod
    def _reach(distances: Floats) -> float:
        span = min(len(distances), max(LEAST_SPAN, round(SPAN * len(distances))))
        return float(np.sort(distances)[span - 1]) * 1.01


@dataclass(frozen=True)
class Summary:
    """The number that stands for all series: the weights of its columns, and what reports and plays say.

    `mean` is the regression of it, `variance` that of one play around it, (N,) at `scores` (N,) and to be smoothed.
    `factor` is the ratio of the variance on other tapes to that. `errors` (K,) are the variances of reports and of the
    model, with probabilities `chances` (K,), which the size of the discrepancy has.
    """

    reported: float
    mean: Regression
    variance: Floats
    factor: float
    errors: Floats
    chances: Floats

    def variance_at(self, places: Floats) -> Floats:
        """Return the variance of one play around the mean of REPLICATIONS, at places (P,)."""
        near = np.array([self.mean.kernel(place) for place in places])
        smooth = near @ self.variance / near.sum(axis=1)
        return np.asarray(self.factor * smooth * (1 + 1 / REPLICATIONS))

    def log_likelihood(self, places: Floats) -> Floats:
        """Return the log likelihood at places (P,)."""
        off = self.reported - self.mean(places)[:, 0]
        variance = self.variance_at(places)[:, None] + self.errors
        each = -0.5 * np.square(off)[:, None] / variance - 0.5 * np.log(2 * np.pi * variance)
        return np.asarray(logsumexp(each + np.log(self.chances), axis=1))


@dataclass(frozen=True)
class Witnesses:
    """Plays, (TAPES, columns), at one score on tapes of their own, as logarithms."""

    score: float
    logs: Floats


def fit_one(evaluator: Evaluator) -> Found:
    """Return the posterior of one parameter, widened by the error of the regression."""
    evaluator.replications = REPLICATIONS
    evaluator.stage("vectors of the priors", START * REPLICATIONS)
    scores = start = np.linspace(-REACH, REACH, START)[:, None]
    evaluator.observed(scores)
    take_noise(evaluator, scores)
    witnesses: list[Witnesses] = []
    last: tuple[Floats, Floats] | None = None
    for rounds in range(1, ROUNDS + 1):
        draws, error = _posterior(evaluator, scores, witnesses, last)
        now = moments(draws)
        small = error < SMALL * np.sqrt(max(now[1][0] ** 2 - error**2, 0.0))
        if rounds == ROUNDS or (small and last is not None and is_settled(last, now)):
            break
        last = now
        witnesses.append(_witnesses(evaluator, now[0], rounds))
        scores = played(evaluator, scores, _more(draws), rounds)
    best = draws.scores[np.argmax(draws.log_likelihood + log_prior(draws.scores))]
    return Found(METHOD, draws, (), _regression(evaluator, scores)(draws.scores[:, 0]), best, rounds, start)


def _witnesses(evaluator: Evaluator, score: Floats, rounds: int) -> Witnesses:
    """Play at one vector (1,) on tapes that nothing else is played on."""
    first = REPLICATIONS + (rounds - 1) * TAPES
    plays = [evaluator.replication(score[None], number)[0] for number in range(first, first + TAPES)]
    return Witnesses(float(score[0]), evaluator.evidence.logs(np.array(plays)))


def _more(draws: Draws) -> Floats:
    """Return vectors where the posterior is, (ROUND, 1), a little wider than it."""
    levels = (np.arange(ROUND) + 0.5) / ROUND
    inside = weighted_quantiles(draws.scores[:, 0], draws.weights, levels.tolist())
    mean = moments(draws)[0]
    return np.asarray(mean + 1.5 * (inside[:, None] - mean))


def _regression(evaluator: Evaluator, scores: Floats) -> Regression:
    """Return the regression of all figures and points through the vectors."""
    return Regression(scores[:, 0], evaluator.evidence.logs(evaluator.observed(scores)))


def _summary(
    evaluator: Evaluator, scores: Floats, witnesses: list[Witnesses], last: tuple[Floats, Floats] | None
) -> Summary | None:
    """Return the summary with weights for the neighbourhood of the last posterior; None if no series says anything."""
    (middle,), (step,) = last or (np.zeros(1), np.ones(1))
    low, high = _regression(evaluator, scores)(middle + step * np.array([-1.0, 1.0]))
    weights, slope = np.zeros(evaluator.evidence.width), (high - low) / (2 * step)
    for target, at in evaluator.evidence.blocks():
        variance = np.square(target.structure.chance) + np.square(target.spread * target.structure.level)
        weights[at] = np.where(target.used, slope[at] / variance, 0.0)
    if not weights @ slope > 0:
        return None
    weights /= weights @ slope
    plays = np.array([evaluator.replication(scores, number) for number in range(REPLICATIONS)])
    sums = _bounded(evaluator, evaluator.evidence.logs(plays)) @ weights
    errors, chances = projected_errors([(target, weights[at]) for target, at in evaluator.evidence.blocks()])
    found = Summary(
        reported=float(_reported(evaluator) @ weights),
        mean=Regression(scores[:, 0], sums.mean(axis=0)[:, None]),
        variance=sums.var(axis=0, ddof=1),
        factor=1.0,
        errors=errors,
        chances=chances,
    )
    squares = [1.0] * (REPLICATIONS - 1)
    for each in witnesses:
        place = np.array([each.score])
        off = _bounded(evaluator, each.logs) @ weights - found.mean(place)[0, 0]
        squares += (np.square(off) / found.variance_at(place)[0]).tolist()
    return replace(found, factor=float(np.mean(squares)))


def _reported(evaluator: Evaluator) -> Floats:
    """Return the logarithms of the points of all series, (columns,), 0 for single figures."""
    points = [target.scaled(target.value) for target in evaluator.evidence.series]
    return np.concatenate((np.zeros(len(evaluator.targets)), *points))


def _bounded(evaluator: Evaluator, logs: Floats) -> Floats:
    """Return logarithms (..., columns) in which those that keep a reported bound are equal to it."""
    reported, bounds = _reported(evaluator), [np.zeros(len(evaluator.targets), np.int64)]
    bound = np.concatenate((*bounds, *(target.bound for target in evaluator.evidence.series)))
    logs = np.where(bound > 0, np.fmin(logs, reported), logs)
    return np.where(bound < 0, np.fmax(logs, reported), logs)


def _posterior(
    evaluator: Evaluator, scores: Floats, witnesses: list[Witnesses], last: tuple[Floats, Floats] | None
) -> tuple[Draws, float]:
    """Return the posterior on a grid, and the error of the regression, which is in it: a standard deviation.

    The error is that of the mean by the jackknife (Tukey 1958).
    """
    summary, figures = _summary(evaluator, scores, witnesses, last), _figures(evaluator, scores)
    most = REACH + 0.5
    low, high = -most, most
    draws = _on_grid(evaluator, summary, figures, low, high)
    for _ in range(3):
        (mean,), (sd,) = moments(draws)
        low, high = max(low, mean - WIDTH * sd), min(high, mean + WIDTH * sd)
        draws = _on_grid(evaluator, summary, figures, low, high)
    means, order = [], np.argsort(np.argsort(scores[:, 0], kind="stable"))
    for fold in range(FOLDS):
        rows = order % FOLDS != fold
        part = (
            None if summary is None else replace(summary, mean=summary.mean.of(rows), variance=summary.variance[rows])
        )
        means.append(moments(_on_grid(evaluator, part, figures.of(rows), low, high))[0][0])
    error = float(np.sqrt((FOLDS - 1) * np.var(means)))
    (mean,), (sd,) = moments(draws)
    whole = WIDTH * np.hypot(sd, error)
    low, high = max(-most, mean - whole), min(most, mean + whole)
    for points in (GRID, 4 * GRID, 16 * GRID):  # a peak with long tails has few points of the grid
        found = _widened(_on_grid(evaluator, summary, figures, low, high, points), error)
        if effective_sample_size(found.weights) >= LEAST_SIZE:
            break
    return found, error


def _figures(evaluator: Evaluator, scores: Floats) -> Regression:
    """Return the regression of the single figures."""
    return Regression(scores[:, 0], evaluator.evidence.logs(evaluator.observed(scores))[:, : len(evaluator.targets)])


def _on_grid(
    evaluator: Evaluator, summary: Summary | None, figures: Regression, low: float, high: float, points: int = GRID
) -> Draws:
    """Return the posterior on a grid; the likelihood is interpolated, since that of a regression is smooth."""
    places, scores = np.linspace(low, high, PLACES), np.linspace(low, high, points)[:, None]
    single = replace(evaluator.evidence, series=())
    found = single.log_likelihood(figures(places), evaluator.noise[: len(evaluator.targets)])
    if summary is not None:
        found = found + summary.log_likelihood(places)
    likelihood = np.asarray(CubicSpline(places, found)(scores[:, 0]))
    density = -log_prior(scores)
    return Draws(scores, likelihood, density, normalised(likelihood - density), 0)


def _widened(draws: Draws, error: float) -> Draws:
    """Return a posterior on a grid with a normal error added, (0: as it is)."""
    scores = draws.scores[:, 0]
    step = scores[1] - scores[0]
    if error < step:
        return draws
    reach = int(WIDTH * error / step)
    edges = (np.arange(-reach, reach + 2) - 0.5) * step / error
    weights = np.convolve(draws.weights, np.diff(ndtr(edges)))[reach : reach + len(scores)]
    return Draws(draws.scores, draws.log_likelihood, draws.log_density, weights / weights.sum(), 0)
