"""Turns the errors of pydantic into one sentence each, with the place in the file, and puts problems in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.errors import Problem, ScenarioError
from sim.scenario.model.quantities import LONGEST_NAME, NAME, RowsError
from sim.scenario.model.scenario import Scenario
from sim.scenario.text import allowed as shape
from sim.scenario.text.passports import without
from sim.scenario.text.tree import PASSPORT_KEYS, Node, Path, dotted, find, is_row, leaves, placed, show
from sim.suggest import did_you_mean

Error = dict[str, Any]
Loc = tuple[str | int, ...]

_UNIONS = {
    "bursts": "expected a whole number from 1 to 200, shares such as {1: 30 %, 2: 70 %}, or {mean: 2.9, max: 7}",
    "discipline": "expected 'fifo', {priority: [[...], [...]]} or {shares: {...}}",
    "hall": "expected a number of waiting places from 0 to 1000000, {people: 50}, {length: 30 m} or the name of a zone",
    "people": "expected a whole number from 1 to 200, shares such as {1: 30 %, 2: 70 %}, or {mean: 2.9, max: 7}",
    "staffing": "expected a whole number of servers, a mapping (servers, steps, shifts, reacts), or the name of a pool",
    "next": "expected longest_wait, order or {shares: {...}}",
    "value": "expected a count, or a quantity with its unit such as '16 km'",
    "rounding": "expected a number in the unit of the value, such as '12 h'",
}


def problems(error: ValidationError, root: Node, prefix: Loc = (), model: type[BaseModel] = Scenario) -> list[Problem]:
    """Return one problem for each mistake in a file of `model`; `prefix` is the path of the validated part."""
    details = [e for e in error.errors(include_url=False) if e["type"] != "default_factory_not_called"]
    errors: list[Error] = [{**dict(e), "loc": (*prefix, *e["loc"]), "model": model} for e in details]
    errors = [row for e in _one_per_union(errors, root) for row in _rows(e)]
    errors = [e for e in errors if not (e["type"] == "too_short" and _has_deeper(e, errors))]
    bad_keys = {e["loc"][:-1] for e in errors if e["loc"][-1:] == ("[key]",)}
    errors = [e for e in errors if e["loc"][-1:] == ("[key]",) or not any(_is_below(e["loc"], key) for key in bad_keys)]
    return list(dict.fromkeys(_joined(errors, root)))


def _rows(error: Error) -> list[Error]:
    """Return one error for each invalid row of a wait table."""
    cause = error.get("ctx", {}).get("error")
    if not isinstance(cause, RowsError):
        return [error]
    kind = {True: "message_for_key", False: "message"}
    return [
        {**error, "type": kind[of_key], "loc": (*error["loc"], row), "msg": what} for row, of_key, what in cause.rows
    ]


def _is_below(loc: Loc, place: Loc) -> bool:
    return loc[: len(place)] == place


def _has_deeper(error: Error, errors: Iterable[Error]) -> bool:
    size = len(error["loc"])
    return any(len(e["loc"]) > size and e["loc"][:size] == error["loc"] for e in errors)


def _union_at(loc: Loc, root: Node) -> int | None:
    """Return the index of the field in `loc` that is followed by the tag of one of its alternative types, if any."""
    for i, (part, tag) in enumerate(pairwise(loc)):
        if part in _UNIONS and isinstance(tag, str) and tag != "[key]" and not _in_tree(root, loc[: i + 1], tag):
            return i
    return None


def _in_tree(root: Node, loc: Loc, part: str | int) -> bool:
    node, path = find(root, loc)
    return len(find(root, (*loc, part))[1]) > len(path) and isinstance(node.value, dict | list)


def _one_per_union(errors: list[Error], root: Node) -> list[Error]:
    reduced: list[Error] = []
    seen: set[Loc] = set()
    for error in errors:
        i = _union_at(error["loc"], root)
        if i is None:
            reduced.append(error)
            continue
        union, tag = error["loc"][: i + 1], str(error["loc"][i + 1])
        value = without(find(root, union)[0])
        chosen = _chosen(str(union[-1]), value)
        if chosen and chosen in tag:
            reduced.append({**error, "loc": (*union, *error["loc"][i + 2 :])})
        elif not chosen and union not in seen:
            what = f"{_UNIONS[str(union[-1])]}; got {show(value)}"
            near = _near_form(value) if union[-1] == "discipline" else ""
            reduced.append({**error, "type": "message", "loc": union, "msg": what + near, "input": value})
        seen.add(union)
    return reduced or errors


def _near_form(value: Any) -> str:
    """Return a suggestion for a misspelt discipline."""
    if isinstance(value, dict):
        return next((near for near in (did_you_mean(key, ["priority", "shares"]) for key in value) if near), "")
    return did_you_mean(value, ["fifo"]) if isinstance(value, str) else ""


def _chosen(name: str, value: Any) -> str:
    """Return a part of the tag of the alternative that the user probably intended, or '' if that is unclear."""
    if isinstance(value, dict) and name == "discipline":
        return "Priority" if "priority" in value else "Shares" if "shares" in value else ""
    if isinstance(value, dict) and name in ("people", "bursts") and value:
        return "PeopleSpread" if {"mean", "max"} & set(value) else "_sums_to_one"
    if name == "staffing" and isinstance(value, int) and not isinstance(value, bool):
        return "Staffing"
    if name == "staffing" and isinstance(value, str | dict):
        return "Pooled" if isinstance(value, str) or "pool" in value else "Staffing"
    if name == "next" and isinstance(value, str | dict):
        return "literal" if isinstance(value, str) else "PoolShares"
    if name == "hall" and isinstance(value, str | dict):
        return "-str" if isinstance(value, str) else "Zone"
    return ""


def _joined(errors: list[Error], root: Node) -> Iterable[Problem]:
    """Yield the problems; a misspelt required key is one problem, not a missing and an unknown key."""
    gone = {e["loc"] for e in errors if e["type"] == "missing"}
    answered: set[Loc] = set()
    out = []
    for error in errors:
        if error["type"] == "extra_forbidden":
            parent = error["loc"][:-1]
            near = did_you_mean(str(error["loc"][-1]), [str(m[-1]) for m in gone if m[:-1] == parent])
            missing = next((m for m in gone if m[:-1] == parent and near == _hint(m)), None)
            if missing:
                answered.add(missing)
    for error in errors:
        if error["loc"] not in answered or error["type"] != "missing":
            out.append(_problem(error, root))
    return out


def _hint(loc: Loc) -> str:
    return f"; did you mean {str(loc[-1])!r}?"


def _problem(error: Error, root: Node) -> Problem:
    loc: Loc = error["loc"]
    if error["type"] == "missing":
        node, path = find(root, loc[:-1])
        return Problem(node.where, dotted(path), f"missing key {str(loc[-1])!r}")
    if loc[-1:] == ("[key]",):
        node, path = find(root, loc[:-1])
        names = shape.names(shape.at(loc[:-2], error["model"]))
        what = _own_words(error) if error["type"] == "value_error" else _bad_name(error, names)
        return Problem(str(node.key or node.place), dotted(path), what)
    node, path = find(root, loc)
    if error["type"] == "extra_forbidden":
        what = _key(str(loc[-1]), _allowed(error, -1), "unknown key")
        return Problem(str(node.key or node.place), dotted(path), what)
    if _lacks_value(node, path):
        hint = next((hint for hint in (did_you_mean(key, ["value"]) for key in node.value) if hint), "")
        return Problem(node.where, dotted(path), f"a passport needs the key 'value'{hint}")
    where = str(node.key) if node.key and error["type"] == "message_for_key" else node.where
    return Problem(where, dotted(path), _sentence(error, node, path))


def _allowed(error: Error, end: int) -> list[str] | None:
    """Return the keys allowed at the path of an error without its last parts."""
    return shape.keys(shape.at(error["loc"][:end], error["model"]))


def _lacks_value(node: Node, path: Path) -> bool:
    """Say whether a mapping looks like a passport."""
    marks = {"source", "date", "reason"}
    return isinstance(node.value, dict) and bool(marks & set(node.value)) and not is_row(path)


def _bad_name(error: Error, allowed: list[str] | None) -> str:
    *above, name, _ = map(str, error["loc"])
    for key, counted in _COUNTED.items():
        if tuple(above[-len(key) :]) == key:
            return f"expected {counted}; got {name!r}"
    if error["type"] != "string_pattern_mismatch" or allowed is None:
        return _key(name, allowed, "unknown name")
    small = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")
    hint = did_you_mean(name, allowed) or (f"; did you mean {small!r}?" if NAME.fullmatch(small) else "")
    return f"{_key(name, None, '')}{hint}"


_COUNTED = {
    ("people",): "a whole number of people from 1 to 200",
    ("bursts",): "a whole number of parties from 1 to 200",
    ("pace", "servers"): "a whole number of servers at work from 0 to 10,000",
    ("pace", "queue"): "a whole number of waiting parties from 0 to 10,000",
}
"""What the keys of a mapping count, by the end of its path."""


def _key(key: str, choices: list[str] | None, fault: str) -> str:
    if choices is None:
        return (
            _too_long(key) or f"the name {key!r} is not allowed; expected small letters, digits and '_', a letter first"
        )
    if key in PASSPORT_KEYS:
        return f"{fault} {key!r}; in a passport, {key!r} stands beside 'value'"
    others = [choice for choice in choices if choice != key]
    return f"{fault} {key!r}{did_you_mean(key, others) or _expected(others)}"


def _expected(choices: list[str]) -> str:
    return f"; expected {', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else ""


_EXPECTED = {
    "int": "expected a whole number",
    "float": "expected a number",
    "string": "expected text",
    "dict": "expected a mapping ('key: value' lines)",
    "model": "expected a mapping ('key: value' lines)",
    "tuple": "expected a list",
    "bool": "expected true or false",
    "finite": "every number must be finite",
}
_SHORT_FORMS = {
    "staffing": "expected a whole number of servers, the name of a pool, or a mapping (servers, steps, shifts, reacts)",
    "pools.*": "expected a whole number of servers, or a mapping (servers, steps, shifts, reacts, next)",
    "service_time": "expected a time such as '3 min', or a mapping (party, person, man, one_by_one, or one by class)",
    "service_time.*": "expected a time such as '3 min', or a mapping (party, person, man or one_by_one)",
    "schedule": "expected a CSV file, a list of rows, or a mapping (rows, spread, delay, share)",
    "bookings": "expected a CSV file, a list of rows, or a mapping (rows, slot, no_show, early, late)",
    "calendar": "expected a CSV file, or factors by date such as {2022-12-25: 0.3}",
    "log": "expected a CSV file or a list of rows",
    "serves": "expected a list of classes, or all",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}


def _sentence(error: Error, node: Node, path: Loc) -> str:
    kind, got = error["type"], show(without(node))
    context = error.get("ctx", {})
    if kind in ("message", "message_for_key"):
        return str(error["msg"])
    if kind in _BOUNDS:
        word, end = _BOUNDS[kind]
        here = shape.at(error["loc"], error["model"])
        allowed = shape.ends(here)
        return f"must be {word} {shape.end(here, context[end])}; got {got}{f'; allowed {allowed}' if allowed else ''}"
    special: dict[str, Callable[[], str]] = {
        "value_error": lambda: _own_words(error),
        "literal_error": lambda: _literal(error, without(node), got),
        "string_pattern_mismatch": lambda: _not_a_name(got, without(node), path),
        "too_short": lambda: f"needs at least {context.get('min_length')}; got {context.get('actual_length')}",
        "too_long": lambda: f"takes at most {context.get('max_length')}; got {context.get('actual_length')}",
        "int_from_float": lambda: f"expected a whole number; got {got}",
    }
    if kind in special:
        return special[kind]()
    short = [
        _SHORT_FORMS.get(name) for name in (".".join(map(str, (*path[-2:-1], "*"))), str(path[-1]) if path else "")
    ]
    expected = next(filter(None, short), None) or _EXPECTED.get(kind.split("_")[0])
    return f"{expected}; got {got}" if expected else f"{error['msg'][:1].lower()}{error['msg'][1:]}; got {got}"


def _not_a_name(got: str, value: Any, path: Loc) -> str:
    """Return the sentence about a text that is no name; a hall may have room in people or metres instead."""
    if path[-1:] == ("hall",) and isinstance(value, str) and value[:1].isdecimal():
        number, _, unit = value.partition(" ")
        room = {"people": f"{{people: {number}}}", "m": f"{{length: {value}}}", "km": f"{{length: {value}}}"}.get(unit)
        return f"{_UNIONS['hall']}; got {got}" + (f"; did you mean {room}?" if room else "")
    usual = f"expected a name of small letters, digits and '_'; got {got}"
    return (_too_long(value) if isinstance(value, str) else "") or usual


def _too_long(name: str) -> str:
    """Return the sentence about a name that is only too long, or ''."""
    if len(name) <= LONGEST_NAME or not re.fullmatch("[a-z][a-z0-9_]*", name):
        return ""
    return f"the name {show(name)} is too long; expected at most {LONGEST_NAME} characters, got {len(name)}"


def _own_words(error: Error) -> str:
    text = re.sub(r"got None$", "got nothing", re.sub(r"^Value error, ", "", str(error["msg"])))
    return text if len(text) <= 300 else f"{text[:297]}..."


def _literal(error: Error, value: Any, got: str) -> str:
    choices = _words(error)
    near = did_you_mean(value, choices) if isinstance(value, str) else ""
    listed = f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else choices[0]
    return f"expected {listed}; got {got}{near}"


def _words(error: Error) -> list[str]:
    return re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", "")) or [error["ctx"]["expected"].lower()]


def stray_booleans(root: Node, model: type[BaseModel] = Scenario) -> list[Problem]:
    """Return a problem for every true or false where a number is expected: pydantic would read it as 1 or 0."""
    return [
        Problem(str(node.place), dotted(path), f"expected a number; got {show(node.value)}")
        for node, path in leaves(root)
        if isinstance(node.value, bool) and any(kind is float for kind, _ in shape.at(path, model))
    ]


def not_yet_reported(problems: Sequence[Problem], more: Iterable[Problem]) -> list[Problem]:
    """Return the problems in `more` at places that have no problem yet, neither themselves nor one step below."""
    places = {problem.where for problem in problems}
    holders = {problem.path.rpartition(".")[0] for problem in problems} - {""}
    return [problem for problem in more if problem.where not in places and problem.path not in holders]


def sorted_error(problems: list[Problem]) -> ScenarioError:
    """Return one error with all problems, sorted by file, line and column."""
    return ScenarioError(sorted(dict.fromkeys(problems), key=lambda problem: placed(problem.where)))
