"""The CSV files that a scenario may name in place of a long list: where, with which columns, and how they are read."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from sim.errors import Problem
from sim.scenario.text.tree import Node, Place, bare, placed, stop
from sim.scenario.text.tree import Path as Path_
from sim.scenario.text.yaml_text import read_text
from sim.suggest import did_you_mean

_SPAN = ("spread", "delay", "share")
_TIMES = ("days", "every", "until")
STATIONS, ROWS = "the names of stations", "rows"
HOURS = 24


class Rows(list[Node]):
    """The rows of a file that one part of the demand takes, and where the file has the first row of other classes."""

    def __init__(self, rows: list[Node], cls: str, others: dict[str, Place]) -> None:
        super().__init__(rows)
        self.cls, self.others = cls, others


class Row(NamedTuple):
    """A row of a file: its cells by column, its place, and the column of the text at which each cell begins."""

    cells: dict[str, str]
    place: Place
    begins: dict[str, int]

    def at(self, column: str) -> Place:
        """Return the place of a cell."""
        return self.place._replace(column=self.begins.get(column, 1))


class Table(NamedTuple):
    """The columns of a CSV file, and what becomes of its rows."""

    kind: str
    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    in_rows: bool = False
    """Whether the rows stand under the key `rows`, beside other keys, or alone."""
    form: str = "rows"
    """`rows` gives a list of mappings, `column` the list of the second column, `mapping` the second by the first."""

    @property
    def words(self) -> str:
        """The columns as text for a message."""
        more = f", and if needed {', '.join(self.optional)}" if self.optional else ""
        return f"{','.join(self.columns)}{more}"


_SCHEDULE = Table("a CSV file with a timetable", ("at",), ("class", "parties", "people", *_TIMES, *_SPAN), in_rows=True)
_BOOKINGS = Table("a CSV file with bookings", ("at", "parties"), ("class", *_TIMES), in_rows=True)
_LOG = Table("a CSV file with a party in every row", ("at",), ("class", "people", STATIONS), in_rows=True)
_STEPS = Table("a CSV file with steps", ("from", "servers"))
_OF_A_PART = {
    ("table",): Table("a CSV file of counts", ("from", "until", "count"), ("class",)),
    ("schedule",): _SCHEDULE,
    ("schedule", "rows"): _SCHEDULE,
    ("bookings",): _BOOKINGS,
    ("bookings", "rows"): _BOOKINGS,
    ("log",): _LOG,
    ("log", "rows"): _LOG,
    ("calendar",): Table("a CSV file with a calendar", ("date", "factor"), form="mapping"),
    ("constant", "hours"): Table("a CSV file with 24 rows", ("hour", "factor"), form="column"),
    ("constant", "weekdays"): Table("a CSV file with 7 rows", ("day", "factor"), form="mapping"),
}
_PARTS = (("crossings", "*", "demand", "*", "*"), ("network", "origins", "*", "demand", "*", "*"))
TABLES = {(*part, *keys): table for part in _PARTS for keys, table in _OF_A_PART.items()} | {
    ("crossings", "*", "stations", "*", "staffing", "steps"): _STEPS,
    ("crossings", "*", "pools", "*", "steps"): _STEPS,
}
"""The tables by the path at which a file may be named; `*` stands for any name."""


def _fits(path: Path_, pattern: tuple[str, ...]) -> bool:
    return all(step in ("*", key) for key, step in zip(path, pattern, strict=False))


def table_at(path: Path_) -> Table | None:
    """Return the table whose file may be named at a path, None if there is none."""
    return next((table for way, table in TABLES.items() if len(way) == len(path) and _fits(path, way)), None)


def keys_towards_tables(path: Path_, keys: Iterable[str]) -> set[str]:
    """Return those of the keys of the mapping at a path under which there may be files."""
    depth = len(path)
    steps = {way[depth] for way in TABLES if len(way) > depth and _fits(path, way)}
    return {key for key in keys if "*" in steps or key in steps}


def read_csv(table: Table, path: Path_, node: Node, file: Path, problems: list[Problem]) -> Node:
    """Return the rows of a file that is named by `node` at `path`; rows of other classes are left out.

    Wrong rows are added to `problems`. Raises ScenarioError if the file as a whole cannot be read.
    """
    texts = read_text(file).splitlines()
    if not any(text.strip() for text in texts):
        raise stop(Place(str(file), 1, 1), (), f"is empty; expected the columns {table.words}, then the rows")
    lines = csv.reader(texts)
    rows: list[Row] = []
    wrong: list[Problem] = []
    others: dict[str, Place] = {}
    cls = str(path[path.index("demand") + 1]) if "demand" in path else ""
    try:
        header = _header(table, [cell.strip().lower() for cell in next(lines, [])], Place(str(file), 1, 1))
        for cells in lines:
            place = Place(str(file), lines.line_num, 1)
            if len(cells) == len(header):
                row = {key: cell.strip() for key, cell in zip(header, cells, strict=True) if cell.strip()}
                if (of := row.pop("class", cls)) == cls:
                    columns = _columns(cells, texts[lines.line_num - 1])
                    rows.append(Row(row, place, dict(zip(header, columns, strict=True))))
                else:
                    others.setdefault(of, place)
            elif cells:
                wrong.append(Problem(str(place), "", _wrong_number(len(header), cells)))
    except csv.Error as error:
        raise stop(Place(str(file), lines.line_num, 1), (), f"is not readable as CSV: {error}") from None
    problems.extend(wrong)
    if wrong and not rows:
        return Node([], placed(wrong[0].where))  # so that a table without rows is not reported as well
    if others and not rows:
        raise stop(
            Place(str(file), 1, 1), (), f"has no row of class {cls!r}; its classes are {', '.join(sorted(others))}"
        )
    value = _value(table, rows, Place(str(file), 1, 1), problems)
    if isinstance(value, list):
        value = Rows(value, cls, others)
    return Node(value, bare(node).place, node.key)


def untaken(root: Node, classes: Iterable[str]) -> list[str]:
    """Return a sentence for every class in a file of which no part of the demand takes the rows."""
    taken: dict[str, set[str]] = {}
    others: dict[str, dict[str, Place]] = {}
    for rows in _rows_of_files(root):
        for cls, place in rows.others.items():
            taken.setdefault(place.file, set()).add(rows.cls)
            others.setdefault(place.file, {}).setdefault(cls, place)
    known = set(classes)
    return [
        f"{place}: no part of the demand takes the rows of class {cls!r}"
        + ("" if cls in known else did_you_mean(cls, known))
        for file, found in others.items()
        for cls, place in found.items()
        if cls not in taken[file]
    ]


def _rows_of_files(node: Node) -> Iterator[Rows]:
    if isinstance(node.value, Rows):
        yield node.value
    elif isinstance(node.value, dict):
        for part in node.value.values():
            yield from _rows_of_files(part)


def _columns(cells: list[str], text: str) -> list[int]:
    """Return the column at which each cell of a line begins; 1 for all where quotes make them hard to find."""
    if ",".join(cells) != text:
        return [1] * len(cells)
    begins = accumulate((len(cell) + 1 for cell in cells[:-1]), initial=1)
    return [begin + len(cell) - len(cell.lstrip()) for begin, cell in zip(begins, cells, strict=True)]


def _header(table: Table, header: list[str], place: Place) -> list[str]:
    """Return the columns of a file. Raises ScenarioError if they are not those of the table."""
    missing = [name for name in table.columns if name not in header]
    known = [*table.columns, *table.optional]
    unknown = [name for name in header if name not in known] if STATIONS not in known else []
    if missing or (not table.optional and not unknown and header != list(table.columns)):
        semicolons = "; separate them by commas" if any(";" in name for name in header) else ""
        got = ",".join(header)
        raise stop(place, (), f"expected the columns {table.words}{semicolons}; got {got[:100]}")
    if unknown:
        near = did_you_mean(unknown[0], known)
        raise stop(place, (), f"unknown column {unknown[0]!r}{near or f'; expected the columns {table.words}'}")
    if len(set(header)) < len(header):
        raise stop(place, (), "two columns have the same name")
    return header


def _wrong_number(expected: int, cells: list[str]) -> str:
    hint = "; put a cell with commas into double quotes" if any("{" in cell for cell in cells) else ""
    return f"expected {expected} cells; got {len(cells)}{hint}"


def _value(table: Table, rows: list[Row], top: Place, problems: list[Problem]) -> list[Node] | dict[str, Node]:
    """Return what the rows of a file stand for, whose beginning is `top`."""
    if table.form == "rows":
        return [_row(table, row) for row in rows]
    first, second = table.columns
    if table.form == "column":
        if len(rows) != HOURS:
            raise stop(top, (), f"expected {HOURS} rows, one for each hour from 0 to 23; got {len(rows)}")
        for n, row in enumerate(rows):
            if (got := row.cells.get(first, "nothing")) != str(n):
                problems.append(Problem(str(row.at(first)), "", f"expected {first} {n} here; got {got}"))
        return [_node(row.cells.get(second, ""), row.at(second)) for row in rows]
    values: dict[str, Node] = {}
    for row in rows:
        key = row.cells.get(first, "")
        if key in values:
            problems.append(Problem(str(row.at(first)), "", f"{first} {key!r} occurs twice; give it once"))
        values[key] = _node(row.cells.get(second, ""), row.at(second))
    return values


def _row(table: Table, row: Row) -> Node:
    """Return a row as a mapping; cells under the names of stations are service times there."""
    known, place = {*table.columns, *table.optional}, row.place
    values = {key: _node(cell, row.at(key), as_list=key == "days") for key, cell in row.cells.items() if key in known}
    values |= {key: Node("", place, place) for key in table.columns if key not in values}
    at_stations = {key: _node(cell, row.at(key)) for key, cell in row.cells.items() if key not in known}
    if at_stations:
        values["service_times"] = Node(at_stations, place, place)
    return Node(values, place, place)


def _node(cell: str, place: Place, as_list: bool = False) -> Node:
    if as_list:
        return Node([Node(word, place) for word in cell.split()], place, place)
    pairs = [pair.split(":", 1) for pair in cell[1:-1].split(",")] if cell[:1] == "{" and cell[-1:] == "}" else []
    if pairs and all(len(pair) == 2 for pair in pairs):  # a law
        return Node({key.strip(): Node(_number(value.strip()), place, place) for key, value in pairs}, place, place)
    return Node(_number(cell), place, place)


def _number(text: str) -> float | str:
    """Return a finite number, or the text itself if it is not one."""
    try:
        number = int(text) if text.lstrip("+-").isdecimal() and len(text) <= 18 else float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
