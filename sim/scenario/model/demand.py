"""Demand: the arrival rate of a class is the sum of named parts, each of one kind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.scenario.model.laws import Law
from sim.scenario.model.quantities import WEEKDAYS, Count, Duration, Factor, Instant, Model, Name, Rate, Weekday

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
            raise ValueError("deadline must be later than announced")
        return self


class CountRow(Model):
    """Counted arrivals between two instants, spread evenly."""

    from_: Instant = Field(alias="from")
    until: Instant
    count: Annotated[float, Field(ge=0, le=1e9)]

    @model_validator(mode="after")
    def _order(self) -> CountRow:
        if self.until <= self.from_:
            raise ValueError("until must be later than from")
        return self


class DemandPart(Model):
    """One named part of a class's demand: exactly one of the kinds."""

    constant: Constant | None = None
    step: Step | None = None
    pulse: Pulse | None = None
    rush: Rush | None = None
    table: tuple[CountRow, ...] | None = Field(
        None, description="rows {from, until, count}, or the name of a CSV file with these columns"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> DemandPart:
        given = [kind for kind in type(self).model_fields if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(type(self).model_fields)}; got {len(given)}")
        return self

    @property
    def kind(self) -> Constant | Step | Pulse | Rush | tuple[CountRow, ...]:
        """The one kind that is given."""
        for name in type(self).model_fields:
            part = getattr(self, name)
            if part is not None:
                return part  # type: ignore[no-any-return]
        raise AssertionError("a part has one kind")


DemandParts = Annotated[dict[Name, DemandPart], Field(max_length=100)]
"""The parts of a class's demand by name."""
