"""Names of crossings, origins and outcomes, and numbers of people with their ranges as text."""

from __future__ import annotations

import math

from sim.arrays import Floats
from sim.measures.estimates import Estimate, total_estimate
from sim.plotting.rail import words
from sim.plotting.story import between, whole
from sim.scenario.model.scenario import Scenario

HOME = "stayed at home"


def crossing_name(scenario: Scenario, crossing: str) -> str:
    """Return the displayed name of a crossing."""
    return scenario.crossings[crossing].title or words(crossing)


def origin_name(scenario: Scenario, origin: str) -> str:
    """Return the displayed name of an origin."""
    assert scenario.network is not None
    return scenario.network.origins[origin].title or words(origin)


def ranged(people: Floats) -> str:
    """Return the mean of people (replications,) with their 5-95 % range: '9,790 (9,500–10,000)'."""
    return ranged_estimate(total_estimate(people))


def ranged_estimate(estimate: Estimate) -> str:
    """Return a mean with its 5-95 % range, if it has one."""
    spread = between(estimate)
    return f"{whole(estimate.mean)} ({spread})" if spread else whole(estimate.mean)


def sure(people: Floats) -> str:
    """Return the mean of people (replications,) with its 95 % interval: '1,210 ± 40', '20 (0–52)'."""
    estimate = total_estimate(people)
    half = estimate.half_width
    if not math.isfinite(half) or half < 0.5:
        return whole(estimate.mean)
    if estimate.low == 0 < estimate.mean:
        return f"{whole(estimate.mean)} (0–{whole(estimate.high)})"
    return f"{whole(estimate.mean)} ± {float(f'{half:.2g}'):,.0f}"
