"""How sure the direction of an effect is, and which fitted number decides it, where scenarios draw from a posterior.

Replication k has the same parameters in all scenarios, so the differences over the replications vary with them and with
chance. The share of a parameter is its squared rank correlation with the difference (Spearman 1904): about what would
be saved of the variance if the parameter were known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from sim.arrays import Floats
from sim.measures.headline import headlines
from sim.measures.names import ALL, HEADLINES, Key
from sim.verbs.compare.statistics import difference
from sim.verbs.compare.study import ComparisonData

TOLD = (*HEADLINES, ("men_stopped", ALL), ("person_nights", ALL))
"""The totals (quantity, scope) of which direction and drivers are printed."""
FEWEST = 30
"""Fewest replications of which shares are told; with so many, chance alone makes a share of a tenth."""
LEAST, MOST = 0.1, 2
"""Least share of a parameter that is named, and how many are named for a measure."""


@dataclass(frozen=True)
class Direction:
    """The share of the draws in which a total is less, the same and more than in the base; and what decides it.

    `drivers` has label and share of the parameters that decide the difference, the largest share first.
    """

    key: Key
    less: float
    same: float
    more: float
    drivers: tuple[tuple[str, float], ...]

    @property
    def flips(self) -> bool:
        """Whether both directions hold in more than a twentieth of the draws."""
        return min(self.less, self.more) > 0.05

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
        return "; ".join(f"{label} ({100 * share:.0f} %)" for label, share in self.drivers) or "-"


def directions(comparison: ComparisonData, variant: int, crossing: str) -> Iterator[Direction]:
    """Yield the direction of every headline measure of a variant against the base, at one crossing.

    Nothing without a posterior, with fewer than FEWEST replications, or of a measure that nothing changes.
    """
    base, other = comparison.base, comparison.variants[variant]
    if base.posterior is None or other.posterior is None or comparison.replications < FEWEST:
        return
    rows = np.arange(comparison.replications) % len(base.posterior.values)
    values, names = base.posterior.values[rows], base.posterior.names
    labels = [base.posterior.fitted.values[name].label or name for name in names]
    before, after = ({key: k for k, key in enumerate(comparison.keys[n])} for n in (0, variant))
    for headline in headlines():
        key = Key(crossing, headline.quantity, headline.scope)
        if key not in before or key not in after:
            continue
        there, here = comparison.totals[0][:, before[key]], comparison.totals[variant][:, after[key]]
        known = np.isfinite(there) & np.isfinite(here)
        change = difference(there[known], here[known])
        if len(change) >= FEWEST and change.any():
            yield _direction(key, change, values[known], labels)


def _direction(key: Key, change: Floats, values: Floats, labels: list[str]) -> Direction:
    less, more = float((change < 0).mean()), float((change > 0).mean())
    shares = [float(np.nan_to_num(spearmanr(column, change).statistic ** 2)) for column in values.T]
    ordered = sorted(zip(labels, shares, strict=True), key=lambda pair: -pair[1])
    return Direction(key, less, 1 - less - more, more, tuple(pair for pair in ordered if pair[1] >= LEAST)[:MOST])
