"""The choice between crossings: at home, on the way, at the tail of a queue, and where parties cannot or will not stay.

A party takes the crossing of highest utility: what is known of the crossing, the drive there, the wait it expects
(quoted some time ago, if it hears of it), and its taste, a Gumbel variable on the tape (McFadden 1974).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import simpy

from sim.engine.plan import BARRED, NEWS, NOWHERE, PAPERS, PER_MILLE, TASTES, Plan
from sim.engine.reference.main_queue import MainQueue
from sim.engine.reference.state import Party
from sim.engine.tape import Tape


class Roads:
    """The roads from origins to crossings and between crossings, and the choices of the parties on them.

    A choice returns a crossing, or NOWHERE. Parties without an origin have no choice.
    """

    def __init__(self, plan: Plan, tape: Tape, env: simpy.Environment, main_queues: list[list[MainQueue]]) -> None:
        self.plan, self.tape, self.env, self.main_queues = plan, tape, env, main_queues
        self.travels_as, self.first = plan.travels_as.tolist(), plan.first.tolist()  # lists are quicker than arrays
        self.admits, self.informed = plan.admits.tolist(), plan.informed.tolist()
        self.known_utility, self.wait_utility = plan.utility.tolist(), plan.wait_utility.tolist()
        self.epoch = 0  # row of what travellers know of the crossings, apart from quoted waits

    # The choices

    def choose_at_home(self, party: Party) -> int:
        """Return the crossing a party sets out for; NOWHERE: it stays."""
        return self.best(party, self.plan.drive[party.origin], NOWHERE)

    def choose_if_all_were_open(self, party: Party) -> int:
        """Return the crossing a party that stays would have chosen, were all open to it and empty."""
        utilities = [
            self.utility(party, crossing, 0, drive)
            if drive != NOWHERE and self.has_stations_for(party, crossing)
            else -np.inf
            for crossing, drive in enumerate(self.plan.drive[party.origin].tolist())
        ]
        return int(np.argmax(utilities))

    def choose_on_the_way(self, party: Party) -> tuple[int, int]:
        """Return the crossing a party goes on to, and the mean drive that is left, in milliseconds."""
        plan, ahead, gone = self.plan, party.bound_for, self.plan.reconsider
        from_home, across = plan.drive[party.origin], plan.drive[len(plan.origins) + party.bound_for]
        drives = (from_home * (PER_MILLE - gone) + across * gone) // PER_MILLE
        drives = np.where((from_home == NOWHERE) | (across == NOWHERE), NOWHERE, drives)
        drives[ahead] = from_home[ahead] * (PER_MILLE - gone) // PER_MILLE
        target = self.best(party, drives, ahead, plan.switching) if self.hears(party, ahead) else ahead
        if target == NOWHERE:
            target = ahead
        return target, int(drives[target])

    def choose_at_the_tail(self, party: Party) -> int:
        """Return the better crossing a party at the tail of a queue goes on to; NOWHERE: it stays here."""
        here = party.crossing
        if not self.may_divert(party) or not self.hears(party, here):
            return NOWHERE
        drives = self.drives_from_crossing(party).copy()
        drives[here] = 0
        target = self.best(party, drives, here, self.plan.switching)
        return NOWHERE if target == here else target

    def choose_elsewhere(self, party: Party) -> int:
        """Return the crossing a party goes on to that cannot or will not stay at its own; NOWHERE: it goes home."""
        return self.best(party, self.drives_from_crossing(party), NOWHERE) if self.may_divert(party) else NOWHERE

    def best(self, party: Party, drives: Any, ahead: int, switching: float = 0.0) -> int:
        """Return the crossing of highest utility; NOWHERE if staying at home is better or no crossing is open.

        `drives` (X,) are mean drives in milliseconds, NOWHERE where there is no road. `ahead` is the crossing the party
        drives to or has come to: any other must be better by `switching`, and going home is no option. It is NOWHERE
        if there is none.
        """
        best, most = NOWHERE, -np.inf
        if ahead == NOWHERE:
            most = self.plan.stay + self.tape.tastes[party.column, TASTES + len(drives)]
        for crossing, drive in enumerate(drives.tolist()):
            if drive == NOWHERE or not self.admitted(party, crossing):
                continue
            utility = self.utility(party, crossing, self.expected_column(party, crossing), drive)
            if crossing != ahead:
                utility = utility - switching
            if utility > most:
                best, most = crossing, utility
        return best

    def utility(self, party: Party, crossing: int, wait_column: int, drive: int) -> float:
        """Return the utility of a crossing to a party that expects the wait of a column of `wait_utility`."""
        known = self.known_utility[self.epoch][party.men > 0][crossing] + self.wait_utility[wait_column]
        return float(known + self.plan.drive_utility * drive + self.tape.tastes[party.column, TASTES + crossing])

    # What holds for a party at a crossing

    def class_at(self, party: Party, crossing: int) -> int:
        """Return the class of which a party is at a crossing."""
        return int(self.travels_as[crossing][party.home_cls])

    def has_stations_for(self, party: Party, crossing: int) -> bool:
        """Whether a crossing has stations for a party."""
        return bool(self.first[crossing][self.class_at(party, crossing)] != NOWHERE)

    def admitted(self, party: Party, crossing: int) -> bool:
        """Whether the party's papers are accepted beyond a crossing, and the way of its class there is open."""
        papers = self.tape.tastes[party.column, PAPERS]
        accepted = self.admits[self.epoch][crossing][self.class_at(party, crossing)]
        return bool(self.has_stations_for(party, crossing) and papers < accepted)

    def barred(self, party: Party) -> bool:
        """Whether a party is turned back on the approach to the crossing it has come to.

        Either it is kept away, or its papers are no longer accepted, or its way has closed for good.
        """
        if party.origin == NOWHERE:
            return bool(self.tape.barred[party.column])
        share = self.plan.bars[self.epoch, party.crossing, party.cls]
        accepted = self.plan.accepts[self.epoch, party.crossing, party.cls]
        tastes = self.tape.tastes[party.column]
        closed = self.env.now >= self.plan.closes[party.crossing, party.cls]
        return bool(closed or tastes[BARRED] < share or tastes[PAPERS] >= accepted)

    def may_divert(self, party: Party) -> bool:
        """Whether a party may go on from one crossing to another."""
        return party.origin != NOWHERE and party.diversions != self.plan.diversions

    def drives_from_crossing(self, party: Party) -> Any:
        """Return the mean drives from a party's crossing to the others (X,)."""
        return self.plan.drive[len(self.plan.origins) + party.crossing]

    # What a party knows of waits

    def hears(self, party: Party, crossing: int) -> bool:
        """Whether a party hears the waits quoted at a crossing."""
        return bool(self.tape.tastes[party.column, NEWS] < self.informed[self.epoch][crossing])

    def expected_column(self, party: Party, crossing: int) -> int:
        """Return the column of the wait a party expects: quoted some time ago, or, where it has come to, now."""
        plan, main_queue = self.plan, self.main_queues[crossing][self.class_at(party, crossing)]
        if party.crossing == crossing:
            return main_queue.quoted_column
        if not self.hears(party, crossing):
            return 0
        known_at = int(self.env.now) - int(plan.quote_delay[crossing])
        announcement = (known_at - plan.start) // int(plan.quote_every[crossing])
        announcement = min(announcement, len(main_queue.quoted_columns) - 1)
        return main_queue.quoted_columns[announcement] if announcement >= 0 else 0
