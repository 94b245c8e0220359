"""Writes the table of results/gallery/verkhny_lars_screening/README.md; `make gallery-screening` runs it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from base_case_tables import filled, ranged

FOLDER = Path(__file__).parents[1] / "results" / "gallery" / "verkhny_lars_screening"
WHAT_IFS = ("screening_binds", "screening_never_binds")


def lines() -> Iterator[str]:
    """Yield the table: each fitted figure, and what the model says for it with either screening."""
    tables = []
    for name in WHAT_IFS:
        with (FOLDER / f"reported_{name}.csv").open(encoding="utf-8") as file:
            tables.append(list(csv.DictReader(file)))
    yield "| figure | two officers, every man | verdict | sixteen officers, three men in ten | verdict |"
    yield "|---|--:|---|--:|---|"
    for binds, never in zip(*tables, strict=True):
        if binds["status"] == "used":
            cells = (
                f"{ranged(*(float(row[name]) for name in ('mean', 'p05', 'p95')))} | {row['verdict']}"
                for row in (binds, never)
            )
            yield f"| {binds['label']} | {' | '.join(cells)} |"


if __name__ == "__main__":
    page = FOLDER / "README.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), "figures", lines()), encoding="utf-8")
