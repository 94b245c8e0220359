"""Who came from where and what became of them: people by origin, crossing and end of their stay there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Ints
from sim.engine.plan import Plan
from sim.engine.records import FINAL, Outcome, Records
from sim.measures.names import Key, from_origin

ENDS = tuple(sorted({*FINAL, Outcome.DIVERTED}))
"""How a stay at a crossing ends."""


def flows(plan: Plan, source: NDArray[np.int8], records: Records) -> Ints:
    """Return people (O, X, ENDS) by origin, crossing and how their stay there ended; `source` (P,) is the tape's."""
    size = len(plan.origins), len(plan.crossings), len(ENDS)
    if not len(source):
        return np.zeros(size, np.int64)
    origin = source[records.party % len(source)].astype(np.int64) - len(plan.crossings)
    place = np.full(len(Outcome), -1)
    place[list(ENDS)] = np.arange(len(ENDS))
    end = place[records.outcome]
    counts = (origin >= 0) & (end >= 0)
    cell = (origin[counts] * size[1] + records.crossing[counts]) * size[2] + end[counts]
    people = np.bincount(cell, records.people[counts], int(np.prod(size)))
    return np.rint(people).astype(np.int64).reshape(size)


def totals(plan: Plan, source: NDArray[np.int8], records: Records) -> Iterator[tuple[Key, float]]:
    """Yield the people from each origin by crossing and end."""
    for origin, of_origin in zip(plan.origins, flows(plan, source, records), strict=True):
        for crossing, of_crossing in zip(plan.crossings, of_origin, strict=True):
            for end, people in zip(ENDS, of_crossing.tolist(), strict=True):
                yield Key(crossing, f"{end.name.lower()}_people", from_origin(origin)), float(people)
