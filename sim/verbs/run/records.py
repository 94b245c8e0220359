"""The records of a replication as readable tables: its visits, and what stands beside them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sim import store
from sim.arrays import Ints
from sim.engine.records import NEVER, Outcome
from sim.measures.servers import named, staffing_played, staffing_rows
from sim.play.one import Played
from sim.scenario.model.scenario import Clock

RECORDS, STAFFING, LIGHTENED = "records", "staffing", "lightened"
"""The folders of the tables, with a file for each replication."""


def write_records(folder: Path, played: Played, replication: int) -> None:
    """Write the records of a replication, and what stands beside them, into folders below `folder`. Raises SimError."""
    tables = {RECORDS: records_table(played, replication), STAFFING: staffing_table(played, replication)}
    if played.plan.light_every.any():
        tables[LIGHTENED] = lightened_table(played, replication)
    for name, table in tables.items():
        store.write_table(folder / name / f"replication={replication:04d}.parquet", table)


def records_table(played: Played, replication: int) -> store.Columns:
    """Return the visits as columns: names instead of codes, instants in UTC, NaT where an instant is NEVER."""
    names = {
        "crossing": played.plan.crossings,
        "station": played.plan.stations,
        "cls": played.scenario.streams,
        "stream": played.scenario.streams,
        "outcome": tuple(outcome.name.lower() for outcome in Outcome),
    }
    table: dict[str, NDArray[Any] | store.Labels] = _numbered(replication, len(played.records))
    for name, column in played.records.columns().items():
        if name in names:
            table["class" if name == "cls" else name] = store.Labels(column, names[name])
        elif name.endswith("_at"):
            table[name] = _instants(played.scenario.clock, column)
        else:
            table[name] = column
    return table


def staffing_table(played: Played, replication: int) -> store.Columns:
    """Return the servers present at every station and in every pool, at the start and after each change."""
    place, at, servers = staffing_rows(played.plan, staffing_played(played.plan, played.records)).T
    columns = _numbered(replication, len(at)) | _places(played, place)
    return {**columns, "at": _instants(played.scenario.clock, at), "servers": servers}


def lightened_table(played: Played, replication: int) -> store.Columns:
    """Return the turns of controls that lighten the checks of a station (true) or restore them (false)."""
    at, place, light = played.records.lightened.T
    columns = _numbered(replication, len(at)) | _places(played, place)
    return {**columns, "at": _instants(played.scenario.clock, at), "lightened": light == 1}


def _numbered(replication: int, rows: int) -> dict[str, NDArray[Any] | store.Labels]:
    return {"replication": np.full(rows, replication, dtype=np.int32)}


def _places(played: Played, number: Ints) -> dict[str, NDArray[Any] | store.Labels]:
    """Return the crossing and the name of stations or pools."""
    crossings, names = zip(*named(played.plan), strict=True)
    return {"crossing": store.Labels(number, crossings), "station": store.Labels(number, names)}


def _instants(clock: Clock, at: Ints) -> NDArray[np.datetime64]:
    t0 = np.datetime64(clock.t0.replace(tzinfo=ZoneInfo(clock.timezone)).astimezone(UTC).replace(tzinfo=None), "ms")
    instants = t0 + np.where(at == NEVER, 0, at).astype("timedelta64[ms]")
    return np.where(at == NEVER, np.datetime64("NaT", "ms"), instants)
