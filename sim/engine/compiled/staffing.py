"""The kernel's staff over time: the plan, and what controls add to it and take away."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.choices import main_queue, number_waiting
from sim.engine.compiled.heaps import key_of, push, remove
from sim.engine.compiled.layout import (
    CHECK,
    LATER,
    NOBODY,
    NOWHERE,
    REACTION,
    party_in,
    staffed_of,
)
from sim.engine.compiled.pools import (
    busy_in_team,
    free_server,
    is_anywhere_active,
    servers_in_team,
    services_of,
    set_servers,
)
from sim.engine.compiled.queues import put_back, settle
from sim.engine.plan import REFUSAL, REFUSAL_UNIT, SERVICE_FACTOR, TO_PEOPLE, TO_QUEUE

MOST_ADDED = 1 << 16
"""More servers than a control can add or take away; `slot` of a moment holds no negative number."""


@long_rule
def staff(b: Any, s: int, servers: int, now: int) -> None:
    """Change the staffing; where services are interrupted, those that began last go back to the head of the queue.

    A service that is due to end at this millisecond is not interrupted.
    """
    if b.staff_varies[s] and (servers != servers_in_team(b, s) or now == b.start):
        row = staffed_of(b)[b.staffed]
        row[0], row[1], row[2] = now, s, servers
        b.staffed += 1
    set_servers(b, s, servers)
    if not b.preempt[s]:
        return
    services = services_of(b, s)
    due, i = 0, b.head[services]
    while i != NOBODY:
        due += party_in(b, i).remaining == now
        i = np.int64(party_in(b, i).next)
    i = b.tail[services]
    while i != NOBODY and busy_in_team(b, s) - due > servers:
        before = np.int64(party_in(b, i).previous)
        if party_in(b, i).remaining > now:
            at = np.int64(party_in(b, i).station)
            remove(b, services, i)
            free_server(b, at)
            put_back(b, i, at, now)
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


@long_rule
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
    """Return what a control of a station sees: the parties or people waiting, or the longest quoted wait here."""
    if reacts_to == TO_QUEUE:
        return number_waiting(b, s)
    if reacts_to == TO_PEOPLE:
        return b.people_waiting[s]
    level, x = 0, b.crossing[s]
    for c in range(b.all_streams):
        if main_queue(b, x, c, s)[1]:
            level = max(level, b.quote[x, c])
    return level


@long_rule
def level_in_team(b: Any, s: int, reacts_to: int) -> Any:
    """Return what a control of the staffing sees at a station, or at all stations of its pool."""
    if b.pool[s] == NOWHERE:
        return level_seen(b, s, reacts_to)
    total, longest, s = 0, 0, b.pool[s]
    while s != NOWHERE:
        level = level_seen(b, s, reacts_to)
        total, longest = total + level, max(longest, level)
        s = b.pool_next[s]
    return total if reacts_to in (TO_QUEUE, TO_PEOPLE) else longest


@long_rule
def check(b: Any, s: int, now: int) -> None:
    """Let the control of a station decide; the decision takes effect at once, or after its delay."""
    push(b, LATER, now + b.checked_every[s], key_of(CHECK, s), 0, 0)
    if b.planned[s] == 0 or not is_anywhere_active(b, s):
        return
    level, before = level_in_team(b, s, b.reacts_to[s]), controlled(b, s, b.decided[s])
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


@long_rule
def react(b: Any, s: int, added: int, now: int) -> None:
    """Let a decision take effect, unless the control has started afresh since."""
    if now - b.reaction_delay[s] < b.afresh_at[s]:
        return
    b.added[s] = added
    restaff(b, s, now)
    settle(b, s, now)
