"""Puts the files a scenario names into its tree: `reported: rows.yaml` and `table: counts.csv` of a demand part."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from sim.errors import Problem, ScenarioError
from sim.scenario.node import Node, Place, bare, child, stop
from sim.scenario.yaml_source import read_file, read_text

COLUMNS = ("from", "until", "count")


def inline(root: Node, folder: Path) -> Node:
    """Return the tree with the rows of the files it names (relative to `folder`) in place of their names."""
    parts = dict(root.value)
    reported = parts.get("reported")
    if reported is not None and isinstance(reported.value, str):
        parts["reported"] = _reported(reported, folder)
    crossings = parts.get("crossings")
    if crossings is not None:
        parts["crossings"] = _tables(crossings, folder, ("*", "demand", "*", "*", "table"))
    return replace(root, value=parts)


def _tables(node: Node, folder: Path, steps: tuple[str, ...]) -> Node:
    """Follow `steps` ('*' stands for every key) and read the CSV files found at their end; share what has none."""
    if not steps:
        return _table(node, folder) if isinstance(node.value, str) else node
    if isinstance(node.value, dict) and "value" in node.value:
        return replace(node, value={**node.value, "value": _tables(node.value["value"], folder, steps)})
    if not isinstance(node.value, dict):
        return node
    wanted = node.value if steps[0] == "*" else {steps[0]} & set(node.value)
    return replace(node, value={k: _tables(v, folder, steps[1:]) if k in wanted else v for k, v in node.value.items()})


def _reported(node: Node, folder: Path) -> Node:
    path = folder / node.value
    if not path.is_file():
        raise stop(node.place, ("reported",), f"there is no file {str(path)!r}")
    root = read_file(path)
    rows = child(root, "reported")
    if rows is None or len(root.value) != 1:
        raise stop(Place(str(path), 1, 1), (), "expected one key, 'reported', with the rows below it")
    return replace(rows, key=node.key)


def _table(node: Node, folder: Path) -> Node:
    path = folder / node.value
    if not path.is_file():
        raise stop(node.place, ("table",), f"there is no file {str(path)!r}")
    lines = csv.reader(read_text(path).splitlines())
    try:
        rows = list(lines)
    except csv.Error as error:
        raise stop(Place(str(path), lines.line_num, 1), (), f"is not readable as CSV: {error}") from None
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        raise stop(Place(str(path), 1, 1), (), f"expected the columns {','.join(COLUMNS)}")
    problems: list[Problem] = []
    items = [_row(row, Place(str(path), i, 1), problems) for i, row in enumerate(rows[1:], start=2) if row]
    if problems:
        raise ScenarioError(problems)
    return Node(items, bare(node).place, node.key)


def _row(cells: list[str], place: Place, problems: list[Problem]) -> Node:
    if len(cells) != len(COLUMNS):
        problems.append(Problem(str(place), "", f"expected {len(COLUMNS)} cells; got {len(cells)}"))
        return Node({}, place)
    begin, until, count = (cell.strip() for cell in cells)
    try:
        number: float | str = int(count) if count.isdigit() and len(count) <= 18 else float(count)
    except ValueError:
        problems.append(Problem(str(place), "count", f"expected a number; got {count!r}"))
        number = 0
    if number != number or number in (float("inf"), float("-inf")):
        problems.append(Problem(str(place), "count", f"every number must be finite; got {count!r}"))
    values = {"from": begin, "until": until, "count": number}
    return Node({key: Node(value, place, place) for key, value in values.items()}, place, place)
