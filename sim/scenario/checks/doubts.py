"""Numbers that are allowed and hardly meant: services of days, stations nobody works at, rates per day for per hour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import cast

from sim.scenario.checks.arrivals import of_long_ago
from sim.scenario.checks.demand import demand_parts
from sim.scenario.checks.limits import MUCH_MEMORY, memory_of, parties_by_class
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.demand import Constant, Step
from sim.scenario.model.mean_service import mean_service_s
from sim.scenario.model.network import Origin
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.scenario.model.staffing import Shift
from sim.scenario.model.station import Station
from sim.scenario.model.teams import Team, teams_of
from sim.units import show_duration

Loc = tuple[str | int, ...]
Doubts = Iterator[tuple[Loc, str]]
LONG_SERVICE = 12 * 3600
"""Seconds; no service at a border takes longer on average."""
SAME = 1e-3
"""Relative difference below which two exponents of 24 are the same."""
HALF = 0.5
"""Fewer servers than this are none, because staffing is rounded half up."""
LITTLE, MUCH = 3 / 24, 20.0
"""Load of the busiest station below or above which the unit of the demand is doubted.

Borders worth a model have loads of 0.3 to 3; a rate per day where one per hour is meant makes 24 times less of it.
"""


def doubts_of(scenario: Scenario) -> Doubts:
    """Yield (path, message) for numbers that are probably a mistake, and for a need of much memory."""
    yield from of_long_ago(scenario)
    for name, crossing in scenario.crossings.items():
        here: Loc = ("crossings", name)
        for at, station in crossing.stations.items():
            yield from _station(scenario, (*here, "stations", at), station)
        for team in teams_of(crossing):
            yield from _team(scenario.clock, crossing, here, team)
        for n, change in enumerate(crossing.changes):
            if change.close and change.until is not None and change.until > scenario.clock.horizon:
                what = "is after the end of the run, so parties queue for a reopening that does not come"
                yield (*here, "changes", n, "until"), f"{what}; leave it out if they know that nobody will pass"
    yield from _loads(scenario)
    if (need := memory_of(scenario)) > MUCH_MEMORY:
        yield ("crossings",), f"a replication needs about {need / 1e9:.0f} GB of memory"


def _station(scenario: Scenario, here: Loc, station: Station) -> Doubts:
    for cls, law in station.service_time.items():
        classes = [scenario.classes[cls]] if cls != "any" and cls in scenario.classes else scenario.classes.values()
        longest = max((mean_service_s(station, law, party) for party in classes), default=0.0)
        if longest > LONG_SERVICE:
            yield (*here, "service_time"), f"a mean service of {show_duration(longest)} is unusually long"
            break


def _team(clock: Clock, crossing: Crossing, here: Loc, team: Team) -> Doubts:
    if not _most_servers(clock, crossing, team):
        never = any(shift.servers for shift in team.staffing.shifts)
        why = "; its shifts are on days or at hours that the run does not have" if never else ""
        yield (*here, *team.staffing_loc), f"nobody works here at any time, so nobody passes{why}"
    elif _servers_at_the_end(clock, crossing, team) < HALF:
        what = "nobody works here at the end of the run, so those who wait then are not served"
        yield (*here, *team.staffing_loc), what


def _most_servers(clock: Clock, crossing: Crossing, team: Team) -> int:
    """Return the largest number of servers that the file gives a team at any time of the run."""
    staffing = team.staffing
    coming = [shift.servers for shift in staffing.shifts if _comes(clock, shift)]
    counts = [staffing.servers, *(step.servers for step in staffing.steps), *coming]
    if staffing.reacts and max(counts):
        counts.append(staffing.reacts.at_most)
    for change in crossing.changes:
        if change.stations and team.name in change.stations:
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


def _servers_at_the_end(clock: Clock, crossing: Crossing, team: Team) -> float:
    """Return the servers of a team just before the horizon, not rounded; 1 where shifts or an end may leave none."""
    if team.staffing.shifts or any(crossing.stations[name].active_until is not None for name in team.stations):
        return 1
    steps = sorted((step.from_, step.servers) for step in team.staffing.steps if step.from_ < clock.horizon)
    servers: float = steps[-1][1] if steps else team.staffing.servers
    for change in crossing.changes:
        concerned = change.stations is None or team.name in change.stations
        begun = change.from_ is None or change.from_ < clock.horizon
        if concerned and begun and (change.until is None or change.until >= clock.horizon):
            servers = servers if change.servers is None else change.servers
            servers = max(0, servers + (change.add_servers or 0))
            servers = servers if change.scale_servers is None else servers * change.scale_servers
    return servers


def _loads(scenario: Scenario) -> Doubts:
    """Yield a doubt of the unit of demand if it leaves all stations of a crossing idle, or floods one.

    Origins are taken to share their parties among the crossings so that all are equally busy.
    """
    hours = (scenario.clock.horizon - scenario.clock.start).total_seconds() / 3600
    rates = {loc: number / hours for loc, number in parties_by_class(scenario).items()}
    by_origins: dict[ClassName, float] = {}
    for loc, rate in rates.items():
        if loc[0] == "network":
            cls = cast("ClassName", loc[-1])
            by_origins[cls] = by_origins.get(cls, 0.0) + rate
    if by_origins:
        busiest = [
            _busiest(scenario, crossing, _coming(crossing, by_origins)) for crossing in scenario.crossings.values()
        ]
        together = 1 / sum(1 / load if load else math.inf for load, _ in busiest)
        has_rates = any(map(_has_rates, scenario.network.origins.values())) if scenario.network else False
        yield from _unit(("network", "origins"), together, "all crossings together", has_rates)
    for name, crossing in scenario.crossings.items():
        own = {cls: rates.get(("crossings", name, "demand", cls), 0.0) for cls in crossing.demand}
        load, station = _busiest(scenario, crossing, own)
        coming = _coming(crossing, by_origins)
        most, _ = _busiest(
            scenario, crossing, {cls: own.get(cls, 0.0) + coming.get(cls, 0.0) for cls in scenario.class_numbers}
        )
        if own and (load > MUCH or most < LITTLE):
            yield from _unit(("crossings", name, "demand"), load, repr(station), _has_rates(crossing))


def _coming(crossing: Crossing, by_origins: Mapping[ClassName, float]) -> dict[ClassName, float]:
    """Return the parties (an hour) of all origins by the class that they are at a crossing."""
    rates: dict[ClassName, float] = {}
    for cls, rate in by_origins.items():
        here = crossing.destination.travels_as.get(cls, cls)
        rates[here] = rates.get(here, 0.0) + rate
    return rates


def _busiest(scenario: Scenario, crossing: Crossing, rates: Mapping[ClassName, float]) -> tuple[float, str]:
    """Return the load of the busiest team of a crossing at these rates (parties an hour) by class, and its name."""
    loads = {
        team.name: sum(_work(scenario, crossing.stations[name], rates) for name in team.stations) / (3600 * servers)
        for team in teams_of(crossing)
        if (servers := _most_servers(scenario.clock, crossing, team))
        and not all(map(_is_beside, (crossing.stations[name] for name in team.stations)))
    }
    return max(((load, name) for name, load in loads.items()), default=(0.0, ""))


def _is_beside(station: Station) -> bool:
    return bool(station.only_sent_on or station.release)


def _work(scenario: Scenario, station: Station, rates: Mapping[ClassName, float]) -> float:
    """Return the seconds of work in an hour at these rates (parties an hour), if a station is on the way."""
    return sum(
        rate * mean_service_s(station, station.law_of(cls), scenario.classes[cls])
        for cls, rate in rates.items()
        if rate and cls in station.serves and not _is_beside(station)
    )


def _unit(here: Loc, load: float, station: str, has_rates: bool) -> Doubts:
    """Yield a doubt of the unit of the demand described `here`, by the load of the busiest `station`."""
    if 0 < load < LITTLE and has_rates:
        what = f"keeps no station busy for more than {100 * load:.2g} % of the time"
        yield here, f"{what}; are its rates in the right unit, such as /h for /d?"
    if load > MUCH:
        what = f"needs {load:.0f} times the servers of {station}"
        yield here, f"{what}; are its numbers per day, or the services too long?"


def doubts_of_change(before: Scenario, after: Scenario) -> Doubts:
    """Yield (path, message) for every rate of demand that an intervention makes 24 times larger or smaller."""
    rates = dict(_rates(before))
    for loc, rate in _rates(after):
        ratio = rate / rates[loc] if rates.get(loc) else 1.0
        if ratio and abs(abs(math.log(ratio, 24)) - 1) < SAME:
            yield loc, f"becomes 24 times {'larger' if ratio > 1 else 'smaller'}; is it in the right unit, /h or /d?"


def _rates(scenario: Scenario) -> Iterator[tuple[Loc, float]]:
    for loc, part in demand_parts(scenario):
        if isinstance(part.kind, Constant | Step):
            yield (*loc, "constant" if part.constant else "step", "rate"), part.kind.rate


def _has_rates(source: Crossing | Origin) -> bool:
    """Return whether a part of the demand is a rate, which may have a wrong unit, and not a number of parties.

    Where ferries or slots bring parties at once, stations are idle between them, and a low load says nothing.
    """
    parts = [part for each in source.demand.values() for part in each.values()]
    given = any(not part.has_rate for part in parts)
    return not given and any(part.constant is not None or part.step is not None for part in parts)
