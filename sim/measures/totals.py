"""The totals of one replication, crossing by crossing; names and definitions are in `sim.measures.names`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.engine.plan import Plan
from sim.engine.records import Outcome
from sim.measures.count import counters as tables
from sim.measures.count.tally import Tally
from sim.measures.grid import Grid
from sim.measures.names import ALL, EVENTS, VEHICLE_CLASSES, VEHICLES, WAYS_ACROSS, Key, at_station, by_way
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.scenario import Scenario
from sim.units import MS_PER_H

Totals = Iterator[tuple[Key, float]]
C = len(CLASSES)
_EVENTS = {f"{event}_{what}" for event in EVENTS for what in ("parties", "people")}
_VEHICLES = np.array([CLASSES.index(cls) for cls in VEHICLE_CLASSES])


def from_series(series: dict[Key, Floats]) -> Totals:
    """Yield the sums of events and the maxima of queues."""
    highest = {"queue": "max_queue", "queue_length": "max_queue_length", "quoted_wait": "max_quoted_wait"}
    counted = [key for key in series if key.quantity in _EVENTS]
    sums = dict(zip(counted, np.nansum([series[key] for key in counted], axis=1).tolist(), strict=True))
    for key, values in series.items():
        crossing, quantity, scope = key
        if key in sums:
            yield key, sums[key]
        elif quantity in highest and not scope.startswith("station:"):
            yield Key(crossing, highest[quantity], scope), float(np.fmax.reduce(values))
        elif quantity == "queue_people" and scope == ALL:
            yield Key(crossing, "max_queue_people"), float(values.max())


def longest_day(scenario: Scenario, plan: Plan, series: dict[Key, Floats], counted: Tally, grid: Grid) -> Totals:
    """Yield measures of the local day with the longest queue of vehicles; NaN if there never was one.

    Parties across per hour, and the shares outside the main queue: of vehicles across, and of services begun.
    """
    days = np.searchsorted(counted.midnights, grid.at, side="right")
    hours = np.diff(grid.edges) / MS_PER_H
    begun = counted.events.begun.sum(axis=2)
    past = begun - counted.events.begun[..., _VEHICLES].sum(axis=2)
    for x, crossing in enumerate(plan.crossings):
        queue = series[Key(crossing, "queue", VEHICLES)]
        top = int(days[np.argmax(queue)]) if queue.max() > 0 else 0
        then = days[: grid.intervals] == top
        across = {
            key.scope: values[: grid.intervals][then].sum()
            for key, values in series.items()
            if key[:2] == (crossing, "crossed_parties")
        }
        for scope, number in across.items():
            yield Key(crossing, "crossed_parties_longest_day", scope), _over(number, hours[then].sum())
        for cls in (cls for cls in VEHICLE_CLASSES if cls in scenario.classes):
            by = [across[by_way(cls, way)] for way in WAYS_ACROSS]
            yield Key(crossing, "past_queue_share_longest_day", cls), _over(sum(by) - by[tables.MAIN], sum(by))
        for s in np.flatnonzero(plan.crossing == x):
            share = _over(past[top, s], begun[top, s])
            yield Key(crossing, "past_queue_starts_longest_day", at_station(plan.stations[s])), share


def people_per_party(scenario: Scenario, plan: Plan, series: dict[Key, Floats]) -> Totals:
    """Yield people per party of the parties that crossed, by class when crossing, and of all vehicles."""
    for crossing in plan.crossings:
        vehicles = tuple(cls for cls in VEHICLE_CLASSES if cls in scenario.classes)
        for scope in (VEHICLES, *scenario.classes):
            classes = vehicles if scope == VEHICLES else (scope,)
            people, parties = (
                sum(float(np.nansum(series[Key(crossing, f"crossed_{what}", cls)])) for cls in classes)
                for what in ("people", "parties")
            )
            yield Key(crossing, "people_per_party", scope), _over(people, parties)


def fates(scenario: Scenario, plan: Plan, tally: tables.Parties) -> Totals:
    """Yield parties and people present at the start and at the horizon, and the share outside the main queue."""
    crossed = tables.by_way_across(tally.crossed)[..., 1]
    past = crossed.sum(axis=2) - crossed[..., tables.MAIN]
    for x, crossing in enumerate(plan.crossings):
        for scope in (ALL, *scenario.classes):
            here = slice(None) if scope == ALL else [CLASSES.index(scope)]
            for name, table in (("initial", tally.initial), ("unfinished", tally.unfinished)):
                parties, people = table[x, here].sum(axis=0)
                yield Key(crossing, f"{name}_parties", scope), float(parties)
                yield Key(crossing, f"{name}_people", scope), float(people)
            if scope == ALL or scope in VEHICLE_CLASSES:
                share = _over(past[x, here].sum(), crossed[x, here].sum())
                yield Key(crossing, "past_queue_share", scope), share


def waits(scenario: Scenario, plan: Plan, counted: Tally, grid: Grid) -> Totals:
    """Yield the waits (h) of parties that crossed, by class on arrival, and by way across."""
    ways, table = len(WAYS_ACROSS), np.moveaxis(counted.parties.waits, 2, 0)  # in the order of the keys: (way, X, C, 3)
    way, x, c = (np.broadcast_to(i, table.shape[:3]) for i in np.ogrid[: tables.N_WAYS, : len(plan.crossings), :C])
    way = np.where(way == tables.BESIDE, tables.MAIN, way)
    groupings = (
        (x, [ALL]),
        (x * C + c, list(CLASSES)),
        (x * ways + way, [by_way(ALL, w) for w in WAYS_ACROSS]),
        ((x * C + c) * ways + way, [by_way(c, w) for c in CLASSES for w in WAYS_ACROSS]),
    )
    for group, scopes in groupings:
        size = len(plan.crossings) * len(scopes)
        number, waited, stay = (np.bincount(group.ravel(), table[..., k].ravel(), size) for k in range(3))
        group_of = np.repeat(group.ravel(), len(grid.at))
        quantiles = counted.quantiles(group_of, number.astype(np.int64), (0.5, 0.9, 1.0))
        hours = np.vstack((_ratio(waited, number), quantiles, _ratio(stay, number))) / MS_PER_H
        for g, scope in enumerate(scopes * len(plan.crossings)):
            if scope.split("/")[0] in (ALL, *scenario.classes):
                for name, values in zip(_WAITS, hours, strict=True):
                    yield Key(plan.crossings[g // len(scopes)], name, scope), float(values[g])


_WAITS = "wait_mean", "wait_p50", "wait_p90", "wait_max", "sojourn_mean"


def stations(plan: Plan, tally: tables.Stations, work: tuple[Floats, Floats]) -> Totals:
    """Yield, by station, visits, times per visit, utilisation, and the refused and summoned."""
    spans = {
        f"{name}_per_visit": _ratio(table[:, 1], table[:, 0]) / MS_PER_H
        for name, table in (("wait", tally.wait), ("service", tally.service), ("blocked", tally.blocked))
    }
    busy, staffed = (time.sum(axis=1) for time in work)
    columns = {
        "visits": tally.visits,
        **spans,
        "blocked_hours": tally.held / MS_PER_H,
        "refused_parties": tally.by_outcome[:, Outcome.REFUSED, 0],
        "refused_people": tally.by_outcome[:, Outcome.REFUSED, 1],
        "summoned_parties": tally.by_outcome[:, Outcome.SUMMONED, 0],
        "summoned_people": tally.by_outcome[:, Outcome.SUMMONED, 1],
        "utilisation": _ratio(busy, staffed),
    }
    for s, station in enumerate(plan.stations):
        for name, values in columns.items():
            yield Key(plan.crossings[plan.crossing[s]], name, at_station(station)), float(values[s])


def men(scenario: Scenario, plan: Plan, tally: tables.Stations) -> Totals:
    """Yield the men stopped at draft screening and the men given draft papers."""
    screening = np.array(
        [
            scenario.crossings[plan.crossings[x]].stations[name].screening is not None
            for x, name in zip(plan.crossing, plan.stations, strict=True)
        ]
    )
    stopped = tally.by_outcome[..., 2].sum(axis=1) * screening
    summoned = tally.by_outcome[:, Outcome.SUMMONED, 2]
    for name, by_station in (("men_stopped", stopped), ("men_summoned", summoned)):
        for x, crossing in enumerate(plan.crossings):
            yield Key(crossing, name), float(by_station[plan.crossing == x].sum())


def by_day(plan: Plan, counted: Tally) -> Totals:
    """Yield people and vehicles that crossed on each local day and in each ISO week."""
    crossed = counted.events.crossed[1:]
    for what, table in (("people", crossed[..., 1]), ("vehicles", crossed[..., _VEHICLES, 0])):
        by_crossing = table.sum(axis=2)
        for x, crossing in enumerate(plan.crossings):
            weeks: dict[str, float] = {}
            for day, number in zip(counted.days, by_crossing[:, x], strict=True):
                yield Key(crossing, f"crossed_{what}_day", day.date().isoformat()), float(number)
                week = "{}-W{:02}".format(*day.isocalendar())
                weeks[week] = weeks.get(week, 0.0) + float(number)
            for week, number in weeks.items():
                yield Key(crossing, f"crossed_{what}_week", week), number


def relief(scenario: Scenario, plan: Plan, counted: Tally) -> Totals:
    """Yield the measures for planning relief; nights and water only where the scenario has `relief`."""
    hours = counted.stations.waited / MS_PER_H
    for number, crossing in enumerate(plan.crossings):
        yield Key(crossing, "person_hours_waited"), float(hours[number])
    if scenario.relief is None:
        return
    stuck = np.cumsum(counted.queues.overnight, axis=1)[:, :-1]
    for number, crossing in enumerate(plan.crossings):
        yield Key(crossing, "people_overnight_max"), float(stuck[number].max(initial=0))
        yield Key(crossing, "person_nights"), float(stuck[number].sum())
        yield Key(crossing, "drinking_water"), float(hours[number] / 24 * scenario.relief.water_per_person_day)


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def _over(above: float, below: float) -> float:
    return float(above / below) if below else float("nan")
