"""Writes docs/what_ifs.md: the what-ifs of Verkhny Lars under the fitted posterior.

`make what-ifs` runs it; a number of replications may be given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

import sim
from sim.measures.headline import COUNT, SPAN, phrase
from sim.measures.names import Key
from sim.play.posterior import Posterior
from sim.plotting.rail import words
from sim.units import to_figures
from sim.verbs.compare.drivers import FLIPPING, LEAST, MATERIAL, Direction, direction, drawn
from sim.verbs.compare.pairing import GROUP_COLUMNS
from sim.verbs.compare.study import ComparisonData

ROOT = Path(__file__).parents[1]
SCENARIO, CROSSING = ROOT / "scenarios" / "verkhny_lars.yaml", "verkhny_lars"
TOPICS = {
    "Draft screening": (
        *("no_screening", "half_screening", "full_screening", "two_officers", "sixteen_officers"),
        *("screening_binds", "screening_never_binds", "bypass_screened"),
    ),
    "The enlistment office": ("no_enlistment_office",),
    "Booths": ("twice_the_booths",),
    "A closed border": ("border_closed_28_september",),
    "Walkers": ("walkers_never_stopped",),
    "A rumour": ("rumour_of_closure",),
}
WHAT_IFS = tuple(name for names in TOPICS.values() for name in names)
JOINED_FROM, JOINED_UNTIL = datetime(2022, 9, 28), datetime(2022, 10, 2)
LATE = "late"
"""The waits of the cars that join from JOINED_FROM to JOINED_UNTIL: the days in which rules and queue change."""


FOR_A_PLANNER = {
    "no_screening": (
        "Dropping the checks shortens waits only where the officers are the bottleneck, and the reported figures "
        "do not say whether they are; elsewhere those who join late may even wait a little longer, because fewer are "
        "turned back. Look first whether the booths behind the officers ever stand idle; what is sure is that no men "
        "are stopped."
    ),
    "half_screening": (
        "Do not expect half the checks to shorten the queue: waits change only where officers hold up the booths."
    ),
    "full_screening": (
        "Check every man only with so many officers that nobody waits for them; with too few, those who join late "
        "wait longer, by up to the upper end of the band."
    ),
    "two_officers": (
        "Two officers are enough in about half of the draws; in the others those who join late wait longer, in some "
        "more than twice as long. Add an officer as soon as people stand in front of them while booths behind are free."
    ),
    "sixteen_officers": (
        "More officers do not shorten the queue unless people wait for them; staff for passport booths does."
    ),
    "screening_binds": (
        "If people queue in front of the officers while booths behind them are free, the border is in this state: "
        "more officers, or fewer checks, then help at once."
    ),
    "screening_never_binds": (
        "If officers are often idle, the border is in this state: their number and the share of men checked "
        "decide who is turned back, not how long the others wait."
    ),
    "bypass_screened": (
        "Expect more men to be stopped. Whether the others wait longer or shorter is not known, so do not plan on "
        "either."
    ),
    "no_enlistment_office": (
        "The office decides what becomes of the men who are stopped; opening or closing it does not change the queue."
    ),
    "twice_the_booths": (
        "Booths are what ends the queue. If all cannot be doubled, `sim sweep verkhny_lars --over "
        "stations.exit_cars.staffing=12:36:4` says what fewer bring."
    ),
    "border_closed_28_september": (
        "Plan for those who are turned round: most of the people who would have crossed later do not, and many of "
        "those who wait give up. They need fuel, water and a way back."
    ),
    "walkers_never_stopped": (
        "Letting walkers through brings more people across. Cars that join in these days wait longer, by up to the "
        "upper end of the band."
    ),
    "rumour_of_closure": (
        "Answer a rumour on the day: it lifts the number of people waiting for days. Plan shelter and water for "
        "the upper end of the band."
    ),
}
"""What somebody who plans at a border can do with the answer."""


class Measure(NamedTuple):
    """A measure, its unit, and words for less and more."""

    key: Key
    unit: str
    less_more: tuple[str, str]


MEASURES = (
    Measure(Key(CROSSING, "crossed_people", "all"), "people", COUNT),
    Measure(Key(CROSSING, "max_queue_people", "all"), "people", COUNT),
    Measure(Key(CROSSING, "wait_mean", "car/main"), "h", SPAN),
    Measure(Key(CROSSING, LATE, "car"), "h", SPAN),
    Measure(Key(CROSSING, "reneged_people", "all"), "people", COUNT),
    Measure(Key(CROSSING, "men_stopped", "all"), "men", COUNT),
)
IN_SHORT = MEASURES[:5]
NAMES = {
    "wait_mean": "mean wait of cars in all queues",
    LATE: "mean wait of cars that join from 28 September to 1 October",
    "reneged_people": "people who give up",
}
SPLIT = 0.25
"""Least share of the variance of a parameter for which the draws are split at its median."""
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
    "walk_time": "ask walkers and cyclists when and where they left a car",
    "people_per_car": "count the people in every tenth car",
    "surge_rate": "count cars on the approach roads a day before the border, by plates",
    "surge_decay": "count cars on the approach roads a day before the border, day by day",
    "surge_lag": "ask every tenth car when it set out",
    "near_rate": "count cars on the approach roads by plates",
    "near_decay": "count cars on the approach roads by plates, day by day",
    "everyday_rate": "take the counts of the same weeks of other years",
    "rush_cars": "count cars on the approach roads a day before the border, day by day",
    "bikes_rate": "count bikes by hour",
    "walkers_rate": "count walkers by hour",
    "walkers_decay": "count walkers by hour, day by day",
    "walkers_lag": "ask walkers when they set out",
    "bus_rate": "count buses by hour",
    "truck_pace": "count trucks out by hour",
    "truck_balance": "count trucks that join, by hour",
    "trucks_before": "count the trucks in the queue on a day before the rush",
    "truck_lots": "count trucks in the lots beside the road",
    "truck_spacing": "measure the room that ten trucks in the queue take",
    "files": "note how many rows stand abreast, kilometre by kilometre",
}
"""What to measure at a border, by the parameter that decides; those of the reports alone decide nothing."""


def page(comparison: ComparisonData) -> Iterator[str]:
    """Yield the lines of the page."""
    posterior = comparison.base.posterior
    assert posterior is not None
    fit = posterior.fitted
    found = {name: [_Row(comparison, posterior, n, measure) for measure in MEASURES] for n, name in _numbered()}
    yield "# What if, at Verkhny Lars"
    yield ""
    yield "Made by `make what-ifs`; do not edit by hand."
    yield ""
    yield (
        f"Each what-if is played {comparison.replications} times beside the base case, on the same random numbers and"
        f" with the same parameters, drawn from the posterior of {fit.calibration} ({fit.date}). Every number is the"
        " median over the draws, with 5-95 % of the draws in brackets: chance and all that the reported figures leave"
        " open about the parameters, without the error of the model itself. Where most draws show almost no change and"
        " some a large one, the median itself may be off by some percent; the band is steadier. Waits are those of"
        " travellers who crossed."
    )
    yield ""
    yield (
        "**Not known** is a direction if more and less than in the base of the draw, by over"
        f" {MATERIAL:.0%} of it, both hold in more than {FLIPPING:.0%} of the draws. A parameter *decides* a difference"
        " by the share of its variance over the draws (squared rank correlation; shares under"
        f" {LEAST:.0%} are left out)."
    ).replace("%", " %")
    yield ""
    yield "## In short"
    yield ""
    yield "A question mark stands where the direction is not known; such rows come first."
    yield ""
    yield f"| what if | {' | '.join(_name(measure.key) for measure in IN_SHORT)} |"
    yield f"|---|{'--:|' * len(IN_SHORT)}"
    for name in sorted(WHAT_IFS, key=lambda name: -sum(row.flips for row in found[name])):
        cells = " | ".join(f"{row.percent}{' **?**' if row.flips else ''}" for row in found[name][: len(IN_SHORT)])
        yield f"| [{_title(name)}](#{_title(name).lower().replace(' ', '-')}) | {cells} |"
    for topic, names in TOPICS.items():
        yield ""
        yield f"## {topic}"
        for name in names:
            yield ""
            yield f"### {_title(name)}"
            yield ""
            flips = [f"{_name(row.key)} ({row.direction.text})" for row in found[name] if row.flips and row.direction]
            if flips:
                yield f"**The direction is not known** for {'; '.join(flips)}."
                yield ""
            yield " ".join(comparison.base.loaded.interventions[name].description.split())
            yield ""
            yield f"**For a planner.** {FOR_A_PLANNER[name]}"
            yield ""
            yield from _section(found[name])
    yield ""
    yield "## Not on this page"
    yield ""
    yield (
        "`word_of_stops` (men who hear of others being stopped do not set out) is a scenario of its own. All its"
        " numbers are assumptions, and no reported figure says anything of them, so it has no band: `sim compare"
        " verkhny_lars word_of_stops` plays it."
    )


def _numbered() -> Iterator[tuple[int, str]]:
    return ((n, name) for n, name in enumerate(WHAT_IFS, 1))


def _title(name: str) -> str:
    title = words(name).replace("september", "September")
    return f"{title[0].upper()}{title[1:]}"


def _name(key: Key) -> str:
    return NAMES.get(key.quantity) or phrase(key)


def _sentence(key: Key) -> str:
    """Return the name of a measure as the beginning of a sentence."""
    name = _name(key)
    return f"{name[0].upper()}{name[1:]}"


def _section(rows: list[_Row]) -> Iterator[str]:
    known = [row for row in rows if not row.flips]
    still = [_name(row.key) for row in known if row.still]
    yield " ".join(
        [
            *(f"{_sentence(row.key)}: {row.change}." for row in known if not row.still),
            *([f"By less than 1 % either way: {', '.join(still)}."] if still else []),
        ]
    )
    if turns := [row.turn for row in rows if row.turn]:
        yield ""
        yield " ".join(turns)
    yield ""
    yield "| measure | base | difference | direction | decided by |"
    yield "|---|--:|--:|---|---|"
    to_measure: dict[str, None] = {}
    for row in rows:
        text, decided = (row.direction.text, row.direction.decided_by) if row.direction else ("no difference", "-")
        yield f"| {_name(row.key)} | {_number(row.base)} {row.unit} | {row.difference} | {text} | {decided} |"
        drivers = row.direction.drivers if row.direction and not row.still else ()
        to_measure |= {TO_MEASURE[driver.name]: None for driver in drivers if driver.name in TO_MEASURE}
    if to_measure:
        yield ""
        yield f"To narrow it: {'; '.join(to_measure)}."


class _Row:
    """A measure of a what-if beside the base; `shares` is the change in percent of the base: median, 5 and 95 %."""

    def __init__(
        self,
        comparison: ComparisonData,
        posterior: Posterior,
        n: int,
        measure: Measure,
    ) -> None:
        self.key, self.unit, self._less_more = measure.key, measure.unit, measure.less_more
        base, here = (_column(comparison, k, self.key) for k in (0, n))
        known = np.isfinite(here - base) & (base > 0)
        self._known = float(known.mean())
        self.base = float(np.nanmedian(base))
        self._changes = np.quantile((here - base)[known], [0.5, 0.05, 0.95]).tolist() if known.any() else []
        ratios = 100 * (here / np.where(known, base, 1.0) - 1)
        self.shares = np.quantile(ratios[known], [0.5, 0.05, 0.95]).tolist() if known.any() else []
        self.direction: Direction | None = direction(posterior, self.key, base, here)
        self.flips = bool(self.direction and self.direction.flips)
        self.turn = self._turn(posterior, ratios, known)

    @property
    def still(self) -> bool:
        """Whether the change is under 1 % of the base in nearly all draws."""
        return bool(self.shares) and max(map(abs, self.shares)) < 1

    @property
    def difference(self) -> str:
        """The difference with its band."""
        if not self._changes:
            return "nobody of them crosses"
        middle, low, high = map(_signed, self._changes)
        return f"{middle} ({low} to {high}) {self.unit}"

    @property
    def percent(self) -> str:
        """The change in percent with its band, for a cell."""
        if not self.shares:
            return "nobody"
        return "< 1 %" if self.still else "{} % ({} to {})".format(*(_signed(_round(share)) for share in self.shares))

    @property
    def change(self) -> str:
        """The change in percent with its band, in words."""
        if not self.shares:
            return "nobody of them crosses"
        middle, low, high = map(_round, self.shares)
        less, more = self._less_more
        if low >= 0:
            text = f"{_number(middle)} % {more} ({_number(low)} to {_number(high)} %)"
        elif high <= 0:
            text = f"{_number(-middle)} % {less} ({_number(-high)} to {_number(-low)} %)"
        else:
            words_ = f"{_number(abs(middle))} % {more if middle > 0 else less}" if middle else "no change at the median"
            text = f"{words_} ({_number(-low)} % {less} to {_number(high)} % {more})"
        unknown = "" if self._known > 0.995 else f", in the {self._known:.0%} of the draws in which any cross"
        return text + unknown.replace("%", " %")

    def _turn(self, posterior: Posterior, ratios: np.ndarray, known: np.ndarray) -> str:
        """Say what the change is in the draws below and above the median of the parameter that decides it."""
        drivers = self.direction.drivers if self.direction else ()
        if self.still or not drivers or drivers[0].share < SPLIT:
            return ""
        name, label, _ = drivers[0]
        values = drawn(posterior, len(ratios))[:, posterior.names.index(name)]
        middle = float(np.median(values[known]))
        below, above = (float(np.median(ratios[known & half])) for half in (values < middle, values >= middle))
        if abs(above - below) < 1:
            return ""
        unit = posterior.fitted.values[name].unit or ""
        return (
            f"{_sentence(self.key)}: {_signed(_round(below))} % where {label} is under"
            f" {_number(middle)}{' ' * bool(unit)}{unit}, {_signed(_round(above))} % where it is more."
        )


def _column(comparison: ComparisonData, n: int, key: Key) -> np.ndarray:
    if key.quantity != LATE:
        return comparison.totals[n][:, comparison.keys[n].index(key)]
    days = [k for k, day in enumerate(comparison.days) if JOINED_FROM <= day.replace(tzinfo=None) < JOINED_UNTIL]
    crossing, cls = comparison.crossings.index(CROSSING), comparison.scopes.index(key.scope)
    table = comparison.groups[:, n, crossing, cls][:, days].sum(axis=1)
    crossed, hours = (table[:, GROUP_COLUMNS.index(name)] for name in ("parties_crossed", "hours_waited"))
    return np.where(crossed > 0, hours / np.maximum(crossed, 1), np.nan)


def _round(value: float) -> float:
    return round(value) if abs(value) >= 10 else round(value, 1)


def _number(value: float) -> str:
    return f"{to_figures(value) + 0.0:,g}"  # no negative zero


def _signed(value: float) -> str:
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{_number(abs(value))}"


if __name__ == "__main__":
    replications = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    result = sim.compare(SCENARIO, *(f"+{name}" for name in WHAT_IFS), replications=replications)
    (ROOT / "docs" / "what_ifs.md").write_text("\n".join(page(result.data)) + "\n", encoding="utf-8")
