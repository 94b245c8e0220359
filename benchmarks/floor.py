"""The floor: M/M/3 as a hand-written numba loop over a heap, doing nothing else; no records but the waits."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks import work
from benchmarks.sample import Sample, batched

ARRIVAL, SERVICE_END = 0, 1
SERVERS, GAP, SERVICE = work.SERVERS, 1 / work.ARRIVAL_RATE, work.SERVICE


@njit
def _push(heap, size, at, kind):
    i = size
    while i > 0 and heap[(i - 1) >> 1, 0] > at:
        heap[i] = heap[(i - 1) >> 1]
        i = (i - 1) >> 1
    heap[i, 0], heap[i, 1] = at, kind
    return size + 1


@njit
def _pop(heap, size):
    size -= 1
    at, kind = heap[size, 0], heap[size, 1]
    i = 0
    while 2 * i + 1 < size:
        below = 2 * i + 1
        if below + 1 < size and heap[below + 1, 0] < heap[below, 0]:
            below += 1
        if heap[below, 0] >= at:
            break
        heap[i] = heap[below]
        i = below
    heap[i, 0], heap[i, 1] = at, kind
    return size


@njit
def _mm3(rng, customers):
    came, waits = np.empty(customers), np.empty(customers)
    heap, size = np.empty((SERVERS + 2, 2)), 0
    joined = called = free = 0
    free = SERVERS
    size = _push(heap, size, rng.standard_exponential() * GAP, ARRIVAL)
    while size > 0:
        at, kind = heap[0, 0], heap[0, 1]
        size = _pop(heap, size)
        if kind == ARRIVAL:
            came[joined] = at
            joined += 1
            if joined < customers:
                size = _push(heap, size, at + rng.standard_exponential() * GAP, ARRIVAL)
        else:
            free += 1
        if free > 0 and called < joined:
            waits[called] = at - came[called]
            called += 1
            free -= 1
            size = _push(heap, size, at + rng.standard_exponential() * SERVICE, SERVICE_END)
    return waits


def mm3(customers: int, seed: int) -> NDArray[np.float64]:
    """Return the wait of every customer in minutes."""
    waits: NDArray[np.float64] = _mm3(np.random.default_rng(seed), customers)
    return waits


def mm3_wait(customers: int, seed: int) -> Sample:
    """Return the mean wait in minutes."""
    return batched(mm3(customers, seed))
