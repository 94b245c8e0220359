"""What an import found: sentences, values for the scenario with their passports, files beside it, and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import units
from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.text.edit import Edit
from sim.table.reader import Reader
from sim.table.times import local_seconds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LABELS, FEW_TWICE = 100, 0.9
"""Values of a column that may tell posts apart, and the share of rows that must then have a time of their own."""
DIGEST = 12
"""Characters of the digest of a file in a passport."""


@dataclass
class Finding:
    """The result of reading one file.

    `edits` go into the scenario (or calibration) file; `files` are tables to write beside
    it, by name, `texts` are texts, and `copies` other files to copy; `days` are the
    first and last local day of the data, in days since 1970; `classes` are the kinds of classes, for a new scenario;
    `busiest` is the largest mean number of parties an hour.
    """

    title: str
    sentences: list[str] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    files: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    copies: dict[str, Path] = field(default_factory=dict)
    drawers: dict[str, Callable[[], Figure]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    days: tuple[int, int] = (0, 0)
    classes: dict[str, str] = field(default_factory=dict)
    busiest: float = 0.0


def passport(value: Any, reader: Reader, period: str, method: str, rows: int | None = None) -> dict[str, Any]:
    """Return a value with its passport: the file, the period of its rows, how many, the method, and the digest.

    `rows` is the number that the value comes from, where it is not all of them.
    """
    table = reader.table
    return {
        "value": value,
        "source": table.path.name,
        **({"date": period} if period else {}),
        "reason": f"{method}; {table.rows if rows is None else rows:,} rows, sha256 {table.digest[:DIGEST]}",
    }


def period_of(reader: Reader, at: Any) -> tuple[str, tuple[int, int]]:
    """Return the first and last local date of instants, as text and as days since 1970; '' if the date is unknown."""
    if reader.undated or not np.isfinite(at).any():
        return "", (0, 0)
    local = local_seconds(np.array([np.nanmin(at), np.nanmax(at)]), reader.zone)
    first, last = (int(day) for day in np.floor(local / 86400))
    return f"{date_of(first)} to {date_of(last)}" if last > first else date_of(first), (first, last)


def dated(reader: Reader) -> None:
    """Raise SimError if the file has only times of day, of an unknown date."""
    if reader.undated:
        raise SimError(f"{reader.table.path}: has only times of day; give their date with --date, such as 2026-07-04")


def one_row_a_time(reader: Reader, at: Floats, taken: NDArray[Any]) -> None:
    """Raise SimError if many of the times `taken` (indices or mask) have several rows, as of several posts or lanes."""
    _, place, rows = np.unique(at[taken], return_inverse=True, return_counts=True)
    if np.mean(rows > 1) <= 0.1:
        return
    example = "HEADING=VALUE"
    for heading, cells in reader.table.columns.items():
        labels, label = np.unique(np.array(cells.to_pylist(), str)[taken], return_inverse=True)
        if 1 < len(labels) <= MOST_LABELS and len(np.unique(place * len(labels) + label)) > FEW_TWICE * len(place):
            shown = ", ".join(map(repr, labels[:3].tolist())) + (", ..." if len(labels) > 3 else "")
            example = f"{heading}={labels[0]}, as {heading!r} has {len(labels)} values ({shown})"
            break
    raise SimError(
        f"{reader.table.path}: a time has up to {rows.max()} rows, as of several posts or lanes; take those of one "
        f"with --where {example}, or add them up first"
    )


def date_of(day: int) -> str:
    """Return a day since 1970 as a date."""
    return str(np.datetime64(day, "D"))


def figures(number: float, digits: int = 3) -> float:
    """Return a number with so many significant digits."""
    return float(f"{number:.{digits}g}")


def rate_text(rate: float) -> str:
    """Return a rate for a scenario file."""
    return f"{figures(rate, 4):g}/h" if rate >= 0.1 else f"{figures(rate * 24, 4):g}/d"


def share_text(share: float) -> str:
    """Return a share for a scenario file."""
    return f"{figures(100 * share):g} %"


def time_text(seconds: float) -> str:
    """Return a duration for a scenario file."""
    return units.show_duration(figures(seconds))
