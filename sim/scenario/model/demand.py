"""Demand: the arrival rate of a class is the sum of named parts, each of one kind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.scenario.model.arrivals import Bookings, Calendar, Log, Schedule
from sim.scenario.model.laws import Law, People
from sim.scenario.model.quantities import (
    WEEKDAYS,
    Count,
    DayVariation,
    Duration,
    Factor,
    Instant,
    Model,
    Name,
    Rate,
    Weekday,
    later_than,
)

Hours = Annotated[tuple[Factor, ...], Field(min_length=24, max_length=24)]

LEAST_FACTOR = 0.001
"""Smallest value that the largest factor of a profile may have; profiles are divided by their means."""


class Constant(Model):
    """An everyday rate with its profile over the day and the week. Each profile is scaled to a mean of one."""

    rate: Rate = Field(description="mean arrivals of parties per hour")
    hours: Hours | None = Field(None, description="24 factors, from 00-01 to 23-24")
    weekdays: dict[Weekday, Factor] | None = Field(None, description=f"a factor for each of {', '.join(WEEKDAYS)}")

    @model_validator(mode="after")
    def _some_demand(self) -> Constant:
        if self.hours is not None and max(self.hours) < LEAST_FACTOR:
            raise ValueError(f"hours: at least one of the 24 factors must be {LEAST_FACTOR:g} or more")
        if self.weekdays is not None and set(self.weekdays) != set(WEEKDAYS):
            raise ValueError(f"weekdays: needs all of {', '.join(WEEKDAYS)}")
        if self.weekdays is not None and max(self.weekdays.values()) < LEAST_FACTOR:
            raise ValueError(f"weekdays: at least one factor must be {LEAST_FACTOR:g} or more")
        return self


class Step(Model):
    """Parties set out at a new rate from an instant on and arrive after the drive; the rate may decay."""

    at: Instant = Field(description="instant of the first departures")
    rate: Rate = Field(description="initial rate of parties setting out per hour")
    lag: Law = Field(Law(family="deterministic", mean=0.0), description="the drive from home to the border")
    decay: Duration | None = Field(None, description="time in which the rate falls to 37 %; default: no decay")


class Pulse(Model):
    """A rumour: a number of parties set out at one instant and arrive after the drive."""

    at: Instant = Field(description="when the rumour spreads")
    parties: Count = Field(description="number of parties that set out")
    lag: Law = Field(description="time until they arrive")


class Rush(Model):
    """A rush before a known deadline: arrivals grow exponentially until the deadline, then stop."""

    announced: Instant = Field(description="when the deadline becomes known")
    deadline: Instant = Field(description="end of the rush")
    parties: Count = Field(description="number of parties that come because of it")
    growth: Duration = Field(description="time in which the arrival rate grows by a factor of 2.7")

    @model_validator(mode="after")
    def _order(self) -> Rush:
        if self.deadline <= self.announced:
            raise ValueError(f"deadline {later_than('announced', self.deadline, self.announced)}")
        return self


class CountRow(Model):
    """Counted arrivals between two instants, spread evenly."""

    from_: Instant = Field(alias="from", description="begin of the count")
    until: Instant = Field(description="end of the count")
    count: Annotated[float, Field(ge=0, le=1e9)] = Field(description="number of parties that arrived in between")

    @model_validator(mode="after")
    def _order(self) -> CountRow:
        if self.until <= self.from_:
            raise ValueError(f"until {later_than('from', self.until, self.from_)}")
        return self


GIVEN = ("schedule", "bookings", "log")
"""The kinds whose numbers are given."""
KINDS = ("constant", "step", "pulse", "rush", "table", *GIVEN)
"""The kinds of demand; a part is of one of them."""


class DemandPart(Model):
    """One named part of a class's demand: exactly one of the kinds, and how its arrivals vary."""

    constant: Constant | None = Field(None, description="an everyday rate, by hour and day of the week")
    step: Step | None = Field(None, description="a new rate from an instant on, which may decay")
    pulse: Pulse | None = Field(None, description="parties that all set out at one instant, as after a rumour")
    rush: Rush | None = Field(None, description="more and more parties until a known deadline")
    table: tuple[CountRow, ...] | None = Field(
        None, description="rows {from, until, count}, or the name of a CSV file with these columns"
    )
    schedule: Schedule | None = Field(
        None, description="a timetable of ferries, flights, trains or coaches: rows, or the name of a CSV file"
    )
    bookings: Bookings | None = Field(None, description="booked slots: rows, or the name of a CSV file")
    log: Log | None = Field(
        None, description="parties that were seen, one by one, played as they came: rows, or the name of a CSV file"
    )
    exact: bool = Field(False, description="the counts of a table are exact numbers, not means of Poisson numbers")
    day_factor: DayVariation | None = Field(
        None, description="coefficient of variation of a gamma factor of mean 1 on each day; parts of a name share it"
    )
    bursts: People | None = Field(
        None, description="parties that arrive at one instant: a number, shares, or {mean: 4, max: 9}"
    )
    calendar: Calendar = Field(
        {}, description="factor on the arrivals of each date, or the name of a CSV file with the columns date, factor"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> DemandPart:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(KINDS)}; got {' and '.join(given) or 'none'}")
        if self.exact and self.table is None:
            raise ValueError(f"'exact' goes with a table of counts; the part has {given[0]!r}")
        broken = [n for n, row in enumerate(self.table or ()) if self.exact and row.count != int(row.count)]
        if self.table and broken:
            got = f"{self.table[broken[0]].count:g} in row {broken[0] + 1}"
            what = "to multiply exact counts, use 'scale_demand' in a change"
            raise ValueError(f"exact counts are whole numbers of parties; got {got}; {what}")
        for key in ("day_factor", "bursts"):
            if getattr(self, key) is not None and (self.exact or given[0] in GIVEN):
                what = "its counts are exact" if self.exact else f"the numbers of {given[0]!r} are given"
                raise ValueError(f"{key!r} goes with random arrivals, and {what}")
        if self.calendar and self.log is not None:
            raise ValueError("a log is played as it was; leave 'calendar' out")
        return self

    @property
    def kind(self) -> Constant | Step | Pulse | Rush | tuple[CountRow, ...] | Schedule | Bookings | Log:
        """The one kind that is given."""
        return getattr(self, self.word)  # type: ignore[no-any-return]

    @property
    def word(self) -> str:
        """The key of its kind."""
        return next(name for name in KINDS if getattr(self, name) is not None)

    @property
    def has_rate(self) -> bool:
        """Whether its arrivals have a rate, which may vary by day: all kinds but timetables, bookings and logs."""
        return not isinstance(self.kind, Schedule | Bookings | Log)

    @property
    def is_poisson(self) -> bool:
        """Whether its arrivals are an ordinary Poisson process, which is drawn together with others of the class."""
        return self.has_rate and not (self.exact or self.bursts or self.day_factor)


DemandParts = Annotated[dict[Name, DemandPart], Field(max_length=100)]
"""The parts of a class's demand by name."""
