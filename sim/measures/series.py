"""The time series of one replication, crossing by crossing; names and definitions are in `sim.measures.names`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Bools, Floats, Ints
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import Outcome
from sim.measures.count import counters as tables
from sim.measures.count.tally import Tally
from sim.measures.grid import Grid
from sim.measures.names import (
    ALL,
    EVENTS,
    LONGEST_QUOTE,
    TRAVELLERS,
    VEHICLES,
    WAYS_ACROSS,
    Key,
    at_station,
    by_way,
)
from sim.measures.road import on_road, queue_on_road
from sim.measures.servers import mean_servers, named
from sim.scenario.model.scenario import Scenario
from sim.units import MS_PER_H, milliseconds

Series = Iterator[tuple[Key, Floats]]


def scoped(scenario: Scenario, crossing: str, quantity: str, by_class: Floats, vehicles: bool = False) -> Series:
    """Yield a quantity (C, T) for all classes, for vehicles on request, and for each class of the scenario."""
    yield Key(crossing, quantity, ALL), by_class.sum(axis=0)
    if vehicles:
        yield (
            Key(crossing, quantity, VEHICLES),
            by_class[[scenario.class_numbers[cls] for cls in scenario.vehicles]].sum(axis=0),
        )
    for cls in scenario.present:
        yield Key(crossing, quantity, cls), by_class[scenario.class_numbers[cls]]


def queues(scenario: Scenario, plan: Plan, tally: tables.Queues, grid: Grid) -> Series:
    """Yield parties and people in queues and in the system, kilometres of queue and vehicles in lots."""
    inside = grid.states(np.moveaxis(tally.inside, -1, 0))
    at_stations = grid.states(tally.waiting[..., 0].sum(axis=1))
    standing = on_road(plan)
    for x, crossing in enumerate(plan.crossings):
        here = plan.crossing == x
        parties, people = grid.states(np.moveaxis(tally.waiting[here].sum(axis=0), -1, 0))
        yield from scoped(scenario, crossing, "queue", parties, vehicles=True)
        for s in np.flatnonzero(here):
            yield Key(crossing, "queue", at_station(plan.stations[s])), at_stations[s]
        yield from scoped(scenario, crossing, "queue_people", people)
        yield from scoped(scenario, crossing, "in_system", inside[0, x])
        yield from scoped(scenario, crossing, "in_system_people", inside[1, x])
        before = grid.states(tally.waiting[here & standing, ..., 0].sum(axis=0))
        length, in_lots = queue_on_road(scenario, scenario.crossings[crossing].road, grid.at, before)
        yield Key(crossing, "queue_length"), length
        yield Key(crossing, "in_lots"), in_lots


def quoted_waits(scenario: Scenario, plan: Plan, counted: Tally, grid: Grid) -> Series:
    """Yield the wait as officials quote it (h), by class."""
    for x, crossing in enumerate(plan.crossings):
        window = milliseconds(scenario.crossings[crossing].quote.window)
        quoted = quotes(plan, counted.main_queues, x, window, grid)
        if plan.quotes_way[x]:
            quoted = announced(plan, counted.quotes, x, grid)
        for cls in scenario.present:
            yield Key(crossing, "quoted_wait", cls), quoted[scenario.class_numbers[cls]]


def quotes(plan: Plan, tally: tables.MainQueues, crossing: int, window: int, grid: Grid) -> Floats:
    """Return the quoted wait (h) at the points, (C, T).

    The main queue divided by the rate at which it was called in the preceding `window` (ms; cut at the start), at most
    LONGEST_QUOTE. 0 where nobody waits; while nobody is called, the last quote grows with time. NaN at the start if
    somebody waits then (after a warm-up: and nobody was called before it in the window), and while the way of the class
    is closed.
    """
    queue, starts = grid.states(tally.waiting[crossing]), grid.states(tally.called[crossing])
    span = np.minimum(window, grid.at - grid.opened)
    with np.errstate(divide="ignore", invalid="ignore"):
        quoted = np.where(queue == 0, 0.0, queue * span / starts / MS_PER_H)
    known = (queue == 0) | (starts > 0)
    last = np.maximum.accumulate(np.where(known, np.arange(len(grid.at)), 0), axis=1)
    quoted[~known[:, 0], 0] = 0.0
    quoted = np.take_along_axis(quoted, last, axis=1) + (grid.at - grid.at[last]) / MS_PER_H
    quoted = np.minimum(quoted, LONGEST_QUOTE)
    quoted[(queue[:, 0] > 0) & ((starts[:, 0] == 0) | (span[0] == 0)), 0] = np.nan
    quoted[closed_ways(plan, crossing, grid.at)] = np.nan
    return quoted


def announced(plan: Plan, rows: Ints, crossing: int, grid: Grid) -> Floats:
    """Return the wait announced last (h), (C, T), where quotes cover the way; `rows` are Records.quotes."""
    waits = np.zeros((plan.first.shape[1], len(grid.at)))
    for c in range(len(waits)):
        changes = rows[(rows[:, 1] == crossing) & (rows[:, 2] == c)]
        if len(changes):
            waits[c] = changes[np.maximum(np.searchsorted(changes[:, 0], grid.at, side="right") - 1, 0), 3] / MS_PER_H
    waits = np.minimum(waits, LONGEST_QUOTE)
    waits[closed_ways(plan, crossing, grid.at)] = np.nan
    return waits


def closed_ways(plan: Plan, crossing: int, at: Ints) -> Bools:
    """Return whether the way of each class is closed at the instants `at` (ms since t0), shape (C, T).

    It is closed while all stations of a step are closed for the class.
    """
    closed = np.zeros((plan.first.shape[1], len(at)), dtype=np.bool_)
    for c in range(len(closed)):
        s = int(plan.first[crossing, c])
        while s != NOWHERE:
            others = plan.beside_of(s, c)
            if len(others) > 1 or not plan.only[s]:
                closed[c] |= np.all([_closed(plan, other, c, at) for other in others], axis=0)
            s = int(plan.next[s, c])
    return closed


def _closed(plan: Plan, station: int, c: int, at: Ints) -> Bools:
    turned = plan.opening[(plan.opening[:, 1] == station) & (plan.opening[:, 2] == c)]
    return np.asarray(turned[np.searchsorted(turned[:, 0], at, side="right") - 1, 3] == 0)


def events(scenario: Scenario, plan: Plan, tally: tables.Events, grid: Grid) -> Series:
    """Yield parties and people by event, per interval."""
    behaviours = [each for crossing in scenario.crossings.values() for each in crossing.behaviour.values()]
    some_stay = any(each.balk is not None and each.balk.deters for each in behaviours)
    names = [e for e in EVENTS if plan.origins or e not in TRAVELLERS or (e == "stayed" and some_stay)]
    outcomes = [tables.ARRIVED if name == "arrived" else Outcome[name.upper()] for name in names]
    counts = np.moveaxis(tally.by_outcome[outcomes], -1, 0).astype(np.float64, order="C")
    counts[..., grid.intervals :] = np.nan
    for x, crossing in enumerate(plan.crossings):
        for event, parties, people in zip(names, *counts[:, :, x], strict=True):
            yield from scoped(scenario, crossing, f"{event}_parties", parties, vehicles=True)
            yield from scoped(scenario, crossing, f"{event}_people", people)


def ways_across(scenario: Scenario, plan: Plan, tally: tables.Parties, grid: Grid) -> Series:
    """Yield the vehicles that crossed per interval, by class on arrival and by way across."""
    counts = tables.by_way_across(tally.across).astype(np.float64)
    counts[..., grid.intervals :] = np.nan
    for x, crossing in enumerate(plan.crossings):
        for cls in scenario.present:
            if cls in scenario.vehicles:
                for name, values in zip(WAYS_ACROSS, counts[x, scenario.class_numbers[cls]], strict=True):
                    yield Key(crossing, "crossed_parties", by_way(cls, name)), values


def sojourns(scenario: Scenario, plan: Plan, tally: tables.Parties) -> Series:
    """Yield the time from joining to crossing (h) by interval of crossing: by class on arrival, and by way across."""
    by_way_of = np.moveaxis(tables.by_way_across(tally.sojourns), -1, 0)
    for x, crossing in enumerate(plan.crossings):
        for cls in scenario.present:
            number, ms = by_way_of[:, x, scenario.class_numbers[cls]]
            yield Key(crossing, "sojourn", cls), _ratio(ms.sum(axis=0) / MS_PER_H, number.sum(axis=0))
            if cls in scenario.vehicles:
                for name, values in zip(WAYS_ACROSS, _ratio(ms / MS_PER_H, number), strict=True):
                    yield Key(crossing, "sojourn", by_way(cls, name)), values


def rates(series: dict[Key, Floats], grid: Grid) -> Series:
    """Yield, for every series of crossed parties and people, the flow per hour around each point (/h).

    The mean is over an even number of intervals centred on the point (`Grid.rate_half`), as far as the run reaches.
    NaN if the run has only one point.
    """
    keys = [key for key in series if key.quantity in ("crossed_parties", "crossed_people")]
    points = np.arange(len(grid.at))
    half = grid.rate_half
    begin, end = np.maximum(points - half, 0), np.minimum(points + half, points[-1])
    before = np.zeros((len(keys), len(points)))
    np.cumsum([series[key][:-1] for key in keys], axis=1, out=before[:, 1:])
    hours = (grid.at[end] - grid.at[begin]) / MS_PER_H
    for key, flow in zip(keys, _ratio(before[:, end] - before[:, begin], hours), strict=True):
        yield Key(key.crossing, f"{key.quantity}_per_hour", key.scope), flow


def waits(scenario: Scenario, plan: Plan, counted: Tally, grid: Grid) -> Series:
    """Yield the waits (h) of parties that joined the main queue, by interval of joining."""
    points, classes = len(grid.at), plan.first.shape[1]
    way, x, c, then = np.ogrid[: tables.N_WAYS, : len(plan.crossings), :classes, : points + 1]
    quantiles = []
    for group, by_class in ((x * points + then, False), ((x * classes + c) * points + then, True)):
        number = counted.parties.joined[0, ..., 0].sum(axis=() if by_class else 1)
        group_of = np.where((way == tables.MAIN) & (then < points), group, number.size) + np.zeros_like(c)
        by_group = counted.quantiles(group_of.ravel(), number.ravel(), (0.1, 0.9, 0.95)) / MS_PER_H
        quantiles.append(by_group.reshape(3, len(plan.crossings), -1, points))
    for n, crossing in enumerate(plan.crossings):
        joined = counted.parties.joined[:, n]
        yield from _waits(crossing, ALL, joined.sum(axis=1), quantiles[0][:, n, 0])
        for cls in scenario.present:
            k = scenario.class_numbers[cls]
            yield from _waits(crossing, cls, joined[:, k], quantiles[1][:, n, k])


def median_waits(scenario: Scenario, plan: Plan, counted: Tally, grid: Grid) -> Series:
    """Yield the median wait (h) of parties of the main queue by interval of joining, with those who did not cross."""
    points, classes = len(grid.at), plan.first.shape[1]
    x, c, then = np.ogrid[: len(plan.crossings), :classes, :points]
    by_class = ((x * classes + c) * points + then).ravel()
    together = (x * points + then + np.zeros_like(c)).ravel()
    for scopes, group_of in (([ALL], together), (list(scenario.streams), by_class)):
        median, longest = counted.medians(group_of, len(plan.crossings) * len(scopes) * points)
        values = np.where(np.isnan(median), longest, median) / MS_PER_H
        bound = np.where(np.isnan(longest), np.nan, np.isnan(median))
        tables_of = (table.reshape(len(plan.crossings), len(scopes), points) for table in (values, bound))
        for name, table in zip(("wait_median", "wait_median_censored"), tables_of, strict=True):
            for n, crossing in enumerate(plan.crossings):
                for k, scope in enumerate(scopes):
                    if scope == ALL or scope in scenario.classes:
                        yield Key(crossing, name, scope), table[n, k]


def _waits(crossing: str, scope: str, joined: Ints, quantiles: Floats) -> Series:
    """Yield the waits of one scope from parties and ms in queues (crossed and unfinished, T, 2), and quantiles."""
    (crossed, crossed_ms), (unfinished, unfinished_ms) = (np.moveaxis(table, -1, 0) for table in joined)
    number = crossed + unfinished
    yield Key(crossing, "wait", scope), _ratio(crossed_ms / MS_PER_H, crossed)
    yield Key(crossing, "wait_p10", scope), quantiles[0]
    yield Key(crossing, "wait_p90", scope), quantiles[1]
    yield Key(crossing, "wait_p95", scope), quantiles[2]
    yield Key(crossing, "virtual_wait", scope), _ratio((crossed_ms + unfinished_ms) / MS_PER_H, number)
    censored = np.where(number > 0, (unfinished > 0).astype(float), np.nan)
    yield Key(crossing, "virtual_wait_censored", scope), censored


def work(plan: Plan, counted: Tally, played: Ints, grid: Grid) -> Series:
    """Yield utilisation and staffing (as `played`) by station and pool, and blocked servers by station."""
    blocked, servers = grid.states(counted.queues.blocked), mean_servers(plan, played, grid)
    in_service, available = np.moveaxis(counted.work.by_interval, -1, 0)
    utilisation = _ratio(in_service, available)
    for s, (crossing, name) in enumerate(named(plan)):
        yield Key(crossing, "servers", at_station(name)), servers[s]
        yield Key(crossing, "utilisation", at_station(name)), utilisation[s]
        if s < len(plan.stations):
            yield Key(crossing, "blocked", at_station(name)), blocked[s]
    for s in np.flatnonzero(plan.pool != NOWHERE).tolist():
        occupied = np.append(
            in_service[s, : grid.intervals] / grid.every, np.full(len(grid.at) - grid.intervals, np.nan)
        )
        yield Key(plan.crossings[plan.crossing[s]], "servers_in_service", at_station(plan.stations[s])), occupied


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    """Return above / below, NaN where below is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, np.nan, above / below)
