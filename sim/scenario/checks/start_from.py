"""Checks that the parties of an end state have a place in the scenario that starts from it."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sim.scenario.model.scenario import Crossing, Scenario
from sim.suggest import no_such

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
HERE: Loc = ("start_from",)


def check_start_from(scenario: Scenario) -> Faults:
    """Yield (path, message) for every crossing, station or class of the end state that the scenario lacks."""
    state = scenario.start_from
    if state is None:
        return
    for name, crossing in scenario.crossings.items():
        if crossing.initial_queue:
            what = "cannot stand beside 'start_from', whose end state says who is there at the start; remove it (null)"
            yield ("crossings", name, "initial_queue"), what
    known: dict[str, None] = {}
    for where, station, cls in state.places:
        known[_fault(scenario, where, station, cls)] = None
    for what in filter(None, known):
        yield HERE, f"the end state has parties without a place here: {what}"


def _fault(scenario: Scenario, where: str, name: str, cls: str) -> str:
    """Return what is missing for parties of a class at a station; '' if nothing is."""
    crossing = scenario.crossings.get(where)
    if crossing is None:
        return no_such("crossing", where, list(scenario.crossings))
    if name not in crossing.stations:
        return no_such(f"station of {where!r} called", name, list(crossing.stations))
    if cls not in scenario.classes:
        return no_such("class", cls, list(scenario.classes))
    return "" if _serves(crossing, name, cls) else f"station {name!r} of {where!r} does not serve class {cls!r}"


def _serves(crossing: Crossing, name: str, cls: str) -> bool:
    station = crossing.stations[name]
    is_served = cls in station.serves or station.only_sent_on
    return is_served and (cls in station.service_time or "any" in station.service_time)


def doubts_of_start(scenario: Scenario) -> Faults:
    """Yield (path, message) for what an end state leaves out, and for a time between the two runs."""
    state = scenario.start_from
    if state is None:
        return
    clock = scenario.clock
    start, ended = clock.start, state.ended_at.astimezone(ZoneInfo(clock.timezone)).replace(tzinfo=None)
    if ended != start:
        what = f"the earlier run ended at {ended:%Y-%m-%d %H:%M}, and this one starts at {start:%Y-%m-%d %H:%M}"
        yield HERE, f"{what}; whoever was inside stands there as if no time had passed"
    left_out = [f"{number:,.4g} {what}" for what, number in state.left_out.items() if number]
    if left_out:
        yield HERE, f"leaves out parties on their way to a queue, on average {' and '.join(left_out)} a replication"
