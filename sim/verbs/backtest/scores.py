"""Scores of forecasts that are quantiles or samples, by lead, and the differences between them with intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.arrays import Floats, Ints
from sim.measures.scores import crps, mean_over_days
from sim.verbs.backtest.naive import EDGES

GOLDEN = 0.6180339887498949
"""Multiples of this, without their whole part, fill the interval from 0 to 1 evenly."""
ALL = "all leads"
LEADS = ("up to 3 h", "3 to 12 h", "12 to 24 h", "1 to 2 d", "2 to 7 d", "over 7 d")


class Score(NamedTuple):
    """The scores of one forecast at some leads, in the unit of the series; coverage of the 50 and 90 % bands."""

    forecast: str
    lead: str
    number: int
    error: float
    rmse: float
    bias: float
    correlation: float
    crps: float
    inside_50: float
    inside_90: float


class Difference(NamedTuple):
    """By how much a forecast errs more than another (mean absolute error), with 95 % limits over whole days."""

    forecast: str
    against: str
    number: int
    days: int
    more: float
    low: float
    high: float


class Scored(NamedTuple):
    """Forecasts with what came: truth (n,), place of the lead in EDGES (n,), day (n,), samples by forecast (n, m)."""

    truth: Floats
    lead: Ints
    day: Ints
    samples: dict[str, Floats]


def all_scores(scored: Scored) -> list[Score]:
    """Return the scores of every forecast, over all leads and by lead."""
    found = []
    for name, sample in scored.samples.items():
        given = np.isfinite(sample).all(axis=1)
        found.append(_score(name, ALL, sample[given], scored.truth[given]))
        leads = [place for place in range(len(EDGES) - 1) if np.any(given & (scored.lead == place))]
        if len(leads) > 1:
            for place in leads:
                mine = given & (scored.lead == place)
                found.append(_score(name, LEADS[place], sample[mine], scored.truth[mine]))
    return found


def _score(name: str, lead: str, sample: Floats, truth: Floats) -> Score:
    if not len(truth):
        return Score(name, lead, 0, *[np.nan] * 7)
    middle = np.median(sample, axis=1)
    error, mean_error = middle - truth, sample.mean(axis=1) - truth
    varies = len(truth) > 2 and middle.std() > 0 and truth.std() > 0
    places = pit(sample, truth)
    inside = [float(np.mean(np.abs(places - 0.5) <= width / 2)) for width in (0.5, 0.9)]
    return Score(
        name, lead, len(truth), float(np.abs(error).mean()), float(np.sqrt(np.mean(mean_error**2))),
        float(mean_error.mean()), float(np.corrcoef(middle, truth)[0, 1]) if varies else np.nan,
        float(crps(sample, truth).mean()), *inside,
    )  # fmt: skip


def differences(scored: Scored, forecast: str) -> list[Difference]:
    """Return by how much a forecast errs more than each other one, where both exist.

    Errors of a day are alike, so whole days are drawn again (percentile bootstrap), as a Diebold-Mariano test would
    allow for their correlation.
    """
    found = []
    mine = np.abs(np.median(scored.samples[forecast], axis=1) - scored.truth)
    for name, sample in scored.samples.items():
        if name == forecast:
            continue
        apart = mine - np.abs(np.median(sample, axis=1) - scored.truth)
        both = np.isfinite(apart)
        if not both.any():
            continue
        days, places = np.unique(scored.day[both], return_inverse=True)
        more, low, high = mean_over_days(apart[both], places, len(days))
        found.append(Difference(forecast, name, int(both.sum()), len(days), more, low, high))
    return found


def pit(sample: Floats, truth: Floats) -> Floats:
    """Return the share of each forecast's samples below what came: even from 0 to 1 if bands are right.

    Where samples are equal to what came, as in an empty queue, the places among them are taken in turn, evenly.
    """
    given = np.isfinite(sample).all(axis=1)
    below = (sample[given] < truth[given, None]).mean(axis=1)
    same = (np.abs(sample[given] - truth[given, None]) < 1e-9).mean(axis=1)
    return np.asarray(below + same * (np.arange(len(same)) * GOLDEN % 1))
