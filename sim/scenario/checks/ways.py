"""Checks of the ways through a crossing: traits, and the conditions that refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sim.scenario.model.scenario import Scenario
from sim.scenario.model.traits import trait_of, traits_of
from sim.suggest import no_such

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
MOST_TRAITS = 31


def check_ways(scenario: Scenario) -> Faults:
    """Yield (path, message) for every inconsistency."""
    names = traits_of(scenario)
    if len(names) > MOST_TRAITS:
        yield ("classes",), f"have {len(names)} traits of different names; at most {MOST_TRAITS} are allowed"
    for x, crossing in scenario.crossings.items():
        for s, station in crossing.stations.items():
            here: Loc = ("crossings", x, "stations", s)
            yield from _conditions(names, station.scale_service, (*here, "scale_service"))


def _conditions(names: tuple[str, ...], conditions: Iterable[str], here: Loc) -> Faults:
    for condition in conditions:
        trait = trait_of(condition)
        if trait not in names:
            what = no_such("trait", trait, list(names)) if names else f"no class has a trait, so none is {trait!r}"
            yield (*here, condition), what
