"""The likelihood of reported figures given the values of the model.

A report is log-normal around the value of the model. Its variance is the sum of those of the reporter (`spread`), the
model (`discrepancy`) and chance (`noise`). A share of the model's may be common to figures of one crossing: queues and
waits have one common error, flows another, and each is a Gaussian process over the days (Kennedy and O'Hagan 2001); the
likelihood of all figures together is then the mean over draws of these errors. A rounded figure is an interval, and a
bound is a tail probability: read as "about", bounds would pull the model down to them. With a small probability a
figure measures something else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import hypot, inf

import numpy as np
from scipy.special import log_ndtr, logsumexp, ndtri
from scipy.stats import qmc

from sim.arrays import Floats
from sim.errors import SimError
from sim.measures.reports import parsed_value, reported_value
from sim.scenario.model.calibration import Calibration, ErrorModel
from sim.scenario.model.reported import LOWER_BOUNDS, UPPER_BOUNDS, Reported

FLOOR = 1e-3
"""Lowest value of the model, as a share of the reported figure: makes 0 and NaN improbable, not impossible."""

COMMON_DRAWS = 32
"""Draws of the common errors over which the likelihood is averaged; a power of two."""


@dataclass(frozen=True)
class Target:
    """A reported figure as the likelihood uses it, in the unit of its row.

    The true value lies in [`low`, `high`]: the rounding interval, from a lower `bound` (+1) to infinity, or from 0 to
    an upper one (-1). `spread` is the standard deviation of the logarithm for the trust class, and for the wait of one
    traveller that of individuals too; `frame` is how far the
    reporter could see (infinity: no limit); `rounding` is 0 for a figure that is not rounded. Only `fitted` rows count
    in a fit, with their `weight`.
    """

    row: Reported
    reported: float
    low: float
    high: float
    bound: int
    spread: float
    weight: float
    fitted: bool
    frame: float
    rounding: float


def targets(calibration: Calibration) -> tuple[Target, ...]:
    """Return all rows, including those that are rejected or end after `known_until`.

    The fitted rows of a group have a total weight of 1. Raises SimError if a value does not fit its quantity or is
    not above 0, or if the spread of a trust class is missing.
    """
    until = calibration.known_until
    fitted = [row.status == "used" and (until is None or row.until <= until) for row in calibration.reported]
    sizes = Counter(row.group or row.id for row, counts in zip(calibration.reported, fitted, strict=True) if counts)
    return tuple(
        _target(row, calibration.observation, counts, 1 / max(1, sizes[row.group or row.id]))
        for row, counts in zip(calibration.reported, fitted, strict=True)
    )


def _target(row: Reported, error_model: ErrorModel, fitted: bool, weight: float) -> Target:
    value = reported_value(row)
    if value <= 0:
        raise SimError(
            f"reported figure {row.id!r}: value: must be above 0, since it is compared by ratio; got {value:g}"
        )
    if row.trust not in error_model.spread:
        raise SimError(f"reported figure {row.id!r}: trust: observation.spread has no value for {row.trust!r}")
    rounding = 0.0 if row.rounding is None else parsed_value(row, row.rounding, "rounding")
    frame = inf if row.frame is None else row.frame / 1000
    low, high, bound = _interval(row, value, rounding, frame)
    spread = hypot(error_model.spread[row.trust], error_model.individual if row.individual else 0.0)
    return Target(row, value, low, high, bound, spread, weight, fitted, frame, rounding)


def _interval(row: Reported, value: float, rounding: float, frame: float) -> tuple[float, float, int]:
    """Return the limits of the true value and the open end. A figure that reaches the frame is a lower bound."""
    if row.qualifier in LOWER_BOUNDS:
        return min(value, frame), inf, 1
    if row.qualifier in UPPER_BOUNDS:
        return 0.0, value, -1
    low, high = max(0.0, value - rounding / 2), value + rounding / 2
    return (min(low, frame), inf, 1) if high >= frame else (low, high, 0)


def log_likelihood(
    targets: tuple[Target, ...],
    error_model: ErrorModel,
    observed: Floats,
    noise: Floats,
    common: Floats | None = None,
) -> Floats:
    """Return the log-likelihood of every row, (N, J), before the weights.

    `observed` (N, J) are the values of the model; NaN and values below FLOOR of the report count as FLOOR. `noise` (J,)
    is the standard deviation of the logarithm of one replication around `observed`. With `common` (J,), the common part
    of the model's error is known to be this.
    """
    centre, honest, wild = _laws(targets, error_model, observed, noise, common)
    low, high = (np.array([getattr(target, end) for target in targets]) for end in ("low", "high"))
    with np.errstate(divide="ignore"):
        ends = np.log(low), np.log(high)
    chance = error_model.outlier.chance
    log_density: Floats = np.logaddexp(
        np.log1p(-chance) + _within(*ends, centre, honest), np.log(chance) + _within(*ends, centre, wild)
    )
    return log_density


def total_log_likelihood(
    targets: tuple[Target, ...], error_model: ErrorModel, observed: Floats, noise: Floats
) -> Floats:
    """Return the log-likelihood of all fitted rows together, (N,); arguments as for `log_likelihood`."""
    fitted = [j for j, target in enumerate(targets) if target.fitted]
    rows = tuple(targets[j] for j in fitted)
    weights, observed, noise = np.array([row.weight for row in rows]), observed[:, fitted], noise[fitted]
    if not error_model.shared or not rows:
        alone: Floats = log_likelihood(rows, error_model, observed, noise) @ weights
        return alone
    errors = common_errors(rows, error_model)
    draws = [log_likelihood(rows, error_model, observed, noise, common) @ weights for common in errors]
    together: Floats = logsumexp(draws, axis=0) - np.log(len(draws))
    return together


def common_errors(targets: tuple[Target, ...], error_model: ErrorModel) -> Floats:
    """Return equally probable draws of the common part of the model's error, (COMMON_DRAWS, J), of logarithms."""
    uniforms = qmc.Sobol(len(targets), rng=np.random.default_rng(0)).random(COMMON_DRAWS)
    return common_errors_of(targets, error_model, ndtri(uniforms))


def common_errors_of(targets: tuple[Target, ...], error_model: ErrorModel, normals: Floats) -> Floats:
    """Return the common part of the model's error, (N, J), of logarithms, for independent standard `normals` (N, J)."""
    rows = [target.row for target in targets]
    middles = np.array([(row.from_ + (row.until - row.from_) / 2).timestamp() for row in rows])
    groups = np.array([f"{row.crossing} {row.kind.flow}" for row in rows])
    fading = np.exp(-np.abs(middles[:, None] - middles) / error_model.fades)
    correlation = np.where(groups[:, None] == groups, fading, 0.0) + 1e-9 * np.eye(len(targets))
    sd = error_model.discrepancy * np.sqrt(error_model.shared)
    draws: Floats = sd * normals @ np.linalg.cholesky(correlation).T
    return draws


def predicted(
    targets: tuple[Target, ...],
    error_model: ErrorModel,
    observed: Floats,
    noise: Floats,
    chances: tuple[Floats, Floats],
) -> Floats:
    """Return predicted reports, (N, J), in the units of the rows: rounded like the figures and cut at the frame.

    `chances` are standard normals and uniforms, both (N, J). Bounds are not rounded: for them the number behind the
    bound is returned.
    """
    normals, uniforms = chances
    centre, honest, wild = _laws(targets, error_model, observed, noise)
    sd = np.where(uniforms < error_model.outlier.chance, wild, honest)
    figures = np.exp(centre + sd * normals)
    rounding = np.array([0.0 if target.bound else target.rounding for target in targets])
    step = np.where(rounding > 0, rounding, 1.0)
    figures = np.where(rounding > 0, np.round(figures / step) * step, figures)
    visible: Floats = np.minimum(figures, [target.frame for target in targets])
    return visible


def floored(targets: tuple[Target, ...], observed: Floats) -> Floats:
    """Return the values of the model, (..., J), with FLOOR of the report in place of lower values and NaN."""
    values: Floats = np.fmax(observed, FLOOR * np.array([target.reported for target in targets]))
    return values


def _laws(
    targets: tuple[Target, ...],
    error_model: ErrorModel,
    observed: Floats,
    noise: Floats,
    common: Floats | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Return the centre (N, J) of log(report), and its standard deviations (J,): usual and of outliers."""
    centre = np.log(floored(targets, observed))
    own = 1.0
    if common is not None:
        centre, own = centre + common, 1 - error_model.shared
    spread = np.array([target.spread for target in targets])
    variance = spread**2 + own * error_model.discrepancy**2 + noise**2
    return centre, np.sqrt(variance), np.sqrt(variance + error_model.outlier.spread**2)


def _within(low: Floats, high: Floats, centre: Floats, sd: Floats) -> Floats:
    """Return log P(low < X < high) for normal X; the log-density where low equals high. Shapes broadcast."""
    a, b = (low - centre) / sd, (high - centre) / sd
    flip = a + b > 0  # the difference of two probabilities near 1 would lose all digits
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    point = np.broadcast_to(low == high, a.shape)
    upper = log_ndtr(b)
    with np.errstate(invalid="ignore", divide="ignore"):
        wide = upper + np.log1p(-np.exp(np.where(point, -inf, log_ndtr(a) - upper)))
    density = -0.5 * np.square(np.where(point, b, 0.0)) - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return np.where(point, density, wide)
