"""The measures that a comparison shows: the name and unit of each, and the words for less and more."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim import units
from sim.measures.names import ALL, OUTCOMES, VEHICLES, Key, by_way
from sim.plotting.rail import CLASS_WORDS
from sim.plotting.story import plus_minus, rounded
from sim.scenario.model.quantities import CLASSES
from sim.verbs.compare.statistics import Difference
from sim.verbs.compare.study import ComparisonData

COUNT, SPAN, AMOUNT = ("fewer", "more"), ("shorter", "longer"), ("less", "more")
SAME, UNCLEAR, NOT_KNOWN = "the same", "not clear", "-"
ARROWS = {"less": "↓", "more": "↑", "same": "=", "unclear": "~", "unknown": ""}
MINUS = "−"
LEAST_PERCENT = 0.05


@dataclass(frozen=True)
class ShownMeasure:
    """A measure to show: group and name, unit ("h" stands for a unit of time that fits), scale, and words.

    `words` are those for less and more.
    """

    group: str
    name: str
    quantity: str
    scope: str
    unit: str = ""
    scale: float = 1.0
    words: tuple[str, str] = COUNT


@dataclass(frozen=True)
class Effect:
    """The difference of a scenario from the base in one measure, in words."""

    measure: ShownMeasure
    difference: Difference

    @property
    def _unit(self) -> tuple[str, float]:
        """The unit, and the size of the measure's own unit in it."""
        if self.measure.unit != "h":
            return self.measure.unit, self.measure.scale
        largest = max(abs(self.difference.base), abs(self.difference.here))
        unit = units.show_duration(3600 * largest).split()[-1] if largest == largest else "h"
        return unit, 3600 / units.SCALES["time"].get(unit, 3600.0)

    def amount(self, value: float) -> str:
        """Return a value with its unit: '3,420', '12.5 h'."""
        unit, scale = self._unit
        return f"{rounded(value * scale)} {unit}".rstrip()

    @property
    def change(self) -> str:
        """The difference with its sign and half its interval, in the unit of `amount`: '−1,310 ± 90'."""
        _, scale = self._unit
        if self.difference.verdict == "same":
            return "0"
        half = scale * (self.difference.family_high - self.difference.family_low) / 2
        return signed(self.difference.difference * scale) + plus_minus(half)

    @property
    def percent(self) -> str:
        """The difference in percent of the base: '−38 %'."""
        percent = self.difference.percent
        if not math.isfinite(percent):
            return "-"
        if abs(percent) < LEAST_PERCENT:
            return "0 %" if percent == 0 else "0.0 %"
        return f"{signed(float(f'{percent:.1f}'), 2)} %"

    @property
    def arrow(self) -> str:
        """↓, ↑, = (the same in every replication), ~ (not clear), or nothing."""
        return ARROWS[self.difference.verdict]

    @property
    def word(self) -> str:
        """'fewer', 'longer', 'the same', 'not clear'."""
        less, more = self.measure.words
        verdicts = {"less": less, "more": more, "same": SAME, "unclear": UNCLEAR}
        return verdicts.get(self.difference.verdict, NOT_KNOWN)


def signed(value: float, digits: int = 3) -> str:
    """Return a number with its sign, to this number of significant digits: '+12.5', '−1,310', '0'."""
    if value != value:
        return "-"
    if value == 0:
        return "0"
    text = rounded(float(f"{abs(value):.{digits}g}"))
    return f"{MINUS if value < 0 else '+'}{text}"


EVENT_WORDS = {"arrived": "came", "changed_mode": "left their vehicle"}
EVENTS_IN_ORDER = (
    "arrived",
    "refused",
    "summoned",
    "reneged",
    "balked",
    "barred",
    "changed_mode",
    "diverted",
    "stayed",
    "on_the_way",
    "unfinished",
)


def shown_measures() -> list[ShownMeasure]:
    """Return all measures to show, in order."""
    queue, waits, across, fates, men, relief = (
        "Queue",
        "Waits of those who crossed",
        "Across the border",
        "What became of people",
        "Men",
        "Relief",
    )
    measures = [
        ShownMeasure(queue, "most vehicles waiting", "max_queue", VEHICLES),
        ShownMeasure(queue, "most people waiting", "max_queue_people", ALL),
        ShownMeasure(queue, "farthest tail, km", "max_queue_length", ALL, words=SPAN),
        ShownMeasure(waits, "everybody, mean", "wait_mean", ALL, "h", words=SPAN),
        ShownMeasure(waits, "everybody, 90 % quantile", "wait_p90", ALL, "h", words=SPAN),
    ]
    for cls in CLASSES:
        measures.append(
            ShownMeasure(waits, f"{CLASS_WORDS[cls]}, main queue", "wait_mean", by_way(cls, "main"), "h", words=SPAN)
        )
    measures += [
        ShownMeasure(waits, "by the bypass", "wait_mean", by_way(ALL, "bypass"), "h", words=SPAN),
        ShownMeasure(across, "people", "crossed_people", ALL),
        ShownMeasure(across, "vehicles", "crossed_parties", VEHICLES),
    ]
    for event in EVENTS_IN_ORDER:
        name = EVENT_WORDS.get(event) or OUTCOMES[event].row
        measures.append(ShownMeasure(fates, name, f"{event}_people", ALL))
    return [
        *measures,
        ShownMeasure(men, "stopped at the screening", "men_stopped", ALL),
        ShownMeasure(men, "given draft papers", "men_summoned", ALL),
        ShownMeasure(relief, "stuck on the worst night", "people_overnight_max", ALL),
        ShownMeasure(relief, "thousand person-hours", "person_hours_waited", ALL, scale=1e-3),
        ShownMeasure(relief, "drinking water, m³", "drinking_water", ALL, scale=1e-3, words=AMOUNT),
    ]


def effects_at(comparison: ComparisonData, variant: int, crossing: str) -> list[Effect]:
    """Return the effects of a variant (from 1) at a crossing. Measures that are 0 in it and the base are omitted."""
    differences = {difference.key: difference for difference in comparison.differences[variant - 1]}
    rows = []
    for measure in shown_measures():
        difference = differences.get(Key(crossing, measure.quantity, measure.scope))
        if difference is not None and (difference.base or difference.here) and difference.n:
            rows.append(Effect(measure, difference))
    return rows
