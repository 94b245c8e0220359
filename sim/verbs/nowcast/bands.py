"""Bands from a forecast's own past errors, which widen when too many readings fall outside, and narrow again.

The errors, in units of the spread that the filters expect, of recent days, similar leads and similar hours of the day
give the quantiles; a few errors of a heavy-tailed law stand in until there are enough. On top, a factor for the 50 %
and one for the 90 % band follows the share of readings outside (adaptive conformal inference; Gibbs and Candès 2021).
Bands are symmetric around the forecast on a scale of square roots, on which the scatter of counts and waits hardly
depends on their size: on that of the logarithm, a queue near zero that may fall by half would have to be able to rise
to many times what it ever was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from sim.arrays import Floats
from sim.verbs.nowcast.ledger import ENOUGH, hour_weights, lead_weights
from sim.verbs.nowcast.readings import Questions, Readings

LEVELS = (np.arange(40) + 0.5) / 40
"""Levels of the quantiles: a forecast is a sample of 40 equally likely values."""
INNER, OUTER = 0.5, 0.9
HALF_LIFE = 504.0
WINDOW = 250
"""Errors kept for each lead."""
STAND_IN = 8.0
"""Weight of the law that stands in for errors, as a number of errors."""
STEP = 0.03
"""How much the factor of the 50 % band grows, as a logarithm, when a reading falls outside."""
LARGEST = 1.5
AFTER_A_BREAK = 0.25
BLOCKS = 4
"""Parts of the day that have factors of their own beside the common one."""
LEAST_LEAD = 0.05
"""Weight of a lead, against the nearest, below which its errors are left out."""
FARTHEST = 2.0
"""Times the largest reading so far above which no quantile lies."""
_PLACES = np.abs(2 * LEVELS - 1)
_SHARES = np.clip((_PLACES - INNER) / (OUTER - INNER), 0.0, 1.0)
_PRIOR = np.abs(stdtrit(4, LEVELS)) * 0.8
_ENDS = ((10, 29), (2, 37))
"""Places of LEVELS beside the ends of the 50 and 90 % bands, inside the band."""


class Timing(NamedTuple):
    """When the bands start again, and when they matter.

    `breaks` are readings at which a break in the feed became known: the bands then start again, wider. Before the time
    `scored_from` only the first forecast, the blend, has bands, as nobody asks for those of the others.
    """

    breaks: Sequence[int]
    scored_from: float


def quantiles_of(
    readings: Readings,
    questions: Questions,
    ladder: Floats,
    centers: Floats,
    spread: Floats,
    timing: Timing,
) -> Floats:
    """Return the quantiles (Q, M, 40) of the answers of M forecasts `centers` (Q, M), on the scale of the readings.

    A forecast without an answer (NaN) has no quantiles. No quantile is below zero or above `FARTHEST` times the
    largest reading so far.
    """
    hours, roots, centers = readings.hours, readings.roots(readings.scaled), readings.roots(centers)
    largest = readings.roots(np.log(FARTHEST * np.maximum.accumulate(readings.values) + readings.offset))
    answered = np.flatnonzero(questions.answer >= 0)
    answered = answered[np.argsort(questions.answer[answered], kind="stable")]
    ends = np.searchsorted(questions.answer[answered], np.arange(len(readings) + 1))
    starts = np.searchsorted(questions.origin, np.arange(len(readings) + 1))
    count = centers.shape[1]
    quantiles = np.full((*centers.shape, len(LEVELS)), np.nan)
    errors, widths = _Errors(ladder, count), _Widths(len(ladder), count)
    signs = np.sign(LEVELS - 0.5)
    for n in range(len(readings)):
        for q in answered[ends[n] : ends[n + 1]]:
            sizes = np.abs(roots[n] - centers[q]) / spread[q]
            errors.add(int(questions.rung[q]), hours[n], questions.hour[q], sizes)
            widths.learn(int(questions.rung[q]), questions.hour[q], roots[n], quantiles[q])
        if n in timing.breaks:
            errors.forget(AFTER_A_BREAK)
            widths.restart()
        if starts[n] == starts[n + 1]:
            continue
        now = slice(starts[n], starts[n + 1])
        use = slice(None) if hours[n] >= timing.scored_from else slice(1)
        factors = widths.factors(errors.near(questions.lead[now]), questions.hour[now], use)
        sizes = factors * errors.quantiles(questions.lead[now], hours[n], questions.hour[now], use)
        sizes *= spread[now, None, None]
        wide = np.maximum.accumulate(centers[now, use, None] + signs * sizes, axis=2)
        quantiles[now, use] = np.clip(wide, readings.least, largest[n])
    return readings.squared(quantiles)


class _Errors:
    """The latest errors by rung: when they became known, at what hour of the day, how large, and what they count."""

    def __init__(self, ladder: Floats, count: int) -> None:
        self.ladder = ladder
        self.when = np.zeros((len(ladder), WINDOW, 3))
        self.sizes = np.zeros((len(ladder), WINDOW, count))
        self.count = np.zeros(len(ladder), np.int64)

    def add(self, rung: int, now: float, hour: float, sizes: Floats) -> None:
        """Take up the errors (M,) of all forecasts; NaN for one that had no answer."""
        place = self.count[rung] % WINDOW
        self.when[rung, place] = now, hour, 1.0
        self.sizes[rung, place] = sizes
        self.count[rung] += 1

    def forget(self, share: float) -> None:
        """Let the errors known so far count only this share."""
        self.when[:, :, 2] *= share

    def near(self, leads: Floats) -> Floats:
        """Return the share (Q, R) of each rung in what is known about leads (Q,)."""
        evidence = np.minimum(self.count, WINDOW).astype(np.float64)
        weights = lead_weights(leads, self.ladder, evidence) * np.minimum(evidence, ENOUGH)
        return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9))

    def quantiles(self, leads: Floats, now: float, hours: Floats, use: slice) -> Floats:
        """Return the sizes (Q, M, 40) of errors at leads and hours (Q,) by LEVELS, for the forecasts `use`."""
        weights = lead_weights(leads, self.ladder, self.count.astype(np.float64))
        return np.stack([self._at(*each, now, use) for each in zip(weights, hours, strict=True)])

    def _at(self, leads: Floats, hour: float, now: float, use: slice) -> Floats:
        """Return the sizes (M, 40) at an hour, where errors at rungs of the ladder have the weights `leads`."""
        rungs = np.flatnonzero((leads > LEAST_LEAD) & (self.count > 0))
        kept = [min(int(self.count[rung]), WINDOW) for rung in rungs]
        near = list(zip(rungs, kept, strict=True))
        when = np.concatenate([np.zeros((0, 3)), *(self.when[rung, :size] for rung, size in near)])
        stand_ins = np.repeat(_PRIOR[:, None], self.sizes.shape[2], axis=1)
        sizes = np.concatenate([*(self.sizes[rung, :size] for rung, size in near), stand_ins])[:, use]
        weights = np.repeat(leads[rungs], kept) * when[:, 2] * hour_weights(hour, when[:, 1])
        weights = np.r_[weights * 0.5 ** ((now - when[:, 0]) / HALF_LIFE), np.full(len(LEVELS), STAND_IN / len(LEVELS))]
        return weighted_quantiles(sizes, weights)


def weighted_quantiles(sizes: Floats, weights: Floats) -> Floats:
    """Return the quantiles (M, 40) of the columns of `sizes` (N, M) with weights (N,); NaN has no weight."""
    known = np.isfinite(sizes)
    sizes = np.where(known, sizes, np.inf)
    order = np.argsort(sizes, axis=0, kind="stable")
    ordered = np.take_along_axis(sizes, order, axis=0)
    weight = np.take_along_axis(known * weights[:, None], order, axis=0)
    places = (np.cumsum(weight, axis=0) - 0.5 * weight) / weight.sum(axis=0)
    columns = zip(places.T, ordered.T, known.sum(axis=0), strict=True)
    return np.array([np.interp(_PLACES, place[:count], size[:count]) for place, size, count in columns])


class _Widths:
    """Logarithms of the factors of the 50 and 90 % bands, by rung, part of the day and forecast."""

    def __init__(self, rungs: int, count: int) -> None:
        self.common = np.zeros((rungs, 2, count))
        self.own = np.zeros((rungs, BLOCKS, 2, count))

    def learn(self, rung: int, hour: float, value: float, quantiles: Floats) -> None:
        """Widen or narrow the bands at a lead and a part of the day, by whether `value` lies outside.

        `quantiles` (M, 40) are those of the forecasts.
        """
        block = int(hour % 24 / (24 / BLOCKS))
        for band, (share, step, (low, high)) in enumerate(((INNER, STEP, _ENDS[0]), (OUTER, 2 * STEP, _ENDS[1]))):
            lows = (quantiles[:, low] + quantiles[:, low - 1]) / 2
            highs = (quantiles[:, high] + quantiles[:, high + 1]) / 2
            outside = (value < lows) | (value > highs)
            change = np.where(np.isfinite(lows), step * (outside - (1 - share)), 0.0)
            self.common[rung, band] = np.clip(self.common[rung, band] + change, -LARGEST / 3, LARGEST)
            self.own[rung, block, band] = np.clip(self.own[rung, block, band] + change / 2, -0.5, 0.5)

    def restart(self) -> None:
        """Start again, with wider bands."""
        self.common[:] = np.maximum(self.common, 0.3)
        self.own[:] = 0.0

    def factors(self, near: Floats, hours: Floats, use: slice) -> Floats:
        """Return the factors (Q, M, 40) for each of LEVELS, for the forecasts `use`; `near` (Q, R) are as `near`."""
        blocks = (hours % 24 / (24 / BLOCKS)).astype(int)
        widths = np.einsum("qr,rqbm->bqm", near, self.common[:, None, :, use] + self.own[:, blocks][..., use])
        inner, outer = widths[..., None]
        return np.asarray(np.exp(inner * (1 - _SHARES) + outer * _SHARES))
