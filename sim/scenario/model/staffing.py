"""Staffing: the servers at work over time, at one station or in a pool that several stations share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.scenario.model.controls import Outages, Reaction
from sim.scenario.model.quantities import (
    ClockTime,
    Instant,
    Model,
    Name,
    Servers,
    Share,
    Weekday,
    later_than,
    with_rest,
)


class StaffingStep(Model):
    """The number of servers from an instant on."""

    from_: Instant = Field(alias="from", description="when the step begins")
    servers: Servers = Field(description="number of servers from then on")


class Shift(Model):
    """The number of servers in given hours of given days; overrides the steps and the shifts listed earlier."""

    days: tuple[Weekday, ...] = Field(min_length=1, description="days of the week on which the shift works")
    from_: ClockTime = Field(alias="from", description="time of day when the shift begins")
    until: ClockTime = Field(description="time of day when it ends; a night shift is written as two")
    servers: Servers = Field(description="number of servers in these hours")

    @model_validator(mode="after")
    def _order(self) -> Shift:
        if self.until <= self.from_:
            what = later_than("from", self.until, self.from_)
            raise ValueError(f"until {what}; write a night shift as two shifts")
        return self


def bare_number(value: Any) -> Any:
    """Return the long form of a bare number of servers."""
    return {"servers": value} if isinstance(value, int) and not isinstance(value, bool) else value


def bare_staffing(value: Any) -> Any:
    """Return the long form of a bare number of servers, or of the name of a pool."""
    return {"pool": value} if isinstance(value, str) else bare_number(value)


class Staffing(Model):
    """Capacity over time: the number of servers at work."""

    servers: Servers = Field(description="number of servers at the start")
    steps: tuple[StaffingStep, ...] = Field(
        (), max_length=20_000, description="new numbers of servers by date, or the name of a CSV file (from, servers)"
    )
    shifts: tuple[Shift, ...] = Field(
        (), max_length=100, description="numbers of servers by hour and day of the week; they override the steps"
    )
    reacts: Reaction | None = Field(None, description="opens and closes servers by the queue; default: as planned")


class Pooled(Model):
    """A station where servers of a pool work. Bare `officers`: as many as the pool has."""

    pool: Name = Field(description="the pool that the servers come from")
    at_most: Annotated[int, Field(ge=1, le=1000, strict=True)] | None = Field(
        None, description="most servers of the pool who work here at a time, such as the booths; default: no limit"
    )


class PoolShares(Model):
    """Shares of the service starts of a pool; each station gets its share while somebody may be called there."""

    shares: Annotated[dict[Name, Share], BeforeValidator(with_rest), Field(min_length=1)] = Field(
        description="share of each station; one may be `rest`, the remainder to 100 %"
    )

    @model_validator(mode="after")
    def _whole(self) -> PoolShares:
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares must add up to 100 %; they add up to {100 * total:g} %")
        if min(self.shares.values()) < 1e-3:
            raise ValueError("every share must be at least 0.1 %")
        return self


class Pool(Staffing):
    """Servers shared by all stations whose `staffing` is the name of the pool. Bare `14`: so many, all the time."""

    next: Literal["longest_wait", "order"] | PoolShares = Field(
        "longest_wait",
        description="where a server who is free works next: where the party to be called has waited longest, at the "
        "first station of the file, or by shares",
    )
    when_staff_leave: Literal["finish", "preempt"] = Field(
        "finish", description="when capacity falls, parties in service finish, or return to the head of their queue"
    )
    outages: Outages | None = Field(None, description="breakdowns of servers at random")
