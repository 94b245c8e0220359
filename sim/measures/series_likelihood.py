"""The likelihood of a reported series: its points depend on each other, so that many of them are few witnesses.

Values are compared as log(value + offset): by ratio where there is much, by difference near nothing. What is reported
minus what the model says is the sum of three processes. One is new at every point: the error of the report, its
rounding, and a part of chance. The others are correlated, falling exponentially with time (Ornstein-Uhlenbeck
processes), a fast and a slow one. Chance is how far one play is from the mean of the model, point by point; the plays
themselves show how much of it is new, fast and slow, as where whole days are busy. The discrepancy of the model is
slow. Its size and the slow correlation time are not known: the likelihood is its mean over a grid of both, weighted by
their priors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls
from scipy.special import log_ndtr, logsumexp

from sim.arrays import Bools, Floats, Ints
from sim.errors import SimError
from sim.measures.reported_series import points_in_run
from sim.scenario.model.calibration import Calibration
from sim.scenario.model.instants import since_t0
from sim.scenario.model.reported import ReportedRow
from sim.scenario.model.reported_series import ReportedSeries
from sim.scenario.model.scenario import Clock
from sim.units import MS_PER_H, parse

OFFSET = 1.0
"""Offset of the logarithm, as a share of the mean of the series, unless the rounding is coarser."""
SIZES = np.exp(np.linspace(-1.8, 1.8, 7))
SIZE_SPREAD = 0.7
"""Sizes of the discrepancy, in that of the file, and the spread of their log-normal prior, whose median is 1."""
TIMES = np.exp(np.linspace(-2.1, 2.1, 7))
TIME_SPREAD = 0.8
"""Correlation times, in that which plays show, and the spread of their log-normal prior, whose median is 1."""
SLOW, SHORTEST_SLOW = 24.0, 6.0
"""Slow correlation time (h) where plays show none, and the shortest that counts as slow."""
LONGEST_LAG = 0.25
"""Share of a series up to which the correlation of plays is looked at."""
POOLED = 0.3
"""Share of the mean variance of all points in that of each: few plays do not show rare waits, as at night."""
LEAST_SD = 1e-3
LEAST_LAGS = 4
CELLS = 200_000
"""Vectors times nodes of the grid that are filtered together."""


@dataclass(frozen=True)
class Structure:
    """How the residuals of a series depend on each other.

    `chance` (n,) is the standard deviation of one play around the model's mean; of its variance the share `fresh` is
    new at every point, the share `fast` has the correlation time `fast_hours`, and the rest the slow time `hours`.
    `level` (n,) is value / (value + offset) of the model, and `there` (n,) whether the model has a value. `nodes` are
    the rows of the grid in use.
    The log likelihood is multiplied by `power`, up to 1: see `structure_of`.
    """

    chance: Floats
    fresh: float
    fast: float
    fast_hours: float
    hours: float
    level: Floats
    there: Bools
    nodes: Ints
    power: float = 1.0


@dataclass(frozen=True)
class SeriesTarget:
    """A reported series as the likelihood uses it, (n,) each: hours since t0, value, bound, and whether it is fitted.

    `spread` is the standard deviation of the logarithm of a report, `rounding` in the unit of the value (0: none).
    """

    series: ReportedSeries
    hours: Floats
    value: Floats
    bound: Ints
    fitted: Bools
    offset: float
    spread: float
    rounding: float
    discrepancy: float
    structure: Structure

    def __len__(self) -> int:
        return len(self.value)

    def scaled(self, values: Floats) -> Floats:
        """Return log(value + offset); NaN, where the model has no value, becomes the mean of the others."""
        logs = np.log(np.fmax(values, 0.0) + self.offset)
        missing = np.isnan(values)
        if missing.any():
            number = np.fmax((~missing).sum(axis=-1, keepdims=True), 1)
            logs = np.where(missing, np.where(missing, 0.0, logs).sum(axis=-1, keepdims=True) / number, logs)
        return np.asarray(logs)

    def values(self, logs: Floats) -> Floats:
        """Return the values at scaled ones."""
        return np.asarray(np.exp(logs) - self.offset)

    @property
    def used(self) -> Bools:
        """The points that count in a fit."""
        return self.fitted & self.structure.there


def series_targets(calibration: Calibration, clock: Clock) -> tuple[SeriesTarget, ...]:
    """Return the series of a calibration; those not in use and points after `known_until` are not fitted.

    Raises SimError if a series has no point in the run.
    """
    return tuple(_target(series, calibration, clock) for series in calibration.reported_series)


def _target(series: ReportedSeries, calibration: Calibration, clock: Clock) -> SeriesTarget:
    points, error_model = points_in_run(series, clock), calibration.observation
    if not len(points):
        raise SimError(f"reported series {series.id!r}: no point lies in the run")
    until = np.inf if calibration.known_until is None else since_t0(clock, calibration.known_until)
    rounding = 0.0 if series.rounding is None else rounding_of(series)
    offset = max(rounding, OFFSET * float(points.value.mean()), 1e-9)
    n = len(points)
    start = Structure(
        np.full(n, 0.5), 0.3, 0.4, 2.0, SLOW, points.value / (points.value + offset), np.full(n, True), middle_node()
    )
    return SeriesTarget(
        series=series,
        hours=(points.begin + points.end) / 2 / MS_PER_H,
        value=points.value,
        bound=points.bound,
        fitted=(points.end <= until) & (series.status == "used"),
        offset=offset,
        spread=error_model.spread[series.trust],
        rounding=rounding,
        discrepancy=error_model.discrepancy,
        structure=start,
    )


def rounding_of(row: ReportedRow) -> float:
    """Return the rounding of a row in the unit of its kind. Raises SimError if it does not fit."""
    kind = row.kind
    try:
        return parse(kind.dimension, row.rounding) / kind.scale if kind.dimension else float(row.rounding or 0)
    except ValueError as error:
        raise SimError(f"reported series {row.id!r}: rounding: {error}") from None


def middle_node() -> Ints:
    """Return the node of the grid at the medians of both priors."""
    return np.array([len(SIZES) // 2 * len(TIMES) + len(TIMES) // 2])


def structure_of(target: SeriesTarget, plays: Floats, averaged: int) -> Structure:
    """Return the structure that plays show: `plays` (P, R, n) are R replications of P vectors, in the model's unit.

    `averaged` is the number of replications over which the model's mean will be taken.
    """
    missing = np.isnan(plays)
    there = missing.mean(axis=(0, 1)) < 0.5
    logs = target.scaled(plays)
    off = logs - logs.mean(axis=1, keepdims=True)
    replications = plays.shape[1]
    variance = np.square(off).sum(axis=1).mean(axis=0) / (replications - 1)
    smooth = np.convolve(np.pad(variance, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    sd = np.fmax(np.sqrt((1 - POOLED) * smooth + POOLED * variance.mean()), LEAST_SD)
    shares = _correlation((off / sd).reshape(-1, len(target))[:, there], target.hours[there])
    level = np.nanmean(np.where(missing, np.nan, plays), axis=(0, 1))[None] if there.any() else np.zeros((1, len(sd)))
    level = np.nan_to_num(level[0], nan=0.0)
    level = level / (level + target.offset)
    plain = Structure(sd * np.sqrt(1 + 1 / averaged), *shares, level, there, middle_node())
    power = _power(replace(target, structure=plain, discrepancy=0.0), off.reshape(-1, len(target)), replications)
    everywhere = np.arange(len(SIZES) * len(TIMES))
    return replace(plain, nodes=everywhere, power=power)


def _power(target: SeriesTarget, off: Floats, replications: int) -> float:
    """Return the power of the likelihood that makes it as sure of a common factor as plays `off` (M, n) are alike.

    The processes are an approximation, and plays need not be normal. The slope of the log likelihood for a common
    factor on the series has a variance that the processes imply; plays show the true one. The ratio of the two is the
    power (the adjustment of a composite likelihood: Varin, Reid and Firth 2011).
    """
    process, level = _process(target, 0.0), target.structure.level[target.used]
    off = off[:, target.used] * np.sqrt(replications / (replications - 1))
    plain = np.zeros(len(level), np.int64)
    more, less = (_filtered(level + sign * off, plain, process)[:, 0] for sign in (1, -1))
    ends = _filtered(np.stack((np.zeros(len(level)), level)), plain, process)[:, 0]
    slopes, implied = (less - more) / 2, 2 * (ends[0] - ends[1])
    return float(min(1.0, implied / max(np.mean(np.square(slopes)), 1e-12)))


def projected_errors(series: Sequence[tuple[SeriesTarget, Floats]]) -> tuple[Floats, Floats]:
    """Return covariances (K, S, S) of reports and of the model in S weighted sums of points; their probabilities (K,).

    `series` are targets with weights (S, n). The sizes of the discrepancy have their prior, its time that of the slow
    part of chance.
    """
    fresh, slow = np.zeros((2, len(series[0][1]), len(series[0][1])))
    for target, weights in series:
        level = target.structure.level
        rounding = target.rounding / np.sqrt(12) / (target.value + target.offset)
        fresh += weights * (np.square(target.spread * level) + np.square(rounding)) @ weights.T
        alike = np.exp(-np.abs(target.hours[:, None] - target.hours) / target.structure.hours)
        ends = weights * level * target.discrepancy
        slow += ends @ alike @ ends.T
    log_prior = -0.5 * np.square(np.log(SIZES) / SIZE_SPREAD)
    return fresh + slow * np.square(SIZES)[:, None, None], np.exp(log_prior - logsumexp(log_prior))


def _correlation(off: Floats, hours: Floats) -> tuple[float, float, float, float]:
    """Return the shares of variance that are new and fast, and the fast and the slow time (h), of residuals (M, n).

    The mean products of points that are 1, 2, ... apart are fitted by two exponential functions of the distance, with
    shares of at least 0, for times on a grid.
    """
    step = float(np.median(np.diff(hours))) if len(hours) > 1 else 1.0
    lags = np.arange(max(2, int(LONGEST_LAG * len(hours))))
    lags = lags[lags < len(hours)]
    if len(lags) < LEAST_LAGS:
        return 0.0, 0.5, step, max(SLOW, 4 * step)
    whole = np.mean(np.square(off)) or 1.0
    seen = np.array([np.mean(off[:, lag:] * off[:, : len(hours) - lag]) for lag in lags]) / whole
    weight, distances = (1.0 + lags) ** -0.5, lags * step
    least = max(SHORTEST_SLOW, 4 * step)
    slow_times = np.geomspace(least, max(2 * least, distances[-1]), 8)
    best = (np.inf, 0.0, 0.5, step, SLOW)
    for fast_time in np.geomspace(step / 2, least / 2, 16):
        for slow_time in slow_times:
            shapes = np.exp(-distances[:, None] / np.array([1e-9, fast_time, slow_time]))
            (fresh, fast, slow), rest = nnls(weight[:, None] * shapes, weight * seen)
            if rest < best[0]:
                total = fresh + fast + slow
                best = (rest, fresh / total, fast / total, float(fast_time), float(slow_time))
    return best[1:]


def grid(target: SeriesTarget) -> tuple[Floats, Floats, Floats]:
    """Return size, correlation time (h) and log prior weight of each node in use, (G,) each."""
    sizes, times = (part.ravel() for part in np.meshgrid(SIZES, TIMES, indexing="ij"))
    log_prior = -0.5 * np.square(np.log(sizes) / SIZE_SPREAD) - 0.5 * np.square(np.log(times) / TIME_SPREAD)
    log_prior -= logsumexp(log_prior)
    nodes = target.structure.nodes
    return sizes[nodes], times[nodes] * target.structure.hours, log_prior[nodes]


def series_log_likelihood(target: SeriesTarget, logs: Floats, extra: Floats | float = 0.0) -> Floats:
    """Return the log likelihood of a series, (N,), given the model's scaled values `logs` (N, n).

    `extra` (n,) is a further standard deviation of these, new at every point, as of an emulator.
    """
    used, log_prior = target.used, grid(target)[2]
    if not used.any():
        return np.zeros(len(logs))
    size = max(1, CELLS // len(log_prior))
    parts = [by_node(target, logs[n : n + size], extra) for n in range(0, len(logs), size)]
    together = target.structure.power * np.concatenate(parts) + log_prior
    return np.asarray(logsumexp(together, axis=1))


def by_node(target: SeriesTarget, logs: Floats, extra: Floats | float = 0.0) -> Floats:
    """Return the log likelihood of a series at each node of the grid, (N, G)."""
    used = target.used
    reported = np.log(target.value + target.offset)
    return _filtered((reported - logs)[:, used], target.bound[used], _process(target, extra))


@dataclass(frozen=True)
class _Process:
    """The processes of the residuals of the points in use.

    `fast` (n,) and `slow` (n, G) are standard deviations, `fresh` (n,) the variance that is new at each point, and
    `fast_kept` (n,) and `slow_kept` (n, G) the correlations with the point before.
    """

    fast: Floats
    slow: Floats
    fresh: Floats
    fast_kept: Floats
    slow_kept: Floats

    @property
    def variance(self) -> Floats:
        """The variance of each point, (n, G)."""
        return np.asarray((np.square(self.fast) + self.fresh)[:, None] + np.square(self.slow))


def _process(target: SeriesTarget, extra: Floats | float) -> _Process:
    structure, used, (sizes, times, _) = target.structure, target.used, grid(target)
    chance = np.square(structure.chance)
    discrepancy = np.outer(structure.level * target.discrepancy, sizes)
    slow = np.sqrt(np.maximum(1 - structure.fresh - structure.fast, 0.0) * chance[:, None] + np.square(discrepancy))
    rounding = target.rounding / np.sqrt(12) / (target.value + target.offset)
    report = target.spread * structure.level
    fresh = structure.fresh * chance + np.square(report) + np.square(rounding) + np.square(extra)
    steps = np.diff(target.hours[used], prepend=-np.inf)
    return _Process(
        fast=np.sqrt(structure.fast * chance)[used],
        slow=slow[used],
        fresh=np.fmax(fresh, LEAST_SD**2)[used],
        fast_kept=np.exp(-steps / structure.fast_hours),
        slow_kept=np.exp(-steps[:, None] / times),
    )


def _filtered(residuals: Floats, bound: Ints, process: _Process) -> Floats:
    """Return the log likelihood (N, G) of residuals (N, n) by the Kalman filter (Kalman 1960).

    The state is the fast and the slow process, both of variance 1 by themselves. A bound moves it by the mean and
    variance of the truncated normal.
    """
    shape = len(residuals), process.slow.shape[1]
    fast, slow, total = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    of_fast, of_both, of_slow = np.ones((1, shape[1])), np.zeros((1, shape[1])), np.ones((1, shape[1]))
    for t in range(residuals.shape[1]):
        a, b, kept, kept_slow = process.fast[t], process.slow[t], process.fast_kept[t], process.slow_kept[t]
        fast, slow = kept * fast, kept_slow * slow
        of_fast, of_both = kept**2 * of_fast + 1 - kept**2, kept * kept_slow * of_both
        of_slow = np.square(kept_slow) * of_slow + 1 - np.square(kept_slow)
        with_fast, with_slow = a * of_fast + b * of_both, a * of_both + b * of_slow
        whole = a * with_fast + b * with_slow + process.fresh[t]
        off = residuals[:, t, None] - a * fast - b * slow
        shrunk = 1 / whole
        if bound[t]:
            sd = np.sqrt(whole)
            far = bound[t] * off / sd
            log_chance = log_ndtr(-far)
            hazard = np.exp(-0.5 * np.square(far) - 0.5 * np.log(2 * np.pi) - log_chance)
            total += log_chance
            off, shrunk = bound[t] * sd * hazard, hazard * (hazard - far) / whole
        else:
            total -= 0.5 * (np.square(off) / whole + np.log(2 * np.pi * whole))
        move = off / whole
        fast, slow = fast + with_fast * move, slow + with_slow * move
        of_fast = of_fast - shrunk * np.square(with_fast)
        of_both = of_both - shrunk * with_fast * with_slow
        of_slow = of_slow - shrunk * np.square(with_slow)
    return total


def with_nodes(target: SeriesTarget, logs: Floats, least: float) -> SeriesTarget:
    """Return a target with the nodes of the grid whose posterior weight at scaled values (1, n) is at least `least`."""
    weights = node_weights(target, logs)
    nodes = target.structure.nodes[(weights >= least) | (weights == weights.max())]
    return replace(target, structure=replace(target.structure, nodes=nodes))


def node_weights(target: SeriesTarget, logs: Floats) -> Floats:
    """Return the posterior weight of each node in use, given the model's scaled values (1, n)."""
    log_weights = target.structure.power * by_node(target, logs)[0] + grid(target)[2]
    return np.asarray(np.exp(log_weights - logsumexp(log_weights)))


def point_sd(target: SeriesTarget, logs: Floats) -> Floats:
    """Return the standard deviation of a report around the model's scaled values, (n,), as learnt at `logs` (1, n)."""
    whole = replace(target, fitted=np.full(len(target), True))
    whole = replace(whole, structure=replace(target.structure, there=np.full(len(target), True)))
    weights = node_weights(target, logs) if target.used.any() else np.exp(grid(target)[2])
    return np.asarray(np.sqrt(_process(whole, 0.0).variance @ weights))


@dataclass(frozen=True)
class Learnt:
    """What a series taught about its own errors: discrepancy (sd of the logarithm), correlation time (h), witnesses."""

    discrepancy: float
    hours: float
    witnesses: float
    points: int


def learnt(target: SeriesTarget, logs: Floats) -> Learnt:
    """Return what a series says of its own errors at the model's scaled values (1, n).

    The number of witnesses is that of independent points which would tell a common factor on the whole series as well:
    the information about it, times the mean variance of a point.
    """
    weights, (sizes, times, _) = node_weights(target, logs), grid(target)
    process, level = _process(target, 0.0), target.structure.level[target.used]
    both = _filtered(np.stack((np.zeros(len(level)), level)), np.zeros(len(level), np.int64), process)
    information = 2 * (both[0] - both[1])
    alone = np.square(level)[:, None] / process.variance
    witnesses = float(weights @ (target.structure.power * information / alone.mean(axis=0)))
    used = target.used
    return Learnt(
        float(weights @ sizes) * target.discrepancy,
        float(np.exp(weights @ np.log(times))),
        min(witnesses, float(used.sum())),
        int(used.sum()),
    )
