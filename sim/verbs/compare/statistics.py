"""Statistics of scenarios that share their tapes: paired differences, and which scenario is best.

Differences are taken within a replication, so that the variation common to both scenarios cancels (common random
numbers; Law 2015, section 11.2). Intervals and tests are SciPy's paired t (Student 1908).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sim.arrays import Bools, Floats
from sim.measures.bounds import lower_bounds
from sim.measures.estimates import CONFIDENCE
from sim.measures.names import TOTALS, Key

Verdict = Literal["same", "less", "more", "unclear", "unknown"]
LEVEL = 1 - CONFIDENCE
LOST_DIGITS = 1e-9
"""Share of a value below which a difference is a rounding error and counts as 0."""


@dataclass(frozen=True)
class Difference:
    """How a total of one scenario differs from the base's, over `n` replications in which both have it.

    `difference` is the mean of `here` minus `base`, `low` and `high` are its 95 % interval; `family_low` and
    `family_high` hold for all scenarios of the comparison at once. They are `cut` at what is possible: no total falls
    by more than the base, and no share rises above 1. `saved` is the share of the variance removed by the shared tapes:
    1 - var(here - base) / (var(here) + var(base)). NaN where undefined. `base_at_least` and `here_at_least`: the total
    is only a lower bound, because the horizon cuts what it measures.
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
    cut: bool = False
    base_at_least: bool = False
    here_at_least: bool = False

    @property
    def percent(self) -> float:
        """The difference in percent of the base; 0 if both are 0, NaN if only the base is."""
        if self.base:
            return 100 * self.difference / abs(self.base)
        return 0.0 if self.difference == 0 else float("nan")

    @property
    def verdict(self) -> Verdict:
        """Whether the total is less or more than in the base, by the family's interval; `same`: in all replications."""
        if not np.isfinite(self.difference):
            return "unknown"
        if self.difference == self.family_low == self.family_high == 0:
            return "same"
        if not np.isfinite(self.family_low):
            return "unknown"
        return "less" if self.family_high < 0 else "more" if self.family_low > 0 else "unclear"


def paired(keys: tuple[Key, ...], base: Floats, here: Floats, family: int = 1) -> list[Difference]:
    """Return the paired differences of the columns of `base` and `here`, both (replications, keys).

    `family` is the number of scenarios compared with the base. The family's intervals are at 1 - 5 % / family
    (Bonferroni; Dunn 1961), so that all intervals of one measure hold together with 95 % confidence.
    """
    bounds = [lower_bounds(dict(zip(keys, means(each).tolist(), strict=True))) for each in (base, here)]
    both = np.isfinite(base) & np.isfinite(here)
    base, here = np.where(both, base, np.nan), np.where(both, here, np.nan)
    changes = difference(base, here)
    mean, (single, joint) = intervals(changes, (LEVEL, LEVEL / family))
    least, most = _possible(keys, base, here)
    cut = (joint[0] < least - LOST_DIGITS * np.abs(least)) | (joint[1] > most + LOST_DIGITS)
    ends = (np.clip(end, least, most) for end in (*single, *joint))
    columns = (means(base), means(here), mean, *ends, variance_saved(base, here, changes))
    rows = np.stack(columns, axis=1).tolist()
    numbers = zip(keys, rows, both.sum(axis=0).tolist(), cut.tolist(), strict=True)
    return [
        Difference(key, **dict(zip(_COLUMNS, (*row, n, cut, *(key in each for each in bounds)), strict=True)))
        for key, row, n, cut in numbers
    ]


_COLUMNS = (
    *("base", "here", "difference", "low", "high", "family_low", "family_high", "saved"),
    *("n", "cut", "base_at_least", "here_at_least"),
)


def _possible(keys: tuple[Key, ...], base: Floats, here: Floats) -> tuple[Floats, Floats]:
    """Return the least and the largest possible difference of the columns, given the mean of the base."""
    mean = means(base)
    negative = np.fmin(np.fmin.reduce(base, axis=0), np.fmin.reduce(here, axis=0)) < 0
    shares = np.array([TOTALS[key.quantity].unit == "share" for key in keys])
    return np.where(negative, -np.inf, -mean), np.where(shares, 1 - mean, np.inf)


def difference(base: Floats, here: Floats) -> Floats:
    """Return `here` minus `base`; exactly 0 where they differ only by rounding errors of sums."""
    change = here - base
    return np.where(np.abs(change) <= LOST_DIGITS * np.maximum(np.abs(here), np.abs(base)), 0.0, change)


def means(values: Floats) -> Floats:
    """Return the means of columns, ignoring NaN; NaN for a column without values."""
    n = np.isfinite(values).sum(axis=0)
    return np.where(n > 0, np.nansum(values, axis=0) / np.maximum(n, 1), np.nan)


def intervals(values: Floats, levels: Sequence[float]) -> tuple[Floats, list[Floats]]:
    """Return the means of columns (n, K), ignoring NaN, and their intervals (2, K) at each level (0.05: 95 %).

    An interval is NaN with fewer than two values, and has no width if all values are the same.
    """
    from scipy.stats import ttest_1samp  # late: start-up must stay light

    mean, n = means(values), np.isfinite(values).sum(axis=0)
    bounds = [np.where(n > 1, mean, np.nan) * np.ones((2, 1)) for _ in levels]
    varies = (n > 1) & ~_constant(values)
    complete = n == len(values)
    for columns in (varies & complete, varies & ~complete):  # SciPy is slow where there are NaN
        if columns.any():
            test = ttest_1samp(values[:, columns], 0.0, nan_policy="omit")
            for bound, level in zip(bounds, levels, strict=True):
                bound[:, columns] = test.confidence_interval(1 - level)
    return mean, bounds


def _constant(values: Floats) -> Bools:
    """Return for each column whether its values differ only by rounding errors."""
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    return np.asarray(high - low <= LOST_DIGITS * np.maximum(np.abs(low), np.abs(high)))


def variance_saved(base: Floats, here: Floats, changes: Floats) -> Floats:
    """Return the share of the variance of each column of `changes` that pairing removes; NaN if there is none."""
    together = _variance(base) + _variance(here)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(together > 0, 1 - _variance(changes) / together, np.nan)


def _variance(values: Floats) -> Floats:
    n = np.isfinite(values).sum(axis=0)
    squares = np.nansum((values - means(values)) ** 2, axis=0)
    return np.where(n > 1, squares / np.maximum(n - 1, 1), np.nan)


@dataclass(frozen=True)
class Ranking:
    """The ranking of scenarios by one total: `order` from the best mean on, `may_be_best` a flag for each scenario.

    The best scenario is among those flagged with at least 95 % confidence; if one is flagged, it is the best.
    """

    key: Key
    highest: bool
    means: Floats
    order: tuple[int, ...]
    may_be_best: tuple[bool, ...]
    n: int

    @property
    def best(self) -> int | None:
        """The scenario that is best with 95 % confidence, None if several may be the best."""
        candidates = [s for s, possible in enumerate(self.may_be_best) if possible]
        return candidates[0] if len(candidates) == 1 else None


def rank(key: Key, values: Floats, highest: bool) -> Ranking:
    """Rank scenarios by a total; `values` are (replications, scenarios) on shared tapes.

    A scenario is eliminated if another is better in a one-sided paired t test at 5 % / (scenarios - 1). The probability
    that the true best is eliminated is then at most 5 %, whatever the dependence between the scenarios (screening as in
    Nelson, Swann, Goldsman and Song 2001, on paired differences).
    """
    values = values[np.isfinite(values).all(axis=1)]
    n, count = values.shape
    mean = means(values)
    signed = -values if highest else values
    level = LEVEL / max(count - 1, 1)
    eliminated = [
        any(_better(signed[:, j], signed[:, i]) < level for j in range(count) if j != i) for i in range(count)
    ]
    order = np.argsort(-mean if highest else mean, kind="stable")
    return Ranking(key, highest, mean, tuple(map(int, order)), tuple(not each for each in eliminated), n)


def _better(a: Floats, b: Floats) -> float:
    """Return the p-value of a one-sided paired t test for a smaller mean of `a`; 1 if there are too few values."""
    from scipy.stats import ttest_1samp

    changes = difference(b, a)
    if len(changes) < 2:
        return 1.0
    if _constant(changes):
        return 0.0 if changes[0] < 0 else 1.0
    return float(ttest_1samp(changes, 0.0, alternative="less").pvalue)
