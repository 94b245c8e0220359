"""Reads the numbers, durations and words of yes and no in a column."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SECONDS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0, "mn": 60.0,
    "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
    "ms": 0.001, "msec": 0.001, "millis": 0.001,
}  # fmt: skip
"""Length of a unit of time by the words that headings and cells use, in seconds."""
WAITS = {"wait", "waits", "delay", "delays", "sojourn"}
"""Words of headings of waits, which last longer than services."""
LONGEST_WAIT_MIN = 1440
"""A median of bare waits above it is one of seconds, as no border keeps half of all for more than a day."""
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_YES = ("1", "true", "yes", "y", "t", "x", "oui", "ja", "si", "да", "так")
_NO = ("0", "false", "no", "n", "f", "non", "nein", "нет", "ні")


def words_of(heading: str) -> list[str]:
    """Return the words of a heading in lower case: `waitMean_min (s)` has wait, mean, min and s."""
    apart = re.sub(r"(?<=[a-zа-яёіїє])(?=[A-ZА-ЯЁІЇЄ])", " ", heading)
    return [word for word in re.split(r"[^0-9a-zа-яёіїєäöüßéèàç%]+", apart.lower()) if word]


def read_numbers(cells: pa.Array, commas: bool | None = None) -> NDArray[np.float64]:
    """Return cells as numbers, nan where they are none: 1,234.5 and 1.234,5 and 1 234 and 12 % are numbers.

    `commas` says whether commas stand before decimals in the rest of the file (None: unknown); it decides what 1.234
    is where nothing else in the column does.
    """
    text = _bare(cells)
    if (decimal_mark(cells) or ("," if commas else ".")) == ",":
        text = pc.replace_substring(pc.replace_substring_regex(text, r"\.(\d{3})", r"\1"), ",", ".")
    else:
        text = pc.replace_substring_regex(text, r",(\d{3})", r"\1")
    good = pc.match_substring_regex(text, f"^{_NUMBER}$")
    numbers = pc.cast(pc.if_else(good, text, pa.scalar(None, pa.string())), pa.float64())
    return np.asarray(pc.fill_null(numbers, float("nan")))


def _bare(cells: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(cells, "[\\s\u00a0\u202f']|%$", "")


def decimal_mark(cells: pa.Array) -> str | None:
    """Return the mark before decimals in a column, None where its cells leave it open, such as 1.234 or 1,234."""
    text = _bare(cells)
    comma = r"^[-+]?(\d+|\d{1,3}(\.\d{3})+),(\d{1,2}|\d{4,})$|^[-+]?0,\d+$|^[-+]?\d{1,3}(\.\d{3}){2,}$"
    dot = r"^[-+]?(\d+|\d{1,3}(,\d{3})+)\.(\d{1,2}|\d{4,})$|^[-+]?(0|\d{4,})\.\d+$|^[-+]?\d{1,3}(,\d{3}){2,}$"
    commas, dots = (pc.sum(pc.match_substring_regex(text, pattern)).as_py() or 0 for pattern in (comma, dot))
    return None if commas == dots else "," if commas > dots else "."


@dataclass(frozen=True)
class Durations:
    """Durations in seconds, nan where a cell is none, and the unit in words."""

    seconds: NDArray[np.float64]
    unit: str
    guessed: bool = False


def unit_in(heading: str) -> str | None:
    """Return the unit of time that a heading names, None if it names none; the last word decides."""
    return next((word for word in reversed(words_of(heading)) if word in SECONDS), None)


def read_durations(heading: str, cells: pa.Array, unit: str | None = None, commas: bool | None = None) -> Durations:
    """Return the durations of a column: `90`, `1:30`, `00:01:30`, `90 s`, `1.5 min`.

    A bare number, and what 1:30 is, is in `unit`, else in the unit of the heading, else as is likely (then `guessed`).
    """
    bare_numbers = read_numbers(cells, commas)
    clock = pc.extract_regex(cells, r"^(?:(?P<d>\d+) days?, )?(?P<a>\d+):(?P<b>\d{2})(?::(?P<c>\d{2}(?:\.\d+)?))?$")
    days, *parts = (np.asarray(_float(pc.struct_field(clock, [n]))) for n in range(4))
    three = np.isfinite(parts[2])
    known = unit or unit_in(heading)
    two = np.isfinite(parts[1]) & ~three
    likely = known or _likely_unit(heading, bare_numbers, parts[0][two])
    numbers = bare_numbers * SECONDS[likely]
    as_clock = np.where(three, parts[0] * 3600 + parts[1] * 60 + parts[2], _two_parts(parts, likely))
    as_clock = as_clock + np.nan_to_num(days) * 86400
    said = pc.extract_regex(pc.utf8_lower(cells), rf"^(?P<n>{_NUMBER})\s*(?P<u>[a-z]+)\.?$")
    factors = _factor(pc.struct_field(said, [1]))
    with_unit = np.asarray(_float(pc.struct_field(said, [0]))) * factors
    seconds = np.where(np.isfinite(numbers), numbers, np.where(np.isfinite(as_clock), as_clock, with_unit))
    seconds = np.where(np.isfinite(seconds), seconds, _spelt_out(cells))
    bare = bool(np.isfinite(numbers).any() or (two.any() and likely != "s"))
    return Durations(seconds, known or (likely if bare else "as written"), bare and known is None)


def _likely_unit(heading: str, numbers: NDArray[np.float64], firsts: NDArray[np.float64]) -> str:
    """Return the unit of durations that name none: s, but of waits h if most are as 1:50, else min; s if too long."""
    if not WAITS & set(words_of(heading)):
        return "s"
    numbers = numbers[np.isfinite(numbers)]
    if len(firsts) > len(numbers):
        return "h" if np.median(firsts) < 24 else "min"
    return "s" if len(numbers) and np.median(numbers) > LONGEST_WAIT_MIN else "min"


def _spelt_out(cells: pa.Array) -> NDArray[np.float64]:
    """Return `4 min 12 s`, `1h 5m` and `PT4M12S` in seconds, nan for anything else."""
    n = r"\d+(?:\.\d+)?"
    parts_of = [rf"(?:(?P<{unit}>{n})\s*{unit}[a-z]*)?" for unit in "hms"]
    pattern = rf"^(?:pt)?{'[, ]*'.join(parts_of)}$"
    found = pc.extract_regex(pc.utf8_lower(cells), pattern)
    parts = [np.asarray(_float(pc.struct_field(found, [k]))) for k in range(3)]
    some = np.isfinite(parts).any(axis=0)
    total = sum(np.nan_to_num(part) * size for part, size in zip(parts, (3600.0, 60.0, 1.0), strict=True))
    return np.where(some, total, np.nan)


def _two_parts(parts: list[NDArray[np.float64]], unit: str | None) -> NDArray[np.float64]:
    """Return `1:30`: hours and minutes where the unit is an hour, else minutes and seconds."""
    factor = 3600.0 if unit and SECONDS[unit] >= 3600 else 60.0
    return parts[0] * factor + parts[1] * factor / 60


def _float(texts: pa.Array) -> pa.Array:
    filled = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    return pc.fill_null(pc.cast(filled, pa.float64()), float("nan"))


def _factor(units: pa.Array) -> NDArray[np.float64]:
    places = pc.index_in(units, value_set=pa.array(list(SECONDS)))
    factors = np.array([*SECONDS.values(), np.nan])
    found: NDArray[np.float64] = factors[np.asarray(pc.fill_null(places, len(SECONDS)))]
    return found


def read_flags(cells: pa.Array) -> NDArray[np.float64]:
    """Return 1 for yes, 0 for no, nan for anything else."""
    text = pc.utf8_lower(cells)
    yes, no = (np.asarray(pc.is_in(text, value_set=pa.array(words))) for words in (_YES, _NO))
    return np.where(yes, 1.0, np.where(no, 0.0, np.nan))
