"""The kernel's ways: which station a party goes to, where stations stand side by side or serve only some."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.layout import (
    BLOCKED_LISTS,
    NOBODY,
    NOWHERE,
    chance_of,
    column_of,
    party_in,
    tape_column,
)
from sim.engine.plan import BY_SHARES, FIRST_WITH_ROOM, LEAST_WAIT, POSTED_WAIT, SHORTEST_QUEUE


@rule
def can_start(b: Any, s: int) -> bool:
    """Return whether a server is free, and a start of the batch remains."""
    if b.pool[s] != NOWHERE and b.pool_busy[b.pool[s]] >= b.pool_servers[b.pool[s]]:
        return False
    return b.busy[s] < b.servers[s] and (b.batch[s] == 0 or b.starts_left[s] > 0)


@rule
def room_for(b: Any, p: Any, z: int) -> int:
    """Return the room that a party takes in a zone."""
    room = b.space[z, p.cls]
    return room * p.people if b.counts_people[z] else room


@rule
def has_room(b: Any, i: int, s: int) -> bool:
    """Return whether the zone of a station has room for a party; without places to wait, a free server is room."""
    p, z = party_in(b, i), b.zone[s]
    if b.used[z] + room_for(b, p, z) <= b.capacity[z]:
        return True
    return b.capacity[z] == 0 and can_start(b, s) and b.open[s, p.cls] != 0


@rule
def is_full(b: Any, i: int, s: int) -> bool:
    """Return whether a party must wait for room in the zone; it does not overtake those already blocked."""
    return b.zone[s] != NOWHERE and (b.head[BLOCKED_LISTS + b.zone[s]] != NOBODY or not has_room(b, i, s))


@rule
def standing(b: Any, i: int, s: int) -> int:
    """Return the station a party goes to from the step of station s on; NOWHERE if it is across the border."""
    cls = np.int64(party_in(b, i).cls)
    while s != NOWHERE:
        if b.step[s] != NOWHERE:
            chosen = choose(b, i, s)
            if chosen != NOWHERE:
                return chosen
        elif b.active[s]:
            return s
        s = b.next[s, cls]
    return NOWHERE


@long_rule
def choose(b: Any, i: int, s: int) -> int:
    """Return the station of a step that a party chooses, the first in the list among equals; NOWHERE: it passes by."""
    p = party_in(b, i)
    cls, column = np.int64(p.cls), tape_column(b, p)
    traits = column_of(b, b.traits_table, np.int64)[column]
    chosen, least_drawback, least_ahead = NOWHERE, 0, 0
    s = b.step[s]
    if b.choice_rule[s] == BY_SHARES:
        return by_share(b, s, cls, column)
    while s != NOWHERE:
        if stops_at(b, s, cls, traits):
            drawback, ahead = drawback_of(b, i, s), ahead_at(b, s, cls)
            is_better = drawback < least_drawback or (drawback == least_drawback and ahead < least_ahead)
            if chosen == NOWHERE or is_better:
                chosen, least_drawback, least_ahead = s, drawback, ahead
        s = b.beside[s]
    return chosen


@rule
def stops_at(b: Any, s: int, cls: int, traits: int) -> bool:
    """Return whether a station is there for a party of a class with these bits of traits."""
    return b.active[s] != 0 and b.serves[s, cls] != 0 and traits & b.only[s] == b.only[s]


@rule
def drawback_of(b: Any, i: int, s: int) -> int:
    """Return 0 for a station that is open and staffed and has room, 1 if there is no room, and 2 otherwise."""
    if b.open[s, party_in(b, i).cls] == 0 or b.servers[s] == 0:
        return 2
    return 1 if is_full(b, i, s) else 0


@rule
def ahead_at(b: Any, s: int, cls: int) -> int:
    """Return how long the queue or the expected wait is; nothing is shorter than a free server."""
    if b.choice_rule[s] == SHORTEST_QUEUE:
        return queue_at(b, s, cls)
    if b.choice_rule[s] == LEAST_WAIT and not (can_start(b, s) and b.open[s, cls]):
        return expected_wait(b, s, b.mean_service[s, cls])
    return b.posted_wait[s] if b.choice_rule[s] == POSTED_WAIT else 0


@rule
def expected_wait(b: Any, s: int, own: int) -> int:
    """Return the mean services of all who are served before a party, and its `own`, divided by the servers."""
    work = own + (work_at(b, s) if b.pool[s] == NOWHERE else work_in_pool(b, s))
    return work // max(1, b.servers[s])


@rule
def queue_at(b: Any, s: int, cls: int) -> int:
    """Return how many wait at a station; nothing is shorter than a free server."""
    if can_start(b, s) and b.open[s, cls]:
        return -1
    return number_waiting(b, s)


@rule
def number_waiting(b: Any, s: int) -> int:
    """Return how many wait at a station."""
    waiting = 0
    for stream in range(b.all_streams):
        waiting += b.waiting[s, stream]
    return waiting


@rule
def work_at(b: Any, s: int) -> int:
    """Return the mean services of all who wait at a station."""
    work = 0
    for stream in range(b.all_streams):
        work += b.waiting[s, stream] * b.mean_service[s, stream]
    return work


@long_rule
def work_in_pool(b: Any, s: int) -> int:
    """Return the mean services of all who wait for the servers of a station, and do not come after it by the order."""
    work, member = 0, b.pool[s]
    while member != NOWHERE:
        if b.pool_rank[member] <= b.pool_rank[s]:
            work += work_at(b, member)
        member = b.pool_next[member]
    return work


@rule
def by_share(b: Any, s: int, cls: int, column: int) -> int:
    """Return the station that the chance of a party gives it, among those that are open if any is."""
    traits = column_of(b, b.traits_table, np.int64)[column]
    head, chosen, is_open, total, row = s, NOWHERE, 0, 0.0, 0
    while traits & b.choice_when[s, row] != b.choice_when[s, row]:
        row += 1
    while s != NOWHERE:
        if stops_at(b, s, cls, traits):
            if b.open[s, cls] > is_open:
                is_open, total = 1, 0.0
            if b.open[s, cls] == is_open:
                total += b.choice_share[s, row]
        s = b.beside[s]
    chance, s = chance_of(b, b.choice_row[head], column) * total, head
    while s != NOWHERE:
        if stops_at(b, s, cls, traits) and b.open[s, cls] == is_open:
            chosen = s
            chance -= b.choice_share[s, row]
            if chance < 0:
                return chosen
        s = b.beside[s]
    return chosen


@long_rule
def sees_too_many(b: Any, x: int, c: int, s: int) -> bool:
    """Return whether so many wait at a station that a party of a class does not join."""
    waiting = 0
    for stream in range(b.all_streams):
        if b.balk_streams[x, c] >> stream & 1:
            waiting += b.waiting[s, stream]
    return waiting >= b.balk_over[x, c] and (waiting > 0 or not (can_start(b, s) and b.open[s, c]))


@rule
def takes_room(b: Any, i: int, s: int) -> bool:
    """Return whether a party from outside stands in the hall: if the first station with room is chosen, and it has."""
    return b.choice_rule[s] == FIRST_WITH_ROOM and b.zone[s] != NOWHERE and not is_full(b, i, s)


@rule
def main_queue(b: Any, x: int, c: int, s: int) -> Any:
    """Return how many parties of a class wait in its main queue, and whether a part of that stands at station s.

    It stands at the first step, and at the next ones as long as some pass them by.
    """
    waiting, is_here, first = 0, False, b.first[x, c]
    while first != NOWHERE:
        everybody, member = 0, first if b.step[first] == NOWHERE else b.step[first]
        while member != NOWHERE:
            if b.active[member] and b.serves[member, c]:
                waiting += b.waiting[member, c]
                is_here |= member == s
                everybody |= b.only[member] == 0
            member = b.beside[member]
        if everybody:
            break
        first = b.next[first, c]
    return waiting, is_here


@long_rule
def wait_after_main_queue(b: Any, x: int, c: int) -> int:
    """Return the waits expected at the steps after the main queue of a class at which everybody stops.

    Of stations side by side, that of the least; those that are open and staffed come before the others.
    """
    total, is_after, s = 0, 0, b.first[x, c]
    while s != NOWHERE:
        found, worst, least, member = 0, 0, 0, s if b.step[s] == NOWHERE else b.step[s]
        while member != NOWHERE:
            if b.active[member] and b.serves[member, c] and b.only[member] == 0:
                rests, wait = int(b.open[member, c] == 0 or b.servers[member] == 0), expected_wait(b, member, 0)
                if not found or rests < worst or (rests == worst and wait < least):
                    found, worst, least = 1, rests, wait
            member = b.beside[member]
        total += least if is_after else 0
        is_after |= found
        s = b.next[s, c]
    return total
