"""Sentences on a network: how many people take another crossing than in the base, which one, and the waits."""

from __future__ import annotations

import math

import numpy as np

from sim.arrays import Floats
from sim.measures.names import ALL, Key
from sim.plotting.names import crossing_name, sure
from sim.plotting.rail import words
from sim.units import SCALES, show_duration
from sim.verbs.compare.effects import signed
from sim.verbs.compare.statistics import Difference
from sim.verbs.compare.study import ComparisonData
from sim.verbs.compare.transitions import ACROSS, State, states
from sim.verbs.compare.words import share

FEW = 0.02
"""Share of the people who change their crossing below which a change from one crossing to another is not named."""
MOST_NAMED = 4
MINUTE = 1 / 60
"""Hours."""


def diverted_people(comparison: ComparisonData, variant: int) -> Floats:
    """Return people (replications, states, states) whose last crossing, or staying home, differs from the base."""
    ends = states(comparison.crossings)
    differs = np.array([[before.crossing != after.crossing for after in ends] for before in ends])
    return np.asarray(comparison.transitions[:, variant] * differs)


def transition_text(comparison: ComparisonData, variant: int) -> str:
    """Return a paragraph on the people who take another crossing than in the base, and on the changes of waits."""
    label, base = words(comparison.labels[variant]), words(comparison.base.label)
    diverted = diverted_people(comparison, variant)
    total = diverted.sum(axis=(1, 2))
    if not total.any():
        return f"With {label} everybody from the origins takes the same crossing as in {base}."
    ends = states(comparison.crossings)
    everybody = comparison.transitions[:, variant].sum(axis=(1, 2)).mean()
    across = diverted[:, :, [state.end == ACROSS for state in ends]].sum(axis=(1, 2))
    sentences = [
        f"With {label}, {sure(total)} people from the origins ({share(total.mean() / everybody)}) take another "
        f"crossing than in {base}, or stay at home: {_changes_of_crossing(comparison, ends, diverted)}.",
        f"Of these, {share(across.mean() / total.mean())} get across before the end.",
    ]
    sentences += [each for each in (_wait_sentence(comparison, variant),) if each]
    return " ".join(sentences)


def _changes_of_crossing(comparison: ComparisonData, ends: list[State], diverted: Floats) -> str:
    """Return the most frequent changes from one crossing to another, and the sum of the others."""
    scenario = comparison.base.scenario
    places = [*comparison.crossings, ""]
    at = np.array([[state.crossing == place for place in places] for state in ends], np.float64)
    people = at.T @ diverted @ at
    means = people.mean(axis=0)
    ranked = sorted(np.ndindex(*means.shape), key=lambda cell: -means[cell])
    largest = [cell for cell in ranked[:MOST_NAMED] if means[cell] >= FEW * means.sum()]
    parts = []
    for one, two in largest:
        start, end = (crossing_name(scenario, places[k]) if places[k] else "home" for k in (one, two))
        parts.append(f"{sure(people[:, one, two])} {end} instead of {start}")
    rest = people.sum(axis=(1, 2)) - sum(people[:, one, two] for one, two in largest)
    return "; ".join([*parts, *([f"{sure(rest)} other changes"] if rest.mean() >= 0.5 else [])])


def _wait_sentence(comparison: ComparisonData, variant: int) -> str:
    """Return how the mean wait of those who cross changes at each crossing; '' if nowhere."""
    differences = {each.key: each for each in comparison.differences[variant - 1]}
    parts, small = [], 0
    for crossing in comparison.crossings:
        change = differences.get(Key(crossing, "wait_mean", ALL))
        if change is None or not math.isfinite(change.difference):
            continue
        ends = (change.difference, change.family_low, change.family_high)
        bounds = [bound for bound in ends if math.isfinite(bound)]
        if max(map(abs, bounds)) < MINUTE:
            small += 1
        else:
            parts.append(f"{crossing_name(comparison.base.scenario, crossing)} {_change(change)}")
    if not parts:
        return ""
    others = "; elsewhere by less than a minute" if small else ""
    return f"The mean wait of those who cross changes by (95 % interval): {'; '.join(parts)}{others}."


def _change(change: Difference) -> str:
    """Return a difference with its interval, in a unit that fits: '+2.1 h (+1.5 to +2.7)'."""
    unit = show_duration(3600 * max(abs(change.difference), abs(change.base), 1 / 60)).split()[-1]
    scale = 3600 / SCALES["time"][unit]
    low, high = (signed(bound * scale, 2) for bound in (change.family_low, change.family_high))
    interval = f" ({low} to {high})" if math.isfinite(change.family_low) else ""
    return f"{signed(change.difference * scale, 2)} {unit}{interval}"
