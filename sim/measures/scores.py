"""Scores of forecasts that are samples."""

from __future__ import annotations

import numpy as np

from sim.arrays import Floats, Ints

RESAMPLES, CONFIDENCE = 2000, 0.95


def crps(sample: Floats, value: Floats | float) -> Floats:
    """Return the continuous ranked probability score of samples (..., N) as forecasts of values (...).

    It is the mean distance to the value less half that of two draws (Gneiting and Raftery 2007); lower is better.
    """
    ordered, count = np.sort(sample, axis=-1), np.shape(sample)[-1]
    weights = 2 * np.arange(1, count + 1) - count - 1
    distance = np.abs(ordered - np.expand_dims(value, -1)).mean(axis=-1)
    return np.asarray(distance - (ordered @ weights) / count**2)


def mean_over_days(values: Floats, places: Ints, days: int) -> tuple[float, float, float]:
    """Return a mean with its 95 % interval from resampling whole days (percentile bootstrap; Efron 1979).

    `places` (n,) says to which of the `days` each of the values (n,) belongs; NaN ends with fewer than three days.
    """
    mean = float(values.mean())
    if days < 3:
        return mean, np.nan, np.nan
    sums, counts = np.bincount(places, values, days), np.bincount(places, minlength=days)
    drawn = np.random.default_rng(0).integers(0, days, (RESAMPLES, days))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return mean, float(low), float(high)
