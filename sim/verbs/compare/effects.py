"""The differences of a comparison in the headline measures, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sim import units
from sim.measures.headline import RELIEF, Headline, headlines_of, in_order
from sim.measures.names import Key
from sim.plotting.story import at_least, needs_relief, plus_minus, rounded
from sim.verbs.compare.statistics import Difference
from sim.verbs.compare.study import ComparisonData

SAME, UNCLEAR, NOT_KNOWN = "the same", "not clear", "-"
ARROWS = {"less": "↓", "more": "↑", "same": "=", "unclear": "~", "unknown": ""}
MINUS = "−"
LEAST_PERCENT, MOST_PERCENT = 0.05, 9999


@dataclass(frozen=True)
class Effect:
    """The difference of a scenario from the base in one measure, in words.

    `others` are the values of the measure in the other scenarios of the comparison: all have the same unit.
    """

    measure: Headline
    difference: Difference
    others: tuple[float, ...] = ()

    @property
    def _unit(self) -> tuple[str, float]:
        """The unit, and the size of the measure's own unit in it."""
        if self.measure.unit != "h":
            return self.measure.unit, self.measure.scale
        values = (self.difference.base, self.difference.here, *self.others)
        unit = units.common_unit(3600 * value for value in values)
        return unit, 3600 / units.SCALES["time"][unit]

    def amount(self, value: float) -> str:
        """Return a value with its unit: '3,420', '12.5 h'."""
        unit, scale = self._unit
        return f"{rounded(value * scale)} {unit}".rstrip()

    @property
    def base_amount(self) -> str:
        """The value of the base with its unit: '≥ 12.5 h' where it is only a lower bound."""
        amount = self.amount(self.difference.base)
        return at_least(amount) if self.difference.base_at_least else amount

    @property
    def change(self) -> str:
        """The difference with its sign and interval, in the unit of `amount`: '−1,310 ± 90'.

        '≥' or '≤' where only one of the two values is a lower bound.
        """
        return bound_sign(self.difference) + change_text(self.difference, self._unit[1])

    @property
    def percent(self) -> str:
        """The difference in percent of the base: '−38 %'; with '≥' or '≤' as in `change`."""
        percent = self.difference.percent
        if not math.isfinite(percent):
            return "-"
        if abs(percent) < LEAST_PERCENT:
            return "0 %" if percent == 0 else "< 0.1 %"
        if percent > MOST_PERCENT:
            return f"> {MOST_PERCENT:,} %"
        return f"{bound_sign(self.difference)}{signed(float(f'{percent:.1f}'), 2)} %"

    @property
    def size(self) -> str:
        """The difference in percent of the base, or, where the base is 0, in the unit of `amount`: '+1,800', '+3 h'."""
        if math.isfinite(self.difference.percent) or not math.isfinite(self.difference.difference):
            return self.percent
        unit, scale = self._unit
        return f"{bound_sign(self.difference)}{signed(self.difference.difference * scale)} {unit}".rstrip()

    @property
    def arrow(self) -> str:
        """↓, ↑, = (the same in every replication), ~ (not clear), or nothing."""
        return ARROWS[self.difference.verdict]

    @property
    def word(self) -> str:
        """'fewer', 'longer', 'the same', 'not clear'."""
        less, more = self.measure.change
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


def bound_sign(change: Difference) -> str:
    """Return '≥ ' or '≤ ' where only one of the two values is a lower bound, else ''."""
    sign = {(False, True): "≥ ", (True, False): "≤ "}
    return "" if change.verdict == "same" else sign.get((change.base_at_least, change.here_at_least), "")


def change_text(change: Difference, scale: float = 1.0) -> str:
    """Return a difference with half its interval, or with both ends if it was cut: '−19 (−19 to +11)'."""
    if change.verdict == "same":
        return "0"
    mean, low, high = (scale * value for value in (change.difference, change.family_low, change.family_high))
    if change.cut:
        return f"{signed(mean)} ({signed(low)} to {signed(high)})"
    return signed(mean) + plus_minus((high - low) / 2)


def effects_at(comparison: ComparisonData, variant: int, crossing: str) -> list[Effect]:
    """Return the effects of a variant (from 1) at a crossing. Measures that are 0 in all scenarios are omitted.

    So is relief where no scenario needs any.
    """
    tables = [{difference.key: difference for difference in each} for each in comparison.differences]
    relief = any(_needs_relief(table, crossing, here) for table in tables for here in (False, True))
    rows = []
    for measure in headlines_of(comparison.base.scenario):
        if measure.group == RELIEF and not relief:
            continue
        key = Key(crossing, measure.quantity, measure.scope)
        difference = tables[variant - 1].get(key)
        if difference is not None and difference.n:
            others = tuple(table[key].here for table in tables if key in table)
            if any(abs(value) > 0 for value in (difference.base, *others)):
                rows.append(Effect(measure, difference, others))
    return rows


def _needs_relief(table: Mapping[Key, Difference], crossing: str, here: bool) -> bool:
    """Return whether waits at a crossing are long enough for relief, in the base or in the scenario (`here`)."""

    def total(quantity: str) -> float:
        difference = table.get(Key(crossing, quantity))
        return 0.0 if difference is None else difference.here if here else difference.base

    return needs_relief(total)


def measures_of(rows: list[list[Effect]]) -> list[Headline]:
    """Return the measures of the effects of several scenarios, in the order of the headline measures."""
    return in_order(row.measure for each in rows for row in each)
