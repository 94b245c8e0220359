"""The passes over the records: each reads the rows once, in order, and adds to tables of integers.

Compiled where numba is available, otherwise run as plain Python. Only the `keys` of `parties` take memory per row. All
sums are of integers, so their order does not matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.records import Outcome
from sim.measures.count.counters import (
    ARRIVED,
    BESIDE,
    BY_BYPASS,
    BY_CHANGED_MODE,
    BYPASS_STREAM,
    GROUP,
    GROUP_BITS,
    HERE,
    MAIN,
    NOT_CROSSED,
    SINCE_JOINING,
    WAITED,
    Days,
    Events,
    MainQueues,
    Parties,
    Queues,
    Rows,
    Stations,
    Steps,
)
from sim.measures.count.instants import moments as moments
from sim.measures.count.instants import moments_of_people as moments_of_people
from sim.measures.count.instants import peaks as peaks
from sim.measures.count.instants import work as work
from sim.measures.count.rules import (
    BALKED,
    BARRED,
    INTERRUPTED,
    day_of,
    entry,
    interval,
    never_came,
    point,
    spans,
    split,
    was_there,
)
from sim.measures.count.rules import clear_cache as clear_cache

CROSSED, UNFINISHED, CHANGED_MODE = int(Outcome.CROSSED), int(Outcome.UNFINISHED), int(Outcome.CHANGED_MODE)
BYPASSED, SERVED, DIVERTED = int(Outcome.BYPASSED), int(Outcome.SERVED), int(Outcome.DIVERTED)
HALF = 0.5 + 1e-9
"""Half, with room for the rounding of products."""


@entry
def queues(rows: Rows, steps: Steps, days: Days, tally: Queues) -> None:
    """Count the parties and people in each state."""
    for r in range(len(rows.party)):
        if never_came(rows.outcome[r]):
            continue
        s, x, c, people, arrived = rows.station[r], rows.crossing[r], rows.cls[r], rows.people[r], rows.arrived_at[r]
        called, _, ended, left = spans(
            rows.outcome[r], arrived, rows.started_at[r], rows.ended_at[r], rows.left_at[r], steps.beyond
        )
        goes_on = r + 1 < len(rows.party) and rows.party[r + 1] == rows.party[r] and rows.outcome[r] != DIVERTED
        gone = rows.arrived_at[r + 1] if goes_on else left
        came, away, out = point(steps, arrived), point(steps, called), point(steps, gone)
        tally.waiting[s, c, came, 0] += 1
        tally.waiting[s, c, came, 1] += people
        tally.waiting[s, c, away, 0] -= 1
        tally.waiting[s, c, away, 1] -= people
        tally.inside[x, c, came, 0] += 1
        tally.inside[x, c, came, 1] += people
        tally.inside[x, c, out, 0] -= 1
        tally.inside[x, c, out, 1] -= people
        if left > ended and ended < steps.beyond:
            tally.blocked[s, point(steps, ended)] += 1
            tally.blocked[s, point(steps, left)] -= 1
        if len(days.nights) > 1:
            first, last = days.nights_before[max(came - 1, 0)], days.nights_before[max(out - 1, 0)]
            while days.nights[first] < arrived:
                first += 1
            while days.nights[last] < gone:
                last += 1
            tally.overnight[x, c, first, 0] += 1
            tally.overnight[x, c, first, 1] += people
            tally.overnight[x, c, last, 0] -= 1
            tally.overnight[x, c, last, 1] -= people


@entry
def main_queues(rows: Rows, steps: Steps, windows: Any, tally: MainQueues) -> None:
    """Count the parties in main queues and those called recently; `windows` (X,) are those of the quotes, in ms."""
    in_main = resumed = False
    for r in range(len(rows.party)):
        if never_came(rows.outcome[r]):
            continue
        in_main = in_main if resumed else rows.first[r]
        resumed = rows.outcome[r] == INTERRUPTED
        if not in_main:
            continue
        x, c = rows.crossing[r], rows.cls[r]
        called, started, _, _ = spans(
            rows.outcome[r],
            rows.arrived_at[r],
            rows.started_at[r],
            rows.ended_at[r],
            rows.left_at[r],
            steps.beyond,
        )
        away = point(steps, called)
        tally.waiting[x, c, point(steps, rows.arrived_at[r])] += 1
        tally.waiting[x, c, away] -= 1
        if rows.first[r] and started < steps.beyond:
            tally.called[x, c, away] += 1
            tally.called[x, c, point(steps, started + windows[x])] -= 1


@entry
def events(rows: Rows, steps: Steps, days: Days, tally: Events) -> None:
    """Count events by interval and by local day."""
    resumed = diverted = False
    for r in range(len(rows.party)):
        s, x, c, people, arrived = rows.station[r], rows.crossing[r], rows.cls[r], rows.people[r], rows.arrived_at[r]
        outcome, stream = rows.outcome[r], rows.stream[r]
        _, started, _, left = spans(
            outcome, arrived, rows.started_at[r], rows.ended_at[r], rows.left_at[r], steps.beyond
        )
        is_split = split(rows.visit[r], rows.first[r], stream, rows.started_at[r], rows.left_at[r])
        then = interval(steps, left)
        if outcome != SERVED and left >= steps.start:
            tally.by_outcome[outcome, x, c, then, 0] += 1
            tally.by_outcome[outcome, x, c, then, 1] += people
        if (rows.visit[r] == 0 or diverted) and not never_came(outcome) and arrived >= steps.start:
            came = interval(steps, arrived)
            if not is_split and not was_there(steps, rows.first[r], rows.visit[r], arrived):
                tally.by_outcome[ARRIVED, x, c, came, 0] += 1
                tally.by_outcome[ARRIVED, x, c, came, 1] += people
            if stream == BYPASS_STREAM:
                tally.by_outcome[BYPASSED, x, c, came, 0] += 1
                tally.by_outcome[BYPASSED, x, c, came, 1] += people
        if outcome == CROSSED and left >= steps.start:
            day = day_of(days, steps, left)
            tally.crossed[day, x, c, 0] += 1
            tally.crossed[day, x, c, 1] += people
        if steps.start <= started <= steps.horizon and not is_split and not resumed:
            tally.begun[day_of(days, steps, started), s, stream] += 1
        resumed, diverted = outcome == INTERRUPTED, outcome == DIVERTED


@entry
def stations(rows: Rows, steps: Steps, waited_by_start: Any, tally: Stations) -> None:
    """Sum visits and their times; an interrupted visit is several rows. Visits over before the counts begin are not.

    `waited_by_start` is as for `parties`.
    """
    counts = resumed = False
    waited, served, last = 0, 0, len(waited_by_start) - 1
    for r in range(len(rows.party)):
        if never_came(rows.outcome[r]):
            continue
        s, people, outcome, arrived = rows.station[r], rows.people[r], rows.outcome[r], rows.arrived_at[r]
        called, started, ended, left = spans(
            outcome, arrived, rows.started_at[r], rows.ended_at[r], rows.left_at[r], steps.beyond
        )
        is_split = split(rows.visit[r], rows.first[r], rows.stream[r], rows.started_at[r], rows.left_at[r])
        tally.waited[rows.crossing[r]] += people * max(min(called, steps.horizon) - max(arrived, steps.start), 0)
        if not resumed:
            waited, served = waited_by_start[min(rows.party[r], last), HERE] if rows.visit[r] == 0 else 0, 0
            counts = waited > 0 or not (is_split or was_there(steps, rows.first[r], rows.visit[r], arrived))
            passed_by = outcome == CROSSED and started == steps.beyond
            joins = outcome not in (BALKED, BARRED) and not passed_by and (rows.first[r] or outcome != DIVERTED)
            if joins and not is_split and arrived <= steps.horizon and called >= steps.start:
                tally.visits[s] += 1
        over = steps.start <= ended < steps.beyond and not is_split
        waited += max(min(started, steps.horizon) - arrived, 0)
        served += ended - started if ended < steps.beyond and not is_split else 0
        resumed = outcome == INTERRUPTED
        if left < steps.start:
            continue
        tally.by_outcome[s, outcome, 0] += 1
        tally.by_outcome[s, outcome, 1] += people
        tally.by_outcome[s, outcome, 2] += rows.men[r]
        tally.checked[s] += rows.checked[r] if ended >= steps.start else 0
        if outcome == UNFINISHED and started < steps.beyond:
            tally.going_on[s, int(ended < steps.beyond)] += 1
        if resumed:
            continue
        if counts and (started < steps.beyond or (outcome == UNFINISHED and arrived <= steps.horizon)):
            tally.wait[s, 0] += 1
            tally.wait[s, 1] += waited
        if over:
            tally.service[s, 0] += 1
            tally.service[s, 1] += served
            tally.blocked[s, 0] += 1
            tally.blocked[s, 1] += min(left, steps.horizon) - ended


@entry
def parties(rows: Rows, steps: Steps, days: Days, waited_by_start: Any, keys: Any, tally: Parties) -> int:
    """Count the outcomes of parties; return the number of `keys` written, one per party that counts in waits.

    A key is the wait (ms) and, in its low bits, the group: (way, crossing, class, interval of joining) as one number.
    `waited_by_start` is as `sim.measures.waited` makes it. Those who joined before the start are of one interval more,
    after the last.
    """
    crossings, classes, _ = tally.initial.shape
    head = waited = n = 0
    for r in range(len(rows.party)):
        outcome, arrived = rows.outcome[r], rows.arrived_at[r]
        called, _, _, left = spans(
            outcome, arrived, rows.started_at[r], rows.ended_at[r], rows.left_at[r], steps.beyond
        )
        waited += max(min(called, steps.horizon) - arrived, 0)
        goes_on = r + 1 < len(rows.party) and rows.party[r + 1] == rows.party[r] and outcome != DIVERTED
        if goes_on or never_came(outcome) or left < steps.start:
            head, waited = head if goes_on else r + 1, waited if goes_on else 0
            continue
        x, c, joined = int(rows.crossing[head]), int(rows.cls[head]), rows.arrived_at[head]
        way = MAIN if rows.first[head] else BESIDE
        if rows.cls[r] != c:
            way = BY_CHANGED_MODE
        elif rows.stream[r] == BYPASS_STREAM:
            way = BY_BYPASS
        is_split = split(
            rows.visit[head], rows.first[head], rows.stream[head], rows.started_at[head], rows.left_at[head]
        )
        counts, number = not is_split, min(rows.party[head], len(waited_by_start) - 1)
        before, stayed = waited_by_start[number, WAITED], waited_by_start[number, SINCE_JOINING]
        if counts and was_there(steps, rows.first[head], rows.visit[head], joined):
            counts = before > 0
            tally.initial[x, c, 0] += 1
            tally.initial[x, c, 1] += rows.people[head]
        then = steps.points if before else interval(steps, joined)
        if outcome == UNFINISHED:
            tally.unfinished[x, c, 0] += 1
            tally.unfinished[x, c, 1] += rows.people[r]
        elif outcome == CROSSED:
            tally.crossed[x, c, way, 0] += 1
            tally.crossed[x, c, way, 1] += rows.people[r]
            now = interval(steps, left)
            tally.across[x, c, way, now] += 1
            tally.across_by_day[day_of(days, steps, left), x, c, way] += 1
            if counts:
                tally.waits[x, c, way, 0] += 1
                tally.waits[x, c, way, 1] += waited + before
                tally.waits[x, c, way, 2] += left - joined + stayed
                tally.sojourns[x, c, way, now, 0] += 1
                tally.sojourns[x, c, way, now, 1] += left - joined + stayed
                group = ((way * crossings + x) * classes + c) * (steps.points + 1) + then
                keys[n] = waited + before << GROUP_BITS | group
                n += 1
        if counts and not before and way == MAIN and outcome in (CROSSED, UNFINISHED):
            tally.joined[int(outcome == UNFINISHED), x, c, then, 0] += 1
            tally.joined[int(outcome == UNFINISHED), x, c, then, 1] += waited
        head, waited = r + 1, 0
    return n


@entry
def joiners(rows: Rows, steps: Steps, classes: int, keys: Any) -> int:
    """Write a key for each party of a main queue: its wait, whether it did not cross by it, and its group.

    A party that left the queue, on whatever way, never crosses by it: it counts as not across until the horizon, like
    the unfinished, so that the estimate is the cumulative incidence of crossing (Fine and Gray 1999). The group is
    (crossing, class, interval of joining) as one number. Return the number of `keys` written.
    """
    head = waited = n = 0
    left_queue = False
    for r in range(len(rows.party)):
        outcome, arrived = rows.outcome[r], rows.arrived_at[r]
        called, _, _, _ = spans(outcome, arrived, rows.started_at[r], rows.ended_at[r], rows.left_at[r], steps.beyond)
        if not left_queue:
            waited += max(min(called, steps.horizon) - arrived, 0)
        left_queue = left_queue or outcome in (CHANGED_MODE, BYPASSED)
        if r + 1 < len(rows.party) and rows.party[r + 1] == rows.party[r] and outcome != DIVERTED:
            continue
        if rows.first[head] and not was_there(steps, True, 0, rows.arrived_at[head]):
            group = (int(rows.crossing[head]) * classes + int(rows.cls[head])) * steps.points
            group += interval(steps, rows.arrived_at[head])
            missed = 0 if outcome == CROSSED and not left_queue else NOT_CROSSED
            if missed and (outcome != UNFINISHED or left_queue):
                waited = steps.horizon - rows.arrived_at[head]
            keys[n] = waited << GROUP_BITS | missed | group
            n += 1
        head, waited, left_queue = r + 1, 0, False
    return n


@entry
def medians(keys: Any, group_of: Any, at_risk: Any, median: Any, longest: Any) -> None:
    """Find the wait within which half of each group crossed, and the longest time seen in it (Kaplan and Meier 1958).

    `keys` are sorted; `group_of` maps their groups to those of the tables; `at_risk` is the number in each. A median
    that is not reached stays as it is.
    """
    waiting = np.ones(len(at_risk))
    for key in keys:
        group, wait = group_of[key & (NOT_CROSSED - 1)], key >> GROUP_BITS
        if not key & NOT_CROSSED:
            before = waiting[group]
            waiting[group] = before * (1 - 1 / at_risk[group])
            if before > HALF >= waiting[group]:
                median[group] = wait
        at_risk[group] -= 1
        longest[group] = wait


@entry
def regroup(keys: Any, group_of: Any, first: Any, waits: Any) -> None:
    """Write the waits of sorted keys by other groups; each begins at `first` (groups + 1,), which is advanced."""
    for n in range(len(keys)):
        group = group_of[keys[n] & GROUP]
        waits[first[group]] = keys[n] >> GROUP_BITS
        first[group] += 1
