"""How sure the direction of an effect is, and which fitted number decides it, where scenarios draw from a posterior.

Replication k has the same parameters in all scenarios, so the differences over the replications vary with them and with
chance. The share of a parameter is its squared rank correlation with the difference (Spearman 1904): about what would
be saved of the variance if the parameter were known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from sim.arrays import Floats
from sim.measures.headline import headlines_of
from sim.measures.names import ALL, HEADLINES, Key
from sim.play.posterior import Posterior
from sim.verbs.compare.statistics import difference
from sim.verbs.compare.study import ComparisonData

TOLD = (*HEADLINES, ("men_stopped", ALL), ("person_nights", ALL))
"""The totals (quantity, scope) of which direction and drivers are printed."""
FEWEST = 30
"""Fewest replications of which shares are told; with so many, chance alone makes a share of a tenth."""
MATERIAL, FLIPPING = 0.01, 0.05
"""Least size of a difference that counts for its direction, as a share of the base, and least share of the draws."""
LEAST, MOST = 0.1, 2
"""Least share of a parameter that is named, and how many are named for a measure."""


class Driver(NamedTuple):
    """A parameter that decides a difference, with its share of the variance."""

    name: str
    label: str
    share: float


@dataclass(frozen=True)
class Direction:
    """The share of the draws in which a total is less, the same and more than in the base; and what decides it.

    `flips`: both directions hold, by over MATERIAL of a draw's base, in over FLIPPING of the draws.
    """

    key: Key
    less: float
    same: float
    more: float
    flips: bool
    drivers: tuple[Driver, ...]

    @property
    def text(self) -> str:
        """The directions in words: 'more in 93 % of the draws, less in 7 %'."""
        shares = (("less", self.less), ("the same", self.same), ("more", self.more))
        ordered = sorted(shares, key=lambda pair: -pair[1])
        parts = [f"{word} in {100 * share:.0f} %" for word, share in ordered if share >= 0.005]
        return ", ".join([f"{parts[0]} of the draws", *parts[1:]])

    @property
    def decided_by(self) -> str:
        """What decides the difference, in words; '-' if no single parameter does."""
        return "; ".join(f"{driver.label} ({100 * driver.share:.0f} %)" for driver in self.drivers) or "-"


def directions(comparison: ComparisonData, variant: int, crossing: str) -> Iterator[Direction]:
    """Yield the direction of every headline measure of a variant against the base, at one crossing.

    Nothing without a posterior, with fewer than FEWEST replications, or of a measure that nothing changes.
    """
    base, other = comparison.base, comparison.variants[variant]
    if base.posterior is None or other.posterior is None:
        return
    before, after = ({key: k for k, key in enumerate(comparison.keys[n])} for n in (0, variant))
    shown = dict.fromkeys([*((headline.quantity, headline.scope) for headline in headlines_of(base.scenario)), *TOLD])
    for key in (Key(crossing, *total) for total in shown):
        if key in before and key in after:
            there, here = comparison.totals[0][:, before[key]], comparison.totals[variant][:, after[key]]
            if found := direction(base.posterior, key, there, here):
                yield found


def direction(posterior: Posterior, key: Key, there: Floats, here: Floats) -> Direction | None:
    """Return the direction from `there` to `here`, a number per replication each, and what decides it.

    None with fewer than FEWEST replications that have both, or where all are the same.
    """
    known = np.isfinite(there) & np.isfinite(here)
    change = difference(there[known], here[known])
    if len(change) < FEWEST or not change.any():
        return None
    large = MATERIAL * np.abs(there[known])
    less, more = float((change < 0).mean()), float((change > 0).mean())
    flips = min((change < -large).mean(), (change > large).mean()) > FLIPPING
    values = drawn(posterior, len(there))[known]
    return Direction(key, less, 1 - less - more, more, bool(flips), _drivers(change, values, posterior))


def drawn(posterior: Posterior, replications: int) -> Floats:
    """Return the parameters of every replication (replications, parameters)."""
    return posterior.values[np.arange(replications) % len(posterior.values)]


def _drivers(change: Floats, values: Floats, posterior: Posterior) -> tuple[Driver, ...]:
    shares = [float(np.nan_to_num(spearmanr(column, change).statistic ** 2)) for column in values.T]
    drivers = [
        Driver(name, posterior.fitted.values[name].label or name, share)
        for name, share in zip(posterior.names, shares, strict=True)
        if share >= LEAST
    ]
    return tuple(sorted(drivers, key=lambda driver: -driver.share)[:MOST])
