"""The kernel's heaps and lists: moments in order of time, and the order of parties in queues.

A moment is an instant and a key. The key combines kind and number and orders moments of the same millisecond. Only
moments in the near future are in a heap; later ones are in a calendar of buckets (Brown 1988), and most are out of date
when their bucket is opened. The clocks of a main queue have their own buckets, by the value at which they expire.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.layout import (
    BUCKET_SHIFT,
    CHUNK_SIZE,
    LATER,
    NO_STATION,
    NOBODY,
    ON_FOOT,
    OUTSIDE,
    WAITING,
    buckets_of,
    chunks_of,
    heap_of,
    party_in,
)
from sim.engine.event_order import KIND_SHIFT
from sim.engine.records import NEVER


@rule
def key_of(kind: int, number: int) -> int:
    """Return the key that orders a moment among those of the same millisecond."""
    return (kind << KIND_SHIFT) | number


@rule
def take_slot(b: Any, number: int) -> int:
    """Return a free row of PARTY, initialised for a party without visits."""
    i = b.free_slot
    if i == NOBODY:
        i = b.slots
        b.slots = i + 1
    else:
        b.free_slot = np.int64(party_in(b, i).next)
    p = party_in(b, i)
    p.number, p.visits, p.where = number, 0, OUTSIDE
    p.men, p.share, p.on_foot, p.parted, p.examined, p.roams = 0, 0, 0, 0, 0, 0
    p.rounds, p.back_to = 0, NO_STATION
    return i


@rule
def free_slot(b: Any, i: int) -> None:
    """Release the row of a party that has left for good."""
    p = party_in(b, i)
    p.where, p.serial, p.next = OUTSIDE, 0, b.free_slot
    b.free_slot = i


@rule
def before(a: Any, at: int, key: int) -> bool:
    """Return whether moment a comes before an instant and key."""
    return a.at < at or (a.at == at and a.key < key)


@rule
def push(b: Any, which: int, at: int, key: int, slot: int, serial: int) -> None:
    """Put a moment into a heap: ENDS of services, arrivals on the ROAD, or LATER for all others.

    The heaps are 4-ary: the four children of a moment come later.
    """
    heap = heap_of(b, which)
    i = b.in_heap[which]
    if i == b.heap_rows[which]:
        b.full = 1
        return
    b.in_heap[which] = i + 1
    while i > 0:
        above = (i - 1) >> 2
        if before(heap[above], at, key):
            break
        heap[i] = heap[above]
        i = above
    heap[i].at, heap[i].key, heap[i].slot, heap[i].serial = at, key, slot, serial


@rule
def pop(b: Any, which: int) -> None:
    """Remove the first moment of a heap."""
    last = b.in_heap[which] - 1
    b.in_heap[which] = last
    moment = heap_of(b, which)[last]
    sink(b, which, moment.at, moment.key, np.int64(moment.slot), np.int64(moment.serial))


@rule
def sink(b: Any, which: int, at: int, key: int, slot: int, serial: int) -> None:
    """Replace the first moment of a heap, and restore the order."""
    heap, size, i = heap_of(b, which), b.in_heap[which], 0
    while 4 * i + 1 < size:
        least = 4 * i + 1
        for k in range(least + 1, min(least + 4, size)):
            if before(heap[k], heap[least].at, heap[least].key):
                least = k
        if not before(heap[least], at, key):
            break
        heap[i] = heap[least]
        i = least
    heap[i].at, heap[i].key, heap[i].slot, heap[i].serial = at, key, slot, serial


@rule
def may_leave(p: Any, serial: int) -> bool:
    """Return whether a party still waits on that visit and its service has not started."""
    return p.serial == serial and p.where == WAITING and p.started_at == NEVER


@rule
def push_later(b: Any, at: int, kind: int, slot: int) -> None:
    """Put a moment into the heap if it comes soon, else into its bucket of the calendar (Brown 1988)."""
    p = party_in(b, slot)
    bucket = (at - b.start) >> BUCKET_SHIFT
    if bucket <= b.bucket:
        push(b, LATER, at, key_of(kind, np.int64(p.number)), slot, np.int64(p.serial))
    elif at < b.horizon:
        put_in_bucket(b, bucket, at, kind, slot)


@rule
def put_in_bucket(b: Any, bucket: int, at: int, kind: int, slot: int) -> None:
    """Put a moment into a bucket."""
    n = buckets_of(b)[bucket]
    if n == NOBODY or chunks_of(b)[n].size == CHUNK_SIZE:
        n = begin_chunk(b, n)
        buckets_of(b)[bucket] = n
    chunk = chunks_of(b)[n]
    k = np.int64(chunk.size)
    chunk.at[k], chunk.kind[k], chunk.slot[k], chunk.serial[k] = at, kind, slot, party_in(b, slot).serial
    chunk.size = k + 1


@rule
def begin_chunk(b: Any, others: int) -> int:
    """Return a free row of CHUNK, linked before `others` of the same bucket; the last row is never used."""
    n = b.free_chunk
    if n != NOBODY:
        b.free_chunk = chunks_of(b)[n].next
    else:
        n = b.chunks
        b.full |= n + 1 == b.chunk_rows
        b.chunks = min(n + 1, b.chunk_rows - 1)
    chunks_of(b)[n].size, chunks_of(b)[n].next = 0, others
    return n


@rule
def end_chunk(b: Any, n: int) -> int:
    """Release a row of CHUNK; return the next row of its bucket."""
    following = chunks_of(b)[n].next
    chunks_of(b)[n].next, b.free_chunk = b.free_chunk, n
    return following


@long_rule
def open_bucket(b: Any) -> None:
    """Move the moments of the next bucket into the heap, except departures that can no longer happen."""
    b.bucket += 1
    n = buckets_of(b)[b.bucket]
    while n != NOBODY:
        chunk = chunks_of(b)[n]
        for k in range(chunk.size):
            slot, serial, kind = np.int64(chunk.slot[k]), np.int64(chunk.serial[k]), np.int64(chunk.kind[k])
            p = party_in(b, slot)
            if kind >= ON_FOOT or may_leave(p, serial):
                push(b, LATER, chunk.at[k], key_of(kind, np.int64(p.number)), slot, serial)
        n = end_chunk(b, n)


@rule
def append(b: Any, which: int, i: int) -> None:
    """Append the party in slot i to a list."""
    last = b.tail[which]
    party_in(b, i).next, party_in(b, i).previous = NOBODY, last
    if last == NOBODY:
        b.head[which] = i
    else:
        party_in(b, last).next = i
    b.tail[which] = i


@rule
def prepend(b: Any, which: int, i: int) -> None:
    """Insert the party in slot i at the head of a list."""
    first = b.head[which]
    party_in(b, i).next, party_in(b, i).previous = first, NOBODY
    if first == NOBODY:
        b.tail[which] = i
    else:
        party_in(b, first).previous = i
    b.head[which] = i


@rule
def remove(b: Any, which: int, i: int) -> None:
    """Remove the party in slot i from a list."""
    ahead, behind = party_in(b, i).previous, party_in(b, i).next
    if ahead == NOBODY:
        b.head[which] = behind
    else:
        party_in(b, ahead).next = behind
    if behind == NOBODY:
        b.tail[which] = ahead
    else:
        party_in(b, behind).previous = ahead
