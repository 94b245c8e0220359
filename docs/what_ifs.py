"""Writes docs/what_ifs.md: the what-ifs of Verkhny Lars under the fitted posterior.

`make what-ifs` runs it; a number of replications may be given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import sim
from sim.measures.headline import phrase
from sim.measures.names import Key
from sim.plotting.rail import words
from sim.verbs.compare.drivers import Direction, directions
from sim.verbs.compare.study import ComparisonData

ROOT = Path(__file__).parents[1]
SCENARIO, CROSSING = ROOT / "scenarios" / "verkhny_lars.yaml", "verkhny_lars"
WHAT_IFS = (
    *("no_screening", "full_screening", "two_officers", "sixteen_officers", "screening_binds", "screening_never_binds"),
    *("no_enlistment_office", "twice_the_booths", "border_closed_28_september", "walkers_never_stopped"),
    "rumour_of_closure",
)
MEASURES = (
    ("crossed_people", "all", "people", 1.0),
    ("max_queue_people", "all", "people", 1.0),
    ("wait_mean", "all/main", "h", 1.0),
    ("men_stopped", "all", "men", 1.0),
)
TO_MEASURE = {
    "officers": "count the officers who screen, by hour",
    "screening": "time how long a man takes at the screening",
    "men": "count men among those who pass",
    "passport control at the exit": "time the passport control, party by party, with the people in each",
    "passport control at the entry": "time the passport control of the other side",
    "lanes": "count the lanes that are staffed, by hour, day and night",
    "bypass": "count who reaches the post past the queue",
    "kept away": "count cars turned back at the roads into the republic, by plates",
    "setting out": "count cars on the approach roads a day before the border, by plates",
    "surge": "count cars on the approach roads a day before the border, day by day",
    "people per car": "count the people in every tenth car",
    "local plates": "note the plates of every tenth car",
    "list": "count the men the officers find in the list",
    "checked": "note which men are checked and which are waved through",
    "give up": "count cars that turn round in the queue",
    "walkers": "count walkers by hour",
    "trucks": "count trucks in and out by hour",
}
"""What to measure at a border, by words of the label of the number that decides."""


def page(comparison: ComparisonData) -> Iterator[str]:
    """Yield the lines of the page."""
    posterior = comparison.base.posterior
    assert posterior is not None
    yield "# What if, at Verkhny Lars"
    yield ""
    yield "Made by `make what-ifs`; do not edit by hand."
    yield ""
    fit = posterior.fitted
    yield (
        f"Each what-if is played {comparison.replications} times beside the base case, on the same random numbers and"
        f" with the same parameters, drawn from the posterior of {fit.calibration} ({fit.date}). Differences are the mean"
        " and, in brackets, 5-95 % of the draws: chance and everything that the reported figures leave open about the"
        " parameters. They do not include the error of the model itself. The wait is that of those who crossed."
    )
    found = {n: {row.key[1:]: row for row in directions(comparison, n, CROSSING)} for n in range(1, len(WHAT_IFS) + 1)}
    order = sorted(found, key=lambda n: not any(row.flips for key, row in found[n].items() if key in _keys()))
    for n in order:
        yield from _section(comparison, n, found[n])


def _keys() -> set[tuple[str, str]]:
    return {(quantity, scope) for quantity, scope, *_ in MEASURES}


def _section(comparison: ComparisonData, n: int, found: dict[tuple[str, str], Direction]) -> Iterator[str]:
    label = comparison.labels[n]
    intervention = comparison.base.loaded.interventions[label]
    yield ""
    yield f"## {words(label).capitalize()}"
    yield ""
    yield " ".join(intervention.description.split())
    flips = [found[key] for key in found if key in _keys() and found[key].flips]
    if flips:
        names = "; ".join(f"{phrase(row.key)} ({row.text})" for row in flips)
        yield ""
        yield f"**The direction is not known** for {names}."
    yield ""
    yield "| measure | base | difference | direction | decided by (share of variance) |"
    yield "|---|--:|--:|---|---|"
    to_measure: dict[str, None] = {}
    for quantity, scope, unit, scale in MEASURES:
        row = found.get((quantity, scope))
        key = Key(CROSSING, quantity, scope)
        base, here = (_column(comparison, k, key) for k in (0, n))
        change = (here - base) * scale
        change = change[np.isfinite(change)]
        low, high = np.quantile(change, [0.05, 0.95])
        difference = f"{_signed(change.mean())} ({_signed(low)} to {_signed(high)}) {unit}"
        direction = row.text if row else "the same in all draws"
        decided, level = row.decided_by if row else "-", f"{_number(np.nanmean(base) * scale)} {unit}"
        yield f"| {phrase(key)} | {level} | {difference} | {direction} | {decided} |"
        for name, _ in row.drivers if row else ():
            to_measure |= {text: None for part, text in TO_MEASURE.items() if part in name}
    if to_measure:
        yield ""
        yield f"To narrow it: {'; '.join(to_measure)}."


def _column(comparison: ComparisonData, n: int, key: Key) -> np.ndarray:
    return comparison.totals[n][:, comparison.keys[n].index(key)]


def _number(value: float) -> str:
    return f"{float(f'{value:.3g}'):,g}"


def _signed(value: float) -> str:
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{_number(abs(value))}"


if __name__ == "__main__":
    replications = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    result = sim.compare(SCENARIO, *(f"+{name}" for name in WHAT_IFS), replications=replications)
    (ROOT / "docs" / "what_ifs.md").write_text("\n".join(page(result.data)) + "\n", encoding="utf-8")
