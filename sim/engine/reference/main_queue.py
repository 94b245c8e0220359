"""Main queues: the quoted wait, and who leaves because of it."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Any

from sim.engine.plan import CLOCKS, RENEGE, RENEGE_WITH_MEN, WAY_OF_CLOCK, WAYS, Plan
from sim.engine.reference.state import Party, Visit


class MainQueue:
    """The main queue of one class at one crossing: its quoted wait, and the hazards of leaving that follow the quote.

    Every party has a standard exponential clock for each way of leaving; it leaves when the hazard summed up since it
    joined passes its clock (the hazard is constant between announcements). All sums are integers.
    """

    def __init__(self, plan: Plan, crossing: int, cls: int) -> None:
        self.plan, self.crossing, self.cls = plan, crossing, cls
        self.every, self.buckets = int(plan.quote_every[crossing]), int(plan.quote_buckets[crossing])
        self.balk_over = int(plan.balk_over[crossing, cls])
        seen = int(plan.balk_streams[crossing, cls])
        self.balk_streams = [stream for stream in range(plan.rank.shape[1]) if seen >> stream & 1]
        self.is_open = [True] * len(WAYS)
        self.clocks_used = [way for way in range(len(WAYS)) if plan.hazard[crossing, cls, way].any()]
        if plan.deterred_hazard[crossing, cls].any():
            self.clocks_used.append(RENEGE_WITH_MEN)
        self.started = 0  # services begun since the last announcement
        self.recent_starts: deque[int] = deque(maxlen=self.buckets)
        self.quoted_wait, self.quoted_at = 0, plan.start  # of this queue alone
        self.announced_wait = 0
        self.quoted_column = 0  # of the tables by quoted wait
        self.quoted_columns: list[int] = []  # of all announcements so far
        self.summed, self.rate = [0] * len(CLOCKS), [0] * len(CLOCKS)
        self.running: list[list[tuple[int, int, int, Visit]]] = [[] for _ in CLOCKS]

    def at_quote(self, table: Any) -> float:
        """Read a curve over the quoted wait, shape (X, C, W), at the wait last announced."""
        return float(table[self.crossing, self.cls, self.quoted_column])

    def clocks_of(self, party: Party) -> list[int]:
        """Return the clocks of a party; with men of call-up age it has another one of reneging where stops deter."""
        with_men = party.men > 0 and RENEGE_WITH_MEN in self.clocks_used
        return [clock for clock in self.clocks_used if clock != (RENEGE if with_men else RENEGE_WITH_MEN)]

    def announce(self, now: int, waiting: int, after: int, stopped: int) -> None:
        """Quote the wait anew: parties waiting over recent departures (the quote grows while nobody departs).

        `after` is the wait expected after this queue, if quotes cover it, and `stopped` the share of men stopped that
        those waiting have heard of.
        """
        if now > self.plan.start:
            self.recent_starts.append(self.started)
        self.started = 0
        departures = sum(self.recent_starts)
        if waiting == 0 or not self.recent_starts:
            self.quoted_wait = 0
        elif departures:
            self.quoted_wait = waiting * len(self.recent_starts) * self.every // departures
        else:
            self.quoted_wait += self.every
        self.announced_wait = self.quoted_wait + after
        self.quoted_column = min(self.announced_wait // self.plan.wait_step, self.plan.hazard.shape[3] - 1)
        self.quoted_columns.append(self.quoted_column)
        for clock in self.clocks_used:
            way = WAY_OF_CLOCK[clock]
            self.summed[clock] += self.rate[clock] * (now - self.quoted_at)
            hazard = int(self.plan.hazard[self.crossing, self.cls, way, self.quoted_column])
            if clock == RENEGE_WITH_MEN:
                hazard += int(self.plan.deterred_hazard[self.crossing, self.cls, stopped])
            self.rate[clock] = hazard if self.is_open[way] else 0
        self.quoted_at = now

    def start_clock(self, visit: Visit, clock: int, now: int, runs: int) -> None:
        """Start a clock that runs for a time in units of 1 / HAZARD_UNIT."""
        threshold = self.summed[clock] + self.rate[clock] * (now - self.quoted_at) + runs
        heappush(self.running[clock], (threshold, visit.party.number, visit.index, visit))

    def pop_due(self, clock: int) -> list[tuple[int, Visit]]:
        """Take out the clocks that run down before the next announcement: the instant of each, and its visit."""
        due = []
        clocks, rate, summed = self.running[clock], self.rate[clock], self.summed[clock]
        while clocks and rate and clocks[0][0] <= summed + rate * self.every:
            threshold, _, _, visit = heappop(clocks)
            due.append((self.quoted_at - (summed - threshold) // rate, visit))
        return due
