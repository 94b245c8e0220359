"""The points of the time series, and the states at the points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.arrays import Floats, Ints
from sim.measures.names import RATE_HOURS, SHORT_RATE_HOURS, SHORT_RUN_DAYS
from sim.scenario.model.instants import counted_from
from sim.scenario.model.scenario import Clock
from sim.units import MS_PER_DAY, MS_PER_H, MS_PER_S


@dataclass(frozen=True)
class Grid:
    """Points `at` (T,) from `start` to `horizon`, `every` milliseconds apart; the horizon may be one.

    Each point begins an interval. If the last point is the horizon, its interval is empty, and events at the horizon
    belong to the interval before. The run began at `opened`, before the first point if there is a warm-up.
    """

    at: Ints
    every: int
    start: int
    horizon: int
    opened: int

    @property
    def intervals(self) -> int:
        """Number of intervals that are not empty: T or T - 1."""
        return len(self.at) - int(self.at[-1] == self.horizon)

    @property
    def beyond(self) -> int:
        """An instant after every point and the horizon, for what has not happened."""
        return self.horizon + self.every

    @property
    def rate_half(self) -> int:
        """Number of intervals, at least one, to each side of a point over which flows per hour are averaged."""
        is_short = self.horizon - self.start <= SHORT_RUN_DAYS * MS_PER_DAY
        return max(1, round((SHORT_RATE_HOURS if is_short else RATE_HOURS) * MS_PER_H / 2 / self.every))

    def means(self, changed_at: Ints, values: Ints) -> Floats:
        """Return the means (T,) over the intervals of what changes at instants, the first not after the first point.

        NaN where the interval is empty.
        """
        edges = np.minimum(np.append(self.at, self.horizon), self.horizon)
        until = np.append(changed_at, max(self.beyond, int(changed_at[-1])))
        summed = np.append(0, np.cumsum(values * np.diff(until)))
        with np.errstate(invalid="ignore"):
            means: Floats = np.diff(np.interp(edges, until, summed)) / np.diff(edges)
        return means

    def states(self, changes: Ints) -> Floats:
        """Return the states at the points, (..., T), from their changes at the points, (..., T + 1)."""
        states: Floats = np.cumsum(changes[..., :-1], axis=-1).astype(np.float64, order="C")
        return states


def grid_of(clock: Clock, opened: int, horizon: int) -> Grid:
    """Return the grid of a run from `opened` to `horizon` (ms since t0), one point every `clock.report_every`.

    It begins after the warm-up.
    """
    every, start = max(1, round(clock.report_every * MS_PER_S)), opened
    if clock.warm_up:
        start = counted_from(clock)
    return Grid(np.arange(start, horizon + 1, every, dtype=np.int64), every, start, horizon, opened)


def announcements(every: int, start: int, horizon: int) -> Grid:
    """Return the instants at which a wait is quoted, `every` milliseconds from the start until before the horizon."""
    return Grid(np.arange(start, horizon, every, dtype=np.int64), every, start, horizon, start)
