"""The words for people in a network: numbers with their ranges, and where those go who change their crossing."""

from __future__ import annotations

import math

import numpy as np

from sim.arrays import Floats
from sim.measures.names import ALL, Key
from sim.plotting.names import crossing_name, sure
from sim.plotting.rail import words
from sim.units import SCALES, show_duration
from sim.verbs.compare.lines import signed
from sim.verbs.compare.statistics import Difference
from sim.verbs.compare.study import Compared
from sim.verbs.compare.transitions import ACROSS, State, states
from sim.verbs.compare.words import share

FEW = 0.02
"""Share of those who go elsewhere below which a way of theirs is not named."""
MOST_NAMED = 4
MINUTE = 1 / 60
"""Hours."""


def changed(compared: Compared, contender: int) -> Floats:
    """Return the moves (replications, states, states) to another crossing than in the base, or to or from home."""
    found = states(compared.base.plan.crossings)
    other = np.array([[one.crossing != two.crossing for two in found] for one in found])
    return np.asarray(compared.moves[:, contender] * other)


def moves_words(compared: Compared, contender: int) -> str:
    """Return where the people go who no longer take the crossing they take in the base, and what that does to waits."""
    label, base = words(compared.labels[contender]), words(compared.base.label)
    moved = changed(compared, contender)
    total = moved.sum(axis=(1, 2))
    if not total.any():
        return f"With {label} everybody from the origins takes the same crossing as in {base}."
    found = states(compared.base.plan.crossings)
    everybody = compared.moves[:, contender].sum(axis=(1, 2)).mean()
    across = moved[:, :, [each.end == ACROSS for each in found]].sum(axis=(1, 2))
    said = [
        f"With {label}, {sure(total)} people from the origins ({share(total.mean() / everybody)}) take another "
        f"crossing than in {base}, or stay: {_ways(compared, found, moved)}.",
        f"Of them {share(across.mean() / total.mean())} get across before the end.",
    ]
    said += [each for each in (_waits(compared, contender),) if each]
    return " ".join(said)


def _ways(compared: Compared, found: list[State], moved: Floats) -> str:
    """Return the largest ways from crossing to crossing, the others together."""
    scenario = compared.base.scenario
    places = [*compared.base.plan.crossings, ""]
    at = np.array([[each.crossing == place for place in places] for each in found], np.float64)
    people = at.T @ moved @ at
    means = people.mean(axis=0)
    ranked = sorted(np.ndindex(*means.shape), key=lambda cell: -means[cell])
    named = [cell for cell in ranked[:MOST_NAMED] if means[cell] >= FEW * means.sum()]
    told = []
    for one, two in named:
        start, end = (crossing_name(scenario, places[k]) if places[k] else "home" for k in (one, two))
        told.append(f"{sure(people[:, one, two])} {end} in place of {start}")
    rest = people.sum(axis=(1, 2)) - sum(people[:, one, two] for one, two in named)
    return "; ".join([*told, *([f"{sure(rest)} other ways"] if rest.mean() >= 0.5 else [])])


def _waits(compared: Compared, contender: int) -> str:
    """Return how the mean wait of those who cross changes at each crossing."""
    found = {each.key: each for each in compared.differences[contender - 1]}
    told, small = [], 0
    for crossing in compared.base.plan.crossings:
        each = found.get(Key(crossing, "wait_mean", ALL))
        if each is None or not math.isfinite(each.difference):
            continue
        bounds = [each.difference, *(bound for bound in (each.family_low, each.family_high) if math.isfinite(bound))]
        if max(map(abs, bounds)) < MINUTE:
            small += 1
        else:
            told.append(f"{crossing_name(compared.base.scenario, crossing)} {_change(each)}")
    if not told:
        return ""
    others = "; elsewhere by less than a minute" if small else ""
    return f"The mean wait of those who cross changes by (95 % interval): {'; '.join(told)}{others}."


def _change(found: Difference) -> str:
    unit = show_duration(3600 * max(abs(found.difference), abs(found.base), 1 / 60)).split()[-1]
    scale = 3600 / SCALES["time"][unit]
    known = math.isfinite(found.family_low)
    span = f" ({signed(found.family_low * scale, 2)} to {signed(found.family_high * scale, 2)})" if known else ""
    return f"{signed(found.difference * scale, 2)} {unit}{span}"
