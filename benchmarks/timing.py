"""Medians of interleaved runs, CPU and wall time."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Timing:
    """Median seconds; `unit` of a run (a party, a replication) if `per` divides."""

    cpu: float
    wall: float

    def per(self, units: float) -> Timing:
        """Return the time of one of so many units."""
        return Timing(self.cpu / units, self.wall / units)


Contender = Callable[[int], float]
"""Does the work with a seed and returns how many units (parties) it did."""


def interleaved(contenders: Mapping[str, Contender], rounds: int) -> dict[str, Timing]:
    """Return the median time per unit of each contender over rounds in which all run one after the other.

    Every contender has run once before, so that nothing is compiled or imported on the clock.
    """
    found: dict[str, list[Timing]] = {name: [] for name in contenders}
    for seed in range(rounds):
        for name, contender in contenders.items():
            gc.collect()
            found[name].append(timed(contender, seed))
    return {name: Timing(median(t.cpu for t in each), median(t.wall for t in each)) for name, each in found.items()}


def timed(contender: Contender, seed: int) -> Timing:
    """Return the time per unit of one run, child processes included."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    units = contender(seed)
    return Timing(cpu_seconds() - cpu, time.perf_counter() - wall).per(units)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its ended children."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system
