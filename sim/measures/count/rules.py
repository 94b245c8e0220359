"""The rules that the passes share, compiled where numba is available, otherwise plain Python.

A function called for every row takes numbers, not arrays: numba's reference counting of array arguments would take
longer than the rest of the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engine.records import NEVER, Outcome
from sim.measures.count.counters import BYPASS_STREAM, Days, Steps

try:
    from sim.engine.compiled.cache import clear_cache as clear_cache
    from sim.engine.compiled.cache import entry as entry
    from sim.engine.compiled.cache import rule as rule
except Exception:  # numba may be absent, broken, or not know this platform

    def rule(function: Callable[..., Any]) -> Any:
        """Return a function unchanged."""
        return function

    def clear_cache() -> None:
        """Do nothing: without numba there is no cache."""

    entry = rule

BALKED, BARRED, INTERRUPTED = int(Outcome.BALKED), int(Outcome.BARRED), int(Outcome.INTERRUPTED)
STAYED, ON_THE_WAY = int(Outcome.STAYED), int(Outcome.ON_THE_WAY)


@rule
def interval(steps: Steps, at: int) -> Any:
    """Return the index of the interval of an instant, at most the last; the division is exact below 2**53."""
    return max(0, min(int((at - steps.start) / steps.every), steps.intervals - 1))


@rule
def was_there(steps: Steps, first: bool, visit: int, arrived: int) -> Any:
    """Whether a party joined before the counts begin: in the warm-up, or as one that was there at the start."""
    return arrived < steps.start or (arrived == steps.opened and (first or visit == 0))


@rule
def day_of(days: Days, steps: Steps, at: int) -> Any:
    """Return the number of local midnights up to an instant."""
    day = days.midnights_before[interval(steps, at)]
    while days.midnights[day] <= at:
        day += 1
    return day


@rule
def point(steps: Steps, at: int) -> Any:
    """Return the index of the first point at or after an instant; T if there is none."""
    return max(0, min(int((at - steps.start + (steps.every - 1)) / steps.every), steps.points))


@rule
def spans(outcome: int, arrived: int, started_at: int, ended_at: int, left_at: int, beyond: int) -> Any:
    """Return the instants at which a visit left the queue, its service started and ended, and it left the station."""
    left = left_at
    if outcome in (BALKED, BARRED):
        left = arrived
    elif left_at == NEVER:
        left = beyond
    ended = ended_at
    if outcome == INTERRUPTED:
        ended = left
    elif ended_at == NEVER:
        ended = beyond
    started = beyond if started_at == NEVER else started_at
    return min(started, left), started, ended, left


@rule
def split(visit: int, first: bool, stream: int, started_at: int, left_at: int) -> Any:
    """Whether a row begins a twin: men stopped at draft screening, whose wait began before their rows."""
    is_twin = visit == 0 and not (first or stream == BYPASS_STREAM or started_at == NEVER)
    return is_twin and started_at == left_at


@rule
def never_came(outcome: int) -> Any:
    """Whether the party of a row never was at the crossing."""
    return outcome in (STAYED, ON_THE_WAY)
