"""Whether servers work faster (or slower) when the queue is long: from counts, open booths and mean waits of intervals.

A fluid queue is played with the counts and booths, for many service times and paces. A pace is found if it tells the
waits of weeks (or days) to which it was not fitted better than a constant service time does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from sim.arrays import Floats, Ints
from sim.table.counts import DAY, Bins
from sim.verbs.intake.replay import in_groups

LEVEL, WORTH = 0.001, 0.05
"""Largest p, and least share of the error of a constant service time that a pace takes away, of a pace that is told."""
LEAST_ROWS, LEAST_DAYS, MOST_DAYS = 150, 14, 56
"""Fewest rows with waits, fewest days, and the days that are looked at: the last ones."""
LEAST_QUEUE = 5
"""Parties in a long queue, by Little's law, below which chance makes it and no pace is looked for."""
LEAST_BOOTHS = 4.0
"""Mean number of open booths from which a queue is taken to flow: with fewer, chance makes most of the waits."""
STEPS = 20
"""Steps of each interval."""
SERVICES, FINER = np.geomspace(0.3, 2.0, 20), np.linspace(0.9, 1.1, 21)
"""Service times that are tried for each pace, over a first guess, and then over the best of them."""
PACES = np.array([0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75])
"""Factors on the service time while the queue is long; less or more is not believed."""
LONG = 0.95
"""The quantile of the queues, by Little's law, at which the pace is written; beyond it stays."""


class Intervals(NamedTuple):
    """Intervals of equal length, in order: begin (local s), parties, open booths, mean wait (s), and groups if told."""

    begin: Floats
    parties: Floats
    booths: Floats
    wait: Floats
    groups: Ints | None


class Pace(NamedTuple):
    """A pace by the queue: service time (s) without one, the queue at which `factor` holds, and how much it explains.

    `gain` is the share of the error on days not fitted that it takes away, and `p` its probability if it took none.
    """

    seconds: float
    queue: int
    factor: float
    gain: float
    p: float

    @property
    def shows(self) -> bool:
        """Whether the data show it."""
        return self.factor != 1 and self.p < LEVEL and self.gain >= WORTH


def pace_of(rows: Intervals, length: float, seconds: float, base: float) -> Pace | None:
    """Return the pace by the queue that tells the waits best, None if the data are too few.

    `length` is that of an interval (s), `seconds` a first guess of the service time, and `base` the part of all waits
    that is no queue (s).
    """
    kept = rows.begin >= np.floor(rows.begin[-1] / DAY + 1) * DAY - MOST_DAYS * DAY
    rows = Intervals(*(None if column is None else column[kept] for column in rows))  # type: ignore[arg-type]
    seen = np.isfinite(rows.wait) & (rows.parties > 0)
    day = np.floor(rows.begin / DAY).astype(int)
    if seen.sum() < LEAST_ROWS or len(np.unique(day[seen])) < LEAST_DAYS or rows.booths[seen].mean() < LEAST_BOOTHS:
        return None
    waiting = (rows.parties / length * np.maximum(rows.wait - base, 0))[seen]
    queue = max(round(float(np.quantile(waiting, LONG))), 1)
    if queue < LEAST_QUEUE:
        return None
    best = np.full(len(PACES), seconds)
    for about in (SERVICES, FINER):
        service, factor = (best[:, None] * about).ravel(), np.repeat(PACES, len(about))
        waits = played(rows, length, (service, factor, queue))[seen] + base
        error = np.abs(np.sqrt(waits) - np.sqrt(rows.wait[seen])[:, None])
        means = error.mean(axis=0).reshape(len(PACES), -1)
        best = best * about[np.argmin(means, axis=1)]
    return _chosen(error, day[seen], (service, factor, queue))


def played(rows: Intervals, length: float, tried: tuple[Floats, Floats, int]) -> Floats:
    """Return the mean wait (s) of those who come in each interval, by fluid queues of many services and paces.

    `tried` are service times (s) and factors on them, both (p,), and the queue from which a factor holds in full; the
    result is (n, p). Intervals without a row bring nobody, and booths stay as they were.
    """
    service, factor, full = tried
    place = np.round((rows.begin - rows.begin[0]) / length).astype(int)
    booths = np.zeros(place[-1] + 1)
    booths[place] = rows.booths
    booths = booths[np.maximum.accumulate(np.where(booths > 0, np.arange(len(booths)), 0))]
    coming = _coming(rows, length, len(booths))
    queue, waits = np.zeros(len(service)), np.full((len(booths), len(service)), np.nan)
    step = length / STEPS
    for n, open_then in enumerate(booths):
        waited = np.zeros(len(service))
        for more in coming[n]:
            each = service * (1 + (factor - 1) * np.minimum(queue / full, 1)) / max(open_then, 1)
            waited += more * (queue + more / 2) * each
            queue = np.maximum(queue + more - step / each, 0)
        waits[n] = waited / max(coming[n].sum(), 1e-9)
    return np.asarray(waits[place])


def _coming(rows: Intervals, length: float, intervals: int) -> Floats:
    """Return the parties that come in each step of each interval, those of a group close together."""
    bins = Bins(rows.begin, np.full(len(rows.begin), length), rows.parties)
    bins = bins if rows.groups is None else in_groups(bins, rows.groups)
    at = np.column_stack([bins.begin, bins.begin + bins.length]).ravel()
    total = np.cumsum(np.column_stack([np.zeros(len(bins.count)), bins.count]).ravel())
    edges = rows.begin[0] + np.arange(intervals * STEPS + 1) * length / STEPS
    return np.asarray(np.diff(np.interp(edges, at, total)).reshape(intervals, STEPS))


def _chosen(error: Floats, day: Ints, tried: tuple[Floats, Floats, int]) -> Pace:
    """Return the best pace, and how much better it is than a constant service time on weeks (or days) not fitted."""
    service, factor, queue = tried
    constant = np.flatnonzero(factor == 1)
    weeks = (day + 3) // 7
    half = (weeks if len(np.unique(weeks)) >= 4 else day) % 2
    with_it, without = np.zeros(len(day)), np.zeros(len(day))
    for mine in (half == 0, half == 1):
        means = error[~mine].mean(axis=0)
        with_it[mine] = error[mine, np.argmin(means)]
        without[mine] = error[mine, constant[np.argmin(means[constant])]]
    place = np.unique(day, return_inverse=True)[1]
    gains = np.bincount(place, without - with_it) / np.bincount(place)
    p = float(stats.ttest_1samp(gains, 0, alternative="greater").pvalue) if gains.std() > 0 else 1.0
    best = int(np.argmin(error.mean(axis=0)))
    gain = float(1 - with_it.sum() / max(without.sum(), 1e-9))
    return Pace(float(service[best]), queue, float(factor[best]), gain, p)
