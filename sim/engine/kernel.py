"""The compiled engine's kernel: the border's rules over arrays, compiled by numba; it knows no classes of ours.

Read it beside reference.py and reference_calendar.py: the functions carry the same names and do the same in the same
order. A party has one row of PARTY, which also holds its visit under way; waiting, blocked and interruptible parties
are doubly linked lists in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.kernel_cache import entry, rule
from sim.engine.kernel_lists import append, key_of, may_leave, open_bucket, pop, prepend, push, push_later, remove
from sim.engine.kernel_queues import (
    can_start, close, drawn, in_queue, leave_when_due, open_visit, settle, stand, standing, tape_column, unqueue,
)  # fmt: skip
from sim.engine.kernel_tables import (
    ARRIVAL, BALKED, BARRED, BLOCKED, BLOCKED_LISTS, BUCKET_SHIFT, BYPASS, BYPASS_STREAM, CALENDAR, CHANGE_MODE,
    CROSSED, ENDS, FIRST, HORIZON, HORIZON_KEY, IN_SERVICE, INSIDE, LATER, MAX_CROSSINGS, MAX_STATIONS, N_CLASSES,
    N_STREAMS, N_WAYS, NOBODY, NOWHERE, NUMBER_MASK, ON_FOOT, OTHERWISE, OUTSIDE, QUEUE_LISTS, QUOTE, REFUSED,
    INTERRUPTED, RELEASE, RENEGE, RENEGED, ROAD, SENT_ON, SERVED, SERVICE_END, SERVICE_LISTS, SUMMONED, SWITCH_KEY,
    UNFINISHED, WAITING, WALKING, cdf_of, chances_of, hazard_of, heap_of, order_of, parties, recent_of, rows_of,
    share_of, switches_of, times_of,
)  # fmt: skip
from sim.engine.moments import KIND_SHIFT
from sim.engine.records import NEVER


@rule
def enter(b: Any, i: int, s: int, now: int, how: int) -> None:
    """Join the queue of a station, and be called at once if a server is free; how: FIRST, INSIDE or neither."""
    p = parties(b)[i]
    open_visit(b, p, s, now)
    p.first = p.quoted = how == FIRST
    p.inside = how == INSIDE
    stand(b, i, now)
    settle(b, s, now)


@rule
def turn_away(b: Any, i: int, s: int, outcome: int, now: int) -> None:
    """Write the row of a party that does not join."""
    open_visit(b, parties(b)[i], s, now)
    b.joined -= 1
    close(b, i, outcome, now)


@rule
def arrive(b: Any, i: int, now: int) -> None:
    """Join the main queue or the bypass, or do not join at all."""
    p = parties(b)[i]
    x, c = np.int64(p.crossing), np.int64(p.cls)
    column = b.column[x, c]
    s = standing(b, b.first[x, c], c)
    if s == NOWHERE:
        turn_away(b, i, b.first[x, c], CROSSED, now)
        return
    if p.barred:
        turn_away(b, i, s, BARRED, now)
        return
    if b.way_open[x, c, 2] and b.bypass_row != NOWHERE and not p.initial:
        bypass = standing(b, b.joins[x, c], c)
        share = b.bypass_local[x, c] if p.local else share_of(b, b.bypass_table)[x, c, column]
        if bypass != NOWHERE and chances_of(b)[b.bypass_row, i] < share:
            p.stream = BYPASS_STREAM
            enter(b, i, bypass, now, OTHERWISE)
            return
    waiting = b.waiting[s, c]
    sees_too_much = waiting >= b.balk_over[x, c] and (waiting > 0 or not (can_start(b, s) and b.open[s, c]))
    hears_too_much = b.balk_row != NOWHERE and chances_of(b)[b.balk_row, i] < share_of(b, b.balk_table)[x, c, column]
    if not p.initial and (sees_too_much or hears_too_much):
        turn_away(b, i, s, BALKED, now)
        return
    enter(b, i, s, now, FIRST)


@rule
def leave(b: Any, i: int, kind: int, now: int) -> None:
    """Leave the queue: go home, go on by bike or on foot, or take the bypass."""
    p = parties(b)[i]
    s = np.int64(p.station)
    unqueue(b, i)
    close(b, i, RENEGED + kind - RENEGE, now)
    p.where = OUTSIDE
    settle(b, s, now)
    x = b.crossing[s]
    if kind == BYPASS:
        c = np.int64(p.cls)
        p.stream = BYPASS_STREAM
        target = standing(b, b.joins[x, c], c)
        enter(b, i, b.joins[x, c] if target == NOWHERE else target, now, OTHERWISE)
    elif kind == CHANGE_MODE:
        c = np.int64(p.mode_to)
        p.cls = p.stream = c
        p.on_foot = 1
        target = standing(b, b.first[x, c], c)
        open_visit(b, p, b.first[x, c] if target == NOWHERE else target, now)
        p.quoted = 1
        p.arrived_at = now + times_of(b)[b.walk_row, i]
        p.where = WALKING
        push_later(b, p.arrived_at, key_of(ON_FOOT, i), np.int64(p.index))


@rule
def arrive_on_foot(b: Any, i: int, now: int) -> None:
    """Stand in the queue after the walk."""
    b.joined += 1
    parties(b)[i].joined = b.joined
    stand(b, i, now)
    settle(b, np.int64(parties(b)[i].station), now)


@rule
def end_service(b: Any, i: int, now: int) -> None:
    """After the service: turned back, sent on, across the border, or into the next queue, blocked or not."""
    p = parties(b)[i]
    s, c = np.int64(p.station), np.int64(p.cls)
    p.ended_at, p.where = now, OUTSIDE
    if b.preempt[s]:
        remove(b, SERVICE_LISTS + s, i)
    outcome, target = SERVED, NOWHERE
    if p.refused:
        outcome = REFUSED
    elif p.checked:
        outcome = screened(b, i, s, now)
    if outcome == SERVED:
        target = standing(b, b.next[s, c], c)
        outcome = CROSSED if target == NOWHERE else SERVED
    elif outcome == SENT_ON:
        target = b.office[s]
    if outcome == SERVED and b.zone[target] != NOWHERE:
        z = b.zone[target]
        if b.head[BLOCKED_LISTS + z] != NOBODY or b.used[z] + b.space[z, p.cls] > b.capacity[z]:
            p.where, p.target = BLOCKED, target
            append(b, BLOCKED_LISTS + z, i)
            return
    close(b, i, outcome, now)
    b.busy[s] -= 1
    if target != NOWHERE:
        enter(b, i, target, now, INSIDE)
    settle(b, s, now)


@rule
def screened(b: Any, i: int, s: int, now: int) -> int:
    """Return what becomes of a party after draft screening; SERVED if it goes on, perhaps without some of its men."""
    p, column, row = parties(b)[i], tape_column(b, i), b.screening_row[s]
    hits = drawn(chances_of(b)[row + 1, column], cdf_of(b, b.hit_table)[s, p.checked])
    if hits == 0:
        return SERVED
    fate = drawn(chances_of(b)[row + 2, column], b.fate_cdf[s])
    office = b.office[s]
    if fate == 3 and (office == NOWHERE or not b.active[office] or not b.open[office, p.cls]):
        fate = b.if_office_closed[s]
    if fate == 0:
        return SERVED
    outcome = SUMMONED if fate == 1 else (REFUSED if fate == 2 else SENT_ON)
    p.visit_men = hits
    if p.parted or hits >= p.people or chances_of(b)[row + 3, column] < b.stays_together[s]:
        p.men = hits
        return outcome
    part(b, i, hits, outcome, now)
    return SERVED


@rule
def part(b: Any, i: int, men: int, outcome: int, now: int) -> None:
    """Leave the men stopped behind as a party of their own, the twin."""
    p = parties(b)[i]
    twin_number = b.parties + i
    twin = parties(b)[twin_number]
    twin.cls = twin.stream = p.mode_to
    twin.people, twin.of_age, twin.men, twin.share, twin.visits = men, men, men, men, 0
    twin.on_foot, twin.mode_to = 1, p.mode_to
    p.people -= men
    p.of_age -= men
    p.parted = twin.parted = 1
    open_visit(b, twin, np.int64(p.station), now)
    b.joined -= 1
    twin.started_at = twin.ended_at = now
    twin.visit_men, p.visit_men = men, 0
    close(b, twin_number, outcome, now)
    if outcome == SENT_ON:
        enter(b, twin_number, b.office[p.station], now, OTHERWISE)


@rule
def announce(b: Any, x: int, now: int) -> None:
    """Quote the wait of every main queue of a crossing anew: stock over recent departures."""
    every, buckets, recent, hazard = b.quote_every[x], b.quote_buckets[x], recent_of(b), hazard_of(b)
    for c in range(N_CLASSES):
        if now > b.start:
            recent[x, c, b.oldest[x, c]] = b.started[x, c]
            b.oldest[x, c] = (b.oldest[x, c] + 1) % buckets
            b.filled[x, c] = min(b.filled[x, c] + 1, buckets)
        b.started[x, c] = 0
        departures = recent[x, c].sum()
        s = standing(b, b.first[x, c], c)
        stock = b.waiting[s, c] if s != NOWHERE else 0
        if stock == 0 or b.filled[x, c] == 0:
            b.quote[x, c] = 0
        elif departures:
            b.quote[x, c] = stock * b.filled[x, c] * every // departures
        else:
            b.quote[x, c] += every
        column = min(b.quote[x, c] // b.wait_step, b.wait_columns - 1)
        b.column[x, c] = column
        for way in range(N_WAYS):
            b.summed[x, c, way] += b.rate[x, c, way] * (now - b.quoted_at[x, c])
            b.rate[x, c, way] = hazard[x, c, way, column] if b.way_open[x, c, way] else 0
        b.quoted_at[x, c] = now
        for way in range(N_WAYS):
            if b.uses_way[x, c, way]:
                leave_when_due(b, x, c, way)


@rule
def staff(b: Any, s: int, servers: int, now: int) -> None:
    """Change the staffing; where services are interrupted, the last to begin go back to the head of the queue."""
    b.servers[s] = servers
    while b.preempt[s] and b.tail[SERVICE_LISTS + s] != NOBODY and b.busy[s] > servers:
        i = b.tail[SERVICE_LISTS + s]
        remove(b, SERVICE_LISTS + s, i)
        b.busy[s] -= 1
        put_back(b, i, s, now)


@rule
def put_back(b: Any, i: int, s: int, now: int) -> None:
    """Interrupt a service: back to the head of the queue, on a new visit that keeps its place."""
    p = parties(b)[i]
    joined, men, checked, refused, inside, left_to_do = (
        p.joined, p.visit_men, p.checked, p.refused, p.inside, p.remaining - now,
    )  # fmt: skip
    p.ended_at = now
    close(b, i, INTERRUPTED, now)
    open_visit(b, p, s, now)
    b.joined -= 1
    p.joined, p.visit_men, p.checked, p.refused, p.inside = joined, men, checked, refused, inside
    p.remaining, p.resumed, p.where = left_to_do, 1, WAITING
    prepend(b, QUEUE_LISTS + s * N_STREAMS + p.stream, i)
    in_queue(b, p, 1)


@rule
def switch(b: Any, begin: int, now: int) -> int:
    """Turn all switches of this millisecond, then call; return the number of the next switch."""
    end, switches = begin, switches_of(b)
    while end < len(switches) and switches[end, 0] == now:
        what, first, second = switches[end, 1], switches[end, 2], switches[end, 3]
        if what == 0:
            staff(b, first, second, now)
        elif what == 1:
            b.open[first, second] = switches[end, 4]
        elif what == 2:
            b.active[first] = second
        elif what == 3:
            b.intensity[first] = second
        else:
            b.way_open[first, second, switches[end, 4]] = switches[end, 5]
        end += 1
    for s in range(MAX_STATIONS):
        for k in range(begin, end):
            if switches[k, 1] <= 1 and switches[k, 2] == s:
                settle(b, s, now)
                break
    return end


@rule
def happen(b: Any, at: int, key: int, visit: int) -> None:
    """Let one moment of the heap happen, unless it was overtaken."""
    kind, number = key >> KIND_SHIFT, key & NUMBER_MASK
    if kind == QUOTE:
        announce(b, number, at)
        push(b, LATER, at + b.quote_every[number], key, 0)
    elif kind == RELEASE:
        b.starts_left[number] = b.batch[number]
        settle(b, number, at)
        push(b, LATER, at + b.release_every[number], key, 0)
    else:
        p = parties(b)[number]
        if kind == SERVICE_END:
            if p.where == IN_SERVICE and p.remaining == at and p.index == visit:
                end_service(b, number, at)
        elif kind == ON_FOOT:
            arrive_on_foot(b, number, at)
        elif may_leave(p, visit):
            leave(b, number, kind, at)


@rule
def begin(b: Any) -> None:
    """Put the first announcements and releases into the heap."""
    for x in range(MAX_CROSSINGS):
        if b.quote_every[x]:
            push(b, LATER, b.start, key_of(QUOTE, x), 0)
    for s in range(MAX_STATIONS):
        if b.batch[s]:
            push(b, LATER, b.start, key_of(RELEASE, s), 0)


@entry
def play(b: Any) -> None:
    """Play all moments up to the horizon; who has not left then stays as an unfinished row.

    Ends early, with `full` set, when a table has no room left.
    """
    ends, later, party, switches = heap_of(b, ENDS), heap_of(b, LATER), parties(b), switches_of(b)
    order, turned, arrived = order_of(b), 0, 0
    begin(b)
    while not b.full:
        at, key, source = b.horizon, HORIZON_KEY, HORIZON
        if b.in_heap[ENDS] and (ends[0].at < at or (ends[0].at == at and ends[0].key < key)):
            at, key, source = ends[0].at, ends[0].key, ENDS
        if b.in_heap[LATER] and (later[0].at < at or (later[0].at == at and later[0].key < key)):
            at, key, source = later[0].at, later[0].key, LATER
        if arrived < b.parties:
            came_at, arrival_key = party[order[arrived]].came_at, (ARRIVAL << KIND_SHIFT) | order[arrived]
            if came_at < at or (came_at == at and arrival_key < key):
                at, key, source = came_at, arrival_key, ROAD
        if turned < len(switches) and (switches[turned, 0] < at or (switches[turned, 0] == at and key > SWITCH_KEY)):
            at, source = switches[turned, 0], CALENDAR
        if (at - b.start) >> BUCKET_SHIFT > b.bucket:
            open_bucket(b)
        elif source == HORIZON:
            break
        elif source == ROAD:
            arrive(b, order[arrived], at)
            arrived += 1
        elif source == CALENDAR:
            turned = switch(b, turned, at)
        else:
            visit = ends[0].visit if source == ENDS else later[0].visit
            pop(b, source)
            happen(b, at, key, visit)
    for i in range(len(party)):
        if parties(b)[i].where != OUTSIDE:
            close(b, i, UNFINISHED, NEVER)


@entry
def in_order(b: Any, begins: Any, columns: Any) -> None:
    """Copy the rows, sorted by party and visit, into columns (in the order of Records); begins: a party's first row."""
    rows = rows_of(b)
    (party, visit, crossing, station, cls, stream, people, men, arrived, started, ended, left, outcome, first) = columns
    for k in range(b.rows):
        row = rows[k]
        i = begins[row.party] + row.visit
        party[i], visit[i], crossing[i], station[i] = row.party, row.visit, row.crossing, row.station
        cls[i], stream[i], people[i], men[i] = row.cls, row.stream, row.people, row.men
        arrived[i], started[i], ended[i], left[i] = row.arrived_at, row.started_at, row.ended_at, row.left_at
        outcome[i], first[i] = row.outcome, row.first != 0
