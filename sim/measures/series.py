"""The time series of one replication, crossing by crossing; names and definitions are in `sim.measures.names`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import Outcome, Records
from sim.measures.grid import Grid, grouped_quantiles, pad
from sim.measures.names import (
    ALL,
    EVENTS,
    LONGEST_QUOTE,
    RATE_HOURS,
    VEHICLE_CLASSES,
    VEHICLES,
    WAYS_ACROSS,
    Key,
    at_station,
    by_way,
)
from sim.measures.road import queue_on_road
from sim.measures.visits import Parties, Stays, Visits, in_main_queue
from sim.scenario.quantities import BYPASS, CLASSES, STREAMS
from sim.scenario.schema import Scenario
from sim.units import MS_PER_H, milliseconds

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Series = Iterator[tuple[Key, Floats]]
C = len(CLASSES)


def scoped(scenario: Scenario, crossing: str, quantity: str, by_class: Floats, vehicles: bool = False) -> Series:
    """Yield a quantity for all classes, for vehicles if asked, and for each class of the scenario; (5, T) in."""
    yield Key(crossing, quantity, ALL), by_class.sum(axis=0)
    if vehicles:
        yield Key(crossing, quantity, VEHICLES), by_class[[CLASSES.index(cls) for cls in VEHICLE_CLASSES]].sum(axis=0)
    for cls in _classes(scenario):
        yield Key(crossing, quantity, cls), by_class[CLASSES.index(cls)]


def queues(scenario: Scenario, plan: Plan, seen: Visits, inside: Stays, grid: Grid) -> Series:
    """Yield parties and people in queues and in the system, kilometres of queue and vehicles in lots."""
    places, stations = len(plan.crossings) * C, len(plan.stations)
    span = grid.point(seen.arrived), grid.point(seen.called)
    waiting = grid.states(seen.station * C + seen.place % C, stations * C, span).reshape(stations, C, -1)
    people = grid.states(seen.place, places, span, seen.people).reshape(-1, C, len(grid.at))
    span = grid.point(inside.arrived), grid.point(inside.gone)
    in_system = grid.states(inside.place, places, span).reshape(people.shape)
    people_inside = grid.states(inside.place, places, span, inside.people).reshape(people.shape)
    on_road = (plan.zone == NOWHERE) & ~plan.only_sent_on
    for x, crossing in enumerate(plan.crossings):
        here = plan.crossing == x
        yield from scoped(scenario, crossing, "queue", waiting[here].sum(axis=0), vehicles=True)
        for s in np.flatnonzero(here):
            yield Key(crossing, "queue", at_station(plan.stations[s])), waiting[s].sum(axis=0)
        yield from scoped(scenario, crossing, "queue_people", people[x])
        yield from scoped(scenario, crossing, "in_system", in_system[x])
        yield from scoped(scenario, crossing, "in_system_people", people_inside[x])
        road = scenario.crossings[crossing].road
        length, in_lots = queue_on_road(scenario, road, grid.at, waiting[here & on_road].sum(axis=0))
        yield Key(crossing, "queue_length"), length
        yield Key(crossing, "in_lots"), in_lots


def quoted_waits(scenario: Scenario, plan: Plan, records: Records, seen: Visits, grid: Grid) -> Series:
    """Yield the wait as officials quote it (h), by class.

    The main queue over the rate of service starts from it in the window before (since the start, while the window
    reaches back further), LONGEST_QUOTE at most. Where nobody waits it is 0; while nobody is called the last quote
    grows as time passes. NaN at the start where somebody waits then.
    """
    places = len(plan.crossings) * C
    windows = np.array([milliseconds(scenario.crossings[name].quote.window) for name in plan.crossings])
    rows = np.flatnonzero(in_main_queue(records, seen))
    queue = grid.states(seen.place[rows], places, (grid.point(seen.arrived[rows]), grid.point(seen.called[rows])))
    rows = np.flatnonzero(records.first)
    place, started = seen.place[rows], seen.started[rows]
    recent = (grid.point(started), grid.point(started + windows[place // C]))
    starts = grid.states(place, places, recent)
    span = np.minimum(np.repeat(windows, C)[:, None], grid.at - grid.start)
    with np.errstate(divide="ignore", invalid="ignore"):
        quoted = np.where(queue == 0, 0.0, queue * span / starts / MS_PER_H)
    known = (queue == 0) | (starts > 0)
    last = np.maximum.accumulate(np.where(known, np.arange(len(grid.at)), 0), axis=1)
    quoted[:, 0] = 0.0
    quoted = np.take_along_axis(quoted, last, axis=1) + (grid.at - grid.at[last]) / MS_PER_H
    quoted = np.minimum(quoted, LONGEST_QUOTE)
    quoted[queue[:, 0] > 0, 0] = np.nan
    for x, crossing in enumerate(plan.crossings):
        for cls in _classes(scenario):
            yield Key(crossing, "quoted_wait", cls), quoted[x * C + CLASSES.index(cls)]


def events(scenario: Scenario, plan: Plan, records: Records, seen: Visits, grid: Grid) -> Series:
    """Yield parties and people by what happened to them, per interval."""
    places, names = len(plan.crossings) * C, list(EVENTS)
    found = [_happened(event, records, seen) for event in names]
    rows = np.concatenate([rows for rows, _ in found])
    at = np.minimum(np.concatenate([at for _, at in found]), grid.horizon)
    group = np.repeat(np.arange(len(names)), [len(rows) for rows, _ in found]) * places + seen.place[rows]
    shape = (len(names), len(plan.crossings), C, len(grid.at))
    parties = grid.counts(group, len(names) * places, at).reshape(shape)
    people = grid.counts(group, len(names) * places, at, seen.people[rows]).reshape(shape)
    for x, crossing in enumerate(plan.crossings):
        for e, event in enumerate(names):
            yield from scoped(scenario, crossing, f"{event}_parties", parties[e, x], vehicles=True)
            yield from scoped(scenario, crossing, f"{event}_people", people[e, x])


def ways_across(scenario: Scenario, plan: Plan, who: Parties, grid: Grid) -> Series:
    """Yield the vehicles that crossed per interval, by class as they came and by way across."""
    rows = np.flatnonzero(who.outcome == int(Outcome.CROSSED))
    ways = len(WAYS_ACROSS)
    group = who.place[rows] * ways + who.way[rows]
    found = grid.counts(group, len(plan.crossings) * C * ways, np.minimum(who.gone[rows], grid.horizon))
    for x, crossing in enumerate(plan.crossings):
        for cls in _classes(scenario):
            if cls in VEHICLE_CLASSES:
                first = (x * C + CLASSES.index(cls)) * ways
                for way, name in enumerate(WAYS_ACROSS):
                    yield Key(crossing, "crossed_parties", by_way(cls, name)), found[first + way]


def rates(series: dict[Key, Floats], grid: Grid) -> Series:
    """Yield, for every series of crossed parties and people, the flow per hour around each point (/h).

    The mean is over RATE_HOURS, half of them before the point, at least one interval to each side; of it what lies in
    the run. NaN where the run has one point only.
    """
    keys = [key for key in series if key.quantity in ("crossed_parties", "crossed_people")]
    points = np.arange(len(grid.at))
    half = max(1, round(RATE_HOURS * MS_PER_H / 2 / grid.every))
    begin, end = np.maximum(points - half, 0), np.minimum(points + half, points[-1])
    before = np.zeros((len(keys), len(points)))
    np.cumsum([series[key][:-1] for key in keys], axis=1, out=before[:, 1:])
    hours = (grid.at[end] - grid.at[begin]) / MS_PER_H
    for key, found in zip(keys, _ratio(before[:, end] - before[:, begin], hours), strict=True):
        yield Key(key.crossing, f"{key.quantity}_per_hour", key.scope), found


def _happened(event: str, records: Records, seen: Visits) -> tuple[Ints, Ints]:
    """Return the rows of an event and its instants."""
    if event == "arrived":
        rows = np.flatnonzero((records.visit == 0) & ~seen.initial & ~seen.split)
        return rows, seen.arrived[rows]
    rows = np.flatnonzero(records.outcome == int(Outcome[event.upper()]))
    if event != "bypassed":
        return rows, seen.left[rows]
    at_once = np.flatnonzero((records.visit == 0) & (records.stream == STREAMS.index(BYPASS)))
    return np.concatenate((rows, at_once)), np.concatenate((seen.left[rows], seen.arrived[at_once]))


def waits(scenario: Scenario, plan: Plan, who: Parties, grid: Grid) -> Series:
    """Yield the waits (h) of those who joined the main queue, by interval of joining."""
    known = who.main & ~who.initial
    done, stayed = (known & (who.outcome == int(end)) for end in (Outcome.CROSSED, Outcome.UNFINISHED))
    for x, crossing in enumerate(plan.crossings):
        for scope in (ALL, *_classes(scenario)):
            here = who.place // C == x if scope == ALL else who.place == x * C + CLASSES.index(scope)
            yield from _waits(crossing, scope, who, (np.flatnonzero(here & done), np.flatnonzero(here & stayed)), grid)


def _waits(crossing: str, scope: str, who: Parties, rows: tuple[Ints, Ints], grid: Grid) -> Series:
    """Yield the waits of one scope; `rows` are the parties that crossed, and the unfinished."""
    points = len(grid.at)
    joined = [grid.interval(who.joined[found]) for found in rows]
    number = [np.bincount(at, minlength=points) for at in joined]
    hours = [np.bincount(at, who.waited[found] / MS_PER_H, points) for at, found in zip(joined, rows, strict=True)]
    low, high = grouped_quantiles(who.waited[rows[0]], joined[0], points, (0.1, 0.9)) / MS_PER_H
    yield Key(crossing, "wait", scope), _ratio(hours[0], number[0])
    yield Key(crossing, "wait_p10", scope), low
    yield Key(crossing, "wait_p90", scope), high
    yield Key(crossing, "virtual_wait", scope), _ratio(hours[0] + hours[1], number[0] + number[1])
    censored = np.where(number[0] + number[1] > 0, (number[1] > 0).astype(float), np.nan)
    yield Key(crossing, "virtual_wait_censored", scope), censored


def work(plan: Plan, time: tuple[Floats, Floats], seen: Visits, grid: Grid) -> Series:
    """Yield utilisation, staffing and blocked servers by station; `time` is server-time busy and staffed."""
    rows = np.flatnonzero((seen.left > seen.ended) & (seen.ended < grid.beyond))
    span = grid.point(seen.ended[rows]), grid.point(seen.left[rows])
    blocked = grid.states(seen.station[rows], len(plan.stations), span)
    utilisation = pad(_ratio(*time), len(grid.at))
    for s, station in enumerate(plan.stations):
        crossing, scope = plan.crossings[plan.crossing[s]], at_station(station)
        at, servers, there = staffing(plan, s)
        step = np.searchsorted(at, grid.at, side="right") - 1
        yield Key(crossing, "servers", scope), (servers * there)[step].astype(np.float64)
        yield Key(crossing, "utilisation", scope), utilisation[s]
        yield Key(crossing, "blocked", scope), blocked[s]


def staffing(plan: Plan, station: int) -> tuple[Ints, Ints, Ints]:
    """Return the instants at which a station's staffing or presence changes, its servers from then on, and 1 or 0.

    Servers count only while the station is there (1); a station that is closed is there.
    """
    tables = [table[table[:, 1] == station] for table in (plan.staffing, plan.activity)]
    at = np.union1d(tables[0][:, 0], tables[1][:, 0])
    servers, there = (table[np.searchsorted(table[:, 0], at, side="right") - 1, 2] for table in tables)
    return at, servers, there


def staffed_time(plan: Plan, grid: Grid) -> Floats:
    """Return the server-time (ms) staffed at each station in each interval, (S, intervals)."""
    edges, found = grid.edges, np.zeros((len(plan.stations), len(grid.edges) - 1))
    for s in range(len(plan.stations)):
        at, servers, there = staffing(plan, s)
        added = np.diff(servers * there, prepend=0)
        found[s] = np.diff(added @ np.maximum(edges - at[:, None], 0))
    return found


def _classes(scenario: Scenario) -> list[str]:
    return [cls for cls in CLASSES if cls in scenario.classes]


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    """Return above / below, NaN where below is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, np.nan, above / below)
