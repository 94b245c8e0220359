"""The reference engine's queues: who stands where, who is called, and what follows at once from a change."""

from __future__ import annotations

from typing import Any

import numpy as np
import simpy
from simpy.events import EventPriority

from sim.engine.event_order import KIND_SHIFT, LEAVING, Kind
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import DTYPES, FINAL, NEVER, Outcome, Records, in_order
from sim.engine.reference.roads import Roads
from sim.engine.reference.state import MainQueue, Party, Station, Visit, Zone, drawn
from sim.engine.tape import Tape


class Moment(simpy.Event):
    """An instant at which something happens, ordered among those of the same millisecond."""

    def __init__(self, env: simpy.Environment, at: int, kind: Kind, number: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, priority=EventPriority((kind << KIND_SHIFT) | number), delay=at - env.now)


class Log:
    """The rows of the records, as they come."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, ...]] = []
        self.visits: dict[Visit, None] = {}  # those not over
        self.driving: dict[Party, tuple[Station, int]] = {}  # to which first station, and when they come there

    def open(self, visit: Visit) -> Visit:
        """Remember a visit that has begun; return it."""
        self.visits[visit] = None
        return visit

    def close(self, visit: Visit, outcome: Outcome, left_at: int) -> None:
        """Write the row of a visit that is over; of those who part at screening, each comes to an end of its own."""
        self.visits.pop(visit, None)
        people = visit.party.people if outcome in FINAL else visit.people
        self.rows.append(
            (
                visit.party.number, visit.index, visit.party.crossing, visit.station.number,
                visit.cls, visit.stream, people, visit.men, visit.arrived_at, visit.started_at,
                visit.ended_at, left_at, outcome, visit.first,
            )
        )  # fmt: skip

    def records(self) -> Records:
        """Return what happened, those still there at the horizon as unfinished, or on the way."""
        for visit in list(self.visits):
            self.close(visit, Outcome.UNFINISHED, NEVER)
        for party, (station, comes_at) in self.driving.items():
            party.crossing = party.bound_for
            self.close(Visit(party, station, comes_at, 0), Outcome.ON_THE_WAY, NEVER)
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(DTYPES)
        return in_order({name: np.array(c, dtype=t) for (name, t), c in zip(DTYPES.items(), columns, strict=True)})


class Queues:
    """All stations of all crossings with their queues."""

    def __init__(self, plan: Plan, tape: Tape) -> None:
        self.plan, self.tape = plan, tape
        self.env = simpy.Environment(initial_time=plan.start)
        zones = [Zone(int(c), space) for c, space in zip(plan.zone_capacity, plan.zone_space.tolist(), strict=True)]
        self.stations = [Station(plan, s, zones) for s in range(len(plan.stations))]
        self.offices = set(plan.office.tolist())
        self.next = plan.next.tolist()
        self.joined = 0
        self.log = Log()
        self.main_queues = [
            [MainQueue(plan, x, c) for c in range(plan.first.shape[1])] for x in range(len(plan.crossings))
        ]
        self.roads = Roads(plan, tape, self.main_queues)

    @property
    def now(self) -> int:
        """Milliseconds since t0."""
        return int(self.env.now)

    def standing(self, number: int, cls: int) -> Station | None:
        """The first active station of a class from station `number` on; None across the border."""
        while number != NOWHERE and not self.stations[number].active:
            number = self.next[number][cls]
        return self.stations[number] if number != NOWHERE else None

    def station_for(self, party: Party, table: Any) -> Station:
        """Where a party stands that goes to the station `table` (X, 5) names for its class: the first still active."""
        number = table[party.crossing, party.cls]
        return self.standing(number, party.cls) or self.stations[number]

    def open_visit(self, party: Party, station: Station) -> Visit:
        """Begin a visit, with the next number in the order of joining."""
        self.joined += 1
        return self.log.open(Visit(party, station, self.now, self.joined))

    def enter(self, party: Party, station: Station, first: bool = False, inside: bool = False) -> Visit:
        """Join the queue of a station, and be called at once if a server is free."""
        visit = self.open_visit(party, station)
        visit.first = visit.quoted = first
        visit.inside = inside
        self.stand(visit)
        return visit

    def stand(self, visit: Visit, settle: bool = True) -> None:
        """Stand in the queue, with the clocks that may end the wait."""
        visit.turn = simpy.Event(self.env)
        visit.station.put(visit)
        row = self.plan.patience_row[visit.station.number]
        if row != NOWHERE:
            self.leave_at(visit, Kind.RENEGE, self.now + int(self.tape.times[row, visit.party.row]))
        if visit.first:
            self.wind_up(visit)
        if settle:
            self.settle(visit.station)

    def put_back(self, visit: Visit) -> Visit:
        """Interrupt a service: back to the head of the queue, on a new visit that keeps its place."""
        visit.ended_at = self.now
        self.log.close(visit, Outcome.INTERRUPTED, self.now)
        again = self.log.open(visit.again(self.now))
        again.turn = simpy.Event(self.env)
        visit.station.put_back(again)
        return again

    def main_queue(self, visit: Visit) -> MainQueue:
        """The main queue a visit stands in."""
        return self.main_queues[visit.party.crossing][visit.cls]

    def wind_up(self, visit: Visit) -> None:
        """Start the clocks that make a party leave the main queue."""
        queue = self.main_queue(visit)
        for w in queue.ways:
            queue.wind_up(visit, w, self.now, int(self.tape.times[self.plan.clock_row[w], visit.party.row]))
            self.leave_when_due(queue, w)

    def leave_when_due(self, queue: MainQueue, w: int) -> None:
        """Let those leave whose clock runs down before the next announcement."""
        for at, visit in queue.due(w):
            self.leave_at(visit, LEAVING[w], at)

    def leave_at(self, visit: Visit, how: Kind, at: int) -> None:
        """At that instant the party leaves the queue, if it still waits there and service never began."""
        moment = Moment(self.env, at, how, visit.party.number)
        moment.callbacks.append(lambda _: self.leave(visit, how))

    def leave(self, visit: Visit, how: Kind) -> None:
        """Leave the queue now, unless called in the meantime."""
        if not visit.waiting or visit.started_at != NEVER:
            return
        visit.station.take(visit)
        self.log.close(visit, self.roads.left_as(visit, how, self.now), self.now)
        visit.turn.succeed(how)
        self.settle(visit.station)

    def settle(self, station: Station) -> None:
        """Everything that follows at once from a change at a station: calls, room behind, and calls upstream."""
        self.call_all(station)
        freed = []
        zone = station.zone
        while zone and zone.blocked and zone.fits(zone.blocked[0][0].party.cls):
            visit, target = zone.blocked.popleft()
            self.log.close(visit, Outcome.SERVED, self.now)
            visit.station.busy -= 1
            following = self.open_visit(visit.party, target)
            following.inside = True
            self.stand(following, settle=False)
            visit.room.succeed(following)
            self.call_all(target)
            freed.append(visit.station)
        for upstream in freed:
            self.settle(upstream)

    def call_all(self, station: Station) -> None:
        """Call the next as long as a server is free and somebody may be called."""
        while (visit := station.next_up()) is not None:
            station.take(visit)
            station.busy += 1
            station.starts_left -= 1
            station.clock = station.passed[visit.stream]
            station.passed[visit.stream] += station.stride[visit.stream]
            visit.started_at = self.now
            if visit.left_to_do is None:
                visit.left_to_do = self.service_time(visit)
                if visit.quoted:
                    self.main_queue(visit).started += 1
            visit.ends_at = self.now + visit.left_to_do
            if station.preempt:
                station.in_service.append(visit)
            visit.turn.succeed(Kind.SERVICE_END)

    def service_time(self, visit: Visit) -> int:
        """Milliseconds the service takes; here it is settled how many men are checked and who is refused."""
        plan, tape, s, party = self.plan, self.tape, visit.station.number, visit.party
        row = party.row
        time = int(tape.times[(plan.foot_row if party.on_foot else plan.service_row)[s], row])
        time = time * party.share[0] // party.share[1]
        if plan.screening_row[s] != NOWHERE:
            cdf = plan.checked_cdf[visit.station.intensity, party.of_age]
            visit.checked = drawn(tape.chances[plan.screening_row[s], row], cdf)
        elif s in self.offices:
            visit.men = party.men
        if plan.man_row[s] != NOWHERE:
            time += int(tape.times[plan.man_row[s], row]) * max(visit.checked, visit.men)
        if plan.refused_row[s] != NOWHERE and tape.chances[plan.refused_row[s], row] < plan.refusal[s]:
            visit.refused = True
            time += int(tape.times[plan.refusal_row[s], row])
        return time
