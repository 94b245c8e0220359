"""The kernel's parties that take their places at the start, where they stood at the end of an earlier run."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.heaps import take_slot
from sim.engine.compiled.layout import NO_STATION, NOWHERE, column_of, party_in
from sim.engine.compiled.queues import enter
from sim.engine.plan import CARRIED

PARTY, STATION, JOINS, STREAM, MEN_STOPPED, BACK_TO, RETURNS = range(7)
ROW_BYTES = 8 * len(CARRIED)


@rule
def take_party(b: Any, number: int) -> int:
    """Return the slot of a party that arrives, with its columns of the tape."""
    i = take_slot(b, number)
    p = party_in(b, i)
    p.cls = p.stream = column_of(b, b.cls_table, np.int8)[number]
    p.people, p.of_age = column_of(b, b.people_table, np.int16)[number], column_of(b, b.men_table, np.int16)[number]
    return i


@long_rule
def take_place(b: Any, now: int) -> None:
    """Let the next of those parties join the queue of its station."""
    row = column_of(b, b.carried_table + ROW_BYTES * b.placed, np.int64)
    b.placed += 1
    i = take_party(b, row[PARTY])
    p = party_in(b, i)
    p.stream, p.men, p.rounds = row[STREAM], row[MEN_STOPPED], row[RETURNS]
    p.back_to = NO_STATION if row[BACK_TO] == NOWHERE else row[BACK_TO]
    enter(b, i, row[STATION], now, row[JOINS])
