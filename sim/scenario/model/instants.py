"""Converts local times of a scenario to integer milliseconds since t0, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sim.scenario.model.scenario import Clock

_MS = timedelta(milliseconds=1)


@lru_cache(maxsize=10_000)
def since_t0(clock: Clock, instant: datetime) -> int:
    """Return the local `instant` as integer milliseconds since t0 (of an ambiguous hour, the earlier reading)."""
    zone = ZoneInfo(clock.timezone)
    return (instant.replace(tzinfo=zone).astimezone(UTC) - clock.t0.replace(tzinfo=zone).astimezone(UTC)) // _MS


def local(clock: Clock, at: int) -> datetime:
    """Return the local time, with its zone, of `at` milliseconds since t0."""
    zone = ZoneInfo(clock.timezone)
    return (clock.t0.replace(tzinfo=zone).astimezone(UTC) + timedelta(milliseconds=int(at))).astimezone(zone)
