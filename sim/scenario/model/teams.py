"""Teams: the servers of a crossing, those of one station or those of a pool that several stations share."""

from __future__ import annotations

from typing import NamedTuple

from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.staffing import Pool, Pooled, Staffing
from sim.scenario.model.station import Station


class Team(NamedTuple):
    """The servers of one station, or of a pool; `loc` is the path below the crossing of what describes them."""

    name: str
    loc: tuple[str, str]
    described: Station | Pool
    staffing: Staffing
    stations: tuple[str, ...]

    @property
    def staffing_loc(self) -> tuple[str, ...]:
        """The path below the crossing of the number of servers."""
        return self.loc if isinstance(self.described, Pool) else (*self.loc, "staffing")


def teams_of(crossing: Crossing) -> list[Team]:
    """Return the teams of a crossing in the order of their first stations; a pool that does not exist is left out."""
    teams: dict[tuple[str, str], Team] = {}
    for name, station in crossing.stations.items():
        if isinstance(station.staffing, Staffing):
            loc = ("stations", name)
            teams[loc] = Team(name, loc, station, station.staffing, (name,))
        elif (pool := crossing.pools.get(station.staffing.pool)) is not None:
            loc = ("pools", station.staffing.pool)
            before = teams[loc].stations if loc in teams else ()
            teams[loc] = Team(loc[1], loc, pool, pool, (*before, name))
    return list(teams.values())


def numbered_teams(scenario: Scenario) -> list[tuple[int, str, Team]]:
    """Return (number of the first station in the scenario, crossing, team) of all teams."""
    teams, offset = [], 0
    for x, crossing in scenario.crossings.items():
        names = list(crossing.stations)
        teams += [(offset + names.index(team.stations[0]), x, team) for team in teams_of(crossing)]
        offset += len(names)
    return teams


def limit_of(station: Station) -> int | None:
    """Return the most servers of its pool who work at a station at a time; None: no limit, or servers of its own."""
    return station.staffing.at_most if isinstance(station.staffing, Pooled) else None


def servers_of(crossing: Crossing, station: Station) -> int:
    """Return the most servers who may work at a station at the start."""
    staffing = station.staffing
    if isinstance(staffing, Staffing):
        return staffing.servers
    servers = crossing.pools[staffing.pool].servers
    return servers if staffing.at_most is None else min(servers, staffing.at_most)
