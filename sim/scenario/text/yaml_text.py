"""Reads YAML text into nodes with places, by the rules of the YAML 1.2 core schema, and writes trees as YAML.

Nodes are built from the parser's event stream, so that depth, size and aliases are limited before any object is built.
PyYAML's own loader crashes on a very deep list, and reads `NO` as false and `22:00` as 1320.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from sim.errors import Problem, ScenarioError
from sim.scenario.model.end_state import EndState
from sim.scenario.text.tree import Node, Place, forbidden, stop

MAX_BYTES = 2_000_000
MAX_DEPTH = 50
MAX_NODES = 100_000
MAX_DIGITS = 18
_TOO_DEEP = f"is nested more than {MAX_DEPTH} deep"
_TAB = "is not valid YAML: a tab stands here; use spaces"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
SCENARIO, CALIBRATION, FITTED, SWEEP = "a scenario", "a calibration", "fitted values", "a sweep"
EXPECTED = {
    SCENARIO: "'name:', 'clock:' and 'crossings:'",
    CALIBRATION: "'scenario:', 'parameters:' and 'reported:'",
    FITTED: "'calibration:', 'posterior:' and 'values:'",
    SWEEP: "'scenario:' and 'over:'",
}
"""Kinds of files, with keys that they contain."""
_MARKS = {
    SWEEP: {"over", "find", "design"},
    CALIBRATION: {"parameters", "observation"},
    FITTED: {"posterior", "values"},
    SCENARIO: {"clock", "crossings", "extends"},
}
"""Keys that only one kind of file has."""
_ODD_CHARACTER = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_reads: ContextVar[list[Path] | None] = ContextVar("reads", default=None)


@contextmanager
def recorded_reads() -> Iterator[list[Path]]:
    """Yield a list that gets the path of every file that `read_text` reads within the block."""
    paths: list[Path] = []
    token = _reads.set(paths)
    try:
        yield paths
    finally:
        _reads.reset(token)


def recorded(path: Path) -> Path:
    """Return the path of a file that is read, and note it within a block of `recorded_reads`."""
    if (reads := _reads.get()) is not None:
        reads.append(path)
    return path


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file; ScenarioError with one sentence for anything else."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise stop(str(path), (), "is not a regular file; expected a text file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise stop(str(path), (), "there is no such file") from None
    except IsADirectoryError:
        raise stop(str(path), (), "is a directory; expected a file") from None
    except (OSError, ValueError) as error:
        raise stop(str(path), (), f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    recorded(path)
    if len(raw) > MAX_BYTES:
        is_table = path.suffix.lower() == ".csv"
        small = "a table of a scenario takes a shorter period" if is_table else "a scenario is a small text file"
        raise stop(str(path), (), f"is larger than {MAX_BYTES / 1e6:g} MB; {small}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise stop(str(path), (), f"is not UTF-8 text (byte {error.start + 1} cannot be read)") from None


def read_file(path: Path, problems: list[Problem] | None = None, kind: str = SCENARIO) -> Node:
    """Return the mapping in a YAML file; problems that do not prevent reading go to `problems`, if given."""
    return parse(read_text(path), str(path), problems, kind)


def kinds(root: Node) -> list[str]:
    """Return the likely kinds of a file (of EXPECTED), from keys that only one kind has."""
    return [kind for kind, keys in _MARKS.items() if keys & set(root.value)]


def read_kind(path: Path, problems: list[Problem] | None, kind: str) -> Node:
    """Read a file as `read_file` does. Raises ScenarioError with one sentence if it is clearly of another kind."""
    root = read_file(path, problems, kind)
    kinds_of_file = kinds(root)
    if kinds_of_file and kind not in kinds_of_file:
        raise stop(str(path), (), f"contains {kinds_of_file[0]}; expected {kind}")
    return root


def parse(text: str, file: str, problems: list[Problem] | None = None, kind: str = SCENARIO) -> Node:
    """Return the mapping in YAML `text`; `file` and `kind` (of EXPECTED) are used in errors."""
    root = parse_value(text, file, problems)
    if root is None or root.value is None:
        raise stop(file, (), f"is empty; expected {kind}")
    if not isinstance(root.value, dict):
        content = "a list" if isinstance(root.value, list) else "a single value"
        raise stop(root.place, (), f"contains {content}; expected keys such as {EXPECTED[kind]}")
    return root


def parse_value(text: str, file: str, problems: list[Problem] | None = None) -> Node | None:
    """Return one YAML value of any type, or None if the text is empty.

    Raises ScenarioError; repeated keys, tags and impossible numbers are added to `problems` instead, if given.
    """
    odd = _ODD_CHARACTER.search(text)
    if odd:
        before = text[: odd.start()]
        place = Place(file, before.count("\n") + 1, odd.start() - before.rfind("\n"))
        raise stop(place, (), f"character U+{ord(odd[0]):04X} is not allowed in YAML text")
    builder = _Builder(file)
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error, text, file) from None
    except (yaml.YAMLError, ValueError) as error:
        raise stop(file, (), f"is not readable as YAML: {' '.join(str(error).split())}") from None
    if builder.problems and problems is None:
        raise ScenarioError(builder.problems)
    if problems is not None:
        problems.extend(builder.problems)
    return builder.root


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=_LOADER)


def _unreadable(error: yaml.MarkedYAMLError, text: str, file: str) -> ScenarioError:
    """Return the error to report for text that the parser refuses.

    Newer parsers limit the nesting themselves, and they read ahead: such an error can come before the events of the
    levels above it. The text before it is therefore read once more, on its own, for the first value that is too deep.
    """
    mark = error.problem_mark or error.context_mark
    if mark:
        too_deep = _first_too_deep(text[: mark.index], file)
        if too_deep:
            return stop(too_deep, (), _TOO_DEEP)
    if "nesting" in str(error.problem):
        return stop(_mark(file, mark), (), "is nested deeper than the YAML parser allows; use fewer levels")
    # the parser in C tells of any character "that cannot start any token", without its name
    tab = mark is not None and text[mark.index : mark.index + 1] == "\t"
    return stop(_mark(file, mark), (), _TAB if tab else _syntax(error))


def _first_too_deep(text: str, file: str) -> Place | None:
    """Return the place of the first value that is nested more than MAX_DEPTH deep, if there is one."""
    depth = 0
    try:
        for event in _events(text):
            if isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.NodeEvent) and depth >= MAX_DEPTH:
                return _mark(file, event.start_mark)
            elif isinstance(event, yaml.CollectionStartEvent):
                depth += 1
    except yaml.YAMLError:
        return None
    return None


def _mark(file: str, mark: Any) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)


def _syntax(error: yaml.MarkedYAMLError) -> str:
    if "tab character" in str(error.problem) or r"'\t'" in str(error.problem):
        return _TAB
    context = f" {error.context}" if error.context else ""
    return f"is not valid YAML:{context}{',' if context else ''} {error.problem}"


@dataclass
class _Open:
    """A mapping or list that has not ended yet."""

    value: dict[str, Node] | list[Node]
    place: Place
    key_place: Place | None
    anchor: str | None
    size: int = 1
    height: int = 1
    key: str | None = None
    pending: Place | None = None


@dataclass
class _Builder:
    """Builds nodes from parser events."""

    file: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int, int] | None] = field(default_factory=dict)
    documents: int = 0
    aliases: int = 0
    nodes: int = 0

    def take(self, event: Any) -> None:
        place = _mark(self.file, event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise stop(place, (), "a second document ('---') begins here; expected one")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, place)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor, place)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin(event, place)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end()

    def _top(self) -> _Open | None:
        return self.stack[-1] if self.stack else None

    def _awaits_key(self) -> bool:
        top = self._top()
        return top is not None and isinstance(top.value, dict) and top.key is None

    def _problem(self, place: Place, what: str) -> None:
        self.problems.append(Problem(str(place), "", what))

    def _grow(self, size: int, height: int, place: Place) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            advice = " once its aliases are expanded" if self.aliases else "; write a long table of counts as CSV"
            raise stop(place, (), f"contains more than {MAX_NODES:,} values{advice}")
        if len(self.stack) + height > MAX_DEPTH:
            raise stop(place, (), _TOO_DEEP)

    def _scalar(self, event: Any, place: Place) -> None:
        self._grow(1, 1, place)
        if fault := forbidden(event.value):
            raise stop(place, (), fault)
        if self._awaits_key():
            self._key(event.value, place)
            return
        value = event.value
        if event.tag:
            self._problem(place, f"tags such as {event.tag!r} are not allowed")
        elif event.implicit[0]:
            value = self._resolve(value, place)
        node = Node(value, place, self._key_place())
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 1)
        self._add(node, 1, 1)

    def _key(self, key: str, place: Place) -> None:
        top = self.stack[-1]
        if key == "<<":
            self._problem(place, "merge keys ('<<') are not allowed; write the keys out or use 'extends'")
        elif key in top.value:
            self._problem(place, f"duplicate key {key!r}; each key may appear only once")
        top.key, top.pending = key, place

    def _key_place(self) -> Place | None:
        top = self._top()
        return top.pending if top else None

    def _resolve(self, text: str, place: Place) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            if len(text.lstrip("+-")) > MAX_DIGITS:
                self._problem(place, f"a whole number may have at most {MAX_DIGITS} digits; got {len(text)}")
                return 0
            return int(text, 0 if text[:2] in ("0o", "0x") else 10)
        if _NOT_FINITE.fullmatch(text):
            self._problem(place, f"every number must be finite; got {text}")
            return 0
        if _FLOAT.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                self._problem(place, f"every number must be finite; got {text[:40]}")
                return 0
            return number
        return text

    def _alias(self, name: str | None, place: Place) -> None:
        if self._awaits_key():
            raise stop(place, (), "a key must be a word; got an alias")
        if name is None or name not in self.anchors:
            raise stop(place, (), f"the alias '*{name}' has no anchor '&{name}' before it")
        anchored = self.anchors[name]
        if anchored is None:
            raise stop(place, (), f"the alias '*{name}' is inside its own anchor")
        node, size, height = anchored
        self.aliases += 1
        self._grow(size, height, place)
        self._add(replace(node, key=self._key_place()), size, height)

    def _begin(self, event: Any, place: Place) -> None:
        if self._awaits_key():
            raise stop(place, (), "a key must be a word; got a mapping or a list")
        self._grow(1, 1, place)
        if event.tag:
            self._problem(place, f"tags such as {event.tag!r} are not allowed")
        if event.anchor:
            self.anchors[event.anchor] = None
        value: dict[str, Node] | list[Node] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.stack.append(_Open(value, place, self._key_place(), event.anchor))

    def _end(self) -> None:
        done = self.stack.pop()
        node = Node(done.value, done.place, done.key_place)
        if done.anchor:
            self.anchors[done.anchor] = (node, done.size, done.height)
        self._add(node, done.size, done.height)

    def _add(self, node: Node, size: int, height: int) -> None:
        top = self._top()
        if top is None:
            self.root = node
            return
        top.size += size
        top.height = max(top.height, height + 1)
        if isinstance(top.value, list):
            top.value.append(node)
        elif top.key is not None:
            top.value[top.key] = node
            top.key = top.pending = None


class _Dumper(yaml.SafeDumper):
    """Writes without anchors, and quotes every text that a YAML 1.1 reader would read as another type."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    ours = text in _WORDS or any(rule.fullmatch(text) for rule in (_INT, _FLOAT, _NOT_FINITE))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if ours and "\n" not in text else None)


def _float(dumper: yaml.SafeDumper, number: float) -> yaml.ScalarNode:
    text = repr(number)
    with_point = text if "." in text else text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", with_point)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _float)
_Dumper.add_representer(EndState, lambda dumper, name: dumper.represent_str(str(name)))


def dump(tree: dict[str, Any]) -> str:
    """Return `tree` as YAML text: keys in their order, the same bytes every time, and equal when read again."""
    text: str = yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def one_line(value: Any) -> str:
    """Return a value as YAML in one line, with braces and brackets."""
    text: str = yaml.dump(
        [value], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9, default_flow_style=True
    )
    return text.strip()[1:-1]


def loader() -> Any:
    """Return the class that reads YAML quickest here."""
    return _LOADER
