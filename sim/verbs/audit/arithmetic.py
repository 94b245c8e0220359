"""The arithmetic of the audit: what two reported figures imply, every number an interval.

A bound has an open end: "more than 3,000" is 3,000 to infinity; its middle is the printed number 3,000.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite, sqrt


@dataclass(frozen=True)
class Range:
    """A positive number that lies between `low` and `high`; `mid` is the number as printed or assumed."""

    low: float
    mid: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> Range:
        """Return the range of a number that is known exactly."""
        return cls(value, value, value)

    @classmethod
    def around(cls, values: Iterable[float]) -> Range:
        """Return the range of all `values`, with the first as its middle."""
        first, *others = values
        return cls(min(first, *others, first), first, max(first, *others, first))

    def __mul__(self, other: Range | float) -> Range:
        """Return the product of two independent ranges."""
        other = _range(other)
        return Range(self.low * other.low, self.mid * other.mid, self.high * other.high)

    def __truediv__(self, other: Range | float) -> Range:
        """Return the quotient of two independent ranges."""
        other = _range(other)
        return Range(
            _over(self.low, other.high), self.mid / other.mid, _over(self.high, other.low) if self.high < inf else inf
        )

    def meets(self, other: Range) -> bool:
        """Return whether two ranges overlap."""
        return self.low <= other.high and other.low <= self.high

    def within(self, other: Range) -> Range | None:
        """Return the part of the range that lies in another; None if there is none."""
        if not self.meets(other):
            return None
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Range(low, min(max(self.mid, low), high), high)

    def at_least(self) -> Range:
        """Return the range as a lower bound, for a count of a part."""
        return Range(self.low, self.mid, inf)

    def at_most(self) -> Range:
        """Return the range as an upper bound, for a count that includes others."""
        return Range(0.0, self.mid, self.high)

    def widened(self, factor: float) -> Range:
        """Return the range widened by `factor` on both sides."""
        return Range(self.low / factor, self.mid, self.high * factor)

    @property
    def printed(self) -> Range:
        """The middle alone, as if the number were known exactly."""
        return Range.exactly(self.mid)

    @property
    def known(self) -> bool:
        """Whether both ends are closed."""
        return self.low > 0 and isfinite(self.high)


def _range(value: Range | float) -> Range:
    return value if isinstance(value, Range) else Range.exactly(value)


def _over(number: float, by: float) -> float:
    if by == 0:
        return inf
    return number / by


def throughput(stock: Range, wait: Range) -> Range:
    """Return the parties per hour that leave a queue of `stock` parties in which a joiner waits `wait` hours.

    This is Little's law (Little 1961). For a quoted wait it is the definition of the quote.
    """
    return stock / wait


def metres_each(length: Range, stock: Range) -> Range:
    """Return the metres of a single file per vehicle, for `stock` vehicles over `length` kilometres."""
    return length * 1000.0 / stock


def files_abreast(stock: Range, spacing: Range, length: Range) -> Range:
    """Return the mean number of files in which `stock` vehicles of `spacing` metres fill `length` kilometres."""
    return stock * spacing / (length * 1000.0)


def outflow(count: Range, outbound: Range, hours: float) -> Range:
    """Return the outbound number per hour when `count` passed in `hours` and the share `outbound` went out."""
    return count * outbound / hours


def share_past(rate: Range, outflow: Range) -> Range:
    """Return the share of an `outflow` that did not pass through a queue with `rate` departures per hour."""
    through = rate / outflow
    return Range(max(0.0, 1 - through.high), max(0.0, 1 - through.mid), max(0.0, 1 - through.low))


def change(before: Range, after: Range, hours: float) -> Range:
    """Return the change of a stock per hour between two counts `hours` apart; negative if it fell."""
    return Range((after.low - before.high) / hours, (after.mid - before.mid) / hours, (after.high - before.low) / hours)


def excess(rate: Range, most: Range) -> Range:
    """Return the difference between a `rate` and the most that can have passed."""
    return Range(rate.low - most.high, rate.mid - most.mid, rate.high - most.low)


def gap(one: Range, other: Range) -> float:
    """Return the factor by which each of two ranges must be widened so that they overlap; 1 if they do."""
    low, high = (one, other) if one.mid <= other.mid else (other, one)
    return 1.0 if one.meets(other) else sqrt(_over(high.low, low.high))
