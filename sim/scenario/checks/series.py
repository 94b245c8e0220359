"""Checks reported series and the stations of reported rows, and tells which points lie outside the run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sim.scenario.checks.dates import run_of
from sim.scenario.model.instants import counted_from, local, since_t0
from sim.scenario.model.reported import ReportedRow
from sim.scenario.model.reported_series import ReportedSeries
from sim.scenario.model.scenario import Clock, Scenario
from sim.suggest import no_such

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]


def check_series(scenario: Scenario, whole_run: bool = True) -> Faults:
    """Yield (path, message) for every fault; without `whole_run`, points outside the run are accepted."""
    for i, row in enumerate(scenario.reported):
        yield from _station(scenario, row, ("reported", i))
    for k, series in enumerate(scenario.reported_series):
        here: Loc = ("reported_series", k)
        if series.crossing not in scenario.crossings:
            yield (*here, "crossing"), no_such("crossing", series.crossing, list(scenario.crossings))
        yield from _station(scenario, series, here)
        if series.directions == "both" and series.outbound_share is None:
            yield here, "needs 'outbound_share', because the figures count both directions"
        if whole_run and not points_inside(series, scenario.clock):
            yield (*here, "series"), f"no point lies in the run ({run_of(scenario.clock)})"


def _station(scenario: Scenario, row: ReportedRow, here: Loc) -> Faults:
    crossing = scenario.crossings.get(row.crossing)
    if row.station is not None and crossing is not None:
        known = [*crossing.stations, *crossing.pools]
        if row.station not in known:
            yield (*here, "station"), no_such("station or pool", row.station, known)


def points_inside(series: ReportedSeries, clock: Clock) -> int:
    """Return how many points of a series begin and end in the run after its warm-up, earlier by their lag."""
    begin, end = counted_from(clock), since_t0(clock, clock.horizon)
    lag = round(1000 * series.lag)
    return sum(
        begin <= _ms(clock, point.from_) - lag and _ms(clock, point.until) - lag <= end for point in series.series
    )


def _ms(clock: Clock, instant: datetime) -> int:
    if instant.tzinfo is None:
        return since_t0(clock, instant)
    return (instant - local(clock, 0)) // timedelta(milliseconds=1)


def points_left_out(scenario: Scenario) -> Faults:
    """Yield (path, note) for every series of which some points are outside the run."""
    for k, series in enumerate(scenario.reported_series):
        outside, number = len(series.series) - points_inside(series, scenario.clock), len(series.series)
        if outside:
            what = f"{outside:,} of {number:,} points {'is' if outside == 1 else 'are'} outside the run"
            yield ("reported_series", k, "series"), f"{what} ({run_of(scenario.clock)}) and left out"
