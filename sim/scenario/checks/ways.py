"""Checks of the ways through a crossing: traits, and the conditions that refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sim.scenario.checks.presence import comers
from sim.scenario.model.aside import may_be_sent
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Station
from sim.scenario.model.steps import returns_to
from sim.scenario.model.traits import is_condition, trait_of, traits_of
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
            yield from _aside(scenario, crossing, s, (*here, "sent_aside"))
            for n, condition in enumerate(station.only):
                yield from _conditions(names, [condition], (*here, "only"), n)
            yield from _nobody(scenario, station, (*here, "only"))
        yield from _parallel(crossing, ("crossings", x, "parallel"))
        for name, choice in crossing.parallel.items():
            yield from _conditions(names, choice.shares_by_trait, ("crossings", x, "parallel", name, "shares_by_trait"))


def _conditions(names: tuple[str, ...], conditions: Iterable[str], here: Loc, row: int | None = None) -> Faults:
    """Yield the conditions on traits that no class has; `row` is their place in a list."""
    for condition in conditions:
        trait = trait_of(condition)
        if trait not in names:
            what = no_such("trait", trait, list(names)) if names else f"no class has a trait, so none is {trait!r}"
            yield (*here, condition if row is None else row), what


def _nobody(scenario: Scenario, station: Station, here: Loc) -> Faults:
    """Yield the fault of conditions that hold for nobody whom a station serves."""
    traits = dict.fromkeys(trait_of(condition) for condition in station.only)
    if not traits.keys() <= set(traits_of(scenario)):
        return
    if len(traits) < len(set(station.only)):
        both = next(trait for trait in traits if {f"when {trait}", f"unless {trait}"} <= set(station.only))
        yield here, f"'when {both}' and 'unless {both}' exclude each other, so nobody can stop here; remove one"
        return
    served = [cls for cls in scenario.classes if cls in station.serves]
    if traits and served and not any(traits.keys() <= scenario.classes[cls].traits.keys() for cls in served):
        what = f"no class that the station serves ({', '.join(served)}) has {' and '.join(map(repr, traits))}"
        yield here, f"{what} among its traits, so nobody can stop here"


def _aside(scenario: Scenario, crossing: Crossing, name: str, here: Loc) -> Faults:
    """Yield the faults of a share that is sent aside."""
    station, names = crossing.stations[name], list(crossing.stations)
    aside = station.sent_aside
    if aside is None:
        return
    yield from _conditions(traits_of(scenario), filter(is_condition, aside.share), (*here, "share"))
    for who in aside.share:
        if not is_condition(who) and who not in (*scenario.class_numbers, "any"):
            yield (*here, "share", who), no_such("class", who, [*scenario.classes, "any"])
    if aside.to not in names:
        yield (*here, "to"), no_such("station", aside.to, names)
        return
    coming = [cls for cls in comers(scenario, crossing)[name] if cls in station.serves]
    may_go = (cls for cls in coming if may_be_sent(aside, cls, scenario.classes[cls].traits))
    sent = [cls for cls in may_go if cls not in crossing.stations[aside.to].serves]
    if sent:
        yield (*here, "to"), f"station {aside.to!r} does not serve {', '.join(sent)}, who may be sent there"
    screening = crossing.stations[aside.to].screening
    if aside.then == "back" and screening is not None and screening.office is not None:
        yield (*here, "then"), f"men sent on from {aside.to!r} would not come back; remove it"
    if aside.to == name and aside.then == "back":
        yield (*here, "then"), "a party that stays here has no way back; remove it"
    if "at_most" in aside.model_fields_set and returns_to(crossing, name) is None:
        yield (*here, "at_most"), "nobody comes back from there; remove it"


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
