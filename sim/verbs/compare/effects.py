"""The differences of a comparison in the headline measures, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim import units
from sim.measures.headline import Headline, headlines
from sim.measures.names import Key
from sim.plotting.story import at_least, plus_minus, rounded
from sim.verbs.compare.statistics import Difference
from sim.verbs.compare.study import ComparisonData

SAME, UNCLEAR, NOT_KNOWN = "the same", "not clear", "-"
ARROWS = {"less": "↓", "more": "↑", "same": "=", "unclear": "~", "unknown": ""}
MINUS = "−"
LEAST_PERCENT = 0.05


@dataclass(frozen=True)
class Effect:
    """The difference of a scenario from the base in one measure, in words."""

    measure: Headline
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
    def base_amount(self) -> str:
        """The value of the base with its unit: '≥ 12.5 h' where it is only a lower bound."""
        amount = self.amount(self.difference.base)
        return at_least(amount) if self.difference.base_at_least else amount

    @property
    def change(self) -> str:
        """The difference with its sign and interval, in the unit of `amount`: '−1,310 ± 90'.

        '≥' or '≤' where only one of the two values is a lower bound.
        """
        one = self.difference
        sign = {(False, True): "≥ ", (True, False): "≤ "}
        bound = "" if one.verdict == "same" else sign.get((one.base_at_least, one.here_at_least), "")
        return bound + change_text(one, self._unit[1])

    @property
    def percent(self) -> str:
        """The difference in percent of the base: '−38 %'."""
        percent = self.difference.percent
        if not math.isfinite(percent):
            return "-"
        if abs(percent) < LEAST_PERCENT:
            return "0 %" if percent == 0 else "< 0.1 %"
        return f"{signed(float(f'{percent:.1f}'), 2)} %"

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


def change_text(change: Difference, scale: float = 1.0) -> str:
    """Return a difference with half its interval, or with both ends if it was cut: '−19 (−19 to +11)'."""
    if change.verdict == "same":
        return "0"
    mean, low, high = (scale * value for value in (change.difference, change.family_low, change.family_high))
    if change.cut:
        return f"{signed(mean)} ({signed(low)} to {signed(high)})"
    return signed(mean) + plus_minus((high - low) / 2)


def effects_at(comparison: ComparisonData, variant: int, crossing: str) -> list[Effect]:
    """Return the effects of a variant (from 1) at a crossing. Measures that are 0 in it and the base are omitted."""
    differences = {difference.key: difference for difference in comparison.differences[variant - 1]}
    rows = []
    for measure in headlines():
        difference = differences.get(Key(crossing, measure.quantity, measure.scope))
        if difference is not None and (difference.base or difference.here) and difference.n:
            rows.append(Effect(measure, difference))
    return rows
