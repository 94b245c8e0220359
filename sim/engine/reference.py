"""The border as a story, played with SimPy: the specification that the compiled engine must equal record by record.

Every party is one process: it arrives, waits, is served, moves on or turns back. Everything that changes the border
happens in a `Moment`, and moments at the same millisecond come in one written order (docs/mechanisms.md): by kind,
then by number of the party (or station, or crossing). What follows at once from a moment, such as the next in the
queue being called, is done within it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import IntEnum
from itertools import groupby
from typing import Any

import numpy as np
import simpy
from simpy.events import EventPriority

from sim.engine.places import MainQueue, Party, Station, Visit, Zone, drawn
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import DTYPES, FINAL, NEVER, Outcome, Records, in_order
from sim.engine.tape import Tape
from sim.scenario.quantities import BYPASS, STREAMS

BYPASS_STREAM = STREAMS.index(BYPASS)
Process = Generator[simpy.Event, Any, None]


class Kind(IntEnum):
    """What a moment is; at one millisecond lower numbers come first."""

    HORIZON = 1
    SWITCH = 2  # staffing, opening, activity, screening intensity, ways of leaving, in the order of the plan
    QUOTE = 3  # the wait is announced
    SERVICE_END = 4
    RELEASE = 5  # a batch is let through
    RENEGE = 6
    CHANGE_MODE = 7
    BYPASS = 8
    ARRIVAL = 9
    ON_FOOT = 10  # a party that left its vehicle arrives on foot or by bike


CALLED = Kind.SERVICE_END
WAYS = (Kind.RENEGE, Kind.CHANGE_MODE, Kind.BYPASS)
LEFT_AS = {Kind.RENEGE: Outcome.RENEGED, Kind.CHANGE_MODE: Outcome.CHANGED_MODE, Kind.BYPASS: Outcome.BYPASSED}


class Moment(simpy.Event):
    """An instant at which something happens, ordered among those of the same millisecond."""

    def __init__(self, env: simpy.Environment, at: int, kind: Kind, number: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, priority=EventPriority((kind << 40) | number), delay=at - env.now)


class Border:
    """All stations of all crossings, and the parties that pass them."""

    def __init__(self, plan: Plan, tape: Tape) -> None:
        self.plan, self.tape = plan, tape
        self.env = simpy.Environment(initial_time=plan.start)
        zones = [Zone(int(c), space) for c, space in zip(plan.zone_capacity, plan.zone_space.tolist(), strict=True)]
        self.stations = [Station(plan, s, zones) for s in range(len(plan.stations))]
        self.offices = set(plan.office.tolist())
        self.next = plan.next.tolist()
        self.joined = 0
        self.visits: dict[Visit, None] = {}  # those not over
        self.rows: list[tuple[int, ...]] = []
        self.main_queues = [
            [MainQueue(plan, x, c) for c in range(plan.first.shape[1])] for x in range(len(plan.crossings))
        ]

    @property
    def now(self) -> int:
        """Milliseconds since t0."""
        return int(self.env.now)

    def play(self) -> Records:
        """Play the tape to the horizon and return what happened."""
        self.env.process(self.switches())
        for x in range(len(self.plan.crossings)):
            if self.plan.quote_every[x]:
                self.env.process(self.announcements(x))
        for station in self.stations:
            if station.batch:
                self.env.process(self.releases(station))
        self.env.process(self.arrivals())
        self.env.run(until=Moment(self.env, self.plan.horizon, Kind.HORIZON, 0))
        for visit in list(self.visits):
            self.close(visit, Outcome.UNFINISHED, NEVER)
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(DTYPES)
        return in_order({name: np.array(c, dtype=t) for (name, t), c in zip(DTYPES.items(), columns, strict=True)})

    # --- the way of a party ------------------------------------------------------------------------------------------

    def arrivals(self) -> Process:
        """Let the parties of the tape arrive, one after the other."""
        for row, at in enumerate(self.tape.arrived_at.tolist()):
            yield Moment(self.env, at, Kind.ARRIVAL, row)
            party = Party(row, row, int(self.tape.cls[row]), int(self.tape.people[row]))
            party.of_age = int(self.tape.men[row])
            visit = self.arrive(party)
            if visit:
                party.process = self.env.process(self.journey(party, visit))

    def arrive(self, party: Party) -> Visit | None:
        """Join the main queue or the bypass, or do not join at all."""
        tape, plan, row = self.tape, self.plan, party.row
        x = int(tape.crossing[row])
        main = self.main_queues[x][party.cls]
        station = self.standing(plan.first[x, party.cls], party.cls)
        if station is None:
            self.turn_away(party, self.stations[plan.first[x, party.cls]], Outcome.CROSSED)
            return None
        if tape.barred[row]:
            self.turn_away(party, station, Outcome.BARRED)
            return None
        bypass = self.standing(plan.joins[x, party.cls], party.cls) if main.open[WAYS.index(Kind.BYPASS)] else None
        share = plan.bypass_local[x, party.cls] if tape.local[row] else main.quoted(plan.bypass_share)
        if bypass and not tape.initial[row] and tape.u_bypass[row] < share:
            party.stream = BYPASS_STREAM
            return self.enter(party, bypass)
        waiting = station.waiting[party.stream]
        sees_too_much = waiting >= main.balk_over and (waiting > 0 or not station.someone_could_start(party.cls))
        if not tape.initial[row] and (sees_too_much or tape.u_balk[row] < main.quoted(plan.balk_share)):
            self.turn_away(party, station, Outcome.BALKED)
            return None
        return self.enter(party, station, first=True)

    def journey(self, party: Party, visit: Visit | None) -> Process:
        """One party's way from the first queue to the other country, or back."""
        while visit is not None:
            how = yield visit.turn
            if how is CALLED:
                yield from self.service(visit)
                visit = yield from self.go_on(party, visit)
            elif how is Kind.RENEGE:
                visit = None
            elif how is Kind.CHANGE_MODE:
                visit = yield from self.change_mode(party)
            else:
                party.stream = BYPASS_STREAM
                visit = self.enter(party, self.bypass_station(party))

    def service(self, visit: Visit) -> Process:
        """Be served, if need be in several goes."""
        while True:
            begun = self.now
            try:
                yield Moment(self.env, begun + visit.remaining, Kind.SERVICE_END, visit.party.number)
                break
            except simpy.Interrupt:
                visit.remaining -= self.now - begun
                yield visit.turn
        visit.ended_at = self.now
        if visit.station.preempt:
            visit.station.in_service.remove(visit)

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
        self.close(visit, fate, self.now)
        station.busy -= 1
        following_visit = self.enter(party, target, inside=True) if target is not None else None
        self.settle(station)
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
        target = self.standing(self.next[visit.station.number][visit.party.cls], visit.party.cls)
        return (Outcome.CROSSED if target is None else Outcome.SERVED), target

    def screened(self, visit: Visit) -> tuple[Outcome, Station | None] | None:
        """The end of draft screening; None if the party goes on (perhaps without the men stopped)."""
        plan, tape, s, party = self.plan, self.tape, visit.station.number, visit.party
        row = plan.screening_row[s]
        hits = drawn(tape.u_hit[row, party.row], plan.hit_cdf[s, visit.checked])
        if hits == 0:
            return None
        fate = drawn(tape.u_fate[row, party.row], plan.fate_cdf[s])
        office = self.stations[plan.office[s]] if plan.office[s] != NOWHERE else None
        if fate == 3 and not (office and office.active and office.open[party.cls]):
            fate, office = int(plan.if_office_closed[s]), None
        if fate == 0:
            return None
        outcome = (Outcome.SERVED, Outcome.SUMMONED, Outcome.REFUSED, Outcome.SENT_ON)[fate]
        target = office if outcome is Outcome.SENT_ON else None
        visit.men = hits
        if party.parted or hits >= party.people or tape.u_together[row, party.row] < plan.stays_together[s]:
            party.men = hits
            return outcome, target
        self.part(visit, hits, outcome, target)
        return None

    def part(self, visit: Visit, men: int, outcome: Outcome, target: Station | None) -> None:
        """The men stopped stay behind as a party of their own, the twin; the others go on."""
        party = visit.party
        twin = Party(len(self.tape) + party.number, party.row, int(self.tape.mode_to[party.row]), men)
        twin.on_foot, twin.men, twin.share = True, men, (men, int(self.tape.people[party.row]))
        party.people -= men
        party.of_age -= men
        party.parted = twin.parted = True
        twin.of_age = men
        now = self.now
        stop = Visit(twin, visit.station, now, 0)
        stop.started_at = stop.ended_at = now
        stop.men, visit.men = men, 0
        self.close(stop, outcome, now)
        if target is not None:
            twin.process = self.env.process(self.journey(twin, self.enter(twin, target)))

    def change_mode(self, party: Party) -> Generator[simpy.Event, Any, Visit]:
        """Leave the vehicle and arrive on foot or by bike some time later."""
        party.cls = party.stream = int(self.tape.mode_to[party.row])
        party.on_foot = True
        station = self.mode_station(party)
        visit = self.open_visit(party, station)
        visit.quoted = True
        visit.arrived_at = self.now + int(self.tape.walk[party.row])
        yield Moment(self.env, visit.arrived_at, Kind.ON_FOOT, party.number)
        self.joined += 1
        visit.joined = self.joined
        self.stand(visit)
        return visit

    # --- queues ------------------------------------------------------------------------------------------------------

    def standing(self, number: int, cls: int) -> Station | None:
        """The first active station of a class from station `number` on; None across the border."""
        while number != NOWHERE and not self.stations[number].active:
            number = self.next[number][cls]
        return self.stations[number] if number != NOWHERE else None

    def bypass_station(self, party: Party) -> Station:
        """Where the bypass of a party's class meets the way of the others."""
        joins = self.plan.joins[self.tape.crossing[party.row], party.cls]
        return self.standing(joins, party.cls) or self.stations[joins]

    def mode_station(self, party: Party) -> Station:
        """Where a party stands that left its vehicle."""
        first = self.plan.first[self.tape.crossing[party.row], party.cls]
        return self.standing(first, party.cls) or self.stations[first]

    def open_visit(self, party: Party, station: Station) -> Visit:
        """Begin a visit, with the next number in the order of joining."""
        self.joined += 1
        visit = Visit(party, station, self.now, self.joined)
        self.visits[visit] = None
        return visit

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
            self.leave_at(visit, Kind.RENEGE, self.now + int(self.tape.patience[row, visit.party.row]))
        if visit.first:
            self.wind_up(visit)
        if settle:
            self.settle(visit.station)

    def main_queue(self, visit: Visit) -> MainQueue:
        """The main queue a visit stands in."""
        return self.main_queues[int(self.tape.crossing[visit.party.row])][visit.cls]

    def wind_up(self, visit: Visit) -> None:
        """Start the clocks that make a party leave the main queue."""
        queue = self.main_queue(visit)
        for w in queue.ways:
            queue.wind_up(visit, w, self.now, int(self.tape.clocks[w, visit.party.row]))
            self.leave_when_due(queue, w)

    def leave_when_due(self, queue: MainQueue, w: int) -> None:
        """Let those leave whose clock runs down before the next announcement."""
        for at, visit in queue.due(w):
            self.leave_at(visit, WAYS[w], at)

    def leave_at(self, visit: Visit, how: Kind, at: int) -> None:
        """At that instant the party leaves the queue, if it still waits there and service never began."""
        moment = Moment(self.env, at, how, visit.party.number)
        moment.callbacks.append(lambda _: self.leave(visit, how))

    def leave(self, visit: Visit, how: Kind) -> None:
        """Leave the queue now, unless called in the meantime."""
        if not visit.waiting or visit.started_at != NEVER:
            return
        visit.station.take(visit)
        self.close(visit, LEFT_AS[how], self.now)
        visit.turn.succeed(how)
        self.settle(visit.station)

    def settle(self, station: Station) -> None:
        """Everything that follows at once from a change at a station: calls, room behind, and calls upstream."""
        self.call_all(station)
        freed = []
        zone = station.zone
        while zone and zone.blocked and zone.fits(zone.blocked[0][0].party.cls):
            visit, target = zone.blocked.popleft()
            self.close(visit, Outcome.SERVED, self.now)
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
            if visit.started_at == NEVER:
                visit.started_at = self.now
                visit.remaining = self.service_time(visit)
                if visit.quoted:
                    self.main_queue(visit).started += 1
            if station.preempt:
                station.in_service.append(visit)
            visit.turn.succeed(CALLED)

    def service_time(self, visit: Visit) -> int:
        """Milliseconds the service takes; here it is settled how many men are checked and who is refused."""
        plan, tape, s, party = self.plan, self.tape, visit.station.number, visit.party
        row = party.row
        time = int((tape.service_on_foot if party.on_foot else tape.service)[s, row])
        time = time * party.share[0] // party.share[1]
        if plan.screening_row[s] != NOWHERE:
            cdf = plan.checked_cdf[visit.station.intensity, party.of_age]
            visit.checked = drawn(tape.u_checked[plan.screening_row[s], row], cdf)
        elif s in self.offices:
            visit.men = party.men
        if plan.man_row[s] != NOWHERE:
            time += int(tape.man_time[plan.man_row[s], row]) * max(visit.checked, visit.men)
        refusal = plan.refusal_row[s]
        if refusal != NOWHERE and tape.u_refused[refusal, row] < plan.refusal[s]:
            visit.refused = True
            time += int(tape.refusal_time[refusal, row])
        return time

    # --- records -----------------------------------------------------------------------------------------------------

    def close(self, visit: Visit, outcome: Outcome, left_at: int) -> None:
        """Write the row of a visit that is over; of those who part at screening, each comes to an end of its own."""
        self.visits.pop(visit, None)
        people = visit.party.people if outcome in FINAL else visit.people
        self.rows.append(
            (
                visit.party.number, visit.index, int(self.tape.crossing[visit.party.row]), visit.station.number,
                visit.cls, visit.stream, people, visit.men, visit.arrived_at, visit.started_at,
                visit.ended_at, left_at, outcome, visit.first,
            )
        )  # fmt: skip

    def turn_away(self, party: Party, station: Station, outcome: Outcome) -> None:
        """Write the row of a party that does not join."""
        self.close(Visit(party, station, self.now, 0), outcome, self.now)

    # --- what happens by the calendar --------------------------------------------------------------------------------

    def switches(self) -> Process:
        """Turn the plan's switches; nobody is called before all switches of the same millisecond are turned."""
        actions: list[tuple[int, Callable[..., None], list[int]]] = [
            (row[0], action, row[1:])
            for table, action in (
                (self.plan.staffing, self.staff),
                (self.plan.opening, self.open_or_close),
                (self.plan.activity, self.activate),
                (self.plan.intensity, self.screen),
                (self.plan.way_open, self.open_way),
            )
            for row in table.tolist()
        ]
        for at, together in groupby(sorted(actions, key=lambda row: row[0]), key=lambda row: row[0]):
            yield Moment(self.env, at, Kind.SWITCH, 0)
            changed = set()
            for _, action, values in together:
                action(*values)
                changed |= {values[0]} if action in (self.staff, self.open_or_close) else set()
            for s in sorted(changed):
                self.settle(self.stations[s])

    def staff(self, s: int, servers: int) -> None:
        """Change the staffing; those in service finish, or the last to start go back to the head of the queue."""
        station = self.stations[s]
        station.servers = servers
        while station.preempt and station.in_service and station.busy > servers:
            visit = station.in_service.pop()
            station.busy -= 1
            visit.turn = simpy.Event(self.env)
            station.put_back(visit)
            visit.party.process.interrupt()

    def open_or_close(self, s: int, cls: int, is_open: int) -> None:
        """Open or close a station for a class."""
        self.stations[s].open[cls] = bool(is_open)

    def activate(self, s: int, there: int) -> None:
        """From now on newcomers stop at the station, or pass by."""
        self.stations[s].active = bool(there)

    def screen(self, s: int, intensity: int) -> None:
        """Change the share of men checked."""
        self.stations[s].intensity = intensity

    def open_way(self, x: int, cls: int, way: int, is_open: int) -> None:
        """Open or close a way of leaving the main queue; hazards follow at the next announcement."""
        self.main_queues[x][cls].open[way] = bool(is_open)

    def releases(self, station: Station) -> Process:
        """Let a batch through at every tick."""
        every = int(self.plan.release_every[station.number])
        at = self.plan.start
        while at < self.plan.horizon:
            yield Moment(self.env, at, Kind.RELEASE, station.number)
            station.starts_left = station.batch
            self.settle(station)
            at += every

    def announcements(self, x: int) -> Process:
        """Announce the wait of every main queue of a crossing at regular instants."""
        at = self.plan.start
        while at < self.plan.horizon:
            yield Moment(self.env, at, Kind.QUOTE, x)
            for queue in self.main_queues[x]:
                station = self.standing(self.plan.first[x, queue.cls], queue.cls)
                queue.announce(self.now, station.waiting[queue.cls] if station else 0)
                for w in queue.ways:
                    self.leave_when_due(queue, w)
            at += int(self.plan.quote_every[x])


def play(plan: Plan, tape: Tape) -> Records:
    """Return what happens when the tape is played: one row per party and visit."""
    return Border(plan, tape).play()
