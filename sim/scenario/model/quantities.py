"""The field types of a scenario: quantities with units, instants and class names."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from sim import units

Kind = Literal["car", "truck", "bus", "bike", "foot"]
"""The kinds of parties, which are also the names of the standard classes."""
CLASSES: tuple[Kind, ...] = ("car", "truck", "bus", "bike", "foot")
VEHICLE_CLASSES: tuple[Kind, ...] = ("car", "truck", "bus")
BYPASS = "bypass"
STREAMS = (*CLASSES, BYPASS)
"""The standard classes and the bypass; a file's own classes have the numbers after these (`Scenario.streams`)."""
MOST_OWN_CLASSES = 32
MOST_CONDITIONS = 8
"""Most conditions on traits by which the shares of a choice may differ."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


LONGEST_NAME = 61
NAME = re.compile(rf"^[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}$")
Name = Annotated[str, Field(pattern=NAME.pattern)]
LONGEST_TITLE = 200
"""Characters; what is longer is a description."""


def _one_line(title: str) -> str:
    line = " ".join(title.split())
    if len(line) > LONGEST_TITLE:
        raise ValueError(f"is a title of {len(line):,} characters; at most {LONGEST_TITLE} are allowed")
    return line


Title = Annotated[str, AfterValidator(_one_line)]
"""A title in one line; line breaks and other white space in it become single spaces."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone; expected a name such as 'Europe/Moscow'; got {name!r}") from None
    return name


Timezone = Annotated[str, AfterValidator(_zone)]
"""Name of a time zone."""


class Model(BaseModel):
    """A frozen part of a scenario that rejects unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


def _reader(dimension: str, least: float = 0.0, smallest: str = "") -> BeforeValidator:
    """Read a quantity; one that is above 0 and below `least` is refused, with `smallest` in the message."""

    def read(value: object) -> float:
        number = units.parse(dimension, value)
        if 0 < number < least:
            raise ValueError(f"must be at least {smallest}; got {value!r}")
        return number

    return BeforeValidator(read)


_time = _reader("time", 0.001, "1 ms, because instants are whole milliseconds")


def _schema(dimension: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "number"], "description": units.EXAMPLES[dimension]})


Duration = Annotated[float, Field(gt=0, le=366 * 86400), _time, _schema("time")]
"""Seconds, at least a millisecond."""
Span = Annotated[float, Field(ge=0, le=366 * 86400), _time, _schema("time")]
"""Seconds, 0 or at least a millisecond."""
Length = Annotated[float, Field(gt=0, le=1e7), _reader("length", 0.01, "1 cm ('0.01 m')"), _schema("length")]
"""Metres, at least a centimetre."""
Rate = Annotated[float, Field(ge=0, le=1e6), _reader("rate"), _schema("rate")]
"""Per hour."""
Hazard = Annotated[float, Field(ge=0, le=100), _reader("hazard"), _schema("hazard")]
"""Fraction of those waiting that leaves, per hour."""
Share = Annotated[float, Field(ge=0, le=1), _reader("share"), _schema("share")]
"""Fraction of one."""
Volume = Annotated[float, Field(ge=0, le=1e6), _reader("volume"), _schema("volume")]
"""Litres."""
_variation = _reader("share", 0.001, "0.1 %")
Variation = Annotated[float, Field(gt=0, le=20), _variation, _schema("share")]
"""Standard deviation over mean, at least 0.1 %."""
DayVariation = Annotated[float, Field(gt=0, le=2), _variation, _schema("share")]
"""Standard deviation over mean, at least 0.1 %."""
DriveVariation = Annotated[float, Field(ge=0, le=2), _variation, _schema("share")]
"""Standard deviation over mean, 0 or at least 0.1 %."""
Factor = Annotated[float, Field(ge=0, le=1000)]
Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
Servers = Annotated[int, Field(ge=0, le=1000, strict=True)]

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years of instants. Near the ends of the calendar a change of the time zone would leave it."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?")
_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


def shown(at: datetime | timedelta) -> str:
    """Return an instant or a time of day as it is written in a file."""
    if isinstance(at, datetime):
        return at.isoformat(timespec="seconds" if at.second else "minutes")
    minutes = round(at.total_seconds() / 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def later_than(key: str, until: datetime | timedelta, from_: datetime | timedelta) -> str:
    """Return the sentence that an end must be later than the begin, which stands under `key`."""
    return f"must be later than {key} ({shown(from_)}); got {shown(until)}"


def instant(value: object) -> datetime:
    """Return an instant as written in a file. Raises ValueError with a sentence."""
    at = value if isinstance(value, datetime) and value.tzinfo is None else _read_instant(value)
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"expected a date in the years {FIRST_YEAR} to {LAST_YEAR}; got {str(value)!r}")
    return at


def _read_instant(value: object) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError(f"expected a date or a local time such as '2022-09-21' or '2022-09-21T10:00'; got {value!r}")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"there is no such date or time: {value!r}") from None


Instant = Annotated[
    datetime,
    BeforeValidator(instant),
    WithJsonSchema({"type": "string", "examples": ["2022-09-21", "2022-09-21T10:00"]}),
]
"""A local time of the scenario's clock, without offset."""


def clock_time(value: object) -> timedelta:
    """Return a time of day as written in a file. Raises ValueError with a sentence."""
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not _CLOCK_TIME.fullmatch(value):
        raise ValueError(f"expected a time of day such as '08:30' (to '24:00'); got {value!r}")
    hours, minutes = value.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


ClockTime = Annotated[timedelta, BeforeValidator(clock_time), WithJsonSchema({"type": "string", "examples": ["08:30"]})]

REST = "rest"


def with_rest(shares: Any) -> Any:
    """Replace 'rest' by the remainder of the other shares to 100 %."""
    rests = [name for name, share in shares.items() if share == REST] if isinstance(shares, dict) else []
    if not rests:
        return shares
    if len(rests) > 1:
        raise ValueError(f"only one share may be 'rest'; got {' and '.join(rests)}")
    try:
        others = sum(units.parse("share", share) for name, share in shares.items() if name != rests[0])
    except ValueError:
        others = 0.5  # an invalid share gets its own message
    if others >= 1:
        raise ValueError(f"nothing is left for {rests[0]}; the other shares add up to {100 * others:g} %")
    return {**shares, rests[0]: round(1 - others, 12)}


class RowsError(ValueError):
    """Invalid rows of a curve, each as (key of the row, whether the key is at fault, message)."""

    def __init__(self, rows: list[tuple[str, bool, str]]) -> None:
        self.rows = rows
        super().__init__("; ".join(f"{row}: {what}" for row, _, what in rows))


class Abscissa(NamedTuple):
    """What a curve is read at: in words, its dimension, its largest value, its range in words, and an example."""

    words: str
    dimension: str
    most: float
    ends: str
    example: str


WAIT = Abscissa("the quoted wait", "time", float("inf"), "at least 0", "{12 h: 0 %, 48 h: 5 %}")
STOPPED = Abscissa("the share of men stopped", "share", 1.0, "between 0 and 100 %", "{1 %: 0 %, 5 %: 20 %}")


def _curve(over: Abscissa, dimension: str, ceiling: float, ends: str) -> BeforeValidator:
    """Read `{12 h: 0 %, 48 h: 5 %}`: rising abscissas to values of `dimension`; a bare value holds for all."""

    def within(value: object) -> float:
        number = units.parse(dimension, value)
        if not 0 <= number <= ceiling:
            raise ValueError(f"must be between {ends}; got {value!r}")
        return number

    def read(value: object) -> tuple[tuple[float, float], ...]:
        if isinstance(value, tuple):
            return value
        if not isinstance(value, dict):
            return ((0.0, within(value)),)
        if not value:
            raise ValueError(f"needs at least one row, such as {over.example}")
        return _rows(value, over, within)

    return BeforeValidator(read)


def _rows(
    table: dict[str, object], over: Abscissa, within: Callable[[object], float]
) -> tuple[tuple[float, float], ...]:
    pairs: list[tuple[float, float]] = []
    wrong: list[tuple[str, bool, str]] = []
    before, latest = "", -1.0
    for key, value in table.items():
        here = latest
        try:
            here = units.parse(over.dimension, key)
            if not 0 <= here <= over.most:
                wrong.append((key, True, f"{over.words} of a row must be {over.ends}; got {key!r}"))
            elif here <= latest:
                wrong.append((key, True, f"{over.words} must rise from row to row; got {key!r} after {before!r}"))
        except ValueError as error:
            wrong.append((key, True, f"{over.words} of a row: {error}"))
        if here > latest:
            before, latest = key, here
        try:
            pairs.append((here, within(value)))
        except ValueError as error:
            wrong.append((key, False, str(error)))
    if wrong:
        raise RowsError(wrong)
    return tuple(pairs)


def _table_schema(dimension: str) -> WithJsonSchema:
    one = {"type": ["string", "number"], "description": units.EXAMPLES[dimension]}
    return WithJsonSchema({"anyOf": [one, {"type": "object", "additionalProperties": one}]})


Curve = tuple[tuple[float, float], ...]
"""Rows (abscissa, value), rising; straight lines between the rows, level outside them."""

_share = ("share", 1.0, "0 and 100 %")
_hazard = ("hazard", 100.0, "0 and 10000 %/h")
_zero = Field(default=((0.0, 0.0),))
ShareByWait = Annotated[Curve, _curve(WAIT, *_share), _table_schema("share"), _zero]
"""Quoted wait (s) to a share."""
HazardByWait = Annotated[Curve, _curve(WAIT, *_hazard), _table_schema("hazard"), _zero]
"""Quoted wait (s) to a hazard (fraction per hour)."""
ShareByStops = Annotated[Curve, _curve(STOPPED, *_share), _table_schema("share"), _zero]
"""Share of men stopped to a share."""
HazardByStops = Annotated[Curve, _curve(STOPPED, *_hazard), _table_schema("hazard"), _zero]
"""Share of men stopped to a hazard (fraction per hour)."""
