"""Parts of demand that are drawn apart from the Poisson process of a class: which they are, and what is expected.

Exact counts, bursts and days that differ have a rate; timetables, bookings and logs give their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.arrays import Floats, Ints
from sim.engine.lower.arrivals import (
    by_cell,
    calendar_factors,
    changes_of,
    expected,
    factors,
    middles,
    refuse_too_many,
    sources_of,
)
from sim.scenario.model.changes import Change
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.demand import DemandPart
from sim.scenario.model.laws import mean_people
from sim.scenario.model.scenario import Clock, Scenario
from sim.scenario.model.timetable import due_parties


class PartApart(NamedTuple):
    """A part of the demand of a class that is drawn apart."""

    source: int
    cls: ClassName
    name: str
    described: DemandPart
    changes: list[Change]
    curve: int | None
    """Its row in `Plan.expected_apart`, if it has a rate."""

    def factors(self, clock: Clock, at: Ints) -> Floats:
        """Return by how much changes and the calendar multiply arrivals at instants (ms since t0), same shape."""
        own = factors(clock, self.changes, self.name, at) * factors(clock, self.changes, None, at)
        return own * calendar_factors(clock, self.described, at) if self.described.calendar else own


def parts_apart(scenario: Scenario) -> Iterator[PartApart]:
    """Yield the parts that are drawn apart, in order of the file."""
    curve = 0
    for x, source in enumerate(sources_of(scenario)):
        for cls, parts in source.demand.items():
            for name, part in parts.items():
                if not part.is_poisson:
                    yield PartApart(x, cls, name, part, changes_of(source, cls), curve if part.has_rate else None)
                    curve += part.has_rate


def expected_apart(scenario: Scenario, edges: Ints) -> Floats:
    """Return the expected number of parties since start of the parts apart that have a rate, shape (A, B+1).

    Raises ScenarioError if there are more than MOST_PARTIES.
    """
    clock = scenario.clock
    rows = []
    for part in parts_apart(scenario):
        if part.curve is not None:
            cells = by_cell(clock, part.described, edges)
            for name in (part.name, None):
                cells = cells * factors(clock, part.changes, name, middles(edges))
            rows.append(np.concatenate(([0.0], np.cumsum(cells))))
    refuse_too_many(scenario, sum(float(row[-1]) for row in rows))
    return np.array(rows).reshape(-1, len(edges))


def most_people_seen(scenario: Scenario) -> int:
    """Return the largest number of people of a party in a log, 0 without one."""
    logs = [part.described.log for part in parts_apart(scenario)]
    return max((row.people or 0 for log in logs if log for row in log.rows), default=0)


def all_expected(scenario: Scenario, edges: Ints) -> Floats:
    """Return the expected number of parties since start of all parts, shape (sources, classes, B+1).

    Parties of timetables and bookings are counted where they are due, without spread and delay.
    """
    total, apart = expected(scenario, edges), expected_apart(scenario, edges)
    for part in parts_apart(scenario):
        rows = apart[part.curve] if part.curve is not None else _given(scenario, part, edges)
        total[part.source, scenario.streams.index(part.cls)] += rows
    return total


def _given(scenario: Scenario, part: PartApart, edges: Ints) -> Floats:
    """Return the number of parties since start of a part whose numbers are given, shape (B+1,)."""
    due = list(due_parties(scenario.clock, part.described, mean_people(scenario.classes[part.cls].people)))
    at, parties = np.array([at for at, _ in due], np.int64), np.array([parties for _, parties in due])
    by_factor = parties * part.factors(scenario.clock, at)
    return np.asarray(np.concatenate(([0.0], np.cumsum(np.histogram(at, edges, weights=by_factor)[0]))))
