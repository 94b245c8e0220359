"""Converts local times of a scenario to integer milliseconds since t0, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sim.scenario.model.scenario import Clock

_MS = timedelta(milliseconds=1)
_DAY = timedelta(days=1) // _MS


@lru_cache(maxsize=100_000)
def since_t0(clock: Clock, instant: datetime) -> int:
    """Return the local `instant` as integer milliseconds since t0 (of an ambiguous hour, the earlier reading)."""
    zone, origin = _origin(clock)
    return (instant.replace(tzinfo=zone) - origin) // _MS


@lru_cache(maxsize=64)
def _origin(clock: Clock) -> tuple[ZoneInfo, datetime]:
    """Return the zone of a clock, and its t0 in UTC: instants of one zone are subtracted as the clock shows them."""
    zone = ZoneInfo(clock.timezone)
    return zone, clock.t0.replace(tzinfo=zone).astimezone(UTC)


def counted_from(clock: Clock) -> int:
    """Return the instant at which series and totals begin, in ms since t0: the start, or the end of the warm-up."""
    return since_t0(clock, clock.counted_from)


def local(clock: Clock, at: int) -> datetime:
    """Return the local time, with its zone, of `at` milliseconds since t0."""
    zone, origin = _origin(clock)
    return (origin + timedelta(milliseconds=int(at))).astimezone(zone)


@lru_cache(maxsize=64)
def local_clock(clock: Clock) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return when the local clock is set, and what it then adds to the time since t0, both in ms.

    The first instant is the start; the others are those at which the clocks are put forward or back. The sum,
    divided by a day, is the ordinal of the local date.
    """
    start, horizon = since_t0(clock, clock.start), since_t0(clock, clock.horizon)
    instants, added = [start], [_added(clock, start)]
    for day in (*range(start, horizon, _DAY), horizon):
        now = _added(clock, day)
        if now != added[-1]:
            before, after = day - _DAY, day
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (before, middle) if _added(clock, middle) == now else (middle, after)
            instants.append(after)
            added.append(now)
    return tuple(instants), tuple(added)


def _added(clock: Clock, at: int) -> int:
    moment = local(clock, at)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return moment.toordinal() * _DAY + (moment.replace(tzinfo=None) - midnight) // _MS - at
