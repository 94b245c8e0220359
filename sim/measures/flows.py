"""People from the origins of a network, by origin, crossing and outcome there, for each replication.

People who go on to another crossing are counted at both, as `diverted` at the first. All other ends are final: without
`diverted`, everybody is counted once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, Ints
from sim.engine.plan import Plan
from sim.engine.records import FINAL, NEVER, Outcome, Records
from sim.measures.estimates import totals_estimates
from sim.measures.names import Key, from_origin

ENDS = tuple(sorted({*FINAL, Outcome.DIVERTED}))
"""The outcomes of a stay at a crossing."""
DIVERTED, STAYED = "diverted", "stayed"
END_NAMES = tuple(end.name.lower() for end in ENDS)
LAST = tuple(name for name in END_NAMES if name != DIVERTED)
"""The final ends; everybody has exactly one."""


@dataclass(frozen=True)
class Flows:
    """People (replications, origins, crossings, END_NAMES)."""

    origins: tuple[str, ...]
    crossings: tuple[str, ...]
    people: Floats = field(repr=False)

    def of(self, *ends: str) -> Floats:
        """Return the people with one of these ends, (replications, origins, crossings)."""
        return np.asarray(self.people[..., [END_NAMES.index(end) for end in ends]].sum(axis=-1))

    @property
    def came(self) -> Floats:
        """People who set out for a crossing or were diverted to it, (replications, origins, crossings)."""
        return self.of(*(end for end in END_NAMES if end != STAYED))

    def table(self) -> dict[str, NDArray[np.generic]]:
        """Return origin, crossing, end, mean, p05, p95, low and high as tidy columns."""
        size = self.people.shape[1:]
        estimates = totals_estimates(self.people.reshape(len(self.people), -1))
        names = zip(("origin", "crossing", "end"), (self.origins, self.crossings, END_NAMES), strict=True)
        places = np.unravel_index(np.arange(len(estimates)), size)
        named = {name: np.array(words)[place] for (name, words), place in zip(names, places, strict=True)}
        numbers = {name: np.array([getattr(each, name) for each in estimates]) for name in FLOW_COLUMNS}
        return {**named, **numbers}


FLOW_COLUMNS = ("mean", "p05", "p95", "low", "high")


def is_flow(key: Key) -> bool:
    """Return whether a total counts the people from an origin."""
    return key.scope.startswith(from_origin(""))


def flows_of_run(plan: Plan, keys: Sequence[Key], totals: Floats) -> Flows | None:
    """Return the flows among the totals (replications, keys) of a run; None where it has no origins."""
    if not plan.origins:
        return None
    place = {key: k for k, key in enumerate(keys)}
    wanted = [
        place[Key(crossing, f"{end}_people", from_origin(origin))]
        for origin in plan.origins
        for crossing in plan.crossings
        for end in END_NAMES
    ]
    size = len(totals), len(plan.origins), len(plan.crossings), len(END_NAMES)
    return Flows(plan.origins, plan.crossings, totals[:, wanted].reshape(size))


def flow_counts(plan: Plan, source: NDArray[np.int8], records: Records, since: int) -> Ints:
    """Return people (O, X, ENDS) by origin, crossing and end from `since` on; `source` (P,) is that of the tape."""
    size = len(plan.origins), len(plan.crossings), len(ENDS)
    if not plan.origins or not len(source):
        return np.zeros(size, np.int64)
    origin = source[records.party % len(source)].astype(np.int64) - len(plan.crossings)
    place = np.full(len(Outcome), -1)
    place[list(ENDS)] = np.arange(len(ENDS))
    end = place[records.outcome]
    never_joined = np.isin(records.outcome, (Outcome.BALKED, Outcome.BARRED))
    over = np.where(never_joined, records.arrived_at, records.left_at)
    counts = (origin >= 0) & (end >= 0) & ((over == NEVER) | (over >= since))
    cell = (origin[counts] * size[1] + records.crossing[counts]) * size[2] + end[counts]
    people = np.bincount(cell, records.people[counts], int(np.prod(size)))
    return np.rint(people).astype(np.int64).reshape(size)


def flow_totals(plan: Plan, source: NDArray[np.int8], records: Records, since: int) -> Iterator[tuple[Key, float]]:
    """Yield the people from each origin by crossing and end."""
    for origin, of_origin in zip(plan.origins, flow_counts(plan, source, records, since), strict=True):
        for crossing, of_crossing in zip(plan.crossings, of_origin, strict=True):
            for end, people in zip(ENDS, of_crossing.tolist(), strict=True):
                yield Key(crossing, f"{end.name.lower()}_people", from_origin(origin)), float(people)
