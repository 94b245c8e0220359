"""Fits laws of durations to observed ones, some of which may be cut off, and says which law describes them best."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.arrays import Floats

MOST_FITTED = 4000
"""Most durations a law is fitted to; of more, every k-th by size is taken."""
MOST_PHASES = 100
QUANTILES = 200
"""Number of values of an empirical law."""
CLOSE = 0.05
"""Largest distance between the distribution functions of the data and of a law that describes them, beside chance."""
STEPS = (1.0, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
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
    """A law fitted by maximum likelihood: family, mean (s), shape (cv, or number of phases), AIC (of the MOST_FITTED).

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
        by_family = {"exponential": 1.0, "erlang": max(self.shape, 1.0) ** -0.5, "deterministic": 0.0}
        return by_family.get(self.family, self.shape)


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
    spread = observed.whole.std() / max(observed.whole.mean(), LEAST)
    if spread < 0.01 or len(np.unique(observed.whole)) == 1:
        same = Fit("deterministic", float(observed.whole.mean()), 0.0, -np.inf, 0.0)
        return Fitted(observed, (same,), same, observed.whole[:1], allowed)
    sample = _sample(observed)
    data = _censored(sample)
    fits: list[Fit] = []
    for family in ("exponential", "gamma", "erlang", "lognormal"):
        found = _family(family, data, fits)
        if found is None:
            continue
        frozen, mean, shape, parameters = found
        loss = -_likelihood(frozen, sample)
        distance = float(np.max(np.abs(frozen.cdf(at) - below))) if len(at) else 1.0
        aic = 2 * parameters + 2 * loss
        fits.append(Fit(family, mean, shape, aic, distance, frozen))
    fits.sort(key=lambda each: each.aic)
    close = [each for each in fits if each.distance <= allowed]
    simple = [each for each in close if each.family in ("exponential", "erlang") and each.aic < fits[0].aic + 2]
    chosen = next(iter(simple or close), None)
    return Fitted(observed, tuple(fits), chosen, _values(at, below), allowed)


def _sample(observed: Observed) -> Observed:
    n = len(observed.seconds)
    if n <= MOST_FITTED:
        return observed
    order = np.argsort(observed.seconds, kind="stable")
    taken = order[np.linspace(0, n - 1, MOST_FITTED).astype(int)]
    return Observed(observed.seconds[taken], observed.cut[taken], observed.step)


def _bounds(observed: Observed) -> tuple[Floats, Floats]:
    """Return the interval in which each duration lies: half a step to both sides, open above where it is cut off."""
    half = max(observed.step / 2, LEAST / 2)
    low = np.maximum(observed.seconds - half, 0.0)
    high = np.where(observed.cut, np.inf, observed.seconds + half)
    return np.where(observed.cut, np.maximum(observed.seconds, 0.0), low), high


def _censored(observed: Observed) -> Any:
    low, high = _bounds(observed)
    if not observed.step:
        exact = np.maximum(observed.whole, LEAST)
        return stats.CensoredData(uncensored=exact, right=np.maximum(observed.seconds[observed.cut], LEAST))
    return stats.CensoredData(
        interval=np.column_stack([low[~observed.cut], high[~observed.cut]]),
        right=np.maximum(observed.seconds[observed.cut], LEAST),
    )


def _family(family: str, data: Any, known: list[Fit]) -> tuple[Any, float, float, int] | None:
    """Return the fitted law of a family, its mean, shape and number of parameters."""
    gamma = next((each for each in known if each.family == "gamma"), None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if family == "exponential":
                _, scale = stats.expon.fit(data, floc=0)
                return stats.expon(scale=scale), float(scale), 1.0, 1
            if family == "erlang":
                phases = min(max(round(gamma.frozen.args[0]), 1), MOST_PHASES) if gamma else 1
                _, _, scale = stats.gamma.fit(data, f0=phases, floc=0)
                return stats.gamma(phases, scale=scale), float(phases * scale), float(phases), 2
            law = stats.gamma if family == "gamma" else stats.lognorm
            shape, _, scale = law.fit(data, floc=0)
    except (stats.FitError, ValueError, FloatingPointError, RuntimeError):
        return None
    frozen = law(shape, scale=scale)
    mean, deviation = float(frozen.mean()), float(frozen.std())
    if not (np.isfinite(mean) and np.isfinite(deviation) and mean > 0 and 0.01 <= deviation / mean <= 20):
        return None
    return frozen, mean, deviation / mean, 2


def _likelihood(frozen: Any, observed: Observed) -> float:
    low, high = _bounds(observed)
    inside = np.where(np.isfinite(high), frozen.cdf(high) - frozen.cdf(low), frozen.sf(low))
    return float(np.sum(np.log(np.maximum(inside, 1e-300))))


def distribution(observed: Observed) -> tuple[Floats, Floats]:
    """Return the distribution function of the data (Kaplan and Meier), at the upper ends of their steps."""
    data = stats.CensoredData(uncensored=observed.whole, right=observed.seconds[observed.cut])
    function = stats.ecdf(data).cdf
    at, below = np.asarray(function.quantiles), np.asarray(function.probabilities)
    events = np.isin(at, observed.whole)
    return at[events] + observed.step / 2, below[events]


def _values(at: Floats, below: Floats) -> Floats:
    """Return quantiles of the data, spaced evenly, whose mean is that of the data as far as they are known."""
    if not len(at):
        return np.zeros(0)
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES * below[-1]
    values = at[np.searchsorted(below, levels).clip(max=len(at) - 1)]
    mean = float(np.sum(np.diff(below, prepend=0) * at) / below[-1])
    return np.asarray(values * (mean / values.mean()) if values.mean() > 0 else values)
