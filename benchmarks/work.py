"""The work that is measured: M/M/3 and a tandem of four stations with reneging; all times in minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

ARRIVAL_RATE, SERVERS, SERVICE = 2.7, 3, 1.0
"""M/M/3: arrivals a minute, servers, mean service."""

STATIONS = ((2, 1.0), (4, 1.8), (3, 1.2), (6, 2.5))
"""The tandem: servers and mean service of each station; services and patience are exponential."""
PATIENCE = 15.0
RATE = 40_000 / 16 / 24 / 60
"""The tandem's arrivals a minute over the day: 40,000 parties in sixteen days."""
HOURS = tuple(1 + 0.7 * math.sin(2 * math.pi * (hour - 7) / 24) for hour in range(24))
"""Factors on the rate by hour of the day; their mean is one."""

DAY = 24 * 60
START = datetime(2022, 1, 1)


@dataclass(frozen=True)
class Size:
    """How much of it: `--quick` is a smoke test, the figures of the table come from FULL."""

    customers: int  # of M/M/3
    days: int  # of the tandem
    rounds: int
    slow_rounds: int  # where a round takes many seconds
    parties: tuple[int, ...]  # growth
    memory_parties: int
    replications: int
    sweep: tuple[int, int]  # points, replications of each


FULL = Size(200_000, 16, 7, 3, (10**4, 10**5, 10**6, 10**7), 10**7, 1000, (1000, 10))
QUICK = Size(20_000, 4, 3, 1, (10**4, 10**5), 10**5, 4, (4, 2))


def erlang_wait(rate: float, servers: int, service: float) -> float:
    """Return the mean wait of M/M/c in the unit of `service` (Erlang 1917)."""
    load = rate * service
    blocking = 1.0
    for c in range(1, servers + 1):
        blocking = load * blocking / (c + load * blocking)
    waits = blocking / (1 - load / servers * (1 - blocking))
    return waits * service / (servers - load)


def mm3(customers: int) -> dict[str, Any]:
    """Return the scenario of M/M/3 with as many customers on average; who came by then is served to the end."""
    station = {"staffing": SERVERS, "service_time": _exponential(SERVICE)}
    minutes = 10 * round(customers / ARRIVAL_RATE / 10)
    return _scenario("mm3", minutes, {"constant": {"rate": f"{60 * ARRIVAL_RATE}/h"}}, {"s": station})


def tandem(days: int) -> dict[str, Any]:
    """Return the scenario of the tandem over as many days; who came by then goes on to the end."""
    stations = {
        f"s{number}": {"staffing": servers, "service_time": _exponential(mean), "patience": _exponential(PATIENCE)}
        for number, (servers, mean) in enumerate(STATIONS)
    }
    return _scenario("tandem", days * DAY, {"constant": {"rate": f"{60 * RATE}/h", "hours": HOURS}}, stations)


def _exponential(mean: float) -> dict[str, Any]:
    return {"mean": f"{mean} min", "family": "exponential"}


def _scenario(name: str, minutes: int, demand: dict[str, Any], stations: dict[str, Any]) -> dict[str, Any]:
    end, horizon = START + timedelta(minutes=minutes), START + timedelta(minutes=minutes + DAY)
    clock = {"timezone": "UTC", "t0": _text(START), "start": _text(START), "horizon": _text(horizon)}
    crossing = {
        "road": {"stretches": [{"files": 1}]},
        "stations": {key: {"serves": ["car"], **station} for key, station in stations.items()},
        "demand": {"car": {"all": demand}},
        "changes": [{"from": _text(end), "scale_demand": 0}],
    }
    return {
        "name": name,
        "title": name,
        "clock": clock | {"report_every": f"{max(60, (minutes + DAY) // 1000)} min"},
        "classes": {"car": {"spacing": "7 m", "people": 1, "men_share": 0}},
        "crossings": {"x": crossing},
    }


def _text(instant: datetime) -> str:
    return instant.isoformat(sep=" ")
