"""Draw the tape of one replication.

Each column comes from a stream of random numbers of its own, keyed by seed, replication, crossing, class and purpose.
A new station or another rate therefore leaves the other columns as they were, and the k-th car of a class is the same
car in every scenario that shares the seed: common random numbers, party by party (Law 2015, section 11.2).

Arrivals come from the inverse of the expected number of arrivals applied to a unit-rate Poisson process (Cinlar 1975),
so more demand moves arrivals instead of reshuffling them. Parties that wait at the start have streams of their own.
Service after a change of mode uses the same stream as service without one; if the law is the same, so is the duration.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sim.arrays import Ints
from sim.engine.draw.carried import carried_controls, in_their_order
from sim.engine.draw.groups import Group, groups_on_tape
from sim.engine.draw.outages import draw_outages
from sim.engine.lower.tape_rows import SCREENING
from sim.engine.plan import NOWHERE, TASTES, Plan
from sim.engine.tape import Tape
from sim.scenario.model.scenario import Scenario

_ROWS_OF_TIMES = (
    "service_row",
    "foot_row",
    "patience_row",
    "refusal_row",
    "man_row",
    "walk_row",
    "clock_row",
    "drive_row",
)
_ROWS_OF_CHANCES = ("refused_row", "balk_row", "bypass_row", "choice_row")
_COLUMNS = {
    "number": np.int32,
    "source": np.int8,
    "cls": np.int8,
    "mode_to": np.int8,
    "initial": np.bool_,
    "local": np.bool_,
    "barred": np.bool_,
    "traits": np.int64,
    "waited": np.int64,
    "people": np.int16,
    "men": np.int16,
}


def draw(scenario: Scenario, plan: Plan, seed: int, replication: int) -> Tape:
    """Return the tape of one replication (numbered from 0)."""
    groups: list[Group] = [group for group in groups_on_tape(scenario, plan, seed, replication) if group.size]
    arrived_at = np.concatenate([group.at for group in groups]) if groups else np.zeros(0, np.int64)
    tape = _blank(plan, arrived_at, draw_outages(scenario, plan, seed, replication))
    begin = 0
    for group in groups:
        group.fill(tape, slice(begin, begin + group.size))
        begin += group.size
    standing = [(group.standing, group.place.start) for group in groups if group.standing is not None]
    tape = replace(tape, carried=in_their_order(standing)) if standing else tape
    if scenario.start_from is not None:
        tape = replace(tape, controls=carried_controls(scenario, plan, replication))
    return _with_people(plan, tape, groups)


def _with_people(plan: Plan, tape: Tape, groups: list[Group]) -> Tape:
    """Return a tape with the services of people who are served one by one, if any are."""
    if not plan.one_by_one.any():
        return tape
    numbers = [int(group.people.sum()) if group.one_by_one else 0 for group in groups]
    table, first = np.zeros((_rows_of_people(plan), sum(numbers)), np.int64), np.zeros(len(tape), np.int64)
    begin = 0
    for group, number in zip(groups, numbers, strict=True):
        for row, services in group.one_by_one.items():
            table[row, begin : begin + number] = services
        if number:
            first[group.place] = begin + np.cumsum(group.people) - group.people
        begin += number
    return replace(tape, one_by_one=table, first_person=first)


def _rows_of_people(plan: Plan) -> int:
    again = int(plan.person_again_row.max())
    rows = 1 + max(int(plan.person_row.max()), int(plan.person_foot_row.max()))
    return rows if again == NOWHERE else max(rows, again + plan.rounds)


def _blank(plan: Plan, arrived_at: Ints, outages: Ints) -> Tape:
    """Return a tape on which only the arrivals and the outages are written."""
    size = len(arrived_at)
    times = max(plan.again_row.max() + plan.rounds, *(1 + int(np.max(getattr(plan, name))) for name in _ROWS_OF_TIMES))
    screening = int(plan.screening_row.max()) + len(SCREENING) if (plan.screening_row != NOWHERE).any() else 0
    aside = int(plan.aside_row.max()) + plan.rounds + 1 if (plan.aside_row != NOWHERE).any() else 0
    chances = max(screening, aside, *(1 + int(np.max(getattr(plan, name))) for name in _ROWS_OF_CHANCES))
    tastes = TASTES + len(plan.crossings) + 1 if plan.origins else 0
    columns: dict[str, Any] = {name: np.zeros(size, dtype) for name, dtype in _COLUMNS.items()}
    return Tape(
        arrived_at=arrived_at,
        times=np.empty((times, size), np.int64),
        chances=np.empty((chances, size)),
        tastes=np.zeros((size, tastes)),
        outages=outages,
        **columns,
    )
