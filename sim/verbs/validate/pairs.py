"""Joint checks: what the model says of two figures at once, as posterior predictive checks of pairs.

Figures that agree with the model one by one may disagree together: a queue that stands while the flow falls, people and
vehicles of the same week, a wait and the queue that it is for. Reports of a pair are drawn together, with the same
parameters and chance, and with the error that the model makes in both (`shared`). The tail is the share of the drawn
pairs that lie as far out as the reported one, by Mahalanobis distance of logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from sim.arrays import Floats
from sim.measures.likelihood import COMMON_DRAWS, Target, common_errors, floored
from sim.measures.quantiles import plain_quantiles
from sim.measures.reports import label
from sim.scenario.model.calibration import ErrorModel

REPORTS = 4096
"""Pairs of reports that are drawn, at least."""
NEAR = timedelta(days=1)
"""Longest time between the windows of a pair."""
LEAST_OWN = 1e-3
"""A pair with less independent variation than this has no distance: one figure repeats the other."""


class Side(NamedTuple):
    """One figure of a pair: its target and its label."""

    target: Target
    label: str


@dataclass(frozen=True)
class Pair:
    """Two figures of the same days, with reports that are expected of both.

    `reports` (N, 2) are drawn together; `correlation` is that of their logarithms. `reported_ratio` is the first
    reported figure over the second, `ratio` the 5, 50 and 95 % quantiles of the same ratio of drawn reports, and
    `ratio_tail` the probability of a ratio as far out. `tail` is the probability of a pair as far out.
    """

    first: Side
    second: Side
    reports: Floats
    correlation: float
    reported_ratio: float
    ratio: tuple[float, float, float]
    ratio_tail: float
    tail: float


def pairs_of(targets: Sequence[Target], error_model: ErrorModel, observed: Floats, seed: int) -> tuple[Pair, ...]:
    """Return all pairs of figures of different kinds at one crossing within a day, the least likely first.

    `observed` (N, J) are equally probable values of the model, one column for each target. Bounds and rejected figures
    are left out: a bound has no place, only a side.
    """
    chosen = [j for j, target in enumerate(targets) if not target.bound and target.row.status != "rejected"]
    rows = tuple(targets[j] for j in chosen)
    logs = _reports(rows, error_model, observed[:, chosen], seed)
    pairs = [
        _pair(rows[a], rows[b], logs[:, [a, b]])
        for a, b in combinations(range(len(rows)), 2)
        if _meet(rows[a], rows[b])
    ]
    return tuple(sorted((pair for pair in pairs if pair is not None), key=lambda pair: pair.tail))


def _reports(rows: tuple[Target, ...], error_model: ErrorModel, observed: Floats, seed: int) -> Floats:
    """Return logarithms of reports of all figures, drawn together, (N, J)."""
    if not rows:
        return np.empty((0, 0))
    sample = np.tile(np.log(floored(rows, observed)), (-(-REPORTS // len(observed)), 1))
    rng = np.random.default_rng(seed)
    common = common_errors(rows, error_model)[rng.integers(0, COMMON_DRAWS, len(sample))] if error_model.shared else 0.0
    own = (1 - error_model.shared) * error_model.discrepancy**2
    sd = np.sqrt(np.square([row.spread for row in rows]) + own)
    return np.asarray(sample + common + sd * rng.standard_normal(sample.shape))


def _meet(a: Target, b: Target) -> bool:
    one, other = a.row, b.row
    kinds = (one.quantity, tuple(one.classes)) != (other.quantity, tuple(other.classes))
    close = one.from_ < other.until + NEAR and other.from_ < one.until + NEAR
    return kinds and one.crossing == other.crossing and close


def _pair(a: Target, b: Target, logs: Floats) -> Pair | None:
    correlation = float(np.asarray(np.corrcoef(logs.T))[0, 1])
    if not np.isfinite(correlation) or 1 - correlation**2 < LEAST_OWN:
        return None
    reported = np.log([[a.reported, b.reported]])
    centre, inverse = logs.mean(axis=0, keepdims=True), np.linalg.inv(np.cov(logs.T))
    distances = cdist(np.concatenate((reported, logs)), centre, "mahalanobis", VI=inverse)[:, 0]
    ratios = np.exp(logs[:, 0] - logs[:, 1])
    ratio = a.reported / b.reported
    low, middle, high = (float(value) for value in plain_quantiles(ratios, (0.05, 0.5, 0.95)))
    return Pair(
        first=Side(a, label(a.row, a.reported)),
        second=Side(b, label(b.row, b.reported)),
        reports=np.exp(logs),
        correlation=correlation,
        reported_ratio=ratio,
        ratio=(low, middle, high),
        ratio_tail=float(min((ratios >= ratio).mean(), (ratios <= ratio).mean())),
        tail=float((distances[1:] >= distances[0]).mean()),
    )
