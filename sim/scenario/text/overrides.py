"""Changes the tree of a scenario before it runs: `--set path=value` and interventions (set, scale, changes)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sim.errors import Problem, ScenarioError
from sim.scenario.model.changes import EVERYWHERE
from sim.scenario.text import allowed as shape
from sim.scenario.text.passports import is_quantity
from sim.scenario.text.service_times import written_out
from sim.scenario.text.tree import Node, Path, Place, bare, child, dotted, is_passport, plain, put, show, stop
from sim.scenario.text.yaml_text import parse_value
from sim.suggest import did_you_mean

ON_COMMAND_LINE = "set on the command line"
NOT_SCALED = (
    *("cv", "k", "hours", "weekdays", "lag", "decay", "growth", "until", "max", "when_staff_leave"),
    *("log", "calendar", "bursts", "day_factor", "spread", "delay", "share", "slot", "no_show", "early", "late"),
)
"""Keys whose numbers stay as they are where what is above them is scaled."""
NOT_SCALED_IN_TIMETABLES = ("every",)
_NUMBER = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(.*)", re.DOTALL)
LARGEST_WHOLE = 1e18
"""Whole numbers that become larger are left as they are: no value of a scenario may be so large."""
NEVER_SET = ("interventions", "apply", "extends", "reported")


def named(names: Iterable[Node], defined: Node | None) -> tuple[list[str], list[Problem]]:
    """Return the names of interventions that exist, and a problem for each that does not."""
    choices = list(defined.value) if defined else []
    good: list[str] = []
    problems = []
    for node in names:
        if node.value in choices:
            good.append(str(node.value))
            continue
        listed = f"the scenario has {', '.join(choices)}" if choices else "the scenario has no interventions"
        near = did_you_mean(str(node.value), choices)
        path = "apply" if node.place.line else ""
        problems.append(Problem(str(node.place), path, f"unknown intervention {show(plain(node))}; {listed}{near}"))
    return good, problems


def apply(root: Node, name: str, defined: Node) -> Node:
    """Return the tree with one valid intervention in force. Raises ScenarioError if a path does not exist."""
    parts = bare(defined.value[name]).value
    problems: list[Problem] = []
    for verb in ("set", "scale"):
        for text, node in (bare(parts[verb]).value if verb in parts else {}).items():
            place = node.key or node.place
            try:
                path = locate(root, text, place)
                alter = _set if verb == "set" else _scaled
                root = alter(root, path, node, f"intervention {name}")
            except ScenarioError as error:
                at = f"interventions.{name}.{verb}.{text}"
                problems.extend(Problem(problem.where, at, problem.what) for problem in error.problems)
    for change in bare(parts["changes"]).value if "changes" in parts else []:
        try:
            root = _with_change(root, bare(change), name)
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return root


def set_from_command_line(root: Node, text: str) -> Node:
    """Return the tree with `path=value` set. The value is read as YAML; null removes the key."""
    place = Place("--set")
    path_text, equals, value_text = text.partition("=")
    if not equals or not path_text.strip():
        raise stop(place, (), f"expected path=value, such as 'replications=50'; got {show(text)}")
    try:
        read = parse_value(value_text, "--set") or Node(None, place)
    except ScenarioError as error:
        raise ScenarioError(Problem("--set", path_text, problem.what) for problem in error.problems) from None
    return _set(root, locate(root, path_text.strip(), place), _moved(read, place), ON_COMMAND_LINE)


def scale_from_command_line(root: Node, text: str, factor: float) -> Node:
    """Return the tree with every number below the path `text` multiplied by `factor`, as `scale` does."""
    place = Place("--over")
    return _scaled(root, locate(root, text, place), Node(factor, place), ON_COMMAND_LINE)


def _moved(node: Node, place: Place) -> Node:
    if isinstance(node.value, dict):
        return Node({k: replace(_moved(part, place), key=place) for k, part in node.value.items()}, place)
    if isinstance(node.value, list):
        return Node([_moved(part, place) for part in node.value], place)
    return Node(node.value, place)


def _set(root: Node, path: Path, node: Node, reason: str) -> Node:
    """Set a value. One without a passport gets one that says what set it, so that it does not keep an older source."""
    place = node.key or node.place
    root, path = written_out(root, path, place)
    if node.value is None:
        return put(root, path, lambda _: None, place)
    if is_passport(node) or path[-1] in ("name", "title", "description"):
        return put(root, path, lambda _: node, place)
    return put(root, path, lambda _: _stamped(node, reason), place)


def _stamped(node: Node, reason: str) -> Node:
    where = node.key or node.place
    return Node({"value": replace(node, key=where), "reason": Node(reason, where, where)}, where, where)


def locate(root: Node, text: str, place: Place) -> Path:
    """Return the path that `text` names; `crossings.NAME.` may be left out if the scenario has one crossing.

    A key need not be in the file if the schema has it. Otherwise raises ScenarioError with a suggestion.
    """
    parts = [part for part in re.split(r"[.\[\]]+", text) if part]
    if parts and parts[0] in NEVER_SET:
        raise stop(place, (text,), f"{parts[0]!r} cannot be set; only simulated values can")
    crossings = child(root, "crossings")
    names = list(bare(crossings).value) if crossings else []
    top = shape.keys(shape.at(())) or []
    inside = (shape.keys(shape.at(("crossings", "x"))) or []) if len(names) == 1 else []
    if parts and parts[0] not in top and parts[0] in inside:
        parts = ["crossings", names[0], *parts]
    if not parts or parts[0] not in top:
        word = parts[0] if parts else text
        choices = [key for key in dict.fromkeys((*top, *inside)) if key not in NEVER_SET]
        listed = f"; expected a path that begins with {', '.join(choices)}"
        raise stop(place, (text,), f"there is no {word!r}{did_you_mean(word, choices) or listed}")
    return _walk(root, parts, place, text)


@dataclass(frozen=True)
class _Step:
    """One step along a path: the node, if the file has it, and what the schema allows there."""

    node: Node | None
    here: list[shape.Kind]


def _walk(root: Node, parts: list[str], place: Place, text: str) -> Path:
    at: _Step = _Step(root, shape.at(()))
    path: Path = ()
    for i, part in enumerate(parts):
        node = bare(at.node) if at.node else None
        present = child(node, part) if node else None
        if present is None:
            fault = _fault(node, at.here, part, last=i == len(parts) - 1)
            if fault:
                shown = f"{dotted(path)} has no {part!r}" if path else f"there is no {part!r}"
                raise stop(place, (text,), shown + fault)
        below = [kind for here in at.here for kind in shape.step(here, part)]
        path = (*path, int(part) if node and isinstance(node.value, list) else part)
        at = _Step(present, below)
    return path


def _fault(node: Node | None, here: list[shape.Kind], part: str, last: bool) -> str:
    """Return why a part that is not in the file cannot be added, or ''."""
    present = list(node.value) if node and isinstance(node.value, dict) else []
    if node and isinstance(node.value, list):
        return f"; the list has {len(node.value)} rows, numbered from 0"
    allowed = shape.keys(here)
    if allowed is None:
        return "" if last else did_you_mean(part, present) or f"; it has {', '.join(present) or 'nothing'}"
    if part in allowed:
        return ""
    choices = list(dict.fromkeys([*present, *allowed]))
    if not choices:
        return "; it is a single value"
    by_name = set(present) & set(shape.names(here) or ())  # such as by class: what the file has, not what it could have
    return did_you_mean(part, choices) or f"; it has {', '.join(present if by_name else choices)}"


def _scaled(root: Node, path: Path, factor_node: Node, by: str) -> Node:
    factor = float(bare(factor_node).value)
    where = factor_node.key or factor_node.place
    reason = f"{by}: times {factor:g}"

    def make(old: Node | None) -> Node:
        new, count = _times(old, factor, where, reason) if old else (Node(None, where), 0)
        if not count:
            got = f"; got {show(plain(old))}" if old else "; the file has no value here"
            raise stop(where, path, f"no number to scale{got}")
        return new

    return put(*written_out(root, path, where), make, where)


def _times(node: Node, factor: float, where: Place, reason: str) -> tuple[Node, int]:
    """Return the node with every number below it scaled, and how many there were.

    A scaled number loses its passport; the reason of the new one states the value before.
    """
    if is_passport(node):
        inner, count = _times(node.value["value"], factor, where, reason)
        if not count:
            return node, 0
        if isinstance(bare(inner).value, dict | list):
            return replace(node, value={**node.value, "value": inner}), count
        return replace(inner, key=node.key), count
    if isinstance(node.value, dict):
        fixed = (*NOT_SCALED, *NOT_SCALED_IN_TIMETABLES) if "at" in node.value else NOT_SCALED
        done = {k: _times(v, factor, where, reason) if k not in fixed else (v, 0) for k, v in node.value.items()}
        return replace(node, value={k: v for k, (v, _) in done.items()}), sum(n for _, n in done.values())
    if isinstance(node.value, list):
        items = [_times(item, factor, where, reason) for item in node.value]
        return replace(node, value=[item for item, _ in items]), sum(n for _, n in items)
    if not is_quantity(node.value):
        return node, 0
    new = Node(times(node.value, factor), where, node.key)
    return replace(_stamped(new, f"{reason} (before: {show(node.value)})"), key=node.key), 1


def times(value: Any, factor: float) -> Any:
    """Return a number or a quantity ('62/h') scaled, in its unit; integers stay integers, halves are rounded up."""
    if isinstance(value, int):
        scaled = value * factor
        return math.floor(scaled + 0.5) if abs(scaled) < LARGEST_WHOLE else scaled
    if isinstance(value, float):
        return float(f"{value * factor:.12g}")
    match = _NUMBER.fullmatch(value)
    if match is None:
        return value
    return f"{float(match[1].replace('_', '')) * factor:.12g}{match[2]}"


def _with_change(root: Node, change: Node, name: str) -> Node:
    names = list(bare(child(root, "crossings") or Node({}, change.place)).value)
    given = change.value.get("crossing")
    crossing = bare(given).value if given else names[0] if len(names) == 1 else None
    concerned = names if crossing == EVERYWHERE and EVERYWHERE not in names else [crossing]
    if crossing not in names and crossing != EVERYWHERE:
        what = f"there is no crossing {crossing!r}; expected" if given else "needs the key 'crossing'; expected one of"
        path = f"interventions.{name}.changes"
        listed = ", ".join(names if len(names) == 1 else [*names, EVERYWHERE])
        raise ScenarioError([Problem(change.where, path, f"{what} {listed}{did_you_mean(str(crossing), names)}")])
    entry = replace(change, value={k: v for k, v in change.value.items() if k != "crossing"})
    row = _stamped(entry, f"intervention {name}")

    def make(old: Node | None) -> Node:
        rows = list(bare(old).value) if old else []
        return Node([*rows, row], old.place if old else change.place, old.key if old else change.place)

    for one in concerned:
        root = put(root, ("crossings", str(one), "changes"), make, change.place)
    return root
