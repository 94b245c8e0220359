"""The kernel's services: how long one takes, and what is settled as it begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.choices import number_waiting
from sim.engine.compiled.layout import (
    NOWHERE,
    cdf_of,
    chance_of,
    column_of,
    pace_of,
    party_in,
    tape_column,
    time_of,
)
from sim.engine.plan import PER_MILLE


@rule
def inverse_cdf(u: float, cdf: Any) -> int:
    """Return the smallest k with u < cdf[k]: a draw from the distribution if u is uniform."""
    k = 0
    while k < len(cdf) and u >= cdf[k]:
        k += 1
    return k


@rule
def row_of_service(b: Any, p: Any, s: int) -> int:
    """Return the row of the tape with the service of a party; a party in its class has another one at each return."""
    if p.on_foot:
        return b.foot_row[s]
    if p.rounds and b.again_row[s] != NOWHERE:
        return b.again_row[s] + p.rounds - 1
    return b.service_row[s]


@rule
def service_time(b: Any, i: int, s: int) -> int:
    """Return the service time in ms; this also decides how many men are checked and whether the party is refused."""
    p = party_in(b, i)
    column = tape_column(b, p)
    time = time_of(b, row_of_service(b, p, s), column)
    if p.share:
        time = time * p.share // column_of(b, b.people_table, np.int16)[column]
    if b.screening_row[s] != NOWHERE:
        p.checked = inverse_cdf(
            chance_of(b, b.screening_row[s], column), cdf_of(b, b.checked_table)[intensity_now(b, s), p.of_age]
        )
    elif b.is_office[s]:
        p.visit_men = p.men
    if b.man_row[s] != NOWHERE:
        time += time_of(b, b.man_row[s], column) * max(p.checked, p.visit_men)
    if b.refused_row[s] != NOWHERE and chance_of(b, b.refused_row[s], column) < b.refusal[s]:
        p.refused = 1
        time += time_of(b, b.refusal_row[s], column)
    return paced(b, s, time) if b.paced[s] else time


@rule
def intensity_now(b: Any, s: int) -> int:
    """Return the row of Plan.intensities in force."""
    return b.light_intensity[s] if b.lightened[s] and b.light_intensity[s] != NOWHERE else b.intensity[s]


@long_rule
def paced(b: Any, s: int, time: int) -> int:
    """Return a service time after the factors by the servers at work, by the parties waiting, and by date."""
    last = b.pace_columns - 1
    time = time * pace_of(b)[s, 0, min(b.servers[s], last)] // PER_MILLE
    time = time * pace_of(b)[s, 1, min(number_waiting(b, s), last)] // PER_MILLE
    time = time * b.service_factor[s] // PER_MILLE
    return time * b.light_factor[s] // PER_MILLE if b.lightened[s] else time
