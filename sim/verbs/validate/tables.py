"""The tables of a validation: for the terminal, as columns for CSV files, and as a document for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import store
from sim.plotting.sheet import Sheet, print_sheets
from sim.verbs.validate.naive import NAMES
from sim.verbs.validate.pairs import Pair
from sim.verbs.validate.scores import Overall
from sim.verbs.validate.study import MODEL, ScoredRow, Validation
from sim.verbs.validate.words import (
    band,
    crps_words,
    dated,
    inside,
    notes,
    number,
    overall_cells,
    own_value,
    pair_words,
    percent,
    verdict,
)

if TYPE_CHECKING:
    from rich.console import Console

    from sim.store import Columns

SHOWN = 6
"""Pairs in the table; the file has all."""
STYLES = {"in 50 %": "green", "in 90 %": "green", "outside": "red"}


def show(validation: Validation) -> None:
    """Print the tables to standard output, 80 columns wide if that is not a terminal."""
    from rich.console import Console

    print_to(Console(highlight=False), validation)


def print_to(console: Console, validation: Validation) -> None:
    """Print the tables and the notes to a rich console."""
    console.print(f"Validation: {validation.loaded.central.scenario.title}", style="bold", markup=False)
    print_sheets(console, sheets(validation))
    console.print()
    for note in notes(validation):
        console.print(note, markup=False)


def sheets(validation: Validation) -> list[Sheet]:
    """Return the tables for the terminal: figures, and forecasts over all of them."""
    groups = [(False, "Figures that no fit has used")]
    groups += [(True, "Fitted figures (in sample: no test)")] if validation.everything else []
    tables = []
    for fitted, title in groups:
        rows = [row for row in validation.rows if row.target.fitted == fitted]
        if rows:
            tables += [_figures(rows, title), _forecasts(validation, fitted)]
    return tables + ([_pairs(validation.pairs[:SHOWN])] if validation.pairs else [])


def _pairs(pairs: Sequence[Pair]) -> Sheet:
    from rich.markup import escape

    columns = ("two figures", "correlation\nexpected", "tail")
    sheet = Sheet("Joint checks: the pairs that are farthest out", columns, [], (True, False, False))
    for pair in pairs:
        sheet.rows.append((escape(pair_words(pair)), number(pair.correlation), percent(pair.tail)))
    return sheet


def _figures(rows: list[ScoredRow], title: str) -> Sheet:
    from rich.markup import escape

    columns = ("reported", "model [5–95 %]", "expected", "verdict", "CRPS", "log\nscore")
    title = f"{title}: the model's own value, and 90 % of the reports expected"
    sheet = Sheet(title, columns, [], (True, *[False] * 5))
    for row in rows:
        score = row.scores[MODEL]
        seen = " (seen before)" if row.target.row.seen_before else ""
        sheet.rows.append(
            (
                escape(dated(row) + seen),
                escape(own_value(row)),
                band(score),
                f"[{STYLES[inside(score)]}]{verdict(row, score)}[/]",
                crps_words(row, score),
                number(score.log_score),
            )
        )
    return sheet


def _forecasts(validation: Validation, fitted: bool) -> Sheet:
    columns = (
        "forecast",
        "rows",
        "in the\n50 % band",
        "in the\n90 % band",
        "median\nerror",
        "median\nwidth",
        "log\nscore",
    )
    title = "Over these figures: coverage with its 95 % interval; error and width as factors"
    sheet = Sheet(title, columns, [], (True, False, True, True, False, False, False))
    sheet.rows.append((MODEL, *overall_cells(validation.overall(MODEL, fitted))))
    for name, words in NAMES.items():
        if validation.overall(name, fitted).rows:
            sheet.rows.append((words, *overall_cells(validation.overall(name, fitted))))
            if validation.overall(name, fitted).rows < validation.overall(MODEL, fitted).rows:
                sheet.rows.append(
                    ("  the model on the same rows", *overall_cells(validation.model_beside(name, fitted)))
                )
    return sheet


def csv_tables(validation: Validation) -> dict[str, Columns]:
    """Return the tables as columns by the name of their file; docs/validation.md says what each column means."""
    rows = [_record(row, name) for row in validation.rows for name in (MODEL, *NAMES)]
    return {
        "figures.csv": _columns([record for record in rows if record]),
        "forecasts.csv": _columns(_overall_records(validation)),
        **({"pairs.csv": _columns([_pair_record(pair) for pair in validation.pairs])} if validation.pairs else {}),
    }


def _pair_record(pair: Pair) -> dict[str, Any]:
    names = ("ratio_low", "ratio_median", "ratio_high")
    return {
        "first": pair.first.target.row.id,
        "second": pair.second.target.row.id,
        "correlation": pair.correlation,
        "tail": pair.tail,
        "reported_ratio": pair.reported_ratio,
        **dict(zip(names, pair.ratio, strict=True)),
        "ratio_tail": pair.ratio_tail,
    }


def observed_columns(validation: Validation) -> Columns:
    """Return the model's own values, one row for each replication and one column for each figure."""
    columns = {row.target.row.id: validation.observed[:, j] for j, row in enumerate(validation.rows)}
    return {"replication": np.arange(len(validation.observed)), **columns}


def document(validation: Validation) -> dict[str, Any]:
    """Return everything as one JSON document."""
    request = validation.request
    return {
        "calibration": validation.loaded.path.name,
        "scenario": validation.loaded.calibration.scenario,
        "seed": request.seed,
        "replications": request.replications,
        "posterior": validation.posterior is not None,
        "figures": [
            {
                "id": row.target.row.id,
                "status": row.status,
                "first": None if row.first is None else row.first._asdict(),
                "forecasts": {name: _record(row, name) for name in row.scores},
                "naive": dict(row.naive),
            }
            for row in validation.rows
        ],
        "overall": _overall_records(validation),
        "pairs": [_pair_record(pair) for pair in validation.pairs],
        "notes": list(notes(validation)),
    }


def _record(row: ScoredRow, forecast: str) -> dict[str, Any]:
    """Return the scores of a forecast of a figure as one flat record; empty if there is no such forecast."""
    if forecast not in row.scores:
        return {}
    score, first, reported = row.scores[forecast], row.first, row.target.row
    own = (row.mean, row.low, row.high) if forecast == MODEL else (row.naive[forecast], np.nan, np.nan)
    before = (first.mean, first.low, first.high) if first and forecast == MODEL else (np.nan,) * 3
    return {
        "id": reported.id,
        "forecast": forecast,
        "label": row.label,
        "status": row.status,
        "from": reported.from_.isoformat(timespec="minutes"),
        "until": reported.until.isoformat(timespec="minutes"),
        "unit": row.unit,
        "qualifier": reported.qualifier,
        "reported": row.target.reported,
        **dict(zip(("mean", "p05", "p95"), own, strict=True)),
        **{f"expected_{name}": getattr(score, name) for name in ("low", "lower", "median", "upper", "high")},
        "inside_50": "yes" if score.inside_50 else "no",
        "inside_90": "yes" if score.inside_90 else "no",
        "tail": score.tail,
        "crps": score.crps,
        "crps_scale": "absolute" if score.absolute else "logarithmic",
        "log_score": score.log_score,
        "error_factor": score.error_factor,
        "width_factor": score.width_factor,
        **dict(zip(("first_mean", "first_p05", "first_p95"), before, strict=True)),
    }


def _overall_records(validation: Validation) -> list[dict[str, Any]]:
    records = []
    for fitted in (False, True):
        for name in (MODEL, *NAMES):
            scores, beside = validation.overall(name, fitted), validation.model_beside(name, fitted)
            if scores.rows:
                records.append({"forecast": name, "figures": "fitted" if fitted else "not fitted", **_flat(scores)})
                records[-1]["log_score_of_the_model"] = beside.log_score
    return records


def _flat(scores: Overall) -> dict[str, Any]:
    shares = {
        f"{name}_{part}": getattr(getattr(scores, name), part)
        for name in ("inside_50", "inside_90")
        for part in ("hits", "low", "high")
    }
    factors = {name: getattr(scores, name) for name in ("error_factor", "width_factor", "log_score")}
    return {"rows": scores.rows, **shares, **factors}


def _columns(records: list[dict[str, Any]]) -> Columns:
    return store.rounded({name: np.array([record[name] for record in records]) for name in records[0]})
