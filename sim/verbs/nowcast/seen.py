"""What was seen: reads the readings of one quantity from a table of rows, and says what could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from sim.arrays import Bools, Floats
from sim.errors import SimError
from sim.table.columns import Role
from sim.table.doubtful import error_codes, lonely_times, lonely_values
from sim.table.read import read_rows
from sim.table.reader import Reader, Understood
from sim.verbs.nowcast.breaks import beyond_all, repeats, stuck
from sim.verbs.nowcast.readings import Readings, hours_since_1970
from sim.verbs.nowcast.words import moment

TIME = Role(("reading", "observed", "seen", "time", "at", "when", "hour", "date", "day"), alone=True)
VALUE = Role(("waiting", "queue", "wait", "delay", "waits", "length", "count", "value"), alone=True)
FEWEST, MOST = 8, 2000
"""Readings that a forecast needs, and the latest that it uses."""
STEPS, KEPT = (0.25, 0.5, 1.0), 24 * 20.0
"""Hours to which frequent readings are thinned out, until so many hours of them are kept."""
LARGEST = 1e9
SHOWN = 20
CODED = "repeated and far above all others, as a code for no reading is"
LONELY = "far from those before and after"
UNKNOWN_ZONE = "the time zone is unknown, so times are taken as UTC; give that of the readings with --zone"
SAME_TIME = 0.2
"""Share of rows at the time of another above which rows are of several series."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a file to read: of values, times and open booths, what others must hold, and the time zone.

    `zone` is UTC if nobody gave it, `sheet` one of an Excel file, by default the longest.
    """

    value: str | None = None
    time: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    given_zone: str | None = None
    booths: str | None = None
    sheet: str | None = None

    @property
    def zone(self) -> str:
        """The time zone of local times."""
        return self.given_zone or "UTC"


@dataclass(frozen=True)
class Seen:
    """Readings of one quantity, from the file `path`, and sentences about what was not or not fully used."""

    path: Path
    digest: str
    name: str
    readings: Readings
    now: float
    notes: tuple[str, ...]
    rejected: tuple[str, ...]
    understood: tuple[Understood, ...]


def read_seen(
    path: Path,
    columns: Columns,
    now: datetime | None = None,
    since: datetime | None = None,
    fewest: int = FEWEST,
    *,
    whole: bool = False,
) -> Seen:
    """Return the readings in a table; rows after `now` and before `since` are left out. Raises SimError.

    Without `whole`, frequent readings are thinned out and only the latest are used.
    """
    zone = zone_named(columns.zone)
    given = {role: name for role, name in (("value", columns.value), ("time", columns.time)) if name is not None}
    table = read_rows(path, columns.sheet)
    reader = Reader(table, given, zone=columns.zone)
    reader.only(dict(columns.where))
    at = reader.instants("time", TIME)
    value = reader.numbers("value", VALUE)
    assert at is not None
    assert value is not None
    name = reader.understood[-1].column
    hours, values, notes = _usable(reader, name, at / 3600, value)
    if since is not None:
        earlier = hours < hours_since_1970(since if since.tzinfo else since.replace(tzinfo=zone))
        notes += [f"{_rows(int(earlier.sum()))} earlier than --since and left out"] if earlier.any() else []
        hours, values = hours[~earlier], values[~earlier]
    hours, values, slips = _near_in_time(hours, values, columns.zone)
    notes += slips
    latest = float(hours[-1]) if len(hours) else 0.0
    if now is not None:
        latest = hours_since_1970(now if now.tzinfo else now.replace(tzinfo=zone))
        later = hours > latest
        notes += [f"{_rows(later.sum())} later than the time of the forecast and left out"] if later.any() else []
        hours, values = hours[~later], values[~later]
    hours, values, more = _believed(hours, values, name, columns.zone)
    notes += more
    if len(hours) < fewest:
        one = "; with a scenario, one is enough" if fewest > 1 else ""
        raise SimError(f"{path}: {name} has {len(hours)} usable readings; a forecast needs {fewest} or more{one}")
    if not whole:
        hours, values, more = _latest(hours, values)
        notes += more
    readings, more = _freed(Readings.of(hours, values, columns.zone))
    more += [UNKNOWN_ZONE] if reader.naive and columns.given_zone is None else []
    return Seen(
        path,
        table.digest,
        name,
        readings,
        latest,
        (*reader.notes, *notes, *more),
        tuple(f"{path}:{row.line}: {row.reason}" for row in reader.rejected),
        tuple(reader.understood),
    )


def _latest(hours: Floats, values: Floats) -> tuple[Floats, Floats, list[str]]:
    """Return the last MOST readings; where they are frequent, the last one of each step, so that weeks are kept."""
    count = len(hours)
    if count <= MOST:
        return hours, values, []
    for step in STEPS:
        bins = np.floor((hours[-1] - hours) / step + 1e-6)
        last = np.r_[np.diff(bins) != 0, True]
        if last.sum() <= MOST or hours[last][-1] - hours[last][-MOST] >= KEPT:
            break
    notes = [f"of each {step * 60:.0f} min the last reading is used"] if last.mean() < 0.9 else []
    hours, values = (hours[last], values[last]) if notes else (hours, values)
    if len(hours) > MOST:
        notes.append(f"the latest {MOST:,} of {len(hours):,} readings are used")
    elif notes:
        notes = [f"{notes[0]}: {len(hours):,} of {count:,} readings"]
    return hours[-MOST:], values[-MOST:], notes


def _near_in_time(hours: Floats, values: Floats, zone: str) -> tuple[Floats, Floats, list[str]]:
    """Return the readings without those months away from all others, and a note."""
    marks = lonely_times(hours)
    if not marks.any():
        return hours, values, []
    shown = ", ".join(moment(at, zone, year=True) for at in hours[marks][:3])
    return hours[~marks], values[~marks], [f"{_rows(int(marks.sum()))} months from all others and set aside: {shown}"]


def _believed(hours: Floats, values: Floats, name: str, zone: str) -> tuple[Floats, Floats, list[str]]:
    """Return the readings without codes and without those that stand alone, and notes."""
    notes = []
    for marks_of, why in ((error_codes, CODED), (lonely_values, LONELY)):
        marks = marks_of(values)
        if not marks.any():
            continue
        places = np.flatnonzero(marks)[-3:][::-1]
        shown = ", ".join(f"{values[n]:,.10g} at {moment(hours[n], zone)}" for n in places)
        more = f" and {int(marks.sum()) - 3:,} more" if marks.sum() > 3 else ""
        last = "; the last reading is one of them, so the bands are wider" if marks[-1] else ""
        notes.append(f"{why}, so set aside: {name} {shown}{more}{last}")
        hours, values = hours[~marks], values[~marks]
    return hours, values, notes


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone. Raises SimError if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise SimError(f"--zone {name}: is no time zone; expected one such as Europe/Warsaw") from None


def _usable(reader: Reader, name: str, hours: Floats, values: Floats) -> tuple[Floats, Floats, list[str]]:
    """Return the readings in the order of time, each time once, and notes. Raises SimError."""
    notes: list[str] = []
    for wrong, what in ((values < 0, "is below zero"), (values > LARGEST, f"is above {LARGEST:g}")):
        for row in np.flatnonzero(wrong):
            reader.reject(int(row), f"{name}: {values[row]:g} {what}")
    good = np.isfinite(hours) & np.isfinite(values) & (values >= 0) & (values <= LARGEST)
    empty = len(values) - int(good.sum()) - len(reader.rejected) + len(reader.table.rejected)
    notes += [f"{_rows(empty)} without a value and not used"] if empty > 0 else []
    hours, values = hours[good], values[good]
    late = int((np.diff(hours) < 0).sum()) if len(hours) else 0
    falling = late > 0.9 * (len(hours) - 1) if len(hours) > 1 else False
    notes += [f"{_rows(late)} out of the order of time and put in their place"] if late and not falling else []
    order = np.argsort(hours, kind="stable")
    hours, values = hours[order], values[order]
    last = np.r_[hours[1:] > hours[:-1], True] if len(hours) else np.zeros(0, bool)
    doubled = int((~last).sum())
    if doubled > SAME_TIME * max(len(hours), 1):
        _refuse_several(reader, doubled, len(hours))
    notes += [f"{_rows(doubled)} at the time of a later one, which was taken"] if doubled else []
    return hours[last], values[last], notes


def _refuse_several(reader: Reader, doubled: int, rows: int) -> None:
    """Raise SimError about rows of several series in one file."""
    names = (name for name in reader.table.columns if name not in reader.used and reader.is_of(name, "name"))
    example = next(names, None)
    hint = "choose one with --where COLUMN=VALUE"
    if example:
        first = next(cell for cell in reader.table.columns[example].to_pylist() if cell)
        hint = f"choose one with --where, such as --where {example}={first}"
    raise SimError(f"{reader.table.path}: {doubled:,} of {rows:,} rows are at the time of another row; {hint}")


def _freed(readings: Readings) -> tuple[Readings, list[str]]:
    """Return the readings without those that say nothing new, and notes about them."""
    marks, notes = stuck(readings), []
    if marks.any():
        notes.append(_stuck_words(readings, marks.tolist()))
        readings = _without(readings, marks)
    number = beyond_all(readings.values)
    if number:
        low, most = readings.values[-number:].min(), readings.values[:-number].max()
        since = moment(readings.hours[-number], readings.zone)
        notes.append(
            f"since {since} all readings are {low:,g} or more, where none before was above {most:,g}: a fault of the "
            "feed, or something new, of which the history knows nothing"
        )
    marks = repeats(readings)
    if marks.any():
        notes.append(f"the report is renewed less often than it is read: {_rows(int(marks.sum()))} mere repetitions")
        readings = _without(readings, marks)
    return readings, notes


def _without(readings: Readings, marks: Bools) -> Readings:
    return Readings(readings.hours[~marks], readings.values[~marks], readings.zone, readings.offset)


def _stuck_words(readings: Readings, marks: Sequence[bool]) -> str:
    starts = [n for n, mark in enumerate(marks) if mark and not marks[n - 1]]
    last = starts[-1]
    end = next((n for n in range(last, len(marks)) if not marks[n]), len(marks))
    since, value = moment(readings.hours[last - 1], readings.zone), f"{readings.values[last]:g}"
    until = moment(readings.hours[min(end, len(marks) - 1)], readings.zone)
    stood = f"stood from {since} until {until}" if end < len(marks) else f"has stood since {since}"
    more = f" ({len(starts)} such times in all)" if len(starts) > 1 else ""
    return f"{value} {stood}, as if the report stuck{more}; its repetitions count as no readings"


def _rows(count: int) -> str:
    return f"{count:,} row is" if count == 1 else f"{count:,} rows are"


def conditions(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return what `--where` asks for. Raises SimError."""
    pairs = [text.partition("=") for text in texts]
    bad = next((text for text, (_, sign, value) in zip(texts, pairs, strict=True) if not sign or not value), None)
    if bad is not None:
        raise SimError(f"--where {bad}: expected COLUMN=VALUE, such as crossing=dorohusk")
    return tuple((name, value) for name, _, value in pairs)


def columns_named(texts: Sequence[str], where: Sequence[str], zone: str | None, sheet: str | None = None) -> Columns:
    """Return the columns that `--column` names: `HEADING`, or after `value=`, `time=` or `booths=`. Raises SimError."""
    named: Mapping[str, str] = {}
    for text in texts:
        role, sign, heading = text.partition("=")
        named = {**named, **({role: heading} if sign else {"value": text})}
    wrong = next((role for role in named if role not in ("value", "time", "booths")), None)
    if wrong is not None:
        raise SimError(
            f"--column {wrong}={named[wrong]}: expected HEADING, value=HEADING, time=HEADING or booths=HEADING"
        )
    return Columns(named.get("value"), named.get("time"), conditions(where), zone, named.get("booths"), sheet)
