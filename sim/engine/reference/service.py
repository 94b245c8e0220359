"""A service begins: how long it takes, and what is settled with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine.plan import NOWHERE, PER_MILLE, Plan
from sim.engine.reference.one_by_one import serve_person
from sim.engine.reference.state import Party, Visit, inverse_cdf

if TYPE_CHECKING:
    from sim.engine.reference.border import Border


def begin_service(border: Border, visit: Visit) -> None:
    """Begin the service of a party, or go on with one that was interrupted; or begin that of one of its people."""
    if visit.station.one_by_one[visit.cls]:
        serve_person(border, visit)
        return
    visit.started_at = border.now
    if visit.service_left is None:
        visit.service_left = service_time(border, visit)
        if visit.in_quoted_wait:
            border.main_queue(visit.party).started += 1
    visit.ends_at = border.now + visit.service_left
    visit.wait_over.succeed()


def row_of_service(plan: Plan, party: Party, s: int) -> int:
    """Return the row of the tape with the service of a party; a party in its class has another one at each return."""
    if party.on_foot:
        return int(plan.foot_row[s])
    is_again = party.rounds > 0 and plan.again_row[s] != NOWHERE
    return int(plan.again_row[s]) + party.rounds - 1 if is_again else int(plan.service_row[s])


def service_time(border: Border, visit: Visit) -> int:
    """Return the milliseconds a service takes; this settles how many men are checked and whether they are refused."""
    plan, party, s = border.plan, visit.party, visit.station.number
    time = border.duration(row_of_service(plan, party, s), party)
    time = time * party.share[0] // party.share[1]
    if plan.screening_row[s] != NOWHERE:
        checked_cdf = plan.checked_cdf[visit.station.intensity_now(), party.men]
        visit.men_checked = inverse_cdf(checked_cdf, border.chance(plan.screening_row[s], party))
    elif s in border.offices:
        visit.men = party.men_stopped
    if plan.man_row[s] != NOWHERE:
        time += border.duration(plan.man_row[s], party) * max(visit.men_checked, visit.men)
    if plan.refused_row[s] != NOWHERE and border.chance(plan.refused_row[s], party) < visit.station.refusal:
        visit.refused = True
        time += border.duration(plan.refusal_row[s], party)
    for factor in visit.factors:
        time = time * factor // PER_MILLE
    return time
