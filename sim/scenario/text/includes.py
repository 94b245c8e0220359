"""Inserts the files that a scenario names into its tree: `reported: rows.yaml`, and CSV files as in `table: it.csv`.

A row `{file: other.yaml, rows: [ID, ID]}` of `reported` stands for these rows of another file, or all without `rows`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from sim.errors import Problem, ScenarioError
from sim.scenario.text.csv_files import ROWS, Table, keys_towards_tables, read_csv, table_at
from sim.scenario.text.named_files import followed, named_file
from sim.scenario.text.series_files import series_apart, with_points
from sim.scenario.text.start_from import KEY as START_FROM
from sim.scenario.text.start_from import with_end_state
from sim.scenario.text.tree import Node, Place, child, placed, plain, show, stop
from sim.scenario.text.tree import Path as Path_
from sim.scenario.text.yaml_text import read_file
from sim.suggest import no_such

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
    for key in parts.keys() & {"crossings", "network"}:
        parts[key] = _tables(parts[key], folder, (key,), problems)
    if "interventions" in parts:
        parts["interventions"] = _tables_set(parts["interventions"], folder, problems)
    return series_apart(replace(root, value=parts))


def _tables(node: Node, folder: Path, path: Path_, problems: list[Problem]) -> Node:
    """Read the CSV files named at the places of `csv_files.TABLES`; other parts are shared."""
    table = table_at(path)
    if table is not None and isinstance(node.value, str | list):
        return _rows(table, node, folder, path, path, problems)
    if isinstance(node.value, dict) and "value" in node.value:
        return replace(node, value={**node.value, "value": _tables(node.value["value"], folder, path, problems)})
    if not isinstance(node.value, dict):
        return node
    wanted = keys_towards_tables(path, node.value)
    parts = {k: _tables(v, folder, (*path, k), problems) if k in wanted else v for k, v in node.value.items()}
    return replace(node, value=parts)


def _rows(table: Table, node: Node, folder: Path, way: Path_, at: Path_, problems: list[Problem]) -> Node:
    """Return the rows of a list or of the file that `node` names, in the long form; `at` is the path for messages."""
    if isinstance(node.value, str):
        node = _instead(partial(read_csv, table, way), node, folder, at, problems, table.kind)
    return replace(node, value={ROWS: replace(node, key=None)}) if table.in_rows and way[-1] != ROWS else node


def _tables_set(interventions: Node, folder: Path, problems: list[Problem]) -> Node:
    """Read the CSV files that interventions set, as in `set: {demand.foot.ferries.schedule: summer.csv}`."""
    names = interventions.value if isinstance(interventions.value, dict) else {}
    read = dict(names)
    for name, described in names.items():
        sets = child(described, "set")
        if sets is not None and isinstance(sets.value, dict):
            at = ("interventions", name, "set")
            values = {text: _table_set(text, node, folder, (*at, text), problems) for text, node in sets.value.items()}
            read[name] = replace(described, value={**described.value, "set": replace(sets, value=values)})
    return replace(interventions, value=read) if names else interventions


def _table_set(text: str, node: Node, folder: Path, at: Path_, problems: list[Problem]) -> Node:
    """Return what an intervention sets at the path `text`, with the rows of a file in place of its name."""
    path = tuple(text.split("."))
    if path == (START_FROM,):
        parts: dict[str, Node] = with_end_state(Node({START_FROM: node}, node.place), problems).value
        return parts.get(START_FROM, node)
    for whole in (path, ("crossings", "*", *path)):
        table = table_at(whole)
        if table is not None and isinstance(node.value, str | list):
            return _rows(table, node, folder, whole, at, problems)
    return node


def _instead(
    read: Reader,
    node: Node,
    folder: Path,
    path: Path_,
    problems: list[Problem],
    kind: str = "a file with reported rows",
) -> Node:
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
            has_points = isinstance(row.value, dict) and "series" in row.value
            all_rows.append(with_points(row, folder, problems) if has_points else row)
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
