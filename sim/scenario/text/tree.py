"""The tree of a scenario file as it was written: every value knows its file, line and column.

Nodes are replaced, never changed, so trees share their unchanged parts. A *passport* is a mapping
`{value: ..., source: ..., date: ..., reason: ...}` written in place of a value; paths do not include it. The rows of
`reported` and of fitted `values` have keys of the same names but are not passports. A *reference* is a mapping
`{calibrated: NAME}` or `{calibrated: NAME, times: ...}` written in place of a value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from sim.errors import Problem, ScenarioError

PASSPORT_KEYS = ("value", "source", "date", "reason", "uncertainty")
REPORTED, SERIES = "reported", "reported_series"
CALIBRATED, TIMES, DIVIDES = "calibrated", "times", "divides"
_ROWS = (REPORTED, SERIES, "values")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that turn the direction of writing, and halves of characters."""
_INDEX = re.compile("[0-9]{1,7}")
Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Where something is written; line 0 means a source without lines, such as `--set`."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


def placed(where: str) -> Place:
    """Return the place that `where` of a problem names."""
    file, *numbers = where.rsplit(":", 2)
    has_place = len(numbers) == 2 and all(map(is_index, numbers))
    return Place(file, *map(int, numbers)) if has_place else Place(where)


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place and, in a mapping, the place of its key."""

    value: Any
    place: Place
    key: Place | None = None

    @property
    def where(self) -> str:
        """The place to name in an error: the key of a mapping or list, or the place of a single value."""
        return str(self.key if self.key and isinstance(self.value, dict | list) else self.place)


def plain(node: Node) -> Any:
    """Return the plain values, with passports as mappings."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def forbidden(text: str) -> str:
    """Return the problem of a text with a character that must not reach a terminal or a page, '' if it has none."""
    match = _FORBIDDEN.search(text)
    return f"the character U+{ord(match[0]):04X} is not allowed in a text" if match else ""


def from_plain(value: Any, place: Place, depth: int = 0) -> Node:
    """Return `value` (mappings, lists, scalars, dates) as nodes that all have the place `place`."""
    if depth > 50:
        raise stop(place, (), "is nested more than 50 deep")
    for text in value if isinstance(value, dict) else [value]:
        if isinstance(text, str) and (fault := forbidden(text)):
            raise stop(place, (), fault)
    if isinstance(value, dict):
        return Node({str(k): replace(from_plain(v, place, depth + 1), key=place) for k, v in value.items()}, place)
    if isinstance(value, list | tuple):
        return Node([from_plain(item, place, depth + 1) for item in value], place)
    if isinstance(value, date):  # a datetime too
        return Node(value.isoformat(), place)
    if value is not None and not isinstance(value, str | int | float | bool):
        raise stop(place, (), f"expected a YAML value; got {show(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise stop(place, (), f"every number must be finite; got {value}")
    if isinstance(value, int) and abs(value) >= 10**18:
        raise stop(place, (), "a whole number may have at most 18 digits")
    return Node(value, place)


def is_row(path: Path) -> bool:
    """Say whether a mapping at `path` is a row with a key `value` of its own."""
    return len(path) == 2 and path[0] in _ROWS


def is_passport(node: Node, path: Path = ()) -> bool:
    """Say whether a node is a passport: a mapping with `value` that is not a row."""
    return isinstance(node.value, dict) and "value" in node.value and not is_row(path)


def is_reference(node: Node) -> bool:
    """Say whether a node is a reference; do not ask it of a whole file."""
    return isinstance(node.value, dict) and CALIBRATED in node.value


def bare(node: Node) -> Node:
    """Return a node without the passports around it."""
    while is_passport(node):
        node = replace(node.value["value"], key=node.key)
    return node


def child(node: Node, part: str | int) -> Node | None:
    """Return a part of a mapping or list, or None."""
    if isinstance(node.value, dict):
        part_node: Node | None = node.value.get(str(part))
        return part_node
    if isinstance(node.value, list) and is_index(part) and int(part) < len(node.value):
        item: Node = node.value[int(part)]
        return item
    return None


def is_index(part: str | int) -> bool:
    """Say whether a part of a path may be the number of a row."""
    return _INDEX.fullmatch(str(part)) is not None


def find(root: Node, loc: Iterable[str | int]) -> tuple[Node, Path]:
    """Follow `loc`, skipping parts that are not in the tree; return the last node and the path to it."""
    node, path = root, ()  # type: tuple[Node, Path]
    for part in loc:
        inner = node if is_row(path) else bare(node)
        below = child(inner, part)
        if below is not None:
            node, path = below, (*path, int(part) if isinstance(inner.value, list) else str(part))
    return (node if is_row(path) else bare(node)), path


def merge(base: Node, over: Node) -> Node:
    """Merge a tree over another: mappings key by key; passports, references, lists and scalars replace what was there.

    A null removes a key.
    """
    merged = dict(base.value)
    for key, node in over.value.items():
        if node.value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged[key], node) if key in merged else node
    return Node(merged, over.place, over.key)


def _merged(base: Node, over: Node) -> Node:
    inner = bare(base)
    mappings = isinstance(inner.value, dict) and isinstance(over.value, dict)
    replaces = is_passport(over) or is_reference(over) or is_reference(inner)
    return merge(inner, over) if mappings and not replaces else over


def put(node: Node, path: Path, make: Callable[[Node | None], Node | None], place: Place) -> Node:
    """Return the tree with the node at `path` replaced by the result of `make`; None removes it.

    Mappings created on the way have the place `place`. Not for paths below `reported`.
    """
    if is_passport(node):
        return replace(node, value={**node.value, "value": put(node.value["value"], path, make, place)})
    old = child(node, path[0])
    if len(path) > 1:
        new: Node | None = put(_opened(old, path[1], place), path[1:], make, place)
    else:
        new = make(old)
    if new is not None:
        new = replace(new, key=new.key or (old.key if old else place))
    if isinstance(node.value, list):
        items = list(node.value)
        items[int(path[0]) : int(path[0]) + 1] = [] if new is None else [new]
        return replace(node, value=items)
    rest = dict(node.value)
    if new is None:
        rest.pop(str(path[0]), None)
    else:
        rest[str(path[0])] = new
    return replace(node, value=rest)


_LONG_FORMS: dict[str, tuple[str, dict[str, str]]] = {
    **dict.fromkeys(("servers", "steps", "shifts", "reacts"), ("servers", {})),
    **dict.fromkeys(("number", "by", "jockeying"), ("number", {})),
    **dict.fromkeys(("mean", "family", "cv", "k"), ("mean", {"family": "deterministic"})),
    **dict.fromkeys(("party", "person", "man"), ("party", {})),
}


def _opened(node: Node | None, key: str | int, place: Place) -> Node:
    """Return `node` as a mapping in which `key` can be set: a short form (`staffing: 12`) becomes the long form."""
    if node is None or bare(node).value is None:
        return Node({}, place)
    if isinstance(bare(node).value, dict | list):
        return node
    main, others = _LONG_FORMS.get(str(key), ("", {}))
    return Node({**{k: Node(v, place) for k, v in others.items()}, **({main: node} if main else {})}, node.place)


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Node, Path]]:
    """Yield every single value with its path, without passports."""
    node = node if is_row(path) else bare(node)
    if isinstance(node.value, dict):
        for key, part in node.value.items():
            yield from leaves(part, (*path, key))
    elif isinstance(node.value, list):
        for i, part in enumerate(node.value):
            yield from leaves(part, (*path, i))
    else:
        yield node, path


def dotted(path: Iterable[str | int]) -> str:
    """Return a path as text: `road.stretches[0].until`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def show(value: Any) -> str:
    """Return a value as text for a message, at most 60 characters."""
    if value is None:
        return "nothing"
    try:
        text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def stop(place: Place | str, path: Path, what: str) -> ScenarioError:
    """Return an error with one problem."""
    return ScenarioError([Problem(str(place), dotted(path), what)])
