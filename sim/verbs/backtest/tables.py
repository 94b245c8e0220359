"""The output of a backtest: sentences and tables for the terminal, columns for CSV, a document for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from sim.verbs.backtest.naive import TABLE
from sim.verbs.backtest.scores import ALL, LEADS, Score
from sim.verbs.backtest.study import Backtest, Tested
from sim.verbs.backtest.words import model_of, sentences, unit_of


def show(result: Backtest) -> None:
    """Print sentences and tables to standard output."""
    print_to(Console(highlight=False), result)


def print_to(console: Console, result: Backtest) -> None:
    """Print sentences and tables to a rich console."""
    for sentence in sentences(result):
        console.print(sentence, markup=False)
    for tested in result.tested:
        console.print()
        console.print(_table(tested))
        if any(score.lead != ALL for score in tested.scores):
            console.print()
            console.print(_by_lead(tested))


def _table(tested: Tested) -> Table:
    unit, scale = unit_of(tested)
    table = Table(title=f"{tested.series.id}: errors in {unit}", title_justify="left", box=None, pad_edge=False)
    table.add_column("forecast")
    for name in ("points", "mean", "RMSE", "bias", "corr.", "CRPS", "in 50 %", "in 90 %"):
        table.add_column(name, justify="right")
    for score in sorted((each for each in tested.scores if each.lead == ALL), key=_error):
        numbers = [_number(value * scale) for value in (score.error, score.rmse, score.bias)]
        shares = [f"{100 * share:.0f} %" if np.isfinite(share) else "-" for share in (score.inside_50, score.inside_90)]
        correlation = f"{score.correlation:.2f}" if np.isfinite(score.correlation) else "-"
        table.add_row(score.forecast, f"{score.number:,}", *numbers, correlation, _number(score.crps * scale), *shares)
    return table


def _by_lead(tested: Tested) -> Table:
    """Return the mean absolute error of each forecast by lead."""
    unit, scale = unit_of(tested)
    leads = [lead for lead in LEADS if any(score.lead == lead for score in tested.scores)]
    table = Table(title=f"mean error by lead, in {unit}", title_justify="left", box=None, pad_edge=False)
    table.add_column("forecast")
    for lead in leads:
        table.add_column(lead, justify="right")
    errors = {(score.forecast, score.lead): score.error for score in tested.scores}
    for score in sorted((each for each in tested.scores if each.lead == ALL), key=_error):
        cells = [_number(errors.get((score.forecast, lead), np.nan) * scale) for lead in leads]
        table.add_row(score.forecast, *cells)
    return table


def _error(score: Score) -> float:
    return score.error if np.isfinite(score.error) else np.inf


def _number(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "-"


def score_columns(result: Backtest) -> dict[str, Any]:
    """Return the scores as columns, in the unit of each series."""
    rows = [(tested.series.id, tested.series.kind.unit, score) for tested in result.tested for score in tested.scores]
    columns: dict[str, Any] = {"series": np.array([row[0] for row in rows]), "unit": np.array([row[1] for row in rows])}
    for name in Score._fields:
        columns[name] = np.array([getattr(score, name) for _, _, score in rows])
    return columns


def difference_columns(result: Backtest) -> dict[str, Any]:
    """Return by how much the model errs more than each other forecast, with 95 % limits, as columns."""
    rows = [(tested.series.id, each) for tested in result.tested for each in tested.differences]
    columns: dict[str, Any] = {"series": np.array([name for name, _ in rows], str)}
    for name in ("forecast", "against", "number", "days", "more", "low", "high"):
        columns[name] = np.array([getattr(each, name) for _, each in rows])
    return columns


def forecast_columns(tested: Tested) -> dict[str, Any]:
    """Return every forecast of a series with what came: origin, time, truth, and quantiles of each forecast."""
    parts = tested.parts
    origin = np.concatenate([np.full(len(part.at), part.origin) for part in parts])
    columns: dict[str, Any] = {
        "origin": (origin * 1000).astype("datetime64[ms]"),
        "at": (np.concatenate([part.at for part in parts]) * 1000).astype("datetime64[ms]"),
        "came": tested.scored.truth,
    }
    for name, sample in tested.scored.samples.items():
        for level in (0.05, 0.25, 0.5, 0.75, 0.95):
            columns[f"{name} {100 * level:g} %"] = np.quantile(sample, level, axis=1)
    return columns


def series_facts(tested: Tested) -> dict[str, Any]:
    """Return what a page needs to show the forecasts of a series."""
    unit, scale = unit_of(tested)
    names = {"model": model_of(tested), "plain": TABLE}
    return {"quantity": tested.series.quantity, "unit": unit, "scale": scale, **names}


def document(result: Backtest) -> dict[str, Any]:
    """Return everything as plain values, for JSON."""
    return {
        "sentences": list(sentences(result)),
        "fit": str(result.windows.fit),
        "score": str(result.windows.score),
        "series": [
            {
                "id": tested.series.id,
                "unit": tested.series.kind.unit,
                "scores": [score._asdict() for score in tested.scores],
                "differences": [each._asdict() for each in tested.differences],
            }
            for tested in result.tested
        ],
        "fitted": [{name: list(ends) for name, ends in each.items()} for each in result.fitted],
        "replaced": list(result.replaced),
    }
