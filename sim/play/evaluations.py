"""Evaluations that are made once: vectors of numbers in, vectors out, kept on disk as they come.

A folder of small Parquet parts *is* the state, so a killed process loses a few seconds of work, and several may fill
the same folder at once. A part that cannot be read is said, removed, and made again when it is asked for.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sim import store
from sim.arrays import Floats
from sim.errors import SimError
from sim.play.workers import Crew

Point = tuple[float, ...]
"""The numbers an evaluation is made for; the last one is the replication."""

PART_TIME = 3.0
"""Seconds of results that are kept together in one part."""


class Evaluations:
    """What is known in a folder (None: only in memory), by the names of the numbers that go in and come out.

    The folder is for one task only: name it by a digest of everything the results depend on besides the numbers.
    """

    def __init__(self, folder: Path | None, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        self.folder = folder
        self.columns = ([f"in:{name}" for name in inputs], [f"out:{name}" for name in outputs])
        self.known: dict[Point, Floats] = {}
        self.damaged: list[str] = []
        self._fresh: list[Point] = []
        self._kept_at = time.monotonic()
        self._parts = 0
        for path in sorted(folder.glob("part-*.parquet")) if folder else ():
            self._take_in(path)

    def of(self, points: Sequence[Point], crew: Crew, done: Callable[[int], None]) -> Floats:
        """Return the results for `points`, (N, outputs): known ones, and the others from the task of `crew`.

        `done` is called with the number of points that are ready, after each new one.
        """
        missing = [point for point in dict.fromkeys(points) if point not in self.known]
        ready = len(points) - len(missing)
        with self._keeping():
            for point, result in zip(missing, crew.results(missing), strict=True):
                self.known[point] = result
                self._fresh.append(point)
                if time.monotonic() - self._kept_at > PART_TIME:
                    self._keep()
                ready += 1
                done(ready)
        return np.array([self.known[point] for point in points]).reshape(len(points), len(self.columns[1]))

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        """Keep what is fresh at the end, also of an interrupted block."""
        self._kept_at = time.monotonic()
        try:
            yield
        finally:
            self._keep()

    def _keep(self) -> None:
        fresh, self._fresh = self._fresh, []
        self._kept_at = time.monotonic()
        if self.folder is None or not fresh:
            return
        given, found = np.array(fresh), np.array([self.known[point] for point in fresh])
        table = dict(zip(self.columns[0], given.T, strict=True)) | dict(zip(self.columns[1], found.T, strict=True))
        self._parts += 1
        name = f"part-{os.getpid()}-{secrets.token_hex(4)}-{self._parts:04d}.parquet"
        store.write_table(self.folder / name, table)

    def _take_in(self, path: Path) -> None:
        try:
            table = store.read_table(path)
            given, found = (np.stack([table[name] for name in names], axis=1) for names in self.columns)
        except (SimError, KeyError):
            self.damaged.append(path.name)
            store.remove(path)
            return
        self.known |= dict(zip(map(tuple, given.tolist()), found, strict=True))
