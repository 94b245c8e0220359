"""Checks dates: their order, and whether what they date falls within the run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from sim.scenario.model.demand import DemandPart, Pulse, Rush, Step
from sim.scenario.model.network import Origin
from sim.scenario.model.quantities import later_than
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.scenario.model.station import Station
from sim.scenario.model.teams import Team, teams_of

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
MAX_RUN = timedelta(days=400)


def check_dates(scenario: Scenario, whole_run: bool = True) -> Faults:
    """Yield (path, message) for every invalid date; without `whole_run`, dates outside the run are accepted."""
    clock = scenario.clock
    if clock.horizon - clock.start > MAX_RUN:
        yield (
            ("clock", "horizon"),
            f"a run may last at most {MAX_RUN.days} days; got {(clock.horizon - clock.start).days} days",
        )
    for name, crossing in scenario.crossings.items():
        here: Loc = ("crossings", name)
        for team in teams_of(crossing):
            yield from _steps(team, here)
        yield from _reversed(crossing, here)
        if whole_run:
            yield from _crossing(crossing, clock, here)
    if whole_run:
        for name, origin in scenario.network.origins.items() if scenario.network else ():
            yield from _demand(origin, clock, ("network", "origins", name))
        for i, row in enumerate(scenario.reported):
            if clock.start <= row.from_ < clock.counted_from:
                until = f"{clock.counted_from:%Y-%m-%dT%H:%M}"
                yield ("reported", i, "from"), f"the warm-up lasts until {until} and is not counted; make it shorter"
            elif row.from_ < clock.start or row.until > clock.horizon:
                end = "until" if clock.start <= row.from_ < clock.horizon else "from"
                yield ("reported", i, end), f"the figure is for a time outside the run ({run_of(clock)})"


def run_of(clock: Clock) -> str:
    """Return the begin and end of the run as text."""
    return f"{clock.start:%Y-%m-%dT%H:%M} to {clock.horizon:%Y-%m-%dT%H:%M}"


def _outside(clock: Clock, begin: datetime | None, end: datetime | None = None) -> str | None:
    """Return a message if [begin, end) does not overlap the run."""
    if (begin and begin >= clock.horizon) or (end and end <= clock.start):
        return f"outside the run ({run_of(clock)}); it would have no effect"
    return None


def _at(loc: Loc, clock: Clock, begin: datetime | None, end: datetime | None = None) -> Faults:
    fault = _outside(clock, begin, end)
    if fault:
        yield (*loc, "from" if begin and begin >= clock.horizon else "until"), fault


def _steps(team: Team, here: Loc) -> Faults:
    steps = team.staffing.steps
    for i, (earlier, later) in enumerate(pairwise(steps), start=1):
        if later.from_ <= earlier.from_:
            what = later_than("the step before", later.from_, earlier.from_)
            yield (*here, *team.staffing_loc, "steps", i, "from"), f"{what}; write the steps in order of time"


def _reversed(crossing: Crossing, here: Loc) -> Faults:
    for name, station in crossing.stations.items():
        if station.active_from and station.active_until and station.active_until <= station.active_from:
            yield (
                (*here, "stations", name, "active_until"),
                later_than("active_from", station.active_until, station.active_from),
            )
    for cls, behaviour in crossing.behaviour.items():
        for way in ("renege", "change_mode", "bypass"):
            leaving = getattr(behaviour, way)
            if leaving and leaving.from_ and leaving.until and leaving.until <= leaving.from_:
                yield (*here, "behaviour", cls, way, "until"), later_than("from", leaving.until, leaving.from_)


def _crossing(crossing: Crossing, clock: Clock, here: Loc) -> Faults:
    for name, lot in crossing.road.lots.items():
        yield from _at((*here, "road", "lots", name), clock, lot.from_)
    for name, station in crossing.stations.items():
        yield from _station(station, clock, (*here, "stations", name))
    for team in teams_of(crossing):
        steps = team.staffing.steps
        for i, step in enumerate(steps if all(_outside(clock, step.from_) for step in steps) else ()):
            yield from _at((*here, *team.staffing_loc, "steps", i), clock, step.from_)  # some: left out with a note
    yield from _demand(crossing, clock, here)
    for cls, behaviour in crossing.behaviour.items():
        for way in ("renege", "change_mode", "bypass"):
            leaving = getattr(behaviour, way)
            if leaving:
                yield from _at((*here, "behaviour", cls, way), clock, leaving.from_, leaving.until)
    for i, change in enumerate(crossing.changes):
        yield from _at((*here, "changes", i), clock, change.from_, change.until)


def _station(station: Station, clock: Clock, here: Loc) -> Faults:
    for key, begin, end in (("active_from", station.active_from, None), ("active_until", None, station.active_until)):
        fault = _outside(clock, begin, end)
        if fault:
            yield (*here, key), fault.replace("it would have no effect", "the station would never open")


def _demand(source: Crossing | Origin, clock: Clock, here: Loc) -> Faults:
    for cls, parts in source.demand.items():
        for name, part in parts.items():
            yield from _part(part, clock, (*here, "demand", cls, name))


def _part(part: DemandPart, clock: Clock, here: Loc) -> Faults:
    kind = part.kind
    if isinstance(kind, Step | Pulse):
        fault = _outside(clock, kind.at)
        if fault:
            yield (*here, "step" if isinstance(kind, Step) else "pulse", "at"), fault
    elif isinstance(kind, Rush):
        late = kind.announced >= clock.horizon
        fault = _outside(clock, kind.announced, kind.deadline)
        if fault:
            yield (*here, "rush", "announced" if late else "deadline"), fault
    elif isinstance(kind, tuple) and not any(_outside(clock, row.from_, row.until) is None for row in kind):
        yield (*here, "table"), f"no row falls within the run ({run_of(clock)}); it would have no effect"
