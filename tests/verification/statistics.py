"""How measured means are held against theory: with a stated chance of failing by bad luck, and a stated sight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

FALSE_FAILURE = 1e-6


@dataclass(frozen=True)
class Measured:
    """A mean over independent replications, and how far from it the truth can be (one failure in 1/false_failure)."""

    mean: float
    half_width: float
    error: float
    """Standard error of the mean."""

    def z(self, expected: float) -> float:
        """Return the distance from `expected` in standard errors."""
        return (self.mean - expected) / self.error

    def agrees(self, expected: float) -> bool:
        """Whether `expected` lies within the half-width."""
        return abs(self.mean - expected) <= self.half_width


def measure(samples: Any, false_failure: float = FALSE_FAILURE) -> Measured:
    """Measure the mean of independent replications (Student's t, two-sided)."""
    values = np.asarray(samples, dtype=float)
    t = stdtrit(len(values) - 1, 1 - false_failure / 2)
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    return Measured(float(values.mean()), float(t * error), error)


def corrected(samples: Any, known: Any) -> Any:
    """Take out of replications what is explained by controls of mean zero, by regression (Law 2015, section 11.4)."""
    values, controls = np.asarray(samples, dtype=float), np.asarray(known, dtype=float).T
    centred = controls - controls.mean(axis=0)
    slopes = np.linalg.lstsq(centred, values - values.mean(), rcond=None)[0]
    return values - controls @ slopes


def assert_mean(samples: Any, expected: float, sees: float, false_failure: float = FALSE_FAILURE) -> None:
    """Assert that replications agree with `expected`, and that a relative error of `sees` would be noticed.

    "Noticed" means that the half-width is at most half of that error, so that a wrong theory fails as surely as a
    right one passes.
    """
    found = measure(samples, false_failure)
    assert found.half_width <= sees * abs(expected) / 2, f"sees only {2 * found.half_width / abs(expected):.1%}"
    assert found.agrees(expected), f"measured {found.mean:.6g} +- {found.half_width:.2g}, theory {expected:.6g}"
