"""What an import prints: how the file was read, what it says, and what changed in the scenario."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from sim import units
from sim.verbs.intake.study import Imported

SHOWN = 20
"""Rejected rows that are listed."""
MOST_LINES = 60


def show(imported: Imported, written: bool) -> None:
    """Print everything for a reader."""
    console = Console(highlight=False, soft_wrap=True)
    for line in _head(imported):
        console.print(line, markup=False)
    console.print(_understood(imported))
    for line in _body(imported, written):
        console.print(line, markup=False)


def _head(imported: Imported) -> Iterator[str]:
    yield f"{imported.wanted.file}: {units.counted(imported.rows, 'row')}, {imported.form}"
    if imported.warning:
        yield f"\n{imported.warning}\n"


def _understood(imported: Imported) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("read as", "column", "how"):
        table.add_column(name)
    for each in imported.understood:
        table.add_row(each.role, each.column, each.read_as)
    if imported.unused:
        table.add_row("not used", ", ".join(imported.unused), "")
    return table


def _body(imported: Imported, written: bool) -> Iterator[str]:
    yield ""
    yield from (f"- {note}" for note in imported.notes)
    if imported.rejected:
        yield from rejected_lines(imported, written)
    yield ""
    yield from imported.finding.sentences
    yield ""
    if imported.after != imported.before:
        yield f"{'Written to' if written else 'Would be written to'} {imported.target.path}:"
        yield from changed(imported)
    elif not imported.files:
        yield f"{imported.target.path} has these values already."
    for file in imported.files:
        yield f"{'Written' if written else 'Would be written'}: {file}"


def rejected_lines(imported: Imported, written: bool) -> Iterator[str]:
    """Yield how many rows cannot be used, and the first of them."""
    rows = {row.line for row in imported.rejected}
    yield f"- rows that cannot be used, in whole or in part: {len(rows):,}"
    for row in imported.rejected[:SHOWN]:
        yield f"    line {row.line}: {row.reason}"
    if len(imported.rejected) > SHOWN:
        where = " (rejected.csv in the results has all)" if written else ""
        yield f"    and {len(imported.rejected) - SHOWN:,} more{where}"


def changed(imported: Imported) -> Iterator[str]:
    """Yield the lines that changed in the scenario, or those of a new one."""
    before, after = imported.before.splitlines(), imported.after.splitlines()
    lines = [
        line for line in difflib.unified_diff(before, after, n=0, lineterm="")
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]  # fmt: skip
    yield from (f"  {line}" for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield f"  … and {len(lines) - MOST_LINES} more lines"


def document(imported: Imported) -> dict[str, Any]:
    """Return everything as plain values, for JSON."""
    return {
        "file": str(imported.wanted.file),
        "rows": imported.rows,
        "form": imported.form,
        "understood": [each._asdict() for each in imported.understood],
        "not_used": list(imported.unused),
        "warning": imported.warning or None,
        "notes": list(imported.notes),
        "rejected": [{"line": row.line, "reason": row.reason} for row in imported.rejected],
        "sentences": list(imported.finding.sentences),
        "facts": imported.finding.facts,
        "scenario": str(imported.target.path),
        "edits": [{"path": ".".join(edit.path), "value": edit.value} for edit in imported.finding.edits],
        "files": [str(file) for file in imported.files],
    }
