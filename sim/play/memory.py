"""The memory of a replication: estimated before it is taken, and what is free."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sim.errors import SimError
from sim.scenario.checks.limits import memory_of
from sim.scenario.model.scenario import Scenario

ALWAYS_FREE = 5e8
"""Bytes; a replication that needs less is not looked at."""
_turn, _large = threading.Condition(), 0
_ADVICE = "use fewer --workers, a shorter run or less demand"


@contextmanager
def enough_memory(scenario: Scenario) -> Iterator[None]:
    """Raise SimError if a replication of a scenario needs more memory than is free, or if the memory runs out."""
    need = memory_of(scenario)
    with _in_turn(need) if need > ALWAYS_FREE else nullcontext():
        free = available() if need > ALWAYS_FREE else need
        if need > free:
            raise SimError(f"{scenario.name}: {_needs(need)}, and {free / 1e9:.1f} GB are free; {_ADVICE}")
        try:
            yield
        except MemoryError:
            raise SimError(f"{scenario.name}: the memory ran out; {_needs(need)}; {_ADVICE}") from None


@contextmanager
def _in_turn(need: float) -> Iterator[None]:
    """Let a large replication wait for others of this process, in other threads, unless there is memory for all."""
    global _large
    with _turn:
        while _large and available() < need * (_large + 1):
            _turn.wait()
        _large += 1
    try:
        yield
    finally:
        with _turn:
            _large -= 1
            _turn.notify_all()


def check_series(name: str, need: float) -> None:
    """Raise SimError if the series of a run, which take `need` bytes, need more memory than is free."""
    free = available() if need > ALWAYS_FREE else need
    if need > free:
        what = f"the series need about {need / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
        raise SimError(f"{name}: {what}; make clock.report_every longer, or play fewer replications")


def give_back() -> None:
    """Return freed memory to the system, where the C library keeps it for each thread (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _needs(need: float) -> str:
    return f"a replication needs about {need / 1e9:.1f} GB of memory"


def available() -> float:
    """Return the bytes of memory that this process may still take; infinite where the system does not say."""
    return min(_free_on_machine(), _left_of_limit())


def _free_on_machine() -> float:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return float("inf")


def _left_of_limit() -> float:
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (ImportError, OSError, ValueError):
        return float("inf")
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit - taken)
