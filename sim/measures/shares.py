"""Shares over time: of those who arrived, who gave up or were turned away; of those across, by class; sent aside."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.arrays import Floats
from sim.engine.plan import NOWHERE, Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.measures.grid import Grid
from sim.measures.names import ALL, Key, at_station
from sim.scenario.model.reported import FIGURE_KINDS

OF_ARRIVALS = ("gave_up_share", "turned_away_share")


def ratio(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where below is 0 or unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)


def shares_over_time(series: dict[Key, Floats]) -> Iterator[tuple[Key, Floats]]:
    """Yield the shares by crossing and class in every interval, from the counts of parties there."""
    for key, parties in list(series.items()):
        if key.quantity == "arrived_parties":
            for name in OF_ARRIVALS:
                yield key._replace(quantity=name), ratio(_sum(series, key, name), parties)
        if key.quantity == "crossed_parties" and "/" not in key.scope and key.scope != ALL:
            yield key._replace(quantity="class_share"), ratio(parties, series[key._replace(scope=ALL)])


def shares_of_run(totals: dict[Key, float]) -> Iterator[tuple[Key, float]]:
    """Yield the shares of the whole run."""
    for key, arrived in list(totals.items()):
        if key.quantity == "arrived_parties":
            for name in OF_ARRIVALS:
                parties = sum(totals.get(key._replace(quantity=part), 0.0) for part in _parts(name))
                yield key._replace(quantity=name), parties / arrived if arrived else np.nan


def _parts(name: str) -> tuple[str, ...]:
    return next(kind.of for quantity, kind in FIGURE_KINDS.items() if quantity == name and kind.of)[0]


def _sum(series: dict[Key, Floats], key: Key, name: str) -> Floats:
    return np.asarray(sum(series.get(key._replace(quantity=part), np.zeros(1)) for part in _parts(name)))


def sent_aside_over_time(plan: Plan, records: Records, grid: Grid) -> Iterator[tuple[Key, Floats]]:
    """Yield, by interval, the services that ended at stations that send some aside, and the parties sent aside."""
    edges = np.append(grid.at[: grid.intervals], grid.horizon)
    ended = records.ended_at != NEVER
    for s in np.flatnonzero(plan.aside_to != NOWHERE):
        here = ended & (records.station == s)
        aside = here & (records.outcome == int(Outcome.SENT_ASIDE))
        counts = [
            np.append(np.histogram(records.ended_at[rows], edges)[0], np.full(len(grid.at) - grid.intervals, np.nan))
            for rows in (here, aside)
        ]
        crossing, scope = plan.crossings[plan.crossing[s]], at_station(plan.stations[s])
        yield Key(crossing, "served_parties", scope), counts[0]
        yield Key(crossing, "sent_aside_parties", scope), counts[1]
        yield Key(crossing, "sent_aside_share", scope), ratio(counts[1], counts[0])
