"""Jockeying: the last of a queue moves to the end of a shorter one beside it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from sim.engine.records import Outcome
from sim.engine.reference.choices import admits, drawback, takes_room
from sim.engine.reference.state import Station, Visit

if TYPE_CHECKING:
    from sim.engine.reference.border import Border


def jockey(border: Border) -> None:
    """Let parties change queues as long as one may; after each move, from the first choice on."""
    while any(changes_queue(border, numbers) for numbers in border.jockeying):
        pass


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
    border.stand_at_tail(visit)
    border.call_and_unblock(here)
    border.call_and_unblock(target)
