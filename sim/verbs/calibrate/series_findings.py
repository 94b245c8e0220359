"""What a fit says of each reported series: one line for all its points, and a band for the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from scipy.special import ndtri

from sim.arrays import Bools, Floats
from sim.measures.quantiles import rows_at
from sim.measures.reports import unit_of
from sim.measures.series_likelihood import SeriesTarget, learnt, point_sd
from sim.plotting.story import rounded, window
from sim.scenario.model.instants import local
from sim.units import MS_PER_H
from sim.verbs.calibrate.fit import Fit

LONG_H = 4.0
"""Mean wait from which a series is shown in hours."""
VECTORS = 400
"""Vectors of the posterior from which bands are made."""
LEVELS = (np.arange(19) + 1) / 20


@dataclass(frozen=True)
class SeriesFinding:
    """One reported series compared with the fit, in its `unit`.

    `points` are in the run and `fitted` of them in the fit; `left_out` lie outside the run. `reported` and `model` are
    means over the points that are no bounds, `coverage` is the share of these in the 90 % band of reports, and `crps`
    the mean continuous ranked probability score (Gneiting and Raftery 2007). `discrepancy` (standard deviation of the
    logarithm), `hours` (correlation time) and `witnesses` (independent points that would tell as much) are learnt.
    """

    id: str
    label: str
    unit: str
    points: int
    fitted: int
    left_out: int
    reported: float
    model: float
    coverage: float
    crps: float
    discrepancy: float
    hours: float
    witnesses: float


@dataclass(frozen=True)
class SeriesBand:
    """The points of a series, (n,) each: hours since t0, value, whether it is a bound, and what is expected."""

    hours: Floats
    value: Floats
    bound: Bools
    low: Floats
    median: Floats
    high: Floats


def findings_of_series(fit: Fit) -> list[tuple[SeriesFinding, SeriesBand]]:
    """Return the findings and the band of each reported series of a fit."""
    if fit.evidence is None:
        return []
    return [_finding(fit, target, at) for target, at in fit.evidence.blocks()]


def _finding(fit: Fit, target: SeriesTarget, at: slice) -> tuple[SeriesFinding, SeriesBand]:
    rows = rows_at(fit.posterior.weights, (np.arange(VECTORS) + 0.5) / VECTORS)
    logs = target.scaled(fit.posterior.observed[np.minimum(rows, len(fit.posterior.weights) - 1), at])
    middle = logs.mean(axis=0)
    taught = learnt(target, middle[None])
    sd = np.hypot(point_sd(target, middle[None]), logs.std(axis=0))
    expected = target.values(middle + np.multiply.outer(ndtri(LEVELS), sd)).clip(0.0)
    exact, row = (target.bound == 0) & target.structure.there, target.series.row
    off = target.value - expected
    crps = 2 * np.mean(np.where(off >= 0, LEVELS[:, None] * off, (LEVELS[:, None] - 1) * off), axis=0)
    inside = (target.value >= expected[0] - target.rounding / 2) & (target.value <= expected[-1] + target.rounding / 2)
    means = [float(values[exact].mean()) if exact.any() else np.nan for values in (target.value, expected[9], crps)]
    finding = SeriesFinding(
        id=target.series.id,
        label=f"{target.series.id.replace('_', ' ')}, {_days(fit, target)}",
        unit=unit_of(row),
        points=len(target),
        fitted=int(target.used.sum()),
        left_out=len(target.series.series) - len(target),
        reported=means[0],
        model=means[1],
        coverage=float(inside[exact].mean()) if exact.any() else np.nan,
        crps=means[2],
        discrepancy=taught.discrepancy,
        hours=taught.hours,
        witnesses=taught.witnesses if target.used.any() else 0.0,
    )
    low, median, high = expected[0], expected[9], expected[-1]
    return finding, SeriesBand(target.hours, target.value, target.bound != 0, low, median, high)


def _days(fit: Fit, target: SeriesTarget) -> str:
    """Return the first and last day of the points in the fit, or of all in the run if none is."""
    hours = target.hours[target.used] if target.used.any() else target.hours
    if not len(hours):
        return window(target.series.row)
    clock = fit.loaded.central.scenario.clock
    first, last = (local(clock, round(hour * MS_PER_H)).replace(tzinfo=None) for hour in (hours.min(), hours.max()))
    return window(target.series.row.model_copy(update={"from_": first, "until": last + timedelta(minutes=1)}))


def in_its_unit(finding: SeriesFinding) -> SeriesFinding:
    """Return the finding of waits below four hours in minutes, as they are read; any other as it is."""
    if finding.unit != "h" or not max(finding.reported, finding.model) < LONG_H:
        return finding
    values = {name: 60 * getattr(finding, name) for name in ("reported", "model", "crps")}
    return replace(finding, unit="min", **values)


def series_words(finding: SeriesFinding) -> str:
    """Return what the fit says of a series in a sentence or two."""
    finding = in_its_unit(finding)
    use = f"{finding.fitted:,} of {finding.points:,} points fitted" if finding.fitted else "not fitted"
    outside = f"; {finding.left_out:,} outside the run are left out" if finding.left_out else ""
    scores = (
        f"Mean reported {rounded(finding.reported)} {finding.unit}, expected {rounded(finding.model)}; "
        f"{100 * finding.coverage:.0f} % of the points lie in the 90 % band, CRPS {finding.crps:.2g} {finding.unit}."
    )
    weight = (
        f" The points depend on each other: they count as {finding.witnesses:.0f} independent ones (correlation time "
        f"{finding.hours:.2g} h; error of the model {finding.discrepancy:.2g} of the logarithm, learnt)."
    )
    return f"{finding.label}: {use}{outside}. {scores}{weight if finding.fitted else ''}"
