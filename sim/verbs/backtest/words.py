"""The sentences of a backtest, the verdict first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from sim import units
from sim.scenario.text.passports import PassportRow
from sim.verbs.backtest.boosting import BOOSTING
from sim.verbs.backtest.naive import TABLE
from sim.verbs.backtest.study import CORRECTED, KNOWN, MODEL, Backtest, Tested
from sim.verbs.backtest.windows import Window

MOST_NAMED = 3
"""Inputs that a sentence names."""
REPLACED = ("table", "log", "steps")


def size(tested: Tested, value: float) -> str:
    """Return a value of the series with its unit."""
    if not np.isfinite(value):
        return "-"
    unit, scale = unit_of(tested)
    return f"{value * scale:.3g} {unit}".replace("-", "−")


def unit_of(tested: Tested) -> tuple[str, float]:
    """Return the unit in which tables and pictures show a series, and by what its values are multiplied."""
    kind = tested.series.kind
    if kind.dimension == "time":
        return ("min", 60.0) if np.nanmax(tested.scored.truth) < 4 else ("h", 1.0)
    return ("%", 100.0) if kind.dimension == "share" else (kind.unit, 1.0)


def model_of(tested: Tested) -> str:
    """Return the name of the model's forecast that could have been made: with the inputs known then."""
    return KNOWN if KNOWN in tested.scored.samples else MODEL


def rivals(tested: Tested) -> list[str]:
    """Return the names of the other forecasts, best first."""
    most = max(score.number for score in tested.scores)
    names = [name for name in tested.scored.samples if not name.startswith(MODEL)]
    names = [name for name in names if tested.score_of(name).number >= 0.9 * most]
    return sorted(names, key=lambda name: _error(tested, name))


def _error(tested: Tested, name: str) -> float:
    error = tested.score_of(name).error
    return error if np.isfinite(error) else np.inf


def verdict(tested: Tested) -> str:
    """Return the first sentence: how the model compares with a table of averages, and what follows."""
    model = model_of(tested)
    against = {each.against: each for each in tested.differences if each.forecast == model}
    table = against.get(TABLE)
    what = "waits" if tested.series.kind.is_wait else "figures"
    if table is None:
        return f"{tested.series.id}: there is no table of averages to compare with."
    mine, theirs = tested.score_of(model).error, tested.score_of(TABLE).error
    errors = f"its mean absolute error is {size(tested, mine)}, that of the table {size(tested, theirs)}"
    if np.isnan(table.low):
        return f"{tested.series.id}: {errors}; too few days to say which is better."
    if table.low > 0:
        return (
            f"{tested.series.id}: worse than a table of averages by {size(tested, table.more)}; do not use it for "
            f"these {what} ({errors})."
        )
    if table.high < 0:
        best = next((each for name in rivals(tested) if (each := against.get(name)) and each.low > 0), None)
        but = f", but worse than “{best.against}” by {size(tested, best.more)}" if best else ""
        return f"{tested.series.id}: better than a table of averages by {size(tested, -table.more)}{but} ({errors})."
    apart = f"{_signed(tested, table.low)} to {_signed(tested, table.high)}"
    days = units.counted(table.days, "day")
    return (
        f"{tested.series.id}: no better and no worse than a table of averages, as far as {days} can tell: "
        f"use the table, it is simpler ({errors}; 95 % interval of the difference {apart})."
    )


def _signed(tested: Tested, value: float) -> str:
    return f"{'+' if value > 0 else ''}{size(tested, value)}"


def sentences(result: Backtest) -> Iterator[str]:
    """Yield everything worth saying, the verdicts first."""
    for tested in result.tested:
        yield verdict(tested)
        yield from _corrected(tested)
    for tested in result.tested:
        yield from _more(tested)
    windows = result.windows
    yield f"Fitted to {windows.fit}, scored on {windows.score}{_rolled(result)}."
    if result.replaced:
        yield (
            f"Known then: {', '.join(result.replaced)} by their usual values before the origin. The other row has them "
            "as they came, which nobody could have known."
        )
    later = learnt_later(result.loaded.central.passports, windows.score)
    if later:
        names = ", ".join(row.path for row in later[:MOST_NAMED]) + (", …" if len(later) > MOST_NAMED else "")
        yield (
            f"Not known then: {names} {'comes' if len(later) == 1 else 'come'} from data up to "
            f"{max(_days_in(row)[-1] for row in later)}, so partly from the scored days or later. The score may "
            "flatter the model; to be strict, import them from earlier rows only."
        )
    elif not result.replaced:
        yield "The inputs are those of the scenario; no source in it is dated later than the fitted days."
    for name, (low, middle, high) in result.fitted[0].items():
        unit = result.loaded.units.get(name, "")
        yield f"Learnt in the first window: {name} {middle:.4g} {unit} ({low:.4g} to {high:.4g}).".replace("  ", " ")


def learnt_later(passports: Iterable[PassportRow], score: Window) -> list[PassportRow]:
    """Return the passports of inputs whose dates reach into the scored window, or beyond it.

    Tables, logs and steps are left out: what they say of later is replaced by what was usual before.
    """
    inputs = [row for row in passports if row.path.split(".")[-1] not in REPLACED and row.path.startswith("crossings")]
    return [row for row in inputs if any(day >= f"{score.begin:%Y-%m-%d}" for day in _days_in(row))]


def _days_in(row: PassportRow) -> list[str]:
    return sorted(re.findall(r"\d{4}-\d\d-\d\d", row.date or ""))


def _rolled(result: Backtest) -> str:
    number = len(result.windows.origins())
    return f", from {number} origins, each fitted anew" if number > 1 else ""


def _corrected(tested: Tested) -> Iterator[str]:
    """Say what a correction by the errors of the fitted window makes of the model."""
    name = model_of(tested) + CORRECTED
    table = next((each for each in tested.differences if (each.forecast, each.against) == (name, TABLE)), None)
    if table is None:
        return
    found = [part.corrections[name] for part in tested.parts]
    model, usual = (float(np.median(values)) for values in ([c.model for c in found], [c.table for c in found]))
    error = f"{tested.series.id}: corrected by its errors in the first window, it errs by"
    words = f"{size(tested, tested.score_of(name).error)}, which is"
    if not (table.low > 0 or table.high < 0):
        words += " no better and no worse than the table of averages"
    else:
        words += f" {size(tested, abs(table.more))} {'more' if table.low > 0 else 'less'} than the table of averages"
    nothing = "; the model adds nothing to it" if model < 0.05 else ""
    yield f"{error} {words} (exponents: model {model:.2g}, table {usual:.2g}{nothing})."


def _more(tested: Tested) -> Iterator[str]:
    model = tested.score_of(model_of(tested))
    wide, narrow = (f"{100 * share:.0f} %" for share in (model.inside_90, model.inside_50))
    inside = f"{wide} of what came lies in its 90 % bands, {narrow} in its 50 % bands"
    note = ""
    if model.inside_90 < 0.8:
        note = ": the bands are too narrow"
    elif model.inside_90 > 0.97:
        note = ": the bands are too wide"
    yield f"{tested.series.id}: {inside}{note}."
    if BOOSTING not in tested.scored.samples and all(BOOSTING in part.samples for part in tested.parts):
        yield f"{tested.series.id}: the {BOOSTING} learnt nothing (it says the same at all times), so it is left out."
    best = next(iter(rivals(tested)), None)
    if best is not None and best not in (TABLE, BOOSTING) and _error(tested, best) < tested.score_of(TABLE).error:
        yield f"{tested.series.id}: of the naive forecasts, “{best}” errs least, {size(tested, _error(tested, best))}."
