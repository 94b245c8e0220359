"""Scores of forecasts that are samples."""

from __future__ import annotations

import numpy as np

from sim.arrays import Floats


def crps(sample: Floats, value: Floats | float) -> Floats:
    """Return the continuous ranked probability score of samples (..., N) as forecasts of values (...).

    It is the mean distance to the value less half that of two draws (Gneiting and Raftery 2007); lower is better.
    """
    ordered, count = np.sort(sample, axis=-1), np.shape(sample)[-1]
    weights = 2 * np.arange(1, count + 1) - count - 1
    distance = np.abs(ordered - np.expand_dims(value, -1)).mean(axis=-1)
    return np.asarray(distance - (ordered @ weights) / count**2)
