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
    ("crossed_people", "all", "people"),
    ("max_queue_people", "all", "people"),
    ("wait_mean", "car/main", "h"),
    ("reneged_people", "all", "people"),
    ("men_stopped", "all", "men"),
)
TO_MEASURE = {
    "officers": "count the officers who screen, by hour",
    "man_time": "time how long a man takes at the screening",
    "intensity": "note which men are checked and which are waved through",
    "intensity_later": "note which men are checked and which are waved through",
    "hit_rate": "count the men whom the officers find in the list, and those they look up",
    "men_share": "count men among those who pass",
    "person_time": "time the passport control at the exit, party by party, with the people in each",
    "entry_time": "time the passport control at the entry, party by party, with the people in each",
    "night_lanes": "count the lanes that are staffed, by hour, day and night",
    "lanes_later": "count the lanes that are staffed, by hour, before and after each new rule",
    "bypass_share": "count who reaches the post past the queue",
    "bypass_taken": "count who reaches the post past the queue",
    "walkers_share": "count walkers and bikes at the post by hour",
    "barred": "count cars turned back at the roads into the republic, by plates",
    "barred_at_first": "count cars turned back at the roads into the republic, by plates",
    "local_share": "note the plates of every tenth car",
    "leaving": "count cars that turn round in the queue",
    "people_per_car": "count the people in every tenth car",
    "surge_rate": "count cars on the approach roads a day before the border, by plates",
    "surge_decay": "count cars on the approach roads a day before the border, day by day",
    "surge_lag": "ask every tenth car when it set out",
    "near_rate": "count cars on the approach roads by plates",
    "near_decay": "count cars on the approach roads by plates, day by day",
    "walkers_rate": "count walkers by hour",
    "walkers_decay": "count walkers by hour, day by day",
    "truck_pace": "count trucks out by hour",
}
"""What to measure at a border, by the parameter that decides."""


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
        f" with the same parameters, drawn from the posterior of {fit.calibration} ({fit.date}). Differences are the"
        " mean and, in brackets, 5-95 % of the draws: chance and all that the reported figures leave open about the"
        " parameters; percentages are medians over the draws. They do not include the error"
        " of the model itself. The wait is that of those who crossed."
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
    title = words(label).replace("september", "September")
    rows = [_Row(comparison, n, *measure) for measure in MEASURES]
    yield ""
    yield f"## {title[0].upper()}{title[1:]}"
    yield ""
    yield " ".join(intervention.description.split())
    yield ""
    flips = [found[key] for key in found if key in _keys() and found[key].flips]
    if flips:
        names = "; ".join(f"{phrase(row.key)} ({row.text})" for row in flips)
        yield f"**The direction is not known** for {names}."
        yield ""
    yield f"What to expect: {'; '.join(row.sentence for row in rows)}."
    yield ""
    yield "| measure | base | difference (5-95 % of the draws) | direction | decided by (share of variance) |"
    yield "|---|--:|--:|---|---|"
    to_measure: dict[str, None] = {}
    for row in rows:
        sure = found.get(row.key[1:])
        direction, decided = (sure.text, sure.decided_by) if sure else ("the same in all draws", "-")
        yield f"| {phrase(row.key)} | {_number(row.base)} {row.unit} | {row.difference} | {direction} | {decided} |"
        to_measure |= {TO_MEASURE[each.name]: None for each in sure.drivers if each.name in TO_MEASURE} if sure else {}
    if to_measure:
        yield ""
        yield f"To narrow it: {'; '.join(to_measure)}."


class _Row:
    """A measure of a what-if beside the base."""

    def __init__(self, comparison: ComparisonData, n: int, quantity: str, scope: str, unit: str) -> None:
        self.key, self.unit = Key(CROSSING, quantity, scope), unit
        base, here = (_column(comparison, k, self.key) for k in (0, n))
        change = (here - base)[np.isfinite(here - base)]
        self.base, self.change = float(np.nanmean(base)), float(change.mean())
        self.low, self.high = np.quantile(change, [0.05, 0.95]).tolist()
        known = np.isfinite(here - base) & (base > 0)
        self.shares = 100 * np.quantile((here / np.where(known, base, 1.0) - 1)[known], [0.5, 0.05, 0.95])

    @property
    def difference(self) -> str:
        """The mean difference with its band."""
        return f"{_signed(self.change)} ({_signed(self.low)} to {_signed(self.high)}) {self.unit}"

    @property
    def sentence(self) -> str:
        """The difference in percent of the base, draw by draw: the median with the band."""
        if np.abs(self.shares).max() < 1:
            return f"{phrase(self.key)} by less than 1 % either way"
        return "{} {} % ({} to {} %)".format(phrase(self.key), *(_signed(round(part, 1)) for part in self.shares))


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
