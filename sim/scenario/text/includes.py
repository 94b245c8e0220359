"""Inserts the files that a scenario names into its tree: `reported: rows.yaml` and `table: counts.csv` in demand.

A row `{file: other.yaml, rows: [ID, ID]}` of `reported` stands for these rows of another file, or all without `rows`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sim.errors import Problem, ScenarioError
from sim.scenario.text.named_files import followed, named_file
from sim.scenario.text.tree import Node, Place, bare, child, placed, plain, show, stop
from sim.scenario.text.tree import Path as Path_
from sim.scenario.text.yaml_text import read_file, read_text
from sim.suggest import no_such

COLUMNS = ("from", "until", "count")
_TABLES = ("crossings", "*", "demand", "*", "*", "table")
Reader = Callable[[Node, Path, list[Problem]], Node]


def inline(root: Node, folder: Path, problems: list[Problem]) -> Node:
    """Return the tree with the rows of the files it names (relative to `folder`) in place of their names.

    Problems with such a file as a whole are added to `problems`, and its rows are then an empty list.
    """
    parts = dict(root.value)
    reported = parts.get("reported")
    if reported is not None and isinstance(reported.value, str):
        parts["reported"] = _instead(_reported(()), reported, folder, ("reported",), problems)
    elif reported is not None:
        parts["reported"] = rows_of_files(reported, folder, problems)
    if "crossings" in parts:
        parts["crossings"] = _tables(parts["crossings"], folder, ("crossings",), problems)
    return replace(root, value=parts)


def _tables(node: Node, folder: Path, path: Path_, problems: list[Problem]) -> Node:
    """Read the CSV files named at `crossings.*.demand.*.*.table`; other parts are shared."""
    if len(path) == len(_TABLES):
        return _instead(_table, node, folder, path, problems) if isinstance(node.value, str) else node
    if isinstance(node.value, dict) and "value" in node.value:
        return replace(node, value={**node.value, "value": _tables(node.value["value"], folder, path, problems)})
    if not isinstance(node.value, dict):
        return node
    step = _TABLES[len(path)]
    wanted = node.value if step == "*" else {step} & set(node.value)
    parts = {k: _tables(v, folder, (*path, k), problems) if k in wanted else v for k, v in node.value.items()}
    return replace(node, value=parts)


def _instead(read: Reader, node: Node, folder: Path, path: Path_, problems: list[Problem]) -> Node:
    kind = "a CSV file of counts" if read is _table else "a file with reported rows"
    try:
        return read(node, named_file(node, folder, path, kind), problems)
    except ScenarioError as error:
        problems.extend(error.problems)
        return Node([], placed(error.problems[0].where))


def _reported(seen: tuple[Path, ...]) -> Reader:
    """Return the reader of a file of reported rows; each file of `seen` names the next, and the last names this one."""

    def read(node: Node, path: Path, problems: list[Problem]) -> Node:
        files = followed(path, seen, node, ("reported",), "name")
        rows = child(read_file(path, problems), "reported")
        if rows is None:
            raise stop(Place(str(path), 1, 1), (), "expected the key 'reported' with a list of rows")
        if not isinstance(rows.value, list):
            raise stop(rows.place, ("reported",), f"expected a list of rows; got {show(plain(rows))}")
        return replace(rows_of_files(rows, path.parent, problems, files), key=node.key)

    return read


def rows_of_files(rows: Node, folder: Path, problems: list[Problem], seen: tuple[Path, ...] = ()) -> Node:
    """Return a list of rows with those of other files in place of `{file: NAME, rows: [ID, ...]}`.

    `seen` are the files read so far, of which each names the next.
    """
    if not isinstance(rows.value, list):
        return rows
    all_rows: list[Node] = []
    for row in rows.value:
        if not isinstance(row.value, dict) or "file" not in row.value:
            all_rows.append(row)
            continue
        try:
            all_rows += _of_file(row, folder, problems, seen)
        except ScenarioError as error:
            problems.extend(error.problems)
    return replace(rows, value=all_rows)


def _of_file(row: Node, folder: Path, problems: list[Problem], seen: tuple[Path, ...]) -> list[Node]:
    """Return the rows that one row of `reported` names."""
    here = ("reported",)
    if set(row.value) - {"file", "rows"}:
        raise stop(row.place, here, "a row that names a file may only have 'file' and 'rows'")
    wanted = row.value.get("rows")
    all_rows = _instead(_reported(seen), row.value["file"], folder, here, problems).value
    if wanted is None:
        return list(all_rows)
    by_id = {str(named.value): one for one in all_rows if (named := child(one, "id")) is not None}
    names = wanted.value if isinstance(wanted.value, list) else [wanted]
    missing = [name for name in names if str(name.value) not in by_id]
    if missing and all_rows:
        raise stop(missing[0].place, here, no_such("row", str(missing[0].value), list(by_id)))
    return [by_id[str(name.value)] for name in names if str(name.value) in by_id]


def _table(node: Node, path: Path, problems: list[Problem]) -> Node:
    lines = csv.reader(read_text(path).splitlines())
    rows: list[Node] = []
    wrong: list[Problem] = []
    try:
        if tuple(cell.strip() for cell in next(lines, [])) != COLUMNS:
            raise stop(Place(str(path), 1, 1), (), f"expected the columns {','.join(COLUMNS)}")
        for cells in lines:
            place = Place(str(path), lines.line_num, 1)
            if len(cells) == len(COLUMNS):
                rows.append(_row(cells, place))
            elif cells:
                wrong.append(Problem(str(place), "", f"expected {len(COLUMNS)} cells; got {len(cells)}"))
    except csv.Error as error:
        raise stop(Place(str(path), lines.line_num, 1), (), f"is not readable as CSV: {error}") from None
    problems.extend(wrong)
    if wrong and not rows:
        return Node([], placed(wrong[0].where))  # so that a table without rows is not reported as well
    return Node(rows, bare(node).place, node.key)


def _row(cells: list[str], place: Place) -> Node:
    begin, until, count = (cell.strip() for cell in cells)
    values = {"from": begin, "until": until, "count": _number(count)}
    return Node({key: Node(value, place, place) for key, value in values.items()}, place, place)


def _number(text: str) -> float | str:
    """Return a finite number, or the text itself if it is not one."""
    try:
        number = int(text) if text.lstrip("+-").isdecimal() and len(text) <= 18 else float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
