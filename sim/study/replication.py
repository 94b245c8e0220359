"""One replication: draw its tape, play it, store its records if asked for, and keep only the measures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sim import store
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import draw
from sim.measures.measures import Measures, measure
from sim.scenario.quantities import CLASSES, STREAMS
from sim.scenario.schema import Scenario
from sim.study.engines import player


@dataclass(frozen=True)
class Play:
    """What every replication of a run shares; call it with the number of a replication."""

    scenario: Scenario
    plan: Plan
    engine: str
    seed: int
    records_to: Path | None

    def __call__(self, number: int) -> Measures:
        """Return the measures of replication `number`, from 0; its records go to a Parquet file in `records_to`."""
        tape = draw(self.scenario, self.plan, self.seed, number)
        records = player(self.engine)(self.plan, tape)
        if self.records_to is not None:
            columns: dict[str, NDArray[Any] | store.Labels] = {
                "replication": np.full(len(records), number, dtype=np.int32)
            }
            columns |= records_table(self.scenario, self.plan, records)
            store.write_table(self.records_to / f"replication={number:04d}.parquet", columns)
        return measure(self.scenario, self.plan, records)


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
