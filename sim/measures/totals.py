"""The totals of one replication, crossing by crossing; names and definitions are in `sim.measures.names`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.plan import Plan
from sim.engine.records import Outcome, Records
from sim.measures.grid import Grid, grouped_quantiles
from sim.measures.names import ALL, EVENTS, VEHICLE_CLASSES, VEHICLES, WAYS_ACROSS, Key, at_station, by_way
from sim.measures.visits import MAIN, Parties, Stays, Visits, whole_visits
from sim.scenario.clock import local, since_t0
from sim.scenario.quantities import CLASSES
from sim.scenario.schema import Clock, Scenario
from sim.units import MS_PER_DAY, MS_PER_H

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Totals = Iterator[tuple[Key, float]]
C = len(CLASSES)
_VEHICLES = np.array([CLASSES.index(cls) for cls in VEHICLE_CLASSES])


def from_series(series: dict[Key, Floats]) -> Totals:
    """Yield sums of what happened, people per party, and the extremes of queues."""
    highest = {"queue": "max_queue", "queue_length": "max_queue_length", "quoted_wait": "max_quoted_wait"}
    events = {f"{event}_{what}" for event in EVENTS for what in ("parties", "people")}
    for (crossing, quantity, scope), values in series.items():
        if quantity in events:
            yield Key(crossing, quantity, scope), float(np.nansum(values))
        elif quantity in highest and not scope.startswith("station:"):
            yield Key(crossing, highest[quantity], scope), float(np.fmax.reduce(values))
        elif quantity == "queue_people" and scope == ALL:
            yield Key(crossing, "max_queue_people"), float(values.max())


def longest_day(
    scenario: Scenario, plan: Plan, series: dict[Key, Floats], rows: tuple[Records, Visits], grid: Grid
) -> Totals:
    """Yield what happened on the local day on which most vehicles waited, NaN if none ever did.

    Parties across an hour, and the shares of those past the main queue: of vehicles across, and of services begun.
    """
    midnights = np.array([since_t0(scenario.clock, day) for day in _days(scenario.clock, plan.start, plan.horizon)])
    days = np.searchsorted(midnights, grid.at, side="right")
    hours = np.diff(grid.edges) / MS_PER_H
    begun = _begun_by_day(plan, *rows, midnights)
    for x, crossing in enumerate(plan.crossings):
        queue = series[Key(crossing, "queue", VEHICLES)]
        top = int(days[np.argmax(queue)]) if queue.max() > 0 else 0
        then = days[: grid.intervals] == top
        across = {key.scope: values[: grid.intervals][then].sum()
                  for key, values in series.items() if key[:2] == (crossing, "crossed_parties")}  # fmt: skip
        for scope, number in across.items():
            yield Key(crossing, "crossed_parties_longest_day", scope), _over(number, hours[then].sum())
        for cls in (cls for cls in VEHICLE_CLASSES if cls in scenario.classes):
            by = [across[by_way(cls, way)] for way in WAYS_ACROSS]
            yield Key(crossing, "past_queue_share_longest_day", cls), _over(sum(by) - by[MAIN], sum(by))
        for s in np.flatnonzero(plan.crossing == x):
            share = _over(begun[1, top, s], begun[0, top, s])
            yield Key(crossing, "past_queue_starts_longest_day", at_station(plan.stations[s])), share


def _begun_by_day(plan: Plan, records: Records, seen: Visits, midnights: Ints) -> Floats:
    """Return the services begun, all and those past the main queue, by day (1 the first, 0 none) and station."""
    rows = np.flatnonzero((seen.started <= plan.horizon) & ~seen.resumed & ~seen.split)
    place = np.searchsorted(midnights, seen.started[rows], side="right") * len(plan.stations) + seen.station[rows]
    past = np.isin(records.stream[rows], _VEHICLES, invert=True)
    shape = len(midnights) + 1, len(plan.stations)
    return np.array([np.bincount(place, chosen, shape[0] * shape[1]).reshape(shape) for chosen in (None, past)])


def people_per_party(scenario: Scenario, plan: Plan, series: dict[Key, Floats]) -> Totals:
    """Yield people per party of the parties that crossed, by class as they crossed, and of all vehicles."""
    for crossing in plan.crossings:
        vehicles = tuple(cls for cls in VEHICLE_CLASSES if cls in scenario.classes)
        for scope in (VEHICLES, *scenario.classes):
            classes = vehicles if scope == VEHICLES else (scope,)
            people, parties = (
                sum(float(np.nansum(series[Key(crossing, f"crossed_{what}", cls)])) for cls in classes)
                for what in ("people", "parties")
            )
            yield Key(crossing, "people_per_party", scope), _over(people, parties)


def fates(scenario: Scenario, plan: Plan, who: Parties) -> Totals:
    """Yield who was there at the start and who still is at the horizon, and how people got across."""
    crossed = who.outcome == int(Outcome.CROSSED)
    groups = {
        "initial": (who.initial, who.people),
        "unfinished": (who.outcome == int(Outcome.UNFINISHED), who.people_at_last),
        "crossed": (crossed, who.people_at_last),
        "past": (crossed & (who.way != MAIN), who.people_at_last),
    }
    size = len(plan.crossings) * C
    parties = {name: np.bincount(who.place, chosen, size) for name, (chosen, _) in groups.items()}
    people = {name: np.bincount(who.place, chosen * number, size) for name, (chosen, number) in groups.items()}
    for x, crossing in enumerate(plan.crossings):
        for scope in (ALL, *scenario.classes):
            here = slice(x * C, (x + 1) * C) if scope == ALL else [x * C + CLASSES.index(scope)]
            for name in ("initial", "unfinished"):
                yield Key(crossing, f"{name}_parties", scope), float(parties[name][here].sum())
                yield Key(crossing, f"{name}_people", scope), float(people[name][here].sum())
            if scope == ALL or scope in VEHICLE_CLASSES:
                share = _over(people["past"][here].sum(), people["crossed"][here].sum())
                yield Key(crossing, "past_queue_share", scope), share


def waits(scenario: Scenario, plan: Plan, who: Parties) -> Totals:
    """Yield the waits (h) of parties that crossed, by class as they came, and by way across."""
    rows = np.flatnonzero((who.outcome == int(Outcome.CROSSED)) & who.whole & ~who.initial)
    waited, stay = who.waited[rows], who.gone[rows] - who.joined[rows]
    x, cls, way = who.place[rows] // C, who.place[rows] % C, who.way[rows]
    crossings, ways = len(plan.crossings), len(WAYS_ACROSS)
    groupings = (
        (x, [ALL]),
        (x * C + cls, list(CLASSES)),
        (x * ways + way, [by_way(ALL, w) for w in WAYS_ACROSS]),
        ((x * C + cls) * ways + way, [by_way(c, w) for c in CLASSES for w in WAYS_ACROSS]),
    )
    for group, scopes in groupings:
        size = crossings * len(scopes)
        number = np.bincount(group, minlength=size)
        found = np.vstack((
            _mean(group, size, waited, number),
            grouped_quantiles(waited, group, size, (0.5, 0.9, 1.0)),
            _mean(group, size, stay, number),
        )) / MS_PER_H  # fmt: skip
        for g, scope in enumerate(scopes * crossings):
            if scope.split("/")[0] in (ALL, *scenario.classes):
                for name, values in zip(_WAITS, found, strict=True):
                    yield Key(plan.crossings[g // len(scopes)], name, scope), float(values[g])


_WAITS = ("wait_mean", "wait_p50", "wait_p90", "wait_max", "sojourn_mean")


def stations(plan: Plan, records: Records, seen: Visits, work: tuple[Floats, Floats], grid: Grid) -> Totals:
    """Yield, by station, visits, where the time goes, utilisation, and who was turned back there."""
    size = len(plan.stations)
    joined = (records.outcome != int(Outcome.BALKED)) & (records.outcome != int(Outcome.BARRED)) & ~seen.split
    joined &= (seen.arrived <= grid.horizon) & ~seen.resumed
    columns = {"visits": np.bincount(seen.station, joined, size), **_spans(seen, grid, size)}
    for name, outcome in (("refused", Outcome.REFUSED), ("summoned", Outcome.SUMMONED)):
        there = records.outcome == int(outcome)
        columns[f"{name}_parties"] = np.bincount(seen.station[there], minlength=size)
        columns[f"{name}_people"] = np.bincount(seen.station[there], seen.people[there], size)
    busy, staffed = (time.sum(axis=1) for time in work)
    columns["utilisation"] = np.array([_over(b, s) for b, s in zip(busy, staffed, strict=True)])
    for s, station in enumerate(plan.stations):
        for name, values in columns.items():
            yield Key(plan.crossings[plan.crossing[s]], name, at_station(station)), float(values[s])


def _spans(seen: Visits, grid: Grid, size: int) -> dict[str, Floats]:
    """Return the hours of a visit by station: waiting, in service (each summed over interruptions), blocked."""
    head, tail = whole_visits(seen)
    started, ended = seen.started < grid.beyond, (seen.ended < grid.beyond) & ~seen.split
    left = ended & (seen.left < grid.beyond)
    waited, served = (
        np.add.reduceat(np.where(known, until - since, 0), head) if len(head) else head
        for known, until, since in ((started, seen.started, seen.arrived), (ended, seen.ended, seen.started))
    )
    station, begun = seen.station[head], started[tail] & ~seen.initial[head] & ~seen.split[head]
    held = np.flatnonzero(ended & (seen.left > seen.ended))
    blocked = np.minimum(seen.left[held], grid.horizon) - seen.ended[held]
    return {
        "wait_per_visit": _hours(station, begun, waited, size),
        "service_per_visit": _hours(station, ended[tail], served, size),
        "blocked_per_visit": _hours(station, left[tail], (seen.left - seen.ended)[tail], size),
        "blocked_hours": np.bincount(seen.station[held], blocked / MS_PER_H, size).astype(np.float64),
    }


def men(scenario: Scenario, plan: Plan, records: Records, seen: Visits) -> Totals:
    """Yield the men stopped at draft screening and the men given draft papers."""
    crossings = len(plan.crossings)
    screening = np.array([scenario.crossings[plan.crossings[x]].stations[name].screening is not None
                          for x, name in zip(plan.crossing, plan.stations, strict=True)])  # fmt: skip
    stopped = np.flatnonzero(screening[seen.station] & (records.men > 0))
    summoned = np.flatnonzero(records.outcome == int(Outcome.SUMMONED))
    for name, rows in (("men_stopped", stopped), ("men_summoned", summoned)):
        found = np.bincount(seen.place[rows] // C, records.men[rows], crossings)
        for x, crossing in enumerate(plan.crossings):
            yield Key(crossing, name), float(found[x])


def by_day(scenario: Scenario, plan: Plan, records: Records, seen: Visits) -> Totals:
    """Yield people and vehicles that crossed on each local day and in each ISO week."""
    rows = np.flatnonzero(records.outcome == int(Outcome.CROSSED))
    days = _days(scenario.clock, plan.start, plan.horizon)
    edges = np.array([since_t0(scenario.clock, day) for day in days[1:]], dtype=np.int64)
    group = seen.place[rows] // C * len(days) + np.searchsorted(edges, seen.left[rows], side="right")
    vehicles = np.isin(seen.place[rows] % C, _VEHICLES).astype(np.float64)
    for what, weights in (("people", seen.people[rows]), ("vehicles", vehicles)):
        found = np.bincount(group, weights, len(plan.crossings) * len(days)).reshape(-1, len(days))
        for x, crossing in enumerate(plan.crossings):
            weeks: dict[str, float] = {}
            for day, number in zip(days, found[x], strict=True):
                yield Key(crossing, f"crossed_{what}_day", day.date().isoformat()), float(number)
                week = "{}-W{:02}".format(*day.isocalendar())
                weeks[week] = weeks.get(week, 0.0) + float(number)
            for week, number in weeks.items():
                yield Key(crossing, f"crossed_{what}_week", week), number


def relief(scenario: Scenario, plan: Plan, seen: Visits, inside: Stays) -> Totals:
    """Yield what planners of relief count with; nights and water only where the scenario has `relief`."""
    crossings = len(plan.crossings)
    hours = np.bincount(seen.place // C, seen.people * seen.waited, crossings) / MS_PER_H
    for number, crossing in enumerate(plan.crossings):
        yield Key(crossing, "person_hours_waited"), float(hours[number])
    if scenario.relief is None:
        return
    start, horizon = plan.start, plan.horizon
    instants = [since_t0(scenario.clock, day + scenario.relief.night_hour)
                for day in _days(scenario.clock, start - MS_PER_DAY, horizon + 1)]  # fmt: skip
    nights = np.array([at for at in instants if start <= at <= horizon], dtype=np.int64)
    width = len(nights) + 1
    group = inside.place // C * width
    begun, over = (
        np.bincount(group + np.searchsorted(nights, at), inside.people, crossings * width).reshape(-1, width)
        for at in (inside.arrived, inside.gone)
    )
    stuck = np.cumsum(begun - over, axis=1)[:, :-1]
    for number, crossing in enumerate(plan.crossings):
        yield Key(crossing, "people_overnight_max"), float(stuck[number].max(initial=0.0))
        yield Key(crossing, "person_nights"), float(stuck[number].sum())
        yield Key(crossing, "drinking_water"), float(hours[number] / 24 * scenario.relief.water_per_person_day)


def _days(clock: Clock, start: int, end: int) -> list[datetime]:
    """Return the local midnights, without offset, of the days that begin before `end`, from the day of `start`."""
    first, last = (local(clock, at).replace(tzinfo=None) for at in (start, end - 1))
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return [midnight + timedelta(days=n) for n in range((last - midnight).days + 1)]


def _hours(station: Ints, chosen: NDArray[np.bool_], spans: Ints, size: int) -> Floats:
    """Return the mean span (ms in, h out) of the chosen rows by station, NaN where there is none."""
    return _mean(station, size, np.where(chosen, spans, 0), np.bincount(station, chosen, size)) / MS_PER_H


def _mean(group: Ints, size: int, values: Ints, number: NDArray[Any]) -> Floats:
    return np.where(number > 0, np.bincount(group, values, size) / np.maximum(number, 1), np.nan)


def _over(above: float, below: float) -> float:
    return float(above / below) if below else float("nan")
