"""Checks of the ways through a crossing: traits, and the conditions that refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sim.scenario.model.scenario import Crossing, Scenario
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
            for n, condition in enumerate(station.only):
                yield from _conditions(names, [condition], (*here, "only"), n)
        yield from _parallel(crossing, ("crossings", x, "parallel"))


def _conditions(names: tuple[str, ...], conditions: Iterable[str], here: Loc, row: int | None = None) -> Faults:
    """Yield the conditions on traits that no class has; `row` is their place in a list."""
    for condition in conditions:
        trait = trait_of(condition)
        if trait not in names:
            what = no_such("trait", trait, list(names)) if names else f"no class has a trait, so none is {trait!r}"
            yield (*here, condition if row is None else row), what


def _parallel(crossing: Crossing, here: Loc) -> Faults:
    """Yield the faults of choices between stations."""
    names = list(crossing.stations)
    taken: dict[str, str] = {}
    for choice, parallel in crossing.parallel.items():
        key = "shares" if parallel.shares else "one_of"
        for n, name in enumerate(parallel.stations):
            loc = (*here, choice, key, name if parallel.shares else n)
            if name not in names:
                yield loc, no_such("station", name, names)
            elif crossing.stations[name].only_sent_on:
                yield loc, f"station {name!r} is only for those sent on; nobody can choose it"
            elif taken.setdefault(name, choice) != choice:
                yield loc, f"station {name!r} is already part of {taken[name]!r}"
        places = [names.index(name) for name in parallel.stations if name in names]
        between = [names[n] for n in range(min(places, default=0), max(places, default=0)) if n not in places]
        if between:
            what = "stations of a choice must stand next to each other in the file"
            yield (*here, choice), f"{what}; move {between[0]!r} before or after them"
