"""Doubts demand of long ago: everybody who set out has arrived before the run begins."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.scenario.checks.demand import demand_parts
from sim.scenario.model.demand import Pulse, Step
from sim.scenario.model.instants import since_t0
from sim.scenario.model.laws import Law
from sim.scenario.model.scenario import Scenario
from sim.units import MS_PER_S, show_duration

Loc = tuple[str | int, ...]
NOBODY = 0.05
"""Expected parties below which nobody of a part of demand arrives during the run."""


def of_long_ago(scenario: Scenario) -> Iterator[tuple[Loc, str]]:
    """Yield (path, message) for every pulse or decaying step at a crossing of which nobody arrives during the run."""
    clock = scenario.clock
    for loc, part in demand_parts(scenario):
        kind = part.kind
        if loc[0] != "crossings" or not isinstance(kind, Pulse | Step):
            continue  # those who set out at an origin still have the way to the crossing before them
        ago = (since_t0(clock, clock.start) - since_t0(clock, kind.at)) / MS_PER_S
        if ago > 0 and _most_arrivals(kind, ago) < NOBODY:
            what = f"was {show_duration(ago)} before the start, so none of it falls into the run"
            yield (*loc, "pulse" if isinstance(kind, Pulse) else "step", "at"), f"{what}; is its date right?"


def _most_arrivals(kind: Pulse | Step, ago: float) -> float:
    """Return at least the number of parties expected later than `ago` (s) after the pulse or the begin of the step."""
    if isinstance(kind, Pulse):
        return kind.parties * _later(kind.lag, ago)
    if kind.decay is None:
        return math.inf
    parties = kind.rate / 3600 * kind.decay
    return min(
        parties * (math.exp(-(1 - share) * ago / kind.decay) + _later(kind.lag, share * ago))
        for share in (0.1, 0.5, 0.9)
    )


def _later(lag: Law, after: float) -> float:
    """Return the largest possible probability of a drive of more than `after` (s): exact, or Chernoff's bound."""
    mean = lag.mean_s
    if lag.family in ("deterministic", "empirical"):
        drives = lag.values or (mean,)
        return sum(drive >= after for drive in drives) / len(drives)
    if lag.family == "uniform" and mean:
        return min(1.0, max(0.0, 1 - after / (2 * mean)))
    if after <= mean or mean == 0:
        return 1.0 if mean else 0.0
    if lag.family == "lognormal" and lag.cv:
        spread = math.sqrt(math.log1p(lag.cv**2))
        return math.erfc((math.log(after / mean) / spread + spread / 2) / math.sqrt(2)) / 2
    shape = {"exponential": 1.0, "erlang": float(lag.k or 1), "gamma": 1 / lag.cv**2 if lag.cv else 1.0}.get(lag.family)
    return 1.0 if shape is None else math.exp(shape * (math.log(after / mean) + 1 - after / mean))
