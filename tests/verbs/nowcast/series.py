"""Made-up readings for the tests: a queue with a course of the day, a level that drifts, and errors."""

from __future__ import annotations

import numpy as np

from sim.arrays import Floats
from sim.verbs.nowcast.readings import Readings

START = 490_000.0
"""Hours since 1970 of the first reading."""


def queue(days: int = 40, *, every: float = 1.0, seed: int = 1, noise: float = 0.05) -> tuple[Floats, Floats]:
    """Return hours and values: a level that wanders and returns, times a course of the day."""
    rng = np.random.default_rng(seed)
    hours = START + np.arange(0, 24 * days, every)
    level = np.zeros(len(hours))
    kept = np.exp(-every / 20)
    for n in range(1, len(hours)):
        level[n] = kept * level[n - 1] + 0.5 * np.sqrt(1 - kept**2) * rng.standard_normal()
    course = 0.5 * np.sin(2 * np.pi * (hours % 24 - 6) / 24)
    return hours, np.round(200 * np.exp(level + course + noise * rng.standard_normal(len(hours))))


def readings(hours: Floats, values: Floats) -> Readings:
    return Readings.of(hours, values, "UTC")
