"""Puts fitted values where a tree names them: `{calibrated: NAME}` and `{calibrated: NAME, times: TABLE}`.

The number stands there with the unit of the parameter, in a passport that says where it comes from. A tree that is left
with references is not yet a scenario; where one cannot be filled nothing stands there, and why is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from sim.errors import Problem, ScenarioError
from sim.scenario.model.calibration import Fitted
from sim.scenario.resolve import no_file
from sim.scenario.text import messages as explain
from sim.scenario.text.overrides import NOT_SCALED, times
from sim.scenario.text.passports import PassportRow, is_quantity, take_off
from sim.scenario.text.tree import (
    CALIBRATED,
    TIMES,
    Node,
    Place,
    dotted,
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
WRITES = "`sim calibrate CALIBRATION --update` writes"


@dataclass(frozen=True)
class Known:
    """The value of a parameter in its unit, and what its passport says; `interval` holds 90 %."""

    value: float
    unit: str = ""
    source: str = "calibrated"
    date: str = ""
    reason: str = ""
    interval: tuple[float, float] | None = None


def known(values: Mapping[str, float], units: Mapping[str, str]) -> dict[str, Known]:
    """Return bare numbers, each in the unit of its parameter, as known values."""
    return {name: Known(float(value), units.get(name, "")) for name, value in values.items()}


def named(node: Node, path: Path_ = ()) -> Iterator[tuple[str, Node, Path_]]:
    """Yield every parameter that is named in a tree, with its reference and the path to it."""
    if path and is_reference(node):
        name = node.value[CALIBRATED].value
        if isinstance(name, str):
            yield name, node, path
    elif isinstance(node.value, dict):
        for key, part in node.value.items():
            yield from named(part, (*path, key))
    elif isinstance(node.value, list):
        for i, part in enumerate(node.value):
            yield from named(part, (*path, i))


def fill(node: Node, given: Mapping[str, Known], problems: list[Problem], path: Path_ = ()) -> Node:
    """Return a tree with values for all its references; what is wrong with a reference is added to `problems`."""
    if path and is_reference(node):
        return _filled(node, given, problems, path)
    if isinstance(node.value, dict):
        parts = {key: fill(part, given, problems, (*path, key)) for key, part in node.value.items()}
        unchanged = all(parts[key] is part for key, part in node.value.items())
        return node if unchanged else replace(node, value=parts)
    if isinstance(node.value, list):
        items = [fill(part, given, problems, (*path, i)) for i, part in enumerate(node.value)]
        unchanged = all(new is old for new, old in zip(items, node.value, strict=True))
        return node if unchanged else replace(node, value=items)
    return node


def fill_from_file(root: Node, problems: list[Problem]) -> Node:
    """Return the tree with the values of the fitted file it names at its top, relative to the file it is named in."""
    file = root.value.get(CALIBRATED)
    root = replace(root, value={key: part for key, part in root.value.items() if key != CALIBRATED})
    if file is None:
        for name, node, path in named(root):
            what = f"{name!r} is calibrated, but the scenario names no fitted file; write 'calibrated: FILE' at its top"
            what += f", and {WRITES} that file"
            problems.append(Problem(str(node.value[CALIBRATED].place), dotted(path), what))
        return _emptied(root, None)
    try:
        return fill(root, _values(file), problems)
    except ScenarioError as error:
        problems.extend(error.problems)
        return _emptied(root, placed(error.problems[0].where))


def load_fitted(path: str | Path) -> Fitted:
    """Read the file that a calibration wrote. Raises ScenarioError with every problem found."""
    problems: list[Problem] = []
    root = read_kind(Path(path), problems, FITTED)
    fitted, _ = validated(Fitted, root, problems)
    if problems or fitted is None:
        raise ScenarioError(problems)
    return fitted


def validated(model: type[M], root: Node, problems: list[Problem]) -> tuple[M | None, list[PassportRow]]:
    """Return the model of a file that is no scenario, and its passports; what is wrong is added to `problems`."""
    values, passports, passport_problems = take_off(root)
    problems.extend([*passport_problems, *explain.stray_booleans(root, model)])
    try:
        return model.model_validate(values), passports
    except ValidationError as error:
        problems.extend(explain.problems(error, root, model=model))
        return None, passports


def _values(file: Node) -> dict[str, Known]:
    if not isinstance(file.value, str):
        raise stop(file.place, (CALIBRATED,), f"expected the name of a fitted file; got {show(plain(file))}")
    path = Path(file.place.file).parent / file.value
    if not path.is_file():
        raise stop(file.place, (CALIBRATED,), no_file(path, f"{WRITES} it"))
    fitted = load_fitted(path)
    source = f"calibrated, see {re.sub(r'^([.]{1,2}/)+', '', file.value)}"
    return {
        name: Known(row.value, row.unit, source, fitted.date, row.label, (row.low, row.high))
        for name, row in fitted.values.items()
    }


def _emptied(node: Node, place: Place | None, path: Path_ = ()) -> Node:
    """Return a tree with nothing in place of its references, at `place` or where their names stand."""
    if path and is_reference(node):
        return Node(None, place or node.value[CALIBRATED].place, node.key)
    if isinstance(node.value, dict):
        return replace(node, value={key: _emptied(part, place, (*path, key)) for key, part in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[_emptied(part, place, (*path, i)) for i, part in enumerate(node.value)])
    return node


def _filled(node: Node, given: Mapping[str, Known], problems: list[Problem], path: Path_) -> Node:
    try:
        return _passport(node, _parameter(node, given, path), path)
    except ScenarioError as error:
        problems.extend(error.problems)
        return Node(None, placed(error.problems[0].where), node.key)


def _parameter(node: Node, given: Mapping[str, Known], path: Path_) -> Known:
    """Return what is known of the parameter that a reference names."""
    for key, part in node.value.items():
        if key not in (CALIBRATED, TIMES):
            hint = did_you_mean(key, [TIMES]) or f"; only {TIMES!r} may stand there"
            what = f"unknown key {key!r} beside 'calibrated'{hint}"
            raise stop(part.key or part.place, (*path, key), what)
    name = node.value[CALIBRATED]
    if not isinstance(name.value, str):
        raise stop(name.place, path, f"expected the name of a parameter after 'calibrated'; got {show(plain(name))}")
    if name.value not in given:
        listed = f"; there are {', '.join(given)}" if given else "; there are none"
        raise stop(name.place, path, f"unknown parameter {name.value!r}{did_you_mean(name.value, given) or listed}")
    return given[name.value]


def _passport(node: Node, here: Known, path: Path_) -> Node:
    """Return a value in its passport, in the place of its reference."""
    table = node.value.get(TIMES)
    reason = here.reason
    if table is None:
        value = Node(_written(here.value, here.unit), node.place)
    elif here.unit:
        what = f"a factor must be a bare number, but {node.value[CALIBRATED].value!r} is in {here.unit!r}"
        raise stop(node.value[CALIBRATED].place, path, what)
    else:
        value, count = _times(table, here.value)
        if not count:
            raise stop(table.place, (*path, TIMES), f"there is no number to multiply; got {show(plain(table))}")
        reason = f"{reason or 'factor'}: times {here.value:.9g}"
    ends = here.interval and dict(
        zip(("low", "high"), (_written(end, here.unit) for end in here.interval), strict=True)
    )
    fields = {"source": here.source, "date": here.date, "reason": reason, "uncertainty": ends}
    parts = {key: from_plain(text, node.place) for key, text in fields.items() if text}
    return Node({"value": replace(value, key=node.place), **parts}, node.place, node.key)


def _written(value: float, unit: str) -> str | float:
    """Return a number as it stands in a file: '155/h', '98 s', or bare."""
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
