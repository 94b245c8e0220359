"""Reads the end state that a scenario names in `start_from`, and writes copies of it beside copies of the scenario."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sim.errors import Problem, ScenarioError, SimError
from sim.paths import is_folder
from sim.scenario.model.end_state import ADDED, COLUMNS, CONTROLS, Control, EndState
from sim.scenario.model.quantities import BYPASS
from sim.scenario.text.named_files import named_file
from sim.scenario.text.tree import Node, bare, child
from sim.scenario.text.yaml_text import dump, recorded

KEY, FILE = "start_from", "end_state.parquet"
_KIND = "a folder of `sim run`"
_NAMES = ("crossing", "station", "class", "stream", "joined_from", "back_to")
MOST_PEOPLE = 2**15
_MAGIC = b"PAR1"
"""How every Parquet file begins."""
_LEAST = {"people": 1}
"""Smallest numbers in columns, where that is not 0."""


def with_end_state(root: Node, problems: list[Problem] | None = None) -> Node:
    """Return the tree with the end state that it names in place of the name, relative to the file that names it.

    Problems are added to `problems`, and the key is then left out; without `problems`, raises ScenarioError.
    """
    node = child(root, KEY)
    if node is None or isinstance(bare(node).value, EndState | None):
        return root
    try:
        state = end_state_named(bare(node))
    except ScenarioError as error:
        if problems is None:
            raise
        problems.extend(error.problems)
        return replace(root, value={key: part for key, part in root.value.items() if key != KEY})
    return replace(root, value={**root.value, KEY: replace(node, value=state)})


def end_state_named(node: Node) -> EndState:
    """Return the end state that a node names. Raises ScenarioError."""
    folder = Path(node.place.file).parent
    if isinstance(node.value, str) and is_folder(folder / node.value):
        node = replace(node, value=str(Path(node.value) / FILE))
    file = named_file(node, folder, (KEY,), _KIND, f"name {_KIND}, or its file {FILE}")
    try:
        content = recorded(file).read_bytes()
        return end_state(content, file)
    except OSError as error:
        what = f"{file}: cannot be read: {error.strerror or error}"
    except SimError as error:
        what = str(error)
    raise ScenarioError([Problem(str(node.place), KEY, what)])


def end_state(content: bytes, file: Path) -> EndState:
    """Return the end state in the bytes of a file. Raises SimError if it is none, or is damaged."""
    from sim import store  # late: it loads numpy, and most scenarios have no end state

    is_table = content.startswith(_MAGIC)
    table, facts = store.labelled_table(content, file) if is_table else ({}, {})
    if not COLUMNS.keys() <= table.keys() or not facts:
        raise SimError(f"{file}: is no end state of a run; `sim run` writes one as {FILE}")
    try:
        state = EndState(f"start_state-{hashlib.sha256(content).hexdigest()[:16]}.parquet")
        state.content = content
        state.replications = int(facts["replications"])
        state.left_out = {str(what): float(number) for what, number in facts["left_out"].items()}
        state.controls = _controls(facts.get("controls", []), state.replications)
        state.ended_at = datetime.fromisoformat(facts["ended_at"])
        _check(table, state.replications)
        replications = table["replication"].tolist()
        state.places = tuple(_together(table, ("crossing", "station", "class")))
        state.most_parties = max(Counter(replications).values(), default=0)
        state.most_people = max(table["people"].tolist(), default=0)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SimError(f"{file}: is damaged: {error}") from None
    return state


def _controls(rows: list[list[Any]], replications: int) -> tuple[tuple[Control, ...], ...]:
    """Return the states of controls by replication. Raises ValueError if they are not what a run writes."""
    found: list[list[Control]] = [[] for _ in range(replications)]
    for replication, crossing, name, what, number in rows:
        is_number = type(number) is int and abs(number) < 2**62 and (number >= 0 or what == ADDED)
        are_names = isinstance(crossing, str) and isinstance(name, str)
        is_known = type(replication) is int and replication in range(replications) and what in CONTROLS
        if not (is_number and are_names and is_known):
            raise ValueError(f"the state of a control is wrong: {what!r}, {number!r}")
        found[replication].append(Control(crossing, name, what, number))
    return tuple(map(tuple, found))


def _check(table: Mapping[str, Any], replications: int) -> None:
    """Raise ValueError if a column has values that no run writes."""
    from sim import store  # late: it loads numpy, and most scenarios have no end state

    for name, column in table.items():
        is_of_names = isinstance(column, store.Labels)
        if is_of_names != (name in _NAMES) or (column.codes if is_of_names else column).dtype.kind not in "iub":
            raise ValueError(f"the column {name!r} has values of another kind")
        if name in COLUMNS and not is_of_names and len(column) and column.min() < _LEAST.get(name, 0):
            raise ValueError(f"the column {name!r} has numbers below {_LEAST.get(name, 0)}")
    numbers = table["replication"]
    if replications < 1 or (len(numbers) and numbers.max() >= replications) or (numbers[1:] < numbers[:-1]).any():
        raise ValueError("the replications are not in order")
    if any(stream not in (cls, BYPASS) for stream, cls in _together(table, ("stream", "class"))):
        raise ValueError("the streams are not those of the classes")
    too_many = len(numbers) > 0 and table["people"].max() >= MOST_PEOPLE
    if too_many or any((table[name] > table["people"]).any() for name in ("men", "men_stopped")):
        raise ValueError("the number of people is wrong")


def _together(table: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """Return the names that stand together in these columns, each combination once."""
    numbers = table[names[0]].codes.astype("int64")
    for name in names[1:]:
        numbers = numbers * len(table[name].names) + table[name].codes
    found = []
    for number in sorted(set(numbers.tolist())):
        parts: list[str] = []
        for name in reversed(names):
            number, place = divmod(number, max(1, len(table[name].names)))
            parts.insert(0, table[name].names[place])
        found.append(tuple(parts))
    return found


def sets_end_state(text: str) -> bool:
    """Say whether a `--set` names an end state, which is part of a scenario from the beginning."""
    return text.partition("=")[0].strip() == KEY


def write_scenario(path: Path, tree: Mapping[str, Any]) -> None:
    """Write the tree of a scenario, and beside it the end state that it starts from. Raises SimError."""
    from sim import store  # late: it loads numpy, and most scenarios have no end state

    store.write(path, dump(dict(tree)))
    for state in _end_states(tree):
        store.write(path.with_name(str(state)), state.content)


def _end_states(part: Any) -> Iterator[EndState]:
    """Yield the end states in a tree: that of the scenario, and those that interventions set."""
    if isinstance(part, EndState):
        yield part
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from _end_states(inner)
