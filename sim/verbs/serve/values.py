"""Several values of one lever, which the page plays with all other settings as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import SimError
from sim.suggest import no_such
from sim.verbs.serve.base import Base
from sim.verbs.serve.lever import SERVERS, Lever, Value, read_settings

MOST_VALUES, NETWORK_VALUES = 7, 5
"""Values that are played of a range."""
REPLICATIONS, NETWORK_REPLICATIONS = 8, 3
"""Replications of each value."""
LONGEST_RANGE = 50
"""Values that a command to be run is written for."""


@dataclass(frozen=True)
class Tried:
    """A lever and the values to play, the smallest first; `present` is the one in force in the other `settings`."""

    base: Base
    settings: Mapping[str, Value]
    lever: Lever
    present: float
    values: tuple[float, ...]

    @property
    def replications(self) -> int:
        """How many replications of each value are played."""
        return REPLICATIONS if len(self.base.loaded.scenario.crossings) == 1 else NETWORK_REPLICATIONS

    @property
    def in_turn(self) -> list[float]:
        """The values in the order in which they are played: the present one and the ends first, to see most soon."""
        first = (self.present, self.values[0], self.values[-1], *self.values)
        return [value for value in dict.fromkeys(first) if value in self.values]

    def at(self, value: float) -> dict[str, Value]:
        """Return the settings with another value of the lever."""
        return read_settings(self.base.levers, {**self.settings, self.lever.id: value})


def read_range(base: Base, settings: Mapping[str, Value], body: Mapping[str, Any]) -> Tried:
    """Read a request: a `lever` that is a number and not off, with the ends `from` and `to`, or all of its range.

    Raises SimError.
    """
    lever, present = _lever(base, settings, body.get("lever"))
    low, high = (_end(lever, body.get(name), usual) for name, usual in (("from", _lowest(lever)), ("to", lever.high)))
    if low > high:
        raise SimError(f"{lever.id}: expected a range from low to high; got {low:g} to {high:g}")
    most = MOST_VALUES if len(base.loaded.scenario.crossings) == 1 else NETWORK_VALUES
    return Tried(base, settings, lever, present, spread(lever, present, (low, high), most))


def read_values(base: Base, settings: Mapping[str, Value], body: Mapping[str, Any]) -> Tried:
    """Read a request that names the `values` of a `lever` one by one. Raises SimError."""
    lever, present = _lever(base, settings, body.get("lever"))
    given = body.get("values")
    if not isinstance(given, list) or not 1 <= len(given) <= LONGEST_RANGE:
        raise SimError(f"values: expected a list of 1 to {LONGEST_RANGE} numbers")
    return Tried(base, settings, lever, present, tuple(sorted({_end(lever, value, lever.low) for value in given})))


def _lever(base: Base, settings: Mapping[str, Value], name: Any) -> tuple[Lever, float]:
    """Return a lever and its value in force."""
    by_id = {lever.id: lever for lever in base.levers if lever.kind == "number"}
    lever = by_id.get(name) if isinstance(name, str) else None
    if lever is None:
        raise SimError(no_such("lever that is a number", str(name)[:80], list(by_id)[:12]))
    present = settings.get(lever.id, lever.value)
    if not isinstance(present, float | int):
        raise SimError(f"{lever.id} is off; switch it on first")
    return lever, float(present)


def _lowest(lever: Lever) -> float:
    """Return where a range begins by itself. No servers at all are a closure, which no number of them compares with."""
    return max(lever.low, 1.0) if lever.group == SERVERS else lever.low


def _end(lever: Lever, given: Any, usual: float) -> float:
    value = lever.read(usual if given is None else given)
    assert isinstance(value, float)
    return value


def spread(lever: Lever, present: float, ends: tuple[float, float], most: int) -> tuple[float, ...]:
    """Return at most `most` values between two ends, evenly in steps of the lever, with the present one if there."""
    low, high = ends
    if low == high:
        return (low,)
    steps = max(round((high - low) / lever.step), 1)
    count = min(most, steps + 1)
    inner = {_short(low + round(n * steps / (count - 1)) * lever.step) for n in range(1, count - 1)}
    if low < present < high and present not in inner:
        inner -= {min(inner, key=lambda value: abs(value - present))} if inner and count == most else set()
        inner.add(present)
    return (low, *sorted(inner), high)


def _short(value: float) -> float:
    """Return a number without the last digits of a sum of steps, such as 0.30000000000000004."""
    return float(f"{value:.9g}")


def names_of(tried: Tried) -> Iterator[tuple[float, str]]:
    """Yield each value with the name of an intervention that sets it."""
    words = "_".join(tried.lever.id.split("/")[-2:])[:40]
    for value in tried.values:
        yield value, re.sub("[^a-z0-9]+", "_", f"{words}_{value:.12g}")
