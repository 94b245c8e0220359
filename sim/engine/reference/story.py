"""The border as a story, played with SimPy: the specification that the compiled engine must equal record by record.

Every party is one process: it arrives, waits, is served, moves on or turns back. Everything that changes the border
happens in a `Moment`, and moments at the same millisecond come in one written order (docs/mechanisms.md): by kind,
then by number of the party (or station, or crossing). What follows at once from a moment, such as the next in the
queue being called, is done within it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy

from sim.engine.event_order import LEAVING, Kind
from sim.engine.plan import DRIVE_UNIT, NOWHERE, PER_MILLE, Plan
from sim.engine.records import Outcome, Records
from sim.engine.reference.calendar import Calendar
from sim.engine.reference.queues import Moment, Queues
from sim.engine.reference.state import MainQueue, Party, Station, Visit, Zone, drawn
from sim.engine.tape import Tape
from sim.scenario.model.quantities import BYPASS, STREAMS

BYPASS_STREAM = STREAMS.index(BYPASS)
Process = Generator[simpy.Event, Any, None]


def play(plan: Plan, tape: Tape) -> Records:
    """Return what happens when the tape is played: one row per party and visit."""
    queues = Queues(plan, tape)
    Calendar(queues).begin()
    queues.env.process(Arrivals(queues).arrivals())
    queues.env.run(until=Moment(queues.env, plan.horizon, Kind.HORIZON, 0))
    return queues.log.records()


class Arrivals:
    """Who comes, and whether and where they join."""

    def __init__(self, queues: Queues) -> None:
        self.queues, self.plan, self.tape, self.env = queues, queues.plan, queues.tape, queues.env
        self.roads = queues.roads
        self.drives = Drives(queues, self.arrive)
        self.journeys = Journeys(queues, self.drives)

    def arrivals(self) -> Process:
        """Let the parties of the tape arrive, one after the other."""
        for row in np.argsort(self.tape.arrived_at, kind="stable").tolist():
            yield Moment(self.env, int(self.tape.arrived_at[row]), Kind.ARRIVAL, row)
            party = Party(row, row, int(self.tape.cls[row]), int(self.tape.people[row]))
            party.of_age = int(self.tape.men[row])
            source, visit = int(self.tape.source[row]), None
            if source < len(self.plan.crossings):
                party.crossing = source
                visit = self.arrive(party)
            else:
                party.origin = source - len(self.plan.crossings)
                self.drives.set_out(party)
            if visit or party.bound_for != NOWHERE:
                party.process = self.env.process(self.journeys.journey(party, visit))

    def arrive(self, party: Party) -> Visit | None:
        """Join the main queue or the bypass, go on to another crossing, or do not join at all."""
        tape, plan, row = self.tape, self.plan, party.row
        x = party.crossing
        roams = party.origin != NOWHERE
        main = self.queues.main_queues[x][party.cls]
        station = self.queues.standing(plan.first[x, party.cls], party.cls)
        if station is None:
            self.log(party, self.queues.stations[plan.first[x, party.cls]], Outcome.CROSSED)
            return None
        if tape.barred[row] or (roams and self.roads.barred(party)):
            self.turn_away(party, station, Outcome.BARRED)
            return None
        if roams and not self.roads.admitted(party, x):
            self.turn_away(party, station, Outcome.BALKED)
            return None
        bypass = (
            self.queues.standing(plan.joins[x, party.cls], party.cls) if main.open[LEAVING.index(Kind.BYPASS)] else None
        )
        share = plan.bypass_local[x, party.cls] if tape.local[row] else main.quoted(plan.bypass_share)
        if bypass and not tape.initial[row] and tape.chances[plan.bypass_row, row] < share:
            party.stream = BYPASS_STREAM
            return self.queues.enter(party, bypass)
        party.bound_for = self.roads.better(party, self.queues.now) if roams else NOWHERE
        if party.bound_for != NOWHERE:
            self.log(party, station, Outcome.DIVERTED)
            return None
        waiting = station.waiting[party.stream]
        sees_too_much = waiting >= main.balk_over and (waiting > 0 or not station.someone_could_start(party.cls))
        if not tape.initial[row] and (sees_too_much or self.hears_too_much(row, main)):
            self.turn_away(party, station, Outcome.BALKED)
            return None
        return self.queues.enter(party, station, first=True)

    def hears_too_much(self, row: int, main: MainQueue) -> bool:
        """Whether the quoted wait makes a newcomer balk."""
        balk_row = self.plan.balk_row
        return balk_row != NOWHERE and self.tape.chances[balk_row, row] < main.quoted(self.plan.balk_share)

    def turn_away(self, party: Party, station: Station, outcome: Outcome) -> None:
        """Let a party that does not join go home, or on to another crossing if it can choose."""
        party.bound_for = self.roads.elsewhere(party, self.queues.now) if party.origin != NOWHERE else NOWHERE
        self.log(party, station, outcome if party.bound_for == NOWHERE else Outcome.DIVERTED)

    def log(self, party: Party, station: Station, outcome: Outcome) -> None:
        """Write the row of a party that does not join."""
        self.queues.log.close(Visit(party, station, self.queues.now, 0), outcome, self.queues.now)


class Drives:
    """Those who set out from an origin, until they join a queue or go home."""

    def __init__(self, queues: Queues, arrive: Callable[[Party], Visit | None]) -> None:
        self.queues, self.plan, self.tape, self.env = queues, queues.plan, queues.tape, queues.env
        self.arrive, self.roads = arrive, queues.roads

    def set_out(self, party: Party) -> None:
        """Choose a crossing and begin the drive there, or stay."""
        party.bound_for = self.roads.from_home(party, self.queues.now)
        if party.bound_for == NOWHERE:
            party.crossing = self.roads.dreamt_of(party)
            party.cls = party.stream = int(self.plan.travels_as[party.crossing, party.home])
            stayed = Visit(party, self.queues.stations[self.plan.first[party.crossing, party.cls]], self.queues.now, 0)
            self.queues.log.close(stayed, Outcome.STAYED, self.queues.now)

    def drive(self, party: Party) -> Generator[simpy.Event, Any, Visit | None]:
        """Drive to the crossing a party is bound for, perhaps on to others, until it joins a queue or goes home."""
        roads, plan, log = self.roads, self.plan, self.queues.log
        slowness = int(self.tape.times[plan.drive_row, party.row])
        while party.bound_for != NOWHERE:
            begun, at_home = self.queues.now, party.crossing == NOWHERE
            place = party.origin if at_home else len(plan.origins) + party.crossing
            takes = int(plan.drive[place, party.bound_for]) * slowness // DRIVE_UNIT
            party.diversions += not at_home
            party.crossing = NOWHERE
            self.head_for(party, begun + takes)
            if at_home and plan.reconsider and roads.hears(party, party.bound_for):
                yield Moment(self.env, begun + takes * plan.reconsider // PER_MILLE, Kind.RECONSIDER, party.number)
                target, left = roads.on_the_way(party, self.queues.now)
                if target != party.bound_for:
                    party.bound_for = target
                    self.head_for(party, self.queues.now + left * slowness // DRIVE_UNIT)
            yield Moment(self.env, log.driving[party][1], Kind.TAIL, party.number)
            del log.driving[party]
            party.crossing, party.bound_for = party.bound_for, NOWHERE
            visit = self.arrive(party)
            if visit:
                return visit
        return None

    def head_for(self, party: Party, comes_at: int) -> None:
        """Be under way to the crossing a party is bound for, as the class it will be of there."""
        party.cls = party.stream = int(self.plan.travels_as[party.bound_for, party.home])
        station = self.queues.stations[self.plan.first[party.bound_for, party.cls]]
        self.queues.log.driving[party] = (station, comes_at)


class Journeys:
    """The ways of the parties, from the first queue to the other country, or back."""

    def __init__(self, queues: Queues, drives: Drives) -> None:
        self.queues, self.plan, self.tape, self.env = queues, queues.plan, queues.tape, queues.env
        self.drives = drives

    def journey(self, party: Party, visit: Visit | None) -> Process:
        """One party's way to a crossing, from the first queue to the other country, or back."""
        while True:
            if visit is None:
                visit = yield from self.drives.drive(party)
            if visit is None:
                return
            how = yield visit.turn
            if how is Kind.SERVICE_END:
                served = yield from self.service(visit)
                visit = yield from self.go_on(party, served)
            elif how is Kind.RENEGE:
                visit = None
            elif how is Kind.CHANGE_MODE:
                visit = yield from self.change_mode(party)
            else:
                party.stream = BYPASS_STREAM
                visit = self.queues.enter(party, self.queues.station_for(party, self.plan.joins))

    def service(self, visit: Visit) -> Generator[simpy.Event, Any, Visit]:
        """Be served, if need be in several goes; return the visit in which the service ended."""
        while True:
            try:
                yield Moment(self.env, visit.ends_at, Kind.SERVICE_END, visit.party.number)
                break
            except simpy.Interrupt as interrupt:
                again: Any = interrupt.cause  # the visit that goes on where this one was interrupted
                visit = again
                yield visit.turn
        visit.ended_at = self.queues.now
        if visit.station.preempt:
            visit.station.in_service.remove(visit)
        return visit

    def go_on(self, party: Party, visit: Visit) -> Generator[simpy.Event, Any, Visit | None]:
        """After the service: turned back, sent on, across the border, or into the next queue, blocked or not."""
        station = visit.station
        fate, target = self.fate(visit)
        zone = self.full_zone(target, party.cls) if fate is Outcome.SERVED else None
        if zone and target:
            visit.room = simpy.Event(self.env)
            zone.blocked.append((visit, target))
            following: Visit = yield visit.room
            return following
        self.queues.log.close(visit, fate, self.queues.now)
        station.busy -= 1
        following_visit = self.queues.enter(party, target, inside=True) if target is not None else None
        self.queues.settle(station)
        return following_visit

    def full_zone(self, station: Station | None, cls: int) -> Zone | None:
        """The zone for whose room a party must wait where it is; nobody overtakes those blocked already."""
        zone = station.zone if station else None
        return zone if zone and (zone.blocked or not zone.fits(cls)) else None

    def fate(self, visit: Visit) -> tuple[Outcome, Station | None]:
        """What becomes of a party whose service has ended, and the station it goes to."""
        if visit.refused:
            return Outcome.REFUSED, None
        if visit.checked:
            stopped = self.screened(visit)
            if stopped is not None:
                return stopped
        target = self.queues.standing(self.queues.next[visit.station.number][visit.party.cls], visit.party.cls)
        return (Outcome.CROSSED if target is None else Outcome.SERVED), target

    def screened(self, visit: Visit) -> tuple[Outcome, Station | None] | None:
        """The end of draft screening; None if the party goes on (perhaps without the men stopped)."""
        plan, tape, s, party = self.plan, self.tape, visit.station.number, visit.party
        row = plan.screening_row[s]
        hits = drawn(tape.chances[row + 1, party.row], plan.hit_cdf[s, visit.checked])
        if hits == 0:
            return None
        fate = drawn(tape.chances[row + 2, party.row], plan.fate_cdf[s])
        office = self.queues.stations[plan.office[s]] if plan.office[s] != NOWHERE else None
        if fate == 3 and not (office and office.active and office.open[party.cls]):
            fate, office = int(plan.if_office_closed[s]), None
        if fate == 0:
            return None
        outcome = (Outcome.SERVED, Outcome.SUMMONED, Outcome.REFUSED, Outcome.SENT_ON)[fate]
        target = office if outcome is Outcome.SENT_ON else None
        visit.men = hits
        if party.parted or hits >= party.people or tape.chances[row + 3, party.row] < plan.stays_together[s]:
            party.men = hits
            return outcome, target
        self.part(visit, hits, outcome, target)
        return None

    def part(self, visit: Visit, men: int, outcome: Outcome, target: Station | None) -> None:
        """The men stopped stay behind as a party of their own, the twin; the others go on."""
        party = visit.party
        twin = Party(len(self.tape) + party.number, party.row, int(self.tape.mode_to[party.row]), men)
        twin.crossing = party.crossing
        twin.on_foot, twin.men, twin.share = True, men, (men, int(self.tape.people[party.row]))
        party.people -= men
        party.of_age -= men
        party.parted = twin.parted = True
        twin.of_age = men
        now = self.queues.now
        stop = Visit(twin, visit.station, now, 0)
        stop.started_at = stop.ended_at = now
        stop.men, visit.men = men, 0
        self.queues.log.close(stop, outcome, now)
        if target is not None:
            twin.process = self.env.process(self.journey(twin, self.queues.enter(twin, target)))

    def change_mode(self, party: Party) -> Generator[simpy.Event, Any, Visit]:
        """Leave the vehicle and arrive on foot or by bike some time later."""
        party.cls = party.stream = int(self.tape.mode_to[party.row])
        party.on_foot = True
        station = self.queues.station_for(party, self.plan.first)
        visit = self.queues.open_visit(party, station)
        visit.quoted = True
        visit.arrived_at = self.queues.now + int(self.tape.times[self.plan.walk_row, party.row])
        yield Moment(self.env, visit.arrived_at, Kind.ON_FOOT, party.number)
        self.queues.joined += 1
        visit.joined = self.queues.joined
        self.queues.stand(visit)
        return visit
