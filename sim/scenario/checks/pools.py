"""Checks of pools: servers that several stations share."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.model.scenario import Crossing
from sim.scenario.model.staffing import Pool, Pooled, PoolShares
from sim.scenario.model.station import Priority, Station
from sim.scenario.model.teams import teams_of
from sim.suggest import no_such

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]


def check_pools(crossing: Crossing, here: Loc) -> Faults:
    """Yield (path, message) for every inconsistency of the pools and of the stations that share them."""
    for name, station in crossing.stations.items():
        if isinstance(station.staffing, Pooled):
            yield from _station(crossing, station, station.staffing.pool, (*here, "stations", name))
    shared = {team.name: team.stations for team in teams_of(crossing) if isinstance(team.described, Pool)}
    for name, pool in crossing.pools.items():
        loc: Loc = (*here, "pools", name)
        if name in crossing.stations:
            yield loc, "a station has this name; give the pool another one"
        elif isinstance(pool.next, PoolShares) and name in shared:
            yield from _shares(pool.next, shared[name], (*loc, "next", "shares"))


def _station(crossing: Crossing, station: Station, pool: str, here: Loc) -> Faults:
    if pool not in crossing.pools:
        none = f"there is no pool {pool!r}; expected a number of servers, or the name of a pool under 'pools'"
        yield (*here, "staffing"), no_such("pool", pool, list(crossing.pools)) if crossing.pools else none
        return
    for key in ("when_staff_leave", "outages"):
        if key in station.model_fields_set and getattr(station, key) is not None:
            yield (*here, key), f"the servers come from pool {pool!r}; write it there"
    if isinstance(station.discipline, Priority) and station.discipline.interrupts:
        what = "a station whose servers come from a pool cannot interrupt services"
        yield (*here, "discipline", "interrupts"), f"{what}, as the server might go on at another station"


def _shares(shares: PoolShares, stations: tuple[str, ...], here: Loc) -> Faults:
    for name in shares.shares:
        if name not in stations:
            yield (*here, name), no_such("station of this pool", name, list(stations))
    if absent := [name for name in stations if name not in shares.shares]:
        yield here, f"{', '.join(absent)} {'has' if len(absent) == 1 else 'have'} no share; list every station"
