"""A member that follows the level: Kalman filters with a slow and a fast part, a drift, and a pull to the usual hour.

Many filters with different parameters run side by side; those that have erred least of late, at the lead in question,
count most. So nothing is fitted to one stretch of data, and the filter follows when the queue changes its habits.
Variances are in units of the readings' own squared change over an hour. (Kalman 1960; Harvey 1989, chapter 2.)
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from sim.arrays import Floats
from sim.verbs.nowcast.ledger import Ledger
from sim.verbs.nowcast.readings import Questions, Readings, hours_of_week

SLOW, FAST, NOISE, DRIFT, PULL = (0.5, 1.0), (0.0, 1.0, 3.0), (0.05, 0.5), (0.0, 0.05, 0.15), (0.0, 0.4, 0.8)
"""Parameters tried: change of the slow level over an hour, size of the fast part, error of a reading, change of the
drift over an hour, and share of the usual course of the day."""
FAST_HOURS, DRIFT_HOURS = 5.0, 24.0
"""Times after which the fast part and the drift have faded to 37 %."""
POWER = 8.0
SCALE_HALF_LIFE = 240.0
LARGEST = 9.0
"""Squared change, in units of the usual, beyond which it counts no further for the scale."""


class Followed(NamedTuple):
    """The answers (Q,) of the filters, and the standard deviation that they expect."""

    center: Floats
    spread: Floats


class _Step(NamedTuple):
    """How the state (slow, fast, drift) of K filters moves over a time: the matrix (K, 3, 3) and its noise."""

    move: Floats
    noise: Floats


class _Filters:
    """K Kalman filters on one series."""

    def __init__(self, first: float) -> None:
        grid = np.array(list(itertools.product(SLOW, FAST, NOISE, DRIFT, PULL)))
        self.slow, self.fast, self.noise, self.drift, self.pull = grid.T
        self.state = np.zeros((len(grid), 3))
        self.state[:, 0] = first
        self.cover = np.zeros((len(grid), 3, 3))
        self.cover[:, 0, 0] = 1.0
        self.cover[:, 1, 1] = self.fast**2
        self.cover[:, 2, 2] = self.drift**2 * DRIFT_HOURS / 2
        self.steps: dict[int, _Step] = {}

    def step(self, hours: float) -> _Step:
        """Return how the state moves over a time, to the half minute."""
        key = round(hours * 120)
        if key not in self.steps:
            self.steps[key] = self._step(key / 120)
        return self.steps[key]

    def _step(self, hours: float) -> _Step:
        count, kept, left = len(self.slow), np.exp(-hours / FAST_HOURS), np.exp(-hours / DRIFT_HOURS)
        move, noise = np.zeros((count, 3, 3)), np.zeros((count, 3, 3))
        move[:, 0, 0], move[:, 1, 1], move[:, 2, 2] = 1.0, kept, left
        move[:, 0, 2] = DRIFT_HOURS * (1 - left)
        short = min(hours, DRIFT_HOURS)
        spread = short**3 / 3 + (hours - short) * DRIFT_HOURS**2 / 2
        noise[:, 0, 0] = self.slow**2 * hours + self.drift**2 * spread
        noise[:, 1, 1] = self.fast**2 * (1 - kept**2)
        noise[:, 2, 2] = self.drift**2 * DRIFT_HOURS / 2 * (1 - left**2)
        return _Step(move, noise)

    def after(self, hours: float) -> tuple[Floats, Floats]:
        """Return the states (K, 3) and their covariances (K, 3, 3) after a time without readings."""
        step = self.step(hours)
        state = np.einsum("kij,kj->ki", step.move, self.state)
        return state, step.move @ self.cover @ step.move.transpose(0, 2, 1) + step.noise

    def variance(self, cover: Floats) -> Floats:
        """Return the variance (K,) of a reading."""
        return np.asarray(cover[:, 0, 0] + cover[:, 1, 1] + 2 * cover[:, 0, 1] + self.noise**2)

    def take(self, value: float, usual: float) -> None:
        """Take up a reading; `usual` is the departure of its hour from the level."""
        error = value - self.pull * usual - self.state[:, 0] - self.state[:, 1]
        column = self.cover[:, :, 0] + self.cover[:, :, 1]
        gain = column / self.variance(self.cover)[:, None]
        self.state = self.state + gain * error[:, None]
        cover = self.cover - gain[:, :, None] * column[:, None, :]
        self.cover = (cover + cover.transpose(0, 2, 1)) / 2


def follow(readings: Readings, questions: Questions, ladder: Floats, usual: Floats) -> Followed:
    """Return the answers of the filters; `usual` (N, 168) is what `usual_changes` returns."""
    scaled, hours = readings.scaled, readings.hours
    places = hours_of_week(hours, readings.zone).astype(int) % 168
    asked = questions.hour.astype(int) % 168
    filters, ledger = _Filters(scaled[0]), Ledger(ladder, SCALE_HALF_LIFE)
    starts = np.searchsorted(questions.origin, np.arange(len(readings) + 1))
    answered = np.flatnonzero(questions.answer >= 0)
    answered = answered[np.argsort(questions.answer[answered], kind="stable")]
    ends = np.searchsorted(questions.answer[answered], np.arange(len(readings) + 1))
    each = np.zeros((len(questions), len(filters.slow)))
    center, spread = np.zeros(len(questions)), np.zeros(len(questions))
    square, weight = _first_scale(readings), 5.0
    for n, value in enumerate(scaled):
        for q in answered[ends[n] : ends[n + 1]]:
            most = 6 * np.sqrt(square * questions.lead[q])
            ledger.add(questions.rung[q], 0.0, hours[n], np.minimum(np.abs(each[q] - value), most))
        if n:
            passed = hours[n] - hours[n - 1]
            filters.state, filters.cover = filters.after(passed)
            fade = 0.5 ** (passed / SCALE_HALF_LIFE)
            change = min((value - scaled[n - 1]) ** 2 / max(passed, 0.25), LARGEST * square)
            square, weight = (square * weight * fade + change) / (weight * fade + 1), weight * fade + 1
        filters.take(value, usual[n, places[n]])
        if starts[n] == starts[n + 1]:
            continue
        now = slice(starts[n], starts[n + 1])
        shares = ledger.shares(questions.lead[now], None, hours[n], POWER, np.ones(each[now].shape, bool))
        for q, share in zip(range(starts[n], starts[n + 1]), shares, strict=True):
            state, cover = filters.after(questions.lead[q])
            each[q] = state[:, 0] + state[:, 1] + filters.pull * usual[n, asked[q]]
            center[q] = share @ each[q]
            spread[q] = np.sqrt(square * (share @ filters.variance(cover)))
    return Followed(center, spread)


def _first_scale(readings: Readings) -> float:
    """Return the squared change over an hour among the first readings; never zero."""
    scaled, hours = readings.scaled[:10], readings.hours[:10]
    if len(scaled) < 2:
        return 1e-2
    changes = np.diff(scaled) ** 2 / np.maximum(np.diff(hours), 0.25)
    return max(float(np.median(changes)), float(changes.mean()) / 4, 1e-6)
