"""A gradient boosting on what is known at the origin, where scikit-learn is installed: a rival without a queue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.arrays import Floats
from sim.verbs.backtest.naive import DAY, HOUR, LEVELS, History, by_hour_of_week, last_value, last_week, yesterday

BOOSTING = "gradient boosting"
FEWEST = 200
"""Examples from before the origin below which nothing is learnt."""


def boosted(history: History, origin: float, at: Floats) -> Floats | None:
    """Return quantiles (n, 39) of a boosting of trees; None without scikit-learn or with too few examples.

    It learns from forecasts of the same lengths at earlier origins: lead, hour, weekday, and what the naive forecasts
    say.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
    except ImportError:
        return None
    known = history.before(origin)
    reach = float(at[-1] - origin) + HOUR
    rows, answers = [], []
    for earlier in np.arange(known.at[0] + 3 * DAY, known.at[-1], DAY / 2):
        then = known.before(float(earlier))
        ahead = (known.at >= earlier) & (known.at < earlier + reach)
        if len(then.value) > 24 and ahead.any():
            rows.append(_features(then, float(earlier), known.at[ahead]))
            answers.append(known.value[ahead])
    if not rows or sum(map(len, answers)) < FEWEST:
        return None
    model = HistGradientBoostingRegressor(loss="absolute_error", max_iter=150, learning_rate=0.05, random_state=0)
    x, y = np.concatenate(rows), np.concatenate(answers)
    told = np.isfinite(x).any(axis=0)  # with a short history, nothing is known of the same hour last week
    x = x[:, told]
    cut = int(0.8 * len(y))
    model.fit(x[:cut], y[:cut])
    errors = np.quantile(y[cut:] - model.predict(x[cut:]), LEVELS)
    model.fit(x, y)
    return np.asarray(np.maximum(model.predict(_features(known, origin, at)[:, told])[:, None] + errors, 0.0))


def is_constant(forecasts: Sequence[Floats]) -> bool:
    """Say whether the middle of forecasts (n, m) is the same everywhere, as of one that learnt nothing."""
    return bool(np.ptp(np.concatenate([np.median(each, axis=1) for each in forecasts])) == 0)


def _features(known: History, origin: float, at: Floats) -> Floats:
    lead, hour, weekday = (at - origin) / HOUR, at / HOUR % 24, (np.floor(at / DAY) + 3) % 7
    naive = [member(known, at) for member in (last_value, yesterday, last_week, by_hour_of_week)]
    return np.column_stack([lead, hour, weekday, *naive])
