"""Who occurs at a crossing, and who may come to each of its stations.

Only classes that *occur* at a crossing are checked: those with demand or an initial queue, and those that their
parties change to. A station may serve other classes as well.
"""

from __future__ import annotations

from sim.scenario.model.aside import may_be_sent
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.passages import passages_from_origin
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Station
from sim.scenario.model.traits import trait_of


def occurring(scenario: Scenario, crossing: Crossing) -> list[ClassName]:
    """Return the classes that occur at a crossing, in the order of `classes`."""
    met: set[str] = {*crossing.demand, *(cls for cls, waiting in crossing.initial_queue.items() if waiting.parties)}
    for name in (name for name, one in scenario.crossings.items() if one is crossing):
        met |= scenario.begin_at(name).keys()
    for origin in scenario.network.origins.values() if scenario.network else ():
        for cls in origin.demand:
            seen_as = (
                passage.cls for passage in passages_from_origin(scenario, origin, cls) if passage.crossing is crossing
            )
            met |= {there for there in seen_as if route(crossing, there)}  # other classes do not choose this crossing
    for cls, behaviour in crossing.behaviour.items():
        if cls in met and behaviour.change_mode:
            met |= set(behaviour.change_mode.to)
    if any(may_split(station) for station in crossing.stations.values()):
        met.add("foot")
    return [cls for cls in scenario.classes if cls in met]


def may_split(station: Station) -> bool:
    """Return whether men can be sent on to the office without their party; they then continue on foot."""
    screening = station.screening
    return screening is not None and screening.stays_together < 1 and screening.on_hit.sent_on > 0


def route(crossing: Crossing, cls: str) -> list[str]:
    """Return the stations that a class passes, in order."""
    return [name for name, station in crossing.stations.items() if cls in station.serves and not station.only_sent_on]


def comers(scenario: Scenario, crossing: Crossing) -> dict[str, list[ClassName]]:
    """Return the classes that may stop at each station of a crossing, whether it serves them or not.

    Those who pass it on their way, and those who are sent there by another station.
    """
    classes = occurring(scenario, crossing)
    coming: dict[str, set[ClassName]] = {name: set() for name in crossing.stations}

    def come(name: str, cls: ClassName) -> None:
        if name not in coming or cls not in classes or cls in coming[name]:
            return
        coming[name].add(cls)
        station, traits = crossing.stations[name], scenario.classes[cls].traits
        if station.sent_aside and may_be_sent(station.sent_aside, cls, traits):
            come(station.sent_aside.to, cls)
        if station.screening and station.screening.office:
            for sent in (cls, "foot") if may_split(station) else (cls,):
                come(station.screening.office, sent)

    begun = next((scenario.begin_at(name) for name, one in scenario.crossings.items() if one is crossing), {})
    for cls in classes:
        passed = (name for name in route(crossing, cls) if _meets(scenario, crossing.stations[name], cls))
        for name in (*passed, *begun.get(cls, ())):
            come(name, cls)
    return {name: [cls for cls in classes if cls in coming[name]] for name in coming}


def _meets(scenario: Scenario, station: Station, cls: ClassName) -> bool:
    """Return whether the conditions of a station may hold for parties of a class."""
    return {trait_of(condition) for condition in station.only} <= scenario.classes[cls].traits.keys()
