"""The kernel's rows as columns of the records."""

from __future__ import annotations

from typing import Any

from sim.engine.compiled.cache import entry, holds
from sim.engine.compiled.layout import border_at, rows_of, visits_of


@entry
def copy_in_order(address: int, columns: Any) -> int:
    """Copy the rows, sorted by party and visit, into columns (in the order of Records).

    Return how many visits began; if that is not the number of rows, nothing is copied.
    """
    b = border_at(address)
    rows, begins, begin = rows_of(b), visits_of(b), 0
    for party in range(len(begins)):
        begins[party], begin = begin, begin + begins[party]
    if begin != b.rows:
        return begin
    party, visit, crossing, station, cls, stream, people, men, checked = columns[:9]
    arrived, started, ended, left, outcome, first = columns[9:]
    for k in range(b.rows):
        row = rows[k]
        i = begins[row.party] + row.visit
        party[i], visit[i], crossing[i], station[i] = row.party, row.visit, b.crossing[row.station], row.station
        cls[i], stream[i], people[i] = row.cls, row.stream, row.people
        men[i], checked[i] = row.men, row.checked
        arrived[i], started[i], ended[i], left[i] = row.arrived_at, row.started_at, row.ended_at, row.left_at
        outcome[i], first[i] = row.outcome, row.first != 0
    return begin


def is_compiled() -> bool:
    """Return whether the cache holds the compiled kernel, of which `copy_in_order` is compiled last."""
    return holds(copy_in_order)
