"""What crossings, origins and the ends of people are called, and people with their range in words."""

from __future__ import annotations

import math

from sim.arrays import Floats
from sim.measures.estimates import Estimate, total_estimate
from sim.plotting.rail import words
from sim.plotting.story import between, whole
from sim.scenario.model.scenario import Scenario

HOME = "stayed at home"


def crossing_name(scenario: Scenario, crossing: str) -> str:
    """Return what a crossing is called."""
    return scenario.crossings[crossing].title or words(crossing)


def origin_name(scenario: Scenario, origin: str) -> str:
    """Return what an origin is called."""
    assert scenario.network is not None
    return scenario.network.origins[origin].title or words(origin)


def ranged(people: Floats) -> str:
    """Return the mean of people (replications,) with their 5-95 % range: '9,790 (9,500–10,000)'."""
    return ranged_estimate(total_estimate(people))


def ranged_estimate(estimate: Estimate) -> str:
    """Return a mean with its 5-95 % range, without where there is none."""
    spread = between(estimate)
    return f"{whole(estimate.mean)} ({spread})" if spread else whole(estimate.mean)


def sure(people: Floats) -> str:
    """Return the mean of people (replications,) with half the 95 % interval of it: '1,210 ± 40'."""
    estimate = total_estimate(people)
    half = (estimate.high - estimate.low) / 2
    known = f" ± {float(f'{half:.2g}'):,.0f}" if math.isfinite(half) and half >= 0.5 else ""
    return whole(estimate.mean) + known
