"""Plays of days that are kept in the user's cache, so that a later update of a forecast does not play them again.

The name of a file is a digest of all that the plays depend on. Files are removed after a month.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim import store
from sim.arrays import Floats
from sim.errors import SimError
from sim.play.provenance import program

KEPT = 30 * 86400.0
"""Seconds after which a file is removed."""


def _home() -> Path | None:
    """Return the private folder of the plays, None if there is none."""
    cache = store.user_cache()
    return cache / "nowcast" if cache is not None and store.private_folder(cache / "nowcast") else None


def name_of(scenario_hash: str, drawn: str, facts: Sequence[Any]) -> str:
    """Return the name of the plays of a scenario with parameters `drawn` from a posterior, and other `facts`."""
    code = [program(), *(store.digest(Path(__file__).with_name(name)) for name in ("plays.py", "kept_days.py"))]
    return hashlib.sha256(json.dumps([code, scenario_hash, drawn, facts]).encode()).hexdigest()[:32]


def read(name: str) -> tuple[Floats, ...] | None:
    """Return the kept times (T,) and series (N, T); None if there are none, or they are damaged."""
    home = _home()
    if home is None or not (path := home / f"{name}.parquet").is_file():
        return None
    try:
        table = store.table_of(path.read_bytes(), path)
        count = int((table["times"] == table["times"][0]).sum())
        times, *series = (table[column].reshape(count, -1) for column in table)
    except (OSError, SimError, KeyError, ValueError, IndexError):
        return None
    return times[0], *series


def write(name: str, parts: Sequence[Floats]) -> None:
    """Keep times (T,) and series (N, T), and remove what is old. A failure only costs time."""
    home = _home()
    if home is None:
        return
    times, *series = parts
    columns: dict[str, Any] = {"times": np.tile(times, len(series[0]))}
    columns |= {f"s{n}": values.ravel() for n, values in enumerate(series)}
    try:
        store.write_shared(home / f"{name}.parquet", store.parquet_bytes(columns))
        for path in home.glob("*.parquet"):
            if time.time() - path.stat().st_mtime > KEPT:
                store.remove(path)
    except (OSError, SimError):
        return
