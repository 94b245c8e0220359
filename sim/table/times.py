"""Finds out how instants are written in a column, and reads them as seconds since 1970 (UTC).

Known are dates with or without a time of day (year first, day first or month first), with or without an offset; times
of day; seconds since midnight; and seconds or milliseconds since 1970. An order of day and month that the data leave
open is told in `Form.doubt`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sim.table.numbers import WAITS, words_of

DAY = 86400.0
SAMPLE = 2000
ENOUGH = 0.5
"""Share of the filled cells of a column that must be of a form, so that the column is taken to be of this form."""
_CLOCK = r"(?P<H>\d{1,2})(?::(?P<M>\d{2})(?::(?P<S>\d{2}(?:[.,]\d+)?))?|h(?P<M2>\d{2})?)"
_TIME = rf"(?:[T ,]+{_CLOCK}\s*(?P<p>[AaPp]\.?[Mm]\.?)?)?"
_ZONE = r"\s*(?P<z>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_PLAIN_TIME = r"(?:[T ]?(?P<H>\d{2}):?(?P<M>\d{2})(?::?(?P<S>\d{2}))?)?"
_WEEKDAY = r"(?:[A-Za-z]{2,9},?\s+)?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FORMS = {
    "year-month-day": rf"^(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}}){_TIME}{_ZONE}$",
    "yearmonthday": rf"^(?P<y>(?:19|20)\d{{2}})(?P<m>[01]\d)(?P<d>[0-3]\d){_PLAIN_TIME}{_ZONE}$",
    "two numbers, year": rf"^(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<y>\d{{4}}|\d{{2}}){_TIME}{_ZONE}$",
    "day month year": rf"^{_WEEKDAY}(?P<d>\d{{1,2}})[ .-]+(?P<n>[A-Za-z]{{3,9}})[ .,-]+(?P<y>\d{{4}}){_TIME}{_ZONE}$",
    "month day, year": rf"^(?P<n>[A-Za-z]{{3,9}})\.?\s+(?P<d>\d{{1,2}}),?\s+(?P<y>\d{{4}}){_TIME}{_ZONE}$",
    "time of day": rf"^{_CLOCK}\s*(?P<p>[AaPp]\.?[Mm]\.?)?(?:\s*[-–]\s*[\d:.h]+\s*(?:[AaPp][Mm])?)?$",
}
HOURS = {"hour", "hr", "std", "stunde", "heure", "час", "година", "hora", "godzina", "saat"}
"""Words of headings of hours of the day, as whole numbers."""
NUMBERS = ("seconds since 1970", "milliseconds since 1970", "seconds since midnight", "hour of the day")


@dataclass(frozen=True)
class Form:
    """How the instants of a column are written."""

    name: str
    words: str
    is_clock: bool = False
    """Whether a cell has only a time of day, so that a date must come from elsewhere."""
    has_clock: bool = True
    has_zone: bool = False
    day_first: bool = True
    doubt: str = ""


@dataclass(frozen=True)
class Times:
    """The instants of a column: seconds since 1970 (UTC), nan where a cell is none, and what was assumed."""

    at: NDArray[np.float64]
    form: Form
    zone: str
    unclear: int = 0
    """How many local times exist twice, as clocks change, without a sign of which is meant."""
    skipped: int = 0
    """How many local times do not exist, as clocks change."""
    ordered: int = 0
    """How many local times exist twice and are told apart by the order of the rows."""


def form_of(name: str, cells: pa.Array) -> Form | None:
    """Return how the cells of a column named `name` say instants, None if they do not."""
    filled = cells.drop_null()
    if not len(filled):
        return None
    sample = _sample(filled)
    for form, pattern in FORMS.items():
        matches = pc.match_substring_regex(sample, _bare(pattern))
        if pc.sum(matches).as_py() >= ENOUGH * len(sample) and (found := _form(form, pattern, sample, filled)):
            return found
    return _of_numbers(name, sample)


def _sample(filled: pa.Array) -> pa.Array:
    step = max(1, len(filled) // SAMPLE)
    return filled.take(pa.array(np.arange(0, len(filled), step)))


def _bare(pattern: str) -> str:
    """Return a pattern without names of groups, which only extraction allows."""
    return re.sub(r"\?P<\w+>", "?:", pattern)


def _form(name: str, pattern: str, sample: pa.Array, filled: pa.Array) -> Form | None:
    parts = _extract(pattern, sample)
    clock = "H" in parts and pc.any(pc.not_equal(parts["H"], "")).as_py()
    zone = "z" in parts and pc.all(pc.not_equal(parts["z"], "")).as_py()
    if name == "time of day":
        return Form(name, "time of day", is_clock=True)
    time = " and time" if clock else ""
    if name != "two numbers, year":
        words = {"yearmonthday": "year, month, day without signs"}.get(name, name)
        return Form(name, f"{words}{time}", has_clock=clock, has_zone=zone)
    parts = _extract(pattern, filled)
    a, b = (_numbers(parts[key]) for key in "ab")
    day_first, doubt = _order(a, b, _numbers(parts["y"]))
    words = "day, month, year" if day_first else "month, day, year"
    return Form(name, f"{words}{time}", False, clock, zone, day_first, doubt)


def _order(a: NDArray[np.float64], b: NDArray[np.float64], year: NDArray[np.float64]) -> tuple[bool, str]:
    """Say whether the day comes first. Where no number is above 12, the order in which the dates rise decides."""
    if np.nanmax(a) > 12 or np.nanmax(b) > 12:
        return np.nanmean(a > 12) >= np.nanmean(b > 12), ""
    back = [_steps_back(year, *order) for order in ((b, a), (a, b))]
    if back[0] != back[1]:
        return back[0] < back[1], ""
    return True, "day and month may be the other way round: no number is above 12; say --day-first or --month-first"


def _steps_back(year: NDArray[np.float64], month: NDArray[np.float64], day: NDArray[np.float64]) -> int:
    days = year * 372 + month * 31 + day
    steps = np.diff(days)
    return int(np.sum(steps < 0)) + int(np.sum(steps > 20))


def _of_numbers(name: str, sample: pa.Array) -> Form | None:
    """Return the form of a column of numbers that are instants: by their size, and by the name of the column."""
    numbers = _numbers(sample)
    good = numbers[np.isfinite(numbers)]
    if len(good) < ENOUGH * len(sample):
        return None
    low, high = good.min(), good.max()
    words = set(words_of(name))
    if low > 5e8 and high < 5e9:
        return Form(NUMBERS[0], NUMBERS[0], has_zone=True)
    if low > 5e11 and high < 5e12:
        return Form(NUMBERS[1], NUMBERS[1], has_zone=True)
    named = words & {"time", "at", "arrival", "arrived", "start", "end", "entry", "exit", "begin", "clock"}
    if words & HOURS and not words & WAITS and low >= 0 and high <= 24 and (good == np.floor(good)).all():
        return Form(NUMBERS[3], f"{NUMBERS[3]}, {low:g} to {high:g}", is_clock=True)
    if named and words & {"s", "sec", "secs", "seconds"} and low >= 0 and 600 < high <= 3 * DAY:
        return Form(NUMBERS[2], NUMBERS[2], is_clock=True)
    return None


def _extract(pattern: str, cells: pa.Array) -> dict[str, pa.Array]:
    found = pc.extract_regex(cells, pattern)
    valid = found.is_valid()
    parts = {}
    for n, name in enumerate(found.type.names if hasattr(found.type, "names") else [f.name for f in found.type]):
        part = pc.if_else(valid, pc.struct_field(found, [n]), pa.scalar(None, pa.string()))
        parts[name] = pc.fill_null(part, "")
    parts["_valid"] = valid
    return parts


def _numbers(cells: pa.Array) -> NDArray[np.float64]:
    """Return cells as numbers, nan where they are none."""
    plain = pc.match_substring_regex(cells, r"^[-+]?\d{1,15}([.,]\d+)?$")
    text = pc.if_else(plain, pc.replace_substring(cells, ",", "."), pa.scalar(None, pa.string()))
    return np.asarray(pc.fill_null(pc.cast(text, pa.float64()), float("nan")))


def read_times(cells: pa.Array, form: Form, zone: str, day: date | NDArray[np.float64] | None = None) -> Times:
    """Return the instants of a column.

    `zone` is that of the local times, unless the cells have one. For times of day, `day` is the date, or midnight of
    each row (as local seconds since 1970).
    """
    unclear = skipped = ordered = 0
    if form.name in NUMBERS[:2]:
        at = _numbers(cells) / (1000 if form.name == NUMBERS[1] else 1)
        return Times(at, form, "UTC")
    if form.is_clock:
        local = _midnight(day) + _clock(cells, form)
        offset = np.full(len(local), np.nan)
    else:
        local, offset = _dates(cells, form)
    at = local - offset
    naive = np.isnan(offset) & np.isfinite(local)
    if naive.any():
        at[naive], (unclear, skipped, ordered) = _to_utc(local[naive], zone)
    return Times(at, form, "as written" if form.has_zone else zone, unclear, skipped, ordered)


def local_seconds(at: NDArray[np.float64], zone: str) -> NDArray[np.float64]:
    """Return the local time of instants as seconds since 1970 on the local clock, nan for nan."""
    good = np.isfinite(at)
    out = np.full(len(at), np.nan)
    stamps = pa.array((at[good] * 1e3).astype("int64"), pa.timestamp("ms", tz=zone))
    out[good] = np.asarray(pc.cast(pc.local_timestamp(stamps), pa.int64())) / 1e3
    return out


def text_of(at: float, zone: str) -> str:
    """Return an instant as local date and time."""
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
    return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")


def _to_utc(local: NDArray[np.float64], zone: str) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Return local seconds as UTC, and how many are unclear, do not exist, and are told by the order of rows.

    Of an hour that exists twice the first is taken unless the rows tell the second; of one that does not exist its end.
    """
    naive = pa.array((local * 1e3).astype("int64"), pa.timestamp("ms"))
    first, last, gap = (
        np.asarray(pc.cast(pc.assume_timezone(naive, zone, ambiguous=twice, nonexistent=never), pa.int64())) / 1e3
        for twice, never in (("earliest", "latest"), ("latest", "latest"), ("earliest", "earliest"))
    )
    doubled = first != last
    second, told = _second_time(local, doubled) if doubled.any() else (doubled, doubled)
    counts = int(np.sum(doubled & ~told)), int(np.sum(first != gap)), int(told.sum())
    return np.where(second, last, first), counts


def _second_time(local: NDArray[np.float64], doubled: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Say which rows of an hour that exists twice are of the second time, and which rows the order tells.

    Rows that follow each other, in the order of time, are of the second time from where the clock steps back; or, if
    it nowhere does and each time has twice the usual number of rows, the second half of each.
    """
    backwards = int(np.sum(np.sign(np.diff(local)))) < 0
    way = slice(None, None, -1 if backwards else 1)
    local, doubled = local[way], doubled[way]
    usual = float(np.median(np.diff(np.append(_begins(local), len(local)))))
    second, told = np.zeros(len(local), bool), np.zeros(len(local), bool)
    places = np.flatnonzero(doubled)
    for rows in np.split(places, np.flatnonzero((np.diff(places) > 1) | (np.diff(local[places]) > DAY)) + 1):
        steps_back = np.flatnonzero(np.diff(local[rows]) < 0)
        begins = _begins(local[rows])
        lengths = np.diff(np.append(begins, len(rows)))
        if len(steps_back) == 1:
            second[rows[steps_back[0] + 1 :]] = told[rows] = True
        elif not len(steps_back) and np.all(lengths == 2 * usual):
            within = np.arange(len(rows)) - np.repeat(begins, lengths)
            second[rows], told[rows] = within >= usual, True
    return second[way], told[way]


def _begins(local: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return where each run of equal times begins."""
    return np.flatnonzero(np.append(True, np.diff(local) != 0))


def _midnight(day: Any) -> Any:
    if isinstance(day, np.ndarray):
        return day
    day = day or date(1970, 1, 1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _clock(cells: pa.Array, form: Form) -> NDArray[np.float64]:
    if form.name == NUMBERS[2]:
        return _numbers(cells)
    if form.name == NUMBERS[3]:
        hours = _numbers(cells)
        numbered_from_one = np.nanmin(hours) >= 1 and np.nanmax(hours) == 24
        return (hours - numbered_from_one) * 3600
    parts = _extract(FORMS[form.name], cells)
    seconds = _time_of(parts)
    return np.where(np.asarray(parts["_valid"].fill_null(False)), seconds, np.nan)


def _time_of(parts: dict[str, pa.Array]) -> NDArray[np.float64]:
    """Return seconds since midnight; nan where the clock has no such time."""
    if "H" not in parts:
        return np.zeros(len(parts["_valid"]))
    hour, minute, second = (np.nan_to_num(_numbers(parts[key])) if key in parts else 0.0 for key in "HMS")
    if "M2" in parts:
        minute = minute + np.nan_to_num(_numbers(parts["M2"]))
    if "p" in parts:
        letter = np.asarray(pc.utf8_lower(pc.utf8_slice_codeunits(parts["p"], 0, 1)).to_numpy(zero_copy_only=False))
        hour = np.where(letter == "p", hour % 12 + 12, np.where(letter == "a", hour % 12, hour))
    seconds = hour * 3600 + minute * 60 + second
    wrong = (hour > 24) | (minute > 59) | (np.asarray(second) >= 61) | (seconds > DAY)
    return np.where(wrong, np.nan, seconds)


def _dates(cells: pa.Array, form: Form) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return local seconds since 1970, and the offset from UTC where it is written (else nan)."""
    parts = _extract(FORMS[form.name], cells)
    valid = np.asarray(parts["_valid"].fill_null(False))
    year = _numbers(parts["y"])
    year = np.where(year < 100, year + 2000, year)
    if "a" in parts:
        first, second = _numbers(parts["a"]), _numbers(parts["b"])
        day, month = (first, second) if form.day_first else (second, first)
    else:
        day, month = _numbers(parts["d"]), _numbers(parts["m"]) if "m" in parts else _month(parts["n"])
    local = _days(year, month, day) * DAY + _time_of(parts)
    offset = _offset(parts["z"]) if "z" in parts else np.full(len(local), np.nan)
    return np.where(valid, local, np.nan), offset


def _month(names: pa.Array) -> NDArray[np.float64]:
    short = pc.utf8_lower(pc.utf8_slice_codeunits(names, 0, 3))
    place = pc.index_in(short, value_set=pa.array(_MONTHS))
    return np.asarray(pc.fill_null(pc.cast(place, pa.float64()), float("nan"))) + 1


def _days(year: NDArray[Any], month: NDArray[Any], day: NDArray[Any]) -> NDArray[np.float64]:
    """Return days since 1970, nan for a date that does not exist."""
    good = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= 1900) & (year <= 2200)
    months = ((np.where(good, year, 1970) - 1970) * 12 + np.where(good, month, 1) - 1).astype("int64")
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype("int64")
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype("int64")
    number = first + np.where(good, day, 1) - 1
    return np.where(good & (number < after), number, np.nan)


def _offset(texts: pa.Array) -> NDArray[np.float64]:
    """Return offsets such as +02:00 in seconds; 0 for Z and UTC; nan for none."""
    signed = pc.extract_regex(texts, r"^(?P<s>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?$")
    sign, hour, minute = (pc.fill_null(pc.struct_field(signed, [n]), "") for n in range(3))
    size = np.nan_to_num(_numbers(hour)) * 3600 + np.nan_to_num(_numbers(minute)) * 60
    offset = np.where(np.asarray(pc.equal(sign, "-")), -size, size)
    utc = np.asarray(pc.is_in(texts, value_set=pa.array(["Z", "UTC", "GMT"])))
    known = np.asarray(signed.is_valid())
    return np.where(utc, 0.0, np.where(known, offset, np.nan))
