"""Readings that cannot be: a code such as 999 while a sensor is off, a slip of a digit, or of a year.

A slip stands alone: no reading just before or after is near it. A second one in a row that agrees is believed, unless
it is a code.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sim.arrays import Bools, Floats

CODES = (99, 999, 9999, 99999, 999999)
BEYOND, REPEATED = 3.0, 3
"""Times the largest other value from which a code is believed to be one, and how often it must stand there."""
FEWEST = 20
"""Readings below which none is doubted: nothing tells what is usual."""
NEAR = 2
"""Readings before and after, one of which must be near."""
SHARE, TIMES, OFTEN = 0.99, 3.0, 6
"""A reading is doubted that stands apart `TIMES` as far as nearly all do, and farther than the sixth of the others."""
FACTOR = 4.0
"""Least factor between a doubted reading and those beside it."""
COUNTS = 3.5
"""Least distance of counts, on the scale of square roots: seven standard deviations of a Poisson law."""
FAR, FEW = 24 * 60.0, 2
"""Hours without a reading, before or after which so few rows are taken for a slip of the date."""


def error_codes(values: Floats, unit: float = 1.0) -> Bools:
    """Return which values are codes: exactly the same number of nines several times, and far above all others.

    `unit` is that of the file in the unit of the values, such as 60 for minutes read as seconds.
    """
    coded = np.zeros(len(values), bool)
    bare = np.round(values / unit, 9)
    for code in CODES:
        same = bare == code
        others = values[np.isfinite(values) & (bare < code)]
        if same.sum() >= REPEATED and len(others) >= same.sum() and code * unit > BEYOND * others.max():
            coded |= bare >= code
            break
    return coded


def lonely_times(hours: Floats) -> Bools:
    """Return which rows (N,) of increasing times lie months away from all others."""
    marks = np.zeros(len(hours), bool)
    if len(hours) < FEWEST:
        return marks
    gaps = np.flatnonzero(np.diff(hours) > FAR) + 1
    edges = [0, *gaps.tolist(), len(hours)]
    for first, end in pairwise(edges):
        marks[first:end] = end - first <= FEW and len(edges) > 2
    return marks if marks.mean() < 0.1 else np.zeros(len(hours), bool)


def lonely_values(values: Floats) -> Bools:
    """Return which readings (N,), in the order of time, no other just before or after is near."""
    marks = np.zeros(len(values), bool)
    if len(values) < FEWEST:
        return marks
    usual = np.minimum(values, np.quantile(values, SHARE))
    offset = max(0.3 * float(usual.mean()), 1e-9)
    roots, whole = np.sqrt(values + offset), bool((values % 1 == 0).all())
    before = np.full((NEAR, len(values)), np.inf)
    after = before.copy()
    for n in range(NEAR):
        away = np.abs(roots[n + 1 :] - roots[: -n - 1])
        before[n, n + 1 :], after[n, : -n - 1] = away, away
    for apart, places in (
        (np.vstack([before, after]).min(axis=0), slice(0, -1)),
        (before.min(axis=0), slice(-1, None)),
    ):
        known = np.sort(apart[1:])
        limit = max(TIMES * float(np.quantile(known, SHARE, method="lower")), float(known[-OFTEN]))
        if limit > 0:
            marks[places] |= apart[places] > max(limit, COUNTS if whole else 0.0)
    beside = np.where(np.arange(len(values)) > 0, np.roll(values, 1), np.roll(values, -1))
    ratios = (values + offset) / (beside + offset)
    return np.asarray(marks & ((ratios > FACTOR) | (ratios < 1 / FACTOR)))
