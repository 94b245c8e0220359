"""Checks of stations that serve the people of a party one by one: rules for a party as one are not possible there."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.model.scenario import Crossing
from sim.scenario.model.station import Priority
from sim.scenario.model.teams import teams_of

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
SO = "people are served one by one here"


def check_one_by_one(crossing: Crossing, here: Loc) -> Faults:
    """Yield (path, message) for every rule that such a station cannot have, and for times of a log there."""
    offices = {station.screening.office for station in crossing.stations.values() if station.screening}
    leaving = {
        name: (*here, *team.loc, "when_staff_leave")
        for team in teams_of(crossing)
        for name in team.stations
        if team.described.when_staff_leave == "preempt"
    }
    for name, station in crossing.stations.items():
        if not station.one_by_one:
            continue
        loc = (*here, "stations", name)
        if station.hall == 0:
            yield (*loc, "hall"), f"{SO}, and need places to wait for each other; make it at least 1"
        if name in leaving:
            where = SO if leaving[name][:-1] == loc else f"station {name!r} serves people one by one"
            yield leaving[name], f"{where}, and their services cannot be interrupted; use 'finish'"
        if isinstance(station.discipline, Priority) and station.discipline.interrupts:
            yield (*loc, "discipline", "interrupts"), f"{SO}, and their services cannot be interrupted; remove it"
        if station.screening:
            yield (*loc, "screening"), f"{SO}, and a screening concerns a party as one; put it into another station"
        if name in offices:
            yield (*loc, "service_time"), "men are sent on to this office as one party; use 'party', 'person' and 'man'"
    yield from _logs(crossing, here)


def _logs(crossing: Crossing, here: Loc) -> Faults:
    """Yield the stations of logs that would tell the service of a party; each once."""
    for cls, parts in crossing.demand.items():
        for part, described in parts.items():
            rows = described.log.rows if described.log else ()
            named = {name: n for n, row in reversed(list(enumerate(rows))) for name in row.service_times}
            for name, n in named.items():
                if name in crossing.stations and crossing.stations[name].law_of(cls).one_by_one is not None:
                    loc = (*here, "demand", cls, part, "log", "rows", n, "service_times", name)
                    yield loc, f"station {name!r} serves the people of a {cls} one by one; leave this time out"
