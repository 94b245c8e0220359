"""The naive members of a forecast: the last reading, the usual value of the hour, yesterday, last week, and their mean.

All work on the scale of the readings, and each knows only what came before its question was asked. NaN stands where
a member has nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.arrays import Floats, Ints
from sim.verbs.nowcast.readings import Questions, Readings, hours_of_week

LAST, TABLE, MEAN = "last value", "mean by hour of the week", "mean of these"
YESTERDAY, WEEK = "same hour yesterday", "same hour last week"
NAIVE = {
    LAST: "the last reading goes on",
    TABLE: "recent weeks count more",
    YESTERDAY: "the last day that is known",
    WEEK: "the last week that is known",
    MEAN: "mean of the other naive forecasts, in logarithms",
}
TABLE_HALF_LIFE = 24 * 28.0
"""Hours after which a reading counts half in the table."""
LONGEST_GAP = 14.0
"""Hours between two readings across which the value in between is read off."""
HOURS = 168


class HourTable:
    """A mean by hour of the week in which older values count less, and hours with few values lean on their neighbours.

    The value of an hour is drawn towards that of the hour of the day, and this towards the mean of all, as if each had
    `support` values.
    """

    def __init__(self, support: float) -> None:
        self.support, self.now = support, 0.0
        self.weights, self.sums = np.zeros(HOURS), np.zeros(HOURS)

    def add(self, now: float, hour: float, value: float) -> None:
        """Take up a value at a time (hours) and an hour of the week; the hours beside it take half of its weight."""
        fade = 0.5 ** ((now - self.now) / TABLE_HALF_LIFE)
        self.weights *= fade
        self.sums *= fade
        self.now = now
        for beside, share in ((-1, 0.5), (0, 1.0), (1, 0.5)):
            place = (int(hour) + beside) % HOURS
            self.weights[place] += share
            self.sums[place] += share * value

    def profile(self) -> Floats:
        """Return the value of every hour of the week."""
        days, sums = self.weights.reshape(7, 24).sum(axis=0), self.sums.reshape(7, 24).sum(axis=0)
        overall = self.sums.sum() / self.weights.sum()
        by_hour = np.tile((sums + self.support * overall) / (days + self.support), 7)
        return (self.sums + self.support * by_hour) / (self.weights + self.support)


def naive_forecasts(readings: Readings, questions: Questions) -> Mapping[str, Floats]:
    """Return the answers (Q,) of the naive members."""
    scaled = readings.scaled
    answers = {
        LAST: scaled[questions.origin],
        TABLE: _table(readings, questions),
        YESTERDAY: _earlier(readings, questions, 24.0),
        WEEK: _earlier(readings, questions, 168.0),
    }
    stacked = np.stack(list(answers.values()))
    known = np.isfinite(stacked)
    return {**answers, MEAN: np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0)}


def usual_changes(readings: Readings) -> Floats:
    """Return, as known at each reading, by how much every hour of the week departs from the level (N, 168).

    The level is a mean over about a day and a half before, so that a slow rise or fall is no pattern of the day.
    """
    scaled, hours = readings.scaled, readings.hours
    places = hours_of_week(hours, readings.zone)
    table, changes = HourTable(3.0), np.zeros((len(readings), HOURS))
    level, weight = scaled[0], 0.0
    for n, value in enumerate(scaled):
        weight = weight * (0.5 ** ((hours[n] - hours[n - 1]) / 24.0) if n else 0.0) + 1.0
        level += (value - level) / weight
        table.add(hours[n], places[n], value - level)
        profile = table.profile()
        changes[n] = profile - (table.sums.sum() / table.weights.sum())
    return changes


def _table(readings: Readings, questions: Questions) -> Floats:
    answers = np.full(len(questions), np.nan)
    starts = np.searchsorted(questions.origin, np.arange(len(readings) + 1))
    places = hours_of_week(readings.hours, readings.zone)
    table = HourTable(0.5)
    for n, value in enumerate(readings.scaled):
        table.add(readings.hours[n], places[n], value)
        asked = slice(starts[n], starts[n + 1])
        if asked.start < asked.stop:
            answers[asked] = table.profile()[questions.hour[asked].astype(int) % HOURS]
    return answers


def _earlier(readings: Readings, questions: Questions, period: float) -> Floats:
    """Return what came a whole number of periods before the time asked about: the last such time that is known."""
    wanted = questions.at - period * np.maximum(np.ceil(questions.lead / period - 1e-9), 1.0)
    return _read(readings, questions.origin, wanted)


def _read(readings: Readings, origin: Ints, wanted: Floats) -> Floats:
    """Return the values at times (Q,) as read off between readings up to `origin`; NaN where a gap is too long."""
    hours, scaled = readings.hours, readings.scaled
    after = np.searchsorted(hours, wanted - 1e-9)
    right, left = np.minimum(after, origin), np.clip(after - 1, 0, None)
    exact = np.abs(hours[right] - wanted) < 1e-6
    between = (after > 0) & (after <= origin) & (hours[right] - hours[left] <= LONGEST_GAP)
    share = (wanted - hours[left]) / np.maximum(hours[right] - hours[left], 1e-9)
    read = scaled[left] + np.clip(share, 0.0, 1.0) * (scaled[right] - scaled[left])
    return np.where(exact, scaled[right], np.where(between, read, np.nan))
