"""The forecasts that a model must beat: the last value, yesterday, last week, and the mean by hour of the week.

Each knows only what came before its origin. Its bands are the errors that it made at earlier origins, by lead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.arrays import Floats, Ints

LAST, YESTERDAY, WEEK, TABLE = "last value", "same hour yesterday", "same hour last week", "mean by hour of the week"
HOUR, DAY = 3600.0, 86400.0
EDGES = (0.0, 3.0, 12.0, 24.0, 48.0, 168.0, np.inf)
"""Leads (h) at which scores are told apart."""
LEVELS = (np.arange(39) + 0.5) / 39
SUPPORT = 2.0
"""Values of the hour of the day that the mean of an hour of the week is drawn towards."""


@dataclass(frozen=True)
class History:
    """A series: local time (s since 1970 on the local clock), increasing, and value; all that a forecast may know."""

    at: Floats
    value: Floats

    def before(self, origin: float) -> History:
        """Return what was known at an origin."""
        mask = self.at < origin
        return History(self.at[mask], self.value[mask])


def lead_of(at: Floats, origin: float) -> Ints:
    """Return the places in EDGES of the leads of some times."""
    return np.asarray(np.searchsorted(EDGES, (at - origin) / HOUR, side="right") - 1)


def last_value(known: History, at: Floats) -> Floats:
    """Return the last value known, for every time."""
    return np.full(len(at), known.value[-1])


def yesterday(known: History, at: Floats) -> Floats:
    """Return the value at the same hour of the last day that is known."""
    return _earlier(known, at, DAY)


def last_week(known: History, at: Floats) -> Floats:
    """Return the value at the same hour and weekday of the last week that is known."""
    return _earlier(known, at, 7 * DAY)


def _earlier(known: History, at: Floats, period: float) -> Floats:
    """Return the value nearest to a whole number of periods before, within an hour; nan if there is none."""
    last = known.at[-1]
    periods = np.maximum(np.ceil((at - last) / period), 1)
    wanted = at - periods * period
    after = np.searchsorted(known.at, wanted).clip(max=len(known.at) - 1)
    before = (after - 1).clip(min=0)
    nearest = np.where(np.abs(known.at[before] - wanted) < np.abs(known.at[after] - wanted), before, after)
    return np.where(np.abs(known.at[nearest] - wanted) <= HOUR, known.value[nearest], np.nan)


def by_hour_of_week(known: History, at: Floats) -> Floats:
    """Return the mean of the hour of the week, drawn towards that of the hour of the day where it has few values."""
    hour, day = _hours(known.at)
    place = day * 24 + hour
    sums, counts = np.bincount(place, known.value, 168), np.bincount(place, minlength=168)
    day_sums, day_counts = (each.reshape(7, 24).sum(axis=0) for each in (sums, counts))
    overall = known.value.mean()
    by_day = np.where(day_counts > 0, day_sums / np.maximum(day_counts, 1), overall)
    mean = (sums + SUPPORT * np.tile(by_day, 7)) / (counts + SUPPORT)
    hour, day = _hours(at)
    return np.asarray(mean[day * 24 + hour])


def _hours(at: Floats) -> tuple[Ints, Ints]:
    hour = (np.floor(at / HOUR) % 24).astype(int)
    return hour, ((np.floor(at / DAY) + 3) % 7).astype(int)  # day 0 was a Thursday


Naive = Callable[[History, Floats], Floats]
NAIVE: dict[str, Naive] = {LAST: last_value, YESTERDAY: yesterday, WEEK: last_week, TABLE: by_hour_of_week}


def forecast(name: str, history: History, origin: float, at: Floats) -> Floats:
    """Return the quantiles (n, 39) of a naive forecast made at an origin; nan where it has nothing to say."""
    known = history.before(origin)
    if len(known.value) < 2:
        return np.full((len(at), len(LEVELS)), np.nan)
    middle = NAIVE[name](known, at)
    errors = _past_errors(name, known, float(at[-1] - origin))
    places = lead_of(at, origin)
    bands = np.zeros((len(at), len(LEVELS)))
    for place in np.unique(places):
        own = errors.get(int(place))
        pooled = np.concatenate(list(errors.values())) if errors else np.zeros(1)
        bands[places == place] = np.quantile(own if own is not None and len(own) >= 20 else pooled, LEVELS)
    return np.maximum(middle[:, None] + bands, 0.0)


def _past_errors(name: str, known: History, reach: float) -> dict[int, Floats]:
    """Return the errors of the same forecast at earlier origins, a day apart, by lead."""
    found: dict[int, list[Floats]] = {}
    first, last = known.at[0], known.at[-1]
    origins = np.arange(first + min(7 * DAY, (last - first) / 2), last, DAY)
    for origin in origins:
        then = known.before(float(origin))
        ahead = (known.at >= origin) & (known.at <= origin + reach)
        if len(then.value) < 2 or not ahead.any():
            continue
        error = known.value[ahead] - NAIVE[name](then, known.at[ahead])
        places = lead_of(known.at[ahead], float(origin))
        for place in np.unique(places):
            own = error[(places == place) & np.isfinite(error)]
            found.setdefault(int(place), []).append(own)
    return {place: np.concatenate(parts) for place, parts in found.items() if sum(map(len, parts))}
