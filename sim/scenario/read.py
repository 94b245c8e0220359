"""Reads a scenario: the file, what it extends, its tables, interventions and `--set`; then shows all problems at once.

The resolved tree is self-contained: written as YAML and loaded again it gives an equal Scenario and the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sim.errors import Problem, ScenarioError
from sim.scenario import explain, interventions
from sim.scenario.check import check
from sim.scenario.inline import inline
from sim.scenario.mend import besides
from sim.scenario.node import Node, Place, bare, dotted, find, from_plain, is_passport, merge, plain, stop
from sim.scenario.passports import PassportRow, missing, take_off
from sim.scenario.schema import Intervention, Scenario
from sim.scenario.yaml_source import dump, read_file

__all__ = ["Loaded", "dump", "from_tree", "load", "sources"]


@dataclass(frozen=True)
class Loaded:
    """A scenario that is ready to run.

    `tree` is the resolved tree with passports, without `extends`, `interventions` and `apply`, which are used up;
    `applied` names the interventions in force, `interventions` holds all that the file defines.
    """

    scenario: Scenario
    tree: dict[str, Any]
    passports: tuple[PassportRow, ...]
    without_passport: tuple[str, ...]
    interventions: dict[str, Intervention]
    applied: tuple[str, ...]
    scenario_hash: str


def load(path: str | Path, sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Loaded:
    """Read a scenario file; `sets` are 'path=value', `intervene` names of interventions.

    Order: extends, the file's `apply`, `intervene`, `sets`. Raises ScenarioError with every problem found.
    """
    return _read(lambda told: _extended(Path(path), (), told), sets, intervene)


def from_tree(tree: dict[str, Any], sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Loaded:
    """Read a scenario that a program made; files it names are relative to the working directory."""
    if not isinstance(tree, dict):
        raise stop("<dict>", (), "expected a mapping")
    return _read(lambda told: _base(from_plain(tree, Place("<dict>")), Path(), (), told), sets, intervene)


def sources(loaded: Loaded) -> tuple[tuple[PassportRow, ...], tuple[str, ...]]:
    """Return the passports in the order of the file, and the paths of the quantities that have none."""
    return loaded.passports, loaded.without_passport


def _read(tree: Callable[[list[Problem]], Node], sets: Sequence[str], intervene: Sequence[str]) -> Loaded:
    """Read a tree and resolve it; what was told of the files while reading them counts as well."""
    told: list[Problem] = []
    try:
        loaded = _resolve(tree(told), sets, intervene)
    except ScenarioError as error:
        places = {problem.where for problem in told}
        more = [problem for problem in error.problems if problem.where not in places or problem in told]
        raise _in_order([*told, *more]) from None
    if told:
        raise _in_order(told)
    return loaded


def _in_order(problems: list[Problem]) -> ScenarioError:
    """Return the error of all problems by file, line and column."""

    def place(problem: Problem) -> tuple[str, int, int]:
        file, *numbers = problem.where.rsplit(":", 2)
        if len(numbers) == 2 and all(number.isdecimal() for number in numbers):
            return file, int(numbers[0]), int(numbers[1])
        return problem.where, 0, 0

    return ScenarioError(sorted(dict.fromkeys(problems), key=place))


def _extended(path: Path, seen: tuple[Path, ...], told: list[Problem]) -> Node:
    """Read a file, laid over what it extends."""
    return _base(read_file(path, told), path.parent, (*seen, path.resolve()), told)


def _base(root: Node, folder: Path, seen: tuple[Path, ...], told: list[Problem]) -> Node:
    if is_passport(root):
        raise stop(root.place, ("value",), "a whole scenario cannot stand in a passport; give one to each value")
    root = inline(root, folder, told)
    named = root.value.pop("extends", None)
    if named is None:
        return root
    if not isinstance(named.value, str):
        raise stop(named.place, ("extends",), "expected the name of a scenario file")
    parent = folder / named.value
    if parent.resolve() in seen:
        chain = " -> ".join(p.name for p in (*seen, parent.resolve()))
        raise stop(named.place, ("extends",), f"goes round in a circle: {chain}")
    if not parent.is_file():
        raise stop(named.place, ("extends",), f"there is no file {str(parent)!r}")
    return merge(_extended(parent, seen, told), root)


def _resolve(root: Node, sets: Sequence[str], intervene: Sequence[str]) -> Loaded:
    defined, applied_nodes = root.value.pop("interventions", None), root.value.pop("apply", None)
    defined = bare(defined) if defined else None
    models, problems = _interventions(root, defined)
    defined = defined if defined and isinstance(defined.value, dict) else None
    wanted = [*_names(applied_nodes, problems), *(Node(name, Place("--intervene")) for name in intervene)]
    applied, unknown = interventions.named(wanted, defined)
    problems += unknown
    found, scenario = _validated(root, lambda mended: _each_alone(mended, models, defined))
    problems = [*found, *problems]
    if scenario is not None:
        problems += _each_alone(root, models, defined)
    if problems or scenario is None:
        raise ScenarioError(problems)
    altered = root
    if defined is not None:
        for name in applied:
            altered = interventions.apply(altered, name, defined)
    altered = _set_all(altered, sets)
    if altered is not root:
        found, scenario = _validated(altered)
        if found or scenario is None:
            raise ScenarioError(found)
    return _loaded(altered, scenario, models, applied)


def _set_all(root: Node, sets: Sequence[str]) -> Node:
    problems: list[Problem] = []
    for text in sets:
        try:
            root = interventions.set_from_command_line(root, text)
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return root


def _names(node: Node | None, problems: list[Problem]) -> list[Node]:
    if node is None:
        return []
    rows = bare(node).value
    if not isinstance(rows, list) or any(not isinstance(row.value, str) for row in rows):
        problems.append(Problem(node.where, "apply", "expected a list of names of interventions"))
        return []
    return rows


def _interventions(root: Node, defined: Node | None) -> tuple[dict[str, Intervention], list[Problem]]:
    if defined is None:
        return {}, []
    whole = Node({"interventions": defined}, root.place)
    values, _, problems = take_off(whole)
    adapter: TypeAdapter[dict[str, Intervention]] = TypeAdapter(
        Scenario.model_fields["interventions"].rebuild_annotation()
    )
    given = values["interventions"]
    try:
        return adapter.validate_python(given), problems
    except ValidationError as error:
        wrong = {e["loc"][0] for e in error.errors() if e["loc"]}
        good = {name: given[name] for name in given if name not in wrong} if wrong else {}
        return adapter.validate_python(good), [*problems, *explain.problems(error, whole, ("interventions",))]


def _validated(
    root: Node, more: Callable[[Node], list[Problem]] = lambda _: []
) -> tuple[list[Problem], Scenario | None]:
    values, _, problems = take_off(root)
    problems += explain.stray_booleans(root)
    cut = _cut_on_command_line(root)
    try:
        scenario = Scenario.model_validate(values)
    except ValidationError as error:
        faults = explain.faults_of(error, root)
        return [*problems, *(fault.problem for fault in faults), *besides(root, faults, not cut, more)], None
    for loc, what in check(scenario, whole_run=not cut):
        node, path = find(root, loc)
        problems.append(Problem(node.where, dotted(path), what))
    return list(dict.fromkeys(problems)), scenario


def _cut_on_command_line(root: Node) -> bool:
    """Say whether start or horizon was set by hand: then dates beyond them are no mistake of the file."""
    clock = root.value.get("clock")
    _, rows, _ = take_off(Node({"clock": clock} if clock else {}, root.place))
    return any(row.reason == interventions.ON_COMMAND_LINE for row in rows)


def _each_alone(root: Node, names: Iterable[str], defined: Node | None) -> list[Problem]:
    """Return what is wrong with each of the interventions in a tree that is valid without them."""
    if defined is None:
        return []
    found = _validated(root)[0]
    return [problem for name in names for problem in _alone(root, name, defined, found)]


def _alone(root: Node, name: str, defined: Node, found: list[Problem]) -> list[Problem]:
    """Return what is wrong, besides `found`, with an intervention when it alone is in force, placed there."""
    try:
        altered = interventions.apply(root, name, defined)
    except ScenarioError as error:
        return list(error.problems)
    node = defined.value[name]
    own = {str(place) for part in _all(node) for place in (part.place, part.key) if place}
    problems = []
    for problem in _validated(altered)[0]:
        if problem in found:
            continue
        where = problem.where if problem.where in own else node.where
        problems.append(Problem(where, f"interventions.{name}", f"{problem.path}: {problem.what}".lstrip(": ")))
    return problems


def _all(node: Node) -> list[Node]:
    parts = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    return [node, *(deeper for part in parts for deeper in _all(part))]


def _loaded(root: Node, scenario: Scenario, models: dict[str, Intervention], applied: list[str]) -> Loaded:
    tree = plain(root)
    text = json.dumps(tree, ensure_ascii=True, separators=(",", ":"))
    digest = "s" + hashlib.sha256(text.encode()).hexdigest()[:16]
    return Loaded(scenario, tree, tuple(take_off(root)[1]), tuple(missing(root)), models, tuple(applied), digest)
