"""What an engine found on some work, and how far chance may carry it: ratio estimates over near-independent groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GROUPS = 20
"""Batches of customers of M/M/3; one holds 30 relaxation times or more when 200,000 are played."""
MOST_ERRORS = 4.5
"""Standard errors allowed; by Student's law with 15 degrees of freedom one right answer in 2,000 is further off."""


@dataclass(frozen=True)
class Sample:
    """A mean over parties and its standard error."""

    mean: float
    error: float

    def off(self, other: Sample) -> float:
        """Return the distance to another sample (or an exact value: error 0) in standard errors."""
        return float(abs(self.mean - other.mean) / np.hypot(self.error, other.error))


def grouped(values: NDArray[np.float64], group: NDArray[np.int64]) -> Sample:
    """Return the mean of `values` (P,), with an error from the spread between groups (Cochran 1977, section 6.4)."""
    sums, counts = np.bincount(group, values), np.bincount(group)
    mean = sums.sum() / counts.sum()
    spread = np.sum((sums - mean * counts) ** 2) / (len(counts) - 1)
    return Sample(float(mean), float(np.sqrt(spread * len(counts)) / counts.sum()))


def batched(values: NDArray[np.float64]) -> Sample:
    """Return the mean of a series in order of time, with an error by batch means."""
    return grouped(values, np.arange(len(values)) * GROUPS // len(values))
