"""The kernel's counts of those who wait, and of the room they take."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import rule
from sim.engine.compiled.choices import room_for
from sim.engine.compiled.heaps import remove
from sim.engine.compiled.layout import MAX_STREAMS, NOWHERE, QUEUE_LISTS, party_in


@rule
def count_party(b: Any, s: int, stream: int, sign: int) -> None:
    """Count a party into (1) or out of (-1) the queue of a stream."""
    waiting = b.waiting[s, stream] + sign
    b.waiting[s, stream] = waiting
    if waiting == 0:
        b.streams[s] &= ~(1 << stream)
    elif sign > 0:
        b.streams[s] |= 1 << stream


@rule
def in_queue(b: Any, p: Any, sign: int) -> None:
    """Count a party into (1) or out of (-1) its queue and, if it came from the station before, its zone."""
    s = np.int64(p.station)
    count_party(b, s, np.int64(p.stream), sign)
    b.people_waiting[s] += sign * p.people
    z = b.zone[s]
    if p.inside and z != NOWHERE:
        b.used[z] += sign * room_for(b, p, z)


@rule
def unqueue(b: Any, i: int) -> None:
    """Remove a party from its queue."""
    p = party_in(b, i)
    remove(b, QUEUE_LISTS + p.station * MAX_STREAMS + p.stream, i)
    in_queue(b, p, -1)
