"""A forecast with the errors of its past: as it is, or corrected by a regression on what came in the fitted window.

What a model says may be off by a factor, or move too much, and still tell something. The regression (model output
statistics: Glahn and Lowry 1972) is one of logarithms, on the model and on the mean by hour of the week without the
day itself. No exponent is negative, and an exponent of 0 says that the model adds nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls
from scipy.special import ndtri

from sim.arrays import Floats
from sim.verbs.backtest.naive import DAY, History, by_hour_of_week

FEWEST, FEWEST_DAYS = 24, 3
"""Points and days of the fitted window below which nothing is corrected."""


class Ensemble(NamedTuple):
    """Local times of the points in both windows, and what the model says of them, (replications, points)."""

    at: tuple[Floats, Floats]
    fitted: Floats
    predicted: Floats


class Corrected(NamedTuple):
    """Samples (n, replications), and the exponents of the model and of the table of averages."""

    samples: Floats
    model: float
    table: float


def with_errors(ensemble: Ensemble, history: History, at: Floats) -> Floats:
    """Return what the model says at some times, with the errors that it made in the fitted window, (n, replications).

    The errors are those of logarithms beyond the scatter of the replications; each replication has its own.
    """
    truth = _values(history, ensemble.at[0])
    offset = _offset(truth)
    logs = _logs(ensemble.fitted, offset)
    left = _logs(truth, offset) - np.nanmedian(logs, axis=0)
    return _scattered(_logs(_said(ensemble, at), offset), left, np.nanvar(logs, axis=0), offset)


def corrected(ensemble: Ensemble, history: History, origin: float, at: Floats) -> Corrected | None:
    """Return what the model says after a regression on the fitted window; None with too few points or days."""
    known, then = history.before(origin), ensemble.at[0]
    truth = _values(known, then)
    offset = _offset(truth)
    middle = np.nanmedian(_logs(ensemble.fitted, offset), axis=0)
    usual = _logs(_usual_of_other_days(known, then), offset)
    used = np.isfinite(truth) & np.isfinite(middle) & np.isfinite(usual)
    if used.sum() < FEWEST or len(np.unique(then[used] // DAY)) < FEWEST_DAYS:
        return None
    came = _logs(truth, offset)[used]
    terms = np.column_stack((middle[used], usual[used]))
    centre = terms.mean(axis=0)
    exponents, _ = nnls(terms - centre, came - came.mean())
    level = came.mean() - exponents @ centre
    left = came - level - terms @ exponents
    says = level + exponents[0] * _logs(_said(ensemble, at), offset)
    says += exponents[1] * _logs(by_hour_of_week(known, at), offset)[:, None]
    spread = exponents[0] ** 2 * np.nanvar(_logs(ensemble.fitted, offset), axis=0)[used]
    return Corrected(_scattered(says, left, spread, offset), *map(float, exponents))


def _values(history: History, at: Floats) -> Floats:
    value = dict(zip(np.round(history.at), history.value, strict=True))
    return np.array([value.get(round(moment), np.nan) for moment in at])


def _said(ensemble: Ensemble, at: Floats) -> Floats:
    """Return what the replications say at some times, (n, replications), nan where they have no point."""
    places = {round(moment): column for column, moment in enumerate(ensemble.at[1])}
    columns = np.array([places.get(round(moment), -1) for moment in at])
    return np.where(columns[:, None] >= 0, ensemble.predicted[:, columns].T, np.nan)


def _usual_of_other_days(known: History, at: Floats) -> Floats:
    """Return the mean by hour of the week without the values of the day itself; nan where there are no other days."""
    found = np.full(len(at), np.nan)
    for day in np.unique(at // DAY):
        others = known.at // DAY != day
        mine = at // DAY == day
        if others.any():
            found[mine] = by_hour_of_week(History(known.at[others], known.value[others]), at[mine])
    return found


def _scattered(says: Floats, left: Floats, explained: Floats, offset: float) -> Floats:
    """Return samples (n, replications) from logarithms, with errors beyond the scatter of the replications."""
    number = says.shape[1]
    spread = float(np.nanmean(left**2) - np.nanmean(explained))
    levels = np.random.default_rng(0).permuted(np.tile((np.arange(number) + 0.5) / number, (len(says), 1)), axis=1)
    errors = np.sqrt(max(spread, 0.0)) * ndtri(levels)
    return np.asarray(np.maximum(np.exp(says + errors) - offset, 0.0))


def _logs(values: Floats, offset: float) -> Floats:
    return np.asarray(np.log(np.maximum(values, 0) + offset))


def _offset(truth: Floats) -> float:
    """Return what is added before a logarithm, so that zeros do no harm: a tenth of the mean."""
    good = truth[np.isfinite(truth)]
    return max(0.1 * float(good.mean()), 1e-9) if len(good) else 1.0
