"""Past errors of several forecasts, kept by lead and hour of the day; older errors count less.

The mean error at a lead and an hour borrows from leads and hours nearby, and where little is known yet, from all.
"""

from __future__ import annotations

import numpy as np

from sim.arrays import Bools, Floats

NEAR_LEAD, NEAR_HOUR = 0.2, 3.0
"""Distances, in logarithms of the lead and in hours of the day, at which a past error counts about half."""
ANY_HOUR = 0.3
"""Least weight of an error at another hour of the day."""
ENOUGH = 12.0
"""Number of errors near a lead from which errors at other leads are not needed."""
SUPPORT = 4.0
"""Number of errors, the same for all forecasts, with which each mean begins."""


def lead_weights(leads: Floats, ladder: Floats, evidence: Floats) -> Floats:
    """Return how much errors at the leads (R,) of the ladder say about other `leads` (Q,): (Q, R).

    `evidence` (R,) is the number of errors at each. Where there are few nearby, those farther away count more.
    """
    near = 1 / (1 + (np.log(leads[:, None] / ladder) / NEAR_LEAD) ** 4)
    wanted = min(ENOUGH, 0.9 * float(evidence.sum()))
    while (few := near @ evidence < wanted).any():
        near = np.where(few[:, None], np.minimum(1.0, 2 * near), near)
    return np.asarray(near)


def hour_weights(hour: Floats | float, hours: Floats) -> Floats:
    """Return how much errors at other hours of the day say about this one."""
    apart = np.abs(np.subtract(hour, hours)) % 24
    apart = np.minimum(apart, 24 - apart)
    return np.asarray(ANY_HOUR + (1 - ANY_HOUR) * np.exp(-0.5 * (apart / NEAR_HOUR) ** 2))


HALF_HOURS: Floats = np.arange(24, dtype=np.float64) + 0.5
"""The middle of every hour of the day."""
_BESIDE = np.array([hour_weights(hour, HALF_HOURS) for hour in HALF_HOURS])


class Ledger:
    """Sums of errors by rung of the ladder, hour of the day and forecast, with the time they were brought up to."""

    def __init__(self, ladder: Floats, half_life: float) -> None:
        self.ladder, self.half_life = ladder, half_life
        self.sums: Floats | None = None
        self.weights: Floats | None = None
        self.now = 0.0

    def add(self, rung: int, hour: float, now: float, errors: Floats) -> None:
        """Take up the errors of all forecasts, NaN for those that had none."""
        if self.sums is None or self.weights is None:
            self.sums = np.zeros((len(self.ladder), 24, len(errors)))
            self.weights = np.zeros_like(self.sums)
            self.now = now
        known = np.isfinite(errors)
        growth = 2 ** ((now - self.now) / self.half_life)  # sums stay; what is added grows instead of the rest fading
        if growth > 1e6:
            self.sums /= growth
            self.weights /= growth
            self.now, growth = now, 1.0
        place = int(hour) % 24
        self.sums[rung, place] += growth * np.where(known, errors, 0.0)
        self.weights[rung, place] += growth * known

    def forget(self, share: float) -> None:
        """Let everything known so far count only this share."""
        if self.sums is not None and self.weights is not None:
            self.sums *= share
            self.weights *= share

    def totals(self, leads: Floats, hours: Floats | None, now: float) -> tuple[Floats, Floats] | None:
        """Return the sums and the numbers (Q, M) of the errors at leads (Q,) and hours (None: at any).

        None if there is no error yet.
        """
        if self.sums is None or self.weights is None:
            return None
        fade = 0.5 ** ((now - self.now) / self.half_life)
        near = fade * lead_weights(leads, self.ladder, fade * self.weights.sum(axis=1).mean(axis=1))
        if hours is None:
            return near @ self.sums.sum(axis=1), near @ self.weights.sum(axis=1)
        beside = _BESIDE[hours.astype(int) % 24][:, None]
        sums, weights = ((beside @ np.tensordot(near, each, axes=1))[:, 0] for each in (self.sums, self.weights))
        return sums, weights

    def shares(self, leads: Floats, hours: Floats | None, now: float, power: float, known: Bools) -> Floats:
        """Return weights (Q, M) that sum to 1: the mean error at leads and hours (None: at any) to minus `power`.

        Those not `known` (Q, M) have no weight. Mean errors are relative to that of all.
        """
        found = self.totals(leads, hours, now)
        weights = known.astype(float)
        if found is not None:
            sums, numbers = found
            overall = (sums.sum(axis=1) / np.maximum(numbers.sum(axis=1), 1e-12))[:, None]
            means = (sums / np.where(overall > 0, overall, 1.0) + SUPPORT) / (numbers + SUPPORT)
            weights = known * np.where(overall > 0, np.maximum(means, 1e-6), 1.0) ** -power
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))
