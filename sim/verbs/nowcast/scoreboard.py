"""How well forecasts did: error, CRPS and coverage by lead, and the paired differences from the blend by day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.arrays import Floats, Ints
from sim.measures.scores import crps, mean_over_days
from sim.verbs.nowcast.bands import LEVELS

FEWEST = 8
"""Forecasts of a lead below which nothing is said of it."""
NARROW, WIDE = (0.25, 0.75), (0.05, 0.95)


class Answers(NamedTuple):
    """Forecasts whose truth is known: leads (Q,) of the ladder, day of the truth (Q,), truth (Q,) and quantiles.

    `samples` are (Q, M, 40), in the unit of the readings; NaN where one of the M forecasts `names` gave none.
    """

    lead: Floats
    day: Ints
    truth: Floats
    samples: Floats
    names: tuple[str, ...]


class Score(NamedTuple):
    """The scores of one forecast at one lead: mean absolute error of the median, CRPS, bias, shares in the bands."""

    lead: float
    forecast: str
    number: int
    error: float
    crps: float
    bias: float
    inside_50: float
    inside_90: float


class Difference(NamedTuple):
    """By how much the first of two forecasts errs more than the second at a lead, with 95 % intervals over days."""

    lead: float
    forecast: str
    against: str
    number: int
    days: int
    error: tuple[float, float, float]
    crps: tuple[float, float, float]


def scores(answers: Answers, fewest: int = FEWEST) -> list[Score]:
    """Return the scores of every forecast at every lead with at least `fewest` answers."""
    found = []
    for lead in np.unique(answers.lead):
        rows = answers.lead == lead
        for m, name in enumerate(answers.names):
            sample, truth = answers.samples[rows, m], answers.truth[rows]
            given = np.isfinite(sample[:, 0])
            if given.sum() >= fewest:
                found.append(Score(float(lead), name, int(given.sum()), *_scored(sample[given], truth[given])))
    return found


def _scored(sample: Floats, truth: Floats) -> tuple[float, ...]:
    middle = ends(sample, (0.5,))[:, 0]
    error = middle - truth
    shares = []
    for low, high in (ends(sample, NARROW).T, ends(sample, WIDE).T):
        shares.append(float(((low <= truth) & (truth <= high)).mean()))
    return float(np.abs(error).mean()), float(crps(sample, truth).mean()), float(error.mean()), *shares


def ends(sample: Floats, levels: Sequence[float]) -> Floats:
    """Return the quantiles (Q, L) at some levels of forecasts (Q, 40)."""
    return np.array([np.interp(levels, LEVELS, row) for row in sample]).reshape(len(sample), len(levels))


def best_of(found: Sequence[Score], names: Sequence[str], lead: float) -> Score | None:
    """Return the one of some forecasts with the lowest CRPS at a lead; None if none has answered nearly always."""
    rows = [score for score in found if score.lead == lead]
    most = max((score.number for score in rows), default=0)
    rows = [score for score in rows if score.forecast in names and score.number >= 0.9 * most]
    return min(rows, key=lambda score: score.crps, default=None)


def difference(answers: Answers, lead: float, first: str, second: str) -> Difference | None:
    """Return the paired difference of two forecasts at a lead; None with fewer than three days."""
    a, b = answers.names.index(first), answers.names.index(second)
    rows = (answers.lead == lead) & np.isfinite(answers.samples[:, [a, b], 0]).all(axis=1)
    days, places = np.unique(answers.day[rows], return_inverse=True)
    if rows.sum() < FEWEST or len(days) < 3:
        return None
    truth = answers.truth[rows]
    each = []
    for measure in (_errors, crps):
        apart = measure(answers.samples[rows, a], truth) - measure(answers.samples[rows, b], truth)
        each.append(mean_over_days(apart, places, len(days)))
    return Difference(lead, first, second, int(rows.sum()), len(days), each[0], each[1])


def _errors(sample: Floats, truth: Floats) -> Floats:
    return np.abs(ends(sample, (0.5,))[:, 0] - truth)
