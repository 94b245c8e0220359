"""What the page gets: the scenario once, and after each step of playing its charts, stations, figures and nights.

All values are plain mappings, lists, numbers and texts; None stands where there is no number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from sim.measures.estimates import Estimate, Estimates
from sim.measures.flows import is_flow
from sim.measures.names import ALL, Key, at_station
from sim.measures.nights import night_hour
from sim.measures.replication import Measures
from sim.measures.reports import Observation, label, reported_value, unit_of
from sim.plotting.colours import class_name, colour_of
from sim.plotting.interactive.blocks import Chart
from sim.plotting.interactive.charts import EstimatesSeries, ReplicationSeries, Series, numbers, of_run
from sim.plotting.names import crossing_name, origin_name
from sim.plotting.rail import events, words
from sim.plotting.sentences import summary
from sim.plotting.story import Story, modelled, window
from sim.scenario.model.network import Place
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.staffing import Pooled
from sim.verbs.serve.base import Base
from sim.verbs.serve.study import Study

NETWORK_REPLICATIONS, REPLICATIONS = 6, 30
"""Replications after which the page stops unless it is asked for more."""


def describe(base: Base) -> dict[str, Any]:
    """Return the scenario as the page shows it before anything is played: levers, crossings, classes and figures."""
    scenario = base.loaded.scenario
    zone = ZoneInfo(scenario.clock.timezone)
    return {
        "source": base.source,
        "edited": base.edited,
        "name": scenario.name,
        "title": scenario.title or scenario.name,
        "description": scenario.description,
        "text": base.text,
        "zone": scenario.clock.timezone,
        "start": seconds(scenario.clock.counted_from, zone),
        "horizon": seconds(scenario.clock.horizon, zone),
        "night_hour": night_hour(scenario.relief) if scenario.relief else "",
        "water": scenario.relief.water_per_person_day if scenario.relief else None,
        "posterior": base.posterior is not None,
        "replications": REPLICATIONS if len(scenario.crossings) == 1 else NETWORK_REPLICATIONS,
        "levers": [lever.shown for lever in base.levers],
        "classes": {
            cls: {
                "words": class_name(scenario, cls),
                "colour": colour_of(scenario, cls),
                "kind": scenario.classes[cls].kind,
            }
            for cls in scenario.classes
        },
        "crossings": {name: _crossing(scenario, name) for name in scenario.crossings},
        "origins": {
            name: {"title": origin_name(scenario, name), "place": _place(origin.place)}
            for name, origin in (scenario.network.origins.items() if scenario.network else ())
        },
        "reported": list(_figures(scenario, zone)),
    }


def seconds(local: datetime, zone: ZoneInfo) -> float:
    """Return a local instant as seconds since 1970."""
    return local.replace(tzinfo=zone).timestamp()


def _place(place: Place | None) -> list[float] | None:
    return None if place is None else [place.longitude, place.latitude]


def _crossing(scenario: Scenario, name: str) -> dict[str, Any]:
    place, zone = scenario.crossings[name], ZoneInfo(scenario.clock.timezone)
    return {
        "title": crossing_name(scenario, name),
        "place": _place(place.destination.place),
        "stations": [
            {
                "id": station,
                "title": words(station),
                "serves": [cls for cls in described.serves if cls in scenario.classes],
                "aside": described.only_sent_on,
                "zone": described.hall if described.hall in place.zones else None,
                "pool": described.staffing.pool if isinstance(described.staffing, Pooled) else None,
            }
            for station, described in place.stations.items()
        ],
        "stretches": [
            {"until": None if row.until is None else row.until / 1000, "files": row.files}
            for row in place.road.stretches
        ],
        "landmarks": [{"name": row.name, "km": row.at / 1000} for row in place.road.landmarks],
        "zones": {zone_name: words(zone_name) for zone_name in place.zones},
        "events": [{"at": seconds(event.at, zone), "words": event.words} for event in events(scenario, name)],
    }


def _figures(scenario: Scenario, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    for row in scenario.figures:
        if row.status in ("used", "validation"):
            yield {
                "id": row.id,
                "crossing": row.crossing,
                "label": label(row, reported_value(row)),
                "when": window(row),
                "begin": seconds(row.from_, zone),
                "end": seconds(row.until, zone),
                "unit": unit_of(row),
                "source": f"{row.who} ({row.source}, {row.date})",
                "fitted": row.status == "used",
            }


def first_charts(study: Study, measures: Measures) -> list[dict[str, Any]]:
    """Return the charts of one replication."""
    figures = study.scenario.reported
    labels = {row.id: label(row, reported_value(row)) for row in figures if row.status in ("used", "validation")}
    return _charts(study.scenario, ReplicationSeries(study.scenario.clock, measures), labels)


def _charts(scenario: Scenario, live: Series, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {**_as_mapping(chart), "crossing": crossing}
        for crossing in scenario.crossings
        for chart in of_run(scenario, crossing, live, labels)
    ]


def document(study: Study, pinned: list[Estimate] | None = None) -> dict[str, Any]:
    """Return what the page shows of the replications so far; `pinned` are differences from settings to compare with."""
    scenario = study.scenario
    estimates, observations = study.result()
    live = EstimatesSeries(estimates)
    moments = live.times(*next(iter(estimates.series)))
    return {
        "replications": estimates.replications,
        "times": moments.tolist(),
        "charts": _charts(scenario, live, {row.id: row.label for row in observations}),
        "crossings": {name: _course(study, live, name) for name in scenario.crossings},
        "sentences": {name: summary(_story(study, estimates, observations, name)) for name in scenario.crossings},
        "reported": [_observed(row) for row in observations if row.status in ("used", "validation")],
        "headlines": headlines(study, estimates, pinned),
        "nights": _nights(estimates, scenario),
        "flows": _flows(estimates),
    }


def _as_mapping(chart: Chart) -> dict[str, Any]:
    """Return a chart as mappings. Unlike `dataclasses.asdict`, it copies no values."""
    return {
        **vars(chart),
        "lines": [vars(line) for line in chart.lines],
        "readings": [vars(row) for row in chart.readings],
    }


def _story(study: Study, estimates: Estimates, observations: Sequence[Observation], crossing: str) -> Story:
    return Story(study.scenario, study.variant.plan, estimates, tuple(observations), crossing)


def _course(study: Study, live: EstimatesSeries, crossing: str) -> dict[str, Any]:
    """Return what moves: the queue on the road, who waits by class, and each station with its queue and servers."""
    place = study.scenario.crossings[crossing]

    def series(quantity: str, scope: str = ALL, column: str = "mean") -> list[float | None] | None:
        values = live.of(crossing, quantity, scope, column)
        return None if values is None else numbers(values)

    classes = [
        cls
        for cls in study.scenario.classes
        if (values := live.of(crossing, "queue", cls)) is not None and np.nanmax(values) > 0
    ]
    stations = {}
    for name, station in place.stations.items():
        scope = at_station(name)
        servers = live.of(crossing, "servers", scope)
        share = live.of(crossing, "utilisation", scope)
        busy = live.of(crossing, "servers_in_service", scope) if isinstance(station.staffing, Pooled) else None
        if busy is None and servers is not None and share is not None:
            busy = np.nan_to_num(share) * servers
        stations[name] = {
            "queue": series("queue", scope),
            "servers": None if servers is None else numbers(servers),
            "busy": None if busy is None else numbers(busy),
        }
    return {
        "km": series("queue_length"),
        "in_lots": series("in_lots"),
        "people": series("queue_people"),
        "waiting": {cls: series("queue", cls) for cls in classes},
        "stations": stations,
    }


def _observed(row: Observation) -> dict[str, Any]:
    told = modelled(row) if math.isfinite(row.mean) else "no value"
    return {"id": row.id, "modelled": told, "verdict": row.verdict}


def headlines(
    study: Study, estimates: Estimates, pinned: list[Estimate] | None = None, *, zeros: bool = False
) -> list[dict[str, Any]]:
    """Return the headline measures, each with its name for `sim sweep`; those that are 0 only if `zeros`."""
    rows = []
    for n, (crossing, row) in enumerate(study.headlines):
        key = study.totals.of[n]
        total = estimates.totals.get(key)
        change = pinned[n] if pinned else None
        shown = total is not None and math.isfinite(total.mean) and (zeros or total.mean != 0)
        if total is not None and (shown or (change is not None and change.mean != 0)):
            one: dict[str, Any] = {"crossing": crossing, "group": row.group, "name": row.name, "unit": row.unit}
            one["measure"] = measure_name(key)
            one |= {name: number(row.scale * getattr(total, name)) for name in ("mean", "p05", "p95")}
            if change is not None:
                one["change"] = {name: number(row.scale * getattr(change, name)) for name in ("mean", "low", "high")}
            one["at_least"] = key in estimates.lower_bounds
            rows.append(one)
    return rows


def measure_name(key: Key) -> str:
    """Return the name of a measure as `sim sweep` reads it."""
    return f"{key.crossing}:{key.quantity}@{key.scope}"


def _nights(estimates: Estimates, scenario: Scenario) -> dict[str, Any]:
    """Return who is stuck at the night hour of each day, by crossing: people and litres of water, with their spread."""
    nights: dict[str, Any] = {name: [] for name in scenario.crossings}
    for key, people in estimates.totals.items():
        if key.quantity == "stuck_people" and "/" not in key.scope:
            water = estimates.totals[Key(key.crossing, "stuck_water", key.scope)]
            spread = {name: number(getattr(people, name)) for name in ("mean", "p05", "p95")}
            nights[key.crossing].append({"day": key.scope, **spread, "water": number(water.mean)})
    return nights


def _flows(estimates: Estimates) -> list[list[Any]]:
    """Return the mean people by origin, crossing and outcome of a network."""
    return [
        [key.scope, key.crossing, key.quantity, number(total.mean)]
        for key, total in estimates.totals.items()
        if is_flow(key) and total.mean > 0
    ]


def number(value: float) -> float | None:
    """Return a number with four significant digits; None if it is none."""
    return float(f"{value:.4g}") if math.isfinite(value) else None
