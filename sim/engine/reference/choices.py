"""The way through a crossing: which station a party goes to, where stations stand side by side or serve only some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.engine.plan import BY_SHARES, FIRST_WITH_ROOM, LEAST_WAIT, NOWHERE, POSTED_WAIT, SHORTEST_QUEUE
from sim.engine.reference.state import Party, Station

if TYPE_CHECKING:
    from sim.engine.reference.border import Border


def station_on_way(border: Border, number: int, party: Party) -> Station | None:
    """Return the station a party goes to from the step of station `number` on; None across the border."""
    while number != NOWHERE:
        stations = [station for station in side_by_side(border, number, party.cls) if admits(border, station, party)]
        if stations:
            return _choose(border, stations, party)
        number = border.next[number][party.cls]
    return None


def side_by_side(border: Border, number: int, cls: int) -> Iterator[Station]:
    """Yield the active stations for a class at the step of station `number`."""
    for other in border.plan.beside_of(number, cls):
        if border.stations[other].active:
            yield border.stations[other]


def stations_of_main_queue(border: Border, crossing: int, cls: int) -> Iterator[Station]:
    """Yield the stations at the first step of a class, and at the next ones as long as some pass them by."""
    number = int(border.plan.first[crossing, cls])
    while number != NOWHERE:
        stations = list(side_by_side(border, number, cls))
        yield from stations
        if any(not border.plan.only[station.number] for station in stations):
            return
        number = border.next[number][cls]


def waiting_in_main_queue(border: Border, crossing: int, cls: int) -> int:
    """Return how many parties of a class wait in its main queue."""
    return sum(station.waiting[cls] for station in stations_of_main_queue(border, crossing, cls))


def takes_room(border: Border, station: Station, party: Party) -> bool:
    """Whether a party from outside stands in the hall: where the first station with room is chosen, and it has room."""
    plan, s = border.plan, station.number
    return plan.choice_rule[s] == FIRST_WITH_ROOM and station.zone is not None and not station.is_full(party)


def admits(border: Border, station: Station, party: Party) -> bool:
    """Whether all conditions of `only` hold for a party."""
    needed = int(border.plan.only[station.number])
    return int(border.tape.traits[party.column]) & needed == needed


def _choose(border: Border, stations: list[Station], party: Party) -> Station:
    """Return the station of a step that a party chooses; among equals, the first in the list."""
    if len(stations) == 1:
        return stations[0]
    if border.plan.choice_rule[stations[0].number] == BY_SHARES:
        return _by_share(border, stations, party)
    return min(stations, key=lambda station: (drawback(station, party), _ahead(border, station, party)))


def drawback(station: Station, party: Party) -> int:
    """Return 0 for a station that is open and staffed and has room, 1 if there is no room, and 2 otherwise."""
    if not station.is_open[party.cls] or not station.servers:
        return 2
    return int(station.is_full(party))


def _ahead(border: Border, station: Station, party: Party) -> int:
    """Return how long the queue or the expected wait is; nothing is shorter than a free server."""
    rule = border.plan.choice_rule[station.number]
    if rule == SHORTEST_QUEUE:
        return station.queue_for(party.cls)
    if rule == LEAST_WAIT and not station.serves_at_once(party.cls):
        return expected_wait(border, station, int(border.plan.mean_service[station.number, party.cls]))
    return station.posted_wait if rule == POSTED_WAIT else 0


def expected_wait(border: Border, station: Station, own: int = 0) -> int:
    """Return the mean services of all who are served before a party, and its `own`, divided by the servers."""
    work = own + sum(_work(border, other) for other in station.team.served_before(station))
    return int(work // max(1, station.servers))


def wait_after_main_queue(border: Border, crossing: int, cls: int) -> int:
    """Return the waits expected at the steps after the main queue of a class at which everybody stops.

    Of stations side by side, that of the least; those that are open and staffed come before the others.
    """
    number, total, is_after = int(border.plan.first[crossing, cls]), 0, False
    while number != NOWHERE:
        stations = [s for s in side_by_side(border, number, cls) if not border.plan.only[s.number]]
        if stations and is_after:
            total += min((not (s.is_open[cls] and s.servers), expected_wait(border, s)) for s in stations)[1]
        is_after = is_after or bool(stations)
        number = border.next[number][cls]
    return total


def _work(border: Border, station: Station) -> int:
    """Return the mean services of all who wait at a station."""
    means = border.plan.mean_service[station.number].tolist()
    return sum(waiting * mean for waiting, mean in zip(station.waiting, means, strict=True))


def _by_share(border: Border, stations: list[Station], party: Party) -> Station:
    """Return the station that the chance of the party gives it, among those that are open if any is."""
    stations = [station for station in stations if station.is_open[party.cls]] or stations
    plan, traits = border.plan, int(border.tape.traits[party.column])
    needed = plan.choice_when[stations[0].number].tolist()
    row = next(row for row, bits in enumerate(needed) if traits & bits == bits)
    shares = [float(plan.choice_share[station.number, row]) for station in stations]
    total = 0.0
    for share in shares:  # not `sum`, which rounds otherwise than a loop
        total += share
    chance = border.chance(plan.choice_row[stations[0].number], party) * total
    for station, share in zip(stations, shares, strict=True):
        chance -= share
        if chance < 0:
            return station
    return stations[-1]
