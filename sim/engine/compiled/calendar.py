"""The kernel's calendar: switches and announcements of the wait."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.choices import expected_wait, main_queue, wait_after_main_queue
from sim.engine.compiled.deterrence import heard_of_stops, take_share
from sim.engine.compiled.layout import (
    MAX_STATIONS,
    N_CLOCKS,
    N_WAYS,
    NOWHERE,
    RENEGE_WITH_MEN,
    deterred_hazard_of,
    hazard_of,
    history_of,
    recent_of,
    switches_of,
)
from sim.engine.compiled.memory import table_at
from sim.engine.compiled.pools import begin_claim
from sim.engine.compiled.queues import leave_when_due, settle
from sim.engine.compiled.staffing import break_down, plan_staff, set_condition
from sim.engine.plan import POSTED_WAIT


@long_rule
def announce(b: Any, x: int, now: int) -> None:
    """Update the quoted wait of every main queue of a crossing: parties waiting over the recent rate of departures."""
    every, buckets, recent, hazard = b.quote_every[x], b.quote_buckets[x], recent_of(b), hazard_of(b)
    stopped = 0
    if b.stops_window[x]:
        take_share(b, x)
        stopped = heard_of_stops(b, x, now)
    for s in range(MAX_STATIONS):
        if b.choice_rule[s] == POSTED_WAIT and b.crossing[s] == x:
            b.posted_wait[s] = expected_wait(b, s, 0)
    for c in range(b.all_streams):
        if now > b.start:
            b.departures[x, c] += b.started[x, c] - recent[x, c, b.oldest[x, c]]
            recent[x, c, b.oldest[x, c]] = b.started[x, c]
            b.oldest[x, c] = (b.oldest[x, c] + 1) % buckets
            b.filled[x, c] = min(b.filled[x, c] + 1, buckets)
        b.started[x, c] = 0
        departures, stock = b.departures[x, c], main_queue(b, x, c, NOWHERE)[0]
        if stock == 0 or b.filled[x, c] == 0:
            b.quote[x, c] = 0
        elif departures:
            b.quote[x, c] = stock * b.filled[x, c] * every // departures
        else:
            b.quote[x, c] += every
        column = min(wait_announced(b, x, c, now) // b.wait_step, b.wait_columns - 1)
        b.column[x, c] = column
        for way in range(N_WAYS):
            b.summed[x, c, way] += b.rate[x, c, way] * (now - b.quoted_at[x, c])
            b.rate[x, c, way] = hazard[x, c, way, column] if b.way_open[x, c, way] else 0
        if b.uses_clock[x, c, RENEGE_WITH_MEN]:
            b.summed[x, c, RENEGE_WITH_MEN] += b.rate[x, c, RENEGE_WITH_MEN] * (now - b.quoted_at[x, c])
            more = deterred_hazard_of(b)[x, c, stopped] if b.way_open[x, c, 0] else 0
            b.rate[x, c, RENEGE_WITH_MEN] = b.rate[x, c, 0] + more
        b.quoted_at[x, c] = now
        if b.origins:
            history_of(b)[x, c, b.announced[x]] = column
        for clock in range(N_CLOCKS):
            if b.uses_clock[x, c, clock]:
                leave_when_due(b, x, c, clock)
    b.announced[x] += 1


@rule
def quotes_of(b: Any) -> Any:
    """Return Records.quotes: the waits announced where quotes cover the way, as (at, crossing, class, ms)."""
    return table_at(b.quotes_table, (1, 4), np.int64)


@rule
def wait_announced(b: Any, x: int, c: int, now: int) -> Any:
    """Return the wait to announce: of the main queue, and what is expected after it where quotes cover the way."""
    wait = b.quote[x, c]
    if b.quotes_way[x]:
        wait += wait_after_main_queue(b, x, c)
        if wait != b.announced_wait[x, c] or now == b.start:
            row = quotes_of(b)[b.quotes]
            row[0], row[1], row[2], row[3] = now, x, c, wait
            b.quotes += 1
        b.announced_wait[x, c] = wait
    return wait


@rule
def open_or_close(b: Any, s: int, cls: int, is_open: int) -> None:
    """Open or close a station for a class; a closed stream accumulates no claim to service."""
    b.open[s, cls] = is_open
    if is_open:
        for stream in range(b.all_streams):
            b.passed[s, stream] = max(b.passed[s, stream], b.clock[s])
        begin_claim(b, s)


@long_rule
def switch(b: Any, begin: int, now: int) -> int:
    """Apply all switches of this millisecond, then call parties; return the number of the next switch."""
    end, switches = begin, switches_of(b)
    while end < len(switches) and switches[end, 0] == now:
        what, first, second = switches[end, 1], switches[end, 2], switches[end, 3]
        if what == 0:
            plan_staff(b, first, second, now)
        elif what == 1:
            break_down(b, first, second, now)
        elif what == 2:
            open_or_close(b, first, second, switches[end, 4])
        elif what == 3:
            b.active[first] = second
        elif what == 4:
            b.intensity[first] = second
        elif what == 5:
            set_condition(b, first, second, switches[end, 4])
        elif what == 6:
            b.way_open[first, second, switches[end, 4]] = switches[end, 5]
        else:
            b.epoch = first
        end += 1
    for s in range(MAX_STATIONS):
        for k in range(begin, end):
            if switches[k, 1] <= 2 and switches[k, 2] == s:
                settle(b, s, now)
                break
    return end
