"""Who gains and who loses: what changed for the people of a comparison, by class and day of coming."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.arrays import Floats
from sim.measures.names import ALL
from sim.scenario.model.quantities import CLASSES
from sim.verbs.compare.pairing import ENDS, PAIR_COLUMNS
from sim.verbs.compare.statistics import LEVEL, difference, intervals, means
from sim.verbs.compare.study import Compared

AT_START = "start"
"""The day of those who were waiting at the start."""
SCOPES = (*CLASSES, ALL)
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
"""Unit and meaning; from `sooner_people` on, of the same people in both scenarios, `base` and `here` being empty."""

OF_NETWORKS = ("stayed_people", "on_the_way_people")
"""Quantities of those who choose between crossings."""


@dataclass(frozen=True)
class Gains:
    """What changed for the people of each group: arrays are (crossings, SCOPES, days, QUANTITIES).

    `low` and `high` are the 95 % intervals of `difference`, each for itself. `days` are local dates and AT_START, or
    only `all`.
    """

    days: tuple[str, ...]
    base: Floats = field(repr=False)
    here: Floats = field(repr=False)
    difference: Floats = field(repr=False)
    low: Floats = field(repr=False)
    high: Floats = field(repr=False)

    def of(self, quantity: str, column: str = "difference") -> Floats:
        """Return one quantity, (crossings, SCOPES, days)."""
        found: Floats = getattr(self, column)[..., list(QUANTITIES).index(quantity)]
        return found


def gains(compared: Compared, contender: int, *, by_day: bool, together: bool = False) -> Gains:
    """Return what a contender (from 1; 0 is the base) changes for every group, against the base.

    With all crossings `together` they count as one.
    """
    groups = [_gathered(compared.groups[:, n], by_day, together) for n in (0, contender)]
    pairs = _gathered(compared.pairs[:, contender], by_day, together)
    own = [np.concatenate((each[..., :-2], _over(each[..., -1:], each[..., -2:-1])), axis=-1) for each in groups]
    both = pairs[..., : PAIR_COLUMNS.index("only_here")].sum(axis=-1, keepdims=True)
    paired = np.concatenate((pairs[..., :-1], _over(pairs[..., -1:], both)), axis=-1)
    nothing = np.full(paired.shape[1:], np.nan)
    apart = np.concatenate((difference(*own), paired), axis=-1)
    mean, (bounds,) = intervals(apart.reshape(len(apart), -1), (LEVEL,))
    shape = apart.shape[1:]
    base, here = (
        np.concatenate((means(each.reshape(len(each), -1)).reshape(each.shape[1:]), nothing), axis=-1) for each in own
    )
    days = (*(day.date().isoformat() for day in compared.days), AT_START) if by_day else (ALL,)
    return Gains(days, base, here, mean.reshape(shape), bounds[0].reshape(shape), bounds[1].reshape(shape))


def _gathered(table: Floats, by_day: bool, together: bool) -> Floats:
    """Return a table (replications, X, C, D + 1, columns) with all classes too, perhaps without days or crossings."""
    if together:
        table = table.sum(axis=1, keepdims=True)
    if not by_day:
        table = table.sum(axis=3, keepdims=True)
    return np.concatenate((table, table.sum(axis=2, keepdims=True)), axis=2)


def _over(above: Floats, below: Floats) -> Floats:
    return np.where(below > 0, above / np.where(below > 0, below, 1), np.nan)
