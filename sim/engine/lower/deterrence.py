"""Lower deterrence to arrays: what parties with men of call-up age do when they hear that men are stopped."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.arrays import Floats
from sim.engine.plan import HAZARD_UNIT, STOPPED_UNIT
from sim.scenario.model.quantities import Curve
from sim.scenario.model.scenario import Crossing, Scenario
from sim.units import MS_PER_H, milliseconds


def deterrence_fields(scenario: Scenario) -> dict[str, Any]:
    """Return the deterrence fields of the plan."""
    crossings = list(scenario.crossings.values())
    used = [_deters(crossing) for crossing in crossings]
    shape = (len(crossings), len(scenario.streams), STOPPED_UNIT + 1 if any(used) else 1)
    share, hazard = np.zeros(shape), np.zeros(shape)
    for x in (x for x, deters in enumerate(used) if deters):
        for cls, behaviour in crossings[x].behaviour.items():
            if behaviour.balk:
                share[x, scenario.streams.index(cls)] = _by_stops(behaviour.balk.by_risk)
            if behaviour.renege:
                hazard[x, scenario.streams.index(cls)] = _by_stops(behaviour.renege.by_risk) * (HAZARD_UNIT / MS_PER_H)
    words = [crossing.word_of_stops for crossing in crossings]
    windows = [round(word.window / x.quote.every) for word, x in zip(words, crossings, strict=True)]
    return {
        "stops_window": np.where(used, np.array(windows, dtype=np.int64), 0),
        "stops_delay": np.array([milliseconds(word.delay) for word in words], dtype=np.int64),
        "stops_drive": np.array([milliseconds(word.drive) for word in words], dtype=np.int64),
        "deterred_share": share,
        "deterred_hazard": np.rint(hazard).astype(np.int64),
    }


def _deters(crossing: Crossing) -> bool:
    """Return whether stops at a crossing deter anybody."""
    reactions = [way for each in crossing.behaviour.values() for way in (each.balk, each.renege) if way]
    return any(value > 0 for way in reactions for _, value in way.by_risk)


def _by_stops(curve: Curve) -> Floats:
    """Return a curve over the share of men stopped at the columns 0, 1 / STOPPED_UNIT, and so on to 1."""
    shares, values = zip(*curve, strict=True)
    return np.asarray(np.interp(np.arange(STOPPED_UNIT + 1) / STOPPED_UNIT, shares, values))
