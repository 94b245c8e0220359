"""Which lever matters: first-order and total Sobol indices of a measure, with intervals.

The first-order index is the share of the variance that a lever explains alone; the total index includes its
interactions with other levers. Both depend on the ranges of the sweep, which must be reported with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.arrays import Floats
from sim.errors import SimError
from sim.measures.names import Key
from sim.measures.quantiles import plain_quantiles
from sim.verbs.sweep.designs import SENSITIVITY
from sim.verbs.sweep.study import SweepData

RESAMPLES = 999


@dataclass(frozen=True)
class Index:
    """An index of one lever with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Sensitivity:
    """The indices of one measure, in the order of the levers; `spread` is its standard deviation over the ranges."""

    key: Key
    levers: tuple[str, ...]
    ranges: tuple[str, ...]
    first: tuple[Index, ...]
    total: tuple[Index, ...]
    mean: float
    spread: float


def sobol_sensitivity(data: SweepData, key: Key) -> Sensitivity:
    """Return the Sobol indices of a measure, the mean over the replications (Saltelli 2010; percentile bootstrap).

    Raises SimError for another design, a failed point, or a point without the measure.
    """
    design = data.design
    if design.kind != SENSITIVITY:
        raise SimError("Sobol indices need --design sensitivity")
    if data.failed:
        raise SimError(
            f"Sobol indices need every point, and {len(data.failed)} failed; narrower ranges or --retry-failed may help"
        )
    values = np.array([_mean(data, n, key) for n in range(len(design.points))])
    if not np.isfinite(values).all():
        raise SimError(f"Sobol indices of {key.quantity} ({key.scope}) need a value at every point")
    size, levers = design.size, design.levers
    mean, spread = float(values.mean()), float(values[: 2 * size].std())
    if spread == 0:
        zero = tuple(Index(0.0, 0.0, 0.0) for _ in levers)
        return Sensitivity(key, levers, design.ranges, zero, zero, mean, spread)
    first, total = _indices(values, size, data.seed)
    return Sensitivity(key, levers, design.ranges, first, total, mean, spread)


def _mean(data: SweepData, point: int, key: Key) -> float:
    totals = data.totals[point]
    if totals is None or key not in totals.keys:
        return float("nan")
    return float(totals.values[:, totals.keys.index(key)].mean())


def _indices(values: Floats, size: int, seed: int) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
    """Return first-order and total indices. The bootstrap is seeded, so the same points give the same intervals."""
    blocks = values.reshape(-1, size)
    rng = np.random.default_rng(seed)
    resamples = np.array([_sobol_indices(blocks[:, rng.integers(size, size=size)]) for _ in range(RESAMPLES)])
    low, high = plain_quantiles(resamples, (0.025, 0.975))
    columns = np.stack([_sobol_indices(blocks), low, high], axis=-1)
    first, total = (tuple(Index(*row) for row in rows) for rows in columns.tolist())
    return first, total


def _sobol_indices(blocks: Floats) -> Floats:
    """Return the indices (2, D), first order and total, from results at A, B and the D mixed samples, (D + 2, n)."""
    from scipy import stats

    a, b, *mixed = blocks[:, None, :]
    indices: Any = stats.sobol_indices(func={"f_A": a, "f_B": b, "f_AB": np.array(mixed)}, n=blocks.shape[1])
    return np.array([indices.first_order, indices.total_order])
