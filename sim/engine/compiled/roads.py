"""The kernel's roads: how parties from an origin choose a crossing and drive there.

A place is a row of the table of drives: the number of an origin, or the number of origins plus the number of a
crossing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.heaps import push_later
from sim.engine.compiled.layout import (
    DRIVING,
    NO_CROSSING,
    NOWHERE,
    RECONSIDER,
    TAIL,
    column_of,
    drives_of,
    history_of,
    known_of,
    party_in,
    share_by_class,
    tastes_of,
    time_of,
    wait_utility_of,
)
from sim.engine.plan import BARRED, DRIVE_UNIT, NEWS, PAPERS, PER_MILLE, TASTES


@rule
def leg(b: Any, place: int, x: int, here: int, done: int) -> Any:
    """Return the mean drive in ms to crossing x: from a place, or after `done` per mille of the way to `here`."""
    drives = drives_of(b)
    if done == 0:
        return 0 if x == here else drives[place, x]
    if x == here:
        return drives[place, x] * (PER_MILLE - done) // PER_MILLE
    between = drives[b.origins + here, x]
    if drives[place, x] == NOWHERE or between == NOWHERE:
        return NOWHERE
    return (drives[place, x] * (PER_MILLE - done) + between * done) // PER_MILLE


@long_rule
def best(b: Any, i: int, now: int, place: int, here: int, done: int) -> int:
    """Return the crossing of highest utility; NOWHERE if staying home has a higher one, or if no crossing is open.

    Crossings other than `here` must be better by `switching`. A party that is driving does not consider going home.
    """
    p = party_in(b, i)
    number, home, crossing, chosen, most = np.int64(p.number), np.int64(p.home), np.int64(p.crossing), NOWHERE, -np.inf
    tastes, epoch = tastes_of(b), b.epoch
    papers, news = tastes[number, PAPERS], tastes[number, NEWS]
    utilities, known = known_of(b.utility_table), 2 * epoch + (1 if p.of_age > 0 else 0)
    admits, informed = share_by_class(b, b.admits_table), known_of(b.informed_table)
    if here == NOWHERE:
        most = b.stay + tastes[number, TASTES + b.crossings]
    for x in range(b.crossings):
        way, c = leg(b, place, x, here, done), b.travels_as[x, home]
        if way == NOWHERE or papers >= admits[epoch, x, c] or b.first[x, c] == NOWHERE:
            continue
        column = b.column[x, c] if x == crossing else heard(b, x, c, now) if news < informed[epoch, x] else 0
        utility = utilities[known, x] + wait_utility_of(b)[column]
        utility = utility + b.drive_utility * way + tastes[number, TASTES + x]
        if here != NOWHERE and x != here:
            utility = utility - b.switching
        if utility > most:
            chosen, most = x, utility
    return chosen


@rule
def is_barred(b: Any, i: int, x: int, now: int) -> Any:
    """Return whether a party from an origin is turned back on the approach to its crossing."""
    p = party_in(b, i)
    tastes, number, epoch = tastes_of(b), np.int64(p.number), b.epoch
    if now >= b.closes[x, p.cls] or tastes[number, PAPERS] >= share_by_class(b, b.accepts_table)[epoch, x, p.cls]:
        return True
    return tastes[number, BARRED] < share_by_class(b, b.bars_table)[epoch, x, p.cls]


@rule
def hears(b: Any, i: int, x: int) -> Any:
    """Return whether a party hears the waits quoted at a crossing."""
    news = tastes_of(b)[np.int64(party_in(b, i).number), NEWS]
    return news < known_of(b.informed_table)[b.epoch, x]


@rule
def heard(b: Any, x: int, c: int, now: int) -> Any:
    """Return the column of the last quoted wait of a crossing that travellers elsewhere know by now."""
    while now >= b.next_known_at[x]:
        b.known_quotes[x] += 1
        b.next_known_at[x] += b.quote_every[x]
    last = min(b.known_quotes[x], b.announced[x]) - 1
    return np.int64(history_of(b)[x, c, last]) if last >= 0 else 0


@long_rule
def choose_if_all_were_open(b: Any, i: int, origin: int) -> int:
    """Return the crossing that a party that stays home would have chosen if all were open to it and empty."""
    p = party_in(b, i)
    chosen, most, known = 0, -np.inf, 2 * b.epoch + (1 if p.of_age > 0 else 0)
    for x in range(b.crossings):
        way = drives_of(b)[origin, x]
        if way != NOWHERE and b.first[x, b.travels_as[x, p.home]] != NOWHERE:
            utility = known_of(b.utility_table)[known, x] + wait_utility_of(b)[0]
            utility = utility + b.drive_utility * way + tastes_of(b)[np.int64(p.number), TASTES + x]
            if utility > most:
                chosen, most = x, utility
    return chosen


@rule
def choose_elsewhere(b: Any, i: int, x: int, now: int) -> Any:
    """Return the crossing to which a party goes that does not stay at its crossing; NOWHERE if it goes home."""
    if party_in(b, i).diversions == b.diversions:
        return NOWHERE
    return best(b, i, now, b.origins + x, NOWHERE, 0)


@rule
def choose_at_the_tail(b: Any, i: int, x: int, now: int) -> int:
    """Return the crossing to which a party at the tail of the queue goes on; NOWHERE if it joins here."""
    if party_in(b, i).diversions == b.diversions or not hears(b, i, x):
        return NOWHERE
    target = best(b, i, now, b.origins + x, x, 0)
    return NOWHERE if target == x else target


@long_rule
def drive(b: Any, i: int, x: int, place: int, now: int) -> None:
    """Begin the drive from an origin or another crossing, in the class that the party has at its destination."""
    p = party_in(b, i)
    takes = drives_of(b)[place, x] * time_of(b, b.drive_row, np.int64(p.number)) // DRIVE_UNIT
    p.diversions += place >= b.origins
    p.crossing = NO_CROSSING
    head_for(b, i, x, now + takes)
    if place < b.origins and b.reconsider and hears(b, i, x):
        push_later(b, now + takes * b.reconsider // PER_MILLE, RECONSIDER, i)
    else:
        push_later(b, p.arrived_at, TAIL, i)


@rule
def head_for(b: Any, i: int, x: int, comes_at: int) -> None:
    """Set the destination of a party that is driving, and its instant of arrival."""
    p = party_in(b, i)
    b.serial += 1
    p.serial, p.where, p.bound_for, p.arrived_at = b.serial, DRIVING, x, comes_at
    p.cls = p.stream = b.travels_as[x, p.home]


@long_rule
def choose_on_the_way(b: Any, i: int, now: int) -> None:
    """Let a party on the way choose again, and schedule its arrival."""
    p = party_in(b, i)
    x, number = np.int64(p.bound_for), np.int64(p.number)
    if hears(b, i, x):
        origin = np.int64(column_of(b, b.source_table, np.int8)[number]) - b.crossings
        target = best(b, i, now, origin, x, b.reconsider)
        if target != NOWHERE and target != x:
            left = leg(b, origin, target, x, b.reconsider)
            head_for(b, i, target, now + left * time_of(b, b.drive_row, number) // DRIVE_UNIT)
    push_later(b, party_in(b, i).arrived_at, TAIL, i)
