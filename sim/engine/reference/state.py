"""What stands at a border: parties on their visits, stations with their queues, zones, and the main queue's quotes.

These hold state and know no clock; the reference engine moves them.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Any

from sim.engine.plan import NOWHERE, WAYS, Plan
from sim.engine.records import NEVER
from sim.scenario.model.quantities import STREAMS


class Party:
    """Who moves as one unit; `row` is its column of the tape, `number` its own (a twin's is beyond the tape)."""

    __slots__ = (
        "bound_for", "cls", "crossing", "diversions", "home", "men", "number", "of_age", "on_foot", "origin", "parted",
        "people", "process", "row", "share", "stream", "visits",
    )  # fmt: skip

    def __init__(self, number: int, row: int, cls: int, people: int) -> None:
        self.number, self.row, self.cls, self.people = number, row, cls, people
        self.stream = self.home = cls
        self.crossing = self.origin = self.bound_for = NOWHERE
        self.diversions = 0
        self.men = 0  # men concerned: found on the list
        self.of_age = 0  # men of call-up age still with it
        self.parted = False  # at draft screening, which happens to a party once
        self.on_foot = False
        self.share = (1, 1)  # of the people it came with, for a twin
        self.visits = 0
        self.process: Any = None


class Visit:
    """One party at one station, from joining the queue to leaving."""

    __slots__ = (
        "arrived_at", "checked", "cls", "ended_at", "ends_at", "first", "index", "inside", "joined", "left_to_do",
        "men", "party", "people", "quoted", "refused", "room", "started_at", "station", "stream", "turn", "waiting",
    )  # fmt: skip

    def __init__(self, party: Party, station: Station, now: int, joined: int) -> None:
        self.party, self.station, self.joined = party, station, joined
        self.index, self.cls, self.stream, self.people = party.visits, party.cls, party.stream, party.people
        party.visits += 1
        self.arrived_at, self.started_at, self.ended_at = now, NEVER, NEVER
        self.men = self.checked = 0
        self.quoted = False  # stands in a main queue, on foot or not: counts in its quoted wait
        self.first = self.waiting = self.refused = False
        self.inside = False  # came from the station before, so it stands in the zone; others stand outside
        self.left_to_do: int | None = None  # of the service, once it has begun here or on an earlier visit
        self.ends_at = NEVER
        self.turn: Any = None  # the event of being called, or of leaving the queue
        self.room: Any = None  # the event of no longer being blocked

    def again(self, now: int) -> Visit:
        """Return the visit on which an interrupted service goes on; what was found in the first part holds."""
        visit = Visit(self.party, self.station, now, self.joined)
        visit.inside, visit.men, visit.checked, visit.refused = self.inside, self.men, self.checked, self.refused
        visit.left_to_do = self.ends_at - now
        return visit


class Zone:
    """Ground behind a station, with room for so much; who finds it full is blocked at that station."""

    def __init__(self, capacity: int, space: list[int]) -> None:
        self.capacity, self.space, self.used = capacity, space, 0
        self.blocked: deque[tuple[Visit, Station]] = deque()

    def fits(self, cls: int) -> bool:
        """Whether there is room for one more party of a class."""
        return self.used + self.space[cls] <= self.capacity


class Station:
    """Servers, one queue per stream, and the rule by which the next is called."""

    def __init__(self, plan: Plan, number: int, zones: list[Zone]) -> None:
        self.number = number
        self.zone = zones[plan.zone[number]] if plan.zone[number] != NOWHERE else None
        self.servers = self.busy = 0
        self.active = True
        self.open = [True] * plan.next.shape[1]
        self.intensity = 0
        self.by_shares, self.preempt = bool(plan.discipline[number]), bool(plan.preempt[number])
        self.rank, self.stride = plan.rank[number].tolist(), plan.stride[number].tolist()
        self.batch, self.starts_left = int(plan.release_size[number]), 0
        self.queues: list[deque[Visit]] = [deque() for _ in STREAMS]
        self.waiting = [0] * len(STREAMS)
        self.passed, self.clock = [0] * len(STREAMS), 0  # stride scheduling (Waldspurger and Weihl 1995)
        self.in_service: list[Visit] = []  # kept only where staff who leave interrupt the service

    def put(self, visit: Visit) -> None:
        """Join the queue of its stream."""
        if self.waiting[visit.stream] == 0:
            self.passed[visit.stream] = max(self.passed[visit.stream], self.clock)
        self.queues[visit.stream].append(visit)
        self._stand(visit)

    def put_back(self, visit: Visit) -> None:
        """Go back to the head of the queue after an interrupted service."""
        self.queues[visit.stream].appendleft(visit)
        self._stand(visit)

    def _stand(self, visit: Visit) -> None:
        visit.waiting = True
        self.waiting[visit.stream] += 1
        if self.zone and visit.inside:
            self.zone.used += self.zone.space[visit.cls]

    def take(self, visit: Visit) -> None:
        """Leave the queue, to be served or not."""
        visit.waiting = False
        self.waiting[visit.stream] -= 1
        if self.zone and visit.inside:
            self.zone.used -= self.zone.space[visit.cls]

    def next_up(self) -> Visit | None:
        """Who is called next if a server is free now; None if nobody can be."""
        if self.busy >= self.servers or (self.batch and not self.starts_left):
            return None
        best, best_key = None, None
        for stream, queue in enumerate(self.queues):
            while queue and not queue[0].waiting:
                queue.popleft()
            if not queue or not self.open[queue[0].cls]:
                continue
            key = (self.passed[stream] if self.by_shares else 0, self.rank[stream], queue[0].joined)
            if best_key is None or key < best_key:
                best, best_key = queue[0], key
        return best

    def someone_could_start(self, cls: int) -> bool:
        """Whether a newcomer of a class would be served at once."""
        return self.busy < self.servers and self.open[cls] and not (self.batch and not self.starts_left)


class MainQueue:
    """The main queue of one class at one crossing: the quoted wait, and the hazards of leaving that answer to it.

    Every party has a standard exponential clock for each way of leaving; it leaves when the hazard summed up since it
    joined passes its clock (the hazard is constant between announcements). All sums are integers.
    """

    def __init__(self, plan: Plan, x: int, cls: int) -> None:
        self.plan, self.x, self.cls = plan, x, cls
        self.every, self.buckets = int(plan.quote_every[x]), int(plan.quote_buckets[x])
        self.balk_over = int(plan.balk_over[x, cls])
        self.open = [True] * len(WAYS)
        self.ways = [w for w in range(len(WAYS)) if plan.hazard[x, cls, w].any()]
        self.started = 0  # services begun since the last announcement
        self.recent: deque[int] = deque(maxlen=self.buckets)
        self.quote, self.column, self.quoted_at = 0, 0, plan.start
        self.columns: list[int] = []  # of all announcements so far
        self.summed, self.rate = [0] * len(WAYS), [0] * len(WAYS)
        self.clocks: list[list[tuple[int, int, int, Visit]]] = [[] for _ in WAYS]

    def quoted(self, table: Any) -> float:
        """Read a curve over the quoted wait, shape (X, 5, W), at the wait last announced."""
        return float(table[self.x, self.cls, self.column])

    def announce(self, now: int, stock: int) -> None:
        """Quote the wait anew: stock over recent departures (the last quote grows while nobody departs)."""
        if now > self.plan.start:
            self.recent.append(self.started)
        self.started = 0
        departures = sum(self.recent)
        if stock == 0 or not self.recent:
            self.quote = 0
        elif departures:
            self.quote = stock * len(self.recent) * self.every // departures
        else:
            self.quote += self.every
        self.column = min(self.quote // self.plan.wait_step, self.plan.hazard.shape[3] - 1)
        self.columns.append(self.column)
        for w in self.ways:
            self.summed[w] += self.rate[w] * (now - self.quoted_at)
            self.rate[w] = int(self.plan.hazard[self.x, self.cls, w, self.column]) if self.open[w] else 0
        self.quoted_at = now

    def due(self, w: int) -> list[tuple[int, Visit]]:
        """Take out whose clock runs down before the next announcement, with the instant at which it does."""
        found = []
        clocks, rate, summed = self.clocks[w], self.rate[w], self.summed[w]
        while clocks and rate and clocks[0][0] <= summed + rate * self.every:
            threshold, _, _, visit = heappop(clocks)
            found.append((self.quoted_at - (summed - threshold) // rate, visit))
        return found

    def wind_up(self, visit: Visit, w: int, now: int, clock: int) -> None:
        """Start the clock of one way of leaving, in units of 1 / HAZARD_UNIT."""
        threshold = self.summed[w] + self.rate[w] * (now - self.quoted_at) + clock
        heappush(self.clocks[w], (threshold, visit.party.number, visit.index, visit))


def drawn(u: float, cdf: Any) -> int:
    """Return the smallest k with u < cdf[k]."""
    return int(cdf.searchsorted(u, side="right"))
