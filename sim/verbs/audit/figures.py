"""Reported figures as the audit sees them, and what it finds when it holds them together."""

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
    """A reported figure; `repeats` names the figure of its group that stands for it, `reach` (km) is how far it saw."""

    target: Target
    repeats: str = ""
    reach: Range | None = None

    @property
    def row(self) -> Reported:
        """The row of the calibration file."""
        return self.target.row

    @property
    def printed(self) -> Range:
        """What was printed, with its rounding and its open end."""
        return Range(self.target.low, self.target.reported, self.target.high)

    @property
    def believed(self) -> Range:
        """The range in which nine of ten honest reports lie around the truth, laid around the report."""
        return self.printed.widened(exp(NINETY * self.target.spread))

    def whole(self, counted: Range) -> Range:
        """Return what was `counted` as a statement on the whole queue: a lower bound where only part was in reach."""
        return counted.at_least() if self.reach else counted


class Need(NamedTuple):
    """What is so if figures hold together: what it is about, and how much of it.

    Where figures hold as printed it is told at the printed numbers, else over all that rounding and bounds allow.
    """

    what: str
    amount: Range
    unit: str = ""
    who: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What figures say together: `implied` in `unit`, beside what they are held against, and whether they agree.

    `implied` has the rounding and the bounds of the figures in it, `believed` also how far off such reports are.
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


def apart(one: Reported, other: Reported) -> timedelta:
    """Return the time between two windows; below zero as far as they overlap."""
    return max(one.from_, other.from_) - min(one.until, other.until)


def overlap(one: Reported, other: Reported) -> float:
    """Return the hours that two windows share."""
    return max(0.0, -apart(one, other) / timedelta(hours=1))


def hours_of(row: Reported) -> float:
    """Return the length of a window in hours."""
    return (row.until - row.from_) / timedelta(hours=1)


def sees_all(one: Figure, other: Figure) -> bool:
    """Return whether figure `one` counts everybody whom `other` counts, at the same instant."""
    wide_enough = one.row.within is None or (other.row.within is not None and other.row.within <= one.row.within)
    return set(other.row.classes) <= set(one.row.classes) and wide_enough


def hourly(figure: Figure, assumed: Assumed, *, believed: bool = False) -> Range:
    """Return a reported flow as what went out an hour, on the mean of its window."""
    row, value = figure.row, figure.believed if believed else figure.printed
    hours = 1.0 if unit_of(row).endswith("/h") else hours_of(row)
    return outflow(value, assumed.outbound(row), hours)
