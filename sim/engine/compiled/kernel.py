"""The kernel of the compiled engine: the rules of the border over arrays, compiled by numba.

It follows the rules of the reference engine (`reference/story.py`), in the same order. A party occupies a row of PARTY,
its slot, from arrival until it leaves; the row also holds its current visit. Waiting, blocked and interruptible parties
form doubly linked lists. In these functions, i is a slot and not the number of a party.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.aside import next_stop
from sim.engine.compiled.cache import entry, long_rule, rule
from sim.engine.compiled.calendar import announce, switch
from sim.engine.compiled.carried import take_party, take_place
from sim.engine.compiled.choices import is_full, sees_too_many, standing
from sim.engine.compiled.deterrence import examine, share_deterred
from sim.engine.compiled.draft_screening import screening
from sim.engine.compiled.heaps import (
    append,
    before,
    key_of,
    may_leave,
    open_bucket,
    pop,
    push,
    push_later,
    remove,
    sink,
)
from sim.engine.compiled.jockeying import jockey
from sim.engine.compiled.layout import (
    ARRIVAL,
    BALKED,
    BARRED,
    BLOCKED,
    BLOCKED_LISTS,
    BUCKET_SHIFT,
    BYPASS,
    BYPASS_STREAM,
    CALENDAR,
    CHANGE_MODE,
    CHECK,
    CROSSED,
    DIVERTED,
    DRIVING,
    ENDS,
    HORIZON,
    HORIZON_KEY,
    IN_SERVICE,
    LATER,
    LIGHTENING,
    MAX_CROSSINGS,
    MAX_STATIONS,
    NO_CROSSING,
    NOWHERE,
    NUMBER_MASK,
    ON_FOOT,
    ON_THE_WAY,
    ONE_BY_ONE,
    OUTSIDE,
    QUOTE,
    REACTION,
    RECONSIDER,
    REFUSED,
    RELEASE,
    RENEGE,
    RENEGED,
    ROAD,
    SENT_ASIDE,
    SENT_ON,
    SERVED,
    SERVICE_END,
    STAYED,
    SWITCH_KEY,
    TAIL,
    UNFINISHED,
    WALKING,
    border_at,
    chance_of,
    column_of,
    heap_of,
    party_in,
    runs_of,
    share_of,
    switches_of,
    time_of,
    visits_of,
)
from sim.engine.compiled.lightening import reconsider_checks
from sim.engine.compiled.one_by_one import at_servers
from sim.engine.compiled.pools import free_server, services_of
from sim.engine.compiled.queues import close, enter, open_visit, settle, stand
from sim.engine.compiled.roads import (
    best,
    choose_at_the_tail,
    choose_elsewhere,
    choose_if_all_were_open,
    choose_on_the_way,
    drive,
    is_barred,
)
from sim.engine.compiled.staffing import MOST_ADDED, check, react
from sim.engine.compiled.waiting import unqueue
from sim.engine.event_order import KIND_SHIFT
from sim.engine.plan import ANY_NUMBER, FIRST, INSIDE, OTHERWISE
from sim.engine.records import NEVER


@rule
def turn_away(b: Any, i: int, s: int, outcome: int, now: int) -> None:
    """Write the row of a party that does not join."""
    open_visit(b, party_in(b, i), s, now)
    b.joined -= 1
    close(b, i, outcome, now)


@rule
def come_or_set_out(b: Any, number: int, now: int) -> None:
    """Let the next party of the tape arrive at its crossing, or choose one at its origin and set out.

    Those that begin at a station come first, in an order of their own.
    """
    if b.placed < b.carried_rows:
        take_place(b, now)
        return
    i, source = take_party(b, number), np.int64(column_of(b, b.source_table, np.int8)[number])
    p = party_in(b, i)
    p.roams = source >= b.crossings
    if not p.roams:
        arrive(b, i, source, now)
        return
    p.home, p.diversions, p.crossing = p.cls, 0, NO_CROSSING
    origin = source - b.crossings
    x = best(b, i, now, origin, NOWHERE, 0)
    if x != NOWHERE:
        drive(b, i, x, origin, now)
        return
    x = choose_if_all_were_open(b, i, origin)
    p.cls = p.stream = b.travels_as[x, p.home]
    turn_away(b, i, b.first[x, p.cls], STAYED, now)


@long_rule
def arrive(b: Any, i: int, x: int, now: int) -> None:
    """Let a party join the main queue or the bypass, go on to another crossing, or not join."""
    p = party_in(b, i)
    number, c = np.int64(p.number), np.int64(p.cls)
    initial = column_of(b, b.initial_table, np.uint8)[number]
    column = b.column[x, c]
    s = standing(b, i, b.first[x, c])
    if s == NOWHERE:
        turn_away(b, i, b.first[x, c], CROSSED, now)
        return
    deters = 0.0
    if b.deters[x, c] and not initial:
        deters = share_deterred(b, i, x, now)
        if chance_of(b, b.balk_row, number) < deters:
            turn_elsewhere(b, i, s, BALKED if p.roams else STAYED, now)
            return
    if column_of(b, b.barred_table, np.uint8)[number] or (p.roams and is_barred(b, i, x, now)):
        turn_elsewhere(b, i, s, BARRED, now)
        return
    if b.way_open[x, c, 2] and b.bypass_row != NOWHERE and not initial:
        bypass, local = standing(b, i, b.joins[x, c]), column_of(b, b.local_table, np.uint8)[number]
        share = b.bypass_local[x, c] if local else share_of(b, b.bypass_table)[x, c, column]
        if bypass != NOWHERE and chance_of(b, b.bypass_row, number) < share:
            p.stream = BYPASS_STREAM
            enter(b, i, bypass, now, OTHERWISE)
            return
    if p.roams:
        target = choose_at_the_tail(b, i, x, now)
        if target != NOWHERE:
            turn_away(b, i, s, DIVERTED, now)
            drive(b, i, target, b.origins + x, now)
            return
    sees_too_much = b.balk_over[x, c] < ANY_NUMBER and sees_too_many(b, x, c, s)
    balk_row = b.balk_row
    hears_too_much = balk_row != NOWHERE and (
        chance_of(b, balk_row, number) < deters + (1.0 - deters) * share_of(b, b.balk_table)[x, c, column]
    )
    if not initial and (sees_too_much or hears_too_much):
        turn_elsewhere(b, i, s, BALKED, now)
        return
    enter(b, i, s, now, FIRST)


@long_rule
def turn_elsewhere(b: Any, i: int, s: int, outcome: int, now: int) -> None:
    """Let a party that does not join go home, or go on to another crossing if it has a choice."""
    x = b.crossing[s]
    target = choose_elsewhere(b, i, x, now) if party_in(b, i).roams else NOWHERE
    turn_away(b, i, s, outcome if target == NOWHERE else DIVERTED, now)
    if target != NOWHERE:
        drive(b, i, target, b.origins + x, now)


@long_rule
def leave(b: Any, i: int, kind: int, now: int) -> None:
    """Let a party leave the queue: home, to another crossing, on by bike or on foot, or to the bypass."""
    p = party_in(b, i)
    s, number = np.int64(p.station), np.int64(p.number)
    x, elsewhere_to = b.crossing[s], NOWHERE
    if kind == CHANGE_MODE and now >= b.closes[x, np.int64(column_of(b, b.mode_table, np.int8)[number])]:
        return  # nobody leaves a vehicle for a way that has closed for good
    unqueue(b, i)
    if kind == RENEGE and p.first and p.roams:
        elsewhere_to = choose_elsewhere(b, i, x, now)
    close(b, i, RENEGED + kind - RENEGE if elsewhere_to == NOWHERE else DIVERTED, now)
    p.where = OUTSIDE
    settle(b, s, now)
    if elsewhere_to != NOWHERE:
        drive(b, i, elsewhere_to, b.origins + x, now)
    if kind == BYPASS:
        c = np.int64(p.cls)
        p.stream = BYPASS_STREAM
        target = standing(b, i, b.joins[x, c])
        enter(b, i, b.joins[x, c] if target == NOWHERE else target, now, OTHERWISE)
    elif kind == CHANGE_MODE:
        c = np.int64(column_of(b, b.mode_table, np.int8)[number])
        p.cls = p.stream = c
        p.on_foot = 1
        target = standing(b, i, b.first[x, c])
        open_visit(b, p, b.first[x, c] if target == NOWHERE else target, now)
        p.quoted = 1
        p.arrived_at = now + time_of(b, b.walk_row, number)
        p.where = WALKING
        push_later(b, p.arrived_at, ON_FOOT, i)


@long_rule
def arrive_on_foot(b: Any, i: int, now: int) -> None:
    """Let a party join the queue after the walk."""
    b.joined += 1
    party_in(b, i).joined = b.joined
    stand(b, i, now)
    settle(b, np.int64(party_in(b, i).station), now)


@rule
def end_service(b: Any, i: int, now: int) -> None:
    """End a service: the party is next_switch back, sent on, across the border, in the next queue, or blocked."""
    p = party_in(b, i)
    s = np.int64(p.station)
    p.ended_at, p.where = now, OUTSIDE
    if not b.plain[s] and (b.preempt[s] or b.interrupts[s]):
        remove(b, services_of(b, s), i)
    outcome, target = SERVED, NOWHERE
    if b.tells[s] and not p.refused:
        examine(b, i, b.crossing[s])
    if p.refused:
        outcome = REFUSED
    elif p.checked:
        outcome = screening(b, i, s, now)
    if outcome == SERVED:
        target = next_stop(b, i, s)
        outcome = CROSSED if target == NOWHERE else SENT_ASIDE if p.sent_aside else SERVED
    elif outcome == SENT_ON:
        target = b.office[s]
    if outcome in (SERVED, SENT_ASIDE) and is_full(b, i, target):
        p.where, p.target = BLOCKED, target
        append(b, BLOCKED_LISTS + b.zone[target], i)
        return
    close(b, i, outcome, now)
    free_server(b, s)
    if target != NOWHERE:
        enter(b, i, target, now, INSIDE)
    settle(b, s, now)


@long_rule
def end_of_person(b: Any, p: Any, now: int) -> None:
    """End the service of a person who waits for others of the party."""
    s = np.int64(p.station)
    at_servers(p, -1)
    free_server(b, s)
    settle(b, s, now)


@rule
def follow(b: Any, number: int) -> None:
    """Replace the party that arrives, in the heap of arrivals, by the next party of its run."""
    run, number = np.int64(heap_of(b, ROAD)[0].slot), number + 1
    if number < runs_of(b)[run]:
        sink(b, ROAD, column_of(b, b.came_table, np.int64)[number], key_of(ARRIVAL, number), run, 0)
    else:
        pop(b, ROAD)


@rule
def happen(b: Any, at: int, key: int, slot: int, serial: int) -> None:
    """Execute one moment of a heap, unless it is out of date."""
    kind, number = key >> KIND_SHIFT, key & NUMBER_MASK
    if kind == QUOTE:
        announce(b, number, at)
        push(b, LATER, at + b.quote_every[number], key, 0, 0)
    elif kind == RELEASE:
        b.starts_left[number] = b.batch[number]
        settle(b, number, at)
        push(b, LATER, at + b.release_every[number], key, 0, 0)
    elif kind == CHECK:
        check(b, number, at)
    elif kind == LIGHTENING:
        reconsider_checks(b, number, at)
    elif kind == REACTION:
        react(b, number, slot - MOST_ADDED, at)
    else:
        p = party_in(b, slot)
        if kind == SERVICE_END:
            if p.serial == serial and p.where == IN_SERVICE:
                end_service(b, slot, at)
            elif p.serial == serial and p.where == ONE_BY_ONE:
                end_of_person(b, p, at)
        elif kind == ON_FOOT:
            arrive_on_foot(b, slot, at)
        elif kind == RECONSIDER:
            choose_on_the_way(b, slot, at)
        elif kind == TAIL:
            p.crossing, p.where = p.bound_for, OUTSIDE
            arrive(b, slot, np.int64(p.bound_for), at)
        elif may_leave(p, serial):
            leave(b, slot, kind, at)


@long_rule
def begin(b: Any) -> None:
    """Put the first announcements and releases, and the first party of each run, into the heaps."""
    visits_of(b)[:] = 0
    first = 0
    for run in range(b.run_rows):
        push(b, ROAD, column_of(b, b.came_table, np.int64)[first], key_of(ARRIVAL, first), run, 0)
        first = runs_of(b)[run]
    for x in range(MAX_CROSSINGS):
        if b.quote_every[x]:
            push(b, LATER, b.start, key_of(QUOTE, x), 0, 0)
    for s in range(MAX_STATIONS):
        if b.batch[s]:
            push(b, LATER, b.start, key_of(RELEASE, s), 0, 0)
        if b.light_every[s]:
            push(b, LATER, b.start + b.light_every[s], key_of(LIGHTENING, s), 0, 0)
        if b.checked_every[s]:
            push(b, LATER, b.start + b.checked_every[s], key_of(CHECK, s), 0, 0)


@entry
def play(address: int) -> None:
    """Play all moments up to the horizon; parties that have not left by then get an unfinished row.

    Ends early, with `full` set, when a table is full.
    """
    b = border_at(address)
    ends, later, road, switches = heap_of(b, ENDS), heap_of(b, LATER), heap_of(b, ROAD), switches_of(b)
    next_switch = 0
    begin(b)
    while not b.full:
        at, key, source = b.horizon, HORIZON_KEY, HORIZON
        if b.in_heap[ENDS] and before(ends[0], at, key):
            at, key, source = ends[0].at, ends[0].key, ENDS
        if b.in_heap[LATER] and before(later[0], at, key):
            at, key, source = later[0].at, later[0].key, LATER
        if b.in_heap[ROAD] and before(road[0], at, key):
            at, key, source = road[0].at, road[0].key, ROAD
        if next_switch < len(switches) and (
            switches[next_switch, 0] < at or (switches[next_switch, 0] == at and key > SWITCH_KEY)
        ):
            at, source = switches[next_switch, 0], CALENDAR
        if (at - b.start) >> BUCKET_SHIFT > b.bucket:
            open_bucket(b)
            continue
        if source == HORIZON:
            break
        if source == ROAD:
            follow(b, key & NUMBER_MASK)
            come_or_set_out(b, key & NUMBER_MASK, at)
        elif source == CALENDAR:
            next_switch = switch(b, next_switch, at)
        else:
            first = ends[0] if source == ENDS else later[0]
            slot, serial = np.int64(first.slot), np.int64(first.serial)
            pop(b, source)
            happen(b, at, key, slot, serial)
        if b.jockeys:
            jockey(b, at)
    for i in range(b.slots):
        p = party_in(b, i)
        if p.where == DRIVING:
            open_visit(b, p, b.first[p.bound_for, p.cls], np.int64(p.arrived_at))
            close(b, i, ON_THE_WAY, NEVER)
        elif p.where != OUTSIDE:
            close(b, i, UNFINISHED, NEVER)
