"""The measures a comparison shows to people: what each is called, in which unit, and the words for less and more."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim import units
from sim.measures.names import ALL, OUTCOMES, VEHICLES, Key, by_way
from sim.plotting.rail import CLASS_WORDS
from sim.plotting.story import rounded
from sim.scenario.model.quantities import CLASSES
from sim.verbs.compare.statistics import Difference
from sim.verbs.compare.study import Compared

COUNT, SPAN, AMOUNT = ("fewer", "more"), ("shorter", "longer"), ("less", "more")
SAME, UNCLEAR, NOT_KNOWN = "the same", "not clear", "-"
ARROWS = {"less": "↓", "more": "↑", "same": "=", "unclear": "~", "unknown": ""}
MINUS = "−"
LEAST_PERCENT = 0.05


@dataclass(frozen=True)
class Line:
    """One measure: group and name, unit ("h": the unit of time that fits), scale, and words for less and more."""

    group: str
    name: str
    quantity: str
    scope: str
    unit: str = ""
    scale: float = 1.0
    words: tuple[str, str] = COUNT


@dataclass(frozen=True)
class Shown:
    """A measure in which a scenario is held against the base, in words."""

    line: Line
    found: Difference

    @property
    def _unit(self) -> tuple[str, float]:
        """The unit, and what one of the measure's own is in it."""
        if self.line.unit != "h":
            return self.line.unit, self.line.scale
        largest = max(abs(self.found.base), abs(self.found.here))
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
        found = self.found
        if found.verdict == "same":
            return "0"
        half = scale * (found.family_high - found.family_low) / 2
        known = f" ± {float(f'{half:.2g}'):,g}" if math.isfinite(half) else ""
        return signed(found.difference * scale) + known

    @property
    def percent(self) -> str:
        """The difference in percent of the base: '−38 %'."""
        percent = self.found.percent
        if not math.isfinite(percent):
            return "-"
        if abs(percent) < LEAST_PERCENT:
            return "0 %" if percent == 0 else "0.0 %"
        return f"{signed(float(f'{percent:.1f}'), 2)} %"

    @property
    def arrow(self) -> str:
        """↓, ↑, = (the same in every replication), ~ (not clear), or nothing."""
        return ARROWS[self.found.verdict]

    @property
    def word(self) -> str:
        """'fewer', 'longer', 'the same', 'not clear'."""
        less, more = self.line.words
        told = {"less": less, "more": more, "same": SAME, "unclear": UNCLEAR}
        return told.get(self.found.verdict, NOT_KNOWN)


def signed(value: float, digits: int = 3) -> str:
    """Return a number to so many figures with its sign: '+12.5', '−1,310'; '0' where it is 0."""
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


def lines() -> list[Line]:
    """Return all measures that are shown, in order."""
    queue, waits, across, fates, men, relief = (
        "Queue", "Waits of those who crossed", "Across the border", "What became of people", "Men", "Relief",
    )  # fmt: skip
    found = [
        Line(queue, "most vehicles waiting", "max_queue", VEHICLES),
        Line(queue, "most people waiting", "max_queue_people", ALL),
        Line(queue, "farthest tail, km", "max_queue_length", ALL, words=SPAN),
        Line(waits, "everybody, mean", "wait_mean", ALL, "h", words=SPAN),
        Line(waits, "everybody, 90 % quantile", "wait_p90", ALL, "h", words=SPAN),
    ]
    for cls in CLASSES:
        found.append(Line(waits, f"{CLASS_WORDS[cls]}, main queue", "wait_mean", by_way(cls, "main"), "h", words=SPAN))
    found += [
        Line(waits, "by the bypass", "wait_mean", by_way(ALL, "bypass"), "h", words=SPAN),
        Line(across, "people", "crossed_people", ALL),
        Line(across, "vehicles", "crossed_parties", VEHICLES),
    ]
    for event in EVENTS_IN_ORDER:
        name = EVENT_WORDS.get(event) or OUTCOMES[event].row
        found.append(Line(fates, name, f"{event}_people", ALL))
    return [
        *found,
        Line(men, "stopped at the screening", "men_stopped", ALL),
        Line(men, "given draft papers", "men_summoned", ALL),
        Line(relief, "stuck on the worst night", "people_overnight_max", ALL),
        Line(relief, "thousand person-hours", "person_hours_waited", ALL, scale=1e-3),
        Line(relief, "drinking water, m³", "drinking_water", ALL, scale=1e-3, words=AMOUNT),
    ]


def shown(compared: Compared, contender: int, crossing: str) -> list[Shown]:
    """Return what is shown of a contender (from 1) at a crossing; what neither it nor the base has is left out."""
    found = {difference.key: difference for difference in compared.differences[contender - 1]}
    rows = []
    for line in lines():
        difference = found.get(Key(crossing, line.quantity, line.scope))
        if difference is not None and (difference.base or difference.here) and difference.n:
            rows.append(Shown(line, difference))
    return rows
