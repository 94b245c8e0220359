"""The records of a replication as a readable table."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np

from sim import store
from sim.engine.records import NEVER, Outcome
from sim.play.one import Played


def records_table(played: Played, replication: int) -> store.Columns:
    """Return the records as columns: names instead of codes, instants in UTC, NaT where an instant is NEVER."""
    names = {
        "crossing": played.plan.crossings,
        "station": played.plan.stations,
        "cls": played.scenario.streams,
        "stream": played.scenario.streams,
        "outcome": tuple(outcome.name.lower() for outcome in Outcome),
    }
    clock = played.scenario.clock
    t0 = np.datetime64(clock.t0.replace(tzinfo=ZoneInfo(clock.timezone)).astimezone(UTC).replace(tzinfo=None), "ms")
    table: dict[str, np.ndarray | store.Labels] = {
        "replication": np.full(len(played.records), replication, dtype=np.int32)
    }
    for name, column in played.records.columns().items():
        if name in names:
            table["class" if name == "cls" else name] = store.Labels(column, names[name])
        elif name.endswith("_at"):
            instants = t0 + np.where(column == NEVER, 0, column).astype("timedelta64[ms]")
            table[name] = np.where(column == NEVER, np.datetime64("NaT", "ms"), instants)
        else:
            table[name] = column
    return table
