"""The kernel's heaps and lists: moments in order of time, the clocks of the main queues, and who stands behind whom.

A moment is an instant and a key, kind and number in one, by which those of the same millisecond are ordered. Only
those that come soon are in a heap; later ones wait in a calendar of buckets (Brown 1988), and most are out of date when
theirs is opened.
"""

from __future__ import annotations

from typing import Any

from sim.engine.kernel_cache import rule
from sim.engine.kernel_tables import (
    BUCKET_SHIFT, LATER, NOBODY, NUMBER_MASK, ON_FOOT, WAITING, buckets_of, clocks_of, heap_of, kept_of, parties,
)  # fmt: skip
from sim.engine.moments import KIND_SHIFT
from sim.engine.records import NEVER


@rule
def key_of(kind: int, number: int) -> int:
    """Return a moment's place among those of its millisecond."""
    return (kind << KIND_SHIFT) | number


@rule
def before(a: Any, b: Any) -> bool:
    """Whether moment a comes before moment b."""
    return a.at < b.at or (a.at == b.at and a.key < b.key)


@rule
def push(b: Any, which: int, at: int, key: int, visit: int) -> None:
    """Put a moment into one of the two heaps: ENDS of services, or LATER for all others; key: kind and number."""
    heap = heap_of(b, which)
    i = b.in_heap[which]
    if i == b.heap_rows[which]:
        b.full = 1
        return
    b.in_heap[which] = i + 1
    while i > 0:
        above = (i - 1) >> 1
        if heap[above].at < at or (heap[above].at == at and heap[above].key <= key):
            break
        heap[i] = heap[above]
        i = above
    heap[i].at, heap[i].key, heap[i].visit = at, key, visit


@rule
def pop(b: Any, which: int) -> None:
    """Take the first moment out of a heap."""
    heap = heap_of(b, which)
    size = b.in_heap[which] - 1
    b.in_heap[which] = size
    last = heap[size]
    i = 0
    while True:
        below = 2 * i + 1
        if below >= size:
            break
        if below + 1 < size and before(heap[below + 1], heap[below]):
            below += 1
        if not before(heap[below], last):
            break
        heap[i] = heap[below]
        i = below
    heap[i] = last


@rule
def may_leave(p: Any, visit: int) -> bool:
    """Whether a party still waits on that visit, never called."""
    return p.where == WAITING and p.index == visit and p.started_at == NEVER


@rule
def push_later(b: Any, at: int, key: int, visit: int) -> None:
    """Keep a moment in the heap if it comes soon, else in its bucket of the calendar (a calendar queue, Brown 1988)."""
    bucket = (at - b.start) >> BUCKET_SHIFT
    if bucket <= b.bucket:
        push(b, LATER, at, key, visit)
    elif at < b.horizon:
        n = b.kept
        if n == b.kept_rows:
            b.full = 1
            return
        b.kept = n + 1
        node = kept_of(b)[n]
        node.at, node.key, node.visit = at, key, visit
        node.next = buckets_of(b)[bucket]
        buckets_of(b)[bucket] = n


@rule
def open_bucket(b: Any) -> None:
    """Move what the next bucket holds into the heap, but for leavings that cannot happen any more."""
    b.bucket += 1
    n = buckets_of(b)[b.bucket]
    while n != NOBODY:
        node = kept_of(b)[n]
        if node.key >> KIND_SHIFT == ON_FOOT or may_leave(parties(b)[node.key & NUMBER_MASK], node.visit):
            push(b, LATER, node.at, node.key, node.visit)
        n = node.next


@rule
def push_clock(b: Any, which: int, at: int, i: int) -> None:
    """Put a clock into heap number `which`."""
    begin = b.clock_begin[which]
    k = b.clock_size[which]
    b.clock_size[which] = k + 1
    heap = clocks_of(b)[begin:]
    while k > 0:
        above = (k - 1) >> 1
        if heap[above].at <= at:
            break
        heap[k] = heap[above]
        k = above
    heap[k].at, heap[k].party, heap[k].visit = at, i, parties(b)[i].index


@rule
def pop_clock(b: Any, which: int) -> None:
    """Take the first clock out of heap number `which`."""
    begin = b.clock_begin[which]
    size = b.clock_size[which] - 1
    b.clock_size[which] = size
    heap = clocks_of(b)[begin:]
    last = heap[size]
    k = 0
    while True:
        below = 2 * k + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1].at < heap[below].at:
            below += 1
        if last.at <= heap[below].at:
            break
        heap[k] = heap[below]
        k = below
    heap[k] = last


@rule
def append(b: Any, which: int, i: int) -> None:
    """Put party i at the end of a list."""
    party = parties(b)
    last = b.tail[which]
    party[i].next, party[i].previous = NOBODY, last
    if last == NOBODY:
        b.head[which] = i
    else:
        party[last].next = i
    b.tail[which] = i


@rule
def prepend(b: Any, which: int, i: int) -> None:
    """Put party i at the head of a list."""
    party = parties(b)
    first = b.head[which]
    party[i].next, party[i].previous = first, NOBODY
    if first == NOBODY:
        b.tail[which] = i
    else:
        party[first].previous = i
    b.head[which] = i


@rule
def remove(b: Any, which: int, i: int) -> None:
    """Take party i out of a list."""
    party = parties(b)
    ahead, behind = party[i].previous, party[i].next
    if ahead == NOBODY:
        b.head[which] = behind
    else:
        party[ahead].next = behind
    if behind == NOBODY:
        b.tail[which] = ahead
    else:
        party[behind].previous = ahead
