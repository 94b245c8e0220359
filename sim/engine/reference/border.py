"""The border: clock, stations, main queues, roads and log, and what follows at once from a change of a queue."""

from __future__ import annotations

from typing import Any

import numpy as np
import simpy
from simpy.events import EventPriority

from sim.engine.event_order import KIND_SHIFT, LEAVING, Kind
from sim.engine.plan import AFOOT, FIRST, INSIDE, NOWHERE, OTHERWISE, PER_MILLE, WAY_OF_CLOCK, Plan
from sim.engine.records import DTYPES, FINAL, NEVER, Outcome, Records, in_order
from sim.engine.reference.choices import station_on_way, takes_room
from sim.engine.reference.jockeying import Jockeys
from sim.engine.reference.main_queue import MainQueue
from sim.engine.reference.roads import Roads
from sim.engine.reference.service import begin_service
from sim.engine.reference.state import Party, Station, Visit, WordOfStops, Zone, zones_of
from sim.engine.reference.team import Team
from sim.engine.tape import Tape


class Moment(simpy.Event):
    """An instant at which something happens; at one millisecond, lower kinds come first, then lower numbers."""

    def __init__(self, env: simpy.Environment, at: int, kind: Kind, number: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, priority=EventPriority((kind << KIND_SHIFT) | number), delay=at - env.now)


class Log:
    """The rows of the records, in the order in which visits end."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, ...]] = []
        self.open_visits: dict[Visit, None] = {}
        self.driving: dict[Party, Station] = {}  # to the first station of the crossing each is bound for
        self.beside: dict[str, list[tuple[int, ...]]] = {
            name: [] for name in ("staffing", "lightened", "one_by_one", "quotes")
        }

    def write(self, visit: Visit, outcome: Outcome, left_at: int) -> None:
        """Write the row of a visit that is over, in the order of DTYPES."""
        self.open_visits.pop(visit, None)
        party = visit.party
        self.rows.append(
            (
                party.number,
                visit.index,
                party.crossing,
                visit.station.number,
                visit.cls,
                visit.stream,
                party.people if outcome in FINAL else visit.people,  # the final row is without the men who have parted
                visit.men,
                visit.men_checked if visit.ended_at != NEVER and outcome is not Outcome.INTERRUPTED else 0,
                visit.arrived_at,
                visit.started_at,
                visit.ended_at,
                left_at,
                outcome,
                visit.first,
            )
        )

    def records(self) -> Records:
        """Return all rows; at the horizon open visits are unfinished and those driving are on the way."""
        for visit in list(self.open_visits):
            self.write(visit, Outcome.UNFINISHED, NEVER)
        for party, station in self.driving.items():
            party.crossing = party.bound_for
            self.write(Visit(party, station, party.comes_at), Outcome.ON_THE_WAY, NEVER)
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(DTYPES)
        table = {name: np.array(c, dtype=t) for (name, t), c in zip(DTYPES.items(), columns, strict=True)}
        return in_order(table, self.beside)


class Border:
    """All crossings of a plan while a tape is played."""

    def __init__(self, plan: Plan, tape: Tape) -> None:
        self.plan, self.tape = plan, tape
        self.env = simpy.Environment(initial_time=plan.start)
        zones = zones_of(plan)
        self.teams = {number: Team(plan, number) for number in map(plan.team, range(len(plan.stations)))}
        self.stations = [Station(plan, s, zones, self.teams[plan.team(s)]) for s in range(len(plan.stations))]
        self.main_queues = [
            [MainQueue(plan, x, c) for c in range(plan.first.shape[1])] for x in range(len(plan.crossings))
        ]
        self.words_of_stops = [WordOfStops(plan, x) for x in range(len(plan.crossings))]
        self.roads = Roads(plan, tape, self.env, self.main_queues)
        self.log, self.jockeys = Log(), Jockeys(self)
        self.offices = set(plan.office.tolist())
        self.next = plan.next.tolist()
        self.joined = 0

    # The clock, and what the tape holds for a party

    @property
    def now(self) -> int:
        """Milliseconds since t0."""
        return int(self.env.now)

    def until(self, at: int, kind: Kind, number: int) -> Moment:
        """Return the moment to wait for; `number` is that of the party, station or crossing it concerns."""
        return Moment(self.env, at, kind, number)

    def duration(self, row: Any, party: Party) -> int:
        """Return what a row of `Tape.times` holds for a party."""
        return int(self.tape.times[row, party.column])

    def chance(self, row: Any, party: Party) -> float:
        """Return what a row of `Tape.chances` holds for a party."""
        return float(self.tape.chances[row, party.column])

    # Which station

    def first_station(self, party: Party) -> Station | None:
        """Return the station where the main queue of a party stands; None if no station of its way is active."""
        return station_on_way(self, int(self.plan.first[party.crossing, party.cls]), party)

    def station_for(self, party: Party, table: Any) -> Station:
        """Return the station `table` (X, C) names for a party, or the next active one if there is one."""
        number = int(table[party.crossing, party.cls])
        return station_on_way(self, number, party) or self.stations[number]

    def office_works(self, screening: int, cls: int) -> bool:
        """Whether the enlistment office of a draft screening is active and open."""
        number = self.plan.office[screening]
        return bool(number != NOWHERE and self.stations[number].active and self.stations[number].is_open[cls])

    def main_queue(self, party: Party) -> MainQueue:
        """Return the main queue of a party's class at its crossing."""
        return self.main_queues[party.crossing][party.cls]

    # What is told of the men stopped

    def deterrence(self, party: Party) -> float:
        """Return the probability that a party does not set out because men are stopped at its crossing.

        A party from an origin has set out already: it decides by what it hears as it comes.
        """
        plan, x, word = self.plan, party.crossing, self.words_of_stops[party.crossing]
        if not word.window or party.men == 0 or self.tape.initial[party.column]:
            return 0.0
        drive = int(plan.stops_drive[x]) if party.origin == NOWHERE else 0
        return float(plan.deterred_share[x, party.cls, word.heard(self.now - drive)])

    def is_screened(self, crossing: int) -> bool:
        """Whether a station with draft screening is active at a crossing."""
        plan = self.plan
        here = [s for s in self.stations if plan.crossing[s.number] == crossing]
        return any(s.active and s.screens for s in here)

    # Joining a queue, and the clocks that may end the wait

    def join(self, party: Party, station: Station, how: int = OTHERWISE) -> None:
        """Join the queue of a station (`how`: see JOINS), and be called at once if a server is free."""
        visit = self.open_visit(party, station)
        visit.first, visit.in_quoted_wait = how == FIRST, how in (FIRST, AFOOT)
        visit.in_zone = how == INSIDE or takes_room(self, station, party)
        self.stand_in_queue(visit)
        self.call_and_unblock(station)

    def open_visit(self, party: Party, station: Station) -> Visit:
        """Begin the visit of a party to a station."""
        visit = party.visit = Visit(party, station, self.now)
        self.log.open_visits[visit] = None
        return visit

    def stand_in_queue(self, visit: Visit) -> None:
        """Stand at the tail of the queue, with the clocks that may end the wait."""
        self.joined += 1
        visit.joined = self.joined
        visit.wait_over = simpy.Event(self.env)
        visit.station.join_queue(visit)
        row = self.plan.patience_row[visit.station.number]
        if row != NOWHERE:
            patience = self.duration(row, visit.party) * visit.station.patience_factor // PER_MILLE
            self._leave_at(visit, Kind.RENEGE, self.now + patience)
        if visit.first:
            main_queue = self.main_queue(visit.party)
            for clock in main_queue.clocks_of(visit.party):
                runs = self.duration(self.plan.clock_row[WAY_OF_CLOCK[clock]], visit.party)
                main_queue.start_clock(visit, clock, self.now, runs)
            self.leave_when_due(main_queue)

    def leave_when_due(self, main_queue: MainQueue) -> None:
        """Schedule the leaving of those whose clock runs down before the next announcement."""
        for clock in main_queue.clocks_used:
            for at, visit in main_queue.pop_due(clock):
                self._leave_at(visit, LEAVING[WAY_OF_CLOCK[clock]], at)

    def _leave_at(self, visit: Visit, way: Kind, at: int) -> None:
        self.env.process(self._leave(visit, way, at))

    def _leave(self, visit: Visit, way: Kind, at: int) -> Any:
        """End the wait at an instant, if it is not over by then."""
        yield self.until(at, way, visit.party.number)
        if visit.waiting and not visit.called and not (way is Kind.CHANGE_MODE and self._may_not_go_on(visit.party)):
            visit.wait_over.succeed(way)

    def _may_not_go_on(self, party: Party) -> bool:
        """Whether the way that a party would take without its vehicle has closed for good: then it stays."""
        return bool(self.now >= self.plan.closes[party.crossing, self.tape.mode_to[party.column]])

    # What follows at once from a change

    def call_and_unblock(self, station: Station) -> None:
        """Call those who can be served, let the blocked into the room this frees, and do the same where they were."""
        self.jockeys.act_later()
        self._call(station)
        zones = [each.zone for each in station.team.stations if each.zone]
        for upstream in [left for zone in zones for left in self._unblock(zone)]:
            self.call_and_unblock(upstream)

    def _unblock(self, zone: Zone) -> list[Station]:
        """Let the blocked into a zone as long as it has room, and return where they were."""
        left = []
        while zone.blocked and zone.blocked[0][1].has_room(zone.blocked[0][0].party):
            visit, target = zone.blocked.popleft()
            self.close(visit, Outcome.SENT_ASIDE if visit.sent_aside else Outcome.SERVED)
            visit.station.free_server()
            following = self.open_visit(visit.party, target)
            following.in_zone = True
            self.stand_in_queue(following)
            visit.room.succeed()
            self._call(target)
            left.append(visit.station)
        return left

    def _call(self, station: Station) -> None:
        while True:
            while (visit := station.team.next_to_call()) is not None:
                visit.station.call(visit)
                begin_service(self, visit)
            if (interrupted := station.next_to_interrupt(self.now)) is None:
                return
            self.interrupt_service(interrupted)

    def block(self, visit: Visit, target: Station) -> simpy.Event:
        """Return the event of there being room for a party at the station it goes to."""
        assert target.zone is not None
        room = visit.room = simpy.Event(self.env)
        target.zone.blocked.append((visit, target))
        return room

    # The end of a service, and of a visit

    def end_service(self, visit: Visit) -> None:
        """End a service; the party keeps its server until it leaves the station."""
        visit.ended_at = self.now
        if visit.station.may_interrupt:
            visit.station.team.in_service.remove(visit)

    def interrupt_service(self, visit: Visit) -> None:
        """Interrupt a service: back to the head of the queue, on another visit with the same place."""
        station = visit.station
        station.team.in_service.remove(visit)
        station.free_server()
        visit.ended_at = self.now
        self.close(visit, Outcome.INTERRUPTED)
        again = visit.party.visit = visit.again(self.now)
        self.log.open_visits[again] = None
        again.wait_over = simpy.Event(self.env)
        station.rejoin_queue(again)
        if visit.party.in_service and visit.party.process is not None:
            visit.party.in_service = False
            visit.party.process.interrupt()

    def close(self, visit: Visit, outcome: Outcome) -> None:
        """End a visit now; unless it joins another queue, its party is on no visit from here on."""
        self.log.write(visit, outcome, self.now)
        visit.party.visit = None

    def log_without_joining(self, party: Party, station: Station, outcome: Outcome) -> None:
        """Write the row of a party that does not join the queue of a station."""
        self.close(Visit(party, station, self.now), outcome)
