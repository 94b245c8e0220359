"""Separates the values of a scenario from their passports, and lists both passports and values without one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from sim import units
from sim.errors import Problem
from sim.scenario.text.tree import PASSPORT_KEYS, REPORTED, SERIES, Node, Path, dotted, is_passport, plain, show
from sim.suggest import did_you_mean

_WORDS = ("name", "title", "description", "timezone", "seed", "replications")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d.*|\d\d:\d\d")


@dataclass(frozen=True)
class PassportRow:
    """Where one value comes from; a passport on a mapping or list covers every value below its path."""

    path: str
    value: Any
    source: str | None
    date: str | None
    reason: str | None
    uncertainty: Any
    file: str
    line: int


def take_off(root: Node) -> tuple[Any, list[PassportRow], list[Problem]]:
    """Return the plain values, the passports in the order of the file, and the problems with passports."""
    rows: list[PassportRow] = []
    problems: list[Problem] = []
    return _take(root, (), rows, problems), rows, problems


def _take(node: Node, path: Path, rows: list[PassportRow], problems: list[Problem]) -> Any:
    if is_passport(node, path):
        faults = _faults(node, path)
        problems.extend(faults)
        if not faults:
            rows.append(_row(node, path))
        return _take(node.value["value"], path, rows, problems)
    if isinstance(node.value, dict):
        return {key: _take(part, (*path, key), rows, problems) for key, part in node.value.items()}
    if isinstance(node.value, list):
        return [_take(part, (*path, i), rows, problems) for i, part in enumerate(node.value)]
    return node.value


def _faults(node: Node, path: Path) -> list[Problem]:
    faults = []
    for key, part in node.value.items():
        if key not in PASSPORT_KEYS:
            what = f"unknown key {key!r} in a passport{did_you_mean(key, PASSPORT_KEYS) or _allowed()}"
            faults.append(Problem(str(part.key or part.place), dotted((*path, key)), what))
        elif key in ("source", "date", "reason") and not isinstance(part.value, str | int):
            what = f"expected text; got {show(plain(part))}"
            faults.append(Problem(str(part.place), dotted((*path, key)), what))
    if len(node.value) == 1:
        what = "a passport needs a source, a date or a reason beside its value"
        faults.append(Problem(node.where, dotted(path), what))
    return faults


def _allowed() -> str:
    return f"; expected {', '.join(PASSPORT_KEYS[:-1])} or {PASSPORT_KEYS[-1]}"


def _row(node: Node, path: Path) -> PassportRow:
    texts = {key: str(part.value) for key, part in node.value.items() if key in ("source", "date", "reason")}
    uncertainty = plain(node.value["uncertainty"]) if "uncertainty" in node.value else None
    value = without(node.value["value"])
    place = node.key or node.place
    return PassportRow(
        dotted(path),
        value,
        texts.get("source"),
        texts.get("date"),
        texts.get("reason"),
        uncertainty,
        place.file,
        place.line,
    )


def without(node: Node) -> Any:
    """Return the plain values of a part of the tree without its passports."""
    return take_off(node)[0]


def missing(root: Node) -> list[str]:
    """Return the paths of the quantities and instants that no passport covers; a list of values counts once."""
    paths: list[Path] = []
    _missing(replace(root, value={k: v for k, v in root.value.items() if k not in (REPORTED, SERIES)}), (), paths)
    return [dotted(path) for path in dict.fromkeys(paths)]


def _missing(node: Node, path: Path, paths: list[Path]) -> None:
    if is_passport(node):
        return
    if isinstance(node.value, dict):
        for key, part in node.value.items():
            if key not in _WORDS:
                _missing(part, (*path, key), paths)
    elif isinstance(node.value, list):
        for i, part in enumerate(node.value):
            _missing(part, (*path, i) if isinstance(part.value, dict | list) else path, paths)
    elif is_quantity(node.value) or (isinstance(node.value, str) and _INSTANT.fullmatch(node.value)):
        paths.append(path)


def is_quantity(value: Any) -> bool:
    """Say whether a value as written is a number, with or without a known unit."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    if not isinstance(value, str):
        return True
    return any(_parses(dimension, value) for dimension in units.SCALES)


def _parses(dimension: str, value: str) -> bool:
    try:
        units.parse(dimension, value)
    except ValueError:
        return False
    return True
