"""The output of a backtest: sentences and tables for the terminal, columns for CSV, a document for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from sim.verbs.backtest.scores import ALL, Score
from sim.verbs.backtest.study import Backtest, Tested
from sim.verbs.backtest.words import sentences, size


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


def _table(tested: Tested) -> Table:
    table = Table(title=f"{tested.series.id}: errors of forecasts", box=None, pad_edge=False, header_style="bold")
    table.add_column("forecast", min_width=24)
    for name in ("leads", "points", "error", "RMSE", "bias", "correlation", "CRPS", "in 50 %", "in 90 %"):
        table.add_column(name, justify="left" if name == "leads" else "right")
    for score in sorted(tested.scores, key=lambda each: (each.lead != ALL,)):
        table.add_row(*_cells(tested, score))
    return table


def _cells(tested: Tested, score: Score) -> list[str]:
    numbers = [size(tested, value) for value in (score.error, score.rmse, score.bias)]
    shares = [f"{share:.0%}" if np.isfinite(share) else "-" for share in (score.inside_50, score.inside_90)]
    correlation = f"{score.correlation:.2f}" if np.isfinite(score.correlation) else "-"
    return [score.forecast, score.lead, f"{score.number:,}", *numbers, correlation, size(tested, score.crps), *shares]


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
