"""People of a party who are served one by one; the party goes on when the last of them is through."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from sim.engine.event_order import Kind
from sim.engine.plan import NOWHERE, PER_MILLE
from sim.engine.records import NEVER
from sim.engine.reference.state import Visit

if TYPE_CHECKING:
    from sim.engine.reference.border import Border


def serve_person(border: Border, visit: Visit) -> None:
    """Begin the service of the person just called; from the first one on the party no longer leaves the queue."""
    ends_at = border.now + service_of_person(border, visit)
    if visit.called == 1:
        visit.last_through = simpy.Event(border.env)
        visit.wait_over.succeed()
    if visit.called == visit.people:
        visit.started_at = border.now
        if visit.in_quoted_wait:
            border.main_queue(visit.party).started += 1
    visit.at_servers += 1
    ended_at = ends_at if ends_at < border.plan.horizon else NEVER
    border.log.beside["one_by_one"].append(
        (visit.party.number, visit.index, visit.station.number, border.now, ended_at)
    )
    border.env.process(person(border, visit, ends_at))


def person(border: Border, visit: Visit, ends_at: int) -> Generator[simpy.Event, Any, None]:
    """Be served, and wait for the others of the party; the last one through keeps the server until the party goes."""
    yield border.until(ends_at, Kind.SERVICE_END, visit.party.number)
    visit.at_servers -= 1
    if visit.waiting or visit.at_servers:
        visit.station.free_server()
        border.call_and_unblock(visit.station)
    else:
        visit.last_through.succeed()


def service_of_person(border: Border, visit: Visit) -> int:
    """Return the milliseconds that the service of a person takes; that of the last one settles a refusal."""
    plan, tape, party, s = border.plan, border.tape, visit.party, visit.station.number
    column = int(tape.first_person[party.column]) + visit.called - 1
    if party.number != party.column:  # a twin has the last people of the party it comes from
        column += int(tape.people[party.column]) - party.people
    row = int(plan.person_row[s])
    if party.on_foot:
        row = int(plan.person_foot_row[s])
    elif party.rounds and plan.person_again_row[s] != NOWHERE:
        row = int(plan.person_again_row[s]) + party.rounds - 1
    time = int(tape.one_by_one[row, column])
    is_last = visit.called == visit.people
    if is_last and plan.refused_row[s] != NOWHERE:
        visit.refused = border.chance(plan.refused_row[s], party) < visit.station.refusal
        time += border.duration(plan.refusal_row[s], party) if visit.refused else 0
    for factor in visit.factors:
        time = time * factor // PER_MILLE
    return time
