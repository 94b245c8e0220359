"""Checks of controls: what they react to must exist."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.model.class_names import ClassName
from sim.scenario.model.scenario import Crossing
from sim.scenario.model.station import Station
from sim.scenario.model.steps import steps_of
from sim.scenario.model.teams import teams_of

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
NO_MAIN_QUEUE = "no main queue stands here, since every class has a station before this one; use 'queue'"


def check_controls(crossing: Crossing, classes: list[ClassName], here: Loc) -> Faults:
    """Yield the controls that react to a quoted wait where no main queue stands, or act on a screening that is none.

    `classes` are those that occur at the crossing.
    """
    for team in teams_of(crossing):
        here_too = any(_has_main_queue(crossing, name, classes) for name in team.stations)
        if team.staffing.reacts and team.staffing.reacts.to == "quoted_wait" and not here_too:
            yield (*here, *team.staffing_loc, "reacts", "to"), NO_MAIN_QUEUE
    for name, station in crossing.stations.items():
        control = station.lightened
        if control and control.to == "quoted_wait" and not _has_main_queue(crossing, name, classes):
            yield (*here, "stations", name, "lightened", "to"), NO_MAIN_QUEUE
        if station.lightened and station.lightened.intensity is not None and not station.screening:
            loc = (*here, "stations", name, "lightened", "intensity")
            yield loc, "acts on screening; the station has none; use 'scale_service'"


def _has_main_queue(crossing: Crossing, name: str, classes: list[ClassName]) -> bool:
    """Return whether some parties come to a station first, at some time."""
    for cls in (cls for cls in classes if cls in crossing.stations[name].serves):
        for step in steps_of(crossing, cls):
            if name in step:
                return True
            if any(_stops_all(crossing.stations[other]) for other in step):
                break
    return False


def _stops_all(station: Station) -> bool:
    return not station.only and station.active_from is None and station.active_until is None
