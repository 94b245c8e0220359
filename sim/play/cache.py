"""A cache of results: a folder of small Parquet parts, each complete or absent.

A result belongs to a key (a digest of everything it depends on except the replication) and a replication. The parts are
the only state: a killed process loses only unwritten results, and several processes may write to one folder. The name
of a part holds a digest of its content, so that no flipped bit goes unnoticed. A damaged part is removed, reported, and
computed again. For a key that failed, a small file stores the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim import store
from sim.arrays import Floats
from sim.errors import SimError

_PART = re.compile(r".+-[0-9a-f]{32}\.(parquet|json)")
"""The name of a part. Others are of earlier versions, whose results cannot be used again."""
Name = TypeVar("Name", bound=tuple[str, ...])
"""The type of the name of one number, such as (crossing, quantity, scope)."""


@dataclass(frozen=True)
class Totals(Generic[Name]):
    """Results of some replications under one key: `values` has the shape (replications, names)."""

    keys: tuple[Name, ...]
    values: Floats


@dataclass(frozen=True)
class Failed:
    """The reason why a key failed."""

    reason: str


@contextmanager
def nothing_lost() -> Iterator[None]:
    """Add to every SimError raised in the block that finished results are kept."""
    try:
        yield
    except SimError as error:
        raise SimError(f"{error}; finished results are kept") from None


class PlayCache(Generic[Name]):
    """The results in a folder, to which other processes may write at the same time; None keeps them in memory only.

    `fields` are the parts of a name, which are columns of the Parquet files; `make_name` makes a name of their values.
    `damaged` lists the names of removed files.
    """

    def __init__(self, folder: Path | None, fields: Sequence[str], make_name: Callable[[Iterable[str]], Name]) -> None:
        self.folder, self.fields, self.make_name = folder, tuple(fields), make_name
        self.damaged: list[str] = []
        self._rows: dict[str, dict[int, tuple[tuple[Name, ...], Floats]]] = {}
        self._failed: dict[str, str] = {}
        self._unwritten: list[tuple[str, int, Totals[Name]]] = []
        self._files: set[str] = set()
        self.refresh()

    def refresh(self) -> None:
        """Read the files added since the last call. Raises SimError if a damaged file cannot be removed."""
        for path in sorted(self.folder.glob("*-*")) if self.folder else ():
            if _PART.fullmatch(path.name) and path.name not in self._files:
                self._files.add(path.name)
                self._read(path)

    def replications(self, key: str) -> set[int]:
        """Return the replications with a result under this key."""
        return set(self._rows.get(key, ()))

    def reason(self, key: str) -> str | None:
        """Return why a key failed; None if it did not fail or was not tried."""
        return self._failed.get(key)

    def totals(self, key: str, replications: Sequence[int]) -> Totals[Name]:
        """Return the results of these replications, all of which must exist."""
        rows = [self._rows[key][number] for number in replications]
        return Totals(rows[0][0], np.array([values for _, values in rows]))

    def add(self, key: str, first: int, result: Totals[Name] | Failed) -> None:
        """Add the results of the replications from `first` on; `write` stores them. Raises SimError."""
        if isinstance(result, Failed):
            self._failed[key] = result.reason
            self._write_failure(key, result)
            return
        self._know(key, first, result)
        if self.folder is not None:
            self._unwritten.append((key, first, result))

    def write(self) -> None:
        """Write the results added since the last call as one part. Raises SimError; earlier parts are not changed."""
        parts: dict[tuple[Name, ...], list[tuple[str, int, Totals[Name]]]] = {}
        for entry in self._unwritten:
            parts.setdefault(entry[2].keys, []).append(entry)
        self._unwritten = []
        for entries in parts.values():
            self._store("part", ".parquet", _parquet_columns(entries, self.fields))

    def forget_failures(self) -> None:
        """Remove the files of failed keys, so that these are tried again. Raises SimError."""
        for key in self._failed:
            for path in self.folder.glob(f"{key}-*.json") if self.folder else ():
                store.remove(path)
        self._failed = {}

    def _write_failure(self, key: str, failed: Failed) -> None:
        self._store(key, ".json", json.dumps({"reason": failed.reason}))

    def _store(self, name: str, suffix: str, content: str | store.Columns) -> None:
        if self.folder is None:
            return
        written = content.encode() if isinstance(content, str) else store.parquet_bytes(content)
        path = self.folder / f"{name}-{os.getpid()}-{secrets.token_hex(4)}-{_digest(written)}{suffix}"
        self._files.add(path.name)
        with nothing_lost():
            store.write_shared(path, written)

    def _know(self, key: str, first: int, totals: Totals[Name]) -> None:
        rows = {first + n: (totals.keys, values) for n, values in enumerate(totals.values)}
        self._rows.setdefault(key, {}).update(rows)

    def _read(self, path: Path) -> None:
        try:
            content = path.read_bytes()
            if _digest(content) != path.stem.rpartition("-")[2]:
                raise ValueError("the content is not what was written")
            if path.suffix == ".json":
                self._failed[path.name.partition("-")[0]] = str(json.loads(content)["reason"])
            else:
                names, results = _results(store.table_of(content, path), self.fields)
                keys = tuple(map(self.make_name, names))
                for key, replication, values in results:
                    self._know(key, replication, Totals(keys, values))
        except FileNotFoundError:
            return  # another process has removed it
        except OSError as error:
            raise SimError(f"{path}: cannot be read: {error.strerror or error}") from None
        except (SimError, KeyError, ValueError, TypeError, IndexError):
            self.damaged.append(path.name)
            store.remove(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _parquet_columns(entries: Sequence[tuple[str, int, Totals[Any]]], fields: Sequence[str]) -> store.Columns:
    """Return results with the same names as columns: one row per key, replication and name."""
    names = entries[0][2].keys
    rows = [(key, first + n) for key, first, totals in entries for n in range(len(totals.values))]
    keys = tuple(dict.fromkeys(key for key, _ in rows))
    place = {key: code for code, key in enumerate(keys)}
    columns: dict[str, Any] = {
        "row": np.repeat(np.arange(len(rows), dtype=np.int32), len(names)),
        "key": store.Labels(np.repeat(np.array([place[key] for key, _ in rows], dtype=np.int32), len(names)), keys),
        "replication": np.repeat(np.array([number for _, number in rows], dtype=np.int32), len(names)),
    }
    for i, field in enumerate(fields):
        words = tuple(dict.fromkeys(name[i] for name in names))
        codes = np.array([words.index(name[i]) for name in names], dtype=np.int32)
        columns[field] = store.Labels(np.tile(codes, len(rows)), words)
    return columns | {"value": np.concatenate([totals.values.ravel() for _, _, totals in entries])}


def _results(
    table: dict[str, NDArray[Any]], fields: Sequence[str]
) -> tuple[list[tuple[str, ...]], list[tuple[str, int, Floats]]]:
    """Return the names, and the key, replication and values (1, names) of each row of a `_parquet_columns` table."""
    values = table["value"].reshape(int(table["row"][-1]) + 1, -1)
    count, width = values.shape
    names = list(zip(*(table[field][:width].tolist() for field in fields), strict=True))
    keys, numbers = table["key"][::width].tolist(), table["replication"][::width].tolist()
    return names, [(keys[n], numbers[n], values[n : n + 1]) for n in range(count)]
