"""Checks of the classes of a file: how many are its own, and what a standard name means."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.model.quantities import CLASSES, MOST_OWN_CLASSES
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Priority, Shares, Station

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]


def check_classes(scenario: Scenario) -> Faults:
    """Yield (path, message) for a standard name of another kind, and for too many own classes."""
    own = [name for name in scenario.classes if name not in CLASSES]
    if len(own) > MOST_OWN_CLASSES:
        yield ("classes",), f"at most {MOST_OWN_CLASSES} classes of your own are allowed; got {len(own)}"
    for name, described in scenario.classes.items():
        if name in CLASSES and described.kind != name:
            what = f"class {name!r} is of the kind {name}; got {described.kind}"
            yield ("classes", name, "kind"), f"{what}; give the class a name of your own"


def same_words(scenario: Scenario) -> Faults:
    """Yield (path, message) for every class that tables and pictures call like one before it."""
    called: dict[str, str] = {}
    for name in scenario.classes:
        words = scenario.class_words[name]
        if (other := called.setdefault(words, name)) != name:
            what = f"is called {words!r} in tables and pictures, as class {other!r} is"
            yield ("classes", name), f"{what}; give it another name"


def absent_classes(scenario: Scenario) -> Faults:
    """Yield (path, message) for every mention of a class that the file does not describe, which has no effect."""
    known = ", ".join(scenario.classes)
    for name, crossing in scenario.crossings.items():
        for loc, cls in _mentions(crossing, ("crossings", name)):
            if cls in CLASSES and cls not in scenario.classes:
                yield loc, f"class {cls!r} is not described under 'classes' ({known}), so this has no effect"


def _mentions(crossing: Crossing, here: Loc) -> Iterator[tuple[Loc, str]]:
    for name, station in crossing.stations.items():
        yield from _at_station(station, (*here, "stations", name))
    for n, change in enumerate(crossing.changes):
        for i, cls in enumerate(change.classes or ()):
            yield (*here, "changes", n, "classes", i), cls
    for lot, described in crossing.road.lots.items():
        for i, cls in enumerate(described.classes):
            yield (*here, "road", "lots", lot, "classes", i), cls


def _at_station(station: Station, here: Loc) -> Iterator[tuple[Loc, str]]:
    if not set(CLASSES) <= set(station.serves):  # otherwise it serves all
        yield from (((*here, "serves", n), cls) for n, cls in enumerate(station.serves))
    yield from (((*here, "service_time", cls), cls) for cls in station.service_time)
    for cls in station.sent_aside.share if station.sent_aside else ():
        yield (*here, "sent_aside", "share", cls), cls
    discipline = station.discipline
    if isinstance(discipline, Shares):
        yield from (((*here, "discipline", "shares", cls), cls) for cls in discipline.shares)
    elif isinstance(discipline, Priority):
        for n, row in enumerate(discipline.priority):
            yield from (((*here, "discipline", "priority", n, i), cls) for i, cls in enumerate(row))
