"""Takes crossings from other scenario files: `crossings: {verkhny_lars: {borrow: verkhny_lars.yaml}}`.

A borrowed crossing is read from its file, with the values fitted there. `without` removes parts of it, and keys beside
`borrow` override it; their `changes` are added after those of the crossing. Its instants are converted to the time zone
of the borrowing scenario; hours of the day and shifts stay as written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sim.errors import Problem, ScenarioError
from sim.scenario.text.named_files import SCENARIO_FILE, named_file
from sim.scenario.text.tree import Node, bare, child, dotted, is_passport, merge, put, stop
from sim.scenario.text.tree import Path as Path_
from sim.suggest import no_such

INSTANTS = {"from", "until", "at", "announced", "deadline", "active_from", "active_until"}
"""Keys of instants; `from` and `until` are hours of the day in a shift, and instants in a table of counts."""
Lender = Callable[[Path, Node, Path_], Node]
"""Reads a scenario file, given the node that names it and the path of that node, and fills in its fitted values."""
BORROW, WITHOUT, CHANGES = "borrow", "without", "changes"


def with_borrowed_crossings(root: Node, folder: Path, read: Lender, problems: list[Problem]) -> Node:
    """Return the tree with its borrowed crossings; `read` reads the file of another one.

    A crossing that cannot be borrowed is left out, and its problems are added to `problems`.
    """
    crossings = child(root, "crossings")
    if crossings is None or not isinstance(bare(crossings).value, dict):
        return root
    parts = {}
    for name, node in bare(crossings).value.items():
        if not isinstance(node.value, dict) or BORROW not in node.value:
            parts[name] = node
            continue
        try:
            parts[name] = _borrowed(name, node, folder, read, _zone(root))
        except ScenarioError as error:
            problems.extend(error.problems)
    return put(root, ("crossings",), lambda old: replace(old or crossings, value=parts), crossings.place)


def _zone(root: Node) -> ZoneInfo | None:
    """Return the time zone of a scenario, or None if it is missing or unknown (reported elsewhere)."""
    clock = child(root, "clock")
    named = child(bare(clock), "timezone") if clock else None
    try:
        return ZoneInfo(str(bare(named).value)) if named else None
    except (KeyError, ValueError, OSError):
        return None


def _converted(node: Node, there: ZoneInfo | None, here: ZoneInfo | None, key: str = "") -> Node:
    """Return a part of a tree with its instants converted from time zone `there` to time zone `here`."""
    if is_passport(node):
        return replace(node, value={**node.value, "value": _converted(node.value["value"], there, here, key)})
    if isinstance(node.value, dict):
        return replace(node, value={k: _converted(part, there, here, k) for k, part in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[_converted(item, there, here, key) for item in node.value])
    if key not in INSTANTS or not isinstance(node.value, str) or there is None or here is None:
        return node
    try:
        at = datetime.fromisoformat(node.value)
        local = at.replace(tzinfo=there).astimezone(here).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return node  # an hour of the day, or a mistake that is reported elsewhere
    return node if local == at else replace(node, value=local.isoformat(timespec="seconds"))


def _borrowed(name: str, node: Node, folder: Path, read: Lender, zone: ZoneInfo | None) -> Node:
    here: Path_ = ("crossings", name)
    file, without = node.value[BORROW], node.value.get(WITHOUT)
    path = named_file(file, folder, (*here, BORROW), SCENARIO_FILE)
    lender = _lender(path, file, (*here, BORROW), read)
    described = child(lender, "crossings")
    lender_crossings = bare(described).value if described else {}
    if name not in lender_crossings:
        raise stop(file.place, (*here, BORROW), f"in {str(path)!r} {no_such('crossing', name, list(lender_crossings))}")
    crossing: Node = _converted(bare(lender_crossings[name]), _zone(lender), zone)
    for row in _rows(without, (*here, WITHOUT)):
        crossing = _without_part(crossing, row, (*here, WITHOUT))
    beside = {key: part for key, part in node.value.items() if key not in (BORROW, WITHOUT)}
    changes, own = beside.get(CHANGES), child(crossing, CHANGES)
    if changes and own and isinstance(bare(changes).value, list) and isinstance(bare(own).value, list):
        beside[CHANGES] = replace(changes, value=[*bare(own).value, *bare(changes).value])
    return replace(merge(crossing, replace(node, value=beside)), key=node.key)


def _lender(path: Path, file: Node, here: Path_, read: Lender) -> Node:
    try:
        return read(path, file, here)
    except ScenarioError as error:
        problem = Problem(file.where, dotted(here), f"cannot borrow from {str(path)!r}, which has problems")
        raise ScenarioError([problem, *error.problems]) from None


def _rows(without: Node | None, path: Path_) -> list[Node]:
    if without is None:
        return []
    rows = bare(without).value
    if not isinstance(rows, list) or any(not isinstance(row.value, str) for row in rows):
        raise stop(without.place, path, "expected a list of paths, such as [demand.car.surge]")
    return list(rows)


def _without_part(crossing: Node, row: Node, path: Path_) -> Node:
    """Return a crossing without the part that a row of `without` names."""
    parts = tuple(row.value.split("."))
    node: Node | None = crossing
    for part in parts:
        node = child(bare(node), part) if node else None
    if node is None:
        raise stop(row.place, path, f"the crossing has no {row.value!r} to remove")
    return put(crossing, parts, lambda _: None, row.place)
