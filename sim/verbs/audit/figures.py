"""Reported figures for the audit, and the findings of comparing them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp
from typing import Literal, NamedTuple

from sim.measures.likelihood import Target
from sim.measures.reports import unit_of
from sim.scenario.model.reported import Reported
from sim.verbs.audit.arithmetic import Range, outflow
from sim.verbs.audit.assumed import NINETY, Assumed

Kind = Literal["rate", "road", "people", "level", "flow"]
Verdict = Literal["together", "only if", "not together"]


@dataclass(frozen=True)
class Figure:
    """A reported figure; `repeats` names the figure of its group that represents it, `reach` (km) how far it counts."""

    target: Target
    repeats: str = ""
    reach: Range | None = None

    @property
    def row(self) -> Reported:
        """The row of the calibration file."""
        return self.target.row

    @property
    def printed(self) -> Range:
        """The printed number, with its rounding and its open end."""
        return Range(self.target.low, self.target.reported, self.target.high)

    @property
    def believed(self) -> Range:
        """The range around the report in which the truth lies for nine of ten honest reports."""
        return self.printed.widened(exp(NINETY * self.target.spread))

    def of_whole_queue(self, counted: Range) -> Range:
        """Return a count as a range for the whole queue: a lower bound where only a part was within reach."""
        return counted.at_least() if self.reach else counted


class Need(NamedTuple):
    """A condition under which figures hold together: what it is about, and its size.

    For figures that hold as printed, the size is that at the printed numbers; for others, the range that rounding and
    bounds allow.
    """

    what: str
    amount: Range
    unit: str = ""
    who: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What figures imply together: `implied` in `unit`, what it is compared with (`beside`), and the verdict.

    `implied` includes the rounding and the bounds of the figures; `believed` also the usual error of such reports.
    """

    kind: Kind
    figures: tuple[Figure, ...]
    implied: Range
    believed: Range
    unit: str
    beside: Range | None
    verdict: Verdict
    needs: tuple[Need, ...] = ()

    @property
    def rejected(self) -> bool:
        """Whether the calibration rejects one of the figures."""
        return any(figure.row.status == "rejected" for figure in self.figures)


def time_between(one: Reported, other: Reported) -> timedelta:
    """Return the time between two windows; minus the overlap if they overlap."""
    return max(one.from_, other.from_) - min(one.until, other.until)


def overlap(one: Reported, other: Reported) -> float:
    """Return the hours common to two windows."""
    return max(0.0, -time_between(one, other) / timedelta(hours=1))


def hours_of(row: Reported) -> float:
    """Return the length of a window in hours."""
    return (row.until - row.from_) / timedelta(hours=1)


def counts_all(one: Figure, other: Figure) -> bool:
    """Return whether figure `one` counts everybody that `other` counts, at the same instant."""
    as_far = one.row.within is None or (other.row.within is not None and other.row.within <= one.row.within)
    return set(other.row.classes) <= set(one.row.classes) and as_far


def hourly(figure: Figure, assumed: Assumed, *, believed: bool = False) -> Range:
    """Return a reported flow as the mean outbound number per hour over its window."""
    row, value = figure.row, figure.believed if believed else figure.printed
    hours = 1.0 if unit_of(row).endswith("/h") else hours_of(row)
    return outflow(value, assumed.outbound(row), hours)
