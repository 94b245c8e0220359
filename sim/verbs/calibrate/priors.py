"""The priors of a calibration as one law, and the scale on which it is sampled.

Samplers work with *scores*: one number per parameter, standard normal under the prior. A family that is cut off or
skewed needs no care there, and no sampler can leave the prior's range.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, log
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import ndtr, ndtri

from sim.arrays import Bools, Floats
from sim.errors import SimError
from sim.scenario.model.calibration import Calibration, Prior

FARTHEST = 8.0
"""Scores beyond this (one in 10^15 under the prior) are taken as this."""


@dataclass(frozen=True)
class Priors:
    """Independent priors of D parameters, by name."""

    priors: dict[str, Prior]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in the order of the columns of every array."""
        return tuple(self.priors)

    def values(self, scores: Floats) -> Floats:
        """Return the parameters, in their units, at `scores`, both (N, D)."""
        chances = ndtr(np.clip(scores, -FARTHEST, FARTHEST))
        above = ndtr(-np.clip(scores, -FARTHEST, FARTHEST))
        columns = [
            np.where(chances[:, d] < 0.5, law.ppf(chances[:, d]), law.isf(above[:, d]))
            for d, law in enumerate(self._laws)
        ]
        tied = np.stack(columns, axis=1)
        found: Floats = np.where(self._logs, np.exp(np.where(self._logs, tied, 0.0)), tied)
        return found

    def log_density(self, values: Floats) -> Floats:
        """Return the logarithm of the prior density at `values` (N, D), per unit of the parameters, (N,)."""
        tied = self._tied(values)
        by_law = [law.logpdf(tied[:, d]) for d, law in enumerate(self._laws)]
        found: Floats = np.sum(by_law, axis=0) - tied[:, self._logs].sum(axis=1)
        return found

    def spread_out(self, number: int, seed: int) -> Floats:
        """Return the scores of a space-filling sample of the prior (scrambled Sobol points), (`number`, D).

        `number` is a power of two.
        """
        sobol = stats.qmc.Sobol(len(self.priors), rng=np.random.default_rng(seed))
        found: Floats = np.clip(ndtri(sobol.random_base2(number.bit_length() - 1)), -FARTHEST, FARTHEST)
        return found

    @cached_property
    def _laws(self) -> list[Any]:
        return [_law(name, prior) for name, prior in self.priors.items()]

    @cached_property
    def _logs(self) -> Bools:
        return np.array([prior.family.startswith("log") for prior in self.priors.values()])

    def _tied(self, values: Floats) -> Floats:
        """Return values, or their logarithms, as the laws have them."""
        found: Floats = np.where(self._logs, np.log(np.where(self._logs, values, 1.0)), values)
        return found


def priors(calibration: Calibration) -> Priors:
    """Return the priors of a calibration. Raises SimError if it has no parameters."""
    if not calibration.parameters:
        raise SimError("the calibration has no parameters, so there is nothing to fit")
    return Priors({name: parameter.prior for name, parameter in calibration.parameters.items()})


def _law(name: str, prior: Prior) -> Any:
    """Return the law of a parameter; that of its logarithm for the families that begin with `log`."""
    scale = _log if prior.family.startswith("log") else float
    low = -inf if prior.low is None else scale(prior.low)
    high = inf if prior.high is None else scale(prior.high)
    if prior.family in ("uniform", "loguniform"):
        return stats.uniform(low, high - low)
    centre = float(prior.mean or 0) if prior.family == "normal" else log(prior.median or 1)
    sd = float(prior.sd or prior.spread or 1)
    law = stats.truncnorm((low - centre) / sd, (high - centre) / sd, centre, sd)
    if not np.isfinite(law.ppf([0.001, 0.5, 0.999])).all():
        raise SimError(f"parameters.{name}.prior: nothing of the law lies between its low and high ends")
    return law


def _log(number: float) -> float:
    return log(number) if number > 0 else -inf
