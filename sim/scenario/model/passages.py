"""Which crossings the parties of a source may come to: its own, or all that an origin has a way to."""

from __future__ import annotations

from typing import NamedTuple

from sim.scenario.model.network import Origin
from sim.scenario.model.quantities import ClassName
from sim.scenario.model.scenario import Crossing, Scenario


class Passage(NamedTuple):
    """A crossing that parties may come to, and the class they are of there."""

    x: int
    crossing: Crossing
    cls: ClassName


def passages_from_source(scenario: Scenario, source: int, cls: ClassName) -> list[Passage]:
    """Return where parties of a class may come to: the crossing `source`, or all that an origin has a way to."""
    crossings = list(scenario.crossings.items())
    if source < len(crossings):
        return [Passage(source, crossings[source][1], cls)]
    origins = list(scenario.network.origins.values()) if scenario.network else []
    return passages_from_origin(scenario, origins[source - len(crossings)], cls)


def passages_from_origin(scenario: Scenario, origin: Origin, cls: ClassName) -> list[Passage]:
    """Return where parties of a class that set out from an origin may come to, at first or from another crossing."""
    reached = _reached(scenario, origin)
    return [
        Passage(x, crossing, crossing.destination.travels_as.get(cls, cls))
        for x, (name, crossing) in enumerate(scenario.crossings.items())
        if name in reached
    ]


def _reached(scenario: Scenario, origin: Origin) -> set[str]:
    """Return the crossings with a way from an origin, from one of these, and so on."""
    reached: set[str] = set()
    new: set[str] = set(origin.travel)
    while new:
        reached |= new
        new = {other for other in set(scenario.crossings) - reached if _leads(scenario, new, other)}
    return reached


def _leads(scenario: Scenario, ones: set[str], other: str) -> bool:
    network = scenario.network
    return network is not None and any(network.drive_between(one, other) is not None for one in ones)
