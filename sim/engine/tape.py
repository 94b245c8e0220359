"""The tape: every random number a party could need, drawn before anything runs.

A stream of random numbers belongs to (seed, replication, crossing, class, purpose), so a new station or another rate
leaves the other columns as they were, and the k-th car of a class stays the same car in every scenario that shares
the seed: common random numbers, party by party (Law 2015, section 11.2). Arrivals come from the inverse of the
expected number of arrivals applied to a unit-rate Poisson process (Cinlar 1975), so more demand moves arrivals
instead of reshuffling them. Parties already waiting at the start come from streams of their own. Who goes on by bike or
on foot is served from the stream of those who do not: where the law is the same, for just as long.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.draw.groups import Group, groups
from sim.engine.lower.tape_rows import SCREENING
from sim.engine.plan import NOWHERE, TASTES, Plan
from sim.scenario.model.scenario import Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tape:
    """Columns over P parties; durations and instants in integer milliseconds.

    Parties stand class by class, crossing by crossing, each group in order of arrival; a party's column is its number.
    The rows of `times` and `chances` are those that the plan's `..._row` fields name: only what somebody can need, and
    one row for several things that no party needs all. What a party needs no row for is 0.
    """

    arrived_at: Ints  # (P,) since t0; from an origin: when it sets out
    source: NDArray[np.int8]  # the crossing it comes to, or the number of crossings plus that of the origin it leaves
    cls: NDArray[np.int8]
    number: NDArray[np.int32]  # within source, class and `initial`: the same party in every scenario
    initial: NDArray[np.bool_]  # already waiting at the start
    people: NDArray[np.int16]
    men: NDArray[np.int16]  # of call-up age
    local: NDArray[np.bool_]  # has local plates
    barred: NDArray[np.bool_]  # kept away on the approach
    mode_to: NDArray[np.int8]  # class after a change of mode, or of the men a party leaves behind
    times: Ints  # (rows, P) durations; clocks in 1 / HAZARD_UNIT; the factor on drives in 1 / DRIVE_UNIT
    chances: Floats  # (rows, P) uniforms on [0, 1)
    tastes: Floats  # (P, TASTES + X + 1), or (P, 0) without a network: what those who choose between crossings need

    def __len__(self) -> int:
        return len(self.arrived_at)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tape) and all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]


def draw(scenario: Scenario, plan: Plan, seed: int, replication: int) -> Tape:
    """Return the tape of one replication (numbered from 0)."""
    found: list[Group] = [group for group in groups(scenario, plan, seed, replication) if group.size]
    tape = _blank(plan, np.concatenate([group.at for group in found]) if found else np.zeros(0, np.int64))
    begin = 0
    for group in found:
        group.fill(tape, slice(begin, begin + group.size))
        begin += group.size
    return tape


def _blank(plan: Plan, at: Ints) -> Tape:
    """Return a tape on which only the arrivals are written."""
    size = len(at)
    times = 1 + max(int(np.max(getattr(plan, name))) for name in _TIME_ROWS)
    screening = int(plan.screening_row.max()) + len(SCREENING) if (plan.screening_row != NOWHERE).any() else 0
    chances = max(screening, 1 + int(plan.refused_row.max()), *(1 + getattr(plan, name) for name in _CHANCE_ROWS))
    tastes = TASTES + len(plan.crossings) + 1 if plan.origins else 0
    kinds = {"number": np.int32, "source": np.int8, "cls": np.int8, "mode_to": np.int8, "initial": np.bool_,
             "local": np.bool_, "barred": np.bool_, "people": np.int16, "men": np.int16}  # fmt: skip
    blank: dict[str, Any] = {name: np.zeros(size, kind) for name, kind in kinds.items()}
    blank |= {"times": np.empty((times, size), np.int64), "chances": np.empty((chances, size))}
    return Tape(arrived_at=at, tastes=np.zeros((size, tastes)), **blank)


_TIME_ROWS = (
    "service_row", "foot_row", "patience_row", "refusal_row", "man_row", "walk_row", "clock_row", "drive_row",
)  # fmt: skip
_CHANCE_ROWS = ("balk_row", "bypass_row")
