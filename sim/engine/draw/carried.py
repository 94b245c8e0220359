"""What a run takes up from the end of an earlier one: parties where they stood, and the state of controls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import store
from sim.arrays import Bools, Ints
from sim.engine.plan import CARRIED, JOINS, NOWHERE, Plan
from sim.scenario.model.end_state import ADDED, LIGHTENED, TRAIT, Control, EndState
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.teams import numbered_teams


class Standing(NamedTuple):
    """Columns over the parties of one class at one crossing, in the order of the file."""

    place: Ints  # in the file
    rows: Ints  # (., CARRIED) for the tape; the numbers of the parties are still to be written
    people: Ints
    men: Ints
    local: Bools
    waited: Ints  # ms; 0: not known
    traits: dict[str, Ints]  # 1: has it, 0: lacks it, -1: not known


def standing(scenario: Scenario, plan: Plan, source: int, cls: str, replication: int) -> Standing | None:
    """Return who begins a replication at a crossing, of one class; None if the scenario starts from no earlier run."""
    state = scenario.start_from
    if state is None or source >= len(plan.crossings):
        return None
    table = _replications(state)[replication % state.replications]
    rows = np.flatnonzero(
        (_numbers(table["crossing"], plan.crossings) == source)
        & (_numbers(table["class"], scenario.streams) == scenario.streams.index(cls))
    )
    first = int(np.argmax(plan.crossing == source))
    stations = plan.stations[first : first + int((plan.crossing == source).sum())]

    def station(name: str) -> Ints:
        numbers = _numbers(table[name], stations)[rows]
        return np.where(numbers == NOWHERE, NOWHERE, first + numbers)

    columns = {
        "party": np.zeros(len(rows), np.int64),
        "station": station("station"),
        "joins": _numbers(table["joined_from"], JOINS)[rows],
        "stream": _numbers(table["stream"], scenario.streams)[rows],
        "men_stopped": table["men_stopped"][rows],
        "back_to": station("back_to"),
        "returns": np.minimum(table["returns"][rows], plan.rounds),
        "waited_here": table["waited_here_ms"][rows],
        "stayed": table["stayed_ms"][rows],
    }
    return Standing(
        rows,
        np.column_stack([columns[name] for name in CARRIED]).astype(np.int64),
        table["people"][rows].astype(np.int64),
        table["men"][rows].astype(np.int64),
        table["local"][rows].astype(np.bool_),
        table["waited_ms"][rows].astype(np.int64),
        {name.removeprefix(TRAIT): table[name][rows] for name in table if name.startswith(TRAIT)},
    )


def in_their_order(parts: Iterable[tuple[Standing, int]]) -> Ints:
    """Return `Tape.carried`: those of all groups, each with the number of its first party, in the order of the file."""
    tables, places = [np.zeros((0, len(CARRIED)), np.int64)], [np.zeros(0, np.int64)]
    for part, begin in parts:
        numbered = part.rows.copy()
        numbered[:, 0] = begin + np.arange(len(numbered))
        tables.append(numbered)
        places.append(part.place)
    return np.asarray(np.concatenate(tables)[np.argsort(np.concatenate(places), kind="stable")])


def controls_of(scenario: Scenario, replication: int) -> tuple[Control, ...]:
    """Return the states in which controls and outages of a replication begin."""
    state = scenario.start_from
    return state.controls[replication % state.replications] if state else ()


def carried_controls(scenario: Scenario, plan: Plan, replication: int) -> Ints:
    """Return `Tape.controls`: what controls have added, and what they have lightened, before the start."""
    known = {(crossing, team.name, ADDED): s for s, crossing, team in numbered_teams(scenario) if plan.checked_every[s]}
    places = zip(plan.crossing.tolist(), plan.stations, strict=True)
    lit = {(plan.crossings[x], name, LIGHTENED): s for s, (x, name) in enumerate(places) if plan.light_every[s]}
    rows: dict[int, list[int]] = {}
    for control in controls_of(scenario, replication):
        s = (known | lit).get(control[:3])
        if s is not None:
            row = rows.setdefault(s, [s, 0, -1])
            row[1 if control.what == ADDED else 2] = control.number
    return np.array([rows[s] for s in sorted(rows)], np.int64).reshape(-1, 3)


@lru_cache(maxsize=2)
def _replications(state: EndState) -> list[dict[str, Any]]:
    """Return the columns of each replication of an end state."""
    table, _ = store.labelled_table(state.content, Path(str(state)))
    replication = table["replication"]
    assert not isinstance(replication, store.Labels)
    bounds = np.searchsorted(replication, np.arange(state.replications + 1))
    return [
        {name: _part(column, slice(*bounds[k : k + 2])) for name, column in table.items()}
        for k in range(state.replications)
    ]


def _part(column: NDArray[Any] | store.Labels, rows: slice) -> NDArray[Any] | store.Labels:
    return store.Labels(column.codes[rows], column.names) if isinstance(column, store.Labels) else column[rows]


def _numbers(column: store.Labels, names: Sequence[str]) -> Ints:
    """Return a column of names as their places in `names`; NOWHERE if they are not there."""
    places = {name: place for place, name in enumerate(names)}
    return np.asarray(np.array([places.get(name, NOWHERE) for name in column.names], np.int64)[column.codes])
