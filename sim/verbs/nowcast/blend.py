"""The blend: the members' answers weighted by how little each has erred of late, at that lead and hour of the day.

The answers are mixed on the scale of the readings; errors are counted in their unit, so that long queues weigh most.
The simulator joins last. Its share is the coefficient of a regression, through the origin, of what the blend of the
others missed on what the simulator said beyond it (Bates and Granger 1969): near one where nothing is left that the
others know better, even if it errs only a little less. Errors to a power would give all that err alike the same weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.arrays import Floats
from sim.verbs.nowcast.ledger import Ledger
from sim.verbs.nowcast.readings import Questions, Readings

POWER = 8.0
"""A member that errs half as much as another has 2 to this power times its weight."""
HALF_LIFE = 480.0
"""Hours after which an error counts half."""
AFTER_A_BREAK = 0.1
"""Share that errors from before a break in the feed count."""
DOUBT = 5.0
"""Number of answers with which the share of the simulator is drawn to zero."""
WORSE = 32.0
"""Power of the ratio of the mean errors by which the share falls where the simulator errs more than the others."""


class Blended(NamedTuple):
    """The answers (Q,) of the blend and the weights (Q, M) of its members, which sum to 1."""

    center: Floats
    weights: Floats


def blended(
    readings: Readings,
    questions: Questions,
    ladder: Floats,
    members: Mapping[str, Floats],
    breaks: Sequence[int] = (),
) -> Blended:
    """Return the weighted mean of the members; `breaks` are readings at which a break in the feed became known."""
    given = np.stack(list(members.values()), axis=1)
    known = np.isfinite(given)
    hours = readings.hours
    errors = np.abs(readings.unscaled(given) - readings.values[questions.answer][:, None])
    answered = np.flatnonzero(questions.answer >= 0)
    answered = answered[np.argsort(questions.answer[answered], kind="stable")]
    ends = np.searchsorted(questions.answer[answered], np.arange(len(readings) + 1))
    starts = np.searchsorted(questions.origin, np.arange(len(readings) + 1))
    ledger, weights = Ledger(ladder, HALF_LIFE), np.zeros_like(given)
    for n in range(len(readings)):
        for q in answered[ends[n] : ends[n + 1]]:
            ledger.add(int(questions.rung[q]), questions.hour[q], hours[n], errors[q])
        if n in breaks:
            ledger.forget(AFTER_A_BREAK)
        if starts[n] < starts[n + 1]:
            q = slice(starts[n], starts[n + 1])
            weights[q] = ledger.shares(questions.lead[q], questions.hour[q], hours[n], POWER, known[q])
    return Blended((weights * np.nan_to_num(given)).sum(axis=1), weights)


def with_simulator(
    readings: Readings, questions: Questions, ladder: Floats, others: Blended, simulator: Floats, breaks: Sequence[int]
) -> Blended:
    """Return the blend of the others and the simulator, whose answers (Q,) are NaN where it has none."""
    base, said = readings.roots(others.center), readings.roots(simulator)
    truth = readings.roots(readings.scaled)[questions.answer]
    beyond = said - base
    sums = np.stack([(truth - base) * beyond, beyond**2, np.abs(truth - base), np.abs(truth - said)], axis=1)
    answered = np.flatnonzero((questions.answer >= 0) & np.isfinite(said))
    answered = answered[np.argsort(questions.answer[answered], kind="stable")]
    ends = np.searchsorted(questions.answer[answered], np.arange(len(readings) + 1))
    starts = np.searchsorted(questions.origin, np.arange(len(readings) + 1))
    ledger, shares = Ledger(ladder, HALF_LIFE), np.zeros(len(questions))
    for n in range(len(readings)):
        for q in answered[ends[n] : ends[n + 1]]:
            ledger.add(int(questions.rung[q]), questions.hour[q], readings.hours[n], sums[q])
        if n in breaks:
            ledger.forget(AFTER_A_BREAK)
        if starts[n] < starts[n + 1]:
            q = slice(starts[n], starts[n + 1])
            shares[q] = np.isfinite(said[q]) * _shares(ledger, questions.lead[q], questions.hour[q], readings.hours[n])
    center = readings.squared(base + shares * np.nan_to_num(beyond))
    return Blended(center, np.c_[others.weights * (1 - shares)[:, None], shares])


def _shares(ledger: Ledger, leads: Floats, hours: Floats, now: float) -> Floats:
    """Return the share of the simulator, from sums of products and squares, and of the errors of the others and it."""
    here, ever = ledger.totals(leads, hours, now), ledger.totals(leads, None, now)
    if here is None or ever is None:
        return np.zeros(len(leads))
    product, square, number = here[0][:, 0], here[0][:, 1], here[1][:, 0]
    error, own = ever[0][:, 2], ever[0][:, 3]
    share = np.clip(product / np.maximum(square * (1 + DOUBT / np.maximum(number, 1e-9)), 1e-9), 0.0, 1.0)
    return np.asarray((number > 0) * share * np.minimum(1.0, error / np.maximum(own, 1e-9)) ** WORSE)
