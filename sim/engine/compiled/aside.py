"""The kernel's parties that are sent aside after their service, and those that come back from there."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import rule
from sim.engine.compiled.choices import is_full, standing
from sim.engine.compiled.layout import NO_STATION, NOWHERE, chance_of, party_in, tape_column
from sim.engine.plan import SENT_BELOW


@rule
def next_stop(b: Any, i: int, s: int) -> int:
    """Return the station to which a party goes whose service at s has ended; NOWHERE: across the border."""
    p = party_in(b, i)
    if p.back_to != NO_STATION:
        target = np.int64(p.back_to)
        p.back_to = NO_STATION
        if not b.active[target]:
            target = standing(b, i, target)
    elif b.aside_to[s] != NOWHERE and is_sent_aside(b, i, s):
        target = b.aside_to[s]
        p.sent_aside = 1
        if b.aside_back[s]:
            p.back_to = s
    else:
        return standing(b, i, b.next[s, p.cls])
    p.rounds += target != NOWHERE and target <= s
    return target


@rule
def is_sent_aside(b: Any, i: int, s: int) -> bool:
    """Return whether a party goes aside: it is one of the share, and the station there takes it."""
    p = party_in(b, i)
    cls, target, rounds = np.int64(p.cls), b.aside_to[s], np.int64(p.rounds)
    if rounds >= b.aside_at_most[s] or not b.active[target] or not b.open[target, cls]:
        return False
    if chance_of(b, b.aside_row[s] + rounds, tape_column(b, p)) >= SENT_BELOW:
        return False
    return not (b.aside_passes[s] and is_full(b, i, target))
