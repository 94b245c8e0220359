"""The priors of a calibration as one law, and the scale on which it is sampled.

Samplers work with *scores*: one number per parameter, standard normal under the prior. Truncated
and skewed families need no special treatment there, and no sampler can leave the prior's range.
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
"""Scores beyond this (one in 10^15 under the prior) are replaced by it."""


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
        on_scale = np.stack(columns, axis=1)
        return np.where(self._logs, np.exp(np.where(self._logs, on_scale, 0.0)), on_scale)

    def log_density(self, values: Floats) -> Floats:
        """Return the logarithm of the prior density at `values` (N, D), per unit of the parameters, (N,)."""
        on_scale = self._on_scale(values)
        by_law = [law.logpdf(on_scale[:, d]) for d, law in enumerate(self._laws)]
        return np.asarray(np.sum(by_law, axis=0) - on_scale[:, self._logs].sum(axis=1))

    def spread_out(self, number: int, seed: int) -> Floats:
        """Return the scores of a space-filling sample of the prior (scrambled Sobol points), (`number`, D).

        `number` is a power of two.
        """
        sobol = stats.qmc.Sobol(len(self.priors), rng=np.random.default_rng(seed))
        return np.clip(ndtri(sobol.random_base2(number.bit_length() - 1)), -FARTHEST, FARTHEST)

    @cached_property
    def _laws(self) -> list[Any]:
        return [_law(name, prior) for name, prior in self.priors.items()]

    @cached_property
    def _logs(self) -> Bools:
        return np.array([prior.family.startswith("log") for prior in self.priors.values()])

    def _on_scale(self, values: Floats) -> Floats:
        """Return values, or their logarithms, on the scale of each law."""
        return np.where(self._logs, np.log(np.where(self._logs, values, 1.0)), values)


def priors_of(calibration: Calibration) -> Priors:
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
        raise SimError(f"parameters.{name}.prior: the law has no probability between 'low' and 'high'")
    return law


def _log(number: float) -> float:
    return log(number) if number > 0 else -inf
