"""Replaces the references in a tree, such as `{calibrated: NAME}`, by fitted values.

`{calibrated: NAME, times: TABLE}` multiplies the numbers of a table by the value, `divides` divides them by it; the
table may itself be a reference, which makes a product of two parameters. Each value has the unit of its parameter and a
passport with its source. A tree that still has references is not a scenario. A reference that cannot be replaced
becomes null, and the problem is reported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sim.errors import Problem, ScenarioError
from sim.scenario.model.calibration import Fitted
from sim.scenario.text import messages as explain
from sim.scenario.text.named_files import named_file
from sim.scenario.text.overrides import NEVER_SET, NOT_SCALED, times
from sim.scenario.text.passports import PassportRow, is_quantity, take_off
from sim.scenario.text.tree import (
    CALIBRATED,
    DIVIDES,
    TIMES,
    Node,
    Place,
    bare,
    dotted,
    find,
    from_plain,
    is_passport,
    is_reference,
    placed,
    plain,
    show,
    stop,
)
from sim.scenario.text.tree import Path as Path_
from sim.scenario.text.yaml_text import FITTED, read_kind
from sim.suggest import did_you_mean

M = TypeVar("M", bound=BaseModel)
_FACTORS = (TIMES, DIVIDES)
UPDATE = "`sim calibrate CALIBRATION --update`"


@dataclass(frozen=True)
class Known:
    """The value of a parameter in its unit, with the fields of its passport; `interval` is the 90 % interval."""

    value: float
    unit: str = ""
    source: str = "calibrated"
    date: str = ""
    reason: str = ""
    interval: tuple[float, float] | None = None


def known(values: Mapping[str, float], units: Mapping[str, str]) -> dict[str, Known]:
    """Return numbers, each in the unit of its parameter, as known values."""
    return {name: Known(float(value), units.get(name, "")) for name, value in values.items()}


def named(node: Node, path: Path_ = ()) -> Iterator[tuple[str, Node, Path_]]:
    """Yield the name of every parameter that a tree refers to, with the reference and its path."""
    if path and is_reference(node):
        name = node.value[CALIBRATED].value
        if isinstance(name, str):
            yield name, node, path
        for key in (TIMES, DIVIDES):
            if key in node.value:
                yield from named(node.value[key], (*path, key))
    elif isinstance(node.value, dict):
        for key, part in node.value.items():
            yield from named(part, (*path, key))
    elif isinstance(node.value, list):
        for i, part in enumerate(node.value):
            yield from named(part, (*path, i))


def read_only(root: Node, name: str) -> bool:
    """Say whether a parameter stands somewhere that cannot be set, as in a reported figure."""
    return any(path[0] in ("reported", "extends") for other, _, path in named(root) if other == name)


def in_place_of(root: Node, name: str, value: Known) -> dict[str, Any]:
    """Return what to set, by path, so that a parameter has a value of its own wherever the tree refers to it.

    Other parameters stay references, as in `{calibrated: other, times: 3.5}`.
    """
    outermost: dict[Path_, Node] = {}
    for other, _, path in named(root):
        while path[-1] in _FACTORS:
            path = path[:-1]
        if other == name and path[0] not in NEVER_SET:
            outermost[path] = find(root, path)[0]
    return {
        dotted(part for part in path if part != "value"): plain(_substituted(node, name, value))
        for path, node in outermost.items()
    }


def _substituted(node: Node, name: str, value: Known) -> Node:
    """Return a reference with a value in place of one parameter."""
    parts = {key: _substituted(part, name, value) if is_reference(part) else part for key, part in node.value.items()}
    if node.value[CALIBRATED].value != name:
        return replace(node, value=parts)
    key = next((key for key in _FACTORS if key in parts), None)
    if key is None:
        return Node(_written(value.value, value.unit), node.place)
    return _times(parts[key], value.value if key == TIMES else 1 / (value.value or math.inf))[0]


def with_paths(problem: Problem, root: Node) -> Problem:
    """Return the problem of a `--set` that names a parameter with the paths whose values depend on it."""
    name, paths = problem.path.removeprefix(f"{CALIBRATED}."), []
    for other, _, path in named(root) if problem.where == "--set" else ():
        if other == name and path[0] not in NEVER_SET:
            while path[-1] in _FACTORS:
                path = path[:-1]
            paths.append(dotted(path))
    listed = ", ".join(dict.fromkeys(paths))
    return replace(problem, what=f"{name!r} is a fitted number; set what depends on it: {listed}") if paths else problem


def fill(node: Node, given: Mapping[str, Known], problems: list[Problem], path: Path_ = ()) -> Node:
    """Return a tree with values in place of its references; problems with a reference are added to `problems`."""
    if path and is_reference(node):
        return _filled(node, given, problems, path)
    if isinstance(node.value, dict):
        parts = {key: fill(part, given, problems, (*path, key)) for key, part in node.value.items()}
        unchanged = all(parts[key] is part for key, part in node.value.items())
        return node if unchanged else _holding(node, parts, path)
    if isinstance(node.value, list):
        items = [fill(part, given, problems, (*path, i)) for i, part in enumerate(node.value)]
        unchanged = all(new is old for new, old in zip(items, node.value, strict=True))
        return node if unchanged else replace(node, value=items)
    return node


def fill_from_file(root: Node, problems: list[Problem]) -> Node:
    """Return the tree with the values of the fitted file named at its top, relative to the file that names it."""
    file = root.value.get(CALIBRATED)
    root = replace(root, value={key: part for key, part in root.value.items() if key != CALIBRATED})
    if file is None:
        for name, node, path in named(root):
            what = f"{name!r} is calibrated, but the scenario names no fitted file; add 'calibrated: FILE' at its top"
            what += f" ({UPDATE} writes that file)"
            problems.append(Problem(str(node.value[CALIBRATED].place), dotted(path), what))
        return _emptied(root, None)
    try:
        return fill(root, _values(file), problems)
    except ScenarioError as error:
        problems.extend(error.problems)
        return _emptied(root, placed(error.problems[0].where))


def fitted_file(node: Node) -> Path:
    """Return the fitted file that a scenario names, relative to the file that names it. Raises ScenarioError."""
    folder = Path(node.place.file).parent
    return named_file(node, folder, (CALIBRATED,), "a fitted file", f"{UPDATE} writes it")


def load_fitted(path: str | Path) -> Fitted:
    """Read a file of fitted values. Raises ScenarioError with all problems."""
    problems: list[Problem] = []
    root = read_kind(Path(path), problems, FITTED)
    fitted, _ = validated(Fitted, root, problems)
    if problems or fitted is None:
        raise ScenarioError(problems)
    return fitted


def validated(model: type[M], root: Node, problems: list[Problem]) -> tuple[M | None, list[PassportRow]]:
    """Validate a file that is not a scenario; return its model and passports, and add what is wrong to `problems`."""
    values, passports, passport_problems = take_off(root)
    problems.extend([*passport_problems, *explain.stray_booleans(root, model)])
    try:
        return model.model_validate(values), passports
    except ValidationError as error:
        problems.extend(explain.problems(error, root, model=model))
        return None, passports


def _values(file: Node) -> dict[str, Known]:
    fitted = load_fitted(fitted_file(file))
    source = f"calibrated, see {re.sub(r'^([.]{1,2}/)+', '', file.value)}"
    return {
        name: Known(row.value, row.unit, source, fitted.date, row.label, (row.low, row.high))
        for name, row in fitted.values.items()
    }


def _emptied(node: Node, place: Place | None, path: Path_ = ()) -> Node:
    """Return a tree with null in place of its references, at `place` or at the place of their names."""
    if path and is_reference(node):
        return Node(None, place or node.value[CALIBRATED].place, node.key)
    if isinstance(node.value, dict):
        return _holding(node, {k: _emptied(part, place, (*path, k)) for k, part in node.value.items()}, path)
    if isinstance(node.value, list):
        if not any(True for _ in named(node, path)):
            return node
        return replace(node, value=[_emptied(part, place, (*path, i)) for i, part in enumerate(node.value)])
    return node


def _holding(node: Node, parts: dict[str, Node], path: Path_) -> Node:
    """Return a mapping with new parts.

    If a reference among them became null, the mapping has its place, so that what it then lacks is not reported.
    """
    references = (parts[key] for key, part in node.value.items() if path and is_reference(part))
    null = next((part for part in references if part.value is None), None)
    return replace(node, value=parts, key=null.place if null else node.key)


def _filled(node: Node, given: Mapping[str, Known], problems: list[Problem], path: Path_) -> Node:
    try:
        parameter = _parameter(node, given, path)
        tables = {
            key: bare(fill(node.value[key], given, problems, (*path, key))) for key in _FACTORS if key in node.value
        }
        return _passport(replace(node, value={**node.value, **tables}), parameter, path)
    except ScenarioError as error:
        problems.extend(error.problems)
        return Node(None, placed(error.problems[0].where), node.key)


def _parameter(node: Node, given: Mapping[str, Known], path: Path_) -> Known:
    """Return the value of the parameter that a reference names."""
    for key, part in node.value.items():
        if key not in (CALIBRATED, *_FACTORS):
            hint = did_you_mean(key, _FACTORS) or f"; only {TIMES!r} or {DIVIDES!r} is allowed there"
            what = f"unknown key {key!r} beside 'calibrated'{hint}"
            raise stop(part.key or part.place, (*path, key), what)
    name = node.value[CALIBRATED]
    if not isinstance(name.value, str):
        raise stop(name.place, path, f"expected the name of a parameter after 'calibrated'; got {show(plain(name))}")
    if name.value not in given:
        listed = f"; the fitted parameters are {', '.join(given)}" if given else "; there are no fitted parameters"
        raise stop(name.place, path, f"unknown parameter {name.value!r}{did_you_mean(name.value, given) or listed}")
    return given[name.value]


def _passport(node: Node, here: Known, path: Path_) -> Node:
    """Return a value with its passport, in place of its reference."""
    key = next((key for key in _FACTORS if key in node.value), None)
    reason = here.reason
    if TIMES in node.value and DIVIDES in node.value:
        raise stop(node.value[DIVIDES].place, (*path, DIVIDES), f"give {TIMES!r} or {DIVIDES!r}, not both")
    if key is None:
        value = Node(_written(here.value, here.unit), node.place)
    elif here.unit:
        what = f"a factor must have no unit, but {node.value[CALIBRATED].value!r} is in {here.unit!r}"
        raise stop(node.value[CALIBRATED].place, path, what)
    else:
        table = node.value[key]
        value, count = _times(table, here.value if key == TIMES else 1 / (here.value or math.inf))
        if not count:
            raise stop(
                table.place,
                (*path, key),
                f"expected a number or a table of numbers; got {show(plain(table))}",
            )
        reason = f"{reason or 'factor'}: {'times' if key == TIMES else 'divided by'} {here.value:.9g}"
    ends = here.interval and dict(
        zip(("low", "high"), (_written(end, here.unit) for end in here.interval), strict=True)
    )
    fields = {"source": here.source, "date": here.date, "reason": reason, "uncertainty": ends}
    parts = {key: from_plain(text, node.place) for key, text in fields.items() if text}
    return Node({"value": replace(value, key=node.place), **parts}, node.place, node.key)


def _written(value: float, unit: str) -> str | float:
    """Return a number as a file has it: '155/h', '98 s', or without a unit."""
    number = f"{value:.9g}"
    return f"{number}{'' if unit.startswith('/') else ' '}{unit}" if unit else float(number)


def _times(node: Node, factor: float) -> tuple[Node, int]:
    """Return a part of a tree with its numbers multiplied, and how many there were."""
    if is_passport(node):
        inner, count = _times(node.value["value"], factor)
        return replace(node, value={**node.value, "value": inner}), count
    if isinstance(node.value, dict):
        done = {k: _times(part, factor) if k not in NOT_SCALED else (part, 0) for k, part in node.value.items()}
        return replace(node, value={k: part for k, (part, _) in done.items()}), sum(n for _, n in done.values())
    if isinstance(node.value, list):
        items = [_times(part, factor) for part in node.value]
        return replace(node, value=[part for part, _ in items]), sum(n for _, n in items)
    return (replace(node, value=times(node.value, factor)), 1) if is_quantity(node.value) else (node, 0)
