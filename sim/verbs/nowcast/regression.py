"""A member that learns, for each lead, how far to move from the last reading towards each of the other members.

A ridge regression of what came on the differences between members, in which recent days and similar hours count more
(Hoerl and Kennard 1970). With little data it stays at the last reading; it never
goes beyond the last reading and the members.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.arrays import Floats
from sim.verbs.nowcast.ledger import HALF_HOURS, hour_weights, lead_weights
from sim.verbs.nowcast.members import LAST
from sim.verbs.nowcast.readings import Questions, Readings

HALF_LIFE = 500.0
"""Hours after which an answer counts half."""
MOST_DOUBLINGS = 400.0
"""So that sums over many years stay finite."""
RIDGE = 30.0
"""Number of answers whose weight the assumption of no difference has."""
CLIPPED = 3.0
"""Standard deviations at which a surprising answer is cut off."""


def regressed(
    readings: Readings, questions: Questions, ladder: Floats, members: Mapping[str, Floats], use: tuple[str, ...]
) -> Floats:
    """Return the answers (Q,) of the regression on the members `use`."""
    base, scaled, hours = members[LAST], readings.scaled, readings.hours
    features = np.stack([np.nan_to_num(members[name] - base) for name in use], axis=1)
    answered = np.flatnonzero(questions.answer >= 0)
    answered = answered[np.argsort(questions.answer[answered], kind="stable")]
    known_at = questions.answer[answered]
    known = np.searchsorted(known_at, questions.origin, side="right")
    sums = _Sums(ladder, len(use), hours[0])
    answers, taken = base.copy(), 0
    low, high = np.minimum(features.min(axis=1), 0.0), np.maximum(features.max(axis=1), 0.0)
    for q in range(len(questions)):
        for past in answered[taken : known[q]]:
            change = scaled[questions.answer[past]] - base[past]
            sums.add(questions.rung[past], questions.hour[past], hours[questions.answer[past]], features[past], change)
        taken = max(taken, int(known[q]))
        slopes = sums.slopes(questions.lead[q], questions.hour[q], hours[questions.origin[q]])
        answers[q] += np.clip(features[q] @ slopes, low[q], high[q])
    return answers


class _Sums:
    """The sums of the normal equations by rung of the ladder and hour of the day."""

    def __init__(self, ladder: Floats, count: int, start: float) -> None:
        shape = (len(ladder), 24)
        self.ladder, self.start, self.count = ladder, start, count
        self.squares = np.zeros((*shape, count, count))
        self.products = np.zeros((*shape, count))
        self.weights, self.changes = np.zeros(shape), np.zeros(shape)
        self.slopes_known: dict[tuple[float, int], Floats] = {}

    def add(self, rung: int, hour: float, now: float, features: Floats, change: float) -> None:
        """Take up an answer: what the members said and how much the value has changed, both from the last reading."""
        growth, place = self._growth(now), (rung, int(hour) % 24)
        weight = self.weights[rung].sum()
        if weight > 0:
            limit = CLIPPED * np.sqrt(self.changes[rung].sum() / weight) + 1e-9
            change = float(np.clip(change, -limit, limit)) if self.slopes_known or weight > growth * 3 else change
        self.squares[place] += growth * np.outer(features, features)
        self.products[place] += growth * features * change
        self.weights[place] += growth
        self.changes[place] += growth * change**2
        self.slopes_known.clear()

    def _growth(self, now: float) -> float:
        return float(2 ** min((now - self.start) / HALF_LIFE, MOST_DOUBLINGS))

    def slopes(self, lead: float, hour: float, now: float) -> Floats:
        """Return the coefficient of each member."""
        key = (lead, int(hour) % 24)
        if not self.weights.any():
            return np.zeros(self.count)
        if key not in self.slopes_known:
            growth = self._growth(now)
            leads = lead_weights(np.array([lead]), self.ladder, self.weights.sum(axis=1) / growth)[0]
            weights = leads[:, None] * hour_weights(key[1] + 0.5, HALF_HOURS)
            squares = np.einsum("rh,rhij->ij", weights, self.squares)
            products = np.einsum("rh,rhi->i", weights, self.products)
            diagonal = np.diag(squares)
            ridge = diagonal * (RIDGE * growth / (weights * self.weights).sum()) + 1e-9 * (1 + diagonal.max())
            self.slopes_known[key] = np.linalg.solve(squares + np.diag(ridge), products)
        return self.slopes_known[key]
