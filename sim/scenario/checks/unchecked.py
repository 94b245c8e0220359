"""Parties that stop at no station: the conditions of the stations on their way leave them out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sim.scenario.checks.presence import occurring
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Station
from sim.scenario.model.steps import steps_of
from sim.scenario.model.traits import WHEN, trait_of

Loc = tuple[str | int, ...]
Lane = frozenset[tuple[str, bool]]
"""What a party needs to stop at a station: traits that it has (true) or lacks."""
SMALLEST = 1e-9


def who_stops_nowhere(scenario: Scenario) -> Iterator[tuple[Loc, str]]:
    """Yield (path, message) for every class of which some parties pass all stations by, at the instant of the most."""
    for name, crossing in scenario.crossings.items():
        for cls in occurring(scenario, crossing):
            shares = {at: _share(scenario, crossing, cls, at) for at in _instants(scenario, crossing)}
            at = max(shares, key=lambda each: shares[each])
            if shares[at] > SMALLEST:
                how_many = f"about {100 * shares[at]:.3g} % of class {cls!r} stop at no station"
                since = "" if min(shares.values()) == shares[at] else f" from {at:%Y-%m-%dT%H:%M} on"
                what = f"{how_many}{since} and cross without a control; give them one, such as a station with 'unless'"
                yield ("crossings", name, "stations"), what


def _instants(scenario: Scenario, crossing: Crossing) -> list[datetime]:
    """Return the start and the instants of the run at which a station begins or ends."""
    clock = scenario.clock
    turns = (at for station in crossing.stations.values() for at in (station.active_from, station.active_until) if at)
    return sorted({clock.start, *(at for at in turns if clock.start < at < clock.horizon)})


def _share(scenario: Scenario, crossing: Crossing, cls: ClassName, at: datetime) -> float:
    """Return the share of a class that finds no station for it at an instant."""
    traits = scenario.classes[cls].traits
    stations = (crossing.stations[name] for step in steps_of(crossing, cls) for name in step)
    lanes = (_lane(station) for station in stations if _is_there(station, at))
    return _none_fits({lane for lane in lanes if all(trait in traits for trait, _ in lane)}, traits)


def _is_there(station: Station, at: datetime) -> bool:
    begun = station.active_from is None or station.active_from <= at
    return begun and (station.active_until is None or at < station.active_until)


def _lane(station: Station) -> Lane:
    return frozenset((trait_of(condition), condition.startswith(WHEN)) for condition in station.only)


def _none_fits(lanes: set[Lane], traits: dict[str, float]) -> float:
    """Return the probability that a party fits into none of the lanes; its traits are independent of each other."""
    if frozenset() in lanes:
        return 0.0
    trait = min((trait for lane in lanes for trait, _ in lane), default=None)
    if trait is None:
        return 1.0
    none = 0.0
    for has, share in ((True, traits[trait]), (False, 1 - traits[trait])):
        if share > 0:
            left = {lane - {(trait, has)} for lane in lanes if (trait, not has) not in lane}
            none += share * _none_fits(left, traits)
    return none
