"""Where to: how parties from an origin choose a crossing, at home, on the way, and where they cannot or will not stay.

Each takes the way of highest utility: what is known of the crossing, the drive there, the wait quoted some time ago if
it hears of it, and its own taste, a Gumbel variable on the tape.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.event_order import LEFT_AS, Kind
from sim.engine.plan import BARRED, NEWS, NOWHERE, PAPERS, PER_MILLE, TASTES, Plan
from sim.engine.records import Outcome
from sim.engine.reference.state import MainQueue, Party, Visit
from sim.engine.tape import Tape


class Roads:
    """The roads from origins to crossings and between crossings, and the choices of those on them."""

    def __init__(self, plan: Plan, tape: Tape, main_queues: list[list[MainQueue]]) -> None:
        self.plan, self.tape, self.main_queues = plan, tape, main_queues
        self.epoch = 0  # since when nothing new is known but quoted waits

    def from_home(self, party: Party, now: int) -> int:
        """Return the crossing a party sets out for; NOWHERE: it stays."""
        return self.best(party, now, self.plan.drive[party.origin], NOWHERE, 0.0)

    def dreamt_of(self, party: Party) -> int:
        """Return the crossing a party that stays would have chosen were all open to it and empty."""
        drives = self.plan.drive[party.origin].tolist()
        utilities = [
            self.utility(party, x, 0, drive) if drive != NOWHERE and self.served(party, x) else -np.inf
            for x, drive in enumerate(drives)
        ]
        return int(np.argmax(utilities))

    def on_the_way(self, party: Party, now: int) -> tuple[int, int]:
        """Return for which crossing a party goes on, and the mean drive that is left in ms."""
        plan, x = self.plan, party.bound_for
        done = plan.reconsider
        left = plan.drive[party.origin] * (PER_MILLE - done) // PER_MILLE
        between = plan.drive[len(plan.origins) + x]
        others = (plan.drive[party.origin] * (PER_MILLE - done) + between * done) // PER_MILLE
        drives = np.where((plan.drive[party.origin] == NOWHERE) | (between == NOWHERE), NOWHERE, others)
        drives[x] = left[x]
        if not self.hears(party, x):
            return x, int(left[x])
        target = self.best(party, now, drives, x, plan.switching)
        return (x, int(left[x])) if target == NOWHERE else (target, int(drives[target]))

    def elsewhere(self, party: Party, now: int) -> int:
        """Return where a party goes that cannot or will not stay at its crossing; NOWHERE: home."""
        if party.diversions == self.plan.diversions:
            return NOWHERE
        return self.best(party, now, self.plan.drive[len(self.plan.origins) + party.crossing], NOWHERE, 0.0)

    def left_as(self, visit: Visit, how: Kind, now: int) -> Outcome:
        """Return as what a party leaves a queue; if it goes on to another crossing, it is bound for that."""
        party = visit.party
        if how is Kind.RENEGE and visit.first and party.origin != NOWHERE:
            party.bound_for = self.elsewhere(party, now)
        return LEFT_AS[how] if party.bound_for == NOWHERE else Outcome.DIVERTED

    def better(self, party: Party, now: int) -> int:
        """Return the crossing that a party at the tail of the queue goes on to; NOWHERE: it joins here."""
        x = party.crossing
        if party.diversions == self.plan.diversions or not self.hears(party, x):
            return NOWHERE
        drives = self.plan.drive[len(self.plan.origins) + x].copy()
        drives[x] = 0
        target = self.best(party, now, drives, x, self.plan.switching)
        return NOWHERE if target == x else target

    def best(self, party: Party, now: int, drives: Any, here: int, switching: float) -> int:
        """Return the crossing of highest utility; NOWHERE if that is to stay at home, or there is no way.

        `drives` (X,) are the mean drives in ms, NOWHERE where nobody goes. All but `here` must be better by
        `switching`; one who is under way does not go home of its own accord.
        """
        best, most = NOWHERE, -np.inf
        if here == NOWHERE:
            most = self.plan.stay + self.tape.tastes[party.row, TASTES + len(drives)]
        for x, drive in enumerate(drives.tolist()):
            if drive == NOWHERE or not self.admitted(party, x):
                continue
            utility = self.utility(party, x, self.heard(party, x, now), drive)
            if x != here:
                utility = utility - switching
            if utility > most:
                best, most = x, utility
        return best

    def utility(self, party: Party, x: int, column: int, drive: int) -> float:
        """Return what a crossing is worth to a party that expects the wait of a column of `wait_utility`."""
        plan = self.plan
        known = plan.utility[self.epoch, int(party.of_age > 0), x] + plan.wait_utility[column]
        return float(known + plan.drive_utility * drive + self.tape.tastes[party.row, TASTES + x])

    def admitted(self, party: Party, x: int) -> bool:
        """Whether a party's papers are accepted beyond a crossing, and a way for it leads there and is open."""
        cls = int(self.plan.travels_as[x, party.home])
        papers = self.tape.tastes[party.row, PAPERS]
        return bool(self.served(party, x) and papers < self.plan.admits[self.epoch, x, cls])

    def served(self, party: Party, x: int) -> bool:
        """Whether a crossing has stations for a party."""
        return bool(self.plan.first[x, self.plan.travels_as[x, party.home]] != NOWHERE)

    def barred(self, party: Party) -> bool:
        """Whether a party is kept away on the approach to its crossing."""
        share = self.plan.bars[self.epoch, party.crossing, party.cls]
        return bool(self.tape.tastes[party.row, BARRED] < share)

    def hears(self, party: Party, x: int) -> bool:
        """Whether a party hears the waits quoted at a crossing."""
        return bool(self.tape.tastes[party.row, NEWS] < self.plan.informed[self.epoch, x])

    def heard(self, party: Party, x: int, now: int) -> int:
        """Return the column of the wait that a party expects: quoted some time ago, at its own crossing now."""
        plan, queue = self.plan, self.main_queues[x][int(self.plan.travels_as[x, party.home])]
        if party.crossing == x:
            return queue.column
        if not self.hears(party, x):
            return 0
        told = min((now - int(plan.quote_delay[x]) - plan.start) // int(plan.quote_every[x]), len(queue.columns) - 1)
        return queue.columns[told] if told >= 0 else 0
