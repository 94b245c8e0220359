"""The short forms of a service time, written out where a path goes into the long form, and the other way round.

`service_time: 90 s` and `{mean: 90 s, family: gamma}` stand for `{party: ...}`, and that for `{any: {party: ...}}`.
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
_HOLDER = {LAW: PARTY, BY_PART: ANY}
"""The key under which a form stands in the next longer one."""


def written_out(root: Node, path: Path, place: Place) -> tuple[Node, Path]:
    """Return a tree and a path that fit each other at a service time, if the path goes into one.

    A form that is shorter than the path supposes is written out; keys that the path leaves out are put in where the
    file has no others. Raises ScenarioError if it has others.
    """
    at = path.index("service_time") + 1 if "service_time" in path else len(path)
    if at >= len(path):
        return root, path
    node, reached = find(root, path[:at])
    given, wanted = _form(node), _form_of_key(str(path[at]), node)
    if len(reached) < at or wanted is None:
        return root, path
    if given > wanted:
        for form in range(given, wanted, -1):
            node = Node({_HOLDER[form]: node}, node.place, node.key)
        return put(root, path[:at], lambda _: node, place), path
    between = [_HOLDER[form] for form in range(given + 1, wanted + 1)]
    if not _only(node, between):
        several = bare(bare(node).value[ANY]) if given == BY_CLASS and _only(node, [ANY]) else bare(node)
        longer = dotted(("service_time", next(iter(several.value)), *path[at:]))
        what = f"the service time is given for each of {', '.join(several.value)}"
        raise stop(place, path, f"{what}; name one, such as {longer}")
    return root, (*path[:at], *between, *path[at:])


def _form(node: Node) -> int:
    keys = set(bare(node).value) if isinstance(bare(node).value, dict) else _KEYS[LAW]
    return next((form for form in _KEYS if keys & _KEYS[form]), BY_CLASS if keys else LAW)


def _form_of_key(key: str, node: Node) -> int | None:
    is_own = _form(node) == BY_CLASS and key in bare(node).value
    return next((form for form, keys in _KEYS.items() if key in keys), BY_CLASS if is_own else None)


def _only(node: Node, keys: list[str]) -> bool:
    """Say whether these keys, one below the other, are the only ones."""
    for key in keys:
        if not isinstance(bare(node).value, dict) or set(bare(node).value) != {key}:
            return False
        node = bare(node).value[key]
    return True
