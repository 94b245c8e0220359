"""Reads the file of a reported series, and moves such rows of `reported` to a key of their own.

The points go into the tree as text (`reported_series.HEADER`), so that a resolved scenario needs no other file. Local
times stay local; those with an offset, or of a named zone, are written in UTC.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

from sim.errors import Problem, ScenarioError, SimError
from sim.scenario.model.reported import FIGURE_KINDS, QUALIFIERS, ReportedQuantity
from sim.scenario.model.reported_series import HEADER
from sim.scenario.text.named_files import named_file
from sim.scenario.text.tree import REPORTED, SERIES, Node, child, plain, stop

if TYPE_CHECKING:
    from sim.table.points import Wanted

KIND_OF_FILE = "a CSV, Parquet or Excel file with the points of a series"


def series_apart(root: Node) -> Node:
    """Return a file's tree with the rows of `reported` that have `series` under a key of their own."""
    rows = child(root, REPORTED)
    if rows is None or not isinstance(rows.value, list):
        return root
    series = [row for row in rows.value if isinstance(row.value, dict) and "series" in row.value]
    if not series and "extends" not in root.value:
        return root
    single = [row for row in rows.value if not any(row is one for one in series)]
    already = child(root, SERIES)
    whole = [*(already.value if already is not None else []), *series]
    parts = {**root.value, REPORTED: replace(rows, value=single), SERIES: replace(rows, value=whole)}
    return replace(root, value=parts)


def with_points(row: Node, folder: Path, problems: list[Problem]) -> Node:
    """Return a row with the points of its file as text in place of the file's name."""
    from sim.table.points import points_text  # late: it needs a library for tables

    named = row.value["series"]
    if isinstance(named.value, str) and named.value.startswith(HEADER):
        return row
    try:
        path = named_file(named, folder, ("reported", "series"), KIND_OF_FILE)
        text = points_text(path, _wanted(row), HEADER)
    except ScenarioError as error:
        problems.extend(error.problems)
    except SimError as error:
        problems.append(Problem(str(named.place), "reported.series", _with_keys(str(error))))
    else:
        return replace(row, value={**row.value, "series": replace(named, value=text)})
    empty = f"{HEADER}\n1970-01-01,,1,"
    return replace(row, value={**row.value, "series": replace(named, value=empty)})


def _with_keys(message: str) -> str:
    """Return a message of the table's reader with the keys of a row in place of the options of commands."""
    return re.sub(r"--column value=HEADING", "'column: HEADING'", message).replace("--unit", "'unit'")


def _wanted(row: Node) -> Wanted:
    """Return what the keys of a row say of its file."""
    from sim.table.points import Wanted  # late: it needs a library for tables

    parts = {key: plain(part) for key, part in row.value.items() if isinstance(part, Node)}
    quantity: Any = parts.get("quantity")
    if quantity not in get_args(ReportedQuantity):
        raise stop(row.place, ("reported",), "a series needs its 'quantity', such as quoted_wait")
    only = parts.get("only")
    conditions = {str(key): str(value) for key, value in only.items()} if isinstance(only, dict) else {}
    column, unit, zone = (str(parts[key]) if parts.get(key) else None for key in ("column", "unit", "timezone"))
    if zone is not None:
        _check_zone(zone, row.value["timezone"])
    kind = FIGURE_KINDS[quantity]
    return Wanted(kind.dimension, kind.scale, column, unit, zone, conditions, QUALIFIERS)


def _check_zone(zone: str, node: Node) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise stop(node.place, ("reported", "timezone"), f"unknown time zone {zone!r}") from None
