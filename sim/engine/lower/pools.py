"""Lower the pools of servers that several stations share."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.plan import ANY_NUMBER, NOWHERE
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.staffing import Pool, PoolShares
from sim.scenario.model.teams import limit_of, numbered_teams

STRIDE_UNIT = 10**6


def pool_fields(scenario: Scenario) -> dict[str, Any]:
    """Return the fields of the plan for pools, each (S,), and the rule for when staff leave."""
    stations = [station for crossing in scenario.crossings.values() for station in crossing.stations.values()]
    pool, limit = np.full(len(stations), NOWHERE), np.full(len(stations), ANY_NUMBER)
    rank, stride = np.zeros_like(pool), np.zeros_like(pool)
    preempt = np.zeros(len(stations), dtype=np.bool_)
    shared = [(first, team.name) for first, _, team in numbered_teams(scenario) if isinstance(team.described, Pool)]
    for first, x, team in numbered_teams(scenario):
        names = list(scenario.crossings[x].stations)
        numbers = [first + names.index(name) - names.index(team.stations[0]) for name in team.stations]
        preempt[numbers] = team.described.when_staff_leave == "preempt"
        if not isinstance(team.described, Pool):
            continue
        pool[numbers] = first
        limit[numbers] = [limit_of(stations[s]) or ANY_NUMBER for s in numbers]
        if team.described.next == "order":
            rank[numbers] = range(len(numbers))
        elif isinstance(team.described.next, PoolShares):
            shares = team.described.next.shares
            stride[numbers] = [round(STRIDE_UNIT / shares[name]) for name in team.stations]
    return {
        "pools": tuple(name for _, name in shared),
        "pool_first": np.array([first for first, _ in shared], dtype=np.int64),
        "pool": pool,
        "pool_limit": limit,
        "pool_rank": rank,
        "pool_stride": stride,
        "preempt": preempt,
    }
