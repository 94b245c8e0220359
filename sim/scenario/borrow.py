"""Takes crossings over from other scenario files: `crossings: {verkhny_lars: {borrow: verkhny_lars.yaml}}`.

A crossing comes as it stands in its file, with the values fitted there; `without` takes parts of it away, and what
stands beside `borrow` is laid over it; `changes` there come after its own. Instants are read in the clock of the file
that borrows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sim.errors import Problem, ScenarioError
from sim.scenario.node import Node, bare, child, lacking, merge, put, stop
from sim.scenario.node import Path as Path_

BORROW, WITHOUT, CHANGES = "borrow", "without", "changes"


def borrow(root: Node, folder: Path, read: Callable[[Path], Node], told: list[Problem]) -> Node:
    """Return the tree with the crossings that it borrows; `read` reads a scenario file and fills its fitted values in.

    What is wrong with such a crossing is added to `told`, and it is left out.
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
            parts[name] = _borrowed(name, node, folder, read)
        except ScenarioError as error:
            told.extend(error.problems)
    return put(root, ("crossings",), lambda old: replace(old or crossings, value=parts), crossings.place)


def _borrowed(name: str, node: Node, folder: Path, read: Callable[[Path], Node]) -> Node:
    here: Path_ = ("crossings", name)
    file, without = node.value[BORROW], node.value.get(WITHOUT)
    if not isinstance(file.value, str):
        raise stop(file.place, (*here, BORROW), "expected the name of a scenario file")
    path = folder / file.value
    if not path.is_file():
        raise stop(file.place, (*here, BORROW), f"there is no file {str(path)!r}")
    described = child(read(path), "crossings")
    found = bare(described).value if described else {}
    if name not in found:
        raise stop(file.place, (*here, BORROW), f"in that file {lacking(name, 'crossing', list(found))}")
    crossing: Node = bare(found[name])
    for row in _rows(without, (*here, WITHOUT)):
        crossing = _less(crossing, row, (*here, WITHOUT))
    beside = {key: part for key, part in node.value.items() if key not in (BORROW, WITHOUT)}
    changes, own = beside.get(CHANGES), child(crossing, CHANGES)
    if changes and own and isinstance(bare(changes).value, list) and isinstance(bare(own).value, list):
        beside[CHANGES] = replace(changes, value=[*bare(own).value, *bare(changes).value])
    return replace(merge(crossing, replace(node, value=beside)), key=node.key)


def _rows(without: Node | None, path: Path_) -> list[Node]:
    if without is None:
        return []
    rows = bare(without).value
    if not isinstance(rows, list) or any(not isinstance(row.value, str) for row in rows):
        raise stop(without.place, path, "expected a list of paths, such as [demand.car.surge]")
    return list(rows)


def _less(crossing: Node, row: Node, path: Path_) -> Node:
    """Return a crossing without the part that a row names."""
    parts = tuple(row.value.split("."))
    node: Node | None = crossing
    for part in parts:
        node = child(bare(node), part) if node else None
    if node is None:
        raise stop(row.place, path, f"the crossing has no {row.value!r} to leave out")
    return put(crossing, parts, lambda _: None, row.place)
