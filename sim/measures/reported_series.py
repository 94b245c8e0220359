"""What the model says for each point of a reported series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.errors import SimError
from sim.measures.names import ALL, Key, at_station, by_way
from sim.measures.replication import Measures
from sim.measures.shares import ratio
from sim.scenario.model.instants import counted_from, local, since_t0
from sim.scenario.model.reported import LOWER_BOUNDS, UPPER_BOUNDS, ReportedRow
from sim.scenario.model.reported_series import Point, ReportedSeries
from sim.scenario.model.scenario import Clock, Scenario
from sim.units import milliseconds


@dataclass(frozen=True)
class PointsInRun:
    """The points of a series that lie in the run, in order of time.

    `begin` and `end` (n,) are the windows in ms since t0, earlier by the lag than the file says; equal for an instant.
    `value` is in the unit of the kind. `bound` is +1 where the value is a lower bound, -1 for an upper one, else 0.
    `kept` (points of the file,) tells which they are.
    """

    begin: Ints
    end: Ints
    value: Floats
    bound: Ints
    kept: Bools

    def __len__(self) -> int:
        return len(self.value)

    @property
    def left_out(self) -> int:
        """The number of points of the file outside the run."""
        return int((~self.kept).sum())


def points_in_run(series: ReportedSeries, clock: Clock) -> PointsInRun:
    """Return the points of a series whose windows lie between the end of the warm-up and the horizon."""
    length = series.every
    if length is None and not series.kind.at_instant:
        length = _usual_distance(series.series)
    return _points_in_run(series.series, length or 0.0, series.lag, clock)


@lru_cache(maxsize=64)
def _points_in_run(points: tuple[Point, ...], length: float, lag: float, clock: Clock) -> PointsInRun:
    begin = np.array([_ms(clock, point.from_) for point in points], np.int64)
    end = np.array([_ms(clock, point.until) for point in points], np.int64)
    end = np.where(end > begin, end, begin + milliseconds(length)) - milliseconds(lag)
    begin = begin - milliseconds(lag)
    kept = (begin >= counted_from(clock)) & (end <= since_t0(clock, clock.horizon))
    bound = np.array([(p.qualifier in LOWER_BOUNDS) - (p.qualifier in UPPER_BOUNDS) for p in points], np.int64)
    value = np.array([point.value for point in points])
    return PointsInRun(begin[kept], end[kept], value[kept], bound[kept], kept)


def _ms(clock: Clock, instant: datetime) -> int:
    if instant.tzinfo is None:
        return since_t0(clock, instant)
    return (instant - local(clock, 0)) // timedelta(milliseconds=1)


def _usual_distance(points: tuple[Point, ...]) -> float:
    """Return the usual distance between points (s); an hour for a single one."""
    begins = [point.from_ for point in points]
    distances = [(after - before).total_seconds() for before, after in pairwise(begins)]
    return float(np.median(distances)) if distances else 3600.0


def series_of(row: ReportedRow, measures: Measures) -> tuple[Floats, Floats] | None:
    """Return what the figures of a row are read from, (T,) each, None if the model has no such series.

    Of a share: what is summed above and below; else the series, and ones.
    """
    scopes = {"classes": row.classes, "first class": row.classes[:1], "all": (ALL,)}[row.kind.scopes]
    if row.way is not None:
        scopes = (by_way(row.classes[0], row.way),)
    if row.station is not None:
        scopes = (at_station(row.station),)
    if row.kind.of is not None:
        above, below = row.kind.of
        everybody = (ALL,) if row.quantity == "class_share" else scopes
        parts = _sum(row, above, scopes, measures), _sum(row, below, everybody, measures)
        return None if parts[0] is None or parts[1] is None else (parts[0], parts[1])
    values = _sum(row, (row.quantity,), scopes, measures)
    if values is None:
        return None
    if row.quantity == "utilisation":
        servers = _sum(row, ("servers",), scopes, measures)
        return None if servers is None else (np.where(servers > 0, values * servers, 0.0), servers)
    return values, np.ones(len(values))


def _sum(row: ReportedRow, names: tuple[str, ...], scopes: tuple[str, ...], measures: Measures) -> Floats | None:
    keys = [Key(row.crossing, name, scope) for name in names for scope in scopes]
    found = [measures.series[key] for key in keys if key in measures.series]
    return np.sum(found, axis=0) if found else None


def observe_series(series: ReportedSeries, scenario: Scenario, measures: Measures) -> Floats:
    """Return what the model says for each point of a series in the run, (n,), NaN where it has no value.

    Over its window a point takes the mean, sum or maximum of the points of the model's series; a share is the ratio of
    the sums over the window. An instant takes the last point of the model at or before it. The base of a wait is added.
    Raises SimError if the row counts both directions without `outbound_share`.
    """
    points = points_in_run(series, scenario.clock)
    parts = series_of(series, measures)
    if parts is None or not len(points):
        return np.full(len(points), np.nan)
    if series.directions == "both" and not series.outbound_share:
        raise SimError(f"reported series {series.id!r} counts both directions; it needs an outbound_share above 0")
    low, high = _slices(points, measures.at)
    is_ratio = series.kind.of is not None or series.quantity == "utilisation"
    values = _ratios(parts, low, high, series) if is_ratio else _read(parts[0], low, high, series.read_as)
    if series.kind.flow and series.read_as != "sum":
        values = values * 3600 / scenario.clock.report_every
    return np.asarray(values / series.outbound + series.base / 3600)


def _slices(points: PointsInRun, at: Ints) -> tuple[Ints, Ints]:
    """Return the first point of each window, and the one after the last."""
    low, high = np.searchsorted(at, points.begin), np.searchsorted(at, points.end)
    before = np.searchsorted(at, points.begin, side="right")
    short = high <= low
    return np.where(short, np.maximum(before - 1, 0), low), np.where(short, np.maximum(before, 1), high)


def _ratios(parts: tuple[Floats, Floats], low: Ints, high: Ints, series: ReportedSeries) -> Floats:
    if series.read_as == "max":
        return _read(ratio(*parts), low, high, "max")
    return ratio(*(_read(part, low, high, "sum") for part in parts))


def _read(values: Floats, low: Ints, high: Ints, statistic: str) -> Floats:
    """Return the mean, sum or maximum of the finite values of each slice, NaN where there is none."""
    there = np.isfinite(values)
    number = _sums(there.astype(np.float64), low, high)
    if statistic == "max":
        filled = np.append(np.where(there, values, -np.inf), -np.inf)
        most = np.maximum.reduceat(filled, np.column_stack((low, high)).ravel())[::2]
        return np.where(number > 0, most, np.nan)
    total = _sums(np.where(there, values, 0.0), low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(number > 0, total / number if statistic == "mean" else total, np.nan)


def _sums(values: Floats, low: Ints, high: Ints) -> Floats:
    before = np.append(0.0, np.cumsum(values))
    return np.asarray(before[high] - before[low])


def series_values(scenario: Scenario, measures: Measures) -> Floats:
    """Return what the model says for all points of all reported series, one series after the other."""
    each = [observe_series(series, scenario, measures) for series in scenario.reported_series]
    return np.concatenate(each) if each else np.zeros(0)
