"""Lower a scenario to a plan: names become numbers, quantities integer milliseconds, curves tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

from sim.arrays import Bools, Floats
from sim.engine.lower import apart, arrivals, switches
from sim.engine.lower.controls import control_fields, lightening_fields, needs_quotes, pace_fields
from sim.engine.lower.deterrence import deterrence_fields
from sim.engine.lower.network import network_fields
from sim.engine.lower.pools import STRIDE_UNIT, pool_fields
from sim.engine.lower.tape_rows import number_rows
from sim.engine.lower.ways import way_fields
from sim.engine.plan import ANY_NUMBER, HAZARD_UNIT, NOWHERE, RENEGE, WAYS, Plan
from sim.scenario.model.behaviour import Behaviour, Leaving
from sim.scenario.model.instants import since_t0
from sim.scenario.model.laws import most_people
from sim.scenario.model.quantities import Curve
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Priority, Screening, Shares, Station
from sim.scenario.model.steps import zone_of
from sim.units import MS_PER_DAY, MS_PER_H, MS_PER_S, milliseconds

WAIT_STEP, FINEST_STEP = MS_PER_H // 2, 60 * MS_PER_S
LONGEST_WAIT = 20 * MS_PER_DAY
"""Tables by the quoted wait cover twenty days, in steps of half an hour, or finer if announcements are frequent."""

FATES = ("pass", "summoned", "refused", "sent_on")


def lower(scenario: Scenario) -> Plan:
    """Return the plan of a checked scenario.

    Raises ScenarioError if more parties are expected than the limit.
    """
    edges = arrivals.grid(scenario)
    intensities, intensity = switches.intensity(scenario)
    step = wait_step(scenario)
    stops = deterrence_fields(scenario)
    behaviour = _behaviour(scenario, step, stops["stops_window"] > 0)
    uses_way = behaviour["hazard"].any(axis=3)
    uses_way[:, :, RENEGE] |= stops["deterred_hazard"].any(axis=2)
    people = 1 + max_people(scenario)
    return Plan(
        crossings=tuple(scenario.crossings),
        stations=tuple(name for crossing in scenario.crossings.values() for name in crossing.stations),
        start=since_t0(scenario.clock, scenario.clock.start),
        horizon=since_t0(scenario.clock, scenario.clock.horizon),
        **way_fields(scenario, _all_stations(scenario)),
        **_stations(scenario),
        **pool_fields(scenario),
        **control_fields(scenario),
        **pace_fields(scenario),
        **lightening_fields(scenario, intensities),
        **_zones(scenario),
        **_screenings(scenario, people),
        intensities=intensities,
        checked_cdf=np.array([binomial_cdf(p, people) for p in intensities]).reshape(-1, people, people),
        edges=edges,
        expected=arrivals.expected(scenario, edges),
        expected_apart=apart.expected_apart(scenario, edges),
        staffing=switches.staffing(scenario),
        opening=switches.opening(scenario),
        closes=switches.closes(scenario),
        activity=switches.activity(scenario),
        conditions=switches.conditions(scenario),
        intensity=intensity,
        **behaviour,
        **stops,
        **network_fields(scenario, step, LONGEST_WAIT // step),
        **number_rows(scenario, uses_way),
    )


def wait_step(scenario: Scenario) -> int:
    """Return the step (ms) in which parties read a quoted wait."""
    shortest = min(milliseconds(crossing.quote.every) for crossing in scenario.crossings.values())
    return min(max(shortest, FINEST_STEP), WAIT_STEP)


def max_people(scenario: Scenario) -> int:
    """Return the largest number of people a party of any class can have."""
    carried = scenario.start_from.most_people if scenario.start_from else 0
    return max(carried, apart.most_people_seen(scenario), *(most_people(c.people) for c in scenario.classes.values()))


@lru_cache(maxsize=32)
def binomial_cdf(p: float, size: int) -> Floats:
    """Return P(at most k successes in n trials of probability p) as a table [n, k] of shape (size, size), read-only."""
    table = np.ones((size, size))
    for n in range(size):
        terms = [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
        table[n, : n + 1] = np.cumsum(terms)
        table[n, n:] = 1.0
    table.flags.writeable = False
    return table


def _all_stations(scenario: Scenario) -> list[tuple[int, str, Crossing, Station]]:
    return [
        (x, name, crossing, station)
        for x, crossing in enumerate(scenario.crossings.values())
        for name, station in crossing.stations.items()
    ]


def _stations(scenario: Scenario) -> dict[str, Any]:
    stations = [station for *_, station in _all_stations(scenario)]
    ranks, strides = zip(*(_discipline(station, scenario.streams) for station in stations), strict=True)
    return {
        "interrupts": np.array([isinstance(s.discipline, Priority) and s.discipline.interrupts for s in stations]),
        "discipline": np.array([int(isinstance(station.discipline, Shares)) for station in stations]),
        "rank": np.array(ranks),
        "stride": np.array(strides),
        "release_size": np.array([station.release.size if station.release else 0 for station in stations]),
        "release_every": np.array([milliseconds(s.release.every) if s.release else 0 for s in stations]),
        "refusal": np.array([station.refusal.probability if station.refusal else 0.0 for station in stations]),
        "only_sent_on": np.array([station.only_sent_on for station in stations]),
    }


def _discipline(station: Station, streams: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Return the rank of each stream (lower first), and its stride: what a service start costs it under shares."""
    rank, stride = [0] * len(streams), [0] * len(streams)
    if isinstance(station.discipline, Priority):
        for place, row in enumerate(station.discipline.priority):
            for stream in row:
                rank[streams.index(stream)] = place
    elif isinstance(station.discipline, Shares):
        for stream, share in station.discipline.shares.items():
            stride[streams.index(stream)] = round(STRIDE_UNIT / share)
    return rank, stride


def _zones(scenario: Scenario) -> dict[str, Any]:
    """Return halls and shared zones; space is in parties or people, or in millimetres of one file."""
    numbers: dict[tuple[int, str], int] = {}
    capacity: list[int] = []
    counts_people: list[bool] = []
    space: list[list[int]] = []
    of_station = []
    spacing = [scenario.classes[c].spacing if c in scenario.classes else 0.0 for c in scenario.streams]
    for x, name, crossing, station in _all_stations(scenario):
        if station.hall is None:
            of_station.append(NOWHERE)
            continue
        key = (x, station.hall if isinstance(station.hall, str) else f"hall of {name}")
        if key not in numbers:
            numbers[key] = len(capacity)
            zone = zone_of(crossing, station)
            places = zone.capacity or zone.people if zone else station.hall
            metres = zone.length if zone else None
            capacity.append(round(1000 * metres) if metres is not None else int(places))  # type: ignore[arg-type]
            counts_people.append(zone is not None and zone.people is not None)
            space.append([round(1000 * each) for each in spacing] if metres is not None else [1] * len(spacing))
        of_station.append(numbers[key])
    return {
        "zone": np.array(of_station, dtype=np.int64),
        "zone_capacity": np.array(capacity, dtype=np.int64),
        "zone_counts_people": np.array(counts_people, dtype=np.bool_),
        "zone_space": np.array(space, dtype=np.int64).reshape(-1, len(spacing)),
    }


def _screenings(scenario: Scenario, people: int) -> dict[str, Any]:
    stations = _all_stations(scenario)
    names = [(x, name) for x, name, _, _ in stations]
    hit_cdf = np.ones((len(stations), people, people))
    fates = np.ones((len(stations), len(FATES)))
    office = np.full(len(stations), NOWHERE, dtype=np.int64)
    if_closed = np.zeros(len(stations), dtype=np.int64)
    together = np.ones(len(stations))
    for s, (x, _, _, station) in enumerate(stations):
        screening = station.screening
        if screening is None:
            continue
        hit_cdf[s] = binomial_cdf(screening.hit_rate, people)
        fates[s] = _fate_cdf(screening)
        if screening.office is not None:
            office[s] = names.index((x, screening.office))
        if_closed[s] = FATES.index(screening.if_office_closed)
        together[s] = screening.stays_together
    return {
        "hit_cdf": hit_cdf,
        "fate_cdf": fates,
        "office": office,
        "if_office_closed": if_closed,
        "stays_together": together,
    }


def _fate_cdf(screening: Screening) -> Floats:
    hit = screening.on_hit
    cdf = np.cumsum([hit.passed, hit.summoned, hit.refused, hit.sent_on])
    cdf[cdf >= 1 - 1e-9] = 1.0
    return cdf


def _behaviour(scenario: Scenario, step: int, deters: Bools) -> dict[str, Any]:
    """Return the fields of the main queue; quotes are also needed where stops deter (`deters` (X,))."""
    streams = scenario.streams
    shape, columns = (len(scenario.crossings), len(streams)), LONGEST_WAIT // step
    balk_over = np.full(shape, ANY_NUMBER, dtype=np.int64)
    balk_streams = np.full(shape, _bits(streams, streams), dtype=np.int64)
    balk, bypass = np.zeros((*shape, columns)), np.zeros((*shape, columns))
    local = np.zeros(shape)
    hazard = np.zeros((*shape, len(WAYS), columns), dtype=np.int64)
    windows: list[tuple[int, ...]] = []
    every, buckets = np.zeros(shape[0], dtype=np.int64), np.ones(shape[0], dtype=np.int64)
    covers = np.array([crossing.quote.covers == "way" for crossing in scenario.crossings.values()])
    for x, crossing in enumerate(scenario.crossings.values()):
        for cls, behaviour in crossing.behaviour.items():
            c = streams.index(cls)
            if behaviour.balk:
                balk[x, c] = _by_wait(behaviour.balk.by_quoted_wait, step)
                balk_over[x, c] = ANY_NUMBER if behaviour.balk.queue_over is None else behaviour.balk.queue_over
                balk_streams[x, c] = _bits(behaviour.balk.queue_of or streams, streams)
            if behaviour.bypass:
                bypass[x, c] = _by_wait(behaviour.bypass.at_arrival, step)
                local[x, c] = behaviour.bypass.local
            for w, way in enumerate(_ways(behaviour)):
                if way is not None:
                    rates = _by_wait(way.by_quoted_wait, step) * (HAZARD_UNIT / MS_PER_H)
                    hazard[x, c, w] = np.rint(rates).astype(np.int64)
                    windows += _way_windows(scenario, way, (x, c, w))
        is_quoted = deters[x] or covers[x] or bool(scenario.network) or needs_quotes(crossing)
        if hazard[x].any() or balk[x].any() or bypass[x].any() or is_quoted:
            every[x] = milliseconds(crossing.quote.every)
            buckets[x] = round(crossing.quote.window / crossing.quote.every)
    return {
        "way_open": np.array(sorted(windows), dtype=np.int64).reshape(-1, 5),
        "quote_every": every,
        "quote_buckets": buckets,
        "quotes_way": covers,
        "balk_over": balk_over,
        "balk_streams": balk_streams,
        "wait_step": step,
        "balk_share": balk,
        "bypass_share": bypass,
        "bypass_local": local,
        "hazard": hazard,
    }


def _bits(named: Sequence[str], streams: tuple[str, ...]) -> int:
    return sum(1 << streams.index(stream) for stream in named)


def _ways(behaviour: Behaviour) -> tuple[Leaving | None, ...]:
    return behaviour.renege, behaviour.change_mode, behaviour.bypass


def _way_windows(scenario: Scenario, way: Leaving, target: tuple[int, ...]) -> list[tuple[int, ...]]:
    begin, end = switches.window(scenario.clock, way.from_, way.until)
    start, horizon = (since_t0(scenario.clock, at) for at in (scenario.clock.start, scenario.clock.horizon))
    rows = [(start, *target, int(begin <= start < end))]
    return rows + [(at, *target, value) for at, value in ((begin, 1), (end, 0)) if start < at < horizon]


def _by_wait(table: Curve, step: int) -> Floats:
    """Return a curve over the quoted wait at the columns 0, `step` (ms), 2 `step`, and so on."""
    waits, values = zip(*table, strict=True)
    return np.asarray(np.interp(np.arange(LONGEST_WAIT // step) * (step / MS_PER_S), waits, values))
