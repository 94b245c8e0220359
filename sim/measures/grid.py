"""The points of the time series, and how instants fall on them: states at a point, counts and integrals between two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimError
from sim.scenario.schema import Clock
from sim.units import MS_PER_S

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_POINTS = 20_000


@dataclass(frozen=True)
class Grid:
    """Points `at` (T,) from `start` to `horizon`, every so many milliseconds; the horizon is one if it falls so.

    A point begins an interval. Where the last point is the horizon itself its interval is empty, and what happens at
    the horizon belongs to the interval before.
    """

    at: Ints
    every: int
    start: int
    horizon: int

    @property
    def intervals(self) -> int:
        """Number of intervals that are not empty: T or T - 1."""
        return len(self.at) - int(self.at[-1] == self.horizon)

    @property
    def edges(self) -> Ints:
        """Begin and end of the intervals, (intervals + 1,)."""
        return np.append(self.at[: self.intervals], self.horizon)

    @property
    def beyond(self) -> int:
        """An instant after every point and the horizon: for what has not happened."""
        return self.horizon + self.every

    def point(self, instants: Ints) -> Ints:
        """Return the number of the first point at or after each instant; T if there is none."""
        reached: Ints = (instants - (self.start - self.every + 1)) // self.every
        return np.minimum(reached, len(self.at), out=reached)

    def interval(self, instants: Ints) -> Ints:
        """Return the number of the interval each instant falls in."""
        return np.minimum((instants - self.start) // self.every, self.intervals - 1)

    def states(self, group: Ints, groups: int, span: tuple[Ints, Ints], weights: Floats | None = None) -> Floats:
        """Return how many spans [begin, end) of each group hold each point, shape (groups, T).

        `span` is given in points (see `point`); `weights` counts a span that often.
        """
        width = len(self.at) + 1
        base = group * width
        begun, over = (np.bincount(base + points, weights, groups * width) for points in span)
        states: Floats = np.cumsum((begun - over).reshape(groups, width)[:, :-1], axis=1, dtype=np.float64)
        return states

    def counts(self, group: Ints, groups: int, instants: Ints, weights: Floats | None = None) -> Floats:
        """Return how many instants of each group fall in each interval, shape (groups, T); NaN in an empty interval."""
        width = len(self.at)
        found = np.bincount(group * width + self.interval(instants), weights, groups * width).reshape(groups, width)
        counts: Floats = found.astype(np.float64)
        counts[:, self.intervals :] = np.nan
        return counts

    def time_held(self, group: Ints, groups: int, begin: Ints, end: Ints) -> Floats:
        """Return the time (ms) spans [begin, end) of each group spend in each interval, shape (groups, intervals).

        Spans end at the horizon at the latest. The integral up to a point t is the sum of (t - begin) over spans
        begun less the sum of (t - end) over spans ended.
        """
        edges = self.edges
        held = np.zeros((groups, len(edges)))
        for sign, instants in ((1, begin), (-1, end)):
            since = np.minimum(instants, self.horizon) - self.start
            flat = group * len(edges) + (since + (self.every - 1)) // self.every
            number = np.bincount(flat, None, groups * len(edges)).reshape(held.shape)
            total = np.bincount(flat, since, groups * len(edges)).reshape(held.shape)
            held += sign * (np.cumsum(number, axis=1) * (edges - self.start) - np.cumsum(total, axis=1))
        return np.diff(held, axis=1)


def grid(clock: Clock, start: int, horizon: int) -> Grid:
    """Return the grid of a run from `start` to `horizon` (ms since t0), one point every `clock.report_every`.

    Raises SimError beyond MOST_POINTS.
    """
    every = max(1, round(clock.report_every * MS_PER_S))
    points = (horizon - start) // every + 1
    if points > MOST_POINTS:
        raise SimError(f"clock.report_every makes {points:,} points of every series; {MOST_POINTS:,} is the most")
    return Grid(np.arange(start, horizon + 1, every, dtype=np.int64), every, start, horizon)


def pad(values: Floats, points: int) -> Floats:
    """Return values per interval (groups, intervals) as (groups, points), NaN in the interval that is empty."""
    return np.pad(values, ((0, 0), (0, points - values.shape[1])), constant_values=np.nan)


def grouped_quantiles(values: Ints, group: Ints, groups: int, shares: tuple[float, ...]) -> Floats:
    """Return quantiles of `values` (0 to 2**36) by group, linear between values: (shares, groups), NaN if empty."""
    ordered = np.sort((group << 36) | values) & ((1 << 36) - 1)
    number = np.bincount(group, minlength=groups)
    first = np.cumsum(number) - number
    place = np.multiply.outer(np.array(shares), np.maximum(number - 1, 0))
    below = place.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(number - 1, 0))
    if not len(ordered):
        return np.full(place.shape, np.nan)
    low, high = (ordered[np.minimum(first + i, len(ordered) - 1)] for i in (below, above))
    return np.where(number > 0, low + (high - low) * (place - below), np.nan)
