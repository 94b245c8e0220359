"""Checks the size of a run: values that are valid one by one and would take hours or all memory together.

Each message names the smallest or largest value that this run allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from sim import units
from sim.scenario.checks.demand import demand_parts
from sim.scenario.model.demand import Constant, CountRow, DemandPart, Pulse, Rush, Step
from sim.scenario.model.instants import since_t0
from sim.scenario.model.laws import mean_people
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.scenario.model.teams import teams_of
from sim.scenario.model.timetable import due_parties

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
MOST_POINTS = 20_000
"""Points of a time series. More are slow to draw and tell no more."""
MOST_TICKS = 5_000_000
"""Releases, announcements, outages and checks of controls in one run, all stations together: a few seconds."""
MOST_IN_WINDOW = 100_000
"""Announcements in the window of the quoted wait; the departures of each are counted in a table."""


MOST_PARTIES = 20_000_000
"""Parties of one replication."""
MUCH_MEMORY = 2e9
BYTES_A_PARTY, BYTES_A_VISIT = 250, 120
"""Memory of a replication for each party, and for each station that the scenario has, measured."""


def check_limits(scenario: Scenario) -> Faults:
    """Yield (path, message) for every value that makes the run too large."""
    yield from _points(scenario.clock)
    yield from _sizes(scenario)
    yield from _ticks(scenario)
    for name, crossing in scenario.crossings.items():
        count = crossing.quote.window / crossing.quote.every
        if count > MOST_IN_WINDOW:
            what = f"holds {count:,.0f} announcements; at most {MOST_IN_WINDOW:,} are allowed"
            yield ("crossings", name, "quote", "window"), f"{what}; make it shorter, or 'every' longer"


def _shown(least_s: float) -> str:
    """Return a duration (s) rounded up to three figures, so that it is enough, in the unit that fits."""
    unit = units.SCALES["time"][units.show_duration(least_s).split()[-1]]
    power = 10.0 ** (math.floor(math.log10(least_s / unit)) - 2)
    return units.show_duration(math.ceil(least_s / unit / power - 1e-9) * power * unit)


def _points(clock: Clock) -> Faults:
    run_s = (since_t0(clock, clock.horizon) - since_t0(clock, clock.start)) / units.MS_PER_S
    if run_s <= 0:
        yield ("clock", "horizon"), "must be later than start; the clock is put forward between them"
    points = int(run_s / clock.report_every) + 1
    if points > MOST_POINTS:
        what = f"gives {points:,} points in every series; at most {MOST_POINTS:,} are allowed"
        least = math.ceil(run_s / (MOST_POINTS - 1))
        yield ("clock", "report_every"), f"{what}; use at least {_shown(least)}"


def _ticks(scenario: Scenario) -> Faults:
    """Yield the intervals that give too many events; each that takes more than an equal share of the limit."""
    run_s = (scenario.clock.horizon - scenario.clock.start).total_seconds()
    intervals: list[tuple[Loc, str, float]] = []
    for name, crossing in scenario.crossings.items():
        here: Loc = ("crossings", name)
        intervals.append(((*here, "quote", "every"), "announcements", crossing.quote.every))
        for station, described in crossing.stations.items():
            there: Loc = (*here, "stations", station)
            if described.release:
                intervals.append(((*there, "release", "every"), "releases", described.release.every))
            if described.lightened:
                loc = (*there, "lightened", "checked_every")
                intervals.append((loc, "checks", described.lightened.checked_every))
        intervals += _ticks_of_staff(crossing, here)
    if sum(run_s / every for *_, every in intervals) <= MOST_TICKS:
        return
    most = MOST_TICKS // len(intervals)
    least = math.ceil(units.MS_PER_S * run_s / most)
    for loc, events, every in intervals:
        if run_s / every > most:
            what = f"gives {run_s / every:,.0f} {events} in this run; at most {most:,} are allowed"
            yield loc, f"{what}; use at least {_shown(least / units.MS_PER_S)}"


def _ticks_of_staff(crossing: Crossing, here: Loc) -> Iterator[tuple[Loc, str, float]]:
    for team in teams_of(crossing):
        outages, reacts = team.described.outages, team.staffing.reacts
        if outages:
            every = (outages.every.mean_s + outages.lasts.mean_s) / 2
            yield (*here, *team.loc, "outages", "every"), "beginnings and ends of outages", every
        if reacts:
            yield (*here, *team.staffing_loc, "reacts", "checked_every"), "checks", reacts.checked_every


def parties_by_class(scenario: Scenario) -> dict[Loc, float]:
    """Return about how many parties are expected from the start on, by the path of the demand of their class.

    Where changes multiply demand, the arrivals are taken as even over the run.
    """
    counts: dict[Loc, float] = {}
    for loc, part in demand_parts(scenario):
        counts[loc[:-1]] = counts.get(loc[:-1], 0.0) + _parties(scenario, part, loc)
    for name, crossing in scenario.crossings.items():
        scales = [change.scale_demand for change in crossing.changes if change.scale_demand is not None]
        for loc in (loc for loc in counts if loc[:2] == ("crossings", name)):
            counts[loc] *= 1 + sum(max(0.0, scale - 1) for scale in scales)
        for cls, waiting in crossing.initial_queue.items():
            here: Loc = ("crossings", name, "demand", cls)
            counts[here] = counts.get(here, 0.0) + waiting.parties
    return counts


def _carried(scenario: Scenario) -> int:
    """Return how many parties of an earlier run begin a replication at most."""
    return scenario.start_from.most_parties if scenario.start_from else 0


def memory_of(scenario: Scenario) -> float:
    """Return about how many bytes one replication takes."""
    stations = sum(len(crossing.stations) for crossing in scenario.crossings.values())
    parties = sum(parties_by_class(scenario).values()) + _carried(scenario)
    return parties * (BYTES_A_PARTY + BYTES_A_VISIT * stations)


def _sizes(scenario: Scenario) -> Faults:
    counts: dict[Loc, float] = {("start_from",): _carried(scenario), **parties_by_class(scenario)}
    if sum(counts.values()) > MOST_PARTIES:
        what = f"about {sum(counts.values()):,.0f} parties are expected; at most {MOST_PARTIES:,} are allowed"
        yield max(counts, key=lambda loc: counts[loc]), what


def _parties(scenario: Scenario, part: DemandPart, loc: Loc) -> float:
    kind, clock = part.kind, scenario.clock
    if isinstance(kind, Constant):
        return kind.rate * _hours(clock.horizon - clock.start)
    if isinstance(kind, Step):
        hours = (max(0.0, _hours(instant - kind.at)) for instant in (clock.start, clock.horizon))
        before, all_of_them = (_lasting(kind, span) for span in hours)
        return kind.rate * (all_of_them - before)
    if isinstance(kind, Pulse | Rush):
        return kind.parties
    if isinstance(kind, tuple):
        return sum(row.count * _share_within(clock, row) for row in kind)
    of_class = [described.people for cls, described in scenario.classes.items() if cls == loc[-2]]
    return sum(parties for _, parties in due_parties(clock, part, mean_people(of_class[0]) if of_class else 1.0))


def _lasting(kind: Step, hours: float) -> float:
    """Return the hours at the first rate that give the departures of so many hours."""
    if kind.decay is None:
        return hours
    decay = kind.decay / 3600
    return decay * -math.expm1(-hours / decay)


def _share_within(clock: Clock, row: CountRow) -> float:
    inside = min(row.until, clock.horizon) - max(row.from_, clock.start)
    return max(0.0, inside / (row.until - row.from_))


def _hours(span: timedelta) -> float:
    return span.total_seconds() / 3600
