"""Who gains and who loses: what changed for the people of a comparison, by class and day of arrival."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.arrays import Floats
from sim.measures.names import ALL
from sim.verbs.compare.pairing import ENDS, PAIR_COLUMNS
from sim.verbs.compare.statistics import LEVEL, difference, intervals, means
from sim.verbs.compare.study import ComparisonData

AT_START = "start"
"""The day of the people who were waiting at the start."""
TIME = "time_across"
QUANTITIES = {
    "came_people": ("people", "that came to the border, or were waiting at the start"),
    **{f"{end}_people": ("people", f"of them {end}") for end in ENDS},
    "wait_mean": ("h", "mean time in queues of the parties across"),
    "sooner_people": ("people", "across in both scenarios, after a shorter time than in the base"),
    "as_soon_people": ("people", "across in both, after the same time to the minute"),
    "later_people": ("people", "across in both, after a longer time than in the base"),
    "only_here_people": ("people", "across here and not in the base"),
    "only_base_people": ("people", "across in the base and not here"),
    "neither_people": ("people", "across in neither"),
    "gone_people": ("people", "that come in the base only"),
    "new_people": ("people", "that come here only"),
    TIME: ("h", "change of the mean time from coming to being across, of the people across in both"),
}
"""Unit and meaning. From `sooner_people` on they follow the same people in both; `base` and `here` are then empty."""

OF_NETWORKS = ("stayed_people", "on_the_way_people")
"""Quantities of people who choose between crossings; some also stay at home where stops deter them."""


@dataclass(frozen=True)
class GroupChanges:
    """What changed for the people of each group: arrays are (crossings, scopes, days, QUANTITIES).

    `low` and `high` are the 95 % intervals of `difference`, not corrected for their number. `days` are local dates and
    AT_START, or only `all`; `scopes` are all streams and `all`.
    """

    scopes: tuple[str, ...]
    days: tuple[str, ...]
    base: Floats = field(repr=False)
    here: Floats = field(repr=False)
    difference: Floats = field(repr=False)
    low: Floats = field(repr=False)
    high: Floats = field(repr=False)

    def of(self, quantity: str, column: str = "difference") -> Floats:
        """Return one quantity, (crossings, scopes, days)."""
        values: Floats = getattr(self, column)[..., list(QUANTITIES).index(quantity)]
        return values


def group_changes(comparison: ComparisonData, variant: int, *, by_day: bool, together: bool = False) -> GroupChanges:
    """Return what a variant (from 1; 0 is the base) changes for every group, compared with the base.

    With `together`, all crossings count as one.
    """
    groups = [_aggregated(comparison.groups[:, n], by_day, together) for n in (0, variant)]
    pairs = _aggregated(comparison.pairs[:, variant], by_day, together)
    values = [np.concatenate((each[..., :-2], _ratio(each[..., -1:], each[..., -2:-1])), axis=-1) for each in groups]
    both = pairs[..., : PAIR_COLUMNS.index("only_here")].sum(axis=-1, keepdims=True)
    paired = np.concatenate((pairs[..., :-1], _ratio(pairs[..., -1:], both)), axis=-1)
    nothing = np.full(paired.shape[1:], np.nan)
    changes = np.concatenate((difference(*values), paired), axis=-1)
    mean, (bounds,) = intervals(changes.reshape(len(changes), -1), (LEVEL,))
    shape = changes.shape[1:]
    base, here = (
        np.concatenate((means(each.reshape(len(each), -1)).reshape(each.shape[1:]), nothing), axis=-1)
        for each in values
    )
    days = (*(day.date().isoformat() for day in comparison.days), AT_START) if by_day else (ALL,)
    return GroupChanges(
        comparison.scopes, days, base, here, mean.reshape(shape), bounds[0].reshape(shape), bounds[1].reshape(shape)
    )


def _aggregated(table: Floats, by_day: bool, together: bool) -> Floats:
    """Return a table (replications, X, C, D + 1, columns) with a class for all; days or crossings may be summed."""
    if together:
        table = table.sum(axis=1, keepdims=True)
    if not by_day:
        table = table.sum(axis=3, keepdims=True)
    return np.concatenate((table, table.sum(axis=2, keepdims=True)), axis=2)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    return np.where(denominator > 0, numerator / np.where(denominator > 0, denominator, 1), np.nan)
