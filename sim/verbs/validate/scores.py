"""Scores of a forecast of one reported figure, and of a forecast over several figures.

A forecast is a sample of reports: what reporters would say if it were true. Scores of single figures are the place of
the report in the sample, the continuous ranked probability score (CRPS; Gneiting and Raftery 2007) and the log score.
Lower CRPS and higher log scores are better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

from sim.arrays import Floats
from sim.measures.likelihood import Target
from sim.measures.quantiles import plain_quantiles
from sim.measures.reports import unit_of
from sim.measures.scores import crps

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
NEAR_ZERO = {"h": 1.0, "km": 1.0, "parties": 20.0, "people": 50.0, "parties/h": 5.0, "people/h": 10.0}
"""Reported figures below these are compared by difference, not by ratio: the CRPS is in their unit."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Score:
    """The scores of a forecast of one figure, in the unit of its row.

    Parameters
    ----------
    low, lower, median, upper, high
        5, 25, 50, 75 and 95 % quantiles of the reports expected: two bands, of 50 and of 90 %.
    inside_50, inside_90
        Whether the report lies in the band; for a bound, whether the band reaches its side.
    tail
        Probability of a report as far out as this one; for a bound, that it holds.
    crps, absolute
        CRPS of the logarithm, or in the unit of the row if `absolute`. For a bound only the part on its wrong side.
    log_score
        Logarithm of the probability density of the report (per unit of the logarithm), or of the probability of its
        rounding interval or bound.
    error_factor
        Factor between the median and the report, 1 or more; 1 for a bound that the median keeps. NaN if `absolute`.
    width_factor
        Upper end of the 90 % band over its lower end. NaN if `absolute`.
    """

    low: float
    lower: float
    median: float
    upper: float
    high: float
    inside_50: bool
    inside_90: bool
    tail: float
    crps: float
    absolute: bool
    log_score: float
    error_factor: float
    width_factor: float


class Share(NamedTuple):
    """`hits` of `total`, with the 95 % interval of the share (Clopper and Pearson 1934)."""

    hits: int
    total: int
    low: float
    high: float


@dataclass(frozen=True)
class Overall:
    """The scores of a forecast over `rows` figures; NaN where there is nothing to score."""

    rows: int
    inside_50: Share
    inside_90: Share
    error_factor: float
    width_factor: float
    log_score: float


def score(target: Target, reports: Floats, log_score: float) -> Score:
    """Return the scores of the sample `reports` (N,) as a forecast of `target`."""
    low, lower, median, upper, high = (float(value) for value in plain_quantiles(reports, LEVELS))
    absolute = target.reported < NEAR_ZERO.get(unit_of(target.row), 0.0)
    return Score(
        low=low,
        lower=lower,
        median=median,
        upper=upper,
        high=high,
        inside_50=_is_inside(target, lower, upper),
        inside_90=_is_inside(target, low, high),
        tail=_tail(target, reports),
        crps=_crps_of(target, reports, absolute),
        absolute=absolute,
        log_score=log_score,
        error_factor=nan if absolute else error_factor(target, median),
        width_factor=nan if absolute else high / low,
    )


def overall(scores: Sequence[Score]) -> Overall:
    """Return the scores over several figures."""
    return Overall(
        rows=len(scores),
        inside_50=share(sum(each.inside_50 for each in scores), len(scores)),
        inside_90=share(sum(each.inside_90 for each in scores), len(scores)),
        error_factor=_median([each.error_factor for each in scores]),
        width_factor=_median([each.width_factor for each in scores]),
        log_score=float(np.mean([each.log_score for each in scores])) if scores else nan,
    )


def share(count: int, total: int) -> Share:
    """Return a share with its exact 95 % interval; the interval is 0 to 1 if there is nothing."""
    beyond = (1 - CONFIDENCE) / 2
    low = float(betaincinv(count, total - count + 1, beyond)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1 - beyond)) if count < total else 1.0
    return Share(count, total, low, high)


def error_factor(target: Target, value: float) -> float:
    """Return the factor between `value` and a report, 1 or more; 1 for a bound that holds."""
    ratio = value / target.reported if target.reported else inf
    if target.bound > 0:
        ratio = min(ratio, 1.0)
    elif target.bound < 0:
        ratio = max(ratio, 1.0)
    return max(ratio, 1 / ratio) if ratio > 0 else inf


def _crps_of(target: Target, reports: Floats, absolute: bool) -> float:
    """Return the CRPS of a figure. For a bound, reports on its side count as the bound itself."""
    if target.bound > 0:
        reports = np.minimum(reports, target.reported)
    elif target.bound < 0:
        reports = np.maximum(reports, target.reported)
    if absolute:
        return float(crps(reports, target.reported))
    return float(crps(np.log(reports), float(np.log(target.reported))))


def _is_inside(target: Target, low: float, high: float) -> bool:
    if target.bound > 0:
        return high >= target.low
    if target.bound < 0:
        return low <= target.high
    return low <= target.reported <= high


def _tail(target: Target, reports: Floats) -> float:
    above = float((reports >= (target.low if target.bound else target.reported)).mean()) if target.bound >= 0 else 1.0
    below = float((reports <= (target.high if target.bound else target.reported)).mean()) if target.bound <= 0 else 1.0
    return min(above, below)


def _median(values: Sequence[float]) -> float:
    finite = [value for value in values if not np.isnan(value)]
    return float(np.median(finite)) if finite else nan
