"""Statistics of scenarios that share their tapes: paired differences, and which is best.

Differences are taken within a replication, so that what both scenarios have in common cancels (common random numbers;
Law 2015, section 11.2). Intervals and tests are SciPy's paired t (Student 1908).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sim.arrays import Bools, Floats
from sim.measures.estimates import CONFIDENCE
from sim.measures.names import Key

Verdict = Literal["same", "less", "more", "unclear", "unknown"]
LEVEL = 1 - CONFIDENCE
LOST_DIGITS = 1e-9
"""Share of a value below which a difference is rounding: it counts as none."""


@dataclass(frozen=True)
class Difference:
    """How a total of one scenario differs from the base's, over `n` replications in which both have it.

    `difference` is the mean of here less base, `low` and `high` its 95 % interval; `family_low` and `family_high` hold
    for all scenarios of the comparison at once. `saved` is the share of variance that the shared tapes took away:
    1 - var(here - base) / (var(here) + var(base)). NaN where undefined.
    """

    key: Key
    base: float
    here: float
    difference: float
    low: float
    high: float
    family_low: float
    family_high: float
    saved: float
    n: int

    @property
    def percent(self) -> float:
        """The difference in percent of the base; 0 where both are 0, NaN where only the base is."""
        if self.base:
            return 100 * self.difference / abs(self.base)
        return 0.0 if self.difference == 0 else float("nan")

    @property
    def verdict(self) -> Verdict:
        """Whether it is less or more than in the base, by the family's interval; `same`: in every replication."""
        if not np.isfinite(self.difference):
            return "unknown"
        if self.difference == self.family_low == self.family_high == 0:
            return "same"
        if not np.isfinite(self.family_low):
            return "unknown"
        return "less" if self.family_high < 0 else "more" if self.family_low > 0 else "unclear"


def paired(keys: tuple[Key, ...], base: Floats, here: Floats, family: int = 1) -> list[Difference]:
    """Return the differences of columns: `base` and `here` are (replications, keys).

    `family` is the number of scenarios held against the base: their intervals are at 1 - 5 % / family (Bonferroni;
    Dunn 1961), so that all of one measure hold together with 95 % confidence.
    """
    both = np.isfinite(base) & np.isfinite(here)
    base, here = np.where(both, base, np.nan), np.where(both, here, np.nan)
    apart = difference(base, here)
    mean, (own, shared) = intervals(apart, (LEVEL, LEVEL / family))
    columns = (means(base), means(here), mean, *own, *shared, saved(base, here, apart))
    rows = np.stack(columns, axis=1).tolist()
    numbers = zip(keys, rows, both.sum(axis=0).tolist(), strict=True)
    return [Difference(key=key, n=n, **dict(zip(_COLUMNS, row, strict=True))) for key, row, n in numbers]


_COLUMNS = ("base", "here", "difference", "low", "high", "family_low", "family_high", "saved")


def difference(base: Floats, here: Floats) -> Floats:
    """Return here less base; exactly 0 where they differ by no more than rounding of sums does."""
    apart = here - base
    return np.where(np.abs(apart) <= LOST_DIGITS * np.maximum(np.abs(here), np.abs(base)), 0.0, apart)


def means(values: Floats) -> Floats:
    """Return the means of columns without their NaN; NaN where there is nothing else."""
    n = np.isfinite(values).sum(axis=0)
    return np.where(n > 0, np.nansum(values, axis=0) / np.maximum(n, 1), np.nan)


def intervals(values: Floats, levels: Sequence[float]) -> tuple[Floats, list[Floats]]:
    """Return the means of columns (n, K) without their NaN, and their intervals (2, K) at each level (0.05: 95 %).

    An interval is NaN with fewer than two values, and of no width where all are the same.
    """
    from scipy.stats import ttest_1samp  # late: start-up must stay light

    mean, n = means(values), np.isfinite(values).sum(axis=0)
    bounds = [np.where(n > 1, mean, np.nan) * np.ones((2, 1)) for _ in levels]
    varies = (n > 1) & ~_constant(values)
    whole = n == len(values)
    for columns in (varies & whole, varies & ~whole):  # SciPy is slow where there are NaN
        if columns.any():
            test = ttest_1samp(values[:, columns], 0.0, nan_policy="omit")
            for bound, level in zip(bounds, levels, strict=True):
                bound[:, columns] = test.confidence_interval(1 - level)
    return mean, bounds


def _constant(values: Floats) -> Bools:
    """Say of each column whether its values differ by no more than rounding does."""
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    return np.asarray(high - low <= LOST_DIGITS * np.maximum(np.abs(low), np.abs(high)))


def saved(base: Floats, here: Floats, apart: Floats) -> Floats:
    """Return the share of the variance of each column's difference `apart` that pairing takes away, NaN for none."""
    together = _variance(base) + _variance(here)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(together > 0, 1 - _variance(apart) / together, np.nan)


def _variance(values: Floats) -> Floats:
    n = np.isfinite(values).sum(axis=0)
    squares = np.nansum((values - means(values)) ** 2, axis=0)
    return np.where(n > 1, squares / np.maximum(n - 1, 1), np.nan)


@dataclass(frozen=True)
class Ranking:
    """Which scenarios can be the best in one total: `order` from the best mean, `contend` (S,) who is still in it.

    The contenders hold the best scenario with at least 95 % confidence; a sole one is the best.
    """

    key: Key
    highest: bool
    means: Floats
    order: tuple[int, ...]
    contend: tuple[bool, ...]
    n: int

    @property
    def best(self) -> int | None:
        """The scenario that is best with 95 % confidence, None if several contend."""
        left = [s for s, contends in enumerate(self.contend) if contends]
        return left[0] if len(left) == 1 else None


def rank(key: Key, values: Floats, highest: bool) -> Ranking:
    """Rank scenarios by a total; `values` are (replications, scenarios) on shared tapes.

    A scenario is out when another is better by a one-sided paired t test at 5 % / (scenarios - 1). The chance that the
    true best is thrown out is then at most 5 %, however the scenarios depend on each other (screening as in Nelson,
    Swann, Goldsman and Song 2001, on paired differences).
    """
    values = values[np.isfinite(values).all(axis=1)]
    n, count = values.shape
    mean = means(values)
    signed = -values if highest else values
    level = LEVEL / max(count - 1, 1)
    out = [any(_better(signed[:, j], signed[:, i]) < level for j in range(count) if j != i) for i in range(count)]
    order = np.argsort(-mean if highest else mean, kind="stable")
    return Ranking(key, highest, mean, tuple(map(int, order)), tuple(not each for each in out), n)


def _better(a: Floats, b: Floats) -> float:
    """Return the p-value of a one-sided paired t test that `a` is smaller in the mean; 1 where nothing can be said."""
    from scipy.stats import ttest_1samp

    apart = difference(b, a)
    if len(apart) < 2:
        return 1.0
    if _constant(apart):
        return 0.0 if apart[0] < 0 else 1.0
    return float(ttest_1samp(apart, 0.0, alternative="less").pvalue)
