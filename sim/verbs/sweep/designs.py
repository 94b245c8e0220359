"""The points of a sweep: grid, one at a time, Latin hypercube, Sobol points, sensitivity and posterior.

A point has one text per lever, as in a scenario file; '' leaves the lever as it is in the scenario. Numbers have one
spelling (0.10 becomes 0.1), so that the same point is recognised however it was written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

import numpy as np

from sim.errors import SimError

Point = tuple[str, ...]

GRID, ONE_AT_A_TIME, LATIN, SOBOL, SENSITIVITY = "grid", "one-at-a-time", "lhs", "sobol", "sensitivity"
DESIGNS = (GRID, ONE_AT_A_TIME, LATIN, SOBOL, SENSITIVITY)
MOST_POINTS = 1_000_000
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*(?:(whole|log)\s*:\s*)?({_NUMBER})\s*:\s*({_NUMBER})(?:\s*:\s*({_NUMBER}))?\s*([%a-zA-Z/ ]*)")
_COUNT = re.compile("[0-9]{1,9}")
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*([%a-zA-Z/ ]*)")


@dataclass(frozen=True)
class Axis:
    """A lever with its `values`, or with a range (`low` to `high`, in `unit`) in which a design chooses them."""

    lever: str
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    kind: str = ""

    def at(self, share: float) -> str:
        """Return the setting at a share (0 to 1) of the range; of n values, each covers a share of 1 / n."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        if self.kind == "log":
            return _number_text(self.low * (self.high / self.low) ** share, self.unit)
        return _number_text(self.low + share * (self.high - self.low), self.unit)

    @property
    def range(self) -> str:
        """The range of the lever as text, or its values if they are not numbers."""
        if self.values and self.numbers is None:
            return ", ".join(self.values)
        ends = (self.at(0), self.at(1))
        unit = unit_of(ends)
        return f"{ends[0].removesuffix(unit).strip()}–{ends[1]}{', logarithmic' if self.kind == 'log' else ''}"

    @property
    def numbers(self) -> tuple[float, ...] | None:
        """The values as numbers; None if not all are numbers in one unit."""
        return numbers(self.values)


@dataclass(frozen=True)
class Design:
    """The points of a sweep. `kind` is the name of the design; `size` and `ranges` are set for sensitivity only."""

    kind: str
    levers: tuple[str, ...]
    points: tuple[Point, ...]
    size: int = 0
    ranges: tuple[str, ...] = ()

    def numbers(self, lever: int) -> tuple[float, ...] | None:
        """Return the settings of a lever as numbers, NaN where unchanged; None if not all are numbers in one unit."""
        texts = [point[lever] for point in self.points]
        values = numbers([text for text in texts if text])
        if not values:
            return None
        remaining = iter(values)
        return tuple(next(remaining) if text else math.nan for text in texts)


def read_axis(text: str, option: str = "--over") -> Axis:
    """Read 'lever=VALUES'. Raises SimError.

    VALUES: '4,8,12' (a list), '0:1:0.1' (from, to, step), 'whole:4:24' (whole numbers), 'log:1:100:5' (from, to,
    count), '0:1' and 'log:1:100' (ranges for designs that choose values), each with a unit at the end, or
    after every number, if it needs one.
    """
    lever, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not lever or not values:
        raise SimError(f"{option} {text}: expected path=VALUES, such as stations.exit.staffing=4:12:2")
    match = _RANGE.fullmatch(_unit_once(values))
    if match is None:
        settings = tuple(_canonical(value) for value in _listed(values))
        if "" in settings or len(set(settings)) < len(settings):
            raise SimError(f"{option} {text}: every value must be given, and only once")
        return Axis(lever, settings)
    try:
        return _range(lever, match[1] or "", match[2], match[3], match[4], match[5])
    except ValueError as error:
        raise SimError(f"{option} {text}: {error}") from None


def _unit_once(values: str) -> str:
    """Return a range such as '10%:50%' with its unit at the end only, '10:50%'; any other text as it is."""
    kind, colon, rest = values.partition(":")
    head, rest = (f"{kind}:", rest) if colon and kind.strip() in ("whole", "log") else ("", values)
    parts = [_QUANTITY.fullmatch(part) for part in rest.split(":")]
    known = [part for part in parts if part]
    units = {part[2].strip() for part in known} - {""}
    if len(known) < len(parts) or len(parts) < 2 or len(units) != 1:
        return values
    return f"{head}{':'.join(part[1] for part in known)}{units.pop()}"


def _range(lever: str, kind: str, first: str, last: str, third: str | None, unit: str) -> Axis:
    low, high = float(first), float(last)
    if not all(map(math.isfinite, (low, high, high - low, float(third or 1)))):
        raise ValueError("expected numbers that are not too large")
    if not low < high:
        raise ValueError("the first number must be the smaller one")
    if kind == "log":
        return _log_range(lever, (low, high), third, unit)
    if kind == "whole" and not (low.is_integer() and high.is_integer()):
        raise ValueError("expected whole numbers")
    if kind != "whole" and third is None:
        return Axis(lever, (), low, high, unit, kind)
    step = Decimal(third or "1")
    if step <= 0:
        raise ValueError("the step must be above 0")
    steps = check_count(float((Decimal(last) - Decimal(first)) / step))
    values = tuple(_number_text(float(Decimal(first) + n * step), unit) for n in range(steps + 1))
    return Axis(lever, values, low, high, unit, kind)


def _log_range(lever: str, ends: tuple[float, float], third: str | None, unit: str) -> Axis:
    low, high = ends
    if low <= 0:
        raise ValueError("a logarithmic range must begin above 0")
    if not math.isfinite(high / low):
        raise ValueError("the numbers are too far apart")
    if third is None:
        return Axis(lever, (), low, high, unit, "log")
    count = int(third) if _COUNT.fullmatch(third) else 0
    if not 2 <= count <= MOST_POINTS:
        raise ValueError(f"the third number is the number of values, 2 to {MOST_POINTS:,}")
    values = tuple(_number_text(low * (high / low) ** (n / (count - 1)), unit) for n in range(count))
    return Axis(lever, values, low, high, unit, "log")


def check_count(steps: float) -> int:
    """Return the number of whole steps between values. Raises ValueError if there are too many."""
    if not steps < MOST_POINTS:
        shown = f"{int(steps) + 1:,}" if steps < 1e15 else f"about {steps:.3g}"
        raise ValueError(f"these are {shown} values; at most {MOST_POINTS:,} are allowed")
    return int(steps)


def _listed(text: str) -> list[str]:
    """Split a text at the commas outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _canonical(text: str) -> str:
    match = _QUANTITY.fullmatch(text)
    return _number_text(float(match[1]), match[2]) if match else text.strip()


def _number_text(value: float, unit: str) -> str:
    """Return a number with its unit as in a scenario file: '155/h', '98 s', or without a unit."""
    unit = unit.strip()
    return f"{value:.12g}{'' if unit.startswith('/') or not unit else ' '}{unit}"


def numbers(texts: Sequence[str]) -> tuple[float, ...] | None:
    """Return texts as numbers; None if one is not a number or they have different units."""
    matches = [_QUANTITY.fullmatch(text) for text in texts]
    numeric = [match for match in matches if match]
    if len(numeric) < len(matches) or len({match[2].strip() for match in numeric}) > 1:
        return None
    return tuple(float(match[1]) for match in numeric)


def unit_of(texts: Sequence[str]) -> str:
    """Return the unit of the first number; '' if there is none."""
    match = next((match for text in texts if (match := _QUANTITY.fullmatch(text))), None)
    return match[2].strip() if match else ""


def make_design(kind: str, axes: Sequence[Axis], size: int, seed: int) -> Design:
    """Return a design; `size` and `seed` are for designs that choose their points. Raises SimError."""
    _check(kind, axes, size)
    levers = tuple(one.lever for one in axes)
    if kind == GRID:
        return Design(kind, levers, tuple(product(*(one.values for one in axes))))
    if kind == ONE_AT_A_TIME:
        return Design(kind, levers, one_at_a_time(axes))
    sample = {LATIN: _latin, SOBOL: _sobol, SENSITIVITY: _saltelli}[kind]
    points = _points_at(axes, sample(len(axes), size, seed))
    return (
        Design(kind, levers, points, size, tuple(one.range for one in axes))
        if kind == SENSITIVITY
        else Design(kind, levers, points)
    )


def _check(kind: str, axes: Sequence[Axis], size: int) -> None:
    """Raise SimError if there is no such design of these axes."""
    if kind not in DESIGNS:
        raise SimError(f"there is no design {kind!r}; the designs are {', '.join(DESIGNS)}")
    levers = {one.lever for one in axes}
    if levers & {"seed", "replications"}:
        raise SimError("seed and replications are the same at all points; give them with --seed and --replications")
    if not axes or len(levers) < len(axes):
        raise SimError("a sweep needs --over path=VALUES, each path once (or --find, or --posterior)")
    without_values = next((one for one in axes if not one.values), None)
    if kind in (GRID, ONE_AT_A_TIME) and without_values:
        third = "number of values" if without_values.kind == "log" else "step"
        what = f"a range needs a {third} for this design ({_with_step(without_values)})"
        raise SimError(f"--over {without_values.lever}: {what}; or choose --design lhs")
    if kind in (SOBOL, SENSITIVITY) and size & (size - 1):
        raise SimError(f"--points must be a power of two for Sobol points, such as 64; got {size}")
    if kind == SENSITIVITY and len(axes) < 2:
        raise SimError("--design sensitivity needs at least two levers")
    count = math.prod(len(one.values) for one in axes) if kind == GRID else size * (len(axes) + 2)
    if count > MOST_POINTS:
        raise SimError(f"the design has {count:,} points; at most {MOST_POINTS:,} are allowed")


def _with_step(axis: Axis) -> str:
    """Return a range as it would be written with a round step, or as a logarithmic one with a number of values."""
    log, span = axis.kind == "log", axis.high - axis.low
    power = 10.0 ** math.floor(math.log10(span / 5)) if span > 0 else 1.0
    step = 5.0 if log else next(n * power for n in (1, 2, 5, 10) if n * power >= 0.99 * span / 5)
    first, last = f"{axis.low:.12g}", f"{axis.high:.12g}"
    return f"{axis.lever}={'log:' if log else ''}{first}:{last}:{_number_text(step, axis.unit)}"


def one_at_a_time(axes: Sequence[Axis]) -> tuple[Point, ...]:
    """Return the scenario unchanged, then every value of every lever with the other levers unchanged."""
    unchanged = ("",) * len(axes)
    single = ((*unchanged[:i], value, *unchanged[i + 1 :]) for i, one in enumerate(axes) for value in one.values)
    return (unchanged, *single)


def from_posterior(names: Sequence[str], values: np.ndarray, units: dict[str, str], size: int) -> Design:
    """Return the first `size` vectors of a posterior sample, (N, D), as points."""
    if size > len(values):
        raise SimError(f"the posterior sample has {len(values)} vectors; {size} points cannot be taken from it")
    points = tuple(
        tuple(_number_text(number, units[name]) for name, number in zip(names, row, strict=True))
        for row in values[:size].tolist()
    )
    return Design("posterior", tuple(f"calibrated.{name}" for name in names), points)


def product_design(first: Design, second: Design) -> Design:
    """Return every combination of the points of two designs."""
    points = tuple((*a, *b) for a in first.points for b in second.points)
    return Design(first.kind, (*first.levers, *second.levers), points)


def _points_at(axes: Sequence[Axis], shares: np.ndarray) -> tuple[Point, ...]:
    return tuple(tuple(one.at(share) for one, share in zip(axes, row, strict=True)) for row in shares.tolist())


def _latin(dimensions: int, size: int, seed: int) -> np.ndarray:
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(dimensions, rng=np.random.default_rng(seed)).random(size))


def _sobol(dimensions: int, size: int, seed: int) -> np.ndarray:
    from scipy.stats import qmc

    sampler = qmc.Sobol(dimensions, rng=np.random.default_rng(seed))
    return np.asarray(sampler.random_base2(size.bit_length() - 1))


def _saltelli(dimensions: int, size: int, seed: int) -> np.ndarray:
    """Return A, B and, for every lever, A with its column from B: (`size` (D + 2), D) (Saltelli 2010)."""
    both = _sobol(2 * dimensions, size, seed)
    a, b = both[:, :dimensions], both[:, dimensions:]
    mixed = []
    for d in range(dimensions):
        one = a.copy()
        one[:, d] = b[:, d]
        mixed.append(one)
    return np.concatenate([a, b, *mixed])
