"""What happened in one replication: time series and totals of every crossing, made from the records.

The names, units and definitions of all quantities are in `sim.measures.names`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.measures import series, totals, visits
from sim.measures.grid import grid
from sim.measures.names import Key
from sim.scenario.schema import Scenario

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """Measures of one replication: `series` are (T,) at the instants `at` (ms since t0), `totals` one number each.

    Which keys there are depends on scenario and plan alone, never on what happened.
    """

    at: NDArray[np.int64]
    series: dict[Key, Floats]
    totals: dict[Key, float]


def measure(scenario: Scenario, plan: Plan, records: Records) -> Measures:
    """Return the measures of one replication of `scenario`, whose plan is `plan`.

    Parties already waiting at the start (`first` visits with `arrived_at` at the start) count in queues, flows and
    outcomes, but not in waits: theirs began at an unknown time.
    """
    points = grid(scenario.clock, plan.start, plan.horizon)
    seen = visits.visits(plan, records, points)
    inside, who = visits.stays(records, seen), visits.parties(records, seen)
    done = np.maximum(seen.started, np.minimum(seen.ended, seen.left))
    busy = points.time_held(seen.station, len(plan.stations), seen.started, done)
    work = busy, np.maximum(series.staffed_time(plan, points), busy)
    over_time = dict(
        chain(
            series.queues(scenario, plan, seen, inside, points),
            series.quoted_waits(scenario, plan, records, seen, points),
            series.waits(scenario, plan, who, points),
            series.events(scenario, plan, records, seen, points),
            series.ways_across(scenario, plan, who, points),
            series.work(plan, work, seen, points),
        )
    )
    over_time |= dict(series.rates(over_time, points))
    whole_run = dict(
        chain(
            totals.from_series(over_time),
            totals.longest_day(scenario, plan, over_time, (records, seen), points),
            totals.people_per_party(scenario, plan, over_time),
            totals.fates(scenario, plan, who),
            totals.waits(scenario, plan, who),
            totals.stations(plan, records, seen, work, points),
            totals.men(scenario, plan, records, seen),
            totals.by_day(scenario, plan, records, seen),
            totals.relief(scenario, plan, seen, inside),
        )
    )
    return Measures(points.at, over_time, whole_run)
