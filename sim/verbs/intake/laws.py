"""Fits laws of durations to observed ones, some of which may be cut off, and says which law describes them best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from sim.arrays import Floats

MOST_PIECES = 2000
"""Most different durations a law is fitted to; of more, neighbours are taken together."""
MOST_PHASES = 100
QUANTILES = 200
"""Most values of an empirical law; of fewer durations, each is taken once."""
CLOSE = 0.05
"""Largest distance between the distribution functions of the data and of a law that describes them, beside chance."""
LEAST_AT_RISK, LEAST_SHARE = 30, 0.25
"""Durations (or share of all) that must be at least so long, where a law is compared with data some of which are cut
off: beyond, their distribution is too uncertain. Data seen in full are compared everywhere."""
SEEN_WHOLE = 0.98
"""Share of the durations that must be seen in full, so that the data can stand for a law."""
STEPS = (0.1, 1.0, 5.0, 6.0, 10.0, 15.0, 30.0, 60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
LEAST = 1e-3


@dataclass(frozen=True)
class Observed:
    """Durations in seconds; of those `cut` only a lower bound is known. They are multiples of `step`, 0 if exact."""

    seconds: Floats
    cut: NDArray[np.bool_]
    step: float

    @property
    def whole(self) -> Floats:
        """The durations that are known in full."""
        return self.seconds[~self.cut]


@dataclass(frozen=True)
class Fit:
    """A law fitted by maximum likelihood: family, mean (s), shape (cv, or number of phases), AIC, and distance.

    `distance` is the largest difference between the distribution functions of the law and of the data.
    """

    family: str
    mean: float
    shape: float
    aic: float
    distance: float
    frozen: Any = None

    @property
    def cv(self) -> float:
        """The coefficient of variation of the law."""
        if self.family == "erlang":
            return 1 / math.sqrt(max(self.shape, 1))
        return {"exponential": 1.0, "deterministic": 0.0}.get(self.family, self.shape)


@dataclass(frozen=True)
class Fitted:
    """What was learnt about durations: the laws tried, best AIC first, and the one to write (or empirical values)."""

    observed: Observed
    fits: tuple[Fit, ...]
    chosen: Fit | None
    values: Floats
    allowed: float
    """Largest distance at which a law is taken to describe the data."""

    @property
    def mean(self) -> float:
        """Mean of the law that is written, in seconds."""
        return self.chosen.mean if self.chosen else float(self.values.mean())

    @property
    def family(self) -> str:
        """Family of the law that is written."""
        return self.chosen.family if self.chosen else "empirical"


def observe(seconds: Floats, cut: NDArray[np.bool_] | None = None) -> Observed:
    """Return durations with the step to which they were rounded."""
    cut = np.zeros(len(seconds), bool) if cut is None else cut
    whole = seconds[~cut]
    step = 0.0
    for size in STEPS:
        if len(whole) and np.all(np.abs(whole / size - np.round(whole / size)) < 1e-6):
            step = size
    return Observed(seconds, cut, step)


def fit(observed: Observed) -> Fitted:
    """Fit the families a scenario may name; take the one with the least AIC, or the data if none is close."""
    at, below = distribution(observed)
    allowed = CLOSE + 1.63 / np.sqrt(max(len(observed.whole), 1))
    sure = comparable(observed, at)
    spread = observed.whole.std() / max(observed.whole.mean(), LEAST)
    if spread < 0.01 or len(np.unique(observed.whole)) == 1:
        same = Fit("deterministic", float(observed.whole.mean()), 0.0, -np.inf, 0.0)
        return Fitted(observed, (same,), same, observed.whole[:1], allowed)
    pieces = _pieces(observed)
    fits: list[Fit] = []
    for family in ("exponential", "gamma", "erlang", "lognormal"):
        found = _family(family, pieces, next((each for each in fits if each.family == "gamma"), None))
        if found is None:
            continue
        frozen, shape, parameters, loss = found
        distance = float(np.max(np.abs(frozen.cdf(at[sure]) - below[sure])))
        fits.append(Fit(family, float(frozen.mean()), shape, 2 * parameters + 2 * loss, distance, frozen))
    fits.sort(key=lambda each: each.aic)
    close = [each for each in fits if each.distance <= allowed]
    simple = [each for each in close if each.family in ("exponential", "erlang") and each.aic < fits[0].aic + 2]
    seen_whole = bool(len(below)) and below[-1] > SEEN_WHOLE
    chosen = next(iter(simple or close or ([] if seen_whole else fits)), None)
    return Fitted(observed, tuple(fits), chosen, _values(at, below, len(observed.whole)), allowed)


class _Pieces(NamedTuple):
    """Intervals (s) in which durations lie, open above where they are cut off, and how many lie in each."""

    low: Floats
    high: Floats
    weight: Floats


def _pieces(observed: Observed) -> _Pieces:
    """Return equal durations together; of more than MOST_PIECES different ones, neighbours together."""
    pairs = np.column_stack([observed.seconds, observed.cut.astype(float)])
    if len(np.unique(observed.seconds)) > MOST_PIECES:
        edges = np.quantile(observed.seconds, np.linspace(0, 1, MOST_PIECES))
        pairs[:, 0] = edges[np.searchsorted(edges, observed.seconds).clip(max=MOST_PIECES - 1)]
    rows, weight = np.unique(pairs, axis=0, return_counts=True)
    at, cut = rows[:, 0], rows[:, 1] == 1
    half = max(observed.step / 2, LEAST / 2)
    low = np.where(cut, np.maximum(at, 0.0), np.maximum(at - half, 0.0))
    return _Pieces(low, np.where(cut, np.inf, at + half), weight.astype(float))


def _loss(frozen: Any, pieces: _Pieces) -> float:
    """Return the negative log likelihood of a law."""
    below, above = frozen.cdf(pieces.low), frozen.sf(pieces.low)
    inside = np.where(below < 0.5, frozen.cdf(pieces.high) - below, above - frozen.sf(pieces.high))
    inside = np.where(np.isfinite(pieces.high), inside, above)
    loss = -float(np.sum(pieces.weight * np.log(np.maximum(inside, 1e-300))))
    return loss if math.isfinite(loss) else 1e300


def _family(family: str, pieces: _Pieces, gamma: Fit | None) -> tuple[Any, float, int, float] | None:
    """Return the most likely law of a family, its shape, its number of parameters and its negative log likelihood."""
    middle = np.where(np.isfinite(pieces.high), (pieces.low + pieces.high) / 2, pieces.low)
    known = pieces.weight * np.isfinite(pieces.high)
    logs = np.log(np.maximum(middle, LEAST))
    scale = math.log(max(float(np.sum(pieces.weight * middle) / known.sum()), LEAST))
    centre = float(np.sum(known * logs) / known.sum())
    width = math.sqrt(max(float(np.sum(known * (logs - centre) ** 2) / known.sum()), 1e-4))
    phases = min(max(round(gamma.frozen.args[0]), 1), MOST_PHASES) if gamma else 1

    def law(x: Floats) -> Any:
        size = math.exp(min(float(x[0]), 50.0))
        if family == "exponential":
            return stats.expon(scale=size)
        if family == "erlang":
            return stats.gamma(phases, scale=size / phases)
        shape = math.exp(min(float(x[1]), 5.0))
        return stats.gamma(shape, scale=size / shape) if family == "gamma" else stats.lognorm(shape, scale=size)

    start = np.array({"gamma": [scale, 0.0], "lognormal": [centre, math.log(width)]}.get(family, [scale]))
    with np.errstate(all="ignore"):
        simplex = start + 0.5 * np.vstack([np.zeros(len(start)), np.eye(len(start))])
        options = {"xatol": 1e-4, "fatol": 1e-3, "initial_simplex": simplex}
        best = optimize.minimize(lambda x: _loss(law(x), pieces), start, method="Nelder-Mead", options=options)  # type: ignore[call-overload]
        frozen = law(best.x)
        mean, deviation = float(frozen.mean()), float(frozen.std())
    if not (math.isfinite(mean) and math.isfinite(deviation) and mean > 0 and 0.01 <= deviation / mean <= 20):
        return None
    shape = float(phases) if family == "erlang" else deviation / mean
    return frozen, shape, len(start) + (family == "erlang"), float(best.fun)


def distribution(observed: Observed) -> tuple[Floats, Floats]:
    """Return the distribution function of the data (Kaplan and Meier), at the upper ends of their steps."""
    data = stats.CensoredData(uncensored=observed.whole, right=observed.seconds[observed.cut])
    function = stats.ecdf(data).cdf
    at, below = np.asarray(function.quantiles), np.asarray(function.probabilities)
    events = np.isin(at, observed.whole)
    return at[events] + observed.step / 2, below[events]


def at_risk(observed: Observed, at: Floats) -> Floats:
    """Return how many durations last at least so long."""
    return np.asarray(len(observed.seconds) - np.searchsorted(np.sort(observed.seconds), at), float)


def comparable(observed: Observed, at: Floats) -> NDArray[np.bool_]:
    """Say where a law is compared with the data."""
    least = min(LEAST_AT_RISK, LEAST_SHARE * len(observed.seconds)) if observed.cut.any() else 0
    sure = at_risk(observed, at) >= least
    return sure if sure.any() else np.ones(len(at), bool)


def _values(at: Floats, below: Floats, durations: int) -> Floats:
    """Return quantiles of the data, spaced evenly, whose mean is that of the data as far as they are known."""
    if not len(at):
        return np.zeros(0)
    number = min(QUANTILES, durations)
    levels = (np.arange(number) + 0.5) / number * below[-1]
    values = at[np.searchsorted(below, levels).clip(max=len(at) - 1)]
    mean = float(np.sum(np.diff(below, prepend=0) * at) / below[-1])
    return np.asarray(values * (mean / values.mean()) if values.mean() > 0 else values)
