"""What the plays say beside the forecast: the queue, the wait of somebody who joins, and the people stuck overnight.

Each play has a rank among all by what it shows of the readings' quantity at a time. It is given the quantile of the
forecast that belongs to its rank, and its wait and people are changed by the same factor, on a scale near the
logarithm. So they agree with the forecast, and depend on each other as the plays do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from sim.arrays import Floats
from sim.errors import SimError
from sim.verbs.nowcast.bands import LEVELS
from sim.verbs.nowcast.particles import Moment
from sim.verbs.nowcast.plays import Day, Simulator
from sim.verbs.nowcast.readings import Readings, hours_since_1970, instant

USUAL = ("18:00", "00:00")
"""Times of the day, besides now, for which a wait is told."""
CENSORED = 0.05
"""Share of the plays with unfinished waits from which a wait is called a lower bound."""
QUEUE, WAIT, STUCK = "queue", "wait_h", "people_stuck"


class Expected(NamedTuple):
    """A quantity at a time: 40 equally likely values; `at_least` if waits are not over when the plays end."""

    quantity: str
    at: float
    values: Floats
    at_least: bool = False


class Course(NamedTuple):
    """The forecast over time: quantiles (P, 40) at times (P,) after `now`, in the unit of the readings."""

    now: float
    times: Floats
    quantiles: Floats

    def at(self, hours: Floats, last: float) -> Floats:
        """Return the quantiles (H, 40) at times from now on, where `last` is the reading of now."""
        times, known = np.r_[self.now, self.times], np.vstack([np.full(len(LEVELS), last), self.quantiles])
        return np.stack([np.interp(hours, times, column) for column in known.T], axis=1)


def expectations(
    found: Moment, simulator: Simulator, readings: Readings, course: Course, joins: Sequence[float]
) -> tuple[Expected, ...]:
    """Return what is expected at the times `joins`, and at the night hour if it comes within the forecast."""
    return tuple(_expected(found, simulator, readings, course, joins))


def _expected(
    found: Moment, simulator: Simulator, readings: Readings, course: Course, joins: Sequence[float]
) -> Iterator[Expected]:
    day, last = found.day, float(readings.values[-1])
    for at in joins:
        place = np.array([at])
        if simulator.key.quantity == "queue":
            if at > course.now:
                yield Expected(QUEUE, at, course.at(place, last)[0])
        else:
            yield Expected(QUEUE, at, scaled(found, readings, course, day.queue, at))
        late = bool(day.at(day.unfinished, place).mean() > CENSORED)
        yield Expected(WAIT, at, scaled(found, readings, course, day.waits, at), late)
    if simulator.night is not None:
        night = next_time(simulator.night, course.now, readings.zone)
        if night <= course.times[-1]:
            yield Expected(STUCK, night, scaled(found, readings, course, day.inside, night))


def scaled(found: Moment, readings: Readings, course: Course, values: Floats, at: float) -> Floats:
    """Return a quantity (40,) of the plays at a time, in proportion to the forecast."""
    return np.asarray(np.quantile(_proportional(found, readings, course, values, at)[0], LEVELS))


def _proportional(
    found: Moment, readings: Readings, course: Course, values: Floats, at: float
) -> tuple[Floats, Floats]:
    """Return a quantity (N,) of each play at a time, in proportion to the forecast, and its factors (N,)."""
    day, place, offset = found.day, np.array([at]), readings.offset
    shown = found.adjusted(readings.roots(np.log(day.at(day.values, place) + offset)))[:, 0]
    ranks = (np.argsort(np.argsort(shown, kind="stable"), kind="stable") + 0.5) / len(shown)
    wanted = np.interp(ranks, LEVELS, course.at(place, float(readings.values[-1]))[0])
    factors = (wanted + offset) / (readings.unscaled(readings.squared(shown)) + offset)
    own = offset * float(values.mean()) / max(float(day.values.mean()), 1e-9)
    moved = np.maximum(found.adjusted(np.sqrt(day.at(values, place)))[:, 0], 0.0) ** 2
    return np.maximum((moved + own) * factors - own, 0.0), factors


class Effect(NamedTuple):
    """A quantity at a time with a what-if, and by how much it differs from that without it: 40 values of each."""

    quantity: str
    at: float
    values: Floats
    difference: Floats


def effects(
    found: Moment, changed: Day, readings: Readings, course: Course, rows: Sequence[Expected]
) -> tuple[Effect, ...]:
    """Return what a what-if does to the rows of the outlook: the same plays on the same tapes, with and without it."""
    day, made = found.day, []
    for row in rows:
        with_it, without = (
            {QUEUE: each.queue, WAIT: each.waits, STUCK: each.inside}[row.quantity] for each in (changed, day)
        )
        plain, factors = _proportional(found, readings, course, without, row.at)
        place = np.array([row.at])
        apart = found.adjusted(day.at(with_it, place) - day.at(without, place))[:, 0] * factors
        values = np.maximum(plain + apart, 0.0)
        made.append(Effect(row.quantity, row.at, np.quantile(values, LEVELS), np.quantile(values - plain, LEVELS)))
    return tuple(made)


def joining_times(texts: Sequence[str], now: float, ahead: float, zone: str) -> tuple[float, ...]:
    """Return the times of `--joins`; without any: now, and the usual times within the forecast. Raises SimError."""
    if not texts:
        usual = (next_time(_clock(text), now, zone) for text in USUAL)
        return (now, *sorted(at for at in usual if at <= now + ahead))
    found = []
    for text in texts:
        at = now if text == "now" else _time_of(text, now, zone)
        if not now <= at <= now + ahead + 1e-6:
            raise SimError(f"--joins {text}: is not within the {ahead:g} h after the time of the forecast")
        found.append(at)
    return tuple(sorted(found))


def beyond(asked: bool, night: float | None, now: float, ahead: float, zone: str) -> tuple[str, ...]:
    """Return notes on the rows of the outlook that are left out; `asked` if the times were given."""
    words = () if asked else tuple(text for text in USUAL if next_time(_clock(text), now, zone) > now + ahead)
    notes = [f"who joins at {' and '.join(words)} is left out, as that lies beyond the forecast"] if words else []
    if night is None:
        notes.append("people stuck overnight are not told, as the scenario has `relief: null`")
    elif next_time(night, now, zone) > now + ahead:
        notes.append("people stuck overnight are not told, as the night hour lies beyond the forecast")
    return tuple(notes)


def _time_of(text: str, now: float, zone: str) -> float:
    try:
        if len(text) <= len("18:00"):
            return next_time(_clock(text), now, zone)
        return hours_since_1970(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))
    except ValueError:
        raise SimError(f"--joins {text}: expected a time such as 18:00, '2026-07-25 18:00' or now") from None


def _clock(text: str) -> float:
    """Return a time of the day in hours. Raises ValueError."""
    hours, _, minutes = text.partition(":")
    if not (0 <= int(hours) < 24 and 0 <= int(minutes) < 60):
        raise ValueError(text)
    return int(hours) + int(minutes) / 60


def next_time(clock: float, now: float, zone: str) -> float:
    """Return the first time (hours since 1970) after `now` at which local clocks show `clock` hours."""
    local = instant(now).astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    whens = (midnight + timedelta(days=days, hours=clock) for days in (0, 1))
    return next(hours for when in whens if (hours := hours_since_1970(when)) > now)
