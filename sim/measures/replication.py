"""The measures of one replication: time series and totals of every crossing, computed from the records.

The names, units and definitions of all quantities are in `sim.measures.names`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from sim.arrays import Floats, Ints
from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.engine.tape import Tape
from sim.measures import deadlock, flows, series, totals
from sim.measures.by_trait import waits_by_trait
from sim.measures.count.tally import count_records
from sim.measures.grid import grid_of
from sim.measures.lightened import lightened_series, lightened_totals
from sim.measures.names import Key
from sim.measures.one_by_one import totals_of_people
from sim.measures.outages import outage_totals
from sim.measures.servers import staffing_played
from sim.measures.shares import sent_aside_over_time, shares_of_run, shares_over_time
from sim.measures.waved_through import waved_through_totals
from sim.scenario.model.scenario import Scenario

FROM_QUEUES = frozenset(
    (
        *("queue", "queue_people", "queue_length", "quoted_wait", "virtual_wait", "crossed_parties", "crossed_people"),
        *("wait", "wait_p10", "wait_p90", "wait_p95", "arrived_parties"),
        *("gave_up_share", "turned_away_share", "class_share"),
    )
)
"""Quantities of reported figures that `measure_queues` has, unless they are those of one way across or of a station."""


@dataclass(frozen=True)
class Measures:
    """Measures of one replication: `series` are (T,) at the instants `at` (ms since t0), `totals` one number each.

    The keys depend only on scenario and plan.
    """

    at: Ints
    series: dict[Key, Floats]
    totals: dict[Key, float]


def measure_queues(scenario: Scenario, plan: Plan, records: Records, tape: Tape | None = None) -> Measures:
    """Return only queues, quoted waits, waits and events over time, which takes two fifths of the time of `measure`."""
    points = grid_of(scenario.clock, plan.start, plan.horizon)
    counted = count_records(scenario, plan, records, points, tape, only_queues=True)
    over_time = chain(
        series.queues(scenario, plan, counted.queues, points),
        series.quoted_waits(scenario, plan, counted, points),
        series.waits(scenario, plan, counted, points),
        series.events(scenario, plan, counted.events, points),
    )
    return Measures(points.at, dict(over_time), {})


def measure_figures(scenario: Scenario, plan: Plan, records: Records, tape: Tape | None = None) -> Measures:
    """Return at least the series from which the reported figures of a scenario are read."""
    figures = scenario.figures
    suffices = all(row.quantity in FROM_QUEUES and row.way is None and row.station is None for row in figures)
    return (measure_queues if suffices else measure)(scenario, plan, records, tape)


def measure(scenario: Scenario, plan: Plan, records: Records, tape: Tape | None = None) -> Measures:
    """Return the measures of one replication of `scenario`, whose plan is `plan`.

    With the `tape`, people are also counted by origin, waits by trait, and parties waved past a full hall. Parties
    already waiting at the start (`first` visits with `arrived_at` at the start) count in queues, flows and outcomes but
    not in waits, unless the tape knows how long they have waited. After a warm-up the same holds for parties that came
    during it and are still there, and the tape is not asked.
    """
    points = grid_of(scenario.clock, plan.start, plan.horizon)
    counted = count_records(scenario, plan, records, points, tape)
    over_time = dict(
        chain(
            series.queues(scenario, plan, counted.queues, points),
            series.quoted_waits(scenario, plan, counted, points),
            series.waits(scenario, plan, counted, points),
            series.median_waits(scenario, plan, counted, points),
            series.events(scenario, plan, counted.events, points),
            series.ways_across(scenario, plan, counted.parties, points),
            series.sojourns(scenario, plan, counted.parties),
            series.work(plan, counted, staffing_played(plan, records), points),
            lightened_series(plan, records, points),
            sent_aside_over_time(plan, records, points),
        )
    )
    over_time |= dict(series.rates(over_time, points))
    over_time |= dict(shares_over_time(over_time))
    whole_run = dict(
        chain(
            totals.sums(over_time),
            totals.peaks(scenario, plan, counted),
            totals.longest_quotes(scenario, plan, counted, points),
            totals.longest_day(scenario, plan, counted, points),
            totals.people_per_party(scenario, plan, over_time),
            totals.fates(scenario, plan, counted.parties),
            deadlock.deadlocked(plan, records),
            totals.waits(scenario, plan, counted, points),
            waits_by_trait(scenario, plan, records, tape, points) if tape is not None else (),
            totals.stations(plan, counted),
            lightened_totals(plan, records, points.start),
            outage_totals(scenario, plan, tape, points.start) if tape is not None else (),
            waved_through_totals(plan, tape, records, points.start) if tape is not None else (),
            totals_of_people(plan, records, points.start),
            totals.men(scenario, plan, counted.stations),
            totals.by_day(scenario, plan, counted),
            totals.relief(scenario, plan, counted),
            flows.flow_totals(plan, tape.source, records, points.start) if tape is not None else (),
        )
    )
    whole_run |= dict(shares_of_run(whole_run))
    return Measures(points.at, over_time, whole_run)
