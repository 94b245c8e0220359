"""Doubts what is allowed and cannot do what it says: classes, traits, controls that never act, nobody who comes."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.staffing import Pooled
from sim.scenario.model.station import Station
from sim.scenario.model.teams import Team, teams_of
from sim.scenario.model.traits import is_condition, trait_of
from sim.units import show_duration

Loc = tuple[str | int, ...]
Doubts = Iterator[tuple[Loc, str]]


def without_effect(scenario: Scenario) -> Doubts:
    """Yield (path, message) for everything that is allowed and cannot have the effect that it describes."""
    origins = scenario.network.origins.values() if scenario.network else ()
    comes = any(source.demand for source in (*scenario.crossings.values(), *origins))
    waits = any(crossing.initial_queue for crossing in scenario.crossings.values())
    if not (comes or waits or scenario.start_from):
        yield ("crossings",), "nobody comes: no crossing has 'demand' or an 'initial_queue'"
    for name, crossing in scenario.crossings.items():
        here: Loc = ("crossings", name)
        for team in teams_of(crossing):
            yield from _team(scenario, team, here)
        yield from _pools(crossing, here)
        for at, station in crossing.stations.items():
            yield from _station(scenario, at, station, (*here, "stations", at))


def _late(scenario: Scenario, seconds: float, what: str) -> str:
    """Return the sentence that a time is as long as the run, so that a control does `what`; '' if it is shorter."""
    run_s = (scenario.clock.horizon - scenario.clock.start).total_seconds()
    if seconds < run_s:
        return ""
    return f"is as long as the run ({show_duration(run_s)}), so the control {what}; got {show_duration(seconds)}"


def _team(scenario: Scenario, team: Team, here: Loc) -> Doubts:
    """Yield the doubts of the servers of a station or pool."""
    plan, outages, loc = team.staffing, team.described.outages, (*here, *team.staffing_loc)
    planned = max([plan.servers, *(step.servers for step in plan.steps), *(shift.servers for shift in plan.shifts)])
    if reacts := plan.reacts:
        if what := _late(scenario, reacts.checked_every, "never acts"):
            yield (*loc, "reacts", "checked_every"), what
        if what := _late(scenario, reacts.delay, "never takes effect"):
            yield (*loc, "reacts", "delay"), what
        if reacts.at_most < planned:
            what = f"is below the {planned} servers of the plan, so that planned servers are sent home"
            yield (*loc, "reacts", "at_most"), f"{what}; got {reacts.at_most}"
    most = max(planned, plan.reacts.at_most if plan.reacts else 0)
    if outages and "takes" in outages.model_fields_set and most < outages.takes < _ALL:
        what = f"is more than the {most} servers here"
        yield (*here, *team.loc, "outages", "takes"), f"{what}; got {outages.takes}; write 'all' if that is meant"


def _pools(crossing: Crossing, here: Loc) -> Doubts:
    """Yield pools that no station uses, and limits of stations that the pool never reaches."""
    staffing = {name: station.staffing for name, station in crossing.stations.items()}
    used = {pooled.pool for pooled in staffing.values() if isinstance(pooled, Pooled)}
    for pool in (name for name in crossing.pools if name not in used):
        yield (*here, "pools", pool), "no station uses this pool; name it in the 'staffing' of a station, or remove it"
    for name, pooled in staffing.items():
        if isinstance(pooled, Pooled) and pooled.at_most and pooled.pool in crossing.pools:
            most = _most(crossing, pooled.pool)
            if pooled.at_most > most:
                what = f"is more than the {most} servers of pool {pooled.pool!r}, so this has no effect"
                yield (*here, "stations", name, "staffing", "at_most"), f"{what}; got {pooled.at_most}"


def _most(crossing: Crossing, pool: str) -> int:
    """Return the most servers that a pool has at any time, by its plan, its control and changes."""
    plan = crossing.pools[pool]
    most = max([plan.servers, *(step.servers for step in plan.steps), *(shift.servers for shift in plan.shifts)])
    most = max(most, plan.reacts.at_most if plan.reacts else 0)
    changes = [change for change in crossing.changes if change.stations is None or pool in change.stations]
    grows = any((change.scale_servers or 0) > 1 for change in changes)
    return _ALL if grows else max([most, *(change.servers or most + (change.add_servers or 0) for change in changes)])


def _station(scenario: Scenario, name: str, station: Station, here: Loc) -> Doubts:
    if lightened := station.lightened:
        if what := _late(scenario, lightened.checked_every, "never acts"):
            yield (*here, "lightened", "checked_every"), what
        if what := _late(scenario, lightened.at_least_for, "turns once"):
            yield (*here, "lightened", "at_least_for"), what
    if station.patience and not station.patience.mean_s:
        yield (*here, "patience"), "is 0, so that everybody who has to wait reneges"
    if station.sent_aside and station.sent_aside.to == name:
        yield (*here, "sent_aside", "to"), f"names the station itself, so that parties queue at {name!r} again"
    yield from _conditions(scenario, station, here)


_ALL = 1000
"""What `takes: all` stands for."""


def _conditions(scenario: Scenario, station: Station, here: Loc) -> Doubts:
    """Yield the conditions on traits that no class has which the station serves."""
    served = [cls for cls in scenario.classes if cls in station.serves]
    traits = {trait for cls in served for trait in scenario.classes[cls].traits}
    rows: list[tuple[Loc, str]] = [(("scale_service", condition), condition) for condition in station.scale_service]
    if station.sent_aside:
        rows += [(("sent_aside", "share", who), who) for who in station.sent_aside.share if is_condition(who)]
    for key, condition in rows:
        if trait_of(condition) not in traits:
            what = f"no class that the station serves ({', '.join(served)}) has the trait {trait_of(condition)!r}"
            yield (*here, *key), f"{what}, so this has no effect"
