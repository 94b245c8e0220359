"""The charts of a result: series of a run, of scenarios side by side, and of a forecast, from files or from memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from sim.arrays import Floats, Ints
from sim.measures.estimates import Estimates
from sim.measures.names import ALL, Key
from sim.measures.replication import Measures
from sim.measures.reports import reported_value
from sim.plotting.colours import INK, REPORTED, class_name, colour_of, with_gaps
from sim.plotting.interactive.blocks import Chart, Line, Reading
from sim.plotting.story import window
from sim.scenario.model.instants import local
from sim.scenario.model.reported import WAIT_KINDS, Reported
from sim.scenario.model.scenario import Clock, Scenario

MOST_POINTS = 700
"""Points of a chart; of longer series every second, third ... point is shown."""
DIGITS = 4
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#332288", "#999933")
"""Colours of scenarios, told apart by people who are colour-blind (Okabe and Ito 2008; Tol 2021)."""
CENSORED = 0.05
"""Share of replications with parties still inside above which a wait is drawn as a lower bound."""


class Kind(NamedTuple):
    """A kind of chart: its title, unit, series, whether it sums by day, and the reported figures that it shows."""

    title: str
    unit: str
    quantity: str
    figures: tuple[str, ...]
    by_class: bool = True
    daily: bool = False


KINDS = (
    Kind("People waiting", "people", "queue_people", ("queue_people",)),
    Kind("Parties waiting", "parties", "queue", ("queue",)),
    Kind("Wait of those who join at this time", "h", "virtual_wait", WAIT_KINDS),
    Kind("Length of the queue on the road", "km", "queue_length", ("queue_length",), by_class=False),
    Kind("People across per day", "people", "crossed_people", (), by_class=False, daily=True),
)
LEAST_WAIT = 1 / 60
"""Hours; a wait that is never longer is not drawn."""


class Series(Protocol):
    """The series of one scenario by crossing, quantity and scope."""

    def of(self, crossing: str, quantity: str, scope: str, column: str = "mean") -> Floats | None:
        """Return a column of a series; None if there is no such series, or no such column of it."""

    def times(self, crossing: str, quantity: str, scope: str) -> Floats:
        """Return the times of a series, in seconds since 1970."""


class EstimatesSeries:
    """The series of a result in memory; those of a single replication have no bands."""

    def __init__(self, estimates: Estimates) -> None:
        self._bands, self._single = estimates.series, estimates.replications == 1
        self._times = _since_1970(estimates.clock, estimates.at)

    def of(self, crossing: str, quantity: str, scope: str, column: str = "mean") -> Floats | None:
        """Return a column of a series; None if there is no such series."""
        band = self._bands.get(Key(crossing, quantity, scope))
        if band is None or (self._single and column != "mean"):
            return None
        return np.asarray(getattr(band, column), np.float64)

    def times(self, crossing: str, quantity: str, scope: str) -> Floats:  # noqa: ARG002
        """Return the times of a series, in seconds since 1970; all have the same."""
        return self._times


class ReplicationSeries:
    """The series of one replication, without bands."""

    def __init__(self, clock: Clock, measures: Measures) -> None:
        self._series, self._times = measures.series, _since_1970(clock, measures.at)

    def of(self, crossing: str, quantity: str, scope: str, column: str = "mean") -> Floats | None:
        """Return a series; None if there is no such series, or if `column` is not the mean."""
        return self._series.get(Key(crossing, quantity, scope)) if column == "mean" else None

    def times(self, crossing: str, quantity: str, scope: str) -> Floats:  # noqa: ARG002
        """Return the times of a series, in seconds since 1970; all have the same."""
        return self._times


def _since_1970(clock: Clock, at: Ints) -> Floats:
    seconds: Floats = local(clock, 0).timestamp() + at / 1000
    return seconds


class TableSeries:
    """The series in a table of `series.parquet`."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        names = ("crossing", "quantity", "scope")
        keys = np.array([np.asarray(columns[name], dtype=str) for name in names])
        starts = np.flatnonzero(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)))
        ends = np.append(starts[1:], keys.shape[1])
        self._rows = {tuple(keys[:, a]): slice(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)}
        self._columns = columns

    def of(self, crossing: str, quantity: str, scope: str, column: str = "mean") -> Floats | None:
        """Return a column of a series; None if there is no such series."""
        rows = self._rows.get((crossing, quantity, scope))
        return None if rows is None else np.asarray(self._columns[column][rows], np.float64)

    def times(self, crossing: str, quantity: str, scope: str) -> Floats:
        """Return the times of a series, in seconds since 1970."""
        return _seconds(self._columns["at"][self._rows[crossing, quantity, scope]])


def numbers(values: Floats) -> list[float | None]:
    """Return values with DIGITS significant digits, at most 7 decimals, for a page; None for what is no number."""
    known = np.where(np.isfinite(values), values, 0.0)
    places = DIGITS - 1 - np.floor(np.log10(np.maximum(np.abs(known), 10.0**-DIGITS)))
    scale = 10.0 ** np.abs(places)  # a whole number, so that dividing by it gives the float nearest to the decimal
    rounded = np.where(places >= 0, np.round(known * scale) / scale, np.round(known / scale) * scale)
    return [value if ok else None for value, ok in zip(rounded.tolist(), np.isfinite(values).tolist(), strict=True)]


def of_run(scenario: Scenario, crossing: str, series: Series, labels: Mapping[str, str]) -> Iterator[Chart]:
    """Yield the charts of a crossing: all parties together and each class, with the reported figures.

    `labels` has the words of each figure by its id.
    """
    zone = ZoneInfo(scenario.clock.timezone)
    for kind in KINDS:
        rows = [row for row in scenario.reported if row.crossing == crossing and row.quantity in kind.figures]
        used = [row for row in rows if row.status in ("used", "validation") and row.id in labels]
        readings = [_reading(row, labels[row.id], zone) for row in used]
        classes = scenario.classes if scenario.network else scenario.crossings[crossing].demand
        scopes = [ALL, *classes] if kind.by_class else [ALL]

        def name(scope: str) -> str:
            return class_name(scenario, scope) if scope != ALL else "together"

        drawn = [
            (scope, name(scope), COLOURS[0] if kind.daily else colour_of(scenario, scope), series) for scope in scopes
        ]
        first = scopes[1] if kind.unit == "h" else ALL  # waits of all together say little where classes differ
        if chart := _chart(kind, scenario, crossing, drawn, first):
            yield replace(chart, readings=readings)


def of_scenarios(scenario: Scenario, crossing: str, each: Mapping[str, Series]) -> Iterator[Chart]:
    """Yield the charts of scenarios side by side, of all parties together; `scenario` is the base."""
    for kind in KINDS:
        drawn = [(ALL, label, COLOURS[n % len(COLOURS)], series) for n, (label, series) in enumerate(each.items())]
        if chart := _chart(kind, scenario, crossing, drawn):
            yield chart


Drawn = Sequence[tuple[str, str, str, Series]]
"""Scope, name, colour and source of each line."""


def _chart(kind: Kind, scenario: Scenario, crossing: str, drawn: Drawn, first: str = ALL) -> Chart | None:
    lines: list[Line] = []
    times = None
    for scope, name, colour, series in drawn:
        mean = series.of(crossing, kind.quantity, scope)
        if mean is None or not np.nanmax(np.append(mean, 0)) > (LEAST_WAIT if kind.unit == "h" else 0):
            continue
        at = series.times(crossing, kind.quantity, scope)
        if kind.daily:
            at, mean = _by_day(at, mean, scenario)
            lines.append(Line(name, colour, numbers(mean)))
        else:
            step = -(-len(at) // MOST_POINTS)
            at = at[::step]
            lines += _with_bound(series, kind, (crossing, scope), Line(name, colour, [], shown=scope == first), step)
        times = at
    if times is None:
        return None
    title = scenario.crossings[crossing].title or crossing if len(scenario.crossings) > 1 else ""
    return Chart(
        f"{title}: {kind.title[0].lower()}{kind.title[1:]}" if title else kind.title,
        kind.unit,
        scenario.clock.timezone,
        [float(at) for at in times],
        lines,
        bars=kind.daily,
    )


def _with_bound(series: Series, kind: Kind, place: tuple[str, str], like: Line, step: int) -> Iterator[Line]:
    """Yield a line with its band, and a dashed one where parties still inside make it a lower bound."""
    crossing, scope = place
    mean, low, high = (series.of(crossing, kind.quantity, scope, name) for name in ("mean", "p05", "p95"))
    assert mean is not None
    censored = series.of(crossing, f"{kind.quantity}_censored", scope)
    whole = np.ones(len(mean), np.bool_) if censored is None else ~(censored > CENSORED)
    below, above = (None if each is None else numbers(np.where(whole, each, np.nan)[::step]) for each in (low, high))
    yield replace(like, values=numbers(np.where(whole, mean, np.nan)[::step]), low=below, high=above)
    if not whole.all():
        bound = numbers(np.where(whole, np.nan, mean)[::step])
        yield Line(f"{like.name}, at least", like.colour, bound, dashed=True, shown=like.shown)


def _by_day(at: Floats, values: Floats, scenario: Scenario) -> tuple[Floats, Floats]:
    """Return the local midnights and the sums of each day."""
    zone = ZoneInfo(scenario.clock.timezone)
    days = [datetime.fromtimestamp(second, zone).date() for second in at.tolist()]
    order = sorted(set(days))
    place = {day: n for n, day in enumerate(order)}
    sums = np.bincount([place[day] for day in days], np.nan_to_num(values), len(order))
    midnights = [datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() for day in order]
    return np.array(midnights), np.asarray(sums, np.float64)


def _reading(row: Reported, label: str, zone: ZoneInfo) -> Reading:
    begin, end = (instant.replace(tzinfo=zone).timestamp() for instant in (row.from_, row.until))
    words = f"{label}, {window(row)}: {row.who} ({row.source}, {row.date})"
    return Reading(begin, end, reported_value(row), words, row.status == "used")


def of_forecast(column: str, zone: str, forecast: Mapping[str, Any], readings: Mapping[str, Any]) -> Chart:
    """Return the chart of a forecast: the readings up to now, if there are any, the median, bands of 50 and 90 %."""
    at, known = with_gaps(_seconds(readings.get("time", ())) / 3600, np.asarray(readings.get("value", ()), np.float64))
    times = np.append(at * 3600, _seconds(forecast["time"]))
    before = np.full(len(at), np.nan)
    low, quarter, median, three_quarters, high = (
        numbers(np.append(before, np.asarray(forecast[name], np.float64)))
        for name in ("p05", "p25", "median", "p75", "p95")
    )
    lines = [
        Line("median, band of 90 %", COLOURS[0], median, low, high),
        Line("band of 50 %", COLOURS[0], median, quarter, three_quarters),
    ]
    if len(at):
        lines.insert(0, Line("readings", INK, numbers(np.append(known, np.full(len(times) - len(at), np.nan)))))
    return Chart(f"Forecast of {column}", "", zone, times.tolist(), lines)


class Backtested(NamedTuple):
    """What a table of past forecasts holds: its quantity, unit (of values times `scale`), model and plain forecast."""

    quantity: str
    unit: str
    scale: float
    model: str
    plain: str


def of_backtest(series: Backtested, columns: Mapping[str, Any]) -> Chart:
    """Return the chart of past forecasts: the model's median and bands, the plain forecast, and what came."""
    low, quarter, median, three_quarters, high, plain, came = (
        numbers(series.scale * np.asarray(columns[name], np.float64))
        for name in (*(f"{series.model} {level} %" for level in (5, 25, 50, 75, 95)), f"{series.plain} 50 %", "came")
    )
    lines = [
        Line("model, band of 90 %", COLOURS[0], median, low, high),
        Line("band of 50 %", COLOURS[0], median, quarter, three_quarters),
        Line(series.plain, COLOURS[5], plain),
        Line("what came", REPORTED, came),
    ]
    at = np.asarray(columns["at"]).astype("datetime64[ms]").astype(np.float64) / 1000
    title = f"Forecast and what came: {series.quantity.replace('_', ' ')}"
    return Chart(title, series.unit, "UTC", at.tolist(), lines)  # times are those of the local clock


def _seconds(times: Sequence[Any]) -> Floats:
    """Return times of a table in seconds since 1970."""
    return np.array([datetime.fromisoformat(str(at)).timestamp() for at in times])
