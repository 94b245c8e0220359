"""Numbers that are allowed and hardly meant: services of days, stations nobody works at, rates per day for per hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sim.scenario.checks.arrivals import of_long_ago
from sim.scenario.checks.limits import MUCH_MEMORY, memory_of, parties_by_class
from sim.scenario.model.laws import PeopleSpread, ServiceTime
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.model.road import PartyClass
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.scenario.model.station import Shift, Station
from sim.units import show_duration

Loc = tuple[str | int, ...]
Doubts = Iterator[tuple[Loc, str]]
LONG_SERVICE = 12 * 3600
"""Seconds; no service at a border takes longer on average."""
HALF = 0.5
"""Fewer servers than this are none, because staffing is rounded half up."""
LITTLE, MUCH = 0.04, 20.0
"""Load of the busiest station below or above which the unit of the demand is doubted."""


def doubts_of(scenario: Scenario) -> Doubts:
    """Yield (path, message) for numbers that are probably a mistake, and for a need of much memory."""
    yield from of_long_ago(scenario)
    for name, crossing in scenario.crossings.items():
        here: Loc = ("crossings", name)
        for at, station in crossing.stations.items():
            yield from _station(scenario, crossing, at, (*here, "stations", at), station)
        if crossing.demand and not scenario.network:
            yield from _load(scenario, crossing, here)
        for n, change in enumerate(crossing.changes):
            if change.close and change.until is not None and change.until > scenario.clock.horizon:
                what = "is after the end of the run, so parties queue for a reopening that does not come"
                yield (*here, "changes", n, "until"), f"{what}; leave it out if they know that nobody will pass"
    if (need := memory_of(scenario)) > MUCH_MEMORY:
        yield ("crossings",), f"a replication needs about {need / 1e9:.0f} GB of memory"


def _station(scenario: Scenario, crossing: Crossing, name: str, here: Loc, station: Station) -> Doubts:
    for cls, law in station.service_time.items():
        classes = [scenario.classes[cls]] if cls != "any" and cls in scenario.classes else scenario.classes.values()
        longest = max((_mean(law, party) for party in classes), default=0.0)
        if longest > LONG_SERVICE:
            yield (*here, "service_time"), f"a mean service of {show_duration(longest)} is unusually long"
            break
    if not _most_servers(scenario.clock, crossing, name, station):
        never = any(shift.servers for shift in station.staffing.shifts)
        why = "; its shifts are on days or at hours that the run does not have" if never else ""
        yield (*here, "staffing"), f"nobody works here at any time, so nobody passes{why}"
    elif _servers_at_the_end(scenario.clock, crossing, name, station) < HALF:
        yield (*here, "staffing"), "nobody works here at the end of the run, so those who wait then are not served"


def _mean(law: ServiceTime, party: PartyClass) -> float:
    """Return the mean service (s) of a party, without the part for men."""
    people = party.people
    mean = people.mean if isinstance(people, PeopleSpread) else sum(n * share for n, share in people.items())
    return law.party.mean_s + (law.person.mean_s * mean if law.person else 0.0)


def _most_servers(clock: Clock, crossing: Crossing, name: str, station: Station) -> int:
    """Return the largest number of servers that the file gives a station at any time of the run."""
    staffing = station.staffing
    coming = [shift.servers for shift in staffing.shifts if _comes(clock, shift)]
    counts = [staffing.servers, *(step.servers for step in staffing.steps), *coming]
    for change in crossing.changes:
        if change.stations and name in change.stations:
            counts.append(change.servers or max(counts) + (change.add_servers or 0))
    return max(counts)


def _comes(clock: Clock, shift: Shift) -> bool:
    """Say whether a shift falls into the run on some day."""
    midnight = clock.start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight + timedelta(days=n) for n in range((clock.horizon - midnight).days + 1))
    return any(
        WEEKDAYS[day.weekday()] in shift.days and day + shift.from_ < clock.horizon and day + shift.until > clock.start
        for day in days
    )


def _servers_at_the_end(clock: Clock, crossing: Crossing, name: str, station: Station) -> float:
    """Return the servers of a station just before the horizon, not rounded; 1 where shifts or an end may leave none."""
    if station.staffing.shifts or station.active_until is not None:
        return 1
    steps = sorted((step.from_, step.servers) for step in station.staffing.steps if step.from_ < clock.horizon)
    servers: float = steps[-1][1] if steps else station.staffing.servers
    for change in crossing.changes:
        concerned = change.stations is None or name in change.stations
        begun = change.from_ is None or change.from_ < clock.horizon
        if concerned and begun and (change.until is None or change.until >= clock.horizon):
            servers = servers if change.servers is None else change.servers
            servers = max(0, servers + (change.add_servers or 0))
            servers = servers if change.scale_servers is None else servers * change.scale_servers
    return servers


def _load(scenario: Scenario, crossing: Crossing, here: Loc) -> Doubts:
    """Yield a doubt of the unit of demand if it leaves all stations of a crossing idle, or floods one."""
    hours = (scenario.clock.horizon - scenario.clock.start).total_seconds() / 3600
    counts = parties_by_class(scenario)
    rates = {cls: counts[*here, "demand", cls] / hours for cls in crossing.demand}
    loads = {
        name: sum(
            rates[cls] * _mean(station.law_of(cls), scenario.classes[cls]) for cls in rates if cls in station.serves
        )
        / (3600 * servers)
        for name, station in crossing.stations.items()
        if (servers := _most_servers(scenario.clock, crossing, name, station))
        and not (station.only_sent_on or station.release)
    }
    busiest = max(loads, key=lambda name: loads[name], default="")
    if busiest and 0 < loads[busiest] < LITTLE and _has_rates(crossing):
        what = f"keeps no station busy for more than {100 * loads[busiest]:.2g} % of the time"
        yield (*here, "demand"), f"{what}; are its rates in the right unit, such as /h for /d?"
    if busiest and loads[busiest] > MUCH:
        what = f"needs {loads[busiest]:.0f} times the servers of {busiest!r}"
        yield (*here, "demand"), f"{what}; are its numbers per day, or the services too long?"


def _has_rates(crossing: Crossing) -> bool:
    """Return whether a part of the demand is a rate, which may have a wrong unit, and not a number of parties."""
    parts = [part for each in crossing.demand.values() for part in each.values()]
    return any(part.constant is not None or part.step is not None for part in parts)
