"""The way of a class through a crossing, step by step; at a step, a party goes to one of the stations."""

from __future__ import annotations

from sim.scenario.model.road import Zone
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Station


def beside(crossing: Crossing, name: str) -> tuple[str, ...]:
    """Return the stations from which a party chooses at a station's step, the station itself among them."""
    return next((choice.stations for choice in crossing.parallel.values() if name in choice.stations), (name,))


def steps_of(crossing: Crossing, cls: str) -> list[list[str]]:
    """Return the stations that may serve a class, step by step, in the order of the file."""
    steps: list[list[str]] = []
    for name, station in crossing.stations.items():
        if cls not in station.serves or station.only_sent_on:
            continue
        if steps and steps[-1][0] in beside(crossing, name):
            steps[-1].append(name)
        else:
            steps.append([name])
    return steps


def closing_steps(crossing: Crossing, cls: str) -> list[list[str]]:
    """Return the steps that close the way of a class when all their stations are closed.

    A step of one station `only` for some parties is none of them: the others pass it by.
    """
    steps = steps_of(crossing, cls)
    return [step for step in steps if len(step) > 1 or not crossing.stations[step[0]].only]


def returns_to(crossing: Crossing, name: str) -> int | None:
    """Return the place in the file from which those sent aside by a station go on, if that is not after it."""
    names = list(crossing.stations)
    aside = crossing.stations[name].sent_aside
    if aside is None or aside.to not in names:
        return None
    ends_at = name if aside.then == "back" else aside.to
    place = min(names.index(other) for other in (*beside(crossing, ends_at), aside.to))
    return place if place <= names.index(name) else None


def rounds_of(scenario: Scenario) -> int:
    """Return how often a party of any crossing may return to stations where it has been."""
    return max(
        station.sent_aside.at_most if station.sent_aside and returns_to(crossing, name) is not None else 0
        for crossing in scenario.crossings.values()
        for name, station in crossing.stations.items()
    )


def is_repeated(crossing: Crossing, name: str) -> bool:
    """Return whether a party may come to a station again."""
    places = [returns_to(crossing, other) for other in crossing.stations]
    first = min((place for place in places if place is not None), default=None)
    return first is not None and list(crossing.stations).index(name) >= first


def zone_of(crossing: Crossing, station: Station) -> Zone | None:
    """Return the zone in which a station's queue stands, or its hall if that has room for people or metres."""
    hall = station.hall
    return hall if isinstance(hall, Zone) else crossing.zones.get(hall) if isinstance(hall, str) else None
