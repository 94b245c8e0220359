"""The kernel's draft screening: its outcome, and parties that go on without the men who are stopped."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.heaps import take_slot
from sim.engine.compiled.layout import (
    N_FATES,
    NOWHERE,
    REFUSED,
    SENT_ON,
    SERVED,
    SUMMONED,
    cdf_of,
    chance_of,
    column_of,
    party_in,
    tape_column,
)
from sim.engine.compiled.queues import (
    close,
    enter,
    open_visit,
)
from sim.engine.compiled.service import inverse_cdf
from sim.engine.plan import OTHERWISE


@rule
def part(b: Any, i: int, men: int, outcome: int, now: int) -> None:
    """Split the men that are stopped from a party; they become a party of their own, the twin."""
    p, column = party_in(b, i), np.int64(party_in(b, i).number)
    j = take_slot(b, b.parties + column)
    twin = party_in(b, j)
    twin.cls = twin.stream = column_of(b, b.mode_table, np.int8)[column]
    twin.people, twin.of_age, twin.men, twin.share, twin.on_foot = men, men, men, men, 1
    p.people -= men
    p.of_age -= men
    p.parted = twin.parted = twin.examined = 1
    open_visit(b, twin, np.int64(p.station), now)
    b.joined -= 1
    twin.started_at = twin.ended_at = now
    twin.visit_men, p.visit_men = men, 0
    close(b, j, outcome, now)
    if outcome == SENT_ON:
        enter(b, j, b.office[p.station], now, OTHERWISE)


@rule
def fate_of(b: Any, s: int, u: float) -> int:
    """Return the smallest fate with u < fate_cdf[s, fate]."""
    fate = 0
    while fate < N_FATES and u >= b.fate_cdf[s, fate]:
        fate += 1
    return fate


@long_rule
def screening(b: Any, i: int, s: int, now: int) -> int:
    """Return the outcome of draft screening for a party; SERVED if it goes on, perhaps without some of its men."""
    p, row = party_in(b, i), b.screening_row[s]
    column = tape_column(b, p)
    hits = inverse_cdf(chance_of(b, row + 1, column), cdf_of(b, b.hit_table)[s, p.checked])
    if hits == 0:
        return SERVED
    fate = fate_of(b, s, chance_of(b, row + 2, column))
    office = b.office[s]
    if fate == 3 and (office == NOWHERE or not b.active[office] or not b.open[office, p.cls]):
        fate = b.if_office_closed[s]
    if fate == 0:
        return SERVED
    outcome = SUMMONED if fate == 1 else (REFUSED if fate == 2 else SENT_ON)
    p.visit_men = hits
    b.stopped[b.crossing[s]] += hits
    if p.parted or hits >= p.people or chance_of(b, row + 3, column) < b.stays_together[s]:
        p.men = hits
        return outcome
    part(b, i, hits, outcome, now)
    return SERVED
