"""Lower the controls of a scenario: rules that act during a run on what they see."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.arrays import Floats
from sim.engine.plan import NOWHERE, PER_MILLE, REACTIONS
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.teams import numbered_teams, teams_of
from sim.units import milliseconds


def control_fields(scenario: Scenario) -> dict[str, Any]:
    """Return the fields of the plan for controls of the staffing, each (S,); of a pool, at its first station."""
    teams = numbered_teams(scenario)
    stations = sum(len(crossing.stations) for crossing in scenario.crossings.values())
    table, varies = np.zeros((8, stations), dtype=np.int64), np.zeros(stations, dtype=np.bool_)
    for s, _, team in teams:
        reacts = team.staffing.reacts
        varies[s] = reacts is not None or team.described.outages is not None
        if reacts is None:
            continue
        levels = (reacts.open_above, reacts.close_below)
        table[:, s] = (
            1 + REACTIONS.index(reacts.to),
            *(milliseconds(level) if reacts.to == "quoted_wait" else int(level) for level in levels),
            reacts.by,
            reacts.at_least,
            reacts.at_most,
            milliseconds(reacts.delay),
            milliseconds(reacts.checked_every),
        )
    names = "reacts_to open_above close_below opens_by at_least at_most reaction_delay checked_every"
    return {"staff_varies": varies, **dict(zip(names.split(), table, strict=True))}


def lightening_fields(scenario: Scenario, intensities: Floats) -> dict[str, Any]:
    """Return the fields of the plan for checks that are lightened, each (S,)."""
    stations = [station for crossing in scenario.crossings.values() for station in crossing.stations.values()]
    table = np.zeros((7, len(stations)), dtype=np.int64)
    for s, station in enumerate(stations):
        light = station.lightened
        if light is None:
            continue
        levels = (light.above, light.below)
        table[:, s] = (
            1 + REACTIONS.index(light.to),
            *(milliseconds(level) if light.to == "quoted_wait" else int(level) for level in levels),
            milliseconds(light.at_least_for),
            milliseconds(light.checked_every),
            round(PER_MILLE * light.scale_service),
            NOWHERE if light.intensity is None else np.searchsorted(intensities, light.intensity),
        )
    names = "light_to light_above light_below light_least light_every light_factor light_intensity"
    return dict(zip(names.split(), table, strict=True))


def pace_fields(scenario: Scenario) -> dict[str, Any]:
    """Return the fields of the plan for factors on service times."""
    crossings = scenario.crossings.values()
    stations = [station for crossing in crossings for station in crossing.stations.values()]
    paces = [station.pace for station in stations]
    paced = [station.pace is not None or station.lightened is not None for station in stations]
    rows = [(pace.servers, pace.queue) if pace else ({}, {}) for pace in paces]
    columns = 1 + max((n for both in rows for table in both for n in table), default=0)
    factors = np.full((len(paces), 2, columns), PER_MILLE, dtype=np.int64)
    for s, both in enumerate(rows):
        for which, table in enumerate(both):
            if table:
                numbers = sorted(table)
                curve = np.interp(np.arange(columns), numbers, [table[n] for n in numbers])
                factors[s, which] = np.rint(PER_MILLE * curve)
    changed = [
        any(change.scale_service is not None and name in (change.stations or ()) for change in crossing.changes)
        for crossing in crossings
        for name in crossing.stations
    ]
    return {"pace": factors, "paced": np.array(paced) | np.array(changed)}


def needs_quotes(crossing: Crossing) -> bool:
    """Return whether a control at a crossing reacts to a quoted wait, or parties choose by a posted one."""
    if any(choice.one_of and choice.by == "posted_wait" for choice in crossing.parallel.values()):
        return True
    reacting = [team.staffing.reacts for team in teams_of(crossing)]
    controls = (*reacting, *(station.lightened for station in crossing.stations.values()))
    return any(control is not None and control.to == "quoted_wait" for control in controls)
