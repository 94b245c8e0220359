"""Estimates over replications: mean, quantiles and confidence interval of every series and total.

Replications are reduced in order, since sums of floats depend on it. Means and intervals use all replications;
quantiles use the first SERIES_SAMPLE (series) or TOTALS_SAMPLE (totals), to bound memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, Ints
from sim.measures.bounds import lower_bounds
from sim.measures.names import HEADLINES, SERIES, TOTALS, Key
from sim.measures.quantiles import finite_quantiles
from sim.scenario.model.instants import local
from sim.scenario.model.scenario import Clock

if TYPE_CHECKING:
    from sim.measures.replication import Measures

CONFIDENCE = 0.95
CHANCE_ONLY, CHANCE_AND_PARAMETERS = "chance only", "chance and parameters"
"""What intervals and bands include."""
QUANTILES = (0.05, 0.5, 0.95)
SERIES_SAMPLE = 256
TOTALS_SAMPLE = 16_384


@dataclass(frozen=True)
class Band:
    """A series over replications: columns (T,). NaN of a replication is excluded at that point.

    `mean`; `p05`, `p50`, `p95` quantiles over replications; `low`, `high` the 95 % Student-t interval of the mean, NaN
    with fewer than two replications. `n` (T,): number of replications with a value at the point.
    """

    mean: Floats
    p05: Floats
    p50: Floats
    p95: Floats
    low: Floats
    high: Floats
    n: Floats


@dataclass(frozen=True)
class Estimate:
    """A total over replications: the same fields as Band, one number each.

    `low` is cut at 0 where no replication has a negative value: such an interval is not symmetric.
    """

    mean: float
    p05: float
    p50: float
    p95: float
    low: float
    high: float
    n: float

    @property
    def relative_half_width(self) -> float:
        """Half the interval divided by the mean: 0 where both are 0, NaN where the interval is undefined."""
        return _relative(self.mean, self.half_width)

    @property
    def half_width(self) -> float:
        """Half the width of the interval before its lower end was cut at 0."""
        return self.high - self.mean


@dataclass(frozen=True)
class Estimates:
    """Estimates of one scenario: `at` (T,) are the points of the series, milliseconds since t0."""

    clock: Clock
    at: Ints
    replications: int
    series: dict[Key, Band]
    totals: dict[Key, Estimate]

    def local_times(self) -> list[str]:
        """Return the points as local ISO times with offset, such as 2022-09-21T10:00:00+03:00."""
        return [local(self.clock, int(at)).isoformat(timespec="seconds") for at in self.at]

    @cached_property
    def lower_bounds(self) -> frozenset[Key]:
        """The totals that are lower bounds, because the horizon cuts what they measure."""
        return lower_bounds({key: total.mean for key, total in self.totals.items()})

    @property
    def note(self) -> str:
        """One sentence on the uncertainty of these estimates."""
        if self.replications < 2:
            return "One replication: quantiles are its values and the confidence interval is undefined."
        return f"Mean of {self.replications} replications with its 95 % confidence interval (Student's t)."

    def precision(self) -> float:
        """Return the widest relative half-width of the headlines that exist; infinite while one is undefined."""
        headlines = [total for key, total in self.totals.items() if key[1:] in HEADLINES and total.n > 0]
        return _widest([total.relative_half_width for total in headlines])


class Estimator:
    """Reduces replications as they finish; they must be added in order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._first: Measures | None = None
        self._series = _Moments(SERIES_SAMPLE, np.float32)
        self._totals = _Moments(TOTALS_SAMPLE, np.float64)

    def add(self, measures: Measures) -> None:
        """Add a replication of the same scenario."""
        self._first = self._first or measures
        self._series.add(np.array(list(measures.series.values())))
        self._totals.add(np.array([list(measures.totals.values())]))

    def memory(self, replications: int) -> float:
        """Return about how many bytes the series of so many replications take; 0 before the first is added."""
        points = sum(map(len, self._first.series.values())) if self._first else 0
        return points * min(replications, SERIES_SAMPLE) * np.dtype(np.float32).itemsize

    def result(self) -> Estimates:
        """Return the estimates so far; raises ValueError before the first replication."""
        if self._first is None:
            raise ValueError("no replication to estimate from")
        bands, numbers = self._series.columns(), (column[0].tolist() for column in self._totals.columns())
        series = {key: Band(*columns) for key, *columns in zip(self._first.series, *bands, strict=True)}
        totals = {key: Estimate(*columns) for key, *columns in zip(self._first.totals, *numbers, strict=True)}
        return Estimates(self._clock, self._first.at, self._totals.count, series, totals)

    def precision(self) -> float:
        """Return `result().precision()` without computing other estimates."""
        if self._first is None:
            return np.inf
        mean, half, n = (column[0] for column in self._totals.mean())
        wanted = [key[1:] in HEADLINES and n[i] > 0 for i, key in enumerate(self._first.totals)]
        widths = [_relative(m, h) for m, h in zip(mean[wanted], half[wanted], strict=True)]
        return _widest(widths)


def included(posterior: bool) -> str:
    """Return what intervals and bands include: with a posterior, each replication has its own parameters."""
    return CHANCE_AND_PARAMETERS if posterior else CHANCE_ONLY


def estimate(clock: Clock, replications: Iterable[Measures]) -> Estimates:
    """Return the estimates of some replications, in their order; raises ValueError when there is none."""
    estimator = Estimator(clock)
    for measures in replications:
        estimator.add(measures)
    return estimator.result()


def totals_estimates(values: Floats) -> list[Estimate]:
    """Return the estimate of every column of `values` (replications, measures)."""
    moments = _Moments(TOTALS_SAMPLE, np.float64)
    for row in values:
        moments.add(row[None])
    return [Estimate(*numbers) for numbers in zip(*(column[0].tolist() for column in moments.columns()), strict=True)]


def total_estimate(people: Floats) -> Estimate:
    """Return the estimate of a number of people (replications,)."""
    (of_all,) = totals_estimates(people[:, None])
    return of_all


class _Moments:
    """Running mean and variance of tables (Welford 1962; NaN skipped cell by cell), and the first `sample_size`."""

    def __init__(self, sample_size: int, dtype: type[np.floating[Any]]) -> None:
        self.count = 0
        self._sample_size, self._dtype = sample_size, dtype
        self._sample: list[NDArray[Any]] = []

    def add(self, values: Floats) -> None:
        if self.count == 0:
            self._n, self._mean, self._m2 = np.zeros((3, *values.shape))
            self._negative = np.zeros(values.shape, dtype=np.bool_)
        self.count += 1
        if len(self._sample) < self._sample_size:
            self._sample.append(values.astype(self._dtype))
        there = np.isfinite(values)
        self._negative |= values < 0
        self._n += there
        values = np.where(there, values, self._mean)  # a missing value changes nothing
        delta = values - self._mean
        self._mean += delta / np.maximum(self._n, 1)
        values -= self._mean
        delta *= values
        self._m2 += delta

    def mean(self) -> tuple[Floats, Floats, Floats]:
        """Return the means, half their confidence intervals (Student 1908), and the number of values."""
        from scipy.special import stdtrit  # late: start-up must stay light

        n, freedom = self._n, np.where(self._n > 1, self._n - 1, np.nan)
        half = stdtrit(freedom, (1 + CONFIDENCE) / 2) * np.sqrt(self._m2 / freedom / np.maximum(n, 1))
        return np.where(n > 0, self._mean, np.nan), half, n

    def columns(self) -> tuple[Floats, ...]:
        """Return mean, p05, p50, p95, low, high and n, each in the shape of the tables."""
        mean, half, n = self.mean()
        sample = self._sample
        rows = [finite_quantiles(np.array([table[i] for table in sample]), QUANTILES) for i in range(len(mean))]
        low = np.where(self._negative, mean - half, np.maximum(mean - half, 0.0))
        return (mean, *np.stack(rows, axis=1), low, mean + half, n)


def _relative(mean: float, half: float) -> float:
    return 0.0 if half == 0 else half / abs(mean) if mean else np.inf


def _widest(widths: Sequence[float]) -> float:
    """Return the widest relative half-width; infinite if one is undefined or there is none."""
    return float(np.max(np.nan_to_num(widths, nan=np.inf))) if len(widths) else np.inf


_COLUMNS = ("mean", "p05", "p50", "p95", "low", "high")


def series_table(estimates: Estimates) -> dict[str, NDArray[Any]]:
    """Return all series as tidy columns: crossing, quantity, scope, unit, at (local ISO time), mean, p05, ... high.

    Names are objects, each there once: as arrays of letters, those of a network would take half a gigabyte.
    """
    points, keys = len(estimates.at), list(estimates.series)
    table = _names(keys, [SERIES[key.quantity].unit for key in keys], points)
    table["at"] = np.tile(np.array(estimates.local_times(), dtype=object), len(keys))
    for name in _COLUMNS:
        rows = [getattr(band, name) for band in estimates.series.values()]
        table[name] = np.concatenate(rows) if rows else np.zeros(0)
    return table


def summary_table(estimates: Estimates, includes: str = CHANCE_ONLY) -> dict[str, NDArray[Any]]:
    """Return all totals as tidy columns.

    Crossing, quantity, scope, unit, mean, p05, p50, p95, low, high, n, at_least (whether the values are lower bounds)
    and interval_includes, which is `includes`.
    """
    keys = list(estimates.totals)
    table = _names(keys, [TOTALS[key.quantity].unit for key in keys], 1)
    for name in (*_COLUMNS, "n"):
        table[name] = np.array([getattr(total, name) for total in estimates.totals.values()], dtype=np.float64)
    table["at_least"] = np.array([key in estimates.lower_bounds for key in keys], dtype=np.bool_)
    table["interval_includes"] = np.full(len(keys), includes)
    return table


def _names(keys: Sequence[Key], units: Sequence[str], repeat: int) -> dict[str, NDArray[Any]]:
    columns = {name: [getattr(key, name) for key in keys] for name in Key._fields} | {"unit": list(units)}
    return {name: np.repeat(np.array(values, dtype=object), repeat) for name, values in columns.items()}
