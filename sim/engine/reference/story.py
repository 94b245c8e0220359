"""The border as a story, played with SimPy: the specification that the compiled engine must equal record by record.

Each party is one process. It arrives, joins a queue or does not, waits, is called, is served, is screened, moves on or
is blocked, and is across the border or turns back. The `Border` holds the clock, the stations and their queues, and the
log; its calendar changes them at instants known beforehand. Whatever happens does so in a moment, and the moments of
one millisecond have a fixed order (docs/mechanisms.md).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from sim.engine.event_order import LEFT_AS, Kind
from sim.engine.plan import DRIVE_UNIT, FIRST, INSIDE, NOWHERE, PER_MILLE, WAYS, Plan
from sim.engine.records import Outcome, Records
from sim.engine.reference import calendar
from sim.engine.reference.aside import next_stop
from sim.engine.reference.border import Border
from sim.engine.reference.choices import station_on_way
from sim.engine.reference.state import Party, Station, Visit, inverse_cdf
from sim.engine.tape import Tape
from sim.scenario.model.quantities import BYPASS, STREAMS

BYPASS_STREAM = STREAMS.index(BYPASS)
FATES = (Outcome.SERVED, Outcome.SUMMONED, Outcome.REFUSED, Outcome.SENT_ON)
"""Fates of men who are found on the list at draft screening, in the order of `Plan.fate_cdf`."""
Process = Generator[simpy.Event, Any, None]


def play(plan: Plan, tape: Tape) -> Records:
    """Return what happens when the tape is played: one row per party and visit."""
    border = Border(plan, tape)
    calendar.begin(border)
    border.env.process(arrivals(border))
    border.env.run(until=border.until(plan.horizon, Kind.HORIZON, 0))
    return border.log.records()


def arrivals(border: Border) -> Process:
    """Let the parties of the tape arrive at a crossing, or set out from an origin, one after the other.

    Those that begin at a station come first, in an order of their own.
    """
    tape, crossings = border.tape, len(border.plan.crossings)
    carried = {row[0]: row[1:] for row in tape.carried.tolist()}
    order = np.argsort(tape.arrived_at, kind="stable")
    order[: len(carried)] = list(carried)
    for column in order.tolist():
        yield border.until(int(tape.arrived_at[column]), Kind.ARRIVAL, column)
        party = Party(column, column, int(tape.cls[column]), int(tape.people[column]), int(tape.men[column]))
        source = int(tape.source[column])
        if source < crossings:
            party.crossing = source
        else:
            party.origin = source - crossings
        if column in carried:
            take_place(border, party, *carried[column][:6])
            party.process = border.env.process(queue_and_be_served(border, party))
        else:
            party.process = border.env.process(journey(border, party))


def journey(border: Border, party: Party) -> Process:
    """Come to a crossing, and go from queue to queue until the party is across or turns back."""
    if party.origin == NOWHERE:
        arrive(border, party)
    else:
        set_out(border, party)
        yield from drive(border, party)
    yield from queue_and_be_served(border, party)


def queue_and_be_served(border: Border, party: Party) -> Process:
    """Wait and be served at one station after the other, as long as the party is on a visit to one."""
    while party.visit is not None:
        way_of_leaving = yield party.visit.wait_over
        if way_of_leaving is None:  # called to a server
            yield from service(border, party)
            yield from move_on(border, party)
            continue
        leave_queue(border, party, way_of_leaving)
        if way_of_leaving is Kind.RENEGE:  # home, or to another crossing
            yield from drive(border, party)
        elif way_of_leaving is Kind.CHANGE_MODE:
            yield from walk(border, party)
        else:
            party.stream = BYPASS_STREAM
            border.join(party, border.station_for(party, border.plan.joins))


def take_place(border: Border, party: Party, station: int, joins: int, *more: int) -> None:
    """Join the queue of the station where the party stood at the end of an earlier run; `more` is of CARRIED."""
    party.stream, party.men_stopped, back_to, party.rounds = more
    party.back_to = None if back_to == NOWHERE else border.stations[back_to]
    border.join(party, border.stations[station], joins)


# A party comes to a crossing: it joins a queue, or it does not


def arrive(border: Border, party: Party) -> None:
    """Join the main queue or the bypass, go on to another crossing, or do not join at all."""
    station = border.first_station(party)
    if station is None:  # all stations of the way have ended
        entrance = border.stations[border.plan.first[party.crossing, party.cls]]
        border.log_without_joining(party, entrance, Outcome.CROSSED)
    elif is_deterred(border, party):
        turn_away(border, party, station, Outcome.STAYED if party.origin == NOWHERE else Outcome.BALKED)
    elif border.roads.barred(party):
        turn_away(border, party, station, Outcome.BARRED)
    elif bypass := station_of_bypass(border, party):
        party.stream = BYPASS_STREAM
        border.join(party, bypass)
    elif diverts_at_the_tail(border, party):
        border.log_without_joining(party, station, Outcome.DIVERTED)
    elif balks(border, party, station):
        turn_away(border, party, station, Outcome.BALKED)
    else:
        border.join(party, station, FIRST)


def is_deterred(border: Border, party: Party) -> bool:
    """Whether a party has not set out, or turns round as it comes, because of the men stopped at the crossing."""
    deterrence = border.deterrence(party)
    return deterrence > 0 and border.chance(border.plan.balk_row, party) < deterrence


def station_of_bypass(border: Border, party: Party) -> Station | None:
    """Return the station at which an arriving party joins by the bypass; None if it does not take the bypass."""
    plan, tape, main_queue = border.plan, border.tape, border.main_queue(party)
    if tape.initial[party.column] or not main_queue.is_open[WAYS.index("bypass")]:
        return None
    station = station_on_way(border, int(plan.joins[party.crossing, party.cls]), party)
    if station is None:
        return None
    local = tape.local[party.column]
    share = plan.bypass_local[party.crossing, party.cls] if local else main_queue.at_quote(plan.bypass_share)
    return station if border.chance(plan.bypass_row, party) < share else None


def diverts_at_the_tail(border: Border, party: Party) -> bool:
    """Whether a party goes on to a better crossing instead of joining here; if so, it is bound for that."""
    party.bound_for = border.roads.choose_at_the_tail(party)
    return party.bound_for != NOWHERE


def balks(border: Border, party: Party, station: Station) -> bool:
    """Whether a party does not join the main queue because of its length or its quoted wait."""
    plan, main_queue = border.plan, border.main_queue(party)
    if border.tape.initial[party.column]:
        return False
    waiting = sum(station.waiting[stream] for stream in main_queue.balk_streams)
    if waiting >= main_queue.balk_over and (waiting > 0 or not station.serves_at_once(party.cls)):
        return True
    if plan.balk_row == NOWHERE:
        return False
    deterrence = border.deterrence(party)  # this much of the uniform was used up when the party set out
    share = deterrence + (1.0 - deterrence) * main_queue.at_quote(plan.balk_share)
    return border.chance(plan.balk_row, party) < share


def turn_away(border: Border, party: Party, station: Station, outcome: Outcome) -> None:
    """End the stay of a party that does not join: it goes home, or on to another crossing if it has a choice."""
    party.bound_for = border.roads.choose_elsewhere(party)
    border.log_without_joining(party, station, outcome if party.bound_for == NOWHERE else Outcome.DIVERTED)


# A party leaves the queue before it is called


def leave_queue(border: Border, party: Party, way: Kind) -> None:
    """Leave the queue for home, another crossing, the bypass, or to go on by bike or on foot."""
    visit = party.current_visit
    visit.station.leave_queue(visit)
    if way is Kind.RENEGE and visit.first:
        party.bound_for = border.roads.choose_elsewhere(party)
    border.close(visit, LEFT_AS[way] if party.bound_for == NOWHERE else Outcome.DIVERTED)
    border.call_and_unblock(visit.station)


def walk(border: Border, party: Party) -> Process:
    """Leave the vehicle, and some time later join the first queue of those on foot or by bike."""
    party.cls = party.stream = int(border.tape.mode_to[party.column])
    party.on_foot = True
    visit = border.open_visit(party, border.station_for(party, border.plan.first))
    visit.in_quoted_wait = True
    visit.arrived_at = border.now + border.duration(border.plan.walk_row, party)
    yield border.until(visit.arrived_at, Kind.ON_FOOT, party.number)
    border.stand_in_queue(visit)
    border.call_and_unblock(visit.station)


# A party is called and served


def service(border: Border, party: Party) -> Process:
    """Be served; if the service is interrupted, wait for a server and go on."""
    while True:
        visit = party.current_visit
        if visit.called:  # its people are served one by one
            yield visit.last_through
            border.end_service(visit)
            return
        if visit.waiting:  # put back at the head of the queue, on another visit
            yield visit.wait_over
            continue
        party.in_service = True
        try:
            yield border.until(visit.ends_at, Kind.SERVICE_END, party.number)
        except simpy.Interrupt:
            continue
        party.in_service = False
        border.end_service(visit)
        return


# The service has ended: the party moves on, is blocked, or turns back


def move_on(border: Border, party: Party) -> Process:
    """Go to the next station as soon as there is room, across the border, or back."""
    visit = party.current_visit
    outcome, target = result_of_service(border, visit)
    goes_on = outcome in (Outcome.SERVED, Outcome.SENT_ASIDE)
    if goes_on and target is not None and target.is_full(party):
        # The party keeps its server. When there is room, `Border.call_and_unblock` lets it join the next queue.
        yield border.block(visit, target)
        return
    border.close(visit, outcome)
    visit.station.free_server()
    if target is not None:
        border.join(party, target, INSIDE)
    border.call_and_unblock(visit.station)


def result_of_service(border: Border, visit: Visit) -> tuple[Outcome, Station | None]:
    """Return the outcome of a visit whose service has ended, and the station the party goes to."""
    if visit.refused:
        return Outcome.REFUSED, None
    if visit.station.screens and not visit.party.examined:
        visit.party.examined = True
        border.words_of_stops[visit.party.crossing].examined += visit.party.men
    outcome = screening(border, visit) if visit.men_checked else Outcome.SERVED
    if outcome is Outcome.SENT_ON:
        return outcome, border.stations[border.plan.office[visit.station.number]]
    if outcome is not Outcome.SERVED:
        return outcome, None
    target = next_stop(border, visit)
    if target is None:
        return Outcome.CROSSED, None
    return (Outcome.SENT_ASIDE if visit.sent_aside else Outcome.SERVED), target


def screening(border: Border, visit: Visit) -> Outcome:
    """Return the outcome of draft screening for the party, from which the men stopped may part."""
    plan, party, s = border.plan, visit.party, visit.station.number
    row = plan.screening_row[s]
    hits = inverse_cdf(plan.hit_cdf[s, visit.men_checked], border.chance(row + 1, party))
    if hits == 0:
        return Outcome.SERVED
    fate = FATES[inverse_cdf(plan.fate_cdf[s], border.chance(row + 2, party))]
    if fate is Outcome.SENT_ON and not border.office_works(s, party.cls):
        fate = FATES[plan.if_office_closed[s]]
    if fate is Outcome.SERVED:
        return fate
    border.words_of_stops[party.crossing].stopped += hits
    stays_together = party.parted or hits >= party.people or border.chance(row + 3, party) < plan.stays_together[s]
    if stays_together:
        visit.men = party.men_stopped = hits
        return fate
    part(border, visit, hits, fate)
    return Outcome.SERVED


def part(border: Border, visit: Visit, men: int, outcome: Outcome) -> None:
    """Let the men stopped stay behind, on foot, as a party of their own (the twin) while the others go on."""
    party, tape = visit.party, border.tape
    twin = Party(len(tape) + party.number, party.column, int(tape.mode_to[party.column]), men, men)
    twin.crossing, twin.on_foot, twin.men_stopped = party.crossing, True, men
    twin.share = (men, int(tape.people[party.column]))
    party.people -= men
    party.men -= men
    party.parted = twin.parted = twin.examined = True
    screened = Visit(twin, visit.station, border.now)
    screened.started_at = screened.ended_at = border.now
    screened.men = men
    border.close(screened, outcome)
    if outcome is Outcome.SENT_ON:
        border.join(twin, border.stations[border.plan.office[visit.station.number]])
        twin.process = border.env.process(queue_and_be_served(border, twin))


# A party that chooses between crossings, on the roads


def set_out(border: Border, party: Party) -> None:
    """Choose a crossing at home, or stay."""
    party.bound_for = border.roads.choose_at_home(party)
    if party.bound_for == NOWHERE:
        party.crossing = border.roads.choose_if_all_were_open(party)
        entrance = change_class(border, party, party.crossing)
        border.log_without_joining(party, entrance, Outcome.STAYED)


def drive(border: Border, party: Party) -> Process:
    """Drive to the crossing the party is bound for, perhaps on to others, until it joins a queue or goes home."""
    plan = border.plan
    while party.bound_for != NOWHERE:
        slowness = border.duration(plan.drive_row, party)
        from_home = party.crossing == NOWHERE
        place = party.origin if from_home else len(plan.origins) + party.crossing
        takes = int(plan.drive[place, party.bound_for]) * slowness // DRIVE_UNIT
        party.diversions += not from_home
        party.crossing = NOWHERE
        head_for(border, party, party.bound_for, border.now + takes)
        if from_home and plan.reconsider and border.roads.hears(party, party.bound_for):
            again_at = border.now + takes * plan.reconsider // PER_MILLE
            yield border.until(again_at, Kind.RECONSIDER, party.number)
            target, left = border.roads.choose_on_the_way(party)
            if target != party.bound_for:
                head_for(border, party, target, border.now + left * slowness // DRIVE_UNIT)
        yield border.until(party.comes_at, Kind.TAIL, party.number)
        del border.log.driving[party]
        party.crossing, party.bound_for = party.bound_for, NOWHERE
        arrive(border, party)


def head_for(border: Border, party: Party, crossing: int, comes_at: int) -> None:
    """Set out for a crossing; the party takes the class it has there."""
    party.bound_for, party.comes_at = crossing, comes_at
    border.log.driving[party] = change_class(border, party, crossing)


def change_class(border: Border, party: Party, crossing: int) -> Station:
    """Give a party the class it has at a crossing, and return the first station of that class there."""
    party.cls = party.stream = border.roads.class_at(party, crossing)
    return border.stations[int(border.plan.first[crossing, party.cls])]
