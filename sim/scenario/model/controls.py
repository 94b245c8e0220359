"""Controls: rules that act during a run on what they see, such as staff who open booths when the queue is long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from sim import units
from sim.scenario.model.laws import Law
from sim.scenario.model.quantities import Duration, Model, Servers, Share, Span

Level = Annotated[
    float,
    Field(ge=0, le=1e9),
    WithJsonSchema({"type": ["string", "number"], "description": "a whole number, or a time such as '30 min'"}),
]
"""A number of parties or people, or a quoted wait in seconds."""


def read_level(to: str | None, value: object) -> float:
    """Return a level of what a control reacts to: a whole number of parties or people, or a time. Raises ValueError.

    Where `to` is wrong itself, or the value is true or false, the message about that is enough.
    """
    if to is None or isinstance(value, bool):
        return 0.0
    if to == "quoted_wait":
        return units.parse("time", value)
    if not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"expected a whole number of {'people' if to == 'people' else 'parties'}; got {value!r}")
    return float(value)


def show_level(to: str, level: float) -> str:
    """Return a level as it is written in a file: a number, or a time."""
    return units.show_duration(level) if to == "quoted_wait" else f"{level:g}"


PaceRows = dict[Annotated[int, Field(ge=0, le=10_000)], Annotated[float, Field(ge=0.01, le=100)]]
"""Numbers of servers or parties to factors; straight lines between the rows, level outside them."""


class Pace(Model):
    """Factors on the service time by what goes on at the station as a service begins: `{servers: {4: 1, 12: 1.4}}`."""

    servers: PaceRows = Field({}, description="by the servers at work")
    queue: PaceRows = Field({}, description="by the parties that go on waiting")

    @model_validator(mode="after")
    def _any(self) -> Pace:
        if not self.servers and not self.queue:
            raise ValueError("needs rows under 'servers', 'queue' or both, such as {servers: {4: 1, 12: 1.4}}")
        return self


MOST_SERVERS = 1000


def _all(value: object) -> object:
    if value == "all":
        return MOST_SERVERS
    if isinstance(value, str):
        raise ValueError(f"expected a whole number of servers, or all; got {value!r}")
    return value


OutOfOrder = Annotated[
    int,
    Field(ge=1, le=MOST_SERVERS, strict=True),
    BeforeValidator(_all),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_SERVERS}, {"const": "all"}]}),
]


class Lightening(Model):
    """A control: checks are lightened or suspended while the queue is long, and restored when it is short."""

    to: Literal["queue", "people", "quoted_wait"] = Field("queue", description="what is seen, as under `reacts`")
    above: Level = Field(description="above this, checks are lightened", examples=[200, "1 h"])
    below: Level = Field(description="below this, they are restored", examples=[50, "20 min"])
    at_least_for: Span = Field(0.0, description="least time from one turn to the next")
    checked_every: Duration = Field(300.0, description="time between two decisions, the first one after the start")
    scale_service: Annotated[float, Field(ge=0, le=1)] = Field(
        1.0, description="factor on the service times of services that begin meanwhile; 0 waves everybody through"
    )
    intensity: Share | None = Field(None, description="screening intensity meanwhile; default: as otherwise")

    @field_validator("above", "below", mode="before")
    @classmethod
    def _of_its_kind(cls, value: object, info: ValidationInfo) -> float:
        return read_level(info.data.get("to"), value)

    @model_validator(mode="after")
    def _order(self) -> Lightening:
        if self.below > self.above:
            below, above = (show_level(self.to, level) for level in (self.below, self.above))
            raise ValueError(f"below ({below}) must not be greater than above ({above})")
        if self.scale_service == 1 and self.intensity is None:
            raise ValueError("needs 'scale_service' below 1 or 'intensity', which say what is lighter")
        return self


class Outages(Model):
    """Breakdowns at random: servers are at work for some time, then out of order, and so on in turn."""

    every: Law = Field(description="time from the end of an outage, or the start of the run, to the next outage")
    lasts: Law = Field(description="length of an outage")
    takes: OutOfOrder = Field(MOST_SERVERS, description="servers that are out of order at a time; default: all")

    @model_validator(mode="after")
    def _takes_time(self) -> Outages:
        for key in ("every", "lasts"):
            if getattr(self, key).mean_s == 0:
                raise ValueError(f"{key!r} must be above 0; got 0 s")
        return self


class Reaction(Model):
    """A control: it adds servers to the plan while the queue is long, and takes them away when it is short."""

    to: Literal["queue", "people", "quoted_wait"] = Field(
        "queue",
        description="parties waiting here, people waiting here, or the longest quoted wait of the main queues that "
        "stand here",
    )
    open_above: Level = Field(description="above this, servers are added", examples=[20, "30 min"])
    close_below: Level = Field(0.0, description="below this, servers are taken away; default: never")
    by: Annotated[int, Field(ge=1, le=1000, strict=True)] = Field(1, description="servers at a time")
    at_least: Servers = Field(1, description="fewest servers, while the plan has any")
    at_most: Servers = Field(description="most servers")
    delay: Span = Field(0.0, description="from a decision until it takes effect")
    checked_every: Duration = Field(300.0, description="time between two decisions, the first one after the start")

    @field_validator("open_above", "close_below", mode="before")
    @classmethod
    def _of_its_kind(cls, value: object, info: ValidationInfo) -> float:
        return read_level(info.data.get("to"), value)

    @model_validator(mode="after")
    def _order(self) -> Reaction:
        if self.close_below > self.open_above:
            below, above = (show_level(self.to, level) for level in (self.close_below, self.open_above))
            raise ValueError(f"close_below ({below}) must not be above open_above ({above})")
        if self.at_least > self.at_most:
            raise ValueError(f"at_least ({self.at_least}) must not be above at_most ({self.at_most})")
        return self
