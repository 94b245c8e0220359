"""Changes values in the text of a YAML file and leaves the rest as it is, comments included.

A value that is replaced keeps its place; a new key goes to the end of its mapping. A mapping in braces that gets a new
key, or one given by an alias, is written out. The result is read again and compared, so that nothing else changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from sim.errors import SimError
from sim.scenario.text.tree import Node, plain
from sim.scenario.text.yaml_text import loader, one_line, parse

Keys = tuple[str, ...]
STEP = 2
"""Columns by which a mapping is indented in the one around it."""
_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)")


class Edit(NamedTuple):
    """A value to write at a path of keys, as plain values with passports as mappings."""

    path: Keys
    value: Any


def edited(text: str, file: str, edits: Sequence[Edit]) -> str:
    """Return the text of a YAML file after the edits.

    Raises ScenarioError if the text is not readable, and SimError if an edit cannot be made without other changes.
    """
    for edit in edits:
        before = plain(parse(text, file))
        wanted = _with(before, edit.path, edit.value)
        text = _one(text, edit)
        if plain(_read_again(text, file, edit)) != wanted:
            raise _cannot(file, edit)
    return text


def _cannot(file: str, edit: Edit) -> SimError:
    path = ".".join(edit.path)
    return SimError(
        f"{file}: {path} cannot be changed without changing more; write it in lines of its own, then repeat"
    )


def _read_again(text: str, file: str, edit: Edit) -> Node:
    try:
        return parse(text, file)
    except SimError:
        raise _cannot(file, edit) from None


def _with(tree: Any, path: Keys, value: Any) -> Any:
    """Return a plain tree with a value at a path; passports on the way stay around what they cover."""
    if not path:
        return value
    if isinstance(tree, dict) and "value" in tree:
        return {**tree, "value": _with(tree["value"], path, value)}
    tree = tree if isinstance(tree, dict) else {}
    return {**tree, path[0]: _with(tree.get(path[0]), path[1:], value)}


class _Found(NamedTuple):
    """The deepest mapping on the way to a path whose keys stand in lines of their own, and the key in it."""

    mapping: Any
    path: Keys
    key: Any
    node: Any
    anchors: tuple[int, ...]
    """Where the anchors of the mappings on the way stand in the text."""


def _one(text: str, edit: Edit) -> str:
    root = yaml.compose(text, Loader=loader())
    text = text if text.endswith("\n") else f"{text}\n"
    found = _deepest(text, root, edit.path)
    rest = edit.path[len(found.path) :]
    lines = text.splitlines(keepends=True)
    old = None
    if found.key is None:
        first = last = _end(found.mapping, len(lines))
    else:
        first = found.key.start_mark.line
        last = first + 1 if _is_alias(found) else max(first + 1, _end(found.node, len(lines)))
        old = _plain_at(text, found.node.start_mark.index)
    new = "".join(_block(rest[0], _with(old, rest[1:], edit.value), found.mapping.value[0][0].start_mark.column))
    begin, end = (sum(map(len, lines[:line])) for line in (first, last))
    after = _with_anchors(text, end, [*_anchors_in(text, begin, end), *found.anchors])
    before = text[:begin]
    for place in reversed(found.anchors):
        before = before[:place].rstrip(" ") + _ANCHOR.sub("", before[place:], count=1)
    return before + new + after


def _deepest(text: str, root: Any, path: Keys) -> _Found:
    """Go down the path as long as mappings have their keys in lines of their own."""
    mapping, done = root, 0
    anchors: tuple[int, ...] = ()
    while True:
        key, node = _entry(mapping, path[done])
        here = _Found(mapping, path[:done], key, node, anchors)
        if key is None or done + 1 == len(path) or _is_alias(here) or not _is_open(node):
            return here
        inner = _entry(node, "value")  # of a passport in lines of its own
        if inner[0] is not None and not _is_open(inner[1]):
            return here
        mapping, done = node if inner[0] is None else inner[1], done + 1
        anchors += tuple(begin for each in (node, mapping) if text[begin := each.start_mark.index] == "&")


def _is_open(node: Any) -> bool:
    return isinstance(node, yaml.MappingNode) and not node.flow_style and bool(node.value)


def _entry(mapping: Any, key: str) -> tuple[Any, Any]:
    return next(((k, v) for k, v in mapping.value if k.value == key), (None, None))


def _is_alias(found: _Found) -> bool:
    return bool(found.node.start_mark.index < found.key.end_mark.index)


def _end(node: Any, total: int) -> int:
    """Return the line after a value, without the comments and empty lines that follow."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last(node.value[-1], total)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1], total)
    line, column = int(node.end_mark.line), int(node.end_mark.column)
    folded = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return min(total, line if folded or column == 0 else line + 1)


def _last(entry: tuple[Any, Any], total: int) -> int:
    key, node = entry
    after_key = int(key.start_mark.line) + 1
    is_alias = node.start_mark.index < key.end_mark.index
    return after_key if is_alias else max(after_key, _end(node, total))


def _plain_at(text: str, index: int) -> Any:
    """Return the plain value that begins at an index of the text, by the rules of scenario files."""
    tree = plain(parse(text, ""))
    for key in _way_to(yaml.compose(text, Loader=loader()), index):
        tree = tree[key]
    return tree


def _way_to(node: Any, index: int) -> list[Any]:
    """Return the keys and places that lead to the value that begins at an index of the text."""
    if node.start_mark.index == index:
        return []
    entries = node.value if isinstance(node, yaml.MappingNode) else list(enumerate(node.value))
    best: list[Any] = []
    for key, child in entries:
        begins = child.start_mark.index
        is_alias = not isinstance(key, int) and begins < key.end_mark.index
        if not is_alias and begins <= index < max(child.end_mark.index, begins + 1):
            name = key if isinstance(key, int) else key.value
            best = [name, *_way_to(child, index)]
    return best


def _anchors_in(text: str, begin: int, end: int) -> list[int]:
    return [match.start() for match in _ANCHOR.finditer(text, begin, end)]


def _with_anchors(text: str, end: int, anchors: Sequence[int]) -> str:
    """Return the text from `end` on, in which the first alias of each of these anchors gets the value it stood for."""
    after = text[end:]
    for place in dict.fromkeys(anchors):
        match = _ANCHOR.match(text, place)
        alias = re.search(rf"\*{re.escape(match[1])}(?![^\s,\[\]{{}}])", after) if match else None
        if match and alias:
            value = f"&{match[1]} {one_line(_plain_at(text, place))}"
            after = after[: alias.start()] + value + after[alias.end() :]
    return after


def _block(key: str, value: Any, indent: int) -> list[str]:
    """Return the lines of a key with its value; mappings but short passports, and lists of them, get own lines."""
    head = " " * indent + f"{one_line(key)}:"
    if isinstance(value, Mapping) and value and _is_deep(value):
        return [head + "\n", *(line for name, part in value.items() for line in _block(name, part, indent + STEP))]
    if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        dashes = [" " * (indent + STEP) + f"- {one_line(part)}\n" for part in value]
        return [head + "\n", *dashes]
    return [f"{head} {one_line(value)}\n"]


def _is_deep(value: Mapping[str, Any]) -> bool:
    """Say whether a mapping is better read in lines of its own."""
    if "value" in value:  # a passport
        return isinstance(value["value"], Mapping) and any(
            isinstance(part, list) and part and isinstance(part[0], Mapping) for part in value["value"].values()
        )
    return len(one_line(dict(value))) > 60 or any(isinstance(part, Mapping | list) for part in value.values())
