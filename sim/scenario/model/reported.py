"""Published figures that the model is compared with, and the assumptions of relief planners."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal, NamedTuple, Self, get_args

from pydantic import Field, PrivateAttr, model_validator

from sim.scenario.model.class_names import ClassName
from sim.scenario.model.class_words import STANDARD_WORDS, Words, of_classes
from sim.scenario.model.quantities import VEHICLE_CLASSES, ClockTime, Instant, Length, Model, Name, Share, Volume

Trust = Literal["official_count", "official_round", "press", "eyewitness"]
Qualifier = Literal["=", "about", "at least", "more than", "well over", "at most"]
Status = Literal["used", "validation", "rejected"]
QUALIFIERS: tuple[str, ...] = get_args(Qualifier)
LOWER_BOUNDS = ("at least", "more than", "well over")
UPPER_BOUNDS = ("at most",)

ReportedQuantity = Literal[
    "queue",
    "queue_people",
    "queue_length",
    "quoted_wait",
    "virtual_wait",
    "sojourn",
    "wait",
    "wait_p10",
    "wait_median",
    "wait_p90",
    "wait_p95",
    "crossed_parties",
    "crossed_people",
    "arrived_parties",
    "gave_up_share",
    "turned_away_share",
    "class_share",
    "sent_aside_share",
    "utilisation",
]


class FigureKind(NamedTuple):
    """A kind of reported figure.

    Parameters
    ----------
    unit
        The unit of the comparison: parties, people, km, h or share; of a flow that is not a sum, per hour.
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
    of
        For a share: the series whose sums over the window are divided, above and below.
    at_station
        Whether the row names a `station` (or pool).
    at_instant
        Whether the model's series is a state at an instant, and not about an interval.
    """

    unit: str
    words: str
    scopes: Literal["classes", "first class", "all"] = "classes"
    dimension: str | None = None
    scale: float = 1.0
    flow: bool = False
    in_parties: ReportedQuantity | None = None
    by_joining: bool = False
    of: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    at_station: bool = False
    at_instant: bool = False

    @property
    def is_share(self) -> bool:
        """Whether the figure is a share."""
        return self.dimension == "share"

    @property
    def is_wait(self) -> bool:
        """Whether the figure is a wait."""
        return self.dimension == "time"


FIGURE_KINDS: dict[ReportedQuantity, FigureKind] = {
    "queue": FigureKind("parties", "waiting", at_instant=True),
    "queue_people": FigureKind("people", "waiting", in_parties="queue", at_instant=True),
    "queue_length": FigureKind("km", "of queue", "all", "length", 1000.0, at_instant=True),
    "quoted_wait": FigureKind("h", "of quoted wait", "first class", "time", 3600.0, at_instant=True),
    "virtual_wait": FigureKind("h", "of wait ahead", "first class", "time", 3600.0, by_joining=True),
    "sojourn": FigureKind("h", "from joining to crossing", "first class", "time", 3600.0),
    "wait": FigureKind("h", "of wait", "first class", "time", 3600.0, by_joining=True),
    "wait_p10": FigureKind("h", "of wait, 10 % quantile", "first class", "time", 3600.0, by_joining=True),
    "wait_median": FigureKind("h", "of wait, median", "first class", "time", 3600.0, by_joining=True),
    "wait_p90": FigureKind("h", "of wait, 90 % quantile", "first class", "time", 3600.0, by_joining=True),
    "wait_p95": FigureKind("h", "of wait, 95 % quantile", "first class", "time", 3600.0, by_joining=True),
    "crossed_parties": FigureKind("parties", "across", flow=True),
    "crossed_people": FigureKind("people", "across", flow=True, in_parties="crossed_parties"),
    "arrived_parties": FigureKind("parties", "arrived", flow=True),
    "gave_up_share": FigureKind(
        "share",
        "gave up",
        dimension="share",
        of=(("reneged_parties", "balked_parties"), ("arrived_parties",)),
    ),
    "turned_away_share": FigureKind(
        "share",
        "turned away",
        dimension="share",
        of=(("refused_parties", "summoned_parties", "barred_parties"), ("arrived_parties",)),
    ),
    "class_share": FigureKind(
        "share", "of those across", dimension="share", of=(("crossed_parties",), ("crossed_parties",))
    ),
    "sent_aside_share": FigureKind(
        "share", "sent aside", "all", "share", of=(("sent_aside_parties",), ("served_parties",)), at_station=True
    ),
    "utilisation": FigureKind("share", "of the servers busy", "all", "share", at_station=True),
}
"""The kinds of reported figures by `quantity`; each is the name of a series of the model."""

WAIT_KINDS = tuple(quantity for quantity, kind in FIGURE_KINDS.items() if kind.is_wait)
"""The kinds that are waits."""


class ReportedRow(Model):
    """What a row of `reported` says of one figure or of a series of them: what was counted, where, how, and by whom."""

    id: Name = Field(description="name of the figure, once in the file")
    crossing: Name = Field(description="the crossing where it was counted")
    quantity: ReportedQuantity = Field(description="what was counted or measured")
    classes: tuple[ClassName, ...] = Field(min_length=1, description="which classes the figure counts")
    directions: Literal["out", "both"] = Field("out", description="whether the figure counts one direction or both")
    outbound_share: Share | None = Field(
        None, description="share of the figure that goes out, if it counts both directions"
    )
    covers: Annotated[float, Field(gt=0, le=100)] = Field(
        1.0,
        description="how many the reporter counted for each one that the row describes, as where people of one "
        "nationality at all crossings stand for everybody at this one",
    )
    station: Name | None = Field(None, description="for `utilisation` and `sent_aside_share`: the station, or its pool")
    way: Literal["main", "bypass", "changed_mode"] | None = Field(
        None,
        description="for a sojourn: only vehicles that took this way across; changed_mode: left the vehicle and went "
        "on by bike or on foot",
    )
    rounding: float | str | None = Field(
        None, description="the figure was rounded to a multiple of this; in the unit of the value"
    )
    trust: Trust = Field("press", description="who counted; determines the assumed error of the figure")
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
    def _fits_quantity(self) -> Self:
        if self.way is not None and (self.quantity != "sojourn" or self.classes[0] not in VEHICLE_CLASSES):
            raise ValueError("way is only for the quantity 'sojourn' of cars, trucks or buses")
        if (self.station is not None) != self.kind.at_station:
            needs = "needs the station or pool" if self.kind.at_station else "takes no station"
            raise ValueError(f"station: the quantity {self.quantity!r} {needs}")
        if self.covers != 1 and self.kind.dimension is not None:
            raise ValueError("covers is only for counts of parties or people")
        if self.seen_before and self.status != "validation":
            raise ValueError("seen_before is only for figures with status 'validation'")
        return self


class Reported(ReportedRow):
    """A published figure that is compared with the model; the row is its passport."""

    within: Length | None = Field(
        None, description="for a queue: only vehicles within this distance of the border were counted"
    )
    frame: Length | None = Field(
        None, description="for a length: the picture it was read from ends at this distance from the border"
    )
    from_: Instant = Field(alias="from", description="begin of the window that the figure describes")
    until: Instant = Field(description="end of the window")
    statistic: Literal["max", "mean", "sum"] = Field(description="how the model's series is read over the window")
    individual: bool = Field(
        False,
        description="for a wait: of one traveller and not the mean of many; its error is also that of "
        "`observation.individual`",
    )
    value: float | str = Field(description="a count, or a quantity with its unit")
    qualifier: Qualifier = Field(description="how the figure was put")
    group: Name | None = Field(
        None, description="rows of one group repeat one observation and weigh as one; default: no group"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.within is not None and self.quantity != "queue":
            raise ValueError("within is only for the quantity 'queue'")
        if self.frame is not None and self.quantity != "queue_length":
            raise ValueError("frame is only for the quantity 'queue_length'")
        if self.individual and (not self.kind.is_wait or self.quantity == "quoted_wait"):
            raise ValueError("individual is only for waits that travellers live through: 'virtual_wait' and 'sojourn'")
        if self.kind.dimension in ("time", "share") and self.statistic == "sum":
            what = "waits" if self.kind.is_wait else "shares"
            raise ValueError(f"a sum of {what} has no meaning; statistic may be max or mean")
        return self


class Relief(Model):
    """Assumptions of relief planners."""

    water_per_person_day: Volume = Field(3.0, description="litres of drinking water per person and day")
    night_hour: ClockTime = Field(
        timedelta(hours=3),
        description="local hour at which people stuck overnight are counted: who waits at 03:00 spends the night",
    )
