"""The points of the time series, the states at the points and the integrals between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.arrays import Floats, Ints
from sim.scenario.model.scenario import Clock
from sim.units import MS_PER_S


@dataclass(frozen=True)
class Grid:
    """Points `at` (T,) from `start` to `horizon`, `every` milliseconds apart; the horizon may be one.

    Each point begins an interval. If the last point is the horizon, its interval is empty, and events at the horizon
    belong to the interval before.
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
        """An instant after every point and the horizon, for what has not happened."""
        return self.horizon + self.every

    def states(self, changes: Ints) -> Floats:
        """Return the states at the points, (..., T), from their changes at the points, (..., T + 1)."""
        states: Floats = np.cumsum(changes[..., :-1], axis=-1).astype(np.float64, order="C")
        return states

    def time_held(self, ends: Ints) -> Floats:
        """Return the time (ms) that spans take up in each interval, (..., intervals).

        `ends` (..., T + 1, 2) holds, at the first point at or after each event, the number of spans that begin minus
        the number that end, and the same difference of their instants (ms since the start, none after the horizon). The
        integral up to t is the sum of (t - begin) over spans begun minus the sum of (t - end) over spans ended.
        """
        edges = self.edges
        number, instants = np.cumsum(np.moveaxis(ends, -1, 0), axis=-1)[..., : len(edges)]
        held: Floats = np.diff(number * (edges - self.start) - instants, axis=-1).astype(np.float64)
        return held


def grid_of(clock: Clock, start: int, horizon: int) -> Grid:
    """Return the grid of a run from `start` to `horizon` (ms since t0), one point every `clock.report_every`."""
    every = max(1, round(clock.report_every * MS_PER_S))
    return Grid(np.arange(start, horizon + 1, every, dtype=np.int64), every, start, horizon)


def pad(values: Floats, points: int) -> Floats:
    """Return values per interval (groups, intervals) as (groups, points), NaN in the empty interval."""
    return np.pad(values, ((0, 0), (0, points - values.shape[1])), constant_values=np.nan)
