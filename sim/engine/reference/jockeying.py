"""Jockeying: the last of a queue moves to the end of a shorter one beside it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import simpy
from simpy.events import EventPriority

from sim.engine.records import Outcome
from sim.engine.reference.choices import admits, drawback, takes_room
from sim.engine.reference.state import Station, Visit

if TYPE_CHECKING:
    from sim.engine.reference.border import Border


AFTER_MOMENT = EventPriority(2)
"""After all that follows from a moment at once (priorities 0 and 1), and before the next one."""


class Jockeys:
    """Those who may change queues, at the choices where this is usual."""

    def __init__(self, border: Border) -> None:
        self.border, plan = border, border.plan
        numbers = np.flatnonzero((plan.jockeying > 0) & (plan.step == np.arange(len(plan.step)))).tolist()
        self.choices = [plan.list_of(number) for number in numbers]
        self.are_due = False

    def act_later(self) -> None:
        """Let parties change queues once all else that this moment brings has happened."""
        if self.choices and not self.are_due:
            self.are_due = True
            after = simpy.Event(self.border.env)
            after._ok, after._value, after.callbacks = True, None, [self._act]
            self.border.env.schedule(after, priority=AFTER_MOMENT)

    def _act(self, _: simpy.Event) -> None:
        """Let parties change queues as long as one may; after each move, from the first choice on."""
        while any(changes_queue(self.border, numbers) for numbers in self.choices):
            pass
        self.are_due = False


def changes_queue(border: Border, numbers: list[int]) -> bool:
    """Let the party change queues that gains most places, the first in the list among equals; return whether one does.

    `numbers` are those of the stations of a choice, in the order of its list.
    """
    gained, change = int(border.plan.jockeying[numbers[0]]) - 1, None
    stations = [border.stations[number] for number in numbers]
    for here, there in product(stations, stations):
        last = here.last_to_join()
        if last is None or here is there or not may_join(border, last, there):
            continue
        gains = sum(here.waiting) - there.queue_for(last.cls)
        if gains > gained:
            gained, change = gains, (last, there)
    if change is not None:
        change_queue(border, *change)
    return change is not None


def may_join(border: Border, visit: Visit, station: Station) -> bool:
    """Whether a station is there for a party, open and staffed, and has room."""
    is_there = station.active and border.plan.serves[station.number, visit.cls]
    return bool(is_there and admits(border, station, visit.party) and drawback(station, visit.party) == 0)


def change_queue(border: Border, visit: Visit, target: Station) -> None:
    """Move a party to the end of another queue; its patience and its clocks go on."""
    here = visit.station
    here.leave_tail(visit)
    border.close(visit, Outcome.JOCKEYED)
    visit.go_on_at(target, border.now)
    border.log.open_visits[visit] = None
    visit.in_zone = visit.in_zone or takes_room(border, target, visit.party)
    border.joined += 1
    visit.joined = border.joined
    target.join_queue(visit)
    border.call_and_unblock(here)
    border.call_and_unblock(target)
