"""Reads and writes quantities with units: "90 s", "16 km", "62/h", "40 %".

Inside the project durations are seconds, lengths metres, rates per hour, shares fractions of one and volumes litres;
`milliseconds` converts them, once, to the integer milliseconds of the engines.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

MS_PER_S = 1000
MS_PER_H = 3_600_000
MS_PER_DAY = 24 * MS_PER_H

SMALLEST_SHARE, LARGEST_NUMBER = 0.01, 9999
"""Share of a common unit below which the shortest duration should not be, and number up to which the longest may go."""

SHORTEST = 0.01
"""Seconds; of a shorter wait only this is said."""

_TIME = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "day": 86400.0, "days": 86400.0}
_PER_HOUR = {"s": 3600.0, "min": 60.0, "h": 1.0, "d": 1 / 24, "day": 1 / 24, "week": 1 / 168}
SCALES: dict[str, dict[str, float]] = {
    "time": _TIME,
    "length": {"m": 1.0, "km": 1000.0},
    "rate": {f"/{unit}": factor for unit, factor in _PER_HOUR.items()},
    "share": {"%": 0.01},
    "hazard": {f"%/{unit}": factor / 100 for unit, factor in _PER_HOUR.items()},
    "volume": {"L": 1.0, "l": 1.0},
}
EXAMPLES = {
    "time": "a time in s, min, h or d, such as '90 s'",
    "length": "a length in m or km, such as '16 km'",
    "rate": "a rate per h, min, s, d or week, such as '62/h'",
    "share": "a share such as '40 %' or 0.4",
    "hazard": "a share per time, such as '3 %/h'",
    "volume": "a volume in L, such as '2.5 L'",
}
_UNITLESS_ALLOWED = {"share"}
_QUANTITY = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([%a-zA-Z/]*(?:\s*/\s*[a-zA-Z]+)?)\s*")


def parse(dimension: str, value: object) -> float:
    """Return `value` ("90 s") in the internal unit of `dimension` (seconds, metres, per hour, fraction, litres).

    Raises ValueError with a sentence that says what is expected.
    """
    expected = EXAMPLES[dimension]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"expected {expected}; got {value!r}")
    if isinstance(value, int | float):
        if dimension in _UNITLESS_ALLOWED or value == 0:
            return _finite(float(value), value)
        raise ValueError(f"a number needs its unit here; expected {expected}; got {value!r}")
    match = _QUANTITY.fullmatch(value)
    if match is None:
        raise ValueError(f"expected {expected}; got {value!r}")
    number, unit = float(match[1].replace("_", "")), match[2].replace(" ", "")
    if unit in SCALES[dimension]:
        return _finite(number * SCALES[dimension][unit], value)
    if unit == "" and (dimension in _UNITLESS_ALLOWED or number == 0):
        return _finite(number, value)
    for other, scale in SCALES.items():
        if unit in scale:
            raise ValueError(f"{unit!r} is a unit of {other}; expected {expected}; got {value!r}")
    missing = "no unit" if unit == "" else f"unknown unit {unit!r}"
    raise ValueError(f"{missing}; expected {expected}; got {value!r}")


def _finite(number: float, value: object) -> float:
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number; got {value!r}")
    return number


def milliseconds(seconds: float) -> int:
    """Return `seconds` as whole milliseconds, rounded half to even: the only place where time is rounded."""
    return round(seconds * MS_PER_S)


def show_duration(seconds: float) -> str:
    """Return a duration of `seconds` as people write it: '45 s', '6.2 min', '5.1 h', '2.3 d'."""
    if not math.isfinite(seconds):
        return "-"
    unit = _unit_for(seconds)
    return f"{seconds / _TIME[unit]:.3g} {unit}"


def show_time(seconds: float) -> str:
    """Return a measured duration as `show_duration`, to as many figures as `to_figures` leaves."""
    if not math.isfinite(seconds):
        return "-"
    unit = _unit_for(seconds)
    return f"{to_figures(seconds / _TIME[unit]):g} {unit}"


def show_wait(seconds: float) -> str:
    """Return a wait as `show_time`, but never in days, because waits are quoted and reported in hours."""
    if 0 < seconds < SHORTEST:
        return f"<{SHORTEST:g} s"
    text = show_time(seconds)
    return f"{to_figures(seconds / 3600):g} h" if text.endswith(" d") else text


def to_figures(value: float) -> float:
    """Return a measured number to two significant figures below 10, to three from there: 0.94, 8.7, 36.5, 152000."""
    return float(f"{value:.2g}" if abs(value) < 10 else f"{value:.3g}")


def _unit_for(seconds: float) -> str:
    limits = ((90, "s"), (3600, "min"), (259_200, "h"))
    return next((unit for limit, unit in limits if abs(seconds) < limit), "d")


def common_unit(seconds: Iterable[float]) -> str:
    """Return the unit in which people write all of these durations: that of the longest, 'h' if there is none.

    It is a smaller unit if the shortest (but 0) were under a hundredth of it, as long as the longest stays readable.
    """
    sizes = [abs(each) for each in seconds if math.isfinite(each) and each]
    if not sizes:
        return "h"
    unit = show_duration(max(sizes)).split()[-1]
    smaller = iter({"d": ("h", "min", "s"), "h": ("min", "s"), "min": ("s",)}.get(unit, ()))
    while min(sizes) < SMALLEST_SHARE * _TIME[unit]:
        other = next(smaller, unit)
        if other == unit or max(sizes) > LARGEST_NUMBER * _TIME[other]:
            break
        unit = other
    return unit


def waits_unit(seconds: Iterable[float]) -> str:
    """Return the unit of the longest of some waits; never days, because waits are quoted and reported in hours."""
    unit = show_duration(max(filter(math.isfinite, seconds), default=math.nan)).split()[-1]
    return unit if unit in ("s", "min") else "h"


def counted(number: int, thing: str) -> str:
    """Return '1 point' or '1,200 points'."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
