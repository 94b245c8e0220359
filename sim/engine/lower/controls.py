"""Lower the controls of a scenario: rules that act during a run on what they see."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.plan import REACTIONS
from sim.scenario.model.scenario import Crossing, Scenario
from sim.units import milliseconds


def control_fields(scenario: Scenario) -> dict[str, Any]:
    """Return the fields of the plan for controls of the staffing, each (S,)."""
    stations = [station for crossing in scenario.crossings.values() for station in crossing.stations.values()]
    table = np.zeros((8, len(stations)), dtype=np.int64)
    for s, station in enumerate(stations):
        reacts = station.staffing.reacts
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
    return dict(zip(names.split(), table, strict=True))


def needs_quotes(crossing: Crossing) -> bool:
    """Return whether a control at a crossing reacts to a quoted wait."""
    reactions = [station.staffing.reacts for station in crossing.stations.values()]
    return any(reacts is not None and reacts.to == "quoted_wait" for reacts in reactions)
