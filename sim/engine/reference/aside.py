"""Parties that are sent aside after their service, and those that come back from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine.plan import NOWHERE, SENT_BELOW
from sim.engine.reference.choices import station_on_way
from sim.engine.reference.state import Station, Visit

if TYPE_CHECKING:
    from sim.engine.reference.border import Border


def next_stop(border: Border, visit: Visit) -> Station | None:
    """Return the station to which a party goes whose service has ended; None across the border."""
    party, here = visit.party, visit.station
    if party.back_to is not None:
        target: Station | None = party.back_to
        party.back_to = None
        if target is not None and not target.active:
            target = station_on_way(border, target.number, party)
    elif is_sent_aside(border, visit):
        visit.sent_aside = True
        target = border.stations[border.plan.aside_to[here.number]]
        if border.plan.aside_back[here.number]:
            party.back_to = here
    else:
        return station_on_way(border, border.next[here.number][party.cls], party)
    party.rounds += target is not None and target.number <= here.number
    return target


def is_sent_aside(border: Border, visit: Visit) -> bool:
    """Whether a party goes aside: it is one of the share, and the station there takes it."""
    plan, party, s = border.plan, visit.party, visit.station.number
    if plan.aside_to[s] == NOWHERE or party.rounds >= plan.aside_at_most[s]:
        return False
    target = border.stations[plan.aside_to[s]]
    if not (target.active and target.is_open[party.cls]):
        return False
    is_of_the_share = border.chance(plan.aside_row[s] + party.rounds, party) < SENT_BELOW
    return is_of_the_share and not (plan.aside_passes[s] and target.is_full(party))
