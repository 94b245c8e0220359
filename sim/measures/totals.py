"""The totals of one replication, crossing by crossing; names and definitions are in `sim.measures.names`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, Ints
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import NEVER, Outcome
from sim.measures.count import counters as tables
from sim.measures.count.tally import Tally
from sim.measures.grid import Grid, announcements
from sim.measures.names import ALL, EVENTS, VEHICLES, WAYS_ACROSS, Key, at_station, by_way, on_night
from sim.measures.road import tail
from sim.measures.series import announced, quotes
from sim.measures.servers import named
from sim.scenario.model.scenario import Scenario
from sim.units import MS_PER_H, milliseconds

Totals = Iterator[tuple[Key, float]]
_EVENTS = {f"{event}_{what}" for event in EVENTS for what in ("parties", "people")}


def sums(series: dict[Key, Floats]) -> Totals:
    """Yield the sums of events."""
    counted = [key for key in series if key.quantity in _EVENTS]
    yield from zip(counted, np.nansum([series[key] for key in counted], axis=1).tolist(), strict=True)


def peaks(scenario: Scenario, plan: Plan, counted: Tally) -> Totals:
    """Yield the largest queues at any instant."""
    columns = {ALL: tables.PEAK_ALL, VEHICLES: tables.PEAK_VEHICLES}
    columns |= {cls: tables.PEAK_CLASSES + scenario.class_numbers[cls] for cls in scenario.present}
    for x, crossing in enumerate(plan.crossings):
        most = counted.peaks.most[x]
        for scope, column in columns.items():
            yield Key(crossing, "max_queue", scope), float(most[column])
        yield Key(crossing, "max_queue_people"), float(most[tables.PEAK_PEOPLE])
        metres = tail(scenario.crossings[crossing].road.stretches, counted.peaks.metres[x : x + 1])
        yield Key(crossing, "max_queue_length"), float(metres[0] / 1000)


def longest_quotes(scenario: Scenario, plan: Plan, counted: Tally, grid: Grid) -> Totals:
    """Yield the longest wait announced, by class; NaN if none was."""
    for x, crossing in enumerate(plan.crossings):
        quote = scenario.crossings[crossing].quote
        every = milliseconds(quote.every)
        at = announcements(every, plan.start, plan.horizon)
        begin = np.searchsorted(at.at, grid.start)
        quoted = quotes(plan, counted.announced[every], x, milliseconds(quote.window), at)
        if plan.quotes_way[x]:
            quoted = announced(plan, counted.quotes, x, at)
        for cls in scenario.present:
            counted_quotes = quoted[scenario.class_numbers[cls], begin:]
            yield Key(crossing, "max_quoted_wait", cls), float(np.fmax.reduce(counted_quotes, initial=np.nan))


def longest_day(scenario: Scenario, plan: Plan, counted: Tally, grid: Grid) -> Totals:
    """Yield measures of the local day with the longest queue of vehicles; NaN if there never was one.

    Parties across per hour, and the shares outside the main queue: of vehicles across, and of services begun.
    """
    begun = counted.events.begun.sum(axis=2)
    past = begun - counted.events.begun[..., _vehicles(scenario)].sum(axis=2)
    edges = np.clip(np.append(counted.midnights, grid.horizon), grid.start, grid.horizon)
    hours = np.append(0, np.diff(edges)) / MS_PER_H
    ways = tables.by_way_across(np.moveaxis(counted.parties.across_by_day, 0, -1))
    for x, crossing in enumerate(plan.crossings):
        at = counted.peaks.top_at[x]
        top = 0 if at == NEVER else int(np.searchsorted(counted.midnights, at, side="right"))
        across = _across(scenario, counted.events.crossed[top, x, :, 0], ways[x, ..., top])
        for scope, number in across.items():
            yield Key(crossing, "crossed_parties_longest_day", scope), _over(number, hours[top])
        for cls in _present_vehicles(scenario):
            by = ways[x, scenario.class_numbers[cls], :, top]
            yield Key(crossing, "past_queue_share_longest_day", cls), _over(by.sum() - by[tables.MAIN], by.sum())
        for s in np.flatnonzero(plan.crossing == x):
            share = _over(past[top, s], begun[top, s])
            yield Key(crossing, "past_queue_starts_longest_day", at_station(plan.stations[s])), share


def _across(scenario: Scenario, by_class: Ints, ways: Ints) -> dict[str, int]:
    """Return the parties that crossed by scope, from those by class when crossing (C,) and by way (C, WAYS_ACROSS)."""
    across = {ALL: int(by_class.sum()), VEHICLES: int(by_class[_vehicles(scenario)].sum())}
    numbers = scenario.class_numbers
    across |= {cls: int(by_class[numbers[cls]]) for cls in scenario.present}
    for cls in _present_vehicles(scenario):
        across |= {by_way(cls, way): int(ways[numbers[cls], w]) for w, way in enumerate(WAYS_ACROSS)}
    return across


def people_per_party(scenario: Scenario, plan: Plan, series: dict[Key, Floats]) -> Totals:
    """Yield people per party of the parties that crossed, by class when crossing, and of all vehicles."""
    for crossing in plan.crossings:
        vehicles = _present_vehicles(scenario)
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
            here = slice(None) if scope == ALL else [scenario.class_numbers[scope]]
            for name, table in (("initial", tally.initial), ("unfinished", tally.unfinished)):
                parties, people = table[x, here].sum(axis=0)
                yield Key(crossing, f"{name}_parties", scope), float(parties)
                yield Key(crossing, f"{name}_people", scope), float(people)
            if scope == ALL or scope in scenario.vehicles:
                share = _over(past[x, here].sum(), crossed[x, here].sum())
                yield Key(crossing, "past_queue_share", scope), share


def waits(scenario: Scenario, plan: Plan, counted: Tally, grid: Grid) -> Totals:
    """Yield the waits (h) of parties that crossed, by class on arrival, and by way across."""
    ways, table = len(WAYS_ACROSS), np.moveaxis(counted.parties.waits, 2, 0)  # in the order of the keys: (way, X, C, 3)
    classes = table.shape[2]
    way, x, c = (
        np.broadcast_to(i, table.shape[:3]) for i in np.ogrid[: tables.N_WAYS, : len(plan.crossings), :classes]
    )
    way = np.where(way == tables.BESIDE, tables.MAIN, way)
    groupings = (
        (x, [ALL]),
        (x * classes + c, list(scenario.streams)),
        (x * ways + way, [by_way(ALL, w) for w in WAYS_ACROSS]),
        ((x * classes + c) * ways + way, [by_way(c, w) for c in scenario.streams for w in WAYS_ACROSS]),
    )
    for group, scopes in groupings:
        size = len(plan.crossings) * len(scopes)
        number, waited, stay = (np.bincount(group.ravel(), table[..., k].ravel(), size) for k in range(3))
        group_of = np.repeat(group.ravel(), len(grid.at) + 1)
        quantiles = counted.quantiles(group_of, number.astype(np.int64), (0.5, 0.9, 0.95, 1.0))
        hours = np.vstack((_ratio(waited, number), quantiles, _ratio(stay, number))) / MS_PER_H
        for g, scope in enumerate(scopes * len(plan.crossings)):
            if scope.split("/")[0] in (ALL, *scenario.classes):
                for name, values in zip(_WAITS, hours, strict=True):
                    yield Key(plan.crossings[g // len(scopes)], name, scope), float(values[g])


_WAITS = "wait_mean", "wait_p50", "wait_p90", "wait_p95", "wait_max", "sojourn_mean"


def stations(plan: Plan, counted: Tally) -> Totals:
    """Yield, by station, visits, times per visit, the use of its server-time, and outcomes."""
    tally, by_day = counted.stations, counted.work.by_day
    spans = {
        f"{name}_per_visit": _ratio(table[:, 1], table[:, 0]) / MS_PER_H
        for name, table in (("wait", tally.wait), ("service", tally.service), ("blocked", tally.blocked))
    }
    in_service, available, blocked, occupied = np.moveaxis(by_day.sum(axis=0), -1, 0)
    columns = {
        "visits": tally.visits,
        **spans,
        "blocked_hours": blocked / MS_PER_H,
        "blocked_share": _ratio(blocked, occupied),
        "unfinished_parties": tally.by_outcome[:, Outcome.UNFINISHED, 0],
        "in_service_parties": tally.going_on[:, 0],
        "blocked_parties": tally.going_on[:, 1],
        "refused_parties": tally.by_outcome[:, Outcome.REFUSED, 0],
        "refused_people": tally.by_outcome[:, Outcome.REFUSED, 1],
        "summoned_parties": tally.by_outcome[:, Outcome.SUMMONED, 0],
        "summoned_people": tally.by_outcome[:, Outcome.SUMMONED, 1],
        "utilisation": _ratio(in_service, available),
        "utilisation_worst_day": np.fmax.reduce(_ratio(by_day[..., 0], by_day[..., 1])),
    }
    for s, station in enumerate(plan.stations):
        for name, values in columns.items():
            yield Key(plan.crossings[plan.crossing[s]], name, at_station(station)), float(values[s])
        if plan.jockeying[s]:
            moved = float(tally.by_outcome[s, Outcome.JOCKEYED, 0])
            yield Key(plan.crossings[plan.crossing[s]], "jockeyed_parties", at_station(station)), moved
        if plan.aside_to[s] != NOWHERE:
            parties, people, _ = tally.by_outcome[s, Outcome.SENT_ASIDE]
            yield Key(plan.crossings[plan.crossing[s]], "sent_aside_parties", at_station(station)), float(parties)
            yield Key(plan.crossings[plan.crossing[s]], "sent_aside_people", at_station(station)), float(people)
    for p, (crossing, name) in enumerate(named(plan)[len(plan.stations) :], start=len(plan.stations)):
        for quantity in ("utilisation", "utilisation_worst_day", "blocked_hours", "blocked_share"):
            yield Key(crossing, quantity, at_station(name)), float(columns[quantity][p])


def men(scenario: Scenario, plan: Plan, tally: tables.Stations) -> Totals:
    """Yield the men checked and stopped at draft screening, and the men given draft papers."""
    screening = np.array(
        [
            scenario.crossings[plan.crossings[x]].stations[name].screening is not None
            for x, name in zip(plan.crossing, plan.stations, strict=True)
        ]
    )
    stopped = tally.by_outcome[..., 2].sum(axis=1) * screening
    summoned = tally.by_outcome[:, Outcome.SUMMONED, 2]
    for name, by_station in (("men_checked", tally.checked), ("men_stopped", stopped), ("men_summoned", summoned)):
        for x, crossing in enumerate(plan.crossings):
            yield Key(crossing, name), float(by_station[plan.crossing == x].sum())


def by_day(scenario: Scenario, plan: Plan, counted: Tally) -> Totals:
    """Yield people and vehicles that crossed on each local day and in each ISO week."""
    crossed = counted.events.crossed[1:]
    for what, table in (("people", crossed[..., 1]), ("vehicles", crossed[..., _vehicles(scenario), 0])):
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
    """Yield the measures for planning relief; nights and water unless `relief` is null, nights if the run has any."""
    hours = counted.stations.waited / MS_PER_H
    for number, crossing in enumerate(plan.crossings):
        yield Key(crossing, "person_hours_waited"), float(hours[number])
    if scenario.relief is None:
        return
    stuck = np.cumsum(counted.queues.overnight, axis=2)[:, :, :-1]
    people = stuck[..., 1].sum(axis=1)
    for number, crossing in enumerate(plan.crossings):
        if counted.nights:
            yield Key(crossing, "people_overnight_max"), float(people[number].max())
            yield Key(crossing, "person_nights"), float(people[number].sum())
        yield Key(crossing, "drinking_water"), float(hours[number] / 24 * scenario.relief.water_per_person_day)
        yield from nights(scenario, crossing, counted.nights, stuck[number])


def nights(scenario: Scenario, crossing: str, nights: list[datetime], stuck: Ints) -> Totals:
    """Yield those at the border at each night hour; `stuck` (C, nights, 2) are parties and people."""
    assert scenario.relief is not None
    for n, night in enumerate(nights):
        date, people = night.date().isoformat(), float(stuck[:, n, 1].sum())
        yield Key(crossing, "stuck_people", date), people
        yield Key(crossing, "stuck_vehicles", date), float(stuck[_vehicles(scenario), n, 0].sum())
        for cls in scenario.present:
            yield Key(crossing, "stuck_people", on_night(cls, date)), float(stuck[scenario.class_numbers[cls], n, 1])
        yield Key(crossing, "stuck_water", date), people * scenario.relief.water_per_person_day


def _vehicles(scenario: Scenario) -> list[int]:
    """Return the numbers of the classes of vehicles."""
    return [scenario.class_numbers[cls] for cls in scenario.vehicles]


def _present_vehicles(scenario: Scenario) -> tuple[str, ...]:
    return tuple(cls for cls in scenario.present if cls in scenario.vehicles)


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def _over(above: float, below: float) -> float:
    return float(above / below) if below else float("nan")
