"""What is drawn beside the model: published figures, and what planners of relief count with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sim.scenario.model.quantities import ClassName, ClockTime, Instant, Length, Model, Name, Share, Volume

Trust = Literal["official_count", "official_round", "press", "eyewitness"]
Qualifier = Literal["=", "about", "at least", "more than", "well over", "at most"]
LOWER_BOUNDS = ("at least", "more than", "well over")
UPPER_BOUNDS = ("at most",)


class Reported(Model):
    """A published figure, compared with the model's; its passport is in the row itself."""

    id: Name
    crossing: Name
    quantity: Literal["queue", "queue_people", "queue_length", "quoted_wait", "virtual_wait", "crossed_parties",
                      "crossed_people"]  # fmt: skip
    classes: tuple[ClassName, ...] = Field(min_length=1, description="which classes the figure counts")
    within: Length | None = Field(
        None, description="of a queue: only what stands within this distance of the border was counted"
    )
    frame: Length | None = Field(
        None, description="of a length: the picture it was read from ends at this distance from the border"
    )
    from_: Instant = Field(alias="from")
    until: Instant
    statistic: Literal["max", "mean", "sum"] = Field(description="how the model's series is read over the window")
    directions: Literal["out", "both"] = "out"
    outbound_share: Share | None = Field(None, description="for figures of both directions")
    value: float | str = Field(description="a count, or a quantity with its unit")
    rounding: float | str | None = Field(
        None, description="in the unit of the value: the figure was rounded to a multiple of this"
    )
    qualifier: Qualifier
    trust: Trust = Field("press", description="who counted: decides how far off the figure may be")
    group: Name | None = Field(
        None, description="rows of one group repeat one observation and weigh as one; left out: alone"
    )
    who: str = Field(description="who said it")
    source: str = Field(description="who published it")
    date: str = Field(description="when it was published")
    reading: str = Field(description="how we read the figure, and why")
    status: Literal["used", "rejected"] = Field("used", description="a rejected figure says why in its reading")

    @model_validator(mode="after")
    def _fits(self) -> Reported:
        if self.frame is not None and self.quantity != "queue_length":
            raise ValueError("frame is only for the quantity 'queue_length'")
        if self.within is not None and self.quantity != "queue":
            raise ValueError("within is only for the quantity 'queue'")
        return self


class Relief(Model):
    """What planners of relief count with."""

    water_per_person_day: Volume = Field(3.0, description="litres of drinking water per person and day")
    night_hour: ClockTime = Field(description="local hour at which people stuck overnight are counted")
