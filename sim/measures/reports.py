"""Observations: of each reported figure the label, the value of the model as its reporter would see it, the verdict."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf, isclose, isfinite, isnan, nan
from typing import Literal

import numpy as np
from scipy.special import ndtri

from sim import units
from sim.arrays import Floats, Ints
from sim.errors import SimError
from sim.measures.estimates import Estimates
from sim.measures.names import LONGEST_QUOTE, SINGLE, VEHICLE_CLASSES, Key
from sim.measures.quantiles import plain_quantiles
from sim.measures.replication import Measures
from sim.measures.reported_series import observe_series, series_of
from sim.measures.road import beyond
from sim.measures.shares import ratio
from sim.scenario.model.instants import since_t0
from sim.scenario.model.reported import LOWER_BOUNDS, UPPER_BOUNDS, Reported, Status
from sim.scenario.model.scenario import Clock, Scenario

Verdict = Literal["met", "within 1.5x", "off", "open", "rejected"]

UNFITTED = "validation, not fitted"
"""What tables and pictures say of a figure that is scored only."""
RIGHT_ORDER = 1.5
CLOSE = 1.1
LEAST, MOST = 1e-4, 1e9
MILLISECOND = 1 / 3_600_000
"""Hours."""
"""Numbers beyond these are written with an exponent."""


NORMALS = ndtri((np.arange(41) + 0.5) / 41)
"""Equally probable values of a standard normal."""


@dataclass(frozen=True)
class Observation:
    """A reported figure, its label, and the value of the model as its reporter would have seen it.

    `reported` and the model's columns are in `unit`: parties, people, parties/h, people/h, h or km. `mean`, `p05` and
    `p95` are over replications, or over a posterior, and then carry the model's own error too; `ratio` is `mean` over
    `reported`. The verdict: `met` (a bound: on its right side, however far; else within 10 % or the figure inside
    5-95 %), `within 1.5x`, `off`, or `rejected` as the file says; `open` if the model has no value, as where no wait is
    quoted because the way is closed, or has only a lower bound that does not tell. `at_least`: the values of the model
    are lower bounds, because the horizon cuts them or because no longer wait is quoted. `status` is that of the row: a
    figure for validation is scored, and never fitted.
    """

    id: str
    label: str
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
    at_least: bool = False
    status: Status = "used"


def observe(row: Reported, scenario: Scenario, measures: Measures) -> float:
    """Return the value that the reporter of `row` would have seen in this replication, in `unit_of(row)`.

    The value is taken over the points (of flows: the intervals that begin) in [from, until); a window between two
    points uses the point before it. Flows are summed for `sum` and per hour for `max` and `mean`. The length of the
    queue is that of all classes together and is not cut at a `frame`, which the likelihood takes into account. A wait
    is that of the first class listed; a sojourn may be that of one way across. A queue counted `within` a distance
    excludes vehicles beyond it and in lots. NaN where the model has no value. Raises SimError if the row counts both
    directions without `outbound_share`.
    """
    values, below = _read(row, scenario, measures)
    if below is not None and row.statistic == "mean":
        values, below = (np.array([float(np.nansum(part))]) for part in (values, below))
    if below is not None:
        values = ratio(values, below)
    values = values[np.isfinite(values)]
    if not len(values):
        return nan
    value = {"max": float(values.max()), "mean": float(values.mean()), "sum": float(values.sum())}[row.statistic]
    if row.kind.flow and row.statistic != "sum":
        value *= 3600 / scenario.clock.report_every
    _check_directions(row)
    return value / row.outbound


def _check_directions(row: Reported) -> None:
    """Raise SimError if a row counts both directions, and the share that goes out is missing."""
    if row.directions == "both" and not row.outbound_share:
        raise SimError(f"reported figure {row.id!r} counts both directions; it needs an outbound_share above 0")


def _read(row: Reported, scenario: Scenario, measures: Measures) -> tuple[Floats, Floats | None]:
    """Return the points of the series of the model that the row covers; of a share, what is above and below."""
    parts = series_of(row, measures)
    if parts is None:
        return np.full(1, nan), None
    window = _window(row, scenario.clock, measures.at)
    if row.kind.is_share:
        return parts[0][window], parts[1][window]
    outside = 0.0 if row.within is None else _outside(row, row.within, scenario, measures)
    values: Floats = parts[0] - outside
    return values[window], None


def _window(row: Reported, clock: Clock, at: Ints) -> slice:
    """Return which of the points `at` (ms since t0) the window of a row covers."""
    begin, end = (since_t0(clock, instant) for instant in (row.from_, row.until))
    last = int(np.searchsorted(at, end))
    return slice(min(int(np.searchsorted(at, begin)), max(last - 1, 0)), last)


def _outside(row: Reported, within: float, scenario: Scenario, measures: Measures) -> Floats:
    """Return the number of parties of the classes of the row in lots, or on the road beyond `within` (m)."""
    road = scenario.crossings[row.crossing].road
    nobody = np.zeros(len(measures.at))
    waiting = np.array([measures.series.get(Key(row.crossing, "queue", cls), nobody) for cls in scenario.streams])
    length = 1000 * measures.series[Key(row.crossing, "queue_length")]
    outside = beyond(scenario, road, (measures.at, waiting), length, within)
    parties: Floats = outside[[scenario.class_numbers[cls] for cls in row.classes]].sum(axis=0)
    return parties


def amount(value: float, unit: str) -> str:
    """Return a figure with its unit as text: '3,000', '48 h', '16 km'; very large and small ones with an exponent."""
    if not isfinite(value):
        return "-"
    if value and not LEAST <= abs(value) < MOST:
        digits = f"{value:.3g}"
    elif abs(value) >= 20 or (abs(value) >= 1 and unit not in ("h", "km")):
        digits = f"{value:,.0f}"
    else:
        digits = f"{value:.3g}"
    return f"{digits} {unit}" if unit in ("h", "km", "parties/h", "people/h") else digits


def in_suitable_unit(value: float, unit: str) -> tuple[float, str]:
    """Return a factor and a unit in which a value reads well: waits under an hour are in minutes or seconds."""
    if unit != "h" or not MILLISECOND <= abs(value) < 1:
        return 1.0, unit
    return (60.0, "min") if abs(value) >= 1 / 60 else (3600.0, "s")


def short_amount(value: float, unit: str) -> str:
    """Return a figure as `amount` does, a wait under an hour in minutes or seconds: '19 min'."""
    factor, shown = in_suitable_unit(value, unit)
    return amount(value, unit) if shown == unit else f"{factor * value:.3g} {shown}"


def counted(row: Reported) -> str:
    """Return what a figure counts: 'cars and trucks', 'people', 'people in cars'; '' for waits and lengths."""
    if row.kind.unit not in ("parties", "people"):
        return ""
    classes = set(row.classes)
    parties = "vehicles" if classes == set(VEHICLE_CLASSES) else row.words_for() or "parties"
    if row.kind.unit == "parties":
        return parties
    return f"people in {parties}" if classes <= set(VEHICLE_CLASSES) else "people"


def label(row: Reported, reported: float, near: str = "") -> str:
    """Return a reported figure as every table and picture names it: 'about 140 cars within 1 km of the border'.

    `near` replaces 'within 1 km of the border' where the distance is not known.
    """
    qualifier = "" if row.qualifier == "=" else row.qualifier
    return " ".join(part for part in (qualifier, count(row, reported), *_where(row, near)) if part)


def count(row: Reported, reported: float) -> str:
    """Return a reported figure in its shortest form: '3,000 cars', '1 car', '48 h', '62 cars an hour'."""
    unit = unit_of(row)
    digits, who = short_amount(reported, unit.removesuffix("/h")), counted(row)
    if digits == "1" and who:
        who = who.replace("people", "person") if who.startswith("people") else SINGLE.get(who, "party")
    return " ".join(part for part in (digits, who, "an hour" if unit.endswith("/h") else "") if part)


def _where(row: Reported, near: str) -> tuple[str, ...]:
    """Return the words after the number: what was counted, where and in which directions."""
    what = row.kind.words if row.within is None else near or f"within {_distance(row.within)} of the border"
    busiest = "at the busiest" if row.kind.flow and row.statistic == "max" else ""
    way = {"main": "by the main queue", "bypass": "by the bypass", "changed_mode": "without the vehicle"}
    whose = ("of one traveller" if row.individual else "", way.get(row.way or "", ""))
    return what, *whose, "in both directions" if row.directions == "both" else "", busiest


def _distance(metres: float) -> str:
    """Return a distance in words; one of more than three digits, as a fitted one, is rounded to two: 'about 12 km'."""
    number, unit = (metres, "m") if metres < 1000 else (metres / 1000, "km")
    short = f"{number:.3g}"
    return f"{short} {unit}" if isclose(float(short), number) else f"about {number:.2g} {unit}"


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
    """Return the values that reporters would have seen in a replication, one for every figure of the scenario, (J,).

    That is every reported row, and for every reported series the mean over its points in the run.
    """
    means = [_mean(observe_series(series, scenario, measures)) for series in scenario.reported_series]
    return np.array([*(observe(row, scenario, measures) for row in scenario.reported), *means], dtype=np.float64)


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else nan


class Observer:
    """Collects the observed values of replications, in order.

    The bands also carry the `discrepancy`, the model's own error (standard deviation of the logarithm). Raises SimError
    on creation where `observe` or `reported_value` would.
    """

    def __init__(self, scenario: Scenario, discrepancy: float = 0.0) -> None:
        self._discrepancy = discrepancy
        self._rows = scenario.figures
        for row in self._rows:
            _check_directions(row)
        self._reported = [reported_value(row) for row in self._rows]
        self._observed: list[Floats] = []

    def add(self, observed: Floats) -> None:
        """Add the `observed_values` of a replication."""
        self._observed.append(observed)

    def result(self, estimates: Estimates | None = None) -> tuple[Observation, ...]:
        """Return one observation for every reported row.

        `estimates` of the same replications tell which values the horizon cuts.
        """
        columns = np.array(self._observed).reshape(len(self._observed), len(self._rows)).T
        rows = zip(self._rows, self._reported, columns, strict=True)
        return tuple(
            _observation(row, reported, values, _is_cut(row, estimates), self._discrepancy)
            for row, reported, values in rows
        )


def _is_cut(row: Reported, estimates: Estimates | None) -> bool:
    """Return whether some parties that joined in the window of a figure of waits are still inside at the horizon."""
    if estimates is None or not row.kind.by_joining:
        return False
    censored = estimates.series.get(Key(row.crossing, f"{row.quantity}_censored", row.classes[0]))
    return censored is not None and bool((censored.mean[_window(row, estimates.clock, estimates.at)] > 0).any())


def _observation(row: Reported, reported: float, values: Floats, is_cut: bool, discrepancy: float) -> Observation:
    values = values[np.isfinite(values)]
    mean = float(values.mean()) if len(values) else nan
    if discrepancy:
        values = np.outer(values, np.exp(discrepancy * NORMALS)).ravel()
    p05, p95 = (float(q) for q in plain_quantiles(values)) if len(values) else (nan, nan)
    return observation_of(row, reported, (mean, p05, p95), is_cut)


def observation_of(
    row: Reported, reported: float, model: tuple[float, float, float], is_cut: bool = False
) -> Observation:
    """Return the observation of a row whose published number is `reported`, in `unit_of(row)`.

    `model` is the middle, the 5 % and the 95 % quantile of what `observe` returns, and
    `is_cut` tells whether the horizon cuts these.
    """
    mean, p05, p95 = model
    at_least = is_cut or (row.quantity == "quoted_wait" and mean >= LONGEST_QUOTE)
    return Observation(
        id=row.id,
        label=label(row, reported),
        crossing=row.crossing,
        quantity=row.quantity,
        unit=unit_of(row),
        qualifier=row.qualifier,
        reported=reported,
        mean=mean,
        p05=p05,
        p95=p95,
        ratio=mean / reported if reported else nan,
        verdict=_verdict(row, reported, model, at_least),
        at_least=at_least,
        status=row.status,
    )


def _verdict(row: Reported, reported: float, model: tuple[float, float, float], at_least: bool) -> Verdict:
    """Return the verdict on a figure. A length that reaches the `frame` of its reporter is a lower bound.

    Where the values of the model are lower bounds (`at_least`), any value above may be the true one.
    """
    mean, p05, p95 = model
    frame = inf if row.frame is None else row.frame / 1000
    if row.status == "rejected":
        return "rejected"
    if row.qualifier in UPPER_BOUNDS:
        met = mean <= reported
    elif row.qualifier in LOWER_BOUNDS or reported >= frame:
        met = mean >= min(reported, frame)
    else:
        met = p05 <= reported <= p95 or reported / CLOSE <= mean <= reported * CLOSE
    is_lower_bound = row.qualifier in LOWER_BOUNDS or reported >= frame
    if isnan(mean) or (at_least and mean <= reported * RIGHT_ORDER and not (met and is_lower_bound)):
        return "open"
    if met:
        return "met"
    return "within 1.5x" if reported / RIGHT_ORDER <= mean <= reported * RIGHT_ORDER else "off"


def observation_table(observations: tuple[Observation, ...]) -> dict[str, list[object]]:
    """Return the observations as columns, one per field of `Observation`."""
    return {field.name: [getattr(row, field.name) for row in observations] for field in fields(Observation)}
