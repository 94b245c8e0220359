"""Readings of one quantity over time, and the questions that a forecast answers: what it will be at a later time.

Times are hours since 1970 in UTC; hours of the week are local, from Monday 00:00. Values are forecast on a scale near
the logarithm, `log(value + offset)`, so that zeros and small values do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from sim.arrays import Bools, Floats, Ints

LADDER = (0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 168.0)
"""Leads, hours, at which past forecasts are checked."""
WIDEST = 0.25
"""Share of a lead by which the reading that checks a forecast may be early or late."""
OFFSET = 0.3
"""Offset of the scale as a share of the median or the mean, whichever is larger."""
ASKED, STEPS = 500, (0.0, 0.5, 1.0)
"""Readings at which past forecasts are made: where there are more, the first of each half hour or hour."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Readings:
    """Values (N,) at increasing times (N,), in hours; `zone` is the local time zone."""

    hours: Floats
    values: Floats
    zone: str
    offset: float

    @classmethod
    def of(cls, hours: Floats, values: Floats, zone: str) -> Readings:
        """Return readings with the offset of their scale."""
        large = float(np.quantile(values, 0.9))
        smallest = float(values[values > 0].min()) if (values > 0).any() else 1.0
        return cls(
            hours,
            values,
            zone,
            max(OFFSET * max(float(np.median(values)), float(values.mean())), 0.02 * large, 0.5 * smallest),
        )

    def __len__(self) -> int:
        return len(self.hours)

    @property
    def scaled(self) -> Floats:
        """The values on the scale of the forecast."""
        return np.log(self.values + self.offset)

    def unscaled(self, scaled: Floats) -> Floats:
        """Return values for numbers on the scale of the forecast; none is below zero."""
        values = np.exp(np.minimum(scaled, 50.0)) - self.offset
        return np.where(values > 1e-6 * self.offset, values, np.where(np.isnan(values), np.nan, 0.0))

    @property
    def least(self) -> float:
        """Zero on the scale of square roots."""
        return float(self.roots(np.log(self.offset)))

    def roots(self, scaled: Floats | float) -> Floats:
        """Return numbers on the scale of the forecast on one of square roots, which agrees with it at the mean."""
        return np.asarray(2 * np.exp((np.asarray(scaled) - self._level) / 2))

    def squared(self, roots: Floats) -> Floats:
        """Return numbers on the scale of square roots on that of the forecast; none is below zero."""
        return np.asarray(2 * np.log(np.maximum(roots, self.least) / 2) + self._level)

    @property
    def _level(self) -> float:
        return float(np.log(self.offset * (1 + 1 / OFFSET)))

    def until(self, count: int) -> Readings:
        """Return the first `count` readings."""
        return Readings(self.hours[:count], self.values[:count], self.zone, self.offset)


@dataclass(frozen=True)
class Questions:
    """Questions what the value will be at the times `at`, asked at the readings `origin`.

    `answer` is the reading that answers a question, or -1; `rung` the place of its lead on the ladder, or -1; `hour`
    the local hour of the week. All are (Q,), ordered by origin.
    """

    origin: Ints
    at: Floats
    answer: Ints
    rung: Ints
    lead: Floats
    hour: Floats

    def __len__(self) -> int:
        return len(self.origin)


def ladder_up_to(ahead: float) -> Floats:
    """Return the leads, hours, at which forecasts `ahead` hours long are checked."""
    return np.array([*(lead for lead in LADDER if lead < 0.99 * ahead), ahead])


def past_questions(readings: Readings, ladder: Floats) -> Questions:
    """Return the questions that later readings answer: each origin and lead with the reading nearest to it in time."""
    hours, count, asks = readings.hours, len(readings), _origins(readings.hours)
    origins, answers, rungs = [], [], []
    for rung, lead in enumerate(ladder):
        wanted = hours + lead
        after = np.searchsorted(hours, wanted)
        before = np.clip(after - 1, 0, count - 1)
        after = np.clip(after, 0, count - 1)
        nearest = np.where(np.abs(hours[before] - wanted) <= np.abs(hours[after] - wanted), before, after)
        near = np.abs(hours[nearest] - wanted) <= WIDEST * min(lead, 8.0) + 1e-9
        fits = asks & near & (nearest > np.arange(count))
        origins.append(np.flatnonzero(fits))
        answers.append(nearest[fits])
        rungs.append(np.full(fits.sum(), rung))
    origin, answer, rung_of = (np.concatenate(each) for each in (origins, answers, rungs))
    order = np.lexsort((rung_of, origin))
    origin, answer, rung_of = origin[order], answer[order], rung_of[order]
    return _questions(readings, origin, hours[answer], answer, rung_of)


def _origins(hours: Floats) -> Bools:
    """Return which readings (N,) past forecasts are made at; frequent ones are much alike, and cost time."""
    for step in STEPS:
        asks = np.r_[True, np.diff(np.floor(hours / step + 1e-6)) > 0] if step else np.ones(len(hours), bool)
        if asks.sum() <= ASKED:
            break
    return asks


def questions_now(readings: Readings, times: Floats) -> Questions:
    """Return the questions about `times` (hours) that are asked at the last reading."""
    last, none = np.full(len(times), len(readings) - 1), np.full(len(times), -1)
    return _questions(readings, last, times, none, none)


def joined(first: Questions, second: Questions) -> Questions:
    """Return both lists of questions; those of `second` are asked no earlier than those of `first`."""
    pairs = ((getattr(first, name), getattr(second, name)) for name in Questions.__dataclass_fields__)
    return Questions(*(np.concatenate(pair) for pair in pairs))


def _questions(readings: Readings, origin: Ints, at: Floats, answer: Ints, rung: Ints) -> Questions:
    return Questions(origin, at, answer, rung, at - readings.hours[origin], hours_of_week(at, readings.zone))


def hours_of_week(hours: Floats, zone: str) -> Floats:
    """Return local hours of the week, from Monday 00:00, for hours since 1970."""
    offsets = _offsets(hours, zone)
    return np.asarray((hours + offsets + 72.0) % 168.0)  # 1 January 1970 was a Thursday


def _offsets(hours: Floats, zone: str) -> Floats:
    """Return the local time less UTC, hours. It is looked up once for every day and hour that occurs."""
    whole, places = np.unique(np.floor(hours).astype(np.int64), return_inverse=True)
    clock = ZoneInfo(zone)
    shifts = [(EPOCH + timedelta(hours=int(hour))).astimezone(clock).utcoffset() for hour in whole]
    return np.array([shift / timedelta(hours=1) if shift else 0.0 for shift in shifts])[places]


def instant(hours: float) -> datetime:
    """Return an instant in UTC, to the second, for hours since 1970."""
    return EPOCH + timedelta(seconds=round(hours * 3600))


def hours_since_1970(when: datetime) -> float:
    """Return hours since 1970 for an instant with a time zone."""
    return (when - EPOCH) / timedelta(hours=1)
