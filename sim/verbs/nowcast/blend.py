"""The blend: the members' answers weighted by how little each has erred of late, at that lead and hour of the day.

The answers are mixed on the scale of the readings; errors are counted in their unit, so that long queues weigh most.
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
        for q in range(starts[n], starts[n + 1]):
            weights[q] = ledger.shares(questions.lead[q], questions.hour[q], hours[n], POWER, known[q])
    return Blended((weights * np.nan_to_num(given)).sum(axis=1), weights)
