"""Arrivals as they come: timetables, bookings and logs. Their numbers are given, not drawn from a rate."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from sim.scenario.model.laws import NO_TIME, Law
from sim.scenario.model.quantities import (
    Count,
    Duration,
    Factor,
    Instant,
    Model,
    Name,
    Share,
    Span,
    Weekday,
    clock_time,
    instant,
    later_than,
)


def _when(value: object) -> datetime | timedelta:
    is_date = isinstance(value, datetime) or (isinstance(value, str) and "-" in value)
    try:
        return instant(value) if is_date else clock_time(value)
    except ValueError as error:
        if is_date or (isinstance(value, str) and ":" in value):
            raise
        what = "expected a date and time such as '2022-09-21T10:00', or a time of day such as '08:30'"
        raise ValueError(f"{what}; got {value!r}") from error


When = Annotated[
    datetime | timedelta,
    BeforeValidator(_when),
    WithJsonSchema({"type": "string", "examples": ["2022-09-21T10:00", "08:30"]}),
]
"""An instant, or a time of day: then every day, or on the `days` of the row."""


def _evenly(law: Law) -> Law:
    """Return the law of a spread; a bare duration means evenly over that time."""
    if law.family == "deterministic" and law.mean:
        return law.model_copy(update={"family": "uniform", "mean": law.mean / 2})
    return law


Spread = Annotated[Law, AfterValidator(_evenly)]


def _calendar_day(value: object) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError(f"expected a date such as '2022-09-21'; got {value!r}")
    return instant(value).date()


_DAY = re.compile(r"\d{4}-\d\d-\d\d")
CalendarDay = Annotated[
    date, BeforeValidator(_calendar_day), WithJsonSchema({"type": "string", "examples": ["2022-09-21"]})
]
Calendar = dict[CalendarDay, Factor]
"""Days that differ: the factor on the arrivals of a date."""


class TimetableRow(Model):
    """When something comes: once, or every day (on the days named), and again and again until a time."""

    at: When = Field(description="date and time, or a time of day")
    days: tuple[Weekday, ...] | None = Field(
        None, min_length=1, description="days of a time of day; default: every day"
    )
    every: Duration | None = Field(None, description="interval in which it comes again, until `until`")
    until: When | None = Field(None, description="end of the repetition, not included; for `every`")

    @model_validator(mode="after")
    def _times(self) -> TimetableRow:
        if self.days is not None and isinstance(self.at, datetime):
            raise ValueError("'days' goes with a time of day such as '08:30', and 'at' has a date")
        if (self.every is None) != (self.until is None):
            raise ValueError("'every' and 'until' go together")
        if self.until is not None:
            if isinstance(self.at, datetime) != isinstance(self.until, datetime):
                raise ValueError("'at' and 'until' must both have a date, or both be times of day")
            if self.until <= self.at:  # type: ignore[operator]  # both of one type
                past = isinstance(self.until, timedelta)
                hint = '; past midnight, write two rows: one until "24:00", one from "00:00"' if past else ""
                raise ValueError(f"until {later_than('at', self.until, self.at)}{hint}")
        return self


class ScheduleRow(TimetableRow):
    """One arrival of a timetable: a ferry, flight, train or coach with the parties or people it brings."""

    parties: Count | None = Field(None, description="number of parties that it brings")
    people: Count | None = Field(None, description="number of people that it brings, instead of `parties`")
    spread: Spread | None = Field(None, description="overrides the `spread` of the schedule")
    delay: Law | None = Field(None, description="overrides the `delay` of the schedule")
    share: Share | None = Field(None, description="overrides the `share` of the schedule")

    @model_validator(mode="after")
    def _one_number(self) -> ScheduleRow:
        if (self.parties is None) == (self.people is None):
            raise ValueError("needs 'parties' or 'people', and not both")
        return self

    @property
    def number(self) -> int:
        """The number of parties or people."""
        return (self.people if self.parties is None else self.parties) or 0


def _rows_alone(value: Any) -> Any:
    return {"rows": value} if isinstance(value, list | tuple) else value


class Schedule(Model):
    """A timetable: each row brings its number of parties or people, spread over the time after it comes in."""

    rows: tuple[ScheduleRow, ...] = Field(
        description="rows {at, parties or people}, or the name of a CSV file with these columns"
    )
    spread: Spread = Field(
        NO_TIME,
        description="time from coming in until a party is at the border; a bare duration: evenly over it",
    )
    delay: Law = Field(NO_TIME, description="delay of an arrival, the same for all its parties")
    share: Share = Field(1.0, description="share of the parties that comes this way")

    _bare = model_validator(mode="before")(_rows_alone)


class BookingRow(TimetableRow):
    """One slot, or repeated slots, with the number of bookings."""

    parties: Count = Field(description="number of bookings of a slot")


class Unpunctual(Model):
    """Parties that come outside their slot: how many, by how much, and what happens to them."""

    share: Share = Field(description="share of the parties that come")
    by: Law = Field(description="how long before the begin of the slot, or after its end")
    then: Literal["let_in", "wait", "turn_away"] = Field(
        "let_in", description="join the queue, wait elsewhere until the slot begins (only if early), or be turned away"
    )
    grace: Span = Field(0.0, description="parties outside their slot by no more than this are let in")


class Bookings(Model):
    """Booked slots: exact numbers, of which some do not show up and some come early or late."""

    rows: tuple[BookingRow, ...] = Field(description="rows {at, parties}, or the name of a CSV file with these columns")
    slot: Span | None = Field(None, description="length of a slot; default: `every` of the row, or an instant")
    no_show: Share = Field(0.0, description="share of the bookings that do not come")
    early: Unpunctual | None = Field(None, description="parties that come before their slot")
    late: Unpunctual | None = Field(None, description="parties that come after their slot")

    _bare = model_validator(mode="before")(_rows_alone)

    @model_validator(mode="after")
    def _possible(self) -> Bookings:
        both = sum(part.share for part in (self.early, self.late) if part)
        if both > 1 + 1e-9:
            raise ValueError(
                f"the shares of early and late must add up to at most 100 %; they add up to {100 * both:g} %"
            )
        if self.late and self.late.then == "wait":
            raise ValueError("late: the slot has begun, so 'wait' is only for early parties")
        return self


class LogRow(Model):
    """One party as it was seen."""

    at: Instant = Field(description="when it came")
    people: Annotated[int, Field(ge=1, le=200, strict=True)] | None = Field(
        None, description="number of people; default: by the class"
    )
    service_times: dict[Name, Span] = Field({}, description="service time by station, where it is known")


class Log(Model):
    """Parties that were seen, played as they were."""

    rows: tuple[LogRow, ...] = Field(
        description="rows {at, people, service_times}, or the name of a CSV file with the columns at, class, people,"
        " and the names of stations"
    )

    _bare = model_validator(mode="before")(_rows_alone)
