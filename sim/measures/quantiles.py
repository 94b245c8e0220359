"""Quantiles of plain, grouped and weighted values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, Ints

BAND = (0.05, 0.95)
"""Ends of the bands over replications."""


def plain_quantiles(values: Floats, shares: Sequence[float] = BAND) -> Floats:
    """Return the quantiles over the first axis, linear between values: (shares, ...)."""
    return np.asarray(np.quantile(values, shares, axis=0))


def finite_quantiles(values: NDArray[Any], shares: Sequence[float]) -> Floats:
    """Return the quantiles over the first axis without NaN, linear between values: (shares, ...).

    NaN where no value is finite. `values` are sorted in place.
    """
    values.sort(axis=0)  # NaN last
    n = np.isfinite(values).sum(axis=0)
    below, above, part = _neighbours(shares, n)
    low, high = (np.take_along_axis(values, i, axis=0).astype(np.float64) for i in (below, above))
    return np.asarray(low + (high - low) * part)


def grouped_quantiles(values: Ints, first: Ints, shares: Sequence[float]) -> Floats:
    """Return the quantiles of every group, linear between values: (shares, groups), NaN where a group is empty.

    `values` are sorted within each group; group g stands in `values[first[g]:first[g + 1]]`.
    """
    number = np.diff(first)
    below, above, part = _neighbours(shares, number)
    if not len(values):
        return np.full(part.shape, np.nan)
    low, high = (values[np.minimum(first[:-1] + i, len(values) - 1)] for i in (below, above))
    return np.where(number > 0, low + (high - low) * part, np.nan)


def weighted_quantiles(values: Floats, weights: Floats, shares: Sequence[float]) -> Floats:
    """Return the quantiles of weighted `values` (N,), linear between the middles of their weights: (shares,)."""
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order])
    return np.interp(shares, (cumulated - weights[order] / 2) / cumulated[-1], values[order])


def rows_at(weights: Floats, levels: Floats) -> Ints:
    """Return the rows at which the cumulated `weights` (N,) reach `levels`, in the unit of the weights."""
    return np.searchsorted(np.cumsum(weights), levels)


def _neighbours(shares: Sequence[float], n: Ints) -> tuple[Ints, Ints, Floats]:
    """Return the ranks below and above each quantile of `n` values, and how far it stands between the two."""
    place = np.multiply.outer(np.array(shares), np.maximum(n - 1, 0))
    below = place.astype(np.int64)
    return below, np.minimum(below + 1, np.maximum(n - 1, 0)), place - below
