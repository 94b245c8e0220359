"""Observations: the value of the model for each reported figure, and how the two compare."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite, nan
from typing import Literal

import numpy as np

from sim import units
from sim.arrays import Floats
from sim.errors import SimError
from sim.measures.names import ALL, Key
from sim.measures.quantiles import plain_quantiles
from sim.measures.replication import Measures
from sim.measures.road import beyond
from sim.scenario.model.instants import since_t0
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.reported import UPPER_BOUNDS, Reported
from sim.scenario.model.scenario import Scenario

Verdict = Literal["met", "within 1.5x", "above", "off", "not used"]

RIGHT_ORDER = 1.5
CLOSE = 1.1


@dataclass(frozen=True)
class Observation:
    """A reported figure and the value of the model for it.

    `reported` and the model's columns are in `unit`: parties, people, parties/h, people/h, h or km. `mean`, `p05` and
    `p95` are over replications; `ratio` is `mean` over `reported`. The verdict: `met` (a bound: on its right side;
    else within 10 % or the figure inside 5-95 %), `above` (more than 1.5 times a lower bound), `within 1.5x`, `off`, or
    `not used` for a figure the scenario rejects.
    """

    id: str
    crossing: str
    quantity: str
    unit: str
    qualifier: str
    reported: float
    mean: float
    p05: float
    p95: float
    ratio: float
    verdict: Verdict


def observe(row: Reported, scenario: Scenario, measures: Measures) -> float:
    """Return the value that the reporter of `row` would have seen in this replication, in `unit_of(row)`.

    The value is taken over the points (of flows: the intervals that begin) in [from, until); a window between two
    points uses the point before it. Flows are summed for `sum` and per hour for `max` and `mean`. The length of the
    queue is that of all classes together and is not cut at a `frame`, which the likelihood takes into account. A wait
    is that of the first class listed. A queue counted `within` a distance excludes vehicles beyond it and in lots. NaN
    where the model has no value. Raises SimError if the row counts both directions without `outbound_share`.
    """
    values = _read(row, scenario, measures)
    values = values[np.isfinite(values)]
    if not len(values):
        return nan
    value = {"max": float(values.max()), "mean": float(values.mean()), "sum": float(values.sum())}[row.statistic]
    if row.kind.flow and row.statistic != "sum":
        value *= 3600 / scenario.clock.report_every
    return value / _outbound(row)


def _outbound(row: Reported) -> float:
    """Return the outbound share of what a row counts. Raises SimError if it is needed and missing."""
    if row.directions == "out":
        return 1.0
    if not row.outbound_share:
        raise SimError(f"reported figure {row.id!r} counts both directions; it needs an outbound_share above 0")
    return row.outbound_share


def _read(row: Reported, scenario: Scenario, measures: Measures) -> Floats:
    """Return the points of the series of the model that the row covers."""
    begin, end = (since_t0(scenario.clock, instant) for instant in (row.from_, row.until))
    last = np.searchsorted(measures.at, end)
    first = min(np.searchsorted(measures.at, begin), max(last - 1, 0))
    scopes = {"classes": row.classes, "first class": row.classes[:1], "all": (ALL,)}[row.kind.scopes]
    keys = [Key(row.crossing, row.quantity, scope) for scope in scopes]
    series = [measures.series[key] for key in keys if key in measures.series]
    if not series:
        return np.full(1, nan)
    outside = 0.0 if row.within is None else _outside(row, row.within, scenario, measures)
    values: Floats = np.sum(series, axis=0) - outside
    return values[first:last]


def _outside(row: Reported, within: float, scenario: Scenario, measures: Measures) -> Floats:
    """Return the number of parties of the classes of the row in lots, or on the road beyond `within` (m)."""
    road = scenario.crossings[row.crossing].road
    nobody = np.zeros(len(measures.at))
    waiting = np.array([measures.series.get(Key(row.crossing, "queue", cls), nobody) for cls in CLASSES])
    length = 1000 * measures.series[Key(row.crossing, "queue_length")]
    outside = beyond(scenario, road, (measures.at, waiting), length, within)
    parties: Floats = outside[[CLASSES.index(cls) for cls in row.classes]].sum(axis=0)
    return parties


def unit_of(row: Reported) -> str:
    """Return the unit in which a reported figure is compared."""
    return f"{row.kind.unit}/h" if row.kind.flow and row.statistic != "sum" else row.kind.unit


def reported_value(row: Reported) -> float:
    """Return the published number in `unit_of(row)`: counts are bare, "48 h", "16 km", "130/h".

    Raises SimError where the value does not fit the quantity.
    """
    return parsed_value(row, row.value, "value")


def parsed_value(row: Reported, value: float | str, what: str) -> float:
    """Return a quantity of a row in `unit_of(row)`; `what` is its key. Raises SimError where it does not fit."""
    kind = row.kind
    count = kind.dimension is None
    try:
        number = float(value) if count else nan
    except ValueError:
        number = nan
    if isfinite(number):
        return number
    try:
        if count and not unit_of(row).endswith("/h"):
            raise ValueError(f"expected a count; got {value!r}")
        return units.parse(kind.dimension or "rate", value) / kind.scale
    except ValueError as error:
        raise SimError(f"reported figure {row.id!r}: {what}: {error}") from None


def observed_values(scenario: Scenario, measures: Measures) -> Floats:
    """Return the values that reporters would have seen in a replication, one for every reported row, (J,)."""
    return np.array([observe(row, scenario, measures) for row in scenario.reported], dtype=np.float64)


class Observer:
    """Collects the observed values of replications, in order.

    Raises SimError on creation where `observe` or `reported_value` would.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._rows = scenario.reported
        self._reported = [reported_value(row) for row in self._rows if _outbound(row)]
        self._observed: list[Floats] = []

    def add(self, observed: Floats) -> None:
        """Add the `observed_values` of a replication."""
        self._observed.append(observed)

    def result(self) -> tuple[Observation, ...]:
        """Return one observation for every reported row."""
        columns = np.array(self._observed).reshape(len(self._observed), len(self._rows)).T
        rows = zip(self._rows, self._reported, columns, strict=True)
        return tuple(_observation(row, reported, values) for row, reported, values in rows)


def _observation(row: Reported, reported: float, values: Floats) -> Observation:
    values = values[np.isfinite(values)]
    mean = float(values.mean()) if len(values) else nan
    p05, p95 = (float(q) for q in plain_quantiles(values)) if len(values) else (nan, nan)
    ratio = mean / reported if reported else nan
    verdict = _verdict(row, ratio, p05 <= reported <= p95)
    return Observation(
        row.id, row.crossing, row.quantity, unit_of(row), row.qualifier, reported, mean, p05, p95, ratio, verdict
    )


def _verdict(row: Reported, ratio: float, inside: bool) -> Verdict:
    if row.status == "rejected":
        return "not used"
    if row.qualifier in ("=", "about"):
        if inside or 1 / CLOSE <= ratio <= CLOSE:
            return "met"
    elif row.qualifier in UPPER_BOUNDS:
        if ratio <= 1:
            return "met"
    elif ratio >= 1:
        return "met" if ratio <= RIGHT_ORDER else "above"
    return "within 1.5x" if 1 / RIGHT_ORDER <= ratio <= RIGHT_ORDER else "off"


def observation_table(observations: tuple[Observation, ...]) -> dict[str, list[object]]:
    """Return the observations as columns, one per field of `Observation`."""
    return {field.name: [getattr(row, field.name) for row in observations] for field in fields(Observation)}
