"""Naive forecasts of reported figures, which a model must beat: what was reported last goes on, or everyday traffic."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isfinite, nan

from sim.measures.replication import Measures
from sim.measures.reports import observe, reported_value
from sim.scenario.model.reported import Reported
from sim.scenario.model.scenario import Clock, Scenario

LAST, EVERYDAY, HALF_WAY = "last value", "everyday", "half way"
NAMES = {
    LAST: "the last figure of the same kind goes on",
    EVERYDAY: "everyday traffic: the model before the rush",
    HALF_WAY: "half way between the two",
}
WEEK = timedelta(days=7)


def before_the_rush(clock: Clock) -> tuple[datetime, datetime] | None:
    """Return the first week of a run, or what of it lies before t0; None if the run begins with the rush."""
    end = min(clock.t0, clock.start + WEEK)
    return (clock.start, end) if end > clock.start else None


def everyday(row: Reported, scenario: Scenario, measures: Measures) -> float:
    """Return the value of a figure if traffic were as before the rush, in the unit of the row; NaN if there is none."""
    window = before_the_rush(scenario.clock)
    if window is None:
        return nan
    usual = row.model_copy(update={"from_": window[0], "until": window[1], "statistic": "mean"})
    value = observe(usual, scenario, measures)
    return value * _hours(row) if _is_sum(row) else value


def last_value(row: Reported, rows: tuple[Reported, ...]) -> float:
    """Return the last of `rows` about the same thing, as a value of `row`; NaN if none ends before its window begins.

    Figures that are rejected do not count. A flow goes on with its mean rate.
    """
    earlier = [other for other in rows if _is_same(row, other) and other.until <= row.from_]
    if not earlier:
        return nan
    last = max(earlier, key=lambda other: other.until)
    value = reported_value(last)
    if not row.kind.flow:
        return value
    an_hour = value * last.outbound / (_hours(last) if _is_sum(last) else 1.0)
    return an_hour * (_hours(row) if _is_sum(row) else 1.0) / row.outbound


def reason(name: str, value: float) -> str:
    """Return why a naive forecast does not exist; '' if it does."""
    if isfinite(value):
        return ""
    return {
        LAST: "no earlier figure of the same kind",
        EVERYDAY: "the run has no such value before the rush",
        HALF_WAY: "one of the two does not exist",
    }[name]


def _is_same(row: Reported, other: Reported) -> bool:
    alike = (row.crossing, row.quantity, row.within, row.way) == (
        other.crossing,
        other.quantity,
        other.within,
        other.way,
    )
    return alike and set(row.classes) == set(other.classes) and other.status != "rejected" and other is not row


def _is_sum(row: Reported) -> bool:
    return row.kind.flow and row.statistic == "sum"


def _hours(row: Reported) -> float:
    return (row.until - row.from_) / timedelta(hours=1)
