"""What a valid scenario may not mean: legal descriptions that are probably a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from sim.scenario.checks.classes import absent_classes, same_words
from sim.scenario.checks.crossings import Loc
from sim.scenario.checks.doubts import doubts_of
from sim.scenario.checks.given import rows_left_out
from sim.scenario.checks.no_effect import without_effect
from sim.scenario.checks.presence import occurring
from sim.scenario.checks.series import points_left_out
from sim.scenario.checks.start_from import doubts_of_start
from sim.scenario.checks.unchecked import who_stops_nowhere
from sim.scenario.model.aside import may_be_sent
from sim.scenario.model.changes import EVERYWHERE
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.scenario import Crossing, Intervention, Scenario
from sim.scenario.model.station import Station
from sim.scenario.model.steps import steps_of
from sim.scenario.model.teams import limit_of, teams_of

Waits = dict[str, dict[str, str]]
"""For each zone, the zones for which parties in it wait, each with the words for it."""


def warnings_of(scenario: Scenario) -> Iterator[tuple[Loc, str]]:
    """Yield (path, message) for everything that is allowed and probably a mistake."""
    for name, crossing in scenario.crossings.items():
        yield from _deadlocks(scenario, crossing, ("crossings", name))
    yield from who_stops_nowhere(scenario)
    yield from absent_classes(scenario)
    yield from same_words(scenario)
    yield from without_effect(scenario)
    yield from rows_left_out(scenario)
    yield from points_left_out(scenario)
    yield from _nights_left_out(scenario)
    yield from doubts_of(scenario)
    yield from doubts_of_start(scenario)


def _nights_left_out(scenario: Scenario) -> Iterator[tuple[Loc, str]]:
    """Yield a sentence if the file describes its nights, and some of them fall into the warm-up."""
    clock = scenario.clock
    if scenario.relief is None or "relief" not in scenario.model_fields_set:
        return
    midnight = clock.start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight + timedelta(days=n) for n in range((clock.counted_from - midnight).days + 1))
    nights = sum(clock.start <= day + scenario.relief.night_hour < clock.counted_from for day in days)
    if nights:
        what = "one night falls" if nights == 1 else f"{nights} nights fall"
        yield ("clock", "warm_up"), f"{what} into the warm-up; who is at the border then is not counted"


def warning_lines(scenario: Scenario, interventions: Mapping[str, Intervention], applied: Sequence[str]) -> list[str]:
    """Return the warnings of a scenario as 'path: sentence', with paths as its file has them.

    `applied` are the names of the `interventions` in force, in their order.
    """
    rows = [(name, n, change.crossing) for name in applied for n, change in enumerate(interventions[name].changes)]
    lines = []
    for loc, what in warnings_of(scenario):
        path = loc
        if loc[0] == "crossings" and loc[2:3] == ("changes",):
            everywhere = loc[1] if EVERYWHERE in scenario.crossings else EVERYWHERE
            added = [(name, n) for name, n, crossing in rows if crossing in (None, everywhere, loc[1])]
            number = int(loc[3]) - len(scenario.crossings[str(loc[1])].changes) + len(added)
            if number >= 0:
                name, n = added[number]
                path = ("interventions", name, "changes", n, *loc[4:])
        lines.append(f"{'.'.join(map(str, path))}: {what}")
    return lines


def ways(scenario: Scenario) -> dict[str, dict[ClassName, list[str]]]:
    """Return for each crossing the stations that each class passes, in order, with those that some are sent on to."""
    return {
        name: {cls: list(_way(scenario, crossing, cls)) for cls in occurring(scenario, crossing)}
        for name, crossing in scenario.crossings.items()
    }


def _way(scenario: Scenario, crossing: Crossing, cls: ClassName) -> Iterator[str]:
    for step in steps_of(crossing, cls):
        yield " or ".join(_with_conditions(name, crossing.stations[name]) for name in step)
        yield from dict.fromkeys(text for name in step for text in _sent(scenario, crossing.stations[name], cls))


def _sent(scenario: Scenario, station: Station, cls: ClassName) -> Iterator[str]:
    """Yield the stations that some of a class are sent to after a station."""
    screening = station.screening
    if screening is not None and screening.office is not None and screening.on_hit.sent_on > 0:
        yield f"{screening.office} (if sent on)"
    if (aside := station.sent_aside) and may_be_sent(aside, cls, scenario.classes[cls].traits):
        yield f"{aside.to} (if sent aside{' and back' if aside.then == 'back' else ''})"


def _with_conditions(name: str, station: Station) -> str:
    return f"{name} ({', '.join(station.only)})" if station.only else name


def _deadlocks(scenario: Scenario, crossing: Crossing, here: Loc) -> Iterator[tuple[Loc, str]]:
    waits = _waits(scenario, crossing)
    for one, other, words in _waits_for_pools(scenario, crossing):
        waits.setdefault(one, {}).setdefault(other, words)
    try:
        TopologicalSorter({zone: list(others) for zone, others in waits.items()}).prepare()
    except CycleError as error:
        cycle = error.args[1][::-1]
        steps = [waits[one][other] for one, other in pairwise(cycle)]
        what = f"parties may block each other for ever: {', '.join(steps)}"
        of_pool = ", servers of its own, or at most some of the pool" if "all of whom" in what else ""
        yield (*here, "stations"), f"{what}; give one of the stations its own hall or zone{of_pool}"


def _waits(scenario: Scenario, crossing: Crossing) -> Waits:
    """Return who may wait where for what: for the next zone, or behind a class that waits for it at a server."""
    waits: Waits = {}
    routes = {cls: steps_of(crossing, cls) for cls in occurring(scenario, crossing)}
    for cls, steps in routes.items():
        # those who come from the road take no room in the zones of their first step
        for place, step in enumerate(steps[1:], 1):
            for one in filter(None, (_zone(crossing, name) for name in step)):
                for other in _wanted(crossing, steps[place:]):
                    if one != other:
                        waits.setdefault(one, {}).setdefault(other, f"class {cls!r} waits in {one} for {other}")
    for cls, steps in routes.items():
        for name in (name for step in steps[1:] for name in step):
            one = _zone(crossing, name)
            for ahead, others in routes.items() if one else ():
                for other in _wanted(crossing, others) if others and name in others[0] else ():
                    behind = f"class {cls!r} waits in {one} behind class {ahead!r}, which waits for {other}"
                    waits.setdefault(one, {}).setdefault(other, behind)
    return waits


def _waits_for_pools(scenario: Scenario, crossing: Crossing) -> Iterator[tuple[str, str, str]]:
    """Yield the zones where parties wait for servers of a pool, all of whom may be kept by parties that want a zone."""
    teams = [team for team in teams_of(crossing) if len(team.stations) > 1]
    for team in teams:
        unlimited = [name for name in team.stations if limit_of(crossing.stations[name]) is None]
        for steps in (steps_of(crossing, cls) for cls in occurring(scenario, crossing)):
            for place, name in (
                (place, name) for place, step in enumerate(steps) for name in step if name in unlimited
            ):
                for other in _wanted(crossing, steps[place:]):
                    for one in filter(None, (_zone(crossing, waiting) for waiting in team.stations)):
                        words = f"parties in {one} wait for {team.name!r}, all of whom may be kept at {name!r}"
                        yield one, other, f"{words} by parties that wait for {other}"


def _wanted(crossing: Crossing, steps: list[list[str]]) -> Iterator[str]:
    """Yield the zones that parties at the first of these steps may want next."""
    for step in steps[1:]:
        yield from filter(None, (_zone(crossing, name) for name in step))
        if not all(_passed_by(crossing, name) for name in step):
            return


def _zone(crossing: Crossing, name: str) -> str:
    hall = crossing.stations[name].hall
    return "" if hall is None else f"zone {hall!r}" if isinstance(hall, str) else f"the hall of {name!r}"


def _passed_by(crossing: Crossing, name: str) -> bool:
    """Return whether parties pass by a station: it begins or ends during the run, or is only for some."""
    station = crossing.stations[name]
    return bool(station.only) or station.active_from is not None or station.active_until is not None
