"""The kernel's queues: joining and leaving, who is called next, and the immediate effects of a change.

All numbers passed between functions have one type (int64), because numba compiles a function again for every
combination of types with which it is called.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.choices import can_start, has_room, takes_room
from sim.engine.compiled.heaps import (
    append,
    end_chunk,
    free_slot,
    key_of,
    may_leave,
    prepend,
    push,
    push_later,
    put_in_bucket,
    remove,
)
from sim.engine.compiled.layout import (
    BLOCKED_LISTS,
    BYPASSED,
    CHANGED_MODE,
    CLOCK_BUCKETS,
    CLOCK_SHIFT,
    DIVERTED,
    ENDS,
    IN_SERVICE,
    INTERRUPTED,
    JOCKEYED,
    MAX_STREAMS,
    N_CLOCKS,
    N_WAYS,
    NOBODY,
    NOWHERE,
    QUEUE_LISTS,
    RENEGE,
    RENEGE_WITH_MEN,
    SENT_ASIDE,
    SENT_ON,
    SERVED,
    SERVICE_END,
    SERVICE_LISTS,
    WAITING,
    buckets_of,
    chunks_of,
    party_in,
    rows_of,
    stack_of,
    tape_column,
    time_of,
    visits_of,
)
from sim.engine.compiled.one_by_one import call_person
from sim.engine.compiled.pools import begin_claim, comes_before, free_server, occupy, services_of
from sim.engine.compiled.service import service_time
from sim.engine.compiled.waiting import in_queue, unqueue
from sim.engine.plan import AFOOT, FIRST, INSIDE, PER_MILLE
from sim.engine.records import NEVER


@rule
def close(b: Any, i: int, outcome: int, left_at: int) -> None:
    """Write the row of a visit that is over; after the last visit, release the slot of the party."""
    if b.rows == b.row_rows:
        b.full = 1
        return
    p, row = party_in(b, i), rows_of(b)[b.rows]
    b.rows += 1
    final = outcome not in (SERVED, CHANGED_MODE, BYPASSED, SENT_ON, INTERRUPTED, DIVERTED, SENT_ASIDE, JOCKEYED)
    row.party, row.visit, row.station = p.number, p.visits - 1, p.station
    row.cls, row.stream, row.men, row.people = p.cls, p.stream, p.visit_men, p.people if final else p.visit_people
    row.arrived_at, row.started_at, row.ended_at, row.left_at = p.arrived_at, p.started_at, p.ended_at, left_at
    row.outcome, row.first = outcome, p.first
    row.checked = 0 if p.ended_at == NEVER or outcome == INTERRUPTED else p.checked
    if final:
        visits_of(b)[np.int64(p.number)] = p.visits
        free_slot(b, i)


@rule
def open_visit(b: Any, p: Any, s: int, now: int) -> None:
    """Begin a visit and number it in the order of joining."""
    b.joined += 1
    b.serial += 1
    p.joined, p.serial, p.station, p.visit_people = b.joined, b.serial, s, p.people
    p.visits += 1
    p.arrived_at, p.started_at, p.ended_at = now, NEVER, NEVER
    p.visit_men, p.checked, p.first, p.quoted, p.inside, p.refused, p.resumed = 0, 0, 0, 0, 0, 0, 0
    p.sent_aside = 0


@rule
def line_up(b: Any, i: int) -> None:
    """Join the end of the queue."""
    p = party_in(b, i)
    s, stream = np.int64(p.station), np.int64(p.stream)
    if b.streams[s] == 0:
        begin_claim(b, s)
    if b.waiting[s, stream] == 0:
        b.passed[s, stream] = max(b.passed[s, stream], b.clock[s])
    append(b, QUEUE_LISTS + s * MAX_STREAMS + stream, i)
    in_queue(b, p, 1)
    p.where = WAITING


@rule
def stand(b: Any, i: int, now: int) -> None:
    """Join the end of the queue, and start the clocks that may end the wait."""
    line_up(b, i)
    p = party_in(b, i)
    s = np.int64(p.station)
    row = b.patience_row[s]
    if row != NOWHERE:
        push_later(b, now + time_of(b, row, tape_column(b, p)) * b.patience_factor[s] // PER_MILLE, RENEGE, i)
    if p.first:
        start_clocks(b, i, now)


@rule
def start_clocks(b: Any, i: int, now: int) -> None:
    """Start the clocks that make a party leave the main queue."""
    p = party_in(b, i)
    x, c, column = b.crossing[p.station], np.int64(p.cls), tape_column(b, p)
    for way in range(N_WAYS):
        clock = way
        if way == 0 and p.of_age > 0 and b.uses_clock[x, c, RENEGE_WITH_MEN]:
            clock = RENEGE_WITH_MEN
        if b.uses_clock[x, c, clock]:
            rate, summed = b.rate[x, c, clock], b.summed[x, c, clock]
            at = summed + rate * (now - b.quoted_at[x, c]) + time_of(b, b.clock_row[way], column)
            if rate > 0 and at <= summed + rate * b.quote_every[x]:
                push_later(b, b.quoted_at[x, c] - (summed - at) // rate, RENEGE + way, i)
            else:
                which = (x * MAX_STREAMS + c) * N_CLOCKS + clock
                put_in_bucket(b, clock_bucket(b, which, at >> CLOCK_SHIFT), at, RENEGE + way, i)


@long_rule
def leave_when_due(b: Any, x: int, c: int, clock: int) -> None:
    """Schedule the departures of parties whose clock expires before the next announcement."""
    rate, summed, which = b.rate[x, c, clock], b.summed[x, c, clock], (x * MAX_STREAMS + c) * N_CLOCKS + clock
    if rate == 0:
        return
    kind = RENEGE if clock == RENEGE_WITH_MEN else RENEGE + clock
    until = summed + rate * b.quote_every[x]
    begin, end = b.clock_bucket[which], until >> CLOCK_SHIFT
    b.clock_bucket[which] = end  # the next announcement opens it again, for the clocks that remain in it
    for number in range(max(begin, end - CLOCK_BUCKETS + 1), end + 1):
        bucket = clock_bucket(b, which, number)
        n = buckets_of(b)[bucket]
        buckets_of(b)[bucket] = NOBODY
        while n != NOBODY:
            chunk = chunks_of(b)[n]
            for k in range(chunk.size):
                at, slot = chunk.at[k], np.int64(chunk.slot[k])
                if not may_leave(party_in(b, slot), np.int64(chunk.serial[k])):
                    continue
                if at <= until:
                    push_later(b, b.quoted_at[x, c] - (summed - at) // rate, kind, slot)
                else:
                    put_in_bucket(b, bucket, at, kind, slot)
            n = end_chunk(b, n)


@rule
def clock_bucket(b: Any, which: int, number: int) -> int:
    """Return the bucket for clocks of one main queue and one kind."""
    return b.clock_begin[which] + number % CLOCK_BUCKETS


@rule
def next_up(b: Any, s: int) -> int:
    """Return the party to be called next if a server is free; NOBODY if there is none."""
    if b.pool[s] != NOWHERE:
        return next_in_pool(b, b.pool[s])
    return foremost(b, s) if b.streams[s] and can_start(b, s) else NOBODY


@long_rule
def next_in_pool(b: Any, s: int) -> int:
    """Return the party to be called next at any station of a pool, of which s is the first; NOBODY if there is none."""
    best = NOBODY
    while s != NOWHERE:
        if b.streams[s] and can_start(b, s):
            i = foremost(b, s)
            if i != NOBODY and (best == NOBODY or comes_before(b, i, best)):
                best = i
        s = b.pool_next[s]
    return best


@rule
def foremost(b: Any, s: int) -> int:
    """Return the party that waits and comes before all others that may be called; NOBODY if there is none."""
    best, passed, rank = NOBODY, 0, 0
    streams = np.int64(b.streams[s])
    stream = -1
    while streams >> (stream + 1):
        stream += 1
        if not (streams >> stream) & 1:
            continue
        i = b.head[QUEUE_LISTS + s * MAX_STREAMS + stream]
        if not b.open[s, party_in(b, i).cls]:
            continue
        of_stream = b.passed[s, stream] if b.by_shares[s] else 0
        if best != NOBODY:
            if of_stream != passed:
                if of_stream > passed:
                    continue
            elif b.rank[s, stream] != rank:
                if b.rank[s, stream] > rank:
                    continue
            elif party_in(b, i).joined > party_in(b, best).joined:
                continue
        best, passed, rank = i, of_stream, b.rank[s, stream]
    return best


@long_rule
def call_all(b: Any, s: int, now: int) -> None:
    """Call parties as long as a server is free, or a service is interrupted for them, and a party may be called.

    Where the servers are those of a pool, a party is called at any of its stations.
    """
    called_at = s
    while True:
        i = next_up(b, called_at)
        if i == NOBODY:
            if not b.plain[called_at] and b.interrupts[called_at] and interrupt_for_higher_rank(b, called_at, now):
                continue
            return
        p = party_in(b, i)
        s = np.int64(p.station)
        is_plain = b.plain[s] != 0
        occupy(b, s)
        b.starts_left[s] -= 1
        b.clock[s] = b.passed[s, p.stream]
        b.passed[s, p.stream] += b.stride[s, p.stream]
        if not is_plain and b.one_by_one[s, p.cls]:
            call_person(b, i, s, now)
            continue
        unqueue(b, i)
        p.started_at = now
        if not p.resumed:
            p.remaining = service_time(b, i, s)
            if p.quoted:
                b.started[b.crossing[s], p.cls] += 1
        p.where = IN_SERVICE
        if not is_plain and (b.preempt[s] or b.interrupts[s]):
            append(b, services_of(b, s), i)
        p.remaining += now  # from here on, the instant at which the service ends
        push(b, ENDS, p.remaining, key_of(SERVICE_END, np.int64(p.number)), i, np.int64(p.serial))


@long_rule
def interrupt_for_higher_rank(b: Any, s: int, now: int) -> bool:
    """Interrupt the service of the last rank that began last, if a party of an earlier rank waits; say whether."""
    if b.busy[s] != b.servers[s] or (b.batch[s] > 0 and b.starts_left[s] <= 0):
        return False
    i = foremost(b, s)
    if i == NOBODY:
        return False
    interrupted, rank = NOBODY, b.rank[s, party_in(b, i).stream]
    i = b.tail[SERVICE_LISTS + s]
    while i != NOBODY:
        p = party_in(b, i)
        if p.remaining > now and b.rank[s, p.stream] > rank:
            interrupted, rank = i, b.rank[s, p.stream]
        i = np.int64(p.previous)
    if interrupted == NOBODY:
        return False
    remove(b, SERVICE_LISTS + s, interrupted)
    b.busy[s] -= 1
    put_back(b, interrupted, s, now)
    return True


@long_rule
def put_back(b: Any, i: int, s: int, now: int) -> None:
    """Interrupt a service: the party goes back to the head of the queue, on a new visit that keeps its order."""
    p = party_in(b, i)
    joined, men, checked, refused = p.joined, p.visit_men, p.checked, p.refused
    remaining = p.remaining - now
    p.ended_at = now
    close(b, i, INTERRUPTED, now)
    open_visit(b, p, s, now)
    b.joined -= 1
    p.joined, p.visit_men, p.checked, p.refused = joined, men, checked, refused
    p.remaining, p.resumed, p.where = remaining, 1, WAITING
    prepend(b, QUEUE_LISTS + s * MAX_STREAMS + p.stream, i)
    in_queue(b, p, 1)


@long_rule
def settle(b: Any, s: int, now: int) -> None:
    """Apply the immediate effects of a change at a station: calls, free space in its zone, and calls upstream."""
    call_all(b, s, now)
    if b.pool[s] == NOWHERE and (b.zone[s] == NOWHERE or b.head[BLOCKED_LISTS + b.zone[s]] == NOBODY):
        return
    depth = admit_at(b, s, 0, now)
    while depth:
        depth -= 1
        s = stack_of(b)[depth]
        call_all(b, s, now)
        depth = admit_at(b, s, depth, now)


@long_rule
def admit_at(b: Any, s: int, depth: int, now: int) -> int:
    """Move blocked parties to a station, or to all of its pool; stack the stations they free, the first on top."""
    begin, stack = depth, stack_of(b)
    if b.pool[s] != NOWHERE:
        s = b.pool[s]
    while s != NOWHERE:
        if b.zone[s] != NOWHERE:
            depth = admit(b, b.zone[s], depth, now)
        s = b.pool_next[s]
    for k in range((depth - begin) // 2):
        stack[begin + k], stack[depth - 1 - k] = stack[depth - 1 - k], stack[begin + k]
    return depth


@long_rule
def admit(b: Any, z: int, depth: int, now: int) -> int:
    """Move blocked parties into a zone while it has space; stack the stations that they free, the last on top."""
    blocked, stack = BLOCKED_LISTS + z, stack_of(b)
    while b.head[blocked] != NOBODY:
        i = b.head[blocked]
        p = party_in(b, i)
        if not has_room(b, i, np.int64(p.target)):
            break
        remove(b, blocked, i)
        upstream, target = np.int64(p.station), np.int64(p.target)
        close(b, i, SENT_ASIDE if p.sent_aside else SERVED, now)
        free_server(b, upstream)
        open_visit(b, p, target, now)
        p.inside = 1
        stand(b, i, now)
        call_all(b, target, now)
        stack[depth] = upstream
        depth += 1
    return depth


@rule
def enter(b: Any, i: int, s: int, now: int, how: int) -> None:
    """Join the queue of a station, and start service if a server is free; `how` is of JOINS."""
    p = party_in(b, i)
    open_visit(b, p, s, now)
    p.first, p.quoted = how == FIRST, how in (FIRST, AFOOT)
    p.inside = how == INSIDE or takes_room(b, i, s)
    stand(b, i, now)
    settle(b, s, now)
