"""Looks behind the first mistakes of a file: puts valid values in their places and tells what is wrong besides.

Nobody knows what should have stood there, so several values are tried in turn. What is said whatever stands there does
not come of the first mistake; all else is left unsaid until that is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from sim.errors import Problem
from sim.scenario.checks.crossings import check
from sim.scenario.model.changes import DESTINATION_ACTIONS
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.messages import Fault, faults_of
from sim.scenario.text.passports import take_off
from sim.scenario.text.tree import Node, Path, Place, dotted, find, from_plain, is_passport, leaves

MAX_FAULTS = 500
MAX_TRIES = 150
_MAX_WORK = 1_500_000
_NAMED = ("crossings", "stations", "zones", "classes")
"""Where names are given: with one of these wrong, names elsewhere lead nowhere for that reason alone."""
_DROP = object()
_STATION: dict[str, Any] = {"staffing": 1, "service_time": "1 h"}
_ROAD: dict[str, Any] = {"stretches": [{"files": 1}]}
_SPAN = {"from": "1900-01-01", "until": "2999-01-01"}
_VALUES: tuple[Any, ...] = (
    1, "0.001 m", "1 h", "1/h", "1 %/h", "1 L", "1900-01-01", "08:00", "car", "x", "max", "about", "mon", "queue",
    "exponential", "UTC", ["car"], [["car"]], ["1 h"], [1], "all", {"pass": 1}, {"foot": 1}, {"from": "1900-01-01"},
    {"close": True}, {"constant": {"rate": "1/h"}}, {"capacity": 1}, {"from": "1900-01-01", "servers": 1},
    {"days": ["mon"], "from": "00:00", "until": "24:00", "servers": 1}, {"priority": [["car"]]},
    {"size": 1, "every": "1 h"},
    {**_SPAN, "count": 1}, {"intensity": 1, "hit_rate": 1, "on_hit": {"pass": 1}}, {"probability": 1}, {"joins": "x"},
    {"at": "1900-01-01", "rate": "1/h"}, {"at": "1900-01-01", "parties": 1, "lag": "1 h"}, {"rate": "1/h"},
    {"classes": ["car"], "capacity": 1}, [{"files": 1}], _ROAD, _STATION, {"files": 1}, {"mean": 1, "max": 1},
    {"spacing": "1 m", "people": 1, "men_share": 0}, {"night_hour": "03:00"},
    {"road": _ROAD, "stations": {"x": _STATION}},
    {"timezone": "UTC", "t0": "2000-01-01", "start": "2000-01-01", "horizon": "2001-01-01"},
    {}, [], False, True, "bus", "foot", 2, "50 %", "2 h", "20:00", "2999-01-01", "1000 km",
)  # fmt: skip
_ORDERS = ((*_VALUES, _DROP), (*reversed(_VALUES), _DROP), (_DROP, *_VALUES))


def besides(root: Node, faults: list[Fault], whole_run: bool, more: Callable[[Node], list[Problem]]) -> list[Problem]:
    """Return what is wrong with a tree besides `faults`; `more` looks at what is no part of the scenario itself.

    Tries a bounded number of values, fewer in a very large tree; returns nothing for more than MAX_FAULTS faults.
    """
    if len(faults) > MAX_FAULTS:
        return []
    tries = min(MAX_TRIES, _MAX_WORK // (1 + sum(1 for _ in leaves(root))))
    found: list[list[Problem]] = []
    for order in _ORDERS:
        said = _Attempt(root, order, tries).said(faults, whole_run, more)
        if said is not None:
            found.append(said)
    told = {fault.problem for fault in faults}
    return [p for p in dict.fromkeys(found[0]) if p not in told and all(p in said for said in found)] if found else []


@dataclass
class _Attempt:
    """One attempt to make a tree valid; `bad` counts the values tried in each place."""

    root: Node
    order: tuple[Any, ...]
    tries: int
    bad: dict[Path, int] = field(default_factory=dict)
    parents: set[Path] = field(default_factory=set)

    def said(self, faults: list[Fault], whole_run: bool, more: Callable[[Node], list[Problem]]) -> list[Problem] | None:
        """Return what is found on the way to a valid tree and in it; None where there is no such way."""
        said: list[Problem] = []
        for _ in range(self.tries):
            edits = self._edits(faults)
            if edits is None:
                return None
            self.root = _edited(self.root, edits)
            try:
                scenario = Scenario.model_validate(take_off(self.root)[0])
            except ValidationError as error:
                faults = faults_of(error, self.root)
                said += [
                    fault.problem for fault in faults if not self._told(fault.path) and not self._emptied(fault.path)
                ]
                continue
            if not self._nameless():
                said += self._checked(scenario, whole_run and self._dated())
                said += more(self.root) if self._dated() else []
            return said
        return None

    def _checked(self, scenario: Scenario, whole_run: bool) -> Iterable[Problem]:
        for loc, what in check(scenario, whole_run):
            node, path = find(self.root, loc)
            if not self._told(path) and not self._follows(loc):
                yield Problem(node.where, dotted(path), what)

    def _follows(self, loc: Path) -> bool:
        """Say whether a lack is that of something wrong: the office of a screening, a stream, a whole network."""
        if loc[-1] in DESTINATION_ACTIONS:
            return ("network",) in self.bad
        if loc[-1] == "only_sent_on":
            return any(path[-1] in ("screening", "office") for path in self.bad if path)
        return loc[-1] == "discipline" and any(path[: len(loc)] == loc for path in self.bad)

    def _dated(self) -> bool:
        return not self.bad.keys() & {("clock",), ("clock", "start"), ("clock", "horizon")}

    def _nameless(self) -> bool:
        return any(part in _NAMED for path in self.bad for part in path[-2:])

    def _owner(self, path: Path) -> Path | None:
        """Return the place at or above `path` that is known to be wrong."""
        return next((path[:i] for i in range(len(path) + 1) if path[:i] in self.bad), None)

    def _told(self, path: Path) -> bool:
        return path in self.parents or self._owner(path) is not None

    def _emptied(self, path: Path) -> bool:
        """Say whether nothing stands in a place because what was there has been taken out."""
        node, found = find(self.root, path)
        return found == path and node.value in ({}, []) and any(bad[: len(path)] == path for bad in self.bad)

    def _edits(self, faults: list[Fault]) -> dict[Path, Any] | None:
        """Return what to put where, or None where nothing is left to try."""
        edits: dict[Path, Any] = {}
        for fault in faults:
            owner = self._owner(fault.path)
            if fault.kind == "key" and owner is None:
                edits[fault.path] = _Renamed(fault.near) if fault.near else _DROP
                self.parents.add(fault.path[:-1])
                if not fault.near and fault.path[-2:-1] and fault.path[-2] in _NAMED:
                    self.bad[fault.path] = 0
                continue
            if owner is None and fault.near:
                self.bad[fault.path] = 0
                edits[fault.path] = fault.near
            elif (owner or fault.path) not in edits:
                place = self._next(fault.path if owner is None else owner)
                if place is None:
                    return None
                edits[place] = self.order[self.bad[place] - 1]
        return edits

    def _next(self, path: Path) -> Path | None:
        """Count one more value for a place, or for the one around it where all have been tried."""
        while path:
            tried = self.bad.get(path, 0)
            if tried < len(self.order) and self.order[tried] is _DROP and isinstance(path[-1], int):
                tried += 1
            if tried < len(self.order):
                self.bad[path] = tried + 1
                return path
            path = path[:-1]
        return None


@dataclass(frozen=True)
class _Renamed:
    key: str


def _edited(root: Node, edits: dict[Path, Any]) -> Node:
    """Return the tree with all edits made in one walk; an edit around others makes them needless."""
    tree: dict[Any, Any] = {}
    for path, edit in sorted(edits.items(), key=lambda item: -len(item[0])):
        here = tree
        for part in path[:-1]:
            here = here.setdefault(part, {})
        here[path[-1]] = _Leaf(edit)
    return _walk(root, tree)


@dataclass(frozen=True)
class _Leaf:
    edit: Any


def _walk(node: Node, tree: dict[Any, Any], path: Path = ()) -> Node:
    if is_passport(node, path):
        return replace(node, value={**node.value, "value": _walk(node.value["value"], tree, path)})
    if isinstance(node.value, list):
        items = [
            _part(item, tree[i], node.place, (*path, i)) if i in tree else item for i, item in enumerate(node.value)
        ]
        return replace(node, value=[item for item in items if item is not None])
    if not isinstance(node.value, dict):
        return node
    parts: dict[str, Node] = {}
    for key in dict.fromkeys((*node.value, *tree)):
        step, old = tree.get(key), node.value.get(key)
        new = old if step is None else _part(old, step, node.place, (*path, key))
        if new is not None:
            edit = step.edit if isinstance(step, _Leaf) else None
            parts[edit.key if isinstance(edit, _Renamed) else str(key)] = new
    return replace(node, value=parts)


def _part(old: Node | None, step: Any, place: Place, path: Path) -> Node | None:
    if not isinstance(step, _Leaf):
        return _walk(old, step, path) if old else None
    if isinstance(step.edit, _Renamed):
        return old
    if step.edit is _DROP:
        return None
    where = (old.place, old.key) if old else (place, place)
    return replace(from_plain(step.edit, where[0]), key=where[1])
