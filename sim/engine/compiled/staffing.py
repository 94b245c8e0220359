"""The kernel's staff over time: the plan, and what controls add to it and take away."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.heaps import key_of, push, remove
from sim.engine.compiled.layout import (
    CHECK,
    LATER,
    NOBODY,
    NOWHERE,
    REACTION,
    SERVICE_LISTS,
    party_in,
    staffed_of,
)
from sim.engine.compiled.queues import put_back, settle
from sim.engine.plan import REFUSAL, REFUSAL_UNIT, SERVICE_FACTOR, TO_PEOPLE, TO_QUEUE

MOST_ADDED = 1 << 16
"""More servers than a control can add or take away; `slot` of a moment holds no negative number."""


@rule
def staff(b: Any, s: int, servers: int, now: int) -> None:
    """Change the staffing; where services are interrupted, those that began last go back to the head of the queue.

    A service that is due to end at this millisecond is not interrupted.
    """
    if b.staff_varies[s] and (servers != b.servers[s] or now == b.start):
        row = staffed_of(b)[b.staffed]
        row[0], row[1], row[2] = now, s, servers
        b.staffed += 1
    b.servers[s] = servers
    if not b.preempt[s]:
        return
    due, i = 0, b.head[SERVICE_LISTS + s]
    while i != NOBODY:
        due += party_in(b, i).remaining == now
        i = np.int64(party_in(b, i).next)
    i = b.tail[SERVICE_LISTS + s]
    while i != NOBODY and b.busy[s] - due > servers:
        before = np.int64(party_in(b, i).previous)
        if party_in(b, i).remaining > now:
            remove(b, SERVICE_LISTS + s, i)
            b.busy[s] -= 1
            put_back(b, i, s, now)
        i = before


@rule
def set_condition(b: Any, s: int, what: int, value: int) -> None:
    """Set the factor on service times or on patience, or the probability of a refusal."""
    if what == SERVICE_FACTOR:
        b.service_factor[s] = value
    elif what == REFUSAL:
        b.refusal[s] = value / REFUSAL_UNIT
    else:
        b.patience_factor[s] = value


@rule
def plan_staff(b: Any, s: int, servers: int, now: int) -> None:
    """Follow the plan of the staffing; a control rests while the plan has nobody."""
    b.planned[s] = servers
    if b.checked_every[s] and servers == 0:
        b.added[s], b.decided[s], b.afresh_at[s] = 0, 0, now
    restaff(b, s, now)


@rule
def break_down(b: Any, s: int, servers: int, now: int) -> None:
    """Let so many servers be out of order."""
    b.out_of_order[s] = servers
    restaff(b, s, now)


@long_rule
def restaff(b: Any, s: int, now: int) -> None:
    """Staff a station by the plan, with what a control adds to it, and without the servers that are out of order."""
    servers = controlled(b, s, b.added[s]) if b.checked_every[s] else b.planned[s]
    staff(b, s, max(0, servers - b.out_of_order[s]), now)


@rule
def controlled(b: Any, s: int, added: int) -> int:
    """Return the servers at work if a control adds so many to the plan."""
    return min(max(b.planned[s] + added, b.at_least[s]), b.at_most[s]) if b.planned[s] else 0


@rule
def level_seen(b: Any, s: int, reacts_to: int) -> Any:
    """Return what a control sees: the parties or people waiting, or the longest quoted wait of the main queues here."""
    if reacts_to == TO_QUEUE:
        return b.waiting[s].sum()
    if reacts_to == TO_PEOPLE:
        return b.people_waiting[s]
    level, x = 0, b.crossing[s]
    for c in range(b.all_streams):
        if has_main_queue(b, s, c):
            level = max(level, b.quote[x, c])
    return level


@rule
def has_main_queue(b: Any, s: int, c: int) -> bool:
    """Return whether a station is at the first step of a class, or at a next one if some pass by those before it."""
    first = b.first[b.crossing[s], c]
    while first != NOWHERE:
        everybody, member = 0, first if b.step[first] == NOWHERE else b.step[first]
        while member != NOWHERE:
            if b.active[member] and b.serves[member, c]:
                if member == s:
                    return True
                everybody |= b.only[member] == 0
            member = b.beside[member]
        if everybody:
            return False
        first = b.next[first, c]
    return False


@rule
def check(b: Any, s: int, now: int) -> None:
    """Let the control of a station decide; the decision takes effect at once, or after its delay."""
    push(b, LATER, now + b.checked_every[s], key_of(CHECK, s), 0, 0)
    if not b.active[s] or b.planned[s] == 0:
        return
    level, before = level_seen(b, s, b.reacts_to[s]), controlled(b, s, b.decided[s])
    after = before
    if level > b.open_above[s]:
        after = min(before + b.opens_by[s], b.at_most[s])
    elif level < b.close_below[s]:
        after = max(before - b.opens_by[s], b.at_least[s])
    if after == before:
        return
    b.decided[s] = after - b.planned[s]
    if b.reaction_delay[s]:
        push(b, LATER, now + b.reaction_delay[s], key_of(REACTION, s), b.decided[s] + MOST_ADDED, 0)
    else:
        react(b, s, b.decided[s], now)


@rule
def react(b: Any, s: int, added: int, now: int) -> None:
    """Let a decision take effect, unless the control has started afresh since."""
    if now - b.reaction_delay[s] < b.afresh_at[s]:
        return
    b.added[s] = added
    restaff(b, s, now)
    settle(b, s, now)
