"""The crossings that parties of a source may reach: its own, or all with a way from their origin."""

from __future__ import annotations

from typing import NamedTuple

from sim.scenario.model.class_names import ClassName
from sim.scenario.model.network import Origin
from sim.scenario.model.scenario import Crossing, Scenario


class Passage(NamedTuple):
    """A crossing that parties may reach, and their class at it."""

    x: int
    crossing: Crossing
    cls: ClassName


def passages_from_source(scenario: Scenario, source: int, cls: ClassName) -> list[Passage]:
    """Return the passages of a class: that of the crossing `source`, or all with a way from the origin `source`."""
    crossings = list(scenario.crossings.items())
    if source < len(crossings):
        return [Passage(source, crossings[source][1], cls)]
    origins = list(scenario.network.origins.values()) if scenario.network else []
    return passages_from_origin(scenario, origins[source - len(crossings)], cls)


def passages_from_origin(scenario: Scenario, origin: Origin, cls: ClassName) -> list[Passage]:
    """Return the passages of a class from an origin, chosen first or by a diversion."""
    reached = _reached(scenario, origin)
    return [
        Passage(x, crossing, crossing.destination.travels_as.get(cls, cls))
        for x, (name, crossing) in enumerate(scenario.crossings.items())
        if name in reached
    ]


def _reached(scenario: Scenario, origin: Origin) -> set[str]:
    """Return the crossings that can be reached from an origin, directly or by diversions."""
    reached: set[str] = set()
    new: set[str] = set(origin.travel)
    while new:
        reached |= new
        new = {other for other in set(scenario.crossings) - reached if _leads(scenario, new, other)}
    return reached


def _leads(scenario: Scenario, ones: set[str], other: str) -> bool:
    network = scenario.network
    return network is not None and any(network.drive_between(one, other) is not None for one in ones)
