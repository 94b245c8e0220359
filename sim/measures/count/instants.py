"""The passes over the moments of all visits in the order of time: the largest queues, and the work of the stations.

A moment is one integer, so that sorting is fast: in its high bits the crossing or station, then the instant (ms since
the start, up to two years), and in its low bits what happens.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.records import NEVER
from sim.measures.count.counters import (
    PEAK_ALL,
    PEAK_CLASSES,
    PEAK_PEOPLE,
    PEAK_VEHICLES,
    Days,
    Lots,
    Peaks,
    Rows,
    Steps,
    Work,
)
from sim.measures.count.rules import entry, interval, never_came, rule, spans

INSTANT_BITS = 36
INSTANT = (1 << INSTANT_BITS) - 1
PEOPLE_BITS, CLASS_BITS = 15, 6
PEOPLE, CLASS = (1 << PEOPLE_BITS) - 1, (1 << CLASS_BITS) - 1
ON_ROAD, JOINS = 1 << PEOPLE_BITS + CLASS_BITS, 2 << PEOPLE_BITS + CLASS_BITS
QUEUE_BITS = PEOPLE_BITS + CLASS_BITS + 2
WORK_BITS = 2
SERVICE_ENDS, SERVICE_BEGINS, FREED, BLOCKED = range(4)


@rule
def moment(place: int, at: int, bits: int, what: int) -> Any:
    """Return a moment at a crossing or station."""
    return (place << INSTANT_BITS | at) << bits | what


@entry
def moments(rows: Rows, steps: Steps, on_road: Any, one_by_one: Any, of_queues: Any, of_work: Any) -> Any:
    """Write the moments of queues, by crossing, and of services, by station; return the number of each.

    `on_road` (S,) tells whether the queue of a station stands on the road, `one_by_one` (S, C) whether it serves people
    one by one, whose services are no moments here. Events after the horizon have no moment.
    """
    q = w = 0
    for r in range(len(rows.party)):
        arrived = rows.arrived_at[r]
        if never_came(rows.outcome[r]) or arrived > steps.horizon:
            continue
        called, started, ended, left = spans(
            rows.outcome[r], arrived, rows.started_at[r], rows.ended_at[r], rows.left_at[r], steps.beyond
        )
        s, x = int(rows.station[r]), int(rows.crossing[r])
        joined = max(arrived, steps.start)
        if called > joined:
            who = int(rows.cls[r]) << PEOPLE_BITS | int(rows.people[r]) | (ON_ROAD if on_road[s] else 0)
            of_queues[q] = moment(x, joined - steps.start, QUEUE_BITS, who | JOINS)
            q += 1
            if called <= steps.horizon:
                of_queues[q] = moment(x, called - steps.start, QUEUE_BITS, who)
                q += 1
        if started < steps.horizon and not one_by_one[s, rows.cls[r]]:
            done = max(started, min(ended, left))
            of_work[w] = moment(s, max(started - steps.start, 0), WORK_BITS, SERVICE_BEGINS)
            w += 1
            if done <= steps.horizon:
                of_work[w] = moment(s, max(done - steps.start, 0), WORK_BITS, SERVICE_ENDS)
                w += 1
        if ended < steps.horizon and left > ended:
            of_work[w] = moment(s, max(ended - steps.start, 0), WORK_BITS, BLOCKED)
            w += 1
            if left <= steps.horizon:
                of_work[w] = moment(s, max(left - steps.start, 0), WORK_BITS, FREED)
                w += 1
    return q, w


@entry
def moments_of_people(services: Any, steps: Steps, of_work: Any, w: int) -> int:
    """Write the moments of services of people one by one (`Records.one_by_one`) from `w` on; return where they end."""
    for n in range(len(services)):
        s, started, ended = services[n, 2], services[n, 3], services[n, 4]
        of_work[w] = moment(s, max(started - steps.start, 0), WORK_BITS, SERVICE_BEGINS)
        w += 1
        if ended != NEVER:
            of_work[w] = moment(s, max(ended - steps.start, 0), WORK_BITS, SERVICE_ENDS)
            w += 1
    return w


@rule
def metres_on_road(standing: Any, x: int, at: int, lots: Lots) -> Any:
    """Return the length in one file of the vehicles that find no room in the lots; see `sim.measures.road`."""
    left = standing.copy()
    for lot in range(len(lots.crossing)):
        if lots.crossing[lot] == x and lots.open_from[lot] <= at:
            room = lots.capacity[lot]
            for c in lots.classes[lot]:
                if c >= 0:
                    taken = min(left[c], room)
                    left[c] -= taken
                    room -= taken
    metres = 0.0
    for c in range(len(lots.spacing)):
        metres += left[c] * lots.spacing[c]
    return metres


@entry
def peaks(keys: Any, start: int, lots: Lots, tally: Peaks) -> None:
    """Find the largest queues; `keys` are sorted moments of queues. What happens in one millisecond counts together."""
    classes = len(lots.spacing)
    waiting, standing = np.zeros(PEAK_CLASSES + classes, np.int64), np.zeros(classes, np.int64)
    longer = False
    for k in range(len(keys)):
        key = int(keys[k])
        people, c, change = key & PEOPLE, key >> PEOPLE_BITS & CLASS, 1 if key & JOINS else -1
        waiting[PEAK_CLASSES + c] += change
        waiting[PEAK_ALL] += change
        waiting[PEAK_PEOPLE] += change * people
        if lots.spacing[c] > 0:
            waiting[PEAK_VEHICLES] += change
            if key & ON_ROAD:
                standing[c] += change
                longer = longer or change > 0
        place = key >> QUEUE_BITS
        next_place = int(keys[k + 1]) >> QUEUE_BITS if k + 1 < len(keys) else -1
        if next_place == place:
            continue
        x, at = place >> INSTANT_BITS, start + (place & INSTANT)
        if waiting[PEAK_VEHICLES] > tally.most[x, PEAK_VEHICLES]:
            tally.top_at[x] = at
        for column in range(len(waiting)):
            tally.most[x, column] = max(tally.most[x, column], waiting[column])
        if longer:
            tally.metres[x] = max(tally.metres[x], metres_on_road(standing, x, at, lots))
            longer = False
        if next_place >> INSTANT_BITS != x:
            waiting[:] = 0
            standing[:] = 0


@entry
def work(keys: Any, steps: Steps, days: Days, staffing: Any, tally: Work) -> None:
    """Add up the work of the stations; `keys` are sorted moments of services.

    `staffing` holds rows (station, at, servers), sorted, the first of each station at the start.
    """
    k = w = 0
    for s in range(len(tally.by_interval)):
        servers = busy = blocked = day = 0
        now = steps.start
        while now < steps.horizon:
            while k < len(keys) and keys[k] >> WORK_BITS == moment(s, now - steps.start, 0, 0):
                what = keys[k] & ((1 << WORK_BITS) - 1)
                busy += int(what == SERVICE_BEGINS) - int(what == SERVICE_ENDS)
                blocked += int(what == BLOCKED) - int(what == FREED)
                k += 1
            while w < len(staffing) and staffing[w, 0] == s and staffing[w, 1] <= now:
                servers = staffing[w, 2]
                w += 1
            while days.midnights[day] <= now:
                day += 1
            then = interval(steps, now)
            until = min(steps.start + (then + 1) * steps.every, min(days.midnights[day], steps.horizon))
            if k < len(keys) and keys[k] >> WORK_BITS + INSTANT_BITS == s:
                until = min(until, steps.start + (int(keys[k]) >> WORK_BITS & INSTANT))
            if w < len(staffing) and staffing[w, 0] == s:
                until = min(until, staffing[w, 1])
            lasts = until - now
            tally.by_interval[s, then, 0] += busy * lasts
            tally.by_interval[s, then, 1] += max(servers, busy) * lasts
            tally.by_day[day, s, 0] += busy * lasts
            tally.by_day[day, s, 1] += max(servers, busy) * lasts
            tally.by_day[day, s, 2] += blocked * lasts
            tally.by_day[day, s, 3] += max(servers, busy + blocked) * lasts
            now = until
        while k < len(keys) and keys[k] >> WORK_BITS + INSTANT_BITS == s:
            k += 1
