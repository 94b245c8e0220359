"""One replication: draw its tape, play it, store its records if asked for, and keep only the measures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sim import store
from sim.arrays import Floats
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.measures.replication import Measures, measure
from sim.measures.reports import observations
from sim.play.engines import player
from sim.play.posterior import Drawn
from sim.scenario.model.quantities import CLASSES, STREAMS
from sim.scenario.model.scenario import Scenario


class Played(NamedTuple):
    """What is kept of a replication: its measures, and what reporters would have said (one number a reported row)."""

    measures: Measures
    observed: Floats


@dataclass(frozen=True)
class Play:
    """What every replication of a run shares; call it with the number of a replication.

    With `drawn`, a replication has a scenario of its own and `scenario` and `plan` are only alike.
    """

    scenario: Scenario
    plan: Plan
    engine: str
    seed: int
    records_to: Path | None
    drawn: Drawn | None = None

    def __call__(self, number: int) -> Played:
        """Return what is kept of replication `number`, from 0; its records go to a Parquet file in `records_to`."""
        scenario, plan = self.scenario, self.plan
        if self.drawn is not None:
            scenario = self.drawn.scenario(number)
            plan = lower(scenario)
        tape = draw(scenario, plan, self.seed, number)
        records = player(self.engine)(plan, tape)
        if self.records_to is not None:
            columns: dict[str, NDArray[Any] | store.Labels] = {
                "replication": np.full(len(records), number, dtype=np.int32)
            }
            columns |= records_table(scenario, plan, records)
            store.write_table(self.records_to / f"replication={number:04d}.parquet", columns)
        measures = measure(scenario, plan, records, tape.source)
        return Played(measures, observations(scenario, measures))


def records_table(scenario: Scenario, plan: Plan, records: Records) -> dict[str, NDArray[Any] | store.Labels]:
    """Return records as people read them: names instead of numbers, instants in UTC, missing where NEVER."""
    names = {
        "crossing": plan.crossings,
        "station": plan.stations,
        "cls": CLASSES,
        "stream": STREAMS,
        "outcome": tuple(outcome.name.lower() for outcome in Outcome),
    }
    clock = scenario.clock
    t0 = np.datetime64(clock.t0.replace(tzinfo=ZoneInfo(clock.timezone)).astimezone(UTC).replace(tzinfo=None), "ms")
    table: dict[str, NDArray[Any] | store.Labels] = {}
    for name, column in records.columns().items():
        if name in names:
            table["class" if name == "cls" else name] = store.Labels(column, names[name])
        elif name.endswith("_at"):
            instants = t0 + np.where(column == NEVER, 0, column).astype("timedelta64[ms]")
            table[name] = np.where(column == NEVER, np.datetime64("NaT", "ms"), instants)
        else:
            table[name] = column
    return table
