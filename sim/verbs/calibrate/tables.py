"""The tables of a calibration: for the terminal, as columns for CSV files, and as a document for JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import store
from sim.measures.reports import unit_of
from sim.plotting.rail import words
from sim.plotting.sheet import Sheet, print_sheets
from sim.plotting.story import rounded, window
from sim.verbs.calibrate.findings import TENSION, FigureFinding, Findings, ParameterFinding, is_logarithmic
from sim.verbs.calibrate.fit import Block, Fit, HeldOut, Range
from sim.verbs.calibrate.series_findings import findings_of_series, in_its_unit
from sim.verbs.calibrate.words import (
    caveats,
    combination_words,
    ends,
    gate_words,
    interval,
    modelled,
    percent,
    tape_words,
    verdict_words,
)

if TYPE_CHECKING:
    from sim.store import Columns

IDENTIFICATION_STYLES = {"identified": "green", "somewhat identified": "yellow", "not identified": "dim"}
VERDICT_STYLES = {
    "met": "green",
    "within 1.5x": "yellow",
    "off": "red",
    "open": "yellow",
    "rejected": "dim",
}


def show(findings: Findings) -> None:
    """Print the tables of a calibration to standard output."""
    paragraphs = (tape_words(findings), combination_words(findings), *caveats(findings), gate_words(findings))
    show_sheets(sheets(findings), paragraphs)


def show_sheets(tables: Sequence[Sheet], paragraphs: Iterable[str]) -> None:
    """Print tables and paragraphs to standard output; 80 columns wide where that is not a terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    print_sheets(console, tables)
    for paragraph in paragraphs:
        if paragraph:
            console.print("", paragraph, sep="\n", markup=False)


def sheets(findings: Findings) -> list[Sheet]:
    """Return the tables for the terminal: parameters, figures and, if there are any, held-out figures."""
    held_out = [_held_out(findings)] if findings.held_out else []
    blocks = [_blocks(findings)] if findings.blocks else []
    figures = [_figures(findings.figures)] if findings.figures else []
    series = [_series(findings.fit)] if findings.fit.evidence and findings.fit.evidence.series else []
    return [_parameters(findings.parameters), *figures, *series, *held_out, *blocks]


def _parameters(parameters: Sequence[ParameterFinding]) -> Sheet:
    from rich.markup import escape

    title = "Parameters: prior and posterior median [90 %]; narrowed: share of the prior variance removed"
    columns = ("parameter", "prior", "posterior", "narrowed", "result")
    sheet = Sheet(title, columns, [], (True, False, False, False, True))
    for finding in parameters:
        spans = (escape(interval(span, finding.unit)) for span in (finding.prior, finding.posterior))
        related = "".join(f"; correlated with {words(name)}" for name, _ in finding.correlated)
        result = f"[{IDENTIFICATION_STYLES[finding.identification]}]{finding.identification}[/]{related}"
        sheet.rows.append((words(finding.name), *spans, percent(max(finding.contraction, 0.0)), result))
    return sheet


def _figures(figures: Sequence[FigureFinding]) -> Sheet:
    from rich.markup import escape

    title = "Figures: the fitted model [90 %], and the reports expected from it (90 %)"
    sheet = Sheet(title, ("reported", "model", "expected", "verdict, tail"), [], (True, False, False, True))
    for finding in figures:
        row = finding.target.row
        report = f"{window(row)}: {finding.label}{'' if finding.target.fitted else ' (not fitted)'}"
        model, reports = modelled(finding.model, finding.unit), ends(finding.reports)[1:-1]
        verdict = f"[{VERDICT_STYLES[finding.verdict]}]{verdict_words(finding)}[/], {percent(finding.tail)}"
        sheet.rows.append((escape(report), escape(model), reports, verdict))
    return sheet


def _series(fit: Fit) -> Sheet:
    from rich.markup import escape

    title = "Series: means, points in the 90 % band, and how many independent points they count as"
    columns = ("reported", "points", "mean", "model", "in band", "CRPS", "count as")
    sheet = Sheet(title, columns, [], (True, False, False, False, False, False, False))
    for finding in (in_its_unit(finding) for finding, _ in findings_of_series(fit)):
        means = (f"{rounded(value)} {finding.unit}" for value in (finding.reported, finding.model))
        score = percent(finding.coverage), f"{finding.crps:.2g} {finding.unit}", f"{finding.witnesses:.0f}"
        sheet.rows.append((escape(finding.label), f"{finding.points:,}", *means, *score))
    return sheet


def _held_out(findings: Findings) -> Sheet:
    from rich.markup import escape

    title = "Held-out figures: the reports expected from the other figures [90 %]"
    sheet = Sheet(title, ("reported", "predicted", "tail", "ESS", "how"), [], (True, False, False, False, True))
    for prediction in findings.held_out:
        row = prediction.target.row
        report = f"{window(row)}: {findings.label(prediction.target)}"
        predicted = modelled(prediction.reports, unit_of(row))
        ess = f"{prediction.ess:,.0f}"
        sheet.rows.append((escape(report), escape(predicted), percent(prediction.tail), ess, prediction.how))
    return sheet


def _blocks(findings: Findings) -> Sheet:
    title = "Blocks: figures held out together; log score: log probability given the other figures"
    sheet = Sheet(title, ("held out", "inside", "log score", "ESS"), [], (True, False, False, True))
    for block in findings.blocks:
        inside = sum(prediction.tail >= TENSION for prediction in block.predictions)
        ess = f"{block.ess:,.0f}{'' if block.reliable else ', unreliable'}"
        sheet.rows.append((block.name, f"{inside} of {len(block.predictions)}", f"{block.log_score:.2f}", ess))
    return sheet


def csv_tables(findings: Findings) -> dict[str, Columns]:
    """Return the tables as columns by the name of their file; docs/calibration.md says what each column means."""
    records = {
        "parameters.csv": [_parameter_record(findings, finding) for finding in findings.parameters],
        "figures.csv": [_figure_record(finding) for finding in findings.figures],
        "series.csv": [asdict(finding) for finding, _ in findings_of_series(findings.fit)],
        "correlations.csv": _correlation_records(findings),
        "held_out.csv": [_held_out_record(prediction) for prediction in findings.held_out],
        "blocks.csv": [_block_record(block, row) for block in findings.blocks for row in block.predictions],
        "error_models.csv": [asdict(score) for score in findings.error_models],
    }
    return {name: _columns(rows) for name, rows in records.items() if rows}


def document(findings: Findings) -> dict[str, Any]:
    """Return all findings as one JSON document; None where a value is not finite."""
    fit, gate = findings.fit, findings.fit.gate
    fields = ("ess", "largest_weight", "disagreement", "evaluations", "rounds", "passed")
    return {
        "calibration": fit.loaded.path.name,
        "scenario": fit.loaded.calibration.scenario,
        "method": fit.method,
        "seed": fit.seed,
        "replications": fit.replications,
        "gate": _finite({name: getattr(gate, name) for name in fields}) | {"reasons": list(gate.reasons)},
        "combinations_identified": findings.combinations,
        "note": tape_words(findings),
        "limits": caveats(findings),
        "parameters": [_finite(_parameter_record(findings, finding)) for finding in findings.parameters],
        "figures": [_finite(_figure_record(finding)) for finding in findings.figures],
        "series": [_finite(asdict(finding)) for finding, _ in findings_of_series(findings.fit)],
        "correlations": [_finite(record) for record in _correlation_records(findings)],
        "held_out": [_finite(_held_out_record(prediction)) for prediction in findings.held_out],
        "blocks": [_finite(_block_record(block, row)) for block in findings.blocks for row in block.predictions],
        "error_models": [_finite(asdict(score)) for score in findings.error_models],
    }


def _parameter_record(findings: Findings, finding: ParameterFinding) -> dict[str, Any]:
    parameter = findings.fit.loaded.calibration.parameters[finding.name]
    return {
        "parameter": finding.name,
        "label": finding.label,
        "unit": finding.unit,
        "scale": "logarithmic" if is_logarithmic(parameter) else "linear",
        **_named("prior", finding.prior),
        **_named("posterior", finding.posterior),
        "point": finding.point,
        "contraction": finding.contraction,
        "shift": finding.shift,
        "starts_apart": finding.start_distance,
        "found": finding.identification,
        "tied_to": " ".join(name for name, _ in finding.correlated),
    }


def _figure_record(finding: FigureFinding) -> dict[str, Any]:
    target, row = finding.target, finding.target.row
    return {
        "id": row.id,
        "label": finding.label,
        "crossing": row.crossing,
        "quantity": row.quantity,
        "unit": finding.unit,
        "qualifier": row.qualifier,
        "reported": target.reported,
        "rounded_from": target.low,
        "rounded_to": target.high,
        "trust": row.trust,
        "weight": float(target.weight),
        "fitted": "yes" if target.fitted else "no",
        **_named("model", finding.model),
        **_named("said", finding.reports),
        **_named("before", finding.reports_before),
        "tail": finding.tail,
        "in_tension": "yes" if finding.in_tension else "no",
        "verdict": finding.verdict,
    }


def _correlation_records(findings: Findings) -> list[dict[str, Any]]:
    names = [finding.name for finding in findings.parameters]
    pairs = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names))]
    return [
        {"parameter": names[a], "other": names[b], "correlation": float(findings.correlations[a, b])} for a, b in pairs
    ]


def _held_out_record(prediction: HeldOut) -> dict[str, Any]:
    row = prediction.target.row
    return {
        "id": row.id,
        "unit": unit_of(row),
        "qualifier": row.qualifier,
        "reported": prediction.target.reported,
        **_named("said", prediction.reports),
        "tail": prediction.tail,
        "inside": "yes" if prediction.tail >= TENSION else "no",
        "effective_sample": prediction.ess,
        "how": prediction.how,
    }


def _block_record(block: Block, prediction: HeldOut) -> dict[str, Any]:
    record = _held_out_record(prediction)
    del record["how"]
    reliable = "yes" if block.reliable else "no"
    return {"block": block.name, **record, "block_log_score": block.log_score, "reliable": reliable}


def _named(prefix: str, span: Range) -> dict[str, float]:
    return {f"{prefix}_{end}": float(value) for end, value in span._asdict().items()}


def _columns(records: Sequence[dict[str, Any]]) -> Columns:
    columns = {name: np.array([record[name] for record in records]) for name in records[0]}
    return store.rounded(columns)


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record for JSON: None for numbers that are not finite, plain numbers for numpy's."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in record.items()}
    return {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in plain.items()}
