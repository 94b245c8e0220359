"""What parties do at the main queue: balk, renege, change mode or bypass; and the news of waits and stops they heed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sim.scenario.model.class_names import ClassName
from sim.scenario.model.laws import NO_TIME, Law
from sim.scenario.model.quantities import (
    Count,
    Duration,
    HazardByStops,
    HazardByWait,
    Instant,
    Model,
    Name,
    Share,
    ShareByStops,
    ShareByWait,
    Span,
)
from sim.units import show_duration


class Balk(Model):
    """Not joining the queue, because of its length or the quoted wait; not setting out, because men are stopped."""

    queue_over: Count | None = Field(None, description="a party does not join a queue of this many parties or more")
    queue_of: tuple[ClassName, ...] | None = Field(
        None, min_length=1, description="classes that count in that queue; default: everybody who waits at the station"
    )
    by_quoted_wait: ShareByWait = Field(
        ((0.0, 0.0),), description="share of parties that do not join, by the quoted wait"
    )
    by_risk: ShareByStops = Field(
        ((0.0, 0.0),),
        description="share of parties with men of call-up age that do not set out, by the share of men stopped that "
        "they have heard of by then (`word_of_stops`)",
        examples=[{"0 %": "0 %", "2 %": "15 %", "10 %": "60 %"}],
    )

    @property
    def deters(self) -> bool:
        """Whether the file says how stops deter, be it by 0 %."""
        return "by_risk" in self.model_fields_set

    @model_validator(mode="after")
    def _a_queue(self) -> Balk:
        if self.queue_of is not None and self.queue_over is None:
            raise ValueError("queue_of needs queue_over")
        return self


class Leaving(Model):
    """Leaving the main queue while waiting, at a hazard that depends on the quoted wait."""

    by_quoted_wait: HazardByWait = Field(
        ((0.0, 0.0),), description="share of those waiting that leaves per hour, by the quoted wait"
    )
    from_: Instant | None = Field(None, alias="from", description="nobody leaves before; default: from the start")
    until: Instant | None = Field(None, description="nobody leaves from then on; default: to the end")


class Renege(Leaving):
    """Giving up and going home; the two hazards add up."""

    by_risk: HazardByStops = Field(
        ((0.0, 0.0),),
        description="hazard of parties with men of call-up age, in addition, by the share of men stopped that they "
        "have heard of (`word_of_stops`)",
        examples=[{"1 %": "0 %/h", "10 %": "2 %/h"}],
    )


class ChangeMode(Leaving):
    """Leaving the vehicle and continuing by bike or on foot."""

    to: dict[Literal["bike", "foot"], Share] = Field(
        {"foot": 1.0}, description="shares that go on by bike and on foot; they add up to 100 %"
    )
    takes: Law = Field(NO_TIME, description="time until the party reaches the first station of its new class")

    @model_validator(mode="after")
    def _whole(self) -> ChangeMode:
        if abs(sum(self.to.values()) - 1) > 1e-6:
            raise ValueError(f"to: shares must add up to 100 %; they add up to {100 * sum(self.to.values()):g} %")
        return self


class BypassStream(Leaving):
    """Passing outside the main queue: locals, escorts, paid passage."""

    joins: Name = Field(description="the station where the bypass joins the common route")
    local: Share = Field(0.0, description="share of parties with local plates that never join the main queue")
    at_arrival: ShareByWait = Field(
        ((0.0, 0.0),), description="share of the other parties that bypass on arrival, by quoted wait"
    )


class Behaviour(Model):
    """Behaviour of one class at the main queue, the queue of its first station."""

    balk: Balk | None = Field(None, description="not joining the queue")
    renege: Renege | None = Field(None, description="giving up and going home")
    change_mode: ChangeMode | None = Field(None, description="leaving the vehicle and going on by bike or on foot")
    bypass: BypassStream | None = Field(None, description="passing outside the main queue")


class Quote(Model):
    """The wait quoted by officials: parties in the queue over the recent rate of departures from it."""

    every: Duration = Field(1800.0, description="interval between announcements")
    window: Duration = Field(
        6 * 3600.0, description="time over which departures are counted; a whole multiple of `every`"
    )
    covers: Literal["queue", "way"] = Field(
        "queue",
        description="the main queue alone, or also the waits expected at the stations after it, by who waits there now",
    )
    delay: Span = Field(0.0, description="time until an announcement is known to parties that choose between crossings")

    @model_validator(mode="after")
    def _multiple(self) -> Quote:
        ratio = self.window / self.every
        if ratio < 1 or abs(ratio - round(ratio)) > 1e-9:
            every, window = show_duration(self.every), show_duration(self.window)
            raise ValueError(f"window must be a whole multiple of every ({every}); got {window}")
        return self


class WordOfStops(Model):
    """How travellers hear of the share of men stopped: of the men who came before the officers, those who did not pass.

    It is taken with every announcement of the quoted wait (`quote.every`).
    """

    window: Duration = Field(
        24 * 3600.0, description="time over which men are counted; a whole multiple of `quote.every`"
    )
    delay: Span = Field(12 * 3600.0, description="time until travellers hear of a share")
    drive: Span = Field(
        0.0,
        description="drive to the crossing: who would come decides so long before whether to set out, by what is heard "
        "then; parties from the origins of a network decide as they come",
    )
