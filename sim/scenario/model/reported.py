"""Published figures that the model is compared with, and the assumptions of relief planners."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, PrivateAttr, model_validator

from sim.scenario.model.class_names import ClassName
from sim.scenario.model.class_words import STANDARD_WORDS, Words, of_classes
from sim.scenario.model.quantities import VEHICLE_CLASSES, ClockTime, Instant, Length, Model, Name, Share, Volume

Trust = Literal["official_count", "official_round", "press", "eyewitness"]
Qualifier = Literal["=", "about", "at least", "more than", "well over", "at most"]
Status = Literal["used", "validation", "rejected"]
LOWER_BOUNDS = ("at least", "more than", "well over")
UPPER_BOUNDS = ("at most",)

ReportedQuantity = Literal[
    "queue",
    "queue_people",
    "queue_length",
    "quoted_wait",
    "virtual_wait",
    "sojourn",
    "crossed_parties",
    "crossed_people",
]


class FigureKind(NamedTuple):
    """A kind of reported figure.

    Parameters
    ----------
    unit
        The unit of the comparison: parties, people, km or h; of a flow that is not a sum, per hour.
    words
        The words after the number: '3,000 cars waiting', '16 km of queue'.
    scopes
        The scopes of the model's series to read: every class of the row, its first class only, or `all`.
    dimension, scale
        The dimension of the value in `sim.units`, and the size of one `unit` in s or m; None for a bare count.
    flow
        Whether the figure counts what happened in its window; any other is a state at one instant.
    in_parties
        The kind that counts the same in parties, for a count of people.
    by_joining
        Whether the series goes by the instant of joining, so that a run must be played to its horizon.
    """

    unit: str
    words: str
    scopes: Literal["classes", "first class", "all"] = "classes"
    dimension: str | None = None
    scale: float = 1.0
    flow: bool = False
    in_parties: ReportedQuantity | None = None
    by_joining: bool = False

    @property
    def is_wait(self) -> bool:
        """Whether the figure is a wait."""
        return self.dimension == "time"


FIGURE_KINDS: dict[ReportedQuantity, FigureKind] = {
    "queue": FigureKind("parties", "waiting"),
    "queue_people": FigureKind("people", "waiting", in_parties="queue"),
    "queue_length": FigureKind("km", "of queue", "all", "length", 1000.0),
    "quoted_wait": FigureKind("h", "of quoted wait", "first class", "time", 3600.0),
    "virtual_wait": FigureKind("h", "of wait ahead", "first class", "time", 3600.0, by_joining=True),
    "sojourn": FigureKind("h", "from joining to crossing", "first class", "time", 3600.0),
    "crossed_parties": FigureKind("parties", "across", flow=True),
    "crossed_people": FigureKind("people", "across", flow=True, in_parties="crossed_parties"),
}
"""The kinds of reported figures by `quantity`; each is the name of a series of the model."""

WAIT_KINDS = tuple(quantity for quantity, kind in FIGURE_KINDS.items() if kind.is_wait)
"""The kinds that are waits."""


class Reported(Model):
    """A published figure that is compared with the model; the row is its passport."""

    id: Name = Field(description="name of the figure, once in the file")
    crossing: Name = Field(description="the crossing where it was counted")
    quantity: ReportedQuantity = Field(description="what was counted or measured")
    classes: tuple[ClassName, ...] = Field(min_length=1, description="which classes the figure counts")
    within: Length | None = Field(
        None, description="for a queue: only vehicles within this distance of the border were counted"
    )
    frame: Length | None = Field(
        None, description="for a length: the picture it was read from ends at this distance from the border"
    )
    from_: Instant = Field(alias="from", description="begin of the window that the figure describes")
    until: Instant = Field(description="end of the window")
    statistic: Literal["max", "mean", "sum"] = Field(description="how the model's series is read over the window")
    directions: Literal["out", "both"] = Field("out", description="whether the figure counts one direction or both")
    outbound_share: Share | None = Field(
        None, description="share of the figure that goes out, if it counts both directions"
    )
    covers: Annotated[float, Field(gt=0, le=100)] = Field(
        1.0,
        description="how many the reporter counted for each one that the row describes, as where people of one "
        "nationality at all crossings stand for everybody at this one",
    )
    way: Literal["main", "bypass", "changed_mode"] | None = Field(
        None,
        description="for a sojourn: only vehicles that took this way across; changed_mode: left the vehicle and went "
        "on by bike or on foot",
    )
    individual: bool = Field(
        False,
        description="for a wait: of one traveller and not the mean of many; its error is also that of "
        "`observation.individual`",
    )
    value: float | str = Field(description="a count, or a quantity with its unit")
    rounding: float | str | None = Field(
        None, description="the figure was rounded to a multiple of this; in the unit of the value"
    )
    qualifier: Qualifier = Field(description="how the figure was put")
    trust: Trust = Field("press", description="who counted; determines the assumed error of the figure")
    group: Name | None = Field(
        None, description="rows of one group repeat one observation and weigh as one; default: no group"
    )
    who: str = Field(description="who said it")
    source: str = Field(description="who published it")
    date: str = Field(description="when it was published")
    reading: str = Field(description="our interpretation of the figure, with the reason")
    status: Status = Field(
        "used",
        description="a validation figure is shown and scored, and never fitted; a rejected one says why in its reading",
    )
    seen_before: bool = Field(
        False, description="of a validation figure: it was looked at in earlier trials of the model"
    )

    _class_words: Words = PrivateAttr(STANDARD_WORDS)

    def tell(self, class_words: Words) -> None:
        """Say what the scenario of the figure calls the parties of each class."""
        self._class_words = class_words

    def words_for(self, classes: Iterable[str] | None = None) -> str:
        """Return 'cars and buses' for classes, by default those of the figure; '' for all standard ones."""
        return of_classes(self.classes if classes is None else tuple(classes), self._class_words)

    @property
    def kind(self) -> FigureKind:
        """The kind of the figure."""
        return FIGURE_KINDS[self.quantity]

    @property
    def outbound(self) -> float:
        """How many went out for each one that the reporter counted."""
        share = (self.outbound_share or 1.0) if self.directions == "both" else 1.0
        return share / self.covers

    @model_validator(mode="after")
    def _fits(self) -> Reported:
        if self.frame is not None and self.quantity != "queue_length":
            raise ValueError("frame is only for the quantity 'queue_length'")
        if self.within is not None and self.quantity != "queue":
            raise ValueError("within is only for the quantity 'queue'")
        if self.way is not None and (self.quantity != "sojourn" or self.classes[0] not in VEHICLE_CLASSES):
            raise ValueError("way is only for the quantity 'sojourn' of cars, trucks or buses")
        if self.individual and (not self.kind.is_wait or self.quantity == "quoted_wait"):
            raise ValueError("individual is only for waits that travellers live through: 'virtual_wait' and 'sojourn'")
        if self.kind.is_wait and self.statistic == "sum":
            raise ValueError("a sum of waits has no meaning; statistic may be max or mean")
        if self.covers != 1 and self.kind.dimension is not None:
            raise ValueError("covers is only for counts of parties or people")
        if self.seen_before and self.status != "validation":
            raise ValueError("seen_before is only for figures with status 'validation'")
        return self


class Relief(Model):
    """Assumptions of relief planners."""

    water_per_person_day: Volume = Field(3.0, description="litres of drinking water per person and day")
    night_hour: ClockTime = Field(
        timedelta(hours=3),
        description="local hour at which people stuck overnight are counted: who waits at 03:00 spends the night",
    )
