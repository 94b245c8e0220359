"""A crossing and results for it that nobody simulated: shapes and sizes of a real run, made in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.measures.estimates import Estimate, Estimates, estimate
from sim.measures.flows import Flows
from sim.measures.grid import grid_of
from sim.measures.names import ALL, EVENTS, VEHICLE_CLASSES, VEHICLES, Key, at_station, by_way, on_night
from sim.measures.replication import Measures
from sim.measures.reports import Observation, label
from sim.measures.series import rates
from sim.play.request import Request
from sim.plotting.story import Story
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import Loaded
from sim.verbs.run.study import Run

CROSSING = "verkhny_lars"
CONSTANT = {"everyday": {"constant": {"rate": "60/h"}}}
SURGE = {"at": "2022-09-21T10:00", "rate": "90/h", "lag": {"mean": "20 h"}, "decay": "3 d"}

REPORTED: list[dict[str, Any]] = [
    {"id": "queue_25", "quantity": "queue", "classes": ["car", "truck", "bus"], "from": "2022-09-25",
     "until": "2022-09-26", "statistic": "max", "value": 3000, "qualifier": "more than",
     "who": "Russian state media", "source": "Sky News", "date": "2022-09-26"},
    {"id": "queue_26", "quantity": "queue", "classes": ["car", "truck", "bus"], "from": "2022-09-26",
     "until": "2022-09-27", "statistic": "max", "value": 5000, "qualifier": "at least",
     "who": "Russian officials", "source": "Telegraph", "date": "2022-09-27"},
    {"id": "queue_27", "quantity": "queue", "classes": ["car"], "from": "2022-09-27", "until": "2022-09-28",
     "statistic": "mean", "value": 2500, "qualifier": "=", "who": "Russian customs service", "source": "BBC",
     "date": "2022-09-27"},
    {"id": "trucks_20", "quantity": "queue", "classes": ["truck"], "from": "2022-09-19", "until": "2022-09-20",
     "statistic": "mean", "value": 1700, "qualifier": "about", "who": "local press", "source": "a news site",
     "date": "2022-09-20"},
    {"id": "wait_25", "quantity": "quoted_wait", "classes": ["car"], "from": "2022-09-25", "until": "2022-09-26",
     "statistic": "max", "value": "48 h", "qualifier": "about", "who": "Russian state media", "source": "Sky News",
     "date": "2022-09-26"},
    {"id": "length_25", "quantity": "queue_length", "classes": ["car", "truck", "bus"], "from": "2022-09-25",
     "until": "2022-09-26", "statistic": "max", "value": "16 km", "qualifier": "well over", "who": "Maxar",
     "source": "Sky News", "date": "2022-09-26"},
    {"id": "length_27", "quantity": "queue_length", "classes": ["car", "truck", "bus"], "from": "2022-09-26",
     "until": "2022-09-28", "statistic": "max", "value": "19.3 km", "qualifier": "about",
     "who": "journalists at the crossing", "source": "ABC News", "date": "2022-09-28"},
    {"id": "vehicles_week", "quantity": "crossed_parties", "classes": ["car", "truck", "bus"], "from": "2022-09-19",
     "until": "2022-09-26", "statistic": "sum", "directions": "both", "outbound_share": "56 %", "value": 37000,
     "qualifier": "about", "who": "an official of North Ossetia", "source": "Telegraph", "date": "2022-09-27"},
    {"id": "people_week", "quantity": "crossed_people", "classes": ["car", "truck", "bus", "bike", "foot"],
     "from": "2022-09-19", "until": "2022-09-26", "statistic": "sum", "directions": "both", "outbound_share": "56 %",
     "value": 115000, "qualifier": "about", "who": "an official of North Ossetia", "source": "Telegraph",
     "date": "2022-09-27"},
]  # fmt: skip


def tree(**changes: Any) -> dict[str, Any]:
    """Return a scenario of one crossing as it is written; `changes` replace whole top keys."""
    stations = {
        "gate": {"staffing": 4, "service_time": "20 s"},
        "draft_screening": {
            "staffing": {"servers": 4, "steps": [{"from": "2022-09-28", "servers": 8}]},
            "service_time": {"party": "30 s", "man": "40 s"},
            "screening": {"intensity": "20 %", "hit_rate": "2 %", "office": "enlistment_office",
                          "on_hit": {"summoned": "20 %", "sent_on": "80 %"}},
            "active_from": "2022-09-26T18:00",
        },
        "enlistment_office": {"only_sent_on": True, "staffing": 3, "service_time": "20 min",
                              "active_from": "2022-09-27T18:00"},
        "exit_cars": {"serves": ["car", "bus"], "staffing": 12, "service_time": "6 min"},
        "exit_trucks": {"serves": ["truck"], "staffing": 4, "service_time": "12 min"},
        "exit_walkers": {"serves": ["bike", "foot"], "staffing": 2, "service_time": "1 min"},
        "georgian_entry": {"staffing": 14, "service_time": "3 min", "hall": "neutral"},
    }  # fmt: skip
    base: dict[str, Any] = {
        "name": "verkhny_lars",
        "title": "Verkhny Lars, autumn 2022",
        "clock": {"timezone": "Europe/Moscow", "t0": "2022-09-21T10:00", "start": "2022-09-14",
                  "horizon": "2022-10-10"},
        "classes": {name: {"spacing": "7 m", "people": 2, "men_share": 0.4}
                    for name in ("car", "truck", "bus", "bike", "foot")},
        "crossings": {CROSSING: {
            "title": "Verkhny Lars to Georgia",
            "road": {"stretches": [{"until": "2 km", "files": 1}, {"files": 3.2}]},
            "zones": {"neutral": {"capacity": 60}},
            "stations": stations,
            "demand": {"car": CONSTANT | {"mobilisation_announced": {"step": SURGE},
                                          "rumour_of_closure": {"pulse": {"at": "2022-09-26T09:00", "parties": 400,
                                                                          "lag": "9 h"}}},
                       "truck": CONSTANT, "bus": CONSTANT, "foot": CONSTANT},
            "initial_queue": {"truck": 1700},
            "behaviour": {"car": {"change_mode": {"by_quoted_wait": "1 %/h", "from": "2022-09-24",
                                                  "to": {"bike": 0.3, "foot": 0.7}},
                                  "bypass": {"joins": "exit_cars", "by_quoted_wait": "1 %/h",
                                             "until": "2022-09-29"}}},
            "changes": [{"from": "2022-09-28", "classes": ["car"], "bar_non_local": "90 %"},
                        {"from": "2022-09-29", "until": "2022-10-03", "classes": ["foot"], "close": True},
                        {"from": "2022-10-01", "stations": ["draft_screening"], "intensity": "60 %"}],
        }},
        "reported": [row | {"crossing": CROSSING, "reading": "as it stands"} for row in REPORTED],
        "relief": {"night_hour": "03:00"},
    }  # fmt: skip
    return base | changes


def scenario(**changes: Any) -> Scenario:
    """Return `tree` as a scenario."""
    return Scenario.model_validate(tree(**changes))


def estimates(described: Scenario, replications: int = 20, empty: bool = False) -> Estimates:
    """Return estimates over made-up replications; `empty`: nobody came, and waits are NaN."""
    return estimate(described.clock, [_measures(described, n, 0.0 if empty else 1.0) for n in range(replications)])


def _measures(described: Scenario, replication: int, size: float) -> Measures:
    clock, luck = described.clock, np.random.default_rng(replication)
    first, last = ((t - clock.t0).total_seconds() * 1000 for t in (clock.start, clock.horizon))
    at = np.arange(int(first), int(last) + 1, int(clock.report_every * 1000))
    series: dict[Key, Any] = {}
    totals: dict[Key, float] = {}
    for crossing, place in described.crossings.items():
        hump = np.exp(-(((at / 86.4e6 - 5.2) / 3.1) ** 2)) * luck.normal(1, 0.08)
        wobble = np.convolve(luck.normal(0, 0.04, len(at)), np.ones(8) / 8, "same")
        sizes = {"car": 3400, "bus": 120, "bike": 60, "foot": 500}
        queues = {name: size * np.round(np.maximum(0, sizes.get(name, 0) * (hump + wobble))) for name in sizes}
        queues["truck"] = size * np.round(np.linspace(1700, 700, len(at)) * luck.normal(1, 0.02))
        kept = {name: queue for name, queue in queues.items() if name in place.demand}
        series |= {Key(crossing, "queue", name): queue for name, queue in kept.items()}
        vehicles = sum((q for name, q in kept.items() if name != "foot"), np.zeros(len(at)))
        series[Key(crossing, "queue", VEHICLES)] = vehicles
        series[Key(crossing, "queue", ALL)] = sum(kept.values(), np.zeros(len(at)))
        series[Key(crossing, "queue_length", ALL)] = vehicles * 0.0052
        nobody = np.full(len(at), np.nan) if size == 0 else np.zeros(len(at))
        for name in kept:
            wait = nobody + queues[name] / (85 if name == "car" else 30)
            series[Key(crossing, "quoted_wait", name)] = wait
            lived = np.where(at > at[-1] - 86.4e6, np.nan, 0.8 * wait)
            series[Key(crossing, "wait", name)] = lived
            series[Key(crossing, "virtual_wait", name)] = np.where(np.isnan(lived), 0.5 * wait, lived)
            series[Key(crossing, "virtual_wait_censored", name)] = np.isnan(lived).astype(float)
            totals[Key(crossing, "max_quoted_wait", name)] = float(wait.max())
            totals[Key(crossing, "wait_mean", f"{name}/main")] = float(0.7 * wait.mean())
        totals |= _flows(series, crossing, at, kept, size * (1 + hump))
        series |= dict(rates(series, grid_of(clock, int(first), int(last))))
        totals[Key(crossing, "max_queue", VEHICLES)] = float(vehicles.max())
        totals[Key(crossing, "max_queue", ALL)] = float(series[Key(crossing, "queue", ALL)].max())
        totals[Key(crossing, "max_queue_length", ALL)] = float(vehicles.max() * 0.0052)
        totals |= _stations(crossing, list(place.stations), size, luck)
        relief = {"wait_max": 90, "people_overnight_max": 9_000, "person_hours_waited": 2.4e6, "drinking_water": 3.0e5}
        totals |= {Key(crossing, name): size * value for name, value in relief.items()}
        if described.relief is not None:
            totals |= _nights(crossing, clock, kept, at)
    return Measures(at, series, totals)


def _nights(crossing: str, clock: Any, kept: dict[str, Any], at: Any) -> dict[Key, float]:
    """Two people in every party of the queues at 03:00."""
    totals = {}
    for n in range((clock.horizon.date() - clock.start.date()).days):
        night = clock.start.replace(hour=3, minute=0) + timedelta(days=n)
        point = min(int(np.searchsorted(at, (night - clock.t0).total_seconds() * 1000)), len(at) - 1)
        people = {name: 2 * float(queue[point]) for name, queue in kept.items()}
        day = night.date().isoformat()
        totals |= {Key(crossing, "stuck_people", on_night(name, day)): number for name, number in people.items()}
        totals[Key(crossing, "stuck_people", day)] = sum(people.values())
        totals[Key(crossing, "stuck_vehicles", day)] = sum(people.values()) / 2
        totals[Key(crossing, "stuck_water", day)] = 3 * sum(people.values())
    return totals


def _flows(series: dict[Key, Any], crossing: str, at: Any, kept: dict[str, Any], level: Any) -> dict[Key, float]:
    totals = {}
    rates = {"crossed": 200, "refused": 4, "summoned": 2, "reneged": 7, "balked": 5, "barred": 30}
    for event in EVENTS:
        people = level * rates.get(event, 1) * (at > 5 * 86.4e6 if event in ("refused", "summoned", "barred") else 1)
        series[Key(crossing, f"{event}_people")] = people
        series[Key(crossing, f"{event}_parties")] = people / 2
        totals[Key(crossing, f"{event}_people")] = float(people.sum())
        totals[Key(crossing, f"{event}_parties")] = float(people.sum() / 2)
    split = {"car": 0.62, "truck": 0.16, "bus": 0.02, "bike": 0.03, "foot": 0.17}
    for name in kept:
        series[Key(crossing, "crossed_parties", name)] = split[name] * series[Key(crossing, "crossed_parties", ALL)]
        series[Key(crossing, "crossed_people", name)] = split[name] * series[Key(crossing, "crossed_people", ALL)]
        for way, part in (("main", 0.6), ("bypass", 0.4 if name == "car" else 0.0)):
            across = part * series[Key(crossing, "crossed_parties", name)]
            series[Key(crossing, "crossed_parties", by_way(name, way))] = across
            totals[Key(crossing, "crossed_parties", by_way(name, way))] = float(across.sum())
            totals[Key(crossing, "crossed_parties_longest_day", by_way(name, way))] = float(across.max())
    vehicles = [series[Key(crossing, "crossed_parties", name)] for name in kept if name in VEHICLE_CLASSES]
    series[Key(crossing, "crossed_parties", VEHICLES)] = sum(vehicles, np.zeros(len(at)))
    totals[Key(crossing, "crossed_parties_longest_day", VEHICLES)] = float(max(sum(vehicles, np.zeros(len(at)))))
    totals[Key(crossing, "unfinished_people")] = float(10 * level[-1])
    for week in ("2022-W37", "2022-W38", "2022-W39", "2022-W40"):
        totals[Key(crossing, "crossed_people_week", week)] = float(people.sum() / 4)
    return totals


def _stations(crossing: str, names: Sequence[str], size: float, luck: Any) -> dict[Key, float]:
    totals = {}
    for n, name in enumerate(names):
        spans = {"wait_per_visit": 20.0 / (n + 1) ** 2, "service_per_visit": 0.03 * (n + 1), "blocked_per_visit": 0.1}
        for span, value in spans.items():
            totals[Key(crossing, span, at_station(name))] = float(value * luck.normal(1, 0.05)) if size else np.nan
        totals[Key(crossing, "visits", at_station(name))] = 1000 * size
        busy = min(0.99, float(luck.normal(0.8 - 0.08 * n, 0.02)))
        totals[Key(crossing, "utilisation", at_station(name))] = size * busy
        totals[Key(crossing, "utilisation_worst_day", at_station(name))] = size * min(1.0, 1.2 * busy)
    return totals


def observations(described: Scenario, ratio: float = 0.9) -> tuple[Observation, ...]:
    """Return observations in which the model says `ratio` times every reported figure."""
    units = {"quoted_wait": "h", "queue_length": "km", "crossed_people": "people"}
    found = []
    for row in described.reported:
        value = float(str(row.value).split()[0])
        mean = ratio * value
        verdict: Any = "rejected" if row.status == "rejected" else "within 1.5x"
        found.append(
            Observation(
                id=row.id,
                label=label(row, value),
                crossing=row.crossing,
                quantity=row.quantity,
                unit=units.get(row.quantity, "parties"),
                qualifier=row.qualifier,
                reported=value,
                mean=mean,
                p05=0.95 * mean,
                p95=1.05 * mean,
                ratio=ratio,
                verdict=verdict,
                status=row.status,
            )
        )
    return tuple(found)


def plan(described: Scenario) -> Plan:
    """Return the plan of a scenario."""
    return lower(described)


def run(
    described: Scenario, estimates: Estimates, observations: Sequence[Observation] = (), flows: Flows | None = None
) -> Run:
    """Return a run of the scenario that gave these estimates."""
    loaded = Loaded(described, {}, (), (), {}, (), "s0")
    return Run(
        loaded=loaded,
        plan=plan(described),
        request=Request(seed=1),
        estimates=estimates,
        observations=tuple(observations),
        started_at=datetime(2022, 10, 1, tzinfo=UTC),
        wall_s=1.0,
        flows=flows,
    )


def story(replications: int = 20, empty: bool = False, **changes: Any) -> Story:
    """Return what pictures are drawn from."""
    described = scenario(**changes)
    made = estimates(described, replications, empty)
    return Story(described, plan(described), made, observations(described), next(iter(described.crossings)))


def exactly(value: float, half: float = 0.0) -> Estimate:
    """Return an estimate of `value` with an interval and a band of `half` to both sides."""
    return Estimate(value, value - half, value, value + half, value - half, value + half, 20)
