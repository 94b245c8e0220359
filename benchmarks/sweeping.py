"""A sweep of the base case on all cores: how much of their time is spent inside replications, and on what.

The task that travels to the workers times itself: the whole of each batch, and in it lowering, draw, play and measures.
Starting the workers, sending, storing and waiting are what is left of cores times wall time.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from benchmarks import ours
from sim.play import engines, one
from sim.play.cache import Failed, Totals
from sim.play.request import Request
from sim.play.workers import Crew, cores
from sim.scenario.text.levers import Levers
from sim.verbs.sweep import study as sweep
from sim.verbs.sweep.designs import GRID, make_design, read_axis

LEVER = "demand.car*"
PARTS = ("lower", "draw", "play", "measure")
"""What a replication consists of."""

_spent: dict[str, float] = {}


@dataclass(frozen=True)
class Timed:
    """A sweep's task that adds up what it spends, in seconds of wall time, in a file per process."""

    task: sweep.PlayBatch
    folder: str

    def __call__(self, batch: sweep.Batch) -> Totals | Failed:
        """Carry out the batch and write what was spent so far."""
        if not _spent:
            _time_parts()
        began = time.perf_counter()
        found = self.task(batch)
        _spent["batches"] = _spent.get("batches", 0.0) + time.perf_counter() - began
        Path(self.folder, str(os.getpid())).write_text(json.dumps(_spent), encoding="utf-8")
        return found


def _time_parts() -> None:
    """Time the parts of a replication, and the reading of the scenario that comes before, in this process."""
    for name in ("draw", "measure"):
        setattr(one, name, _timed(name, getattr(one, name)))
    sweep.lower = _timed("lower", sweep.lower)  # type: ignore[assignment]
    one.player = lambda engine: _timed("play", engines.player(engine))  # type: ignore[assignment]
    Levers.scenario = _timed("read", Levers.scenario)  # type: ignore[method-assign]


def _timed(name: str, does: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(does)
    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return does(*arguments)
        finally:
            _spent[name] = _spent.get(name, 0.0) + time.perf_counter() - began

    return timed


@dataclass(frozen=True)
class Spent:
    """Seconds of wall time in the workers, by part, and of the whole sweep on so many `workers`."""

    workers: int
    wall: float
    parts: dict[str, float]

    @property
    def inside(self) -> float:
        """The share of the cores' time inside replications: lowering, draw, play and measures."""
        return sum(self.parts[name] for name in PARTS) / (self.workers * self.wall)

    def share(self, part: str) -> float:
        """Return the share of the cores' time that a part takes."""
        return self.parts.get(part, 0.0) / (self.workers * self.wall)


def spent(points: int, replications: int) -> Spent:
    """Play a sweep of so many points of the base case from nothing, and return what its time went into."""
    base, workers = sweep.read_base(ours.BASE), cores()
    demand = read_axis(f"{LEVER}=log:0.7:1.3:{points}")
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as times:
        sweeping = sweep.Sweep(base, Request(replications, seed=1, workers=workers), Path(kept))
        sweeping._open = Crew(Timed(sweeping.task, times), workers)
        began = time.perf_counter()
        with sweeping:
            found = sweeping.play(make_design(GRID, [demand], points, 1))
        wall = time.perf_counter() - began
        if found.played != points * replications:
            raise AssertionError(f"{found.played} replications were played")
        each = [json.loads(path.read_text(encoding="utf-8")) for path in Path(times).iterdir()]
    return Spent(workers, wall, {name: sum(one.get(name, 0.0) for one in each) for name in {*PARTS, "read", "batches"}})
