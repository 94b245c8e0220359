"""The kernel's deterrence: the share of men stopped at a crossing, and who does not set out because of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.layout import MAX_STATIONS, deterred_share_of, party_in, stops_of
from sim.engine.plan import STOPPED_UNIT


@long_rule
def examine(b: Any, i: int, x: int) -> None:
    """Count the men of a party that comes before the officers of a crossing, once."""
    p = party_in(b, i)
    if not p.examined:
        p.examined = 1
        b.examined[x] += p.of_age


@rule
def is_screened(b: Any, x: int) -> bool:
    """Return whether a station with draft screening is active at a crossing."""
    count = 0
    for s in range(MAX_STATIONS):
        count += b.tells[s] and b.crossing[s] == x and b.active[s]
    return count > 0


@rule
def take_share(b: Any, x: int) -> None:
    """Take the share of men stopped anew; the last one goes on while no men come, 0 while there is no screening."""
    stops, now = stops_of(b), b.announced[x]
    stops[x, 0, now], stops[x, 1, now] = b.examined[x], b.stopped[x]
    before = max(now - b.stops_window[x], 0)
    examined, stopped = b.examined[x], b.stopped[x]
    if now > 0:
        examined -= stops[x, 0, before]
        stopped -= stops[x, 1, before]
    share = stops[x, 2, now - 1] if now > 0 else 0
    if not is_screened(b, x):
        share = 0
    elif examined > 0:
        share = min(STOPPED_UNIT * stopped // examined, STOPPED_UNIT)
    stops[x, 2, now] = share


@rule
def heard_of_stops(b: Any, x: int, at: int) -> int:
    """Return the share of men stopped that travellers have heard of at an instant (not after now)."""
    announcement = (at - b.stops_delay[x] - b.start) // b.quote_every[x]
    return stops_of(b)[x, 2, announcement] if announcement >= 0 else 0


@rule
def share_deterred(b: Any, i: int, x: int, now: int) -> float:
    """Return the probability that a party does not set out, or turns round as it comes if it is from an origin."""
    p = party_in(b, i)
    share = 0.0
    if p.of_age > 0:
        heard = heard_of_stops(b, x, now if p.roams else now - b.stops_drive[x])
        share = deterred_share_of(b)[x, np.int64(p.cls), heard]
    return share
