"""Checks across the fields of a network: drives that lead nowhere, and travellers without a crossing."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.model.changes import DESTINATION_ACTIONS
from sim.scenario.model.network import Network, Origin
from sim.scenario.model.passages import Passage, passages_from_origin
from sim.scenario.model.scenario import Scenario
from sim.suggest import no_such

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]


def check_network(scenario: Scenario) -> Faults:
    """Yield (path, message) for every inconsistency of a network, and for keys that need one."""
    if scenario.network is None:
        yield from _unused(scenario)
        return
    known: list[str] = list(scenario.classes)
    for name, crossing in scenario.crossings.items():
        for one, other in crossing.destination.travels_as.items():
            for cls in {one, other} - set(known):
                loc: Loc = ("crossings", name, "destination", "travels_as", one)
                yield loc, f"class {cls!r} is not described under 'classes' ({', '.join(known)})"
            if other in known and not _served(Passage(0, crossing, other)):
                yield ("crossings", name, "destination", "travels_as", one), f"no station here serves class {other!r}"
    for name, origin in scenario.network.origins.items():
        yield from _origin(scenario, origin, ("network", "origins", name))
    yield from _between(scenario.network, list(scenario.crossings), ("network", "between"))


def _unused(scenario: Scenario) -> Faults:
    for name, crossing in scenario.crossings.items():
        for i, change in enumerate(crossing.changes):
            for what in DESTINATION_ACTIONS:
                if getattr(change, what) is not None:
                    loc: Loc = ("crossings", name, "changes", i, what)
                    yield loc, "acts on travellers who choose between crossings; the scenario has no 'network'"


def _origin(scenario: Scenario, origin: Origin, here: Loc) -> Faults:
    for crossing in origin.travel:
        if crossing not in scenario.crossings:
            yield (*here, "travel", crossing), no_such("crossing", crossing, list(scenario.crossings))
    served: set[str] = set()
    for cls in origin.demand:
        if cls not in scenario.classes:
            known = ", ".join(scenario.classes)
            yield (*here, "demand", cls), f"class {cls!r} is not described under 'classes' ({known})"
            continue
        passages = [passage for passage in passages_from_origin(scenario, origin, cls) if _served(passage)]
        names = {list(scenario.crossings)[passage.x] for passage in passages} & set(origin.travel)
        if not names:
            yield (*here, "demand", cls), f"no crossing in 'travel' has a station for class {cls!r}"
        served |= names
        yield from _same_walk(passages, (*here, "demand", cls))
    for crossing in origin.travel:
        if served and crossing in scenario.crossings and crossing not in served:
            yield (*here, "travel", crossing), "no station there serves a class that sets out from this origin"


def _served(passage: Passage) -> bool:
    return any(passage.cls in s.serves and not s.only_sent_on for s in passage.crossing.stations.values())


def _same_walk(passages: list[Passage], here: Loc) -> Faults:
    """Yield classes whose change of mode differs between crossings: the tape has one walk for each party."""
    behaviours = [passage.crossing.behaviour.get(passage.cls) for passage in passages]
    walks = [b.change_mode for b in behaviours if b and b.change_mode]
    if any((walk.takes, walk.to) != (walks[0].takes, walks[0].to) for walk in walks):
        yield here, "'takes' and 'to' of change_mode must be the same at every crossing that these parties may reach"


def _between(network: Network, names: list[str], here: Loc) -> Faults:
    given = list(network.between)
    for one, others in network.between.items():
        if one not in names:
            yield (*here, one), no_such("crossing", one, names)
        for other in others:
            if other not in names:
                yield (*here, one, other), no_such("crossing", other, names)
            elif other == one:
                yield (*here, one, other), "is a drive from a crossing to itself"
            elif one in network.between.get(other, {}) and given.index(other) < given.index(one):
                yield (*here, one, other), "is given in both directions; give it once"
