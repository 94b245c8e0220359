"""The short forms of a service time, written out where a path goes into the long form, and the other way round.

`service_time: 90 s` and `{mean: 90 s, family: gamma}` stand for `{party: ...}`, and any of these for `{any: ...}`.
"""

from __future__ import annotations

from sim.scenario.model.laws import Law, ServiceTime
from sim.scenario.model.quantities import CLASSES
from sim.scenario.text.tree import Node, Path, Place, bare, dotted, find, put, stop

BY_CLASS, BY_PART, LAW = range(3)
ANY, PARTY = "any", "party"
_KEYS = {
    BY_CLASS: {ANY, *CLASSES},
    BY_PART: set(ServiceTime.model_fields),
    LAW: set(Law.model_fields),
}
_HOLDER = {BY_CLASS: ANY, BY_PART: PARTY}
"""The key of a form under which a shorter one stands."""


def written_out(root: Node, path: Path, place: Place) -> tuple[Node, Path]:
    """Return a tree and a path that fit each other at a service time, if the path goes into one.

    A form that is shorter than the path supposes is written out; keys that the path leaves out are put in where the
    file has no others. Raises ScenarioError if it has others.
    """
    at = path.index("service_time") + 1 if "service_time" in path else len(path)
    return _fitted(root, path, at, BY_CLASS, place)


def _fitted(root: Node, path: Path, at: int, longest: int, place: Place) -> tuple[Node, Path]:
    """Fit the form of the node at `path[:at]`, at most as long as `longest`, and the key `path[at]` to each other."""
    node, reached = find(root, path[:at])
    if at >= len(path) or len(reached) < at:
        return root, path
    given, wanted = _form(node), _form_of_key(str(path[at]), node)
    if wanted is None or wanted < longest:
        return root, path
    if given > wanted:
        root = put(root, path[:at], lambda old: _held(old or node, _HOLDER[wanted]), place)
    elif given < wanted:
        _has_only(_HOLDER[given], node, path, at, place)
        path = (*path[:at], _HOLDER[given], *path[at:])
    is_by_class = min(given, wanted) == BY_CLASS
    return _fitted(root, path, at + 1, BY_PART, place) if is_by_class else (root, path)


def _held(node: Node, key: str) -> Node:
    return Node({key: node}, node.place, node.key)


def _has_only(key: str, node: Node, path: Path, at: int, place: Place) -> None:
    """Raise ScenarioError if a service time has other keys than the one that a path leaves out."""
    keys = list(bare(node).value)
    if keys != [key]:
        longer = dotted((*path[path.index("service_time") : at], keys[0], *path[at:]))
        what = f"the service time is given for each of {', '.join(keys)}"
        raise stop(place, path, f"{what}; name one, such as {longer}")


def _form(node: Node) -> int:
    keys = set(bare(node).value) if isinstance(bare(node).value, dict) else _KEYS[LAW]
    return next((form for form in _KEYS if keys & _KEYS[form]), BY_CLASS if keys else LAW)


def _form_of_key(key: str, node: Node) -> int | None:
    is_own = _form(node) == BY_CLASS and key in bare(node).value
    return next((form for form, keys in _KEYS.items() if key in keys), BY_CLASS if is_own else None)
