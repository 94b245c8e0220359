"""Finds the files that are named in other files, the same way wherever a file may name one."""

from __future__ import annotations

from pathlib import Path

from sim.paths import is_file
from sim.scenario.resolve import SCENARIOS, like_a_name, no_file, scenario_named_in
from sim.scenario.text.tree import Node, plain, show, stop
from sim.scenario.text.tree import Path as Path_

SCENARIO_FILE = "a scenario file"
MOST_FILES_DEEP = 20
"""Files of which each names the next."""


def named_file(node: Node, folder: Path, path: Path_, kind: str, advice: str = "") -> Path:
    """Return the file of a `kind` ('a scenario file') that a node at `path` names, relative to `folder`.

    A scenario beside the file, or one that came with the program, may be named without path and suffix. Raises
    ScenarioError at the node if it is not a name, or if there is no such file; `advice` says how to get one.
    """
    if not isinstance(node.value, str) or not node.value.strip():
        raise stop(node.place, path, f"expected the name of {kind}; got {show(plain(node))}")
    file = folder / node.value
    if kind == SCENARIO_FILE and not is_file(file) and (known := scenario_named_in(folder, node.value)):
        return known
    if not is_file(file):
        name = like_a_name(node.value, SCENARIOS) if kind == SCENARIO_FILE else ""
        missing = no_file(file, name)
        raise stop(
            node.place, path, f"{missing}{' ' if missing.endswith('?') else '; '}{advice}" if advice else missing
        )
    return file


def followed(file: Path, seen: tuple[Path, ...], node: Node, path: Path_, verb: str) -> tuple[Path, ...]:
    """Return the files `seen` so far, of which each names the next, with `file` after them.

    Raises ScenarioError at the node that names it if they make a circle or are too many; `verb` says what they do
    ('extend').
    """
    here = file.resolve()
    if here in seen:
        ring = " -> ".join(one.name for one in (*seen[seen.index(here) :], here))
        raise stop(node.place, path, f"the files {verb} each other in a circle: {ring}")
    if len(seen) >= MOST_FILES_DEEP:
        raise stop(node.place, path, f"more than {MOST_FILES_DEEP} files {verb} each other")
    return (*seen, here)
