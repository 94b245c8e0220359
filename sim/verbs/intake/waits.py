"""Imports waits or queue lengths over time: a calibration file with the series, and a scenario that is fitted to it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.model.reported import FIGURE_KINDS, ReportedQuantity
from sim.scenario.text.yaml_text import one_line
from sim.suggest import did_you_mean
from sim.table.columns import Role
from sim.table.doubtful import FACTOR, error_codes, lonely_values
from sim.table.numbers import SECONDS, unit_in, words_of
from sim.table.points import MOST_POINTS
from sim.table.reader import Reader
from sim.table.times import local_seconds, text_of
from sim.verbs.intake.arrivals import BEGIN
from sim.verbs.intake.blended import kinds_of_figures
from sim.verbs.intake.finding import Finding, date_of, dated, figures, one_row_a_time, period_of, time_text
from sim.verbs.intake.laws import observe
from sim.verbs.intake.request import Target, Wanted

WAIT = Role(
    ("wait", "waits", "delay", "waiting", "sojourn", "mean", "median"), ("open", "id", "queue", "max"), alone=True
)
QUEUE = Role(
    ("queue", "waiting", "vehicles", "trucks", "cars", "people", "parties"), ("open", "id", "per", "min", "hour")
)
WAITS = tuple(name for name, kind in FIGURE_KINDS.items() if kind.is_wait)
OTHERS: tuple[ReportedQuantity, ...] = ("queue", "queue_people")
LONGEST_DAYS = 14
"""Days of a series to which a fit is proposed: the last ones."""
SHOWN = 5
"""Values that stand alone of which the lines are told."""
PARAMETER = "service_factor"
STEPS = (60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0)
"""Steps (s) over which a series with too many rows is averaged."""
STATISTICS: dict[str, ReportedQuantity] = {
    **dict.fromkeys(("mean", "average", "avg"), "wait"),
    "median": "wait_median",
    **dict.fromkeys(("p90", "q90"), "wait_p90"),
    **dict.fromkeys(("p95", "q95"), "wait_p95"),
}
"""What a wait is by a word of its heading; without one it is what a display said."""
BASE_LEVEL, LEAST_BASE, MOST_BASE = 0.1, 0.25, 900.0
"""The share of the waits below the base, the least share of the mean that it is written from, and the most s: above,
the queue may never be empty."""


def read_waits(reader: Reader, target: Target, wanted: Wanted) -> Finding:
    """Return a series of waits or queue lengths as a calibration file and a scenario to fit, beside the scenario."""
    at = reader.instants("time", BEGIN)
    dated(reader)
    assert at is not None
    quantity, values = _values(reader, wanted)
    cls = _cls(target, wanted)
    is_wait = FIGURE_KINDS[quantity].is_wait
    unit = SECONDS.get(reader.unit or reader.guessed_unit or unit_in(_heading(reader)) or "", 1.0) if is_wait else 1.0
    coded = error_codes(values, unit)
    for row in np.flatnonzero(coded):
        reader.reject(int(row), f"{values[row] / unit:g} stands for no reading: repeated, and far above all others")
    good = np.isfinite(at) & np.isfinite(values) & (values >= 0) & ~coded
    for row in np.flatnonzero(values < 0):
        reader.reject(int(row), f"a value below 0: {values[row]:g}")
    if good.sum() < 2:
        raise SimError(f"{reader.table.path}: has {int(good.sum())} rows with a time and a value; a series needs two")
    one_row_a_time(reader, at, good)
    _tell_alone(reader, at, np.where(good, values, np.nan), (is_wait, unit))
    period, days = period_of(reader, at[good])
    finding = Finding(f"Waits in {reader.table.path.name}", days=days)
    shown = [time_text(float(value)) if is_wait else f"{figures(float(value)):g}" for value in (
        values[good].mean(), np.quantile(values[good], 0.95), values[good].max())]  # fmt: skip
    words = "The wait" if is_wait else "The queue"
    finding.sentences.append(
        f"{words}: {shown[0]} on average, above {shown[1]} in 5 % of the {int(good.sum()):,} rows, at most {shown[2]}; "
        f"{period}."
    )
    finding.facts = {
        "quantity": quantity,
        "rows": int(good.sum()),
        "mean": float(values[good].mean()),
        "p95": float(np.quantile(values[good], 0.95)),
    }
    base = _base(finding, values[good]) if quantity in STATISTICS.values() else 0.0
    local = local_seconds(at[good], reader.zone)
    finding.sentences += kinds_of_figures(local, values[good], is_wait)
    finding.drawers["series"] = partial(_draw, local, values[good], is_wait, reader.zone)
    thinned: dict[str, Any] = {}
    if good.sum() > MOST_POINTS:
        thinned = _averaged(finding, reader, target, at[good], values[good], is_wait)
    elif wanted.since is not None or wanted.until is not None or np.any(coded | (values < 0)):
        thinned = _of_rows(finding, reader, target, at[good], values[good], is_wait)
    _texts(finding, reader, (target, wanted), (cls, quantity, values[good], base), thinned)
    return finding


def _heading(reader: Reader) -> str:
    return next(each.column for each in reader.understood if each.role in ("wait", "queue"))


def _tell_alone(reader: Reader, at: Floats, values: Floats, form: tuple[bool, float]) -> None:
    """Note values that no other just before or after is near: most are errors of a digit.

    `form` says whether they are waits, and how many s the unit of the file has.
    """
    is_wait, unit = form
    rows = np.flatnonzero(np.isfinite(values) & np.isfinite(at))
    rows = rows[np.argsort(at[rows], kind="stable")]
    alone = rows[lonely_values(values[rows] / unit)]
    if len(alone):
        what = [
            f"line {reader.table.lines[n]} ({time_text(values[n]) if is_wait else f'{values[n]:g}'})" for n in alone
        ]
        more = f" and {len(what) - SHOWN} more" if len(what) > SHOWN else ""
        reader.notes.append(
            f"values that stand alone, a factor of {FACTOR:g} or more from those near them: "
            f"{', '.join(what[:SHOWN])}{more}; they are in the series, so take them out of the file if they are errors"
        )


def _averaged(
    finding: Finding, reader: Reader, target: Target, at: Floats, values: Floats, is_wait: bool
) -> dict[str, Any]:
    """Add a table of means over longer steps, of as many rows as a series may have, and return the keys that differ."""
    bins = {step: np.floor(at / step) for step in STEPS}
    step = next((step for step in STEPS if len(np.unique(bins[step])) <= MOST_POINTS), None)
    if step is None:
        raise SimError(
            f"{reader.table.path}: spans more than {MOST_POINTS:,} days; take a part of the rows with --where"
        )
    begins, place, rows = np.unique(bins[step], return_inverse=True, return_counts=True)
    means = np.bincount(place, values) / rows / (60.0 if is_wait else 1.0)
    name = f"{target.path.stem}_{reader.table.path.name.split('.')[0]}_means.csv"
    heading = "wait_min" if is_wait else "queue"
    finding.files[name] = {
        "from": [text_of(begin * step, "UTC") + "Z" for begin in begins],
        "until": [text_of((begin + 1) * step, "UTC") + "Z" for begin in begins],
        heading: np.array([figures(mean, 5) for mean in means]),
    }
    finding.sentences.append(
        f"A series has at most {MOST_POINTS:,} points, so the {len(at):,} rows are averaged over {time_text(step)} "
        f"each: {len(begins):,} points in {name}."
    )
    return {"series": name, "column": heading, "unit": "min" if is_wait else None, "timezone": None, "only": None,
            "rounding": None}  # fmt: skip


def _of_rows(
    finding: Finding, reader: Reader, target: Target, at: Floats, values: Floats, is_wait: bool
) -> dict[str, Any]:
    """Add a table of the rows that are taken, and return the keys that differ."""
    name = f"{target.path.stem}_{reader.table.path.name.split('.')[0]}_rows.csv"
    heading = "wait_min" if is_wait else "queue"
    shown = values / (60.0 if is_wait else 1.0)
    finding.files[name] = {
        "at": [text_of(moment, "UTC") + "Z" for moment in at],
        heading: np.array([figures(value, 6) for value in shown]),
    }
    return {"series": name, "column": heading, "unit": "min" if is_wait else None, "timezone": None, "only": None}


def _values(reader: Reader, wanted: Wanted) -> tuple[ReportedQuantity, Floats]:
    """Return the quantity and its values: s for waits, numbers for queues."""
    known = (*WAITS, *OTHERS)
    quantity = next((name for name in known if name == wanted.quantity), None)
    if wanted.quantity is not None and quantity is None:
        near = did_you_mean(wanted.quantity, known) or f"; expected one of {', '.join(known)}"
        raise SimError(f"--quantity: there is no such series, {wanted.quantity!r}{near}")
    if quantity in WAITS or quantity is None:
        waits = reader.durations("wait", WAIT, needed=quantity is not None and "queue" not in reader.given)
        if waits is not None and "queue" not in reader.given:
            return quantity or _by_heading(reader), waits
    queue = reader.numbers("queue", QUEUE)
    assert queue is not None
    return quantity or "queue", queue


def _by_heading(reader: Reader) -> ReportedQuantity:
    """Return what kind of wait a column has, by its heading, and say so."""
    heading = next(each.column for each in reader.understood if each.role == "wait")
    found = next((STATISTICS[word] for word in words_of(heading) if word in STATISTICS), None)
    if found is not None:
        reader.notes.append(
            f"{heading}: taken as {found!r}, of those who join between one row and the next (if a display said it "
            "then: --quantity quoted_wait)"
        )
    return found or "quoted_wait"


def _base(finding: Finding, values: Floats) -> float:
    """Return the time in all waits that is no queue (s), 0 if there is none; queues are empty at times."""
    base = base_of(values)
    if not base:
        return 0.0
    finding.sentences.append(
        f"Nine of ten waits are {time_text(base)} or more, even in quiet hours; so much is taken as no queue but a "
        "walk or a form (`base`, which is added to the waits of the model)."
    )
    finding.facts["base_s"] = base
    return base


def base_of(values: Floats) -> float:
    """Return the time in all waits that is no queue (s), 0 if there is none."""
    if not len(values):
        return 0.0
    base = float(np.quantile(values, BASE_LEVEL))
    return base if LEAST_BASE * values.mean() <= base <= MOST_BASE else 0.0


def _cls(target: Target, wanted: Wanted) -> str:
    assert target.scenario is not None
    demand = list(target.scenario.crossings[target.crossing].demand)
    if wanted.cls is not None:
        if wanted.cls not in target.classes:
            near = did_you_mean(wanted.cls, target.classes) or f"; its classes are {', '.join(target.classes)}"
            raise SimError(f"{target.path}: there is no class {wanted.cls!r}{near}")
        return wanted.cls
    return demand[0] if demand else target.classes[0]


def _texts(
    finding: Finding,
    reader: Reader,
    goal: tuple[Target, Wanted],
    series: tuple[str, ReportedQuantity, Floats, float],
    thinned: dict[str, Any],
) -> None:
    """Add the calibration file, the scenario to fit, and if needed a copy of the data.

    `thinned` are the keys of the series where means of the data stand for them; None leaves a key out.
    """
    target, wanted = goal
    cls, quantity, values, base = series
    stem, table = target.path.stem, reader.table
    data = _beside(table.path, target.path.parent)
    if data is None and not thinned:
        data = f"{stem}_{table.path.name}"
        finding.copies[data] = table.path
    heading = _heading(reader)
    step = observe(values).step
    is_wait = FIGURE_KINDS[quantity].is_wait
    rounding = time_text(step) if is_wait and step > 1 else f"{step:g}" if not is_wait and step > 1 else None
    row: dict[str, Any] = {
        "id": "waits" if is_wait else "queue",
        "series": data,
        "column": heading,
        **({"only": dict(wanted.where)} if wanted.where else {}),
        **({"unit": unit} if (unit := reader.unit or reader.guessed_unit) and is_wait else {}),
        **({"timezone": reader.zone} if reader.zone != target.zone or reader.ordered else {}),
        "crossing": target.crossing,
        "quantity": quantity,
        "classes": [cls] if FIGURE_KINDS[quantity].scopes != "classes" else list(_present(target)),
        **({"rounding": rounding} if rounding else {}),
        **({"base": time_text(base)} if base else {}),
        "trust": "official_count",
        "who": "the port",
        "source": table.path.name,
        "date": date_of(finding.days[1]),
        "reading": f"{len(values):,} rows; sha256 {table.digest[:12]}",
    }
    row = {key: value for key, value in {**row, **thinned}.items() if value is not None}
    fit, calibration = f"{stem}_fit.yaml", f"{stem}_figures.yaml"
    finding.texts[calibration] = _calibration(fit, row)
    finding.texts[fit] = _fit(finding, target, calibration)
    finding.sentences.append(
        f"Next: `sim calibrate {target.path.parent / calibration} --update` fits the service times to this series; "
        f"`sim backtest {target.path.parent / calibration} --fit ... --score ...` says how good forecasts are."
    )


def _present(target: Target) -> list[str]:
    assert target.scenario is not None
    return list(target.scenario.crossings[target.crossing].demand) or list(target.classes)


def _beside(path: Path, folder: Path) -> str | None:
    """Return the path of a file relative to a folder that has it, None if it lies elsewhere."""
    path, folder = path.resolve(), folder.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


def _calibration(fit: str, row: dict[str, Any]) -> str:
    lines = [f"    {key}: {one_line(value)}" for key, value in row.items() if key != "id"]
    return f"""\
# Made by `sim import waits`: the series, and what is fitted to it.
scenario: {fit}
description: A factor on the service times, fitted to a series.
limits: Only the service times are fitted; arrivals and booths are taken as they are.

observation:
  spread:
    official_count: {{value: 0.05, source: assumption, reason: errors of the figures themselves}}
  discrepancy: {{value: 0.2, source: assumption, reason: how far the model may be off}}

parameters:
  {PARAMETER}:
    label: factor on the service times
    prior: {{family: lognormal, median: 1, spread: 0.3}}
    reason: service times may be longer or shorter by a third

reported:
  - id: {row["id"]}
{chr(10).join(lines)}
"""


def _fit(finding: Finding, target: Target, calibration: str) -> str:
    """Return the scenario that is fitted: the days of the series, with a factor on the service times."""
    assert target.scenario is not None
    first, last = finding.days
    first = max(first, last + 1 - LONGEST_DAYS)
    stations = target.scenario.crossings[target.crossing].stations
    scaled = {}
    for name in stations:
        times = target.written(("crossings", target.crossing, "stations", name, "service_time"))
        if times is not None and (new := scaled_times(times)) is not None:
            scaled[name] = new
    if not scaled:
        raise SimError(f"{target.path}: no station has a mean service time in this file that could be fitted")
    start = np.datetime64(first, "D").astype(object) - timedelta(days=1)
    rows = "\n".join(f"      {name}: {{service_time: {one_line(times)}}}" for name, times in scaled.items())
    return f"""\
# Made by `sim import waits`: {target.path.name} on the days of the series, with service times that are fitted to it.
extends: {one_line(target.path.name)}
calibrated: {target.path.stem}_fitted.yaml
name: {target.path.stem}_fit
title: {one_line(target.scenario.title + ", fitted")}
reported: {calibration}
clock: {{start: {start}, horizon: {date_of(last + 1)}, warm_up: 1 d}}
crossings:
  {target.crossing}:
    stations:
{rows}
"""


def scaled_times(tree: Any) -> Any:
    """Return a service time with a fitted factor on every mean; None if it has none."""
    if isinstance(tree, dict) and "value" in tree:
        tree = tree["value"]
    if isinstance(tree, str | int | float):
        return {"mean": {"calibrated": PARAMETER, "times": tree}, "family": "deterministic"} if tree else None
    if not isinstance(tree, dict) or "values" in tree:
        return None
    if "mean" in tree:
        mean = tree["mean"].get("value") if isinstance(tree["mean"], dict) else tree["mean"]
        plain = {key: part.get("value", part) if isinstance(part, dict) else part for key, part in tree.items()}
        return {**plain, "mean": {"calibrated": PARAMETER, "times": mean}}
    parts = {key: scaled_times(part) for key, part in tree.items()}
    kept = {key: part if part is not None else tree[key] for key, part in parts.items()}
    return kept if any(part is not None for part in parts.values()) else None


def _draw(local: Floats, values: Floats, is_wait: bool, zone: str) -> Any:
    from sim.verbs.intake.pictures import draw_series

    return draw_series(local, values, is_wait, zone)
