"""Writes the two tables of docs/base_case.md between their markers, from stored results. `make gallery` runs it.

Arguments: the folder of a run with `--replicates`, and that of a calibration with `--held-out`.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from sim import store

PAGE = Path(__file__).parent / "base_case.md"
DAYS = [datetime(2022, 9, 27) + timedelta(days=n) for n in (0, 1, 2, 3, 4, 5, 6, 8, 13)]


def figures(run: Path, calibration: Path) -> Iterator[str]:
    """Yield the table of the reported figures beside the model."""
    with (calibration / "held_out.csv").open(encoding="utf-8") as file:
        predicted = {row["id"]: row for row in csv.DictReader(file)}
    yield "| figure | reported | model (5–95 %) | verdict | predicted without it (90 %) |"
    yield "|---|--:|--:|---|--:|"
    with (run / "reported.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["status"] == "validation":
                continue
            alone = predicted.get(row["id"])
            said = ranged(*(float(alone[f"said_{name}"]) for name in ("median", "low", "high"))) if alone else ""
            model = ranged(*(float(row[name]) for name in ("mean", "p05", "p95")))
            figure = f"{row['label']} | {row['qualifier']} {_number(float(row['reported']))}"
            yield f"| {figure} | {model} | {row['verdict']} | {said} |"


def forecast(run: Path) -> Iterator[str]:
    """Yield the table of what the model says of the days after the last figure."""
    table = store.read_table(run / "series_replications.parquet")
    yield "| day | cars waiting at noon | km from the border at noon | people across | vehicles across |"
    yield "|---|--:|--:|--:|--:|"
    for day in DAYS:
        noon = (day + timedelta(hours=12), day + timedelta(hours=13))
        cells = (
            _of(table, "queue", "car", *noon),
            _of(table, "queue_length", "all", *noon),
            _of(table, "crossed_people", "all", day, day + timedelta(days=1)),
            _of(table, "crossed_parties", "vehicles", day, day + timedelta(days=1)),
        )
        yield f"| {day.day} {day:%B} | {' | '.join(cells)} |"


def _of(table: store.Columns, quantity: str, scope: str, begin: datetime, end: datetime) -> str:
    at = np.array([text[:19] for text in table["at"]], "datetime64[s]")  # local times
    here = (at >= np.datetime64(begin)) & (at < np.datetime64(end))
    values = np.nan_to_num(table[f"verkhny_lars.{quantity}.{scope}"][here].astype(float))
    sums = np.bincount(table["replication"][here].astype(int), values)
    low, median, high = np.quantile(sums, [0.05, 0.5, 0.95])
    return ranged(float(median), float(low), float(high))


def ranged(middle: float, low: float, high: float) -> str:
    """Return a number with its band, in three digits."""
    return f"{_number(middle)} ({_number(low)}–{_number(high)})"


def _number(value: float) -> str:
    return f"{float(f'{value:.3g}'):,g}"


def filled(text: str, name: str, lines: Iterator[str]) -> str:
    """Return a page with other lines between the markers of a name."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
    filled, count = re.subn(pattern, lambda match: match[1] + "\n".join(lines) + "\n" + match[2], text, flags=re.DOTALL)
    assert count == 1, name
    return filled


if __name__ == "__main__":
    here, fit = map(Path, sys.argv[1:3])
    page = filled(PAGE.read_text(encoding="utf-8"), "figures", figures(here, fit))
    PAGE.write_text(filled(page, "forecast", forecast(here)), encoding="utf-8")
