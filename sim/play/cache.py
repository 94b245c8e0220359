"""Plays of points, kept as they come: a folder of small Parquet parts, each complete or absent.

A part is named by the key of its point (all that its results depend on: scenario, point, seed, program) and a token of
its writer, so several may fill one folder, and a killed process loses only what was in flight. A part that cannot be
read is removed, told, and played again. A point that failed leaves a small file with the reason.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim import store
from sim.arrays import Floats
from sim.errors import SimError
from sim.measures.names import Key


@dataclass(frozen=True)
class Totals:
    """Totals of some replications of one point: `values` (replications, keys)."""

    keys: tuple[Key, ...]
    values: Floats


@dataclass(frozen=True)
class Failed:
    """Why a point could not be played."""

    reason: str


@contextmanager
def consoling() -> Iterator[None]:
    """Say with every SimError of the block that nothing is lost."""
    try:
        yield
    except SimError as error:
        raise SimError(f"{error}; what was finished before is kept") from None


class Kept:
    """What a folder holds of the points with these `wanted` keys."""

    def __init__(self, folder: Path, wanted: frozenset[str]) -> None:
        self.folder = folder
        self.damaged: list[str] = []
        self._rows: dict[str, dict[int, tuple[tuple[Key, ...], Floats]]] = {}
        self._failed: dict[str, str] = {}
        for path in sorted(folder.glob("*-*")):
            key = path.name.partition("-")[0]
            if key in wanted and path.suffix in (".parquet", ".json"):
                self._take_in(key, path)

    def replications(self, key: str) -> set[int]:
        """Return the replications of a point that are known."""
        return set(self._rows.get(key, ()))

    def reason(self, key: str) -> str | None:
        """Return why a point failed, None if it did not."""
        return self._failed.get(key)

    def measures(self) -> tuple[Key, ...]:
        """Return the measures of a play that is known; none if no play is."""
        return next((keys for rows in self._rows.values() for keys, _ in rows.values()), ())

    def of(self, key: str, replications: int) -> Totals:
        """Return the first so many replications of a point, all of which are known."""
        rows = [self._rows[key][number] for number in range(replications)]
        return Totals(rows[0][0], np.array([values for _, values in rows]))

    def add(self, key: str, first: int, found: Totals | Failed) -> None:
        """Keep what was played, from replication `first` on. Raises SimError; what was kept before stays as it was."""
        mark = f"{os.getpid()}-{secrets.token_hex(4)}"
        with consoling():
            if isinstance(found, Failed):
                self._failed[key] = found.reason
                store.write_shared(self.folder / f"{key}-{mark}.json", json.dumps({"reason": found.reason}))
                return
            self._know(key, first, found.keys, found.values)
            store.write_table_shared(self.folder / f"{key}-{first:06d}-{mark}.parquet", _columns(first, found))

    def forget_failures(self) -> None:
        """Remove what is kept of failures, so that their points are played again."""
        for key in self._failed:
            for path in self.folder.glob(f"{key}-*.json"):
                store.remove(path)
        self._failed = {}

    def _know(self, key: str, first: int, keys: tuple[Key, ...], values: Floats) -> None:
        self._rows.setdefault(key, {}).update({first + n: (keys, row) for n, row in enumerate(values)})

    def _take_in(self, key: str, path: Path) -> None:
        try:
            if path.suffix == ".json":
                self._failed[key] = _reason(path)
            else:
                self._know(key, *_read(path))
        except FileNotFoundError:
            return  # another sweep has removed it
        except (SimError, KeyError, ValueError, TypeError):
            self.damaged.append(path.name)
            store.remove(path)


def _columns(first: int, found: Totals) -> store.Columns:
    count = len(found.values)
    columns: dict[str, Floats | NDArray[np.int32] | store.Labels] = {
        "replication": np.repeat(np.arange(first, first + count, dtype=np.int32), len(found.keys))
    }
    for i, field in enumerate(Key._fields):
        names = tuple(dict.fromkeys(key[i] for key in found.keys))
        codes = [names.index(key[i]) for key in found.keys]
        columns[field] = store.Labels(np.tile(np.array(codes, dtype=np.int32), count), names)
    return columns | {"value": found.values.ravel()}


def _read(path: Path) -> tuple[int, tuple[Key, ...], Floats]:
    table = store.read_table(path)
    replication = table["replication"]
    count = len(np.unique(replication))
    width = len(replication) // count
    keys = tuple(Key(*row) for row in zip(*(table[field][:width].tolist() for field in Key._fields), strict=True))
    return int(replication[0]), keys, table["value"].reshape(count, width)


def _reason(path: Path) -> str:
    found = json.loads(path.read_text(encoding="utf-8"))
    return str(found["reason"])
