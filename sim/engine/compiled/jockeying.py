"""The kernel's jockeying: the last of a queue moves to the end of a shorter one beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.choices import drawback_of, number_waiting, queue_at, stops_at, takes_room
from sim.engine.compiled.layout import (
    JOCKEYED,
    MAX_STREAMS,
    NOBODY,
    NOWHERE,
    QUEUE_LISTS,
    WAITING,
    column_of,
    party_in,
    tape_column,
)
from sim.engine.compiled.queues import close, line_up, open_visit, settle
from sim.engine.compiled.waiting import unqueue


@long_rule
def jockey(b: Any, now: int) -> None:
    """Let parties change queues as long as one may; after each move, from the first choice on."""
    s = 0
    while s < b.jockeys:
        s = 0 if b.jockeying[s] and b.step[s] == s and changes_queue(b, s, now) else s + 1


@rule
def changes_queue(b: Any, head: int, now: int) -> bool:
    """Let the party change queues that gains most places, the first in the list among equals; say whether one does."""
    gained, changing, target = b.jockeying[head] - 1, NOBODY, NOWHERE
    s = head
    while s != NOWHERE:
        i, t = last_of(b, s), head
        while i != NOBODY and t != NOWHERE:
            if t != s and may_join(b, i, t):
                gains = number_waiting(b, s) - queue_at(b, t, np.int64(party_in(b, i).cls))
                if gains > gained:
                    gained, changing, target = gains, i, t
            t = b.beside[t]
        s = b.beside[s]
    if changing == NOBODY:
        return False
    change_queue(b, changing, target, now)
    return True


@rule
def last_of(b: Any, s: int) -> int:
    """Return the party that joined a station last; NOBODY if it has been served in part, so that it stays."""
    last = NOBODY
    for stream in range(b.all_streams):
        i = b.tail[QUEUE_LISTS + s * MAX_STREAMS + stream]
        if i != NOBODY and (last == NOBODY or party_in(b, i).joined > party_in(b, last).joined):
            last = i
    if last != NOBODY and (party_in(b, last).where != WAITING or party_in(b, last).resumed):
        return NOBODY
    return last


@rule
def may_join(b: Any, i: int, s: int) -> bool:
    """Return whether a station is there for a party, open and staffed, and has room."""
    p = party_in(b, i)
    traits = column_of(b, b.traits_table, np.int64)[tape_column(b, p)]
    return stops_at(b, s, np.int64(p.cls), traits) and drawback_of(b, i, s) == 0


@long_rule
def change_queue(b: Any, i: int, target: int, now: int) -> None:
    """Move a party to the end of another queue, on a visit on which its patience and its clocks go on."""
    p = party_in(b, i)
    s, serial, first, quoted, inside = np.int64(p.station), p.serial, p.first, p.quoted, p.inside
    unqueue(b, i)
    close(b, i, JOCKEYED, now)
    open_visit(b, p, target, now)
    p.serial, p.first, p.quoted = serial, first, quoted
    p.inside = inside or takes_room(b, i, target)
    line_up(b, i)
    settle(b, s, now)
    settle(b, target, now)
