"""The output of an audit: sentences and tables for the terminal, a page, columns for CSV, a document for JSON."""

from __future__ import annotations

import textwrap
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import store
from sim.plotting.sheet import Sheet, print_sheets
from sim.plotting.story import window
from sim.verbs.audit.arithmetic import Range
from sim.verbs.audit.figures import Figure, Finding
from sim.verbs.audit.study import Audit
from sim.verbs.audit.words import both, figure_words, sentence, sentences, short, span, summary

if TYPE_CHECKING:
    from rich.console import Console

TITLE = "Which reported figures can hold together"
ONCE = "1 times"
STYLES = {"together": "green", "only if": "yellow", "not together": "red"}
COLUMNS = (
    *("kind", "figures", "implied", "low", "high", "believed_low", "believed_high", "unit"),
    *("beside", "beside_low", "beside_high", "verdict", "rejected", "needs", "sentence"),
)


def show(audit: Audit) -> None:
    """Print sentences and tables to standard output, without colours where that is not a terminal."""
    from rich.console import Console

    print_to(Console(highlight=False), audit)


def print_to(console: Console, audit: Audit) -> None:
    """Print sentences and tables to a rich console, one column a line where the console is narrow."""
    console.print(f"{TITLE}: {audit.assumed.middle.title}", style="bold", markup=False)
    console.print(summary(audit), markup=False)
    for heading, texts in sentences(audit):
        console.print(f"\n{heading}", style="bold", markup=False)
        for text in texts:
            console.print(_hanging(text, console.width), markup=False)
    print_sheets(console, sheets(audit))


def _hanging(text: str, width: int) -> str:
    return textwrap.fill(
        text,
        max(20, width),
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def markdown(audit: Audit) -> str:
    """Return the sentences, and the figures with their sources and readings, as a page of Markdown."""
    lines = [f"# {TITLE}: {audit.assumed.middle.title}", "", summary(audit)]
    for heading, texts in sentences(audit):
        lines += ["", f"## {heading}", "", *(f"- {text}" for text in texts)]
    lines += ["", "## The figures", ""]
    for figure in audit.figures:
        row = figure.row
        report = f"{figure_words(figure, qualified=True)}, {window(row)}: {row.who} ({row.source}, {row.date})."
        lines.append(f"- `{row.id}`: {report} {' '.join(row.reading.split())}")
    return "\n".join(lines) + "\n"


def sheets(audit: Audit) -> list[Sheet]:
    """Return all findings as tables: those about figures in use, and those about rejected ones."""
    tables = []
    for title, rejected in (("All comparisons", False), ("With rejected figures", True)):
        rows = [_cells(finding) for finding in audit.findings if finding.rejected == rejected]
        if rows:
            tables.append(
                Sheet(title, ("figures", "imply", "compared with", "verdict"), rows, (True, True, True, False))
            )
    return tables


def _cells(finding: Finding) -> tuple[str, ...]:
    from rich.markup import escape

    figures = ", ".join(short(figure) for figure in finding.figures)
    implied = both(finding.implied, finding.unit)
    beside = "" if finding.beside is None else span(finding.beside, finding.unit)
    if finding.kind == "level":  # two figures of the same quantity
        beside = "the first"
        implied = ("the same" if finding.implied.mid == 1 else "about the same") if implied == ONCE else implied
    verdict = f"[{STYLES[finding.verdict]}]{finding.verdict}[/]"
    return escape(figures), escape(implied), escape(beside), verdict


def columns(audit: Audit) -> dict[str, Any]:
    """Return the findings as columns, one row per finding: open ends are infinite, values that do not apply NaN."""
    rows = [_row(finding) for finding in audit.findings]
    return store.rounded({name: np.array([row[name] for row in rows]) for name in COLUMNS})


def _row(finding: Finding) -> dict[str, Any]:
    beside = finding.beside or Range.exactly(float("nan"))
    return {
        "kind": finding.kind,
        "figures": " + ".join(figure.row.id for figure in finding.figures),
        "implied": finding.implied.mid,
        "low": finding.implied.low,
        "high": finding.implied.high,
        "believed_low": finding.believed.low,
        "believed_high": finding.believed.high,
        "unit": finding.unit,
        "beside": beside.mid,
        "beside_low": beside.low,
        "beside_high": beside.high,
        "verdict": finding.verdict,
        "rejected": finding.rejected,
        "needs": "; ".join(need.what for need in finding.needs),
        "sentence": sentence(finding),
    }


def document(audit: Audit) -> dict[str, Any]:
    """Return the audit as one JSON document; open ends and values that do not apply are null."""
    return {
        "scenario": audit.assumed.middle.name,
        "summary": summary(audit),
        "figures": [_figure(figure) for figure in audit.figures],
        "findings": [_document(finding) for finding in audit.findings],
    }


def _document(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "figures": [figure.row.id for figure in finding.figures],
        "implied": _plain(finding.implied),
        "believed": _plain(finding.believed),
        "unit": finding.unit,
        "beside": None if finding.beside is None else _plain(finding.beside),
        "verdict": finding.verdict,
        "rejected": finding.rejected,
        "needs": [
            {"what": need.what, "amount": _plain(need.amount), "unit": need.unit, "who": list(need.who)}
            for need in finding.needs
        ],
        "sentence": sentence(finding),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "id": figure.row.id,
        "said": figure_words(figure, qualified=True),
        "status": figure.row.status,
        "repeats": figure.repeats or None,
        "printed": _plain(figure.printed),
        "believed": _plain(figure.believed),
    }


def _plain(value: Range) -> dict[str, float | None]:
    ends = {"low": value.low, "mid": value.mid, "high": value.high}
    return {name: end if isfinite(end) else None for name, end in ends.items()}
