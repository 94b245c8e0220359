"""What stands at a border: parties on their visits, stations with their queues, and zones.

These hold state and know no clock; the story and the border change them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import simpy

from sim.engine.plan import NOWHERE, PER_MILLE, STOPPED_UNIT, Plan
from sim.engine.records import NEVER
from sim.engine.reference.controls import Lightening
from sim.engine.reference.team import Team


@dataclass(slots=True, eq=False)
class Party:
    """Travellers who move as one unit."""

    number: int  # in the records; a twin's is beyond those of the tape
    column: int  # of the tape; a twin shares that of its party
    cls: int
    people: int
    men: int  # of call-up age
    stream: int = field(init=False)
    home_cls: int = field(init=False)  # the class it set out as
    origin: int = NOWHERE  # NOWHERE: it comes to one crossing and has no choice
    crossing: int = NOWHERE  # NOWHERE: still at home, or driving
    bound_for: int = NOWHERE  # the crossing it drives to, or is about to
    comes_at: int = NEVER  # when it comes there
    diversions: int = 0  # drives from one crossing to another so far
    on_foot: bool = False  # left its vehicle, by foot or bike
    men_stopped: int = 0  # at draft screening
    parted: bool = False  # at draft screening, which happens to a party once
    examined: bool = False  # its men count among those who came before the officers
    rounds: int = 0  # returns to stations where it has been
    back_to: Station | None = None  # where it goes after the station it was sent to
    share: tuple[int, int] = (1, 1)  # of a twin in the people of the party it comes from
    visits: int = 0  # so far
    visit: Visit | None = None  # the one it is on
    in_service: bool = False  # its process waits for the end of the service
    process: simpy.Process | None = None

    def __post_init__(self) -> None:
        self.stream = self.home_cls = self.cls

    @property
    def current_visit(self) -> Visit:
        """The visit a party is on that waits, is served or is blocked."""
        assert self.visit is not None
        return self.visit


@dataclass(slots=True, eq=False)
class Visit:
    """One party at one station, from joining the queue to leaving; it takes class, stream and people as they are."""

    party: Party
    station: Station
    arrived_at: int
    index: int = field(init=False)
    cls: int = field(init=False)
    stream: int = field(init=False)
    people: int = field(init=False)
    started_at: int = NEVER
    ended_at: int = NEVER
    men: int = 0  # stopped at draft screening, or concerned at an enlistment office
    first: bool = False  # in a main queue, by road: the clocks of leaving run
    in_quoted_wait: bool = False  # in a main queue, by road or on foot: its service start counts as a departure
    in_zone: bool = False  # came from the station before, so it stands in the zone; others stand outside
    joined: int = 0  # place in the order of joining
    waiting: bool = False
    wait_over: Any = None  # event: called (None), or leaves the queue (which way)
    room: Any = None  # event: no longer blocked
    men_checked: int = 0
    refused: bool = False
    sent_aside: bool = False  # after the service
    factors: tuple[int, ...] = ()  # on the service time, per mille
    service_left: int | None = None  # milliseconds; None before service first begins
    ends_at: int = NEVER
    called: int = 0  # people so far, where they are served one by one
    at_servers: int = 0  # those of them in service
    last_through: Any = None  # event: so is the last one

    def __post_init__(self) -> None:
        party = self.party
        self.index, self.cls, self.stream, self.people = party.visits, party.cls, party.stream, party.people
        party.visits += 1

    def again(self, now: int) -> Visit:
        """Return the visit on which an interrupted service goes on; what the first part settled holds.

        The party waits at its desk and takes no room in the zone.
        """
        visit = Visit(self.party, self.station, now, joined=self.joined, men=self.men)
        visit.men_checked, visit.refused = self.men_checked, self.refused
        visit.service_left = self.ends_at - now
        return visit

    def go_on_at(self, station: Station, now: int) -> None:
        """Go on as a visit to another station, with the clocks that may end the wait."""
        self.station, self.arrived_at, self.index = station, now, self.party.visits
        self.party.visits += 1
        self.party.visit = self


class Zone:
    """Ground behind a station, with limited room; a party that finds it full is blocked at the station before."""

    def __init__(self, capacity: int, space: list[int], counts_people: bool) -> None:
        self.capacity, self.used = capacity, 0
        self._space, self.counts_people = space, counts_people
        self.blocked: deque[tuple[Visit, Station]] = deque()  # and the station each goes to

    def room_for(self, cls: int, people: int) -> int:
        """Return the room that a party takes."""
        return self._space[cls] * (people if self.counts_people else 1)

    def fits(self, party: Party) -> bool:
        """Whether there is room for one more party."""
        return self.used + self.room_for(party.cls, party.people) <= self.capacity


def zones_of(plan: Plan) -> list[Zone]:
    """Return the zones of a plan, empty."""
    zones = zip(plan.zone_capacity, plan.zone_space.tolist(), plan.zone_counts_people, strict=True)
    return [Zone(int(capacity), space, bool(counts_people)) for capacity, space, counts_people in zones]


class Station:
    """One queue per stream, the rule by which the next party is called, and the team that serves it."""

    def __init__(self, plan: Plan, number: int, zones: list[Zone], team: Team) -> None:
        self.number = number
        self.zone = zones[plan.zone[number]] if plan.zone[number] != NOWHERE else None
        self.team, self.limit = team, int(plan.pool_limit[number])
        self.busy = 0  # servers of the team
        self.active = True
        self.is_open = [True] * plan.next.shape[1]  # by class
        self.intensity = 0  # row of `Plan.intensities`
        self.screens = plan.screening_row[number] != NOWHERE
        self.by_shares, self.interrupts = bool(plan.discipline[number]), bool(plan.interrupts[number])
        self.may_interrupt = team.preempt or self.interrupts
        self.rank, self.stride = plan.rank[number].tolist(), plan.stride[number].tolist()
        self.batch, self.starts_left = int(plan.release_size[number]), 0
        self.queues: list[deque[Visit]] = [deque() for _ in self.rank]
        self.waiting = [0] * len(self.rank)
        self.passed, self.pass_called = [0] * len(self.rank), 0  # stride scheduling (Waldspurger and Weihl 1995)
        self.lightening = Lightening(plan, number) if plan.light_every[number] else None
        self.paced = bool(plan.paced[number])
        self.pace = plan.pace[number].tolist() if self.paced else []  # by servers at work, and by parties waiting
        self.service_factor = self.patience_factor = PER_MILLE
        self.refusal = float(plan.refusal[number])
        self.posted_wait = 0  # as expected at the last announcement
        self.one_by_one = plan.one_by_one[number].tolist()  # by class
        team.add(self)

    @property
    def servers(self) -> int:
        """The servers who may work here."""
        return min(self.team.servers, self.limit)

    def join_queue(self, visit: Visit) -> None:
        """Put a visit at the tail of the queue of its stream."""
        if not any(self.waiting):
            self.team.begin_claim(self)
        if self.waiting[visit.stream] == 0:
            self.passed[visit.stream] = max(self.passed[visit.stream], self.pass_called)
        self.queues[visit.stream].append(visit)
        self._count_in(visit)

    def rejoin_queue(self, visit: Visit) -> None:
        """Put a visit at the head of the queue after an interrupted service."""
        self.queues[visit.stream].appendleft(visit)
        self._count_in(visit)

    def _count_in(self, visit: Visit) -> None:
        visit.waiting = True
        self.waiting[visit.stream] += 1
        if self.zone and visit.in_zone:
            self.zone.used += self.zone.room_for(visit.cls, visit.people)

    def leave_queue(self, visit: Visit) -> None:
        """Take a visit out of the queue, to be served or not."""
        visit.waiting = False  # it is dropped from the deque once it comes to the head
        self.waiting[visit.stream] -= 1
        if self.zone and visit.in_zone:
            self.zone.used -= self.zone.room_for(visit.cls, visit.people - visit.called)

    def _call_person(self, visit: Visit) -> None:
        """Call one person of a party, which leaves the queue with its last; until then it has a place in the zone."""
        if visit.called == visit.people - 1:
            self.leave_queue(visit)
        elif self.zone and visit.in_zone and self.zone.counts_people:
            self.zone.used -= self.zone.room_for(visit.cls, 1)
        visit.called += 1

    def intensity_now(self) -> int:
        """Return the row of `Plan.intensities` in force."""
        light = self.lightening
        return light.intensity if light and light.in_force and light.intensity != NOWHERE else self.intensity

    def call(self, visit: Visit) -> None:
        """Give a server to a waiting visit, or to the next of its people where they are served one by one."""
        if self.one_by_one[visit.cls]:
            self._call_person(visit)
        else:
            self.leave_queue(visit)
        if self.paced:
            seen = zip(self.pace, (self.servers, sum(self.waiting)), strict=True)
            visit.factors = (*(rows[min(n, len(rows) - 1)] for rows, n in seen), self.service_factor)
            if self.lightening and self.lightening.in_force:
                visit.factors += (self.lightening.factor,)
        self.busy += 1
        self.starts_left -= 1
        self.team.begin_service(self)
        self.pass_called = self.passed[visit.stream]
        self.passed[visit.stream] += self.stride[visit.stream]
        if self.may_interrupt:
            self.team.in_service.append(visit)

    def free_server(self) -> None:
        """Let a server be free again."""
        self.busy -= 1
        self.team.busy -= 1

    def next_to_call(self) -> Visit | None:
        """Return the visit that is called next; None if no server is free or nobody may be called."""
        return self._foremost() if self._can_start() else None

    def next_to_interrupt(self, now: int) -> Visit | None:
        """Return the service that a waiting visit of an earlier rank interrupts: of the last rank, the last to begin.

        A service that is due to end at this millisecond is not interrupted.
        """
        if not self.interrupts or self.busy != self.servers or (self.batch and not self.starts_left):
            return None
        waiting = self._foremost()
        if waiting is None:
            return None
        later = [v for v in self.team.in_service if v.ends_at > now and self.rank[v.stream] > self.rank[waiting.stream]]
        return max(reversed(later), key=lambda visit: self.rank[visit.stream], default=None)

    def _foremost(self) -> Visit | None:
        """Return the waiting visit that comes before all others that may be called."""
        best, best_key = None, None
        for stream, queue in enumerate(self.queues):
            while queue and not queue[0].waiting:
                queue.popleft()
            if not queue or not self.is_open[queue[0].cls]:
                continue
            key = (self.passed[stream] if self.by_shares else 0, self.rank[stream], queue[0].joined)
            if best_key is None or key < best_key:
                best, best_key = queue[0], key
        return best

    def _can_start(self) -> bool:
        is_free = self.team.busy < self.team.servers and self.busy < self.limit
        return is_free and not (self.batch and not self.starts_left)

    def queue_for(self, cls: int) -> int:
        """Return how many wait; nothing is shorter than a free server."""
        return -1 if self.serves_at_once(cls) else sum(self.waiting)

    def last_to_join(self) -> Visit | None:
        """Return the waiting visit that joined last; None if it has been served in part, so that it stays."""
        tails = []
        for queue in self.queues:
            while queue and not queue[-1].waiting:
                queue.pop()
            tails += [queue[-1]] if queue else []
        last = max(tails, key=lambda visit: visit.joined, default=None)
        return last if last is not None and last.service_left is None and not last.called else None

    def leave_tail(self, visit: Visit) -> None:
        """Take the visit out of the queue that joined last."""
        self.leave_queue(visit)
        self.queues[visit.stream].pop()

    def serves_at_once(self, cls: int) -> bool:
        """Whether a server is free for a newcomer of a class."""
        return self._can_start() and self.is_open[cls]

    def has_room(self, party: Party) -> bool:
        """Whether there is room for one more party; where there are no places to wait, that is a free server."""
        zone = self.zone
        return zone is None or zone.fits(party) or (zone.capacity == 0 and self.serves_at_once(party.cls))

    def is_full(self, party: Party) -> bool:
        """Whether a party must wait for room in the zone; it does not overtake those already blocked."""
        return (self.zone is not None and bool(self.zone.blocked)) or not self.has_room(party)


class WordOfStops:
    """What travellers hear of the men stopped at a crossing: their share among those who came before the officers.

    It is taken at every announcement of the quoted wait, over a window, and heard some time later. Every man counts as
    examined once. The share is in 1 / STOPPED_UNIT.
    """

    def __init__(self, plan: Plan, crossing: int) -> None:
        self.start, self.every = plan.start, int(plan.quote_every[crossing])
        self.window, self.delay = int(plan.stops_window[crossing]), int(plan.stops_delay[crossing])
        self.examined = self.stopped = 0  # men so far
        self.counts: list[tuple[int, int]] = []  # both, at every announcement
        self.shares: list[int] = []  # at every announcement

    def announce(self, is_screened: bool) -> None:
        """Take the share anew; the last one goes on while no men come, and is 0 while there is no screening."""
        before = self.counts[max(len(self.counts) - self.window, 0)] if self.counts else (0, 0)
        examined, stopped = self.examined - before[0], self.stopped - before[1]
        self.counts.append((self.examined, self.stopped))
        share = self.shares[-1] if self.shares else 0
        if not is_screened:
            share = 0
        elif examined:
            share = min(STOPPED_UNIT * stopped // examined, STOPPED_UNIT)
        self.shares.append(share)

    def heard(self, at: int) -> int:
        """Return the share that travellers have heard of at an instant (not after now)."""
        announcement = (at - self.delay - self.start) // self.every
        return self.shares[announcement] if announcement >= 0 else 0


def inverse_cdf(cdf: Any, u: float) -> int:
    """Return the smallest k with u < cdf[k]."""
    return int(cdf.searchsorted(u, side="right"))
