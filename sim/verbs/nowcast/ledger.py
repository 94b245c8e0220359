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


def lead_weights(lead: float, ladder: Floats, evidence: Floats) -> Floats:
    """Return how much errors at the leads of the ladder say about a lead.

    `evidence` is the number of errors at each. Where there are few nearby, those farther away count more.
    """
    near = 1 / (1 + (np.log(lead / ladder) / NEAR_LEAD) ** 4)
    wanted = min(ENOUGH, 0.9 * float(evidence.sum()))
    while near @ evidence < wanted:
        near = np.minimum(1.0, 2 * near)
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

    def totals(self, lead: float, hour: float | None, now: float) -> tuple[Floats, Floats] | None:
        """Return the sums and the numbers (M,) of the errors at a lead and an hour (None: at any); None without any."""
        if self.sums is None or self.weights is None:
            return None
        by_hour = np.ones(24) if hour is None else _BESIDE[int(hour) % 24]
        fade = 0.5 ** ((now - self.now) / self.half_life)
        leads = lead_weights(lead, self.ladder, fade * self.weights.sum(axis=1).mean(axis=1))
        sums = fade * np.einsum("r,h,rhm->m", leads, by_hour, self.sums)
        return sums, fade * np.einsum("r,h,rhm->m", leads, by_hour, self.weights)

    def means(self, lead: float, hour: float | None, now: float) -> Floats | None:
        """Return the mean error of every forecast at a lead and an hour (None: at any), relative to that of all.

        None if there is no error yet.
        """
        found = self.totals(lead, hour, now)
        if found is None:
            return None
        sums, weights = found
        overall = float(sums.sum() / max(weights.sum(), 1e-12))
        if overall <= 0:
            return np.ones(len(sums))
        return np.asarray((sums / overall + SUPPORT) / (weights + SUPPORT))

    def shares(self, lead: float, hour: float | None, now: float, power: float, known: Bools) -> Floats:
        """Return weights that sum to 1: the mean error to the power of minus `power`, none for those not `known`."""
        means = self.means(lead, hour, now)
        weights = known.astype(float) if means is None else known * np.maximum(means, 1e-6) ** -power
        return np.asarray(weights / weights.sum())
