"""Loads a scenario: its file, the file it extends, its tables, interventions and `--set` values.

All problems of one validation pass are reported together. The resolved tree is self-contained: written as YAML and
loaded again, it gives an equal Scenario and the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sim.errors import Problem, ScenarioError
from sim.scenario.checks.crossings import check
from sim.scenario.model.scenario import Intervention, Scenario
from sim.scenario.resolve import SCENARIOS, file_named
from sim.scenario.text import fitted_values as calibrated
from sim.scenario.text import messages as explain
from sim.scenario.text import overrides as interventions
from sim.scenario.text.borrow import with_borrowed_crossings
from sim.scenario.text.csv_files import untaken
from sim.scenario.text.fitted_values import fill_from_file
from sim.scenario.text.includes import inline
from sim.scenario.text.messages import not_yet_reported, sorted_error
from sim.scenario.text.named_files import SCENARIO_FILE, followed, named_file
from sim.scenario.text.passports import PassportRow, missing, take_off
from sim.scenario.text.start_from import sets_end_state, with_end_state
from sim.scenario.text.tree import (
    CALIBRATED,
    Node,
    Place,
    bare,
    child,
    dotted,
    find,
    from_plain,
    is_passport,
    merge,
    plain,
    stop,
)
from sim.scenario.text.tree import Path as Path_
from sim.scenario.text.yaml_text import SCENARIO, dump, parse, read_kind

__all__ = [
    "Loaded",
    "Template",
    "dump",
    "from_tree",
    "load",
    "load_template",
    "not_yet_reported",
    "read_tree",
    "sorted_error",
    "template_of",
    "tree_of_dict",
]


@dataclass(frozen=True)
class Loaded:
    """A scenario that is ready to run.

    Attributes
    ----------
    scenario : the validated model, with the interventions in force and every `--set` applied.
    tree : the resolved plain tree with passports, without `extends`, `interventions` and `apply`.
    passports : the source of every value that has one, in the order of the file.
    without_passport : the paths of the quantities and instants that have none.
    interventions : all interventions that the file defines, by name.
    applied : the names of those in force, in order.
    scenario_hash : "s" and 16 hexadecimal digits, computed from `tree`.
    notes : warnings about the files that it names, each with its place.
    """

    scenario: Scenario
    tree: dict[str, Any]
    passports: tuple[PassportRow, ...]
    without_passport: tuple[str, ...]
    interventions: dict[str, Intervention]
    applied: tuple[str, ...]
    scenario_hash: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """A scenario file whose calibrated values are not filled in yet.

    Attributes
    ----------
    root : the tree as read, with references such as `{calibrated: NAME}`.
    sets, intervene : values and interventions from the command line, applied after the calibrated values.
    applied : the names of the interventions in force, in order.
    names : the parameters that the tree refers to.
    scales : paths and factors, applied last; `loaded` ignores them.
    """

    root: Node
    sets: tuple[str, ...]
    intervene: tuple[str, ...]
    applied: tuple[str, ...]
    names: tuple[str, ...]
    scales: tuple[tuple[str, float], ...] = ()

    def loaded(self, values: Mapping[str, float], units: Mapping[str, str]) -> Loaded:
        """Return the scenario with a value (in its unit) for every parameter. Raises ScenarioError as `load` does."""
        known = calibrated.known(values, units)
        fill = partial(calibrated.fill, given=known)
        return _read(lambda _: self.root, fill, self.sets, self.intervene)

    def scenario(self, values: Mapping[str, float], units: Mapping[str, str]) -> Scenario:
        """Return the scenario alone, checked by the schema only: names and dates are not compared, which saves time.

        Raises ScenarioError if a value is invalid.
        """
        return self._filled_in(values, units)[1]

    def checked(self, values: Mapping[str, float], units: Mapping[str, str]) -> Scenario:
        """Return the scenario alone, with all checks. Raises ScenarioError."""
        root, scenario = self._filled_in(values, units)
        problems = _inconsistent(root, scenario)
        if problems:
            raise sorted_error(problems)
        return scenario

    def _filled_in(self, values: Mapping[str, float], units: Mapping[str, str]) -> tuple[Node, Scenario]:
        problems: list[Problem] = []
        root = calibrated.fill(self.root, calibrated.known(values, units), problems)
        if problems:
            raise sorted_error(problems)
        defined = child(root, "interventions")
        root = _without(root, "interventions", "apply")
        root = _altered(root, self.applied, bare(defined) if defined else None, self.sets)
        for path, factor in self.scales:
            root = interventions.scale_from_command_line(root, path, factor)
        try:
            return root, Scenario.model_validate(take_off(root)[0])
        except ValidationError as error:
            raise sorted_error(explain.problems(error, root)) from None


def load(path: str | Path, sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Loaded:
    """Read a scenario file (or catalogue name); `sets` are 'path=value', `intervene` names of interventions.

    They are applied in this order: `extends`, the file's `apply`, `intervene`, `sets`. Raises ScenarioError with all
    problems of one validation pass.
    """
    file = file_named(path, SCENARIOS)
    return _read(lambda problems: read_tree(file, problems), fill_from_file, sets, intervene)


def load_template(path: str | Path, sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Template:
    """Read a scenario file without its calibrated values; the file of fitted values is not read.

    Raises ScenarioError if a file cannot be read or an intervention is unknown. Other problems are reported when the
    values are filled in.
    """
    problems: list[Problem] = []
    root = read_tree(file_named(path, SCENARIOS), problems)
    if problems:
        raise sorted_error(problems)
    return template_of(root, sets, intervene)


def template_of(root: Node, sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Template:
    """Return the template of a tree as it was read. Raises ScenarioError if an intervention is unknown."""
    root = _altered(_without(root, CALIBRATED), (), None, [text for text in sets if sets_end_state(text)])
    sets = [text for text in sets if not sets_end_state(text)]
    problems: list[Problem] = []
    applied, defined = _applied(root, intervene, problems)
    if problems:
        raise ScenarioError(problems)
    parts = [_without(root, "interventions"), *(defined.value[name] for name in applied if defined)]
    names = dict.fromkeys(name for part in parts for name, *_ in calibrated.named(part))
    return Template(root, tuple(sets), tuple(intervene), tuple(applied), tuple(names))


def from_text(text: str, file: Path) -> Loaded:
    """Load a scenario given as text; the files it names are relative to the folder of `file`, which is not read."""
    return _read(lambda problems: tree_of_text(text, file, problems), fill_from_file, (), ())


def from_tree(tree: dict[str, Any], sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Loaded:
    """Load a scenario given as a dict; the files it names are relative to the working directory."""
    if not isinstance(tree, dict):
        raise stop("<dict>", (), "expected a mapping")
    return _read(lambda problems: tree_of_dict(tree, problems), fill_from_file, sets, intervene)


def tree_of_dict(tree: dict[str, Any], problems: list[Problem]) -> Node:
    """Merge a scenario given as a dict over the file it extends, as `read_tree` does with a file."""
    return _expanded(from_plain(tree, Place("<dict>")), Path(), (), problems)


def _read(
    tree: Callable[[list[Problem]], Node],
    fill: Callable[..., Node],
    sets: Sequence[str],
    intervene: Sequence[str],
) -> Loaded:
    """Read a tree, fill in fitted values and resolve it; problems of each step are reported together."""
    problems: list[Problem] = []
    root = None
    try:
        root = tree(problems)
        loaded = _resolve(fill(root, problems=problems), sets, intervene)
    except ScenarioError as error:
        found = error.problems if root is None else [calibrated.with_paths(problem, root) for problem in error.problems]
        raise sorted_error([*problems, *not_yet_reported(problems, found)]) from None
    if problems:
        raise sorted_error(problems)
    return loaded


def read_tree(path: Path, problems: list[Problem], seen: tuple[Path, ...] = ()) -> Node:
    """Read a file and merge it over the file it extends; problems with the files it names are added to `problems`."""
    return _expanded(read_kind(path, problems, SCENARIO), path.parent, seen or (path.resolve(),), problems)


def tree_of_text(text: str, file: Path, problems: list[Problem]) -> Node:
    """Merge a scenario given as text over the file it extends, as `read_tree` does; `file` is where it would stand."""
    return _expanded(parse(text, str(file), problems), file.parent, (file.resolve(),), problems)


def _expanded(root: Node, folder: Path, seen: tuple[Path, ...], problems: list[Problem]) -> Node:
    if is_passport(root):
        raise stop(root.place, ("value",), "a passport cannot hold a whole scenario; give each value its own")
    root = with_end_state(inline(root, folder, problems), problems)
    root = with_borrowed_crossings(root, folder, lambda *lender: _filled(seen, *lender), problems)
    named = root.value.pop("extends", None)
    if named is None:
        return root
    parent = named_file(named, folder, ("extends",), SCENARIO_FILE)
    files = followed(parent, seen, named, ("extends",), "extend")
    return merge(read_tree(parent, problems, files), root)


def _filled(seen: tuple[Path, ...], path: Path, node: Node, here: Path_) -> Node:
    """Read the file of a borrowed crossing, which `node` names, and fill in its fitted values. Raises ScenarioError."""
    files = followed(path, seen, node, here, "borrow from")
    problems: list[Problem] = []
    root = fill_from_file(read_tree(path, problems, files), problems)
    if problems:
        raise ScenarioError(problems)
    return root


def _resolve(root: Node, sets: Sequence[str], intervene: Sequence[str]) -> Loaded:
    models, problems = _interventions(root)
    applied, defined = _applied(root, intervene, problems)
    root = _without(root, "interventions", "apply")
    invalid, scenario = _validated(root)
    problems = [*invalid, *problems]
    if scenario is not None:
        problems += _intervention_problems(root, models, defined)
    if problems or scenario is None:
        raise ScenarioError(problems)
    altered = _altered(root, applied, defined, sets)
    if altered is not root:
        invalid, scenario = _validated(altered)
        if invalid or scenario is None:
            raise ScenarioError(invalid)
    return _loaded(altered, scenario, models, applied)


def _without(root: Node, *keys: str) -> Node:
    return replace(root, value={key: part for key, part in root.value.items() if key not in keys})


def _applied(root: Node, intervene: Sequence[str], problems: list[Problem]) -> tuple[list[str], Node | None]:
    """Return the names of the interventions in force, and the node that describes all interventions."""
    given = child(root, "interventions")
    defined = bare(given) if given else None
    defined = defined if defined and isinstance(defined.value, dict) else None
    wanted = [*_names(child(root, "apply"), problems), *(Node(name, Place("--intervene")) for name in intervene)]
    applied, unknown = interventions.named(wanted, defined)
    problems += unknown
    return applied, defined


def _altered(root: Node, applied: Sequence[str], defined: Node | None, sets: Sequence[str]) -> Node:
    """Return the tree with interventions in force and values set."""
    if defined is not None:
        for name in applied:
            root = interventions.apply(root, name, defined)
    problems: list[Problem] = []
    for text in sets:
        try:
            root = interventions.set_from_command_line(root, text)
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return with_end_state(root)


def _names(node: Node | None, problems: list[Problem]) -> list[Node]:
    if node is None:
        return []
    rows = bare(node).value
    if not isinstance(rows, list) or any(not isinstance(row.value, str) for row in rows):
        problems.append(Problem(node.where, "apply", "expected a list of intervention names"))
        return []
    return rows


def _interventions(root: Node) -> tuple[dict[str, Intervention], list[Problem]]:
    given = child(root, "interventions")
    if given is None:
        return {}, []
    whole = Node({"interventions": bare(given)}, root.place)
    values, _, problems = take_off(whole)
    adapter: TypeAdapter[dict[str, Intervention]] = TypeAdapter(
        Scenario.model_fields["interventions"].rebuild_annotation()
    )
    described = values["interventions"]
    try:
        return adapter.validate_python(described), problems
    except ValidationError as error:
        wrong = {e["loc"][0] for e in error.errors() if e["loc"]}
        good = {name: described[name] for name in described if name not in wrong} if wrong else {}
        return adapter.validate_python(good), [*problems, *explain.problems(error, whole, ("interventions",))]


def _validated(root: Node) -> tuple[list[Problem], Scenario | None]:
    """Return all problems of one validation pass, and the scenario unless the schema rejects it.

    Names and dates are compared with each other only if the schema accepts every single value.
    """
    values, _, problems = take_off(root)
    problems += explain.stray_booleans(root)
    try:
        scenario = Scenario.model_validate(values)
    except ValidationError as error:
        return [*problems, *explain.problems(error, root)], None
    problems += _inconsistent(root, scenario)
    return list(dict.fromkeys(problems)), scenario


def _inconsistent(root: Node, scenario: Scenario) -> list[Problem]:
    """Return the inconsistencies of a scenario whose single values are valid, with their places."""
    inconsistencies = check(scenario, whole_run=not _clock_set_on_command_line(root))
    nodes = ((*find(root, loc), what) for loc, what in inconsistencies)
    return [Problem(node.where, dotted(path), what) for node, path, what in nodes]


def _clock_set_on_command_line(root: Node) -> bool:
    """Say whether start or horizon was set on the command line; dates outside the run are then accepted."""
    clock = root.value.get("clock")
    _, rows, _ = take_off(Node({"clock": clock} if clock else {}, root.place))
    return any(row.reason == interventions.ON_COMMAND_LINE for row in rows)


def _intervention_problems(root: Node, names: Iterable[str], defined: Node | None) -> list[Problem]:
    """Return the problems that each intervention causes on its own in a tree that is valid without any."""
    if defined is None:
        return []
    known = _validated(root)[0]
    return [problem for name in names for problem in _problems_of(root, name, defined, known)]


def _problems_of(root: Node, name: str, defined: Node, known: list[Problem]) -> list[Problem]:
    """Return the problems, except those in `known`, that arise when this intervention alone is in force."""
    try:
        altered = interventions.apply(root, name, defined)
    except ScenarioError as error:
        return list(error.problems)
    node = defined.value[name]
    own = {str(place) for part in _with_parts(node) for place in (part.place, part.key) if place}
    problems = []
    for problem in _validated(altered)[0]:
        if problem in known:
            continue
        where = problem.where if problem.where in own else node.where
        problems.append(Problem(where, f"interventions.{name}", f"{problem.path}: {problem.what}".lstrip(": ")))
    return problems


def _with_parts(node: Node) -> list[Node]:
    parts = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    return [node, *(deeper for part in parts for deeper in _with_parts(part))]


def _loaded(root: Node, scenario: Scenario, models: dict[str, Intervention], applied: list[str]) -> Loaded:
    tree = plain(root)
    text = json.dumps(tree, ensure_ascii=True, separators=(",", ":"))
    digest = "s" + hashlib.sha256(text.encode()).hexdigest()[:16]
    passports, notes = tuple(take_off(root)[1]), tuple(untaken(root, scenario.classes))
    return Loaded(scenario, tree, passports, tuple(missing(root)), models, tuple(applied), digest, notes)
