"""The kernel's people of a party who are served one by one; the party goes on when the last of them is through.

Meanwhile `remaining` of the party counts those not called yet, and `target` those in service. It is in the state
ONE_BY_ONE until only the last is in service; from then on it is like any other party in service.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.heaps import key_of, push, remove
from sim.engine.compiled.layout import (
    ENDS,
    IN_SERVICE,
    MAX_STREAMS,
    NOWHERE,
    ONE_BY_ONE,
    QUEUE_LISTS,
    SERVICE_END,
    WAITING,
    chance_of,
    column_of,
    party_in,
    people_served_of,
    tape_column,
    time_of,
    time_of_person,
)
from sim.engine.compiled.service import paced
from sim.engine.compiled.waiting import count_party
from sim.engine.records import NEVER


@long_rule
def call_person(b: Any, i: int, s: int, now: int) -> None:
    """Serve the next person of a party; it leaves the queue with its last, and from the first on it does not renege."""
    p = party_in(b, i)
    if p.where == WAITING:
        p.remaining, p.target, p.where = p.people, 0, ONE_BY_ONE
    p.remaining -= 1
    count_person_out(b, p, s)
    if p.remaining == 0:
        remove(b, QUEUE_LISTS + s * MAX_STREAMS + p.stream, i)
        count_party(b, s, np.int64(p.stream), -1)
        p.started_at = now
        if p.quoted:
            b.started[b.crossing[s], p.cls] += 1
    ends_at = now + service_of_person(b, i, s)
    row = people_served_of(b)[b.people_served]
    row[0], row[1], row[2], row[3] = p.number, p.visits - 1, s, now
    row[4] = ends_at if ends_at < b.horizon else NEVER
    b.people_served += 1
    at_servers(p, 1)
    push(b, ENDS, ends_at, key_of(SERVICE_END, np.int64(p.number)), i, np.int64(p.serial))


@rule
def at_servers(p: Any, change: int) -> None:
    """Count a person at a server, or away from it; the last one counts as the party in service."""
    p.target += change
    if p.remaining == 0 and p.target == 1:
        p.where = IN_SERVICE


@rule
def count_person_out(b: Any, p: Any, s: int) -> None:
    """Count a person out of the queue, and out of a zone for people; of another zone, with the last one."""
    z = b.zone[s]
    b.people_waiting[s] -= 1
    if p.inside and z != NOWHERE and (b.counts_people[z] or p.remaining == 0):
        b.used[z] -= b.space[z, p.cls]


@rule
def service_of_person(b: Any, i: int, s: int) -> int:
    """Return the milliseconds that the service of a person takes; that of the last one settles a refusal."""
    p = party_in(b, i)
    column, row = tape_column(b, p), b.person_row[s]
    if p.on_foot:
        row = b.person_foot_row[s]
    elif p.rounds and b.person_again_row[s] != NOWHERE:
        row = b.person_again_row[s] + p.rounds - 1
    person = column_of(b, b.first_person_table, np.int64)[column] + p.people - 1 - p.remaining
    if p.number != column:  # a twin has the last people of the party it comes from
        person += column_of(b, b.people_table, np.int16)[column] - p.people
    time = time_of_person(b, row, person)
    if p.remaining == 0 and b.refused_row[s] != NOWHERE and chance_of(b, b.refused_row[s], column) < b.refusal[s]:
        p.refused = 1
        time += time_of(b, b.refusal_row[s], column)
    return paced(b, s, time) if b.paced[s] else time
