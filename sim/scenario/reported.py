"""What is drawn beside the model: published figures, and what planners of relief count with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.scenario.quantities import ClassName, ClockTime, Instant, Model, Name, Share, Volume


class Reported(Model):
    """A published figure, drawn beside the model's; its passport is in the row itself."""

    id: str
    crossing: Name
    quantity: Literal["queue", "queue_length", "quoted_wait", "crossed_parties", "crossed_people"]
    classes: tuple[ClassName, ...] = Field(min_length=1, description="which classes the figure counts")
    from_: Instant = Field(alias="from")
    until: Instant
    statistic: Literal["max", "mean", "sum"] = Field(description="how the model's series is read over the window")
    directions: Literal["out", "both"] = "out"
    outbound_share: Share | None = Field(None, description="for figures of both directions")
    value: float | str = Field(description="a count, or a quantity with its unit")
    qualifier: Literal["=", "about", "at least", "more than", "well over"]
    who: str
    source: str
    date: str
    reading: str = Field(description="how we read the figure, and why")
    status: Literal["used", "rejected"] = "used"


class Relief(Model):
    """What planners of relief count with."""

    water_per_person_day: Volume = Field(3.0, description="litres of drinking water per person and day")
    night_hour: ClockTime = Field(description="local hour at which people stuck overnight are counted")
