"""Fits up to three parameters with few plays: weighted sums of the points of all series, and a grid of the posterior.

As many parameters need as many numbers. The points of each series are averaged by blocks of the day, and these means
are summed for each parameter with the weights that tell most of it, given how the means change with the parameters and
how plays scatter (semi-automatic summaries: Fearnhead and Prangle 2012). The sums are taken to be normal (synthetic
likelihood: Wood 2010). Their mean is a local regression through plays on common tapes; their covariance is that of
plays, those on other tapes included, so that it does not matter how points depend on each other. The model need not be
smooth: the error of the regression is measured, and the posterior is widened by it. The fit always ends: what rounds of
plays do not settle is in the width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.linalg import block_diag
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from sim.arrays import Bools, Floats
from sim.measures.quantiles import rows_at
from sim.measures.series_likelihood import LEAST_SD, SeriesTarget, projected_errors
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
    spread_out,
    take_noise,
)

START, ROUND, ROUNDS = {1: 9, 2: 25, 3: 48}, {1: 6, 2: 12, 3: 24}, 6
"""Vectors of the start and of each round, by the number of parameters, and most rounds."""
BLOCK, SHRINKAGE = {1: 8.0, 2: 3.0, 3: 3.0}, {1: 0.2, 2: 0.05, 3: 0.05}
"""Length (h) of the blocks of the day whose means are summed, and the share of variances that is added to them where
weights are chosen, by the number of parameters: fewer plays show the covariance of fewer means."""
SPAN = 0.5
"""Share of the vectors that a regression uses at each place, the nearest ones."""
FOLDS = 6
"""Parts of the vectors that are left out in turn to measure the error of the regression."""
SMALL = 0.5
"""Error of the regression, in standard deviations of the posterior without it, at which rounds may end."""
GRID, PLACES = {1: 2001, 2: 71, 3: 24}, {1: 101, 2: 31, 3: 15}
"""Points of the grid along each parameter, and those at which the likelihood is computed."""
LEAST_SIZE = 500.0
"""Effective sample size of the grid below which it gets more points."""
TAPES = 16
"""Plays of each round on tapes of their own, which show how far a play is from the mean."""
MOST = REACH + 0.5
"""Score beyond which the likelihood is taken to be that at the nearest score within."""
METHOD = "weighted sums of the series in plays on common tapes, and a grid of the posterior"


@dataclass(frozen=True)
class Frame:
    """A middle (D,) and axes (D, D): scores are the middle plus `root` times steps."""

    middle: Floats
    root: Floats

    def scores(self, steps: Floats) -> Floats:
        """Return the scores of steps, both (P, D)."""
        return np.asarray(self.middle + steps @ self.root.T)

    def steps(self, scores: Floats) -> Floats:
        """Return the steps of scores, both (P, D)."""
        return np.asarray((scores - self.middle) @ np.linalg.inv(self.root).T)


@dataclass(frozen=True)
class Regression:
    """A local quadratic regression (Cleveland and Devlin 1988): `logs` (N, columns) at `steps` (N, D)."""

    steps: Floats
    logs: Floats

    def __call__(self, places: Floats) -> Floats:
        """Return the logarithms of the figures at places (P, D), (P, columns)."""
        return np.asarray(self._shares(places)[0][:, 0] @ self.logs)

    def slope(self, place: Floats) -> Floats:
        """Return the change of the logarithms with each step at one place (D,), (D, columns)."""
        shares, reach = self._shares(place[None])
        return np.asarray(shares[0, 1 : 1 + len(place)] @ self.logs / reach)

    def of(self, rows: Bools) -> Regression:
        """Return the regression through some of the vectors."""
        return Regression(self.steps[rows], self.logs[rows])

    def kernel(self, places: Floats) -> tuple[Floats, Floats]:
        """Return the weight of each vector at places (P, N), that of the nearest being 1, and its reach (P,)."""
        distance = np.linalg.norm(self.steps - places[:, None], axis=2)
        number, dimension = self.steps.shape
        least = (dimension + 1) * (dimension + 2) + 1
        span = min(number, max(least, round(SPAN * number)))
        reach = np.partition(distance, span - 1, axis=1)[:, span - 1] * 1.01
        return np.clip(1 - (distance / reach[:, None]) ** 3, 0, None) ** 3, reach

    def _shares(self, places: Floats) -> tuple[Floats, Floats]:
        """Return the share of each vector in the coefficients at places, (P, coefficients, N), and the reach (P,)."""
        weights, reach = self.kernel(places)
        off = (self.steps - places[:, None]) / reach[:, None, None]
        first, second = np.triu_indices(self.steps.shape[1])
        terms = np.concatenate((np.ones((*off.shape[:2], 1)), off, off[..., first] * off[..., second]), axis=2)
        root = np.sqrt(weights)
        return np.linalg.pinv(root[..., None] * terms) * root[:, None], reach


@dataclass(frozen=True)
class Summary:
    """The S sums that stand for all series, and what reports and plays say of them.

    `mean` is the regression of them, `covariance` (N, S, S) that of one play around it at its vectors, to be smoothed.
    `factor` is the ratio of the variance on other tapes to that. `errors` (K, S, S) are the covariances of reports and
    of the model, with probabilities `chances` (K,), which the size of the discrepancy has.
    """

    reported: Floats
    mean: Regression
    covariance: Floats
    factor: float
    errors: Floats
    chances: Floats

    def of(self, rows: Bools) -> Summary:
        """Return the summary from some of the vectors."""
        return replace(self, mean=self.mean.of(rows), covariance=self.covariance[rows])

    def weighted(self, weights: Floats) -> Summary:
        """Return weighted sums, with weights (S, F), of the F numbers of this summary."""
        return replace(
            self,
            reported=weights @ self.reported,
            mean=replace(self.mean, logs=self.mean.logs @ weights.T),
            covariance=weights @ self.covariance @ weights.T,
            errors=weights @ self.errors @ weights.T,
        )

    def covariance_at(self, places: Floats) -> Floats:
        """Return the covariance of one play around the mean of REPLICATIONS, at places (P, D), (P, S, S)."""
        near, _ = self.mean.kernel(places)
        smooth = np.einsum("pn,nst->pst", near / near.sum(axis=1, keepdims=True), self.covariance)
        return np.asarray(self.factor * smooth * (1 + 1 / REPLICATIONS))

    def log_likelihood(self, places: Floats) -> Floats:
        """Return the log likelihood at places (P, D)."""
        off = self.reported - self.mean(places)
        covariance = self.covariance_at(places)[:, None] + self.errors
        each = -0.5 * squares(off[:, None], covariance) - 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1]
        return np.asarray(logsumexp(each + np.log(self.chances), axis=1))


def squares(off: Floats, covariance: Floats) -> Floats:
    """Return squared distances of `off` (..., S) in units of `covariance` (..., S, S) (Mahalanobis 1936)."""
    return np.asarray((off * np.linalg.solve(covariance, off[..., None])[..., 0]).sum(axis=-1))


@dataclass(frozen=True)
class Witnesses:
    """Plays, (TAPES, columns), at one vector of scores (D,) on tapes of their own, as logarithms."""

    score: Floats
    logs: Floats


def fit_by_sums(evaluator: Evaluator) -> Found:
    """Return the posterior of up to three parameters, widened by the error of the regression."""
    with threadpool_limits(1, "blas"):  # the matrices are small: threads wait for each other
        return _fit(evaluator)


def _fit(evaluator: Evaluator) -> Found:
    number = len(evaluator.priors.names)
    evaluator.replications = REPLICATIONS
    evaluator.stage("vectors of the priors", START[number] * REPLICATIONS)
    scores = start = np.linspace(-REACH, REACH, START[1])[:, None] if number == 1 else spread_out(START[number], number)
    evaluator.observed(scores)
    take_noise(evaluator, scores)
    witnesses: list[Witnesses] = []
    frame, last = Frame(np.zeros(number), np.eye(number)), None
    for rounds in range(1, ROUNDS + 1):
        draws, best, error = _posterior(evaluator, scores, witnesses, frame)
        now = moments(draws)
        if rounds == ROUNDS or (error < SMALL and last is not None and is_settled(last, now)):
            break
        frame, last = frame_of(draws), now
        witnesses.append(_witnesses(evaluator, now[0], rounds))
        scores = played(evaluator, scores, _more(draws, ROUND[number]), rounds)
    logs = _regression(evaluator, scores, frame)(frame.steps(_inside(draws.scores)))
    return Found(METHOD, draws, (), logs, best, rounds, start)


def frame_of(draws: Draws, least: Floats | float = 0.0) -> Frame:
    """Return mean and standard deviations of draws; `least` (D, D) is added to their covariance."""
    mean = draws.weights @ draws.scores
    off = draws.scores - mean
    covariance = (draws.weights[:, None] * off).T @ off + least + 1e-12 * np.eye(len(mean))
    return Frame(mean, np.asarray(np.linalg.cholesky(covariance), np.float64))


def _inside(scores: Floats) -> Floats:
    return np.clip(scores, -MOST, MOST)


def _witnesses(evaluator: Evaluator, score: Floats, rounds: int) -> Witnesses:
    """Play at one vector (D,) on tapes that nothing else is played on."""
    first = REPLICATIONS + (rounds - 1) * TAPES
    plays = [evaluator.replication(score[None], number)[0] for number in range(first, first + TAPES)]
    return Witnesses(score, evaluator.evidence.logs(np.array(plays)))


def _more(draws: Draws, number: int) -> Floats:
    """Return vectors where the posterior is, (`number`, D), a little wider than it."""
    rows = rows_at(draws.weights, (np.arange(number) + 0.5) / number)
    mean = moments(draws)[0]
    return np.asarray(mean + 1.5 * (draws.scores[np.minimum(rows, len(draws.scores) - 1)] - mean))


def _regression(evaluator: Evaluator, scores: Floats, frame: Frame) -> Regression:
    """Return the regression of all figures and points through the vectors."""
    return Regression(frame.steps(scores), evaluator.evidence.logs(evaluator.observed(scores)))


def block_means(targets: Sequence[SeriesTarget], length: float) -> list[Floats]:
    """Return the weights (blocks, n) of the points of each series in means of blocks of the day, `length` h long."""
    parts = []
    for target in targets:
        blocks = (target.hours % 24 // length).astype(np.int64)
        inside = np.array([target.used & (blocks == block) for block in np.unique(blocks[target.used])], bool)
        parts.append(inside.reshape(-1, len(target)) / np.fmax(inside.sum(axis=-1, keepdims=True).reshape(-1, 1), 1))
    return np.split(block_diag(*parts), np.cumsum([len(target) for target in targets])[:-1], axis=1)


def best_weights(slope: Floats, covariance: Floats, shrinkage: float) -> Floats:
    """Return the weights (S, F) of F means in sums that tell most of axes on which the means depend by `slope` (D, F).

    Axes on which no mean depends have no sum.
    """
    diagonal = shrinkage * np.diag(covariance) + LEAST_SD**2
    weights = np.linalg.solve(covariance + np.diag(diagonal), slope.T).T
    scale = (weights * slope).sum(axis=1)
    return np.asarray(weights[scale > 0] / scale[scale > 0, None])


def _summary(evaluator: Evaluator, scores: Floats, witnesses: list[Witnesses], frame: Frame) -> Summary | None:
    """Return the summary with weights for the middle of the frame; None if no series says anything."""
    evidence, middle = evaluator.evidence, np.zeros((1, scores.shape[1]))
    if not any(target.used.any() for target in evidence.series):
        return None
    blocks = block_means(evidence.series, BLOCK[scores.shape[1]])
    columns = np.concatenate((np.zeros((len(blocks[0]), len(evaluator.targets))), *blocks), axis=1)
    errors, chances = projected_errors(list(zip(evidence.series, blocks, strict=True)))
    plays = np.array([evaluator.replication(scores, number) for number in range(REPLICATIONS)])
    means = _bounded(evaluator, evidence.logs(plays)) @ columns.T
    off = means - means.mean(axis=0)
    found = Summary(
        reported=columns @ _reported(evaluator),
        mean=Regression(frame.steps(scores), means.mean(axis=0)),
        covariance=np.einsum("rns,rnt->nst", off, off) / (REPLICATIONS - 1),
        factor=1.0,
        errors=errors,
        chances=chances,
    )
    whole = found.covariance_at(middle)[0] + np.tensordot(chances, errors, 1)
    weights = best_weights(found.mean.slope(middle[0]), whole, SHRINKAGE[scores.shape[1]])
    if not len(weights):
        return None
    found = found.weighted(weights)
    ratios = [1.0] * (REPLICATIONS - 1)
    for each in witnesses:
        place = frame.steps(each.score[None])
        off = _bounded(evaluator, each.logs) @ (weights @ columns).T - found.mean(place)
        ratios += (squares(off, found.covariance_at(place)) / len(weights)).tolist()
    return replace(found, factor=float(np.mean(ratios)))


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


@dataclass(frozen=True)
class Likelihood:
    """The likelihood of the summary and of the single figures, in steps of a frame."""

    evaluator: Evaluator
    frame: Frame
    summary: Summary | None
    figures: Regression

    def of(self, rows: Bools) -> Likelihood:
        """Return the likelihood from some of the vectors."""
        return replace(self, summary=self.summary and self.summary.of(rows), figures=self.figures.of(rows))

    def on_grid(self, grid: Frame, points: int = 0) -> Draws:
        """Return the posterior on a grid of WIDTH steps of `grid` to each side.

        With `points` along each axis the likelihood is interpolated, since that of a regression is smooth.
        """
        dimension = len(grid.middle)
        axes = [np.linspace(-WIDTH, WIDTH, PLACES[dimension])] * dimension
        scores = grid.scores(_product(axes))
        places = self.frame.steps(_inside(scores))
        single = replace(self.evaluator.evidence, series=())
        likelihood = single.log_likelihood(self.figures(places), self.evaluator.noise[: len(self.evaluator.targets)])
        if self.summary is not None:
            likelihood = likelihood + self.summary.log_likelihood(places)
        if points:
            told = likelihood.reshape([PLACES[dimension]] * dimension)
            steps = _product([np.linspace(-WIDTH, WIDTH, points)] * dimension)
            likelihood = RegularGridInterpolator(axes, told, method="cubic")(steps)
            scores = grid.scores(steps)
        density = -log_prior(scores)
        return Draws(scores, likelihood, density, normalised(likelihood - density), 0)


def _product(axes: list[Floats]) -> Floats:
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def _posterior(
    evaluator: Evaluator, scores: Floats, witnesses: list[Witnesses], frame: Frame
) -> tuple[Draws, Floats, float]:
    """Return the posterior on a grid, the best scores (D,), and the error of the regression, which is in the posterior.

    The error is that of the mean by the jackknife (Tukey 1958), in standard deviations of the posterior without it.
    """
    number = scores.shape[1]
    figures = _regression(evaluator, scores, frame)
    figures = replace(figures, logs=figures.logs[:, : len(evaluator.targets)])
    likelihood = Likelihood(evaluator, frame, _summary(evaluator, scores, witnesses, frame), figures)
    grid = Frame(np.zeros(number), MOST / WIDTH * np.eye(number))
    for _ in range(5):
        step = 2 * WIDTH / (PLACES[number] - 1)
        grid = frame_of(likelihood.on_grid(grid), np.square(step / 2) * grid.root @ grid.root.T)
    order = np.argsort(np.argsort(scores[:, 0], kind="stable"))
    means = [moments(likelihood.of(order % FOLDS != fold).on_grid(grid))[0] for fold in range(FOLDS)]
    error = (FOLDS - 1) * np.cov(np.array(means).T, bias=True).reshape(number, number)
    for times in (1, 2, 4):  # a peak with long tails has few points of the grid
        draws = likelihood.on_grid(grid, times * GRID[number])
        if effective_sample_size(draws.weights) >= LEAST_SIZE:
            break
    best = draws.scores[np.argmax(draws.log_likelihood + log_prior(draws.scores))]
    inverse = np.linalg.inv(frame_of(draws).root)
    largest = np.linalg.eigvalsh(inverse @ error @ inverse.T)[-1]
    return widened(draws, error), best, float(np.sqrt(max(largest, 0.0)))


def widened(draws: Draws, error: Floats) -> Draws:
    """Return draws stretched around their mean so that their covariance is larger by `error` (D, D)."""
    return replace(draws, scores=frame_of(draws, error).scores(frame_of(draws).steps(draws.scores)))
